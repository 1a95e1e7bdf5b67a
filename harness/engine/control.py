"""Control readings: what a run's own losses decide about its rate and its end."""

from collections.abc import Mapping

import numpy as np

from harness.engine.arrays import Flags, Floats
from harness.engine.patience import Watch
from harness.engine.run import Run
from harness.engine.schedules import Plateau
from harness.engine.state import Arrays
from harness.engine.stopping import (
    Outcome,
    StoppedBy,
    exploding,
    outcome_at_budget,
    outcome_at_rest,
)

STOPPING, SCHEDULE = 0, 1
"""Columns of what is watched for the stopping rule and for the schedule."""


def splits_read(run: Run) -> set[str]:
    """Return the splits whose losses a control reading takes."""
    watches = (run.stopping.watch, run.schedule.watch)
    return {"train", *(watch.monitor for watch in watches if watch is not None)}


def decide(
    run: Run, arrays: Arrays, index: int, losses: Mapping[str, Floats], constant: Floats, at_rest: Flags
) -> None:
    """Take a control reading: note it, reduce rates, and end the runs that it ends.

    Parameters
    ----------
    index : int
        Of the reading among the run's controls.
    losses : mapping of str to ndarray, shape (S,)
        Of every split of `splits_read`.
    constant : ndarray, shape (S,)
        Training loss of the best constant output.
    at_rest : ndarray of bool, shape (S,)
        Whose weights hardly change.
    """
    stopping, loss = run.stopping, losses["train"]
    arrays.readings[:, index] = loss
    alarm = exploding(loss, arrays.readings[:, 0], constant)
    arrays.alarms[:] = np.where(alarm, arrays.alarms + 1, 0)
    diverged = ~np.isfinite(loss) | (arrays.alarms >= 2)
    if isinstance(run.schedule, Plateau):
        _reduce_rates(run.schedule, arrays, losses)
    # Where the weights blow up, a change as large as they are is small against rate ||W||.
    met = {
        StoppedBy.target: stopping.reached(loss),
        StoppedBy.tolerance: at_rest & ~alarm,
        StoppedBy.loss_change: _loss_at_rest(run, arrays, index) & ~alarm,
        StoppedBy.patience: _impatient(stopping.watch, arrays, index, losses) & ~alarm,
    }
    last = run.controls[index] == run.budget
    for member in range(len(loss)):
        if diverged[member]:
            _end(arrays, member, Outcome.diverged, StoppedBy.divergence)
        elif rules := [rule for rule, flags in met.items() if flags[member]]:
            kept = arrays.best_reading[member] if stopping.remembers else index
            outcome = outcome_at_rest(arrays.readings[member, kept], constant[member])
            _end(arrays, member, outcome, rules[0])
        elif last:
            outcome = outcome_at_budget(arrays.readings[member, : index + 1], constant[member])
            _end(arrays, member, outcome, stopping.exhausted_by(run.budget))


def restored(run: Run, arrays: Arrays) -> Flags:
    """Give the runs that end with their best weights those weights; return which, shape (S,)."""
    ends: Flags = (arrays.outcome != Outcome.running) & (arrays.outcome != Outcome.diverged)
    if not run.stopping.remembers:
        return np.zeros_like(ends)
    arrays.parameters[ends] = arrays.best_parameters[ends]
    return ends


def _end(arrays: Arrays, member: int, outcome: Outcome, rule: StoppedBy) -> None:
    arrays.outcome[member], arrays.stopped_by[member] = outcome, rule


def _reduce_rates(schedule: Plateau, arrays: Arrays, losses: Mapping[str, Floats]) -> None:
    watch, waited = schedule.watch, arrays.waited[:, SCHEDULE]
    watch.read(losses[watch.monitor], arrays.lowest[:, SCHEDULE], waited)
    over = watch.exceeded(waited)
    arrays.rate_factor[:] = schedule.reduced(arrays.rate_factor, over)
    waited[over] = 0


def _impatient(watch: Watch | None, arrays: Arrays, index: int, losses: Mapping[str, Floats]) -> Flags:
    if watch is None:
        return np.zeros(len(arrays.update), dtype=bool)
    waited = arrays.waited[:, STOPPING]
    better = watch.read(losses[watch.monitor], arrays.lowest[:, STOPPING], waited)
    arrays.best_reading[better] = index
    if arrays.best_parameters.shape[1]:
        arrays.best_parameters[better] = arrays.parameters[better]
    return watch.exceeded(waited)


def _loss_at_rest(run: Run, arrays: Arrays, index: int) -> Flags:
    """Return which runs' training losses hardly changed since the control reading before."""
    if index == 0:
        return np.zeros(len(arrays.update), dtype=bool)
    return run.stopping.unmoved(arrays.readings[:, index], arrays.readings[:, index - 1])
