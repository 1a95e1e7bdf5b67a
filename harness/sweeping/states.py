"""Saved states: a stack between two legs, in one file that is read whole or not at all."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from harness.engine import NUMERICS, start
from harness.engine.run import Run
from harness.engine.state import Arrays, State
from harness.sweeping.provenance import numerical_platform

FORMAT = 1
"""Raised whenever a state is written in another way."""

HEADER = "header"
SEAL = 64
"""Length of the checksum that ends a file."""

Named = Mapping[str, NDArray[np.generic]]


class UnusableStateError(ValueError):
    """One line: which file, what is wrong with it, and that the stack starts again."""


def save(path: Path, state: State, fingerprints: Sequence[str]) -> None:
    """Write a state in place of what `path` held: whoever is killed leaves the one or the other.

    Parameters
    ----------
    path : Path
        One process at a time may write to it.
    state : State
    fingerprints : sequence of str
        Of the stack's runs, in their order.

    Raises
    ------
    OSError
        If it cannot be written; `path` is then as it was.
    """
    text = json.dumps(_header(fingerprints)).encode()
    content = sealed({**state.arrays.plain(), HEADER: np.frombuffer(text, np.uint8)})
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(path: Path, runs: Sequence[Run], fingerprints: Sequence[str]) -> State:
    """Return the state that `save` wrote, for the runs it was a state of.

    Parameters
    ----------
    path : Path
    runs : sequence of Run
        As the engine trains them, in the order in which they were saved.
    fingerprints : sequence of str
        Theirs.

    Raises
    ------
    UnusableStateError
        If the file cannot be read, is damaged, or comes from other runs, another format, other
        numerics or another numerical platform, on which the same bits are not to be had.
    """
    try:
        named = _arrays(path.read_bytes())
        _same_origin(named, _header(fingerprints))
        arrays = {name: array for name, array in named.items() if name != HEADER}
        _same_shapes(arrays, start(runs).arrays.plain())
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror}") from error
    except UnusableStateError as error:
        raise _unusable(path, str(error)) from error
    return State(tuple(runs), Arrays.of(arrays))


def sealed(named: Named) -> bytes:
    """Return an npz archive of arrays; its comment is the SHA-256, in hex, of every byte before it.

    Nothing is parsed before that was compared: the readers of zip archives and of arrays are not
    made to meet damaged ones.
    """
    buffer = BytesIO()
    np.savez(buffer, allow_pickle=False, **named)
    with ZipFile(buffer, "a") as archive:
        archive.comment = b"0" * SEAL
    content = buffer.getvalue()[:-SEAL]
    return content + hashlib.sha256(content).hexdigest().encode()


def _arrays(content: bytes) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of a sealed archive by name; an object in it is refused, never unpickled."""
    if hashlib.sha256(content[:-SEAL]).hexdigest().encode() != content[-SEAL:]:
        raise UnusableStateError("damaged, cut short, or no saved state: its checksum does not agree")
    try:
        with np.load(BytesIO(content), allow_pickle=False) as archive:
            return {name: np.asarray(archive[name]) for name in archive.files}
    except Exception as error:
        # Whoever computes a checksum may put anything before it, and archives can be wrong in more
        # ways than their readers have an exception for.
        raise UnusableStateError("no archive of plain arrays") from error


def _header(fingerprints: Sequence[str]) -> dict[str, Any]:
    """Return what a state must agree in with whoever goes on from it."""
    return {
        "format": FORMAT,
        "numerics": NUMERICS,
        **numerical_platform(),
        "fingerprints": list(fingerprints),
    }


def _same_origin(named: Named, expected: Mapping[str, Any]) -> None:
    try:
        found = dict(json.loads(named[HEADER].tobytes()))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise UnusableStateError("its header is missing or unreadable") from error
    for key, value in expected.items():
        then = found.get(key)
        if then != value:
            changed = "its runs are others" if key == "fingerprints" else f"{key} was {then!r}, is {value!r}"
            raise UnusableStateError(changed)


def _same_shapes(arrays: Named, expected: Named) -> None:
    if apart := sorted(arrays.keys() ^ expected.keys()):
        raise UnusableStateError(f"arrays that are missing or unknown: {', '.join(apart)}")
    for name, array in expected.items():
        found = arrays[name]
        if (found.dtype, found.shape) != (array.dtype, array.shape):
            raise UnusableStateError(
                f"{name} is {found.dtype} {found.shape}, these runs have {array.dtype} {array.shape}"
            )


def _unusable(path: Path, wrong: str) -> UnusableStateError:
    return UnusableStateError(f"{path}: {wrong}; the stack starts again")
