"""Legs: a stack trains for some seconds, and goes on from there as if it had never paused."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

from harness import engine
from harness.engine.cadence import row_updates
from harness.engine.run import Run
from harness.engine.state import State
from harness.engine.stopping import Outcome
from harness.engine.training import Rows, joined
from harness.record import Array
from harness.sweeping.estimates import seconds as estimated
from harness.sweeping.maps import Maps, cuts, mapped

TRIAL = 1 / 8
"""Share of a leg that is trained by estimate; how fast this machine is, is known after it."""


@dataclass(frozen=True, eq=False)
class Paused:
    """A stack between two legs.

    Attributes
    ----------
    state : State
    rows : dict of str to ndarray
        All measured so far, as `engine.advance` returns them; empty before the first leg.
    maps : tuple of dict
        Each run's decision maps so far, as `harness.record.Record` holds them.
    seconds : float
        Trained so far by a run that never shared a stack; not a number for the others.
    """

    state: State
    rows: Rows
    maps: tuple[Maps, ...]
    seconds: float

    @property
    def running(self) -> list[int]:
        """Return the indices of the runs that have not ended."""
        return [int(member) for member in np.flatnonzero(self.state.arrays.outcome == Outcome.running)]

    @property
    def reached(self) -> int:
        """Return the update that the runs which go on have reached, or else the last one to end."""
        return int(self.state.arrays.update.max())

    def rows_of(self, member: int) -> dict[str, Array]:
        """Return a run's rows by column."""
        if not self.rows:
            return {}
        low, high = np.searchsorted(self.rows["member"], [member, member + 1])
        return {name: values[low:high] for name, values in self.rows.items() if name != "member"}


def begin(runs: Sequence[Run]) -> Paused:
    """Return a stack before its first leg."""
    seconds = 0.0 if len(runs) == 1 else nan
    return Paused(engine.start(runs), {}, tuple({} for _ in runs), seconds)


def part(whole: Paused, members: Sequence[int]) -> Paused:
    """Return some runs of a stack: by the law of the stack they go on as they would have in it."""
    runs, chosen = whole.state.runs, np.array(members)
    state = State(tuple(runs[member] for member in members), whole.state.arrays.take(chosen))
    maps = tuple(whole.maps[member] for member in members)
    seconds = whole.seconds if len(runs) == 1 else nan
    return Paused(state, renumbered(whole.rows, members, len(runs)), maps, seconds)


def renumbered(rows: Rows, members: Sequence[int], runs: int) -> Rows:
    """Return the rows of some of `runs` runs, numbered and sorted by their places in `members`."""
    if not rows:
        return {}
    place = np.full(runs, -1)
    place[members] = np.arange(len(members))
    number = place[rows["member"].astype(np.int64)]
    order = np.flatnonzero(number >= 0)
    order = order[np.argsort(number[order], kind="stable")]
    return {name: values[order] for name, values in rows.items()} | {"member": number[order]}


def train_leg(stack: Paused, seconds: float | None) -> Paused:
    """Train until every run has ended, or for about `seconds`; None: to the end.

    The BLAS is held to one thread: with two the last bits differ.
    """
    first = stack.state.runs[0]
    began = perf_counter()
    updates = None if seconds is None else _trial(first, len(stack.state.runs), seconds)
    trained, spent = stack, 0.0
    with threadpool_limits(1):
        while not trained.state.finished:
            before = trained.reached
            trained = _further(trained, updates)
            spent = perf_counter() - began
            if seconds is None or spent >= seconds:
                break
            made = max(1, trained.reached - stack.reached)
            updates = max(1, int(made / spent * (seconds - spent)), (trained.reached - before) // 4)
    return Paused(trained.state, trained.rows, trained.maps, stack.seconds + spent)


def planned_rows(run: Run) -> int:
    """Return how many rows a run leaves that uses its whole budget."""
    return len(row_updates(run.diagnostics, run.budget, run.per_epoch))


def seconds_left(stack: Paused) -> float:
    """Return about how long the runs that go on still train."""
    first, running = stack.state.runs[0], len(stack.running)
    if not running or not first.budget:
        return 0.0
    return estimated(first, running) * (1 - stack.reached / first.budget)


def _trial(first: Run, runs: int, seconds: float) -> int | None:
    """Return how many updates take about `TRIAL` of a leg; None if all of them do."""
    whole = estimated(first, runs)
    if whole <= TRIAL * seconds:
        return None
    return max(1, int(first.budget * TRIAL * seconds / whole))


def _further(stack: Paused, updates: int | None) -> Paused:
    """Train for some more updates, with a pause wherever maps are due."""
    state, first, maps = stack.state, stack.state.runs[0], stack.maps
    reached = stack.reached
    stop = first.budget if updates is None else min(first.budget, reached + updates)
    parts = [stack.rows]
    for cut in cuts(first, int(state.arrays.settled.max()), stop):
        state, rows = engine.advance(state, cut.update - reached)
        parts.append(rows)
        reached = cut.update
        maps = mapped(state, maps, everybody=cut.draws)
    return Paused(state, joined(parts), maps, stack.seconds)
