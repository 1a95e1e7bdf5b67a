"""The spool: finished stacks on this machine's disk until the store has them."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from harness.errors import ConfigurationError
from harness.files import PART, sync, write
from harness.tracking.batch_files import DamagedError, read_batch, write_batch
from harness.tracking.batches import Batch, Samples, Sweep
from harness.tracking.settings import GRID, masked

FORMAT = 2
"""Raised whenever a sweep is described in another way."""

NAME = re.compile(r"(\d{8})-(\d+)-([0-9a-f]{64})")
SWEEP = "sweep.json"
CLOSING = "closing.json"
LOCK = "lock"
GONE, DAMAGED = ".gone", ".damaged"


class LockedError(ConfigurationError):
    """One line: another process works on this grid."""


@dataclass(frozen=True)
class Waiting:
    """The sweep that a spool holds runs of: its store's address, masked, and points a metric series."""

    sweep: Sweep
    address: str
    points: int


@dataclass(frozen=True)
class Closing:
    """How a sweep was last asked to end: its status, its totals, when in milliseconds."""

    status: str
    totals: Mapping[str, int]
    moment: int


class Spool:
    """A folder that holds batches of one sweep, each in a folder of its own.

    The name of a batch's folder has its number, how many of its runs ended or failed, and the
    SHA-256 of its description. What is in it is written before the folder gets that name.

    Parameters
    ----------
    folder : Path
        Made if missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._numbers = count(1 + max((int(path.name[:8]) for path in self.waiting()), default=0))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the spool for this process alone; a process that is killed holds nothing any more.

        Raises
        ------
        LockedError
            If another process holds it.
        """
        lock = FileLock(self.folder / LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise LockedError(
                f"grid = {self.folder.name}: another process trains it, or delivers its runs, and holds "
                f"{self.folder / LOCK}; allowed: one at a time"
            ) from None
        try:
            for path in self.folder.iterdir():
                # Left by a process that was killed while it wrote or removed them.
                if path.suffix in {PART, GONE}:
                    _delete(path)
            yield
        finally:
            lock.release()

    def describe(self, sweep: Sweep, uri: str, points: int) -> None:
        """Keep what a later delivery needs to make the sweep's parent, and forget how it was to end.

        Parameters
        ----------
        sweep : Sweep
        uri : str
            The store. Its password is not kept, nor where else in the description it stands.
        points : int
            Points of a metric series.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        content = {"format": FORMAT, "address": masked(uri), "points": points, "sweep": asdict(sweep)}
        # The command that started the sweep may hold the address.
        text = json.dumps(content).replace(json.dumps(uri)[1:-1], json.dumps(masked(uri))[1:-1])
        write(self.folder / SWEEP, text.encode())
        (self.folder / CLOSING).unlink(missing_ok=True)

    def described(self) -> Waiting:
        """Return what `describe` kept.

        Raises
        ------
        DamagedError
            If there is nothing, or nothing that can be read.
        """
        path = self.folder / SWEEP
        try:
            content = json.loads(path.read_bytes())
            if content["format"] != FORMAT:
                raise DamagedError(f"{path}: written as format {content['format']}, not {FORMAT}")
            told = content["sweep"]
            sweep = Sweep(**told | {"datasets": [Samples(**each) for each in told["datasets"]]})
            documents = [name for name in sweep.documents if not re.fullmatch(r"\w[\w.-]*", name)]
            if sweep.grid != self.folder.name or documents:
                raise DamagedError(f"{path}: describes another sweep than its folder's")
            return Waiting(sweep, str(content["address"]), int(content["points"]))
        except FileNotFoundError:
            raise DamagedError(f"{path}: missing, so that nobody knows whose runs wait here") from None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DamagedError(f"{path}: damaged ({type(error).__name__})") from error

    def put(self, batch: Batch) -> None:
        """Keep a batch; whoever is killed leaves the whole batch or none.

        Raises
        ------
        OSError
            If it cannot be written; nothing of it is left behind.
        """
        number = next(self._numbers)
        part = self.folder / f"{number:08d}-{os.getpid()}{PART}"
        try:
            part.mkdir()
            digest = write_batch(part, batch)
            part.rename(self.folder / f"{number:08d}-{batch.over}-{digest}")
        except BaseException:
            _delete(part)
            raise
        sync(self.folder)

    def waiting(self) -> list[Path]:
        """Return the batches in the order in which they were put, an earlier process's first."""
        return sorted(path for path in self.folder.iterdir() if NAME.fullmatch(path.name))

    def runs_waiting(self) -> int:
        """Return how many runs that ended or failed wait."""
        return sum(int(path.name.split("-")[1]) for path in self.waiting())

    def read(self, path: Path) -> Batch:
        """Return one of the batches that wait.

        Raises
        ------
        DamagedError
            If it is not as it was put. It is set aside then, and waits no more.
        """
        try:
            return read_batch(path, path.name.split("-")[2])
        except DamagedError as error:
            aside = path.with_name(path.name + DAMAGED)
            path.rename(aside)
            raise DamagedError(f"{aside}: {error}; its runs train again with the next start") from error

    def remove(self, batch: Path) -> None:
        """Forget a batch that the store has."""
        gone = batch.with_name(batch.name + GONE)
        batch.rename(gone)
        _delete(gone)

    def ask(self, closing: Closing) -> None:
        """Keep how the sweep is to end, until it has: for a delivery after this process's end."""
        write(self.folder / CLOSING, json.dumps(asdict(closing)).encode())

    def asked(self) -> Closing | None:
        """Return how the sweep was last asked to end, None if it was not."""
        try:
            return Closing(**json.loads((self.folder / CLOSING).read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise DamagedError(
                f"{self.folder / CLOSING}: damaged; without it, what waits can be delivered"
            ) from error

    def holds(self) -> bool:
        """Return whether the store lacks anything: a batch, or how the sweep ended."""
        return bool(self.waiting()) or (self.folder / CLOSING).exists()

    def forget(self) -> None:
        """Forget the sweep, which the store has as a whole; nothing is forgotten while batches wait."""
        if not self.waiting():
            (self.folder / CLOSING).unlink(missing_ok=True)
            (self.folder / SWEEP).unlink(missing_ok=True)

    def foreign(self) -> list[Path]:
        """Return what lies in the folder and is no part of a spool, or not any more."""
        ours = {SWEEP, CLOSING, LOCK}
        return sorted(
            path
            for path in self.folder.iterdir()
            if path.name not in ours and not NAME.fullmatch(path.name) and path.suffix not in {PART, GONE}
        )


def under_way(folder: Path) -> bool:
    """Return whether a folder holds a sweep that has begun, and that the store does not have as a whole."""
    return (folder / SWEEP).exists()


def is_spool(path: Path) -> bool:
    """Return whether a folder is named as the spool of a grid."""
    return path.is_dir() and GRID.fullmatch(path.name) is not None


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
