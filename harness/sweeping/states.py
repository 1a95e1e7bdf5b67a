"""Saved states: a stack between two legs, as bytes that are read whole or not at all."""

import json
from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.archives import ArchiveError, sealed, unsealed
from harness.engine import NUMERICS
from harness.engine.run import Run
from harness.engine.state import Arrays, State, initial_arrays
from harness.engine.training import Rows
from harness.sweeping.legs import Paused, renumbered
from harness.sweeping.provenance import numerical_platform

FORMAT = 2
"""Raised whenever a state is written in another way."""

HEADER = "header"
SECONDS = "seconds"
STATE, ROWS, MAPS = "state/", "rows/", "maps/"

Named = Mapping[str, NDArray[Any]]


class UnusableStateError(ValueError):
    """One line: why a saved state cannot be gone on from."""


def packed(stack: Paused, fingerprints: Sequence[str]) -> bytes:
    """Return a stack as a sealed archive of plain arrays.

    Parameters
    ----------
    stack : Paused
        All its runs go on, so that they have equally many maps.
    fingerprints : sequence of str
        Of its runs, in their order.
    """
    text = json.dumps(_origin() | {"fingerprints": list(fingerprints)}).encode()
    named = {f"{STATE}{name}": array for name, array in stack.state.arrays.plain().items()}
    named |= {f"{ROWS}{name}": column for name, column in stack.rows.items()}
    named |= {f"{MAPS}{name}": np.stack([each[name] for each in stack.maps]) for name in stack.maps[0]}
    named |= {SECONDS: np.array(stack.seconds), HEADER: np.frombuffer(text, np.uint8)}
    return sealed(named)


def fingerprints_of(content: bytes) -> list[str]:
    """Return the fingerprints of the runs whose state this is, whether it can be gone on from here or not.

    Raises
    ------
    UnusableStateError
        If it is damaged.
    """
    return _marks(_header(_arrays(content)))


def unpacked(content: bytes, runs: Sequence[Run], fingerprints: Sequence[str]) -> Paused:
    """Return the stack of `runs`, all or some of those whose state was packed.

    Parameters
    ----------
    runs : sequence of Run
        As the engine trains them.
    fingerprints : sequence of str
        Theirs.

    Raises
    ------
    UnusableStateError
        If it is damaged, comes from another format, other numerics or another numerical platform, on
        which the same bits are not to be had, or if a run was not there or had other arrays.
    """
    named = _arrays(content)
    header = _header(named)
    for key, value in _origin().items():
        then = header.get(key)
        if then != value:
            raise UnusableStateError(f"{key} was {then!r}, is {value!r}")
    held = _marks(header)
    if not set(fingerprints) <= set(held):
        raise UnusableStateError("its runs are others")
    arrays = {name.removeprefix(STATE): named[name] for name in named if name.startswith(STATE)}
    _same_shapes(arrays, initial_arrays((runs[0],)).plain(), len(held))
    if SECONDS not in named:
        raise UnusableStateError(f"arrays that are missing or unknown: {SECONDS}")
    members = [held.index(mark) for mark in fingerprints]
    maps = {name.removeprefix(MAPS): named[name] for name in named if name.startswith(MAPS)}
    return Paused(
        State(tuple(runs), Arrays.of(arrays).take(np.array(members))),
        renumbered(_rows(named), members, len(held)),
        tuple({name: array[member] for name, array in maps.items()} for member in members),
        float(named[SECONDS]) if len(held) == 1 else nan,
    )


def _arrays(content: bytes) -> Named:
    try:
        return unsealed(content)
    except ArchiveError as error:
        raise UnusableStateError(f"damaged, cut short, or no saved state: {error}") from error


def _origin() -> dict[str, Any]:
    """Return what a state must agree in with whoever goes on from it."""
    return {"format": FORMAT, "numerics": NUMERICS, **numerical_platform()}


def _header(named: Named) -> dict[str, Any]:
    try:
        return dict(json.loads(named[HEADER].tobytes()))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise UnusableStateError("its header is missing or unreadable") from error


def _marks(header: Mapping[str, Any]) -> list[str]:
    found = header.get("fingerprints")
    if not isinstance(found, list):
        raise UnusableStateError("its header names no runs")
    return [str(each) for each in found]


def _same_shapes(arrays: Named, single: Named, runs: int) -> None:
    """Refuse arrays other than those that a run like the one of `single` has."""
    if apart := sorted(arrays.keys() ^ single.keys()):
        raise UnusableStateError(f"arrays that are missing or unknown: {', '.join(apart)}")
    for name, array in single.items():
        found, shape = arrays[name], (runs, *array.shape[1:])
        if (found.dtype, found.shape) != (array.dtype, shape):
            raise UnusableStateError(
                f"{name} is {found.dtype} {found.shape}, these runs have {array.dtype} {shape}"
            )


def _rows(named: Named) -> Rows:
    rows = {name.removeprefix(ROWS): np.asarray(named[name]) for name in named if name.startswith(ROWS)}
    if len({array.shape for array in rows.values()}) != 1 or not {"member", "update"} <= rows.keys():
        raise UnusableStateError("arrays that are missing or unknown: rows")
    return rows
