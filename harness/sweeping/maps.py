"""Decision maps: a training is cut into legs at their moments, and they are taken in between."""

from collections.abc import Sequence

import numpy as np

from harness import engine
from harness.engine.diagnostics.decision_map import applies, bounds, decision_map, moments
from harness.engine.run import Run
from harness.engine.state import BEFORE_ANY, State
from harness.engine.training import Rows, joined
from harness.record import Array


def train_and_map(runs: Sequence[Run]) -> tuple[State, Rows, list[dict[str, Array]]]:
    """Train a stack to its end; return its state, its rows and each run's maps.

    Legs give the bits of a training in one go. A run that ends between two moments has its last
    map at its end.

    Returns
    -------
    maps : list of dict
        As `harness.record.Record` holds them; empty where none are asked for or can be drawn.
    """
    state, first = engine.start(runs), runs[0]
    if not applies(first):
        return (*engine.advance(state), [{} for _ in runs])
    limits = np.stack([bounds(run.data.train.x) for run in runs])
    taken: list[list[tuple[int, Array, Array]]] = [[] for _ in runs]
    seen = np.full(len(runs), BEFORE_ANY)
    parts, reached = [], 0
    for moment in moments(first.budget, first.per_epoch):
        state, rows = engine.advance(state, moment - reached)
        parts.append(rows)
        reached = moment
        arrays = state.arrays
        moved_on = np.flatnonzero(arrays.update > seen)
        found = decision_map(first.network, arrays.parameters[moved_on], limits[moved_on])
        for place, member in enumerate(moved_on):
            taken[member].append((int(arrays.update[member]), found.values[place], found.classes[place]))
        seen = arrays.update
    return state, joined(parts), [_by_name(*each) for each in zip(limits, taken, strict=True)]


def _by_name(limits: Array, taken: Sequence[tuple[int, Array, Array]]) -> dict[str, Array]:
    updates, values, classes = zip(*taken, strict=True)
    return {
        "update": np.array(updates),
        "bounds": limits,
        "values": np.stack(values),
        "classes": np.stack(classes),
    }
