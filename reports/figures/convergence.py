"""Convergence at the tuned rates: what compares across losses, and each loss on panels of its own."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from harness.errors import unknown
from reports.arms import Layout, Panel, layout_of, split_by_loss
from reports.figures import captions, curves, scales, style

NAMES = {"accuracy": "accuracy", "log_loss": "log loss", "squared_error": "squared error", "loss": "own loss"}
COMPARABLE = ("validation_log_loss", "validation_accuracy", "validation_squared_error")
"""Metrics that compare across losses; the first that a frame has is drawn if none is named."""
OWN = "train_loss"


@style.house_style
def convergence(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    metric: str | None = None,
    x: str = "update",
    seeds: pd.DataFrame | None = None,
    absent: Mapping[str, str] | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw a metric that compares across losses, small multiples by data set and arm axes.

    Parameters
    ----------
    frame : DataFrame
        `harness.bands.bands` of the reported runs. Rows whose `kind` is "seed" are taken for `seeds`.
    layout : Layout, optional
    metric : str, optional
        For example `validation_log_loss`; by default the first of `COMPARABLE` that the frame has.
    x : {"update", "epoch", "samples", "multiply_adds"}
    seeds : DataFrame, optional
        The curves of single seeds, drawn thin: columns of `frame` and `seed`.
    absent : mapping of str to str, optional
        Why arms have no curve, by arm; the panel says it.
    title, subtitle : str, optional

    Raises
    ------
    harness.errors.ConfigurationError
        If `x` is none of the four.
    """
    layout = layout_of(frame) if layout is None else layout
    metric = metric or next((each for each in COMPARABLE if (frame["metric"] == each).any()), COMPARABLE[0])
    bands, seeds = _parts(frame, metric, x, seeds)
    split, _, kind = metric.partition("_")
    name = NAMES.get(kind, kind.replace("_", " "))
    layout = _measured(frame, bands, layout)
    accuracy = kind == "accuracy"
    limits = {
        dataset: found
        for dataset in layout.datasets
        if (found := _limits(bands, [p for p in layout.panels if p.dataset == dataset], accuracy))
    }
    return curves.small_multiples(
        bands,
        layout,
        x,
        curves.Scale(f"{split} {name}", not accuracy, limits, lambda panel: panel.dataset),
        title=title or f"{split.capitalize()} {name} by {curves.AXIS_TITLES[x]}",
        subtitle=captions.about_bands(bands) if subtitle is None else subtitle,
        seeds=seeds,
        absent=absent,
    )


@style.house_style
def own_loss(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    x: str = "update",
    seeds: pd.DataFrame | None = None,
    absent: Mapping[str, str] | None = None,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw the training loss that each arm descends, each kind of loss on panels of its own.

    Parameters
    ----------
    frame : DataFrame
        `harness.bands.bands` with `train_loss`, and a column `loss` that names each arm's.
    layout : Layout, optional
        Its panels are split by loss, unless they are so already.
    x, seeds, absent, title, subtitle
        As `convergence` takes them.
    """
    layout = layout_of(frame) if layout is None else layout
    if not any(panel.loss for panel in layout.panels):
        layout = split_by_loss(layout, frame)
    bands, seeds = _parts(frame, OWN, x, seeds)
    layout = _measured(frame, bands, layout)
    limits = {}
    for panel in layout.panels:
        together = [p for p in layout.panels if (p.dataset, p.loss) == (panel.dataset, panel.loss)]
        if found := _limits(bands, together, accuracy=False):
            limits[_own(panel)] = found
    return curves.small_multiples(
        bands,
        layout,
        x,
        curves.Scale("own training loss", True, limits, _own),
        title=title or f"Own training loss by {curves.AXIS_TITLES[x]}",
        subtitle=captions.about_bands(bands) if subtitle is None else subtitle,
        seeds=seeds,
        absent=absent,
    )


def _own(panel: Panel) -> str:
    return f"{panel.dataset}\n{panel.loss}"


def _parts(
    frame: pd.DataFrame, metric: str, x: str, seeds: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return the bands of a metric and the curves of its seeds."""
    if x not in curves.AXIS_TITLES:
        raise unknown("x", x, curves.AXIS_TITLES)
    rows = frame[frame["metric"] == metric]
    single = rows["kind"] == curves.SEED
    if seeds is None:
        seeds = rows[single] if single.any() else None
    elif "metric" in seeds.columns:
        seeds = seeds[seeds["metric"] == metric]
    return rows[~single], seeds


def _measured(frame: pd.DataFrame, bands: pd.DataFrame, layout: Layout) -> Layout:
    """Leave out data sets that have other metrics and not this one (accuracy of a regression)."""
    there, other = set(bands["arm"]), set(frame["arm"])
    kept = [
        dataset
        for dataset in layout.datasets
        if (names := {arm.name for panel in layout.panels if panel.dataset == dataset for arm in panel.arms})
        & there
        or not names & other
    ]
    return layout.of(kept) if kept else layout


def _limits(bands: pd.DataFrame, panels: list[Panel], accuracy: bool) -> tuple[float, float] | None:
    rows = bands[bands["arm"].isin([arm.name for panel in panels for arm in panel.arms])]
    if rows.empty:
        return None
    if accuracy:
        return scales.accuracy_limits(pd.concat([rows["centre"], rows["low"], rows["high"]]))
    # On the way to divergence a loss takes any value: far above the start, a line may leave the picture.
    start = rows.loc[rows["update"] == rows["update"].min(), "centre"]
    values = pd.concat([rows["centre"], rows["high"]])
    return scales.positive_limits(values, 100 * float(start.max()))
