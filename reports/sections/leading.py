"""The one figure that shows the answer."""

from __future__ import annotations

from matplotlib.figure import Figure

from reports import prose
from reports.comparison import Comparison
from reports.figures import ranking as drawn
from reports.figures import strips
from reports.outline import Drawing, Section
from reports.sections import final, gradients
from reports.sections.lead import lead


def leading(comparison: Comparison) -> Section | None:
    """Show what answers the study's question; None where nothing was reported."""
    shows = lead(comparison)
    if shows == "gradients" and (at_start := gradients.at_start(comparison)) is not None:
        return Section("leading", "Gradients at the start", drawings=(at_start,))
    if shows == "target" and (times := final.who_reached(comparison)) is not None:
        return Section("leading", f"Who reached {prose.target(comparison)}", drawings=(times,))
    if comparison.chosen.empty:
        return None
    return _ranking(comparison)


def _ranking(comparison: Comparison) -> Section:
    """Rank the arms by the leading metric of each data set."""
    goals = {dataset: comparison.goals(dataset)[0] for dataset in comparison.layout.datasets}
    frame = comparison.finals
    frame = frame[frame["metric"] == frame["dataset"].map(goals)].reset_index(drop=True)
    metrics = " and ".join(prose.metric_name(goal) for goal in dict.fromkeys(goals.values()))
    title = f"Arms by {metrics}, best first"
    if comparison.over:
        title = f"Arms at their tuned {prose.key_name(comparison.over)}, by {metrics}, best first"
    elif comparison.rates_untuned:
        title = f"Arms at rates that are not tuned, by {metrics}"
    caption = prose.at_one_rate(comparison, strips.about(frame))

    def draw() -> Figure:
        return drawn.ranking(frame, comparison.layout, title=title, subtitle=caption)

    return Section("leading", title, drawings=(Drawing("leading", caption, frame, draw),))
