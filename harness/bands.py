"""Bands over seeds of the curves of an arm, computed for all rows and metrics of the arm at once."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.choosing import died, repeated
from harness.intervals import Floats, geometric_interval, t_interval
from harness.record import AXES, higher_is_better

COSTS = [axis for axis in AXES if axis != "update"]
"""What training has cost by an update, beside the updates themselves."""
COLUMNS = ["arm", "metric", "update", *COSTS, "seeds", "alive", "kind", "centre", "low", "high"]
_LOSSES = ("loss", "log_loss", "squared_error")
GEOMETRIC = ("delta_rms", "gradient_norm", "rho")
"""Metrics that span decades: their mean and interval are those of the logarithm."""


def bands(
    history: pd.DataFrame, runs: pd.DataFrame, metrics: Sequence[str], *, sparse: bool = False
) -> pd.DataFrame:
    """Centre and band over the seeds of every arm, at the updates where all its seeds are known.

    Parameters
    ----------
    history : DataFrame
        Columns `run_id`, `update`, `metrics` and those of `COSTS` that are known, one row a measurement.
    runs : DataFrame
        The runs to draw: `run_id`, `arm`, `seed`, `outcome`, `status`, `majority_accuracy`. An arm with
        several runs on one seed has no value there, and no rows.
    metrics : sequence of str
        Columns of `history`; a metric that an arm never measured gives no row for it.
    sparse : bool
        What is not a number was not measured at that update, rather than overflowed.

    Returns
    -------
    DataFrame
        Columns `arm, metric, update, epoch, samples, multiply_adds, seeds, alive, kind, centre, low, high`,
        where what is not known of an arm's epochs, samples or multiply-adds is no number. While all seeds
        live:
        `kind` "mean" and the t interval of the mean (not numbers for one seed), or "geometric mean" and its
        interval for the metrics of `GEOMETRIC`. After a seed died: `kind` "median" over all seeds, dead ones
        with infinite loss or the majority class's accuracy, and the range of the seeds; metrics that have no
        value for a dead run (gradients) end there. A run that stopped alive keeps its last value: its
        weights do.
    """
    if sparse:
        found = [bands(history.dropna(subset=[metric]), runs, [metric]) for metric in metrics]
        found = [frame for frame in found if len(frame)]
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COLUMNS)
    runs = runs[~runs["arm"].isin(repeated(runs))]
    rows = history[history["run_id"].isin(runs["run_id"])]
    by_run = rows["run_id"].map(runs.set_index("run_id")["arm"])
    parts = dict(iter(rows.groupby(by_run, sort=False)))
    empty = rows.iloc[:0]
    frames = [
        _arm_bands(str(arm), parts.get(arm, empty), group, list(metrics))
        for arm, group in runs.groupby("arm", sort=False)
    ]
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=COLUMNS)


def _arm_bands(arm: str, rows: pd.DataFrame, runs: pd.DataFrame, metrics: list[str]) -> pd.DataFrame:
    dead = died(runs).to_numpy(dtype=bool)
    # A run that lived but left no history (an import, a broken store) says nothing about curves.
    known = dead | runs["run_id"].isin(rows["run_id"]).to_numpy()
    runs, dead = runs[known], dead[known]
    if rows.empty or runs.empty:
        return pd.DataFrame(columns=COLUMNS)
    updates, at = np.unique(rows["update"].to_numpy(dtype=float), return_inverse=True)
    # An update costs every run of an arm the same; one that does not say it leaves it to the others.
    costs = np.full((len(updates), len(COSTS)), np.nan)
    np.fmax.at(costs, at, rows.reindex(columns=COSTS).to_numpy(dtype=float))
    of_run = pd.Index(runs["run_id"]).get_indexer(pd.Index(rows["run_id"]))
    cube = np.full((len(metrics), len(updates), len(runs)), np.nan)
    cube[:, at, of_run] = rows[metrics].to_numpy(dtype=float).T
    measured = np.zeros((len(updates), len(runs)), dtype=bool)
    measured[at, of_run] = True

    last = np.where(measured.any(axis=0), len(updates) - 1 - measured[::-1].argmax(axis=0), -1)
    index = np.arange(len(updates))[:, None]
    gone = dead & (index >= last)  # a dead run's last row is the one at which it was found dead
    stopped = ~dead & (index > last)
    cube = np.where(stopped, cube[:, last, np.arange(len(runs))][:, None, :], cube)
    common = (measured | stopped | gone).all(axis=1)
    majority = runs["majority_accuracy"].to_numpy(dtype=float)
    frames = [
        _metric_bands(metric, cube[number][common], gone[common], majority)
        .assign(update=updates[common], **dict(zip(COSTS, costs[common].T, strict=True)))
        .dropna(subset=["centre"])
        for number, metric in enumerate(metrics)
        if not np.isnan(cube[number]).all()
    ]
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(frames, ignore_index=True).assign(arm=arm)[COLUMNS]


def _metric_bands(metric: str, values: Floats, gone: NDArray[np.bool_], majority: Floats) -> pd.DataFrame:
    """Bands of one metric; `values` and `gone` have shape (updates, runs)."""
    counted = metric.endswith(_LOSSES) or higher_is_better(metric)
    kind, mean_of = "mean", t_interval
    if metric.endswith(_LOSSES):
        # A living run may overflow before it is found dead: that is an infinite loss already.
        values = np.where(gone | ~np.isfinite(values), np.inf, values)
        lost = np.isinf(values).any(axis=1)
    else:
        # A living run's weights may overflow as well: of infinities there is no mean.
        values = np.where(gone, majority if counted else np.nan, np.where(np.isinf(values), np.nan, values))
        lost = gone.any(axis=1)
        if metric.startswith(GEOMETRIC):
            kind, mean_of = "geometric mean", geometric_interval
    centre, low, high = (np.full(len(values), np.nan) for _ in range(3))
    if (~lost).any():
        centre[~lost], low[~lost], high[~lost] = mean_of(values[~lost])
    if counted and lost.any():
        partly = values[lost]
        centre[lost], low[lost], high[lost] = (
            np.median(partly, axis=1),
            partly.min(axis=1),
            partly.max(axis=1),
        )
    return pd.DataFrame(
        {
            "metric": metric,
            "seeds": values.shape[1],
            "alive": (~gone).sum(axis=1),
            "kind": np.where(lost, "median", kind),
            "centre": centre,
            "low": low,
            "high": high,
        }
    )
