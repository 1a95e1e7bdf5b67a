"""From a run's configuration to the very arrays that it trains on."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harness.config import RunConfig
from harness.data.datasets import Dataset, Inputs, Targets
from harness.data.scaling import scale
from harness.data.splits import split_rows

Array = NDArray[np.floating]
Identity = tuple[Dataset, int, int, str]


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


@lru_cache(maxsize=8)
def samples(dataset: Dataset) -> tuple[Inputs, Targets]:
    """Return all samples of a data set, read-only and kept between runs."""
    x, y = dataset.draw()
    x.flags.writeable = y.flags.writeable = False
    return x, y


@lru_cache(maxsize=64)
def digest(dataset: Dataset) -> str:
    """Return the SHA-256 of a data set's samples: shapes, inputs, targets."""
    x, y = samples(dataset)
    content = hashlib.sha256()
    for array in (x, y):
        content.update(f"{array.dtype.str}{array.shape}".encode())
        content.update(np.ascontiguousarray(array).tobytes())
    return content.hexdigest()


def load(run: RunConfig) -> Loaded:
    """Return the arrays that `run` trains on: split, scaled, in its dtype."""
    return _load(*identity(run))


def identity(run: RunConfig) -> Identity:
    """Return what runs have equal that train on the same arrays."""
    return run.dataset, run.split_seed, run.outputs, run.dtype


@lru_cache(maxsize=64)
def _load(dataset: Dataset, seed: int, outputs: int, dtype: str) -> Loaded:
    x, y = samples(dataset)
    labels = y.astype(np.int64) if dataset.classes is not None else None
    rows = split_rows(dataset, labels, seed)
    targets = encode(y, dataset.classes, outputs)
    if dataset.split == "none":
        inputs = scale(dataset.scaling, x, []) * 3
    else:
        inputs = scale(dataset.scaling, x[rows[0]], [x[rows[1]], x[rows[2]]])
    parts = [part.astype(dtype) for part in inputs]
    answers = [targets[chosen].astype(dtype) for chosen in rows]
    if dataset.split == "none":
        parts, answers = parts[:1] * 3, answers[:1] * 3
    for array in (*parts, *answers):
        array.flags.writeable = False
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
