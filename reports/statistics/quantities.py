"""The quantities of runs that claims and published figures are about, from the rows of their histories."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.choosing import died
from harness.intervals import Floats
from harness.quantities import AMONG_RUNS, AT_REST, CURVED, HALVING, SUMS, TARGET, WINDOW
from reports.statistics.targets import times

START = "start_"
SQUARED = r"(?:bias_)?gradient_norm_\d+"
"""Columns of which the norm of the whole gradient is made."""


def column(metric: str, at: str) -> str:
    """Return the column that `with_quantities` gives a quantity.

    It ends like the metric's own name, by which a dead run counts as infinite, or as the majority class.
    """
    return f"{START}{metric}" if at == "start" else metric


def with_quantities(
    history: pd.DataFrame,
    runs: pd.DataFrame,
    asked: Sequence[tuple[str, str]],
    *,
    target: Mapping[str, Any] | None = None,
    windows: Mapping[str, Sequence[int]] | None = None,
) -> pd.DataFrame:
    """Return runs with a column for each quantity asked for, called as `column` says.

    Parameters
    ----------
    history : DataFrame
        Rows of the runs, sorted by update: `run_id`, `update`, the costs and what was measured.
    runs : DataFrame
        `run_id, arm, seed, outcome, status`, and final scores, which are kept as they are.
    asked : sequence of (metric, at)
        Names of `harness.quantities`, at the "start" or the "end".
    target : mapping, optional
        The study's: `metric` and `value`.
    windows : mapping of str to (int, int), optional
        By arm the updates between which each has a row. A run that has not all of them, since it ended
        within its window, has no number.

    Returns
    -------
    DataFrame
        What was not measured is not a number; times that were missed, and those of dead runs, are infinite.
    """
    found: dict[str, Floats] = {}
    for metric, at in dict.fromkeys(asked):
        name = column(metric, at)
        if name in found or (name in runs.columns and name == metric):
            continue
        found[name] = _values(history, runs, metric, at, target, windows or {})
    return runs.assign(**found)


def as_at(runs: pd.DataFrame, at: str) -> pd.DataFrame:
    """Return runs as they count at a moment: before the first update none has died."""
    return runs.assign(outcome="", status="FINISHED") if at == "start" else runs


def rises(losses: Floats) -> float:
    """Return the share of updates after which the loss is higher than before.

    Parameters
    ----------
    losses : ndarray, shape (n,)
        Training losses at successive updates; not a number for fewer than three.
    """
    changes = np.diff(losses)
    return float((changes > 0).mean()) if len(changes) > 1 and np.isfinite(losses).all() else float("nan")


def fluctuation(losses: Floats) -> float:
    """Return the root mean square of a loss's changes less their mean, by the first loss.

    The mean change is the descent, which is no fluctuation; by the loss at the start, what is found
    depends neither on the loss's scale nor on how far training has come.

    Parameters
    ----------
    losses : ndarray, shape (n,)
        Training losses at successive updates; not a number for fewer than three, or if the first is 0.
    """
    if len(losses) < 3 or not np.isfinite(losses).all() or losses[0] <= 0:
        return float("nan")
    return float(np.diff(losses).std() / losses[0])


def excess(losses: Floats, arms: Sequence[str], dead: Sequence[bool]) -> Floats:
    """Return by how much each run's loss is above the least of the living runs of its arm, shape (runs,)."""
    finite = pd.Series(np.where(np.asarray(dead) | ~np.isfinite(losses), np.nan, losses))
    least = finite.groupby(np.asarray(arms, dtype=str)).transform("min")
    return np.asarray(losses - least.to_numpy(dtype=float))


def _values(
    history: pd.DataFrame,
    runs: pd.DataFrame,
    metric: str,
    at: str,
    target: Mapping[str, Any] | None,
    windows: Mapping[str, Sequence[int]],
) -> Floats:
    """Return the values of one quantity, shape (runs,)."""
    if metric in HALVING:
        return _times(history, runs, "train_loss", _half(history), metric.removeprefix("halving_"))
    if metric in TARGET:
        goal = str(target["metric"]) if target else ""
        value = float(target["value"]) if target else 0.0
        return _times(history, runs, goal, value, metric.removeprefix("target_"))
    if metric in WINDOW:
        return _in_windows(history, runs, metric, windows)
    if metric in AMONG_RUNS:
        losses = _edge(history, runs, "train_loss", "end")
        above = excess(losses, list(runs["arm"]), list(died(runs)))
        return np.where(_in_minimum(history, runs), above, np.nan) if metric == "minimum_excess" else above
    return _edge(history, runs, metric, at)


def _in_minimum(history: pd.DataFrame, runs: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which runs ended in a strict minimum: at rest, and curved upwards in every direction."""
    gradient = _edge(history, runs, "gradient_norm", "end")
    curvature = _edge(history, runs, "hessian_smallest", "end")
    return np.asarray((gradient < AT_REST) & (curvature > CURVED))


def _half(history: pd.DataFrame) -> dict[str, float]:
    """Return half of the training loss before the first update, by run."""
    if "train_loss" not in history:
        return {}
    first = history[history["update"] == 0]
    return dict(zip(first["run_id"].astype(str), first["train_loss"] / 2, strict=True))


def _times(
    history: pd.DataFrame, runs: pd.DataFrame, metric: str, target: float | Mapping[str, float], cost: str
) -> Floats:
    if metric not in history:
        return np.full(len(runs), np.nan)
    found = times(history, runs, metric, target).set_index("run_id")[cost]
    return np.asarray(runs["run_id"].map(found), dtype=float)


def _in_windows(
    history: pd.DataFrame, runs: pd.DataFrame, metric: str, windows: Mapping[str, Sequence[int]]
) -> Floats:
    made = {"rises": rises, "fluctuation": fluctuation}[metric]
    spans = {
        str(run): windows[arm] for run, arm in zip(runs["run_id"], runs["arm"], strict=True) if arm in windows
    }
    values = dict.fromkeys(spans, float("nan"))
    for run, group in history.groupby("run_id", sort=False):
        if str(run) not in spans or "train_loss" not in group:
            continue
        first, last = spans[str(run)]
        rows = group[group["update"].between(first, last)]
        # Cut short at either end, or with a gap, it is not the window that was asked for.
        if np.array_equal(rows["update"].to_numpy(), np.arange(first, last + 1)):
            values[str(run)] = made(rows["train_loss"].to_numpy(dtype=float))
    return np.asarray(runs["run_id"].astype(str).map(values), dtype=float)


def _edge(history: pd.DataFrame, runs: pd.DataFrame, metric: str, at: str) -> Floats:
    """Return what the first or the last row of each run has."""
    if at == "start":
        rows = history[history["update"] == 0].drop_duplicates("run_id", keep="first")
    else:
        rows = history.drop_duplicates("run_id", keep="last")
    values = _whole_gradient(rows) if metric in SUMS else rows.get(metric)
    if values is None:
        return np.full(len(runs), np.nan)
    return np.asarray(runs["run_id"].map(values.set_axis(rows["run_id"])), dtype=float)


def _whole_gradient(rows: pd.DataFrame) -> pd.Series:
    """Return the norm of the whole gradient; a layer that an arm does not have adds nothing."""
    parts = rows.filter(regex=f"^{SQUARED}$")
    total: pd.Series = (parts**2).sum(axis=1, min_count=1) ** 0.5
    return total
