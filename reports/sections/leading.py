"""The one figure that shows the answer."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from reports import prose
from reports.comparison import Comparison
from reports.figures.tuned import tuned
from reports.outline import Drawing, Section
from reports.sections.final import seed_rows


def leading(comparison: Comparison) -> Section:
    """Show the arms at their tuned values, and how the values were chosen."""
    over, metric = comparison.over or "", comparison.metric or ""
    key = prose.metric_name(over.rpartition(".")[2])
    caption = prose.about_strips(comparison.chosen, comparison.scores)
    title = "Arms at rates that are not tuned" if comparison.rates_untuned else "Final scores by arm"
    if comparison.points is not None:
        title = f"Arms at their tuned {key}"
        least, most = int(comparison.points["seeds"].min()), int(comparison.points["seeds"].max())
        seeds = prose.counted(most, "tuning seed") if least == most else f"{least} to {most} tuning seeds"
        caption += (
            f" Right: {prose.metric_name(metric)} against {key}, mean over {seeds}; black rim: the chosen "
            "value; cross at the top: a tuning seed died there, so the value is not chosen."
        )
    caption = prose.at_one_rate(comparison, caption)
    frame = pd.concat(
        [seed_rows(comparison), comparison.scores.assign(shown="centre")]
        + ([comparison.points.assign(shown="sensitivity")] if comparison.points is not None else []),
        ignore_index=True,
    )

    def draw() -> Figure:
        return tuned(
            comparison.chosen,
            comparison.scores,
            comparison.points,
            comparison.choices,
            comparison.layout,
            comparison.goals,
            title=title,
            subtitle=caption,
            over=over,
            metric=metric,
        )

    return Section("leading", title, drawings=(Drawing("tuned", caption, frame, draw),))
