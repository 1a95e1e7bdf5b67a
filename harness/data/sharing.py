"""Large data sets as files: written by the process that launches, memory-mapped by its workers."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data.datasets import Dataset, Inputs, Targets
from harness.files import replacing


@dataclass(frozen=True, eq=False)
class Shared:
    """Samples as read-only memory maps: in memory once, however many processes read them.

    Attributes
    ----------
    digest : str
        What `harness.data.loading.digest` says of them.
    """

    x: Inputs
    y: Targets
    digest: str


def choice(dataset: Dataset) -> str:
    """Return what a data set's files are called: the SHA-256 of its keys and values as JSON."""
    keys: Any = dataset
    return hashlib.sha256(json.dumps(asdict(keys), sort_keys=True).encode()).hexdigest()


def write(folder: Path, dataset: Dataset, x: Inputs, y: Targets, digest: str) -> None:
    """Write samples into `folder`, in place of what it held of this data set.

    Raises
    ------
    OSError
        If there is no room; who opens the folder then finds nothing of this set.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / f"{choice(dataset)}.json"
    # Gone first and back last: with it, the set is whole.
    whole.unlink(missing_ok=True)
    for part, array in (("x", x), ("y", y)):
        with replacing(whole.with_suffix(f".{part}.npy"), synced=False) as file:
            np.save(file, arr=array, allow_pickle=False)
    with replacing(whole, synced=False) as file:
        file.write(json.dumps({"digest": digest}).encode())


def opened(folder: Path) -> dict[str, Shared]:
    """Return the data sets that a folder holds, by `choice`; their samples are not read yet."""
    return {path.stem: _opened(path) for path in sorted(folder.glob("*.json"))}


def _opened(whole: Path) -> Shared:
    digest = json.loads(whole.read_text(encoding="utf-8"))["digest"]
    x, y = (_map(whole.with_suffix(f".{part}.npy")) for part in "xy")
    return Shared(x, y, digest)


def _map(path: Path) -> NDArray[Any]:
    # A plain array: whatever is computed of a memmap would be called one too.
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
