"""In the worker: a leg of a piece of work, in which a run that raises fails alone."""

import logging
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter, time
from typing import TypeVar

from harness.config import RunConfig
from harness.record import Array, Record
from harness.sweeping.legs import Paused, begin, part, planned_rows, seconds_left, train_leg
from harness.sweeping.preparing import prepared
from harness.sweeping.states import UnusableStateError, packed, unpacked
from harness.sweeping.trainer import ended

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Task:
    """What a worker is asked for: the next leg of some runs of one stack.

    Attributes
    ----------
    saved : bytes or None
        The state to go on from, as `harness.sweeping.states.packed` makes it; it may be of other
        runs besides. None: from the start.
    seconds : float or None
        How long the leg takes; None: until every run has ended.
    until : float or None
        When it is to end at the latest, in seconds since 1970; None: any time.
    """

    runs: tuple[RunConfig, ...]
    fingerprints: tuple[str, ...]
    saved: bytes | None
    seconds: float | None
    until: float | None = None

    @property
    def seconds_now(self) -> float | None:
        """Return how long the leg takes if it begins now."""
        if self.until is None:
            return self.seconds
        left = max(0.0, self.until - time())
        return left if self.seconds is None else min(self.seconds, left)


@dataclass(frozen=True)
class Failure:
    """What is left of a run that could not be trained.

    Strings, not the exception: one that cannot be unpickled would break the pool it comes through.

    Attributes
    ----------
    reason : str
        One line.
    traceback : str
    """

    reason: str
    traceback: str


@dataclass(frozen=True, eq=False)
class Standing:
    """A run that goes on: all its rows so far, by column."""

    columns: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Advanced:
    """What a leg made of runs that stayed together.

    Attributes
    ----------
    fingerprints : tuple of str
    results : list of Record, Failure or Standing
        Of each of them.
    since : int
        Rows that each had left before this leg.
    planned : int
        Rows that each leaves if it uses its whole budget.
    saved : bytes or None
        The state of those that go on; None if none does.
    seconds_left : float
        About how long these still train.
    seconds : float
        How long the leg took.
    expected : float
        How long it was thought to take.
    """

    fingerprints: tuple[str, ...]
    results: list[Record | Failure | Standing]
    since: int = 0
    planned: int = 0
    saved: bytes | None = None
    seconds_left: float = 0.0
    seconds: float = 0.0
    expected: float = 0.0


def carry_out(task: Task) -> list[Advanced]:
    """Train a leg; if that raises, train it by halves, so that only the runs that raise alone fail.

    By the law of the stack the others lose nothing but time.
    """
    try:
        return [_leg(task)]
    except Exception as error:
        if len(task.runs) == 1:
            return [Advanced(task.fingerprints, [failure(error)])]
        log.info("a stack of %d runs raised %s: trying its halves", len(task.runs), type(error).__name__)
    # Outside the handler: inside, the traceback would keep the arrays of the whole stack.
    places = zip(halves(task.runs), halves(task.fingerprints), strict=True)
    parts = [replace(task, runs=runs, fingerprints=marks) for runs, marks in places]
    return [advanced for half in parts for advanced in carry_out(half)]


def _leg(task: Task) -> Advanced:
    before = _paused(task)
    began, thought = perf_counter(), seconds_left(before)
    after = train_leg(before, task.seconds_now)
    records = [_own(*each) for each in zip(task.fingerprints, ended(task.runs, after), strict=True)]
    going_on, left = after.running, seconds_left(after)
    saved = None
    if going_on:
        saved = packed(part(after, going_on), [task.fingerprints[member] for member in going_on])
    return Advanced(
        task.fingerprints,
        [Standing(after.rows_of(member)) if found is None else found for member, found in enumerate(records)],
        since=len(before.rows_of(0).get("update", ())),
        planned=planned_rows(after.state.runs[0]),
        saved=saved,
        seconds_left=left,
        seconds=perf_counter() - began,
        expected=thought - left,
    )


def _paused(task: Task) -> Paused:
    runs = prepared(task.runs)
    if task.saved is not None:
        try:
            return unpacked(task.saved, runs, task.fingerprints)
        except UnusableStateError as error:
            # Another machine of a cluster, say: it cannot give the same bits from there.
            log.warning("a saved state cannot be gone on from (%s): %d runs start again", error, len(runs))
    return begin(runs)


def _own(mark: str, found: Record | None) -> Record | Failure | None:
    """Return what a run left, or why it is not what was asked for: a machine with other code or data."""
    if found is None or found.fingerprint == mark:
        return found
    reason = "its worker has another version of the harness, its numerics or its data sets"
    return Failure(reason, f"fingerprint {found.fingerprint}, asked for {mark}")


def failure(error: BaseException) -> Failure:
    """Return what is kept of an exception."""
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    return Failure(reason, "".join(traceback.format_exception(error)))


def halves(whole: Sequence[T]) -> tuple[tuple[T, ...], tuple[T, ...]]:
    """Return the first and the second half of at least two things."""
    middle = len(whole) // 2
    return tuple(whole[:middle]), tuple(whole[middle:])
