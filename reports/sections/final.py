"""Final performance: every seed, intervals, time to target."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from reports import prose, tables, targets
from reports.comparison import FINAL, Comparison
from reports.figures.final import final as drawn
from reports.outline import Drawing, Section
from reports.sections import absence


def final(comparison: Comparison) -> Section:
    """Rank the arms by their final scores."""
    caption = prose.at_one_rate(comparison, prose.about_strips(comparison.chosen, comparison.scores))
    majority = {dataset: comparison.majority(dataset) for dataset in comparison.layout.datasets}
    caption += (
        " Dashed line, where in view: the majority class's accuracy."
        if pd.Series(majority).notna().any()
        else ""
    )

    def draw() -> Figure:
        return drawn(
            comparison.chosen,
            comparison.scores,
            comparison.layout,
            comparison.goals,
            majority,
            title="Final test scores, best arm first",
            subtitle=caption,
        )

    summary = tables.summary(comparison)
    if comparison.chosen.empty:
        return Section("final", "Final performance", (absence.nothing(comparison),), tables=(summary,))
    frame = pd.concat([seed_rows(comparison), comparison.scores.assign(shown="centre")], ignore_index=True)
    paragraphs = (prose.rate_notice(comparison),) if comparison.rates_untuned else ()
    return Section(
        "final", "Final performance", paragraphs, (Drawing("final", caption, frame, draw),), (summary,)
    )


def reached(comparison: Comparison) -> Section | None:
    """Say which arms reached the target; None for a study without one."""
    reached = targets.reached(comparison)
    if reached is None:
        return None
    reaching = prose.reaching(comparison, len(reached), targets.missed(reached))
    return Section("reached", "Reached the target", (reaching,), tables=targets.tables(comparison, reached))


def seed_rows(comparison: Comparison) -> pd.DataFrame:
    """Return the final scores of every reported seed."""
    columns = ["arm", "seed", "outcome", *(name for name in FINAL if name in comparison.chosen.columns)]
    if comparison.over:
        columns.insert(2, comparison.over)
    return comparison.chosen[columns].assign(shown="seed")
