"""Metric series: which rows of a history MLflow gets, as metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mlflow.entities import Metric

from harness.record import Array, metric_name
from harness.tracking.batches import Ended, Underway
from harness.tracking.thinning import thin

NUMBERS = ("best_validation_loss", "constant_loss", "majority_accuracy", "seconds")


def metrics_of(run: Underway | Ended, points: int, moment: int) -> list[Metric]:
    """Return the metrics of a run's rows that earlier legs have not sent.

    The places are those of `thin` over its whole budget, so that they do not depend on how its
    training is cut into legs; the last row of a run that ended is always among them.
    """
    if isinstance(run, Underway):
        columns, first, last = run.columns, run.first, []
    else:
        columns, first = run.record.columns, 0
        last = [len(columns["update"]) - 1]
    rows = first + len(columns["update"])
    places = {place for place in thin(run.planned, points) if run.since <= place < rows}
    return series(columns, [place - first for place in sorted(places.union(last))], moment)


def series(columns: Mapping[str, Array], places: Sequence[int], moment: int) -> list[Metric]:
    """Return a history's metrics at some of its rows; what is no finite number is left out."""
    steps = [int(columns["update"][place]) for place in places]
    found = []
    for column, values in columns.items():
        name = metric_name(column)
        if name is None:
            continue
        for place, step in zip(places, steps, strict=True):
            value = float(values[place])
            if np.isfinite(value):
                found.append(Metric(name, value, moment, step))
    return found


def numbers_of(summary: Mapping[str, Any], moment: int) -> list[Metric]:
    """Return the numbers of a run's summary that are finite, as metrics at its last update."""
    step = int(summary["updates"])
    return [
        Metric(name, float(summary[name]), moment, step)
        for name in NUMBERS
        if name in summary and np.isfinite(summary[name])
    ]
