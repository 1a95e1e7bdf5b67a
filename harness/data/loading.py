"""From a run's configuration to the very arrays that it trains on."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from harness.config import RunConfig
from harness.data import sharing
from harness.data.datasets import Dataset, Inputs, Targets
from harness.data.scaling import Scale, scaler
from harness.data.splits import Rows, split_rows

Array = NDArray[np.floating]
Identity = tuple[Dataset, int, int, str]

KEPT_BYTES = 256 * 2**20
"""How much a process keeps of samples, and as much again of splits: 20,000 of moons, 250 of digits."""
SHARED_BYTES = 32 * 2**20
"""What is smaller is sooner drawn than shared."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Loaded:
    """The splits of one run, in its dtype: inputs (samples, features), targets (samples, outputs).

    Class labels are targets of one column (0 or 1) for a single sigmoid output and for two classes
    without softmax, else one column a class. With ``dataset.split=none`` all three splits are the
    same arrays.
    """

    train_x: Array
    train_y: Array
    validation_x: Array
    validation_y: Array
    test_x: Array
    test_y: Array


def _size(kept: Loaded | tuple[Inputs, Targets]) -> float:
    arrays = kept if isinstance(kept, tuple) else vars(kept).values()
    whole = sum(array.nbytes for array in {id(array): array for array in arrays}.values())
    # What is larger than the cache is kept too, alone: within a sweep it is asked for again.
    return min(whole, KEPT_BYTES)


_shared: dict[str, sharing.Shared] = {}


@cached(LRUCache(KEPT_BYTES, getsizeof=_size), lock=Lock())
def samples(dataset: Dataset) -> tuple[Inputs, Targets]:
    """Return all samples of a data set, read-only and kept between runs."""
    if _shared and (found := _shared.get(sharing.choice(dataset))):
        return found.x, found.y
    x, y = dataset.draw()
    if not x.flags.forc:
        # As it would lie in a file: the layout may decide the order in which numbers are added.
        x = np.ascontiguousarray(x)
    x.flags.writeable = y.flags.writeable = False
    return x, y


@lru_cache(maxsize=4096)
def digest(dataset: Dataset) -> str:
    """Return the SHA-256 of a data set's samples: shapes, inputs, targets."""
    if _shared and (found := _shared.get(sharing.choice(dataset))):
        return found.digest
    content = hashlib.sha256()
    for array in samples(dataset):
        content.update(f"{array.dtype.str}{array.shape}".encode())
        content.update(np.ascontiguousarray(array).reshape(-1).data)
    return content.hexdigest()


def share(datasets: Iterable[Dataset], folder: Path, *, larger: int = SHARED_BYTES) -> int:
    """Write the large ones of some data sets into a folder, for the workers of this machine.

    What a worker loads is the same with and without, bit for bit.

    Parameters
    ----------
    datasets : iterable of Dataset
    folder : Path
        Made if it is missing. Needed as long as workers are to `open_shared` it; one process at a
        time may write to it.
    larger : int
        Bytes that a data set must exceed.

    Returns
    -------
    int
        How many data sets were written; if none was, there is nothing to open.

    Raises
    ------
    OSError
        If there is no room.
    """
    written = 0
    for dataset in dict.fromkeys(datasets):
        x, y = samples(dataset)
        if x.nbytes + y.nbytes > larger:
            sharing.write(folder, dataset, x, y, digest(dataset))
            written += 1
    if written:
        # Whoever launches trains nothing: what it drew for the digest would stay for nobody.
        samples.cache_clear()
    return written


def open_shared(folder: Path) -> None:
    """Take from a folder, from now on, whatever samples `share` wrote there: at the start of a worker."""
    _shared.update(sharing.opened(folder))
    samples.cache_clear()


def load(run: RunConfig) -> Loaded:
    """Return the arrays that `run` trains on: split, scaled, in its dtype."""
    return _load(*identity(run))


def scale_of(run: RunConfig) -> Scale:
    """Return what scales the inputs of `run`, measured on its training samples."""
    return _cut(run.dataset, run.split_seed)[1]


def identity(run: RunConfig) -> Identity:
    """Return what runs have equal that train on the same arrays."""
    return run.dataset, run.split_seed, run.outputs, run.dtype


def _cut(dataset: Dataset, seed: int) -> tuple[list[Rows], Scale]:
    """Return the rows of the parts that differ, those that train first, and what scales them all."""
    x, y = samples(dataset)
    labels = y.astype(np.int64, copy=False) if dataset.classes is not None else None
    train, *others = split_rows(dataset, labels, seed)
    whole = dataset.split == "none"
    return [train] if whole else [train, *others], scaler(dataset.scaling, x if whole else x[train])


@cached(LRUCache(KEPT_BYTES, getsizeof=_size), lock=Lock())
def _load(dataset: Dataset, seed: int, outputs: int, dtype: str) -> Loaded:
    x, y = samples(dataset)
    whole = dataset.split == "none"
    rows, scale = _cut(dataset, seed)
    # One part after the other: of a large set, little more is in memory than is to stay there.
    parts = [scale(x if whole else x[part]).astype(dtype, copy=False) for part in rows]
    answers = [encode(y[part], dataset.classes, outputs).astype(dtype, copy=False) for part in rows]
    for array in (*parts, *answers):
        array.flags.writeable = False
    if whole:
        parts, answers = parts * 3, answers * 3
    return Loaded(
        train_x=parts[0],
        train_y=answers[0],
        validation_x=parts[1],
        validation_y=answers[1],
        test_x=parts[2],
        test_y=answers[2],
    )


def encode(y: Targets, classes: int | None, outputs: int) -> NDArray[np.float64]:
    """Return targets (samples, outputs): labels as 0 and 1, one column or one a class."""
    if classes is None:
        return np.asarray(y, np.float64)
    if outputs == 1:
        return np.asarray(y, np.float64)[:, None]
    return np.eye(outputs)[y]
