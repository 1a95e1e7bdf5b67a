"""Decision maps: where a training pauses for them, and what is drawn there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.engine.diagnostics.decision_map import (
    applies,
    bounds,
    decision_map,
    moments,
    samples,
)
from harness.engine.run import Run
from harness.engine.state import BEFORE_ANY, State
from harness.engine.stopping import Outcome
from harness.record import Array

Maps = dict[str, Array]
"""A run's maps as `harness.record.Record` holds them; empty where there are none."""

GROWING = ("update", "values", "classes")


@dataclass(frozen=True)
class Cut:
    """An update up to which is trained in one go; `draws`: every run has a map there."""

    update: int
    draws: bool


def cuts(run: Run, settled: int, stop: int) -> list[Cut]:
    """Return where runs like `run` pause between the update `settled`, which is done, and `stop`."""
    due = moments(run.budget, run.per_epoch) if applies(run) else []
    passed = [Cut(update, True) for update in due if settled < update <= stop]
    return passed if passed and passed[-1].update == stop else [*passed, Cut(stop, False)]


def mapped(state: State, maps: Sequence[Maps], *, everybody: bool) -> tuple[Maps, ...]:
    """Return each run's maps with those that are due now.

    Parameters
    ----------
    everybody : bool
        Map every run that has moved since its last map; else those of them alone that have ended.
        A run that ends between two moments has its last map at its end.
    """
    first, arrays = state.runs[0], state.arrays
    if not applies(first):
        return tuple(maps)
    seen = np.array([each["update"][-1] if each else BEFORE_ANY for each in maps])
    due = arrays.update > seen
    if not everybody:
        due &= arrays.outcome != Outcome.running
    members = np.flatnonzero(due)
    limits = np.stack([bounds(run.data.train.x) for run in state.runs])
    found = decision_map(first.network, arrays.parameters[members], limits[members])
    grown = list(maps)
    for place, member in enumerate(members):
        run = state.runs[member]
        drawn, answers = samples(run.data.train, classifies=run.data.classifies)
        latest: Maps = {
            "update": arrays.update[member : member + 1],
            "bounds": limits[member],
            "values": found.values[place : place + 1],
            "classes": found.classes[place : place + 1],
            "samples": drawn,
            "answers": answers,
        }
        if before := grown[member]:
            latest |= {name: np.concatenate([before[name], latest[name]]) for name in GROWING}
        grown[member] = latest
    return tuple(grown)
