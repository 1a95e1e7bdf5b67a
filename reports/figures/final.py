"""Final test scores by arm, grouped as the study's axes are, every seed drawn."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from reports.arms import Layout, shorten
from reports.figures import strips, style
from reports.figures.margins import settle


@style.house_style
@style.needs_rows
def final(
    frame: pd.DataFrame,
    layout: Layout | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
) -> Figure:
    """Draw every final metric of a data set side by side, a panel of the layout a row.

    Parameters
    ----------
    frame : DataFrame
        As `final_rows.final_rows` returns it.
    layout : Layout, optional
        Arms, their panels and looks; by default `arms.layout_of(frame)`.
    title, subtitle : str, optional
    """
    layout = strips.arms_of(frame, layout)
    metrics = {
        dataset: list(rows["metric"].unique()) for dataset, rows in frame.groupby("dataset", sort=False)
    }
    columns = max(map(len, metrics.values()))
    heights = strips.panel_heights(layout)
    figure, grid = style.sheet(
        title or "Final test scores by arm",
        strips.about(frame) if subtitle is None else subtitle,
        len(layout.panels),
        columns,
        width=style.WIDTH if columns > 1 else 7.5,
        panel_height=sum(heights) / len(heights),
        height_ratios=heights,
    )
    for index, panel in enumerate(layout.panels):
        last = index + 1 == len(layout.panels) or layout.panels[index + 1].dataset != panel.dataset
        here = frame[frame["dataset"] == panel.dataset]
        for column, axes in enumerate(grid[index * columns : (index + 1) * columns]):
            if column >= len(metrics[panel.dataset]):
                axes.remove()
                continue
            metric = metrics[panel.dataset][column]
            rows = here[here["metric"] == metric]
            axes.set_xlim(*strips.limits(rows, metric))
            texts = [arm.line for arm in panel.arms]
            labels = strips.row_labels(texts, panel.arms, rows, 44) if column == 0 else []
            strips.draw(axes, panel.arms, rows, metric, labels)
            strips.majority_line(axes, rows)
            style.label_outer(axes, left=True, bottom=last)
            if last:
                axes.set_xlabel(strips.TITLES.get(metric, metric.replace("_", " ")))
        if panel.title:
            grid[index * columns].set_title(shorten(panel.title, 60), loc="left", fontweight="bold")
    return settle(figure)
