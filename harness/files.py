"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PART = ".part"
"""How the name of a file ends that is not whole yet."""


@contextmanager
def replacing(path: Path, *, synced: bool = True) -> Iterator[IO[bytes]]:
    """Yield a file that takes the place of what `path` held: whoever is killed leaves the one or the other.

    Who has the old one open, or mapped, keeps it as it was.

    Parameters
    ----------
    path : Path
        In a folder that is there.
    synced : bool
        Wait until the new one is on the disk. Without, a machine that stops may leave neither.

    Raises
    ------
    OSError
        If it cannot be written; `path` is then as it was, as after whatever the block raises.
    """
    part = path.with_name(f"{path.name}{PART}")
    try:
        with part.open("wb") as file:
            yield file
            if synced:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write(path: Path, content: bytes) -> None:
    """Write a file in place of what `path` held, as `replacing` does, down to the disk.

    Raises
    ------
    OSError
        If it cannot be written; `path` is then as it was.
    """
    with replacing(path) as file:
        file.write(content)


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
