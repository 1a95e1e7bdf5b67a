"""Final performance: every seed, intervals, time to target, performance profiles."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from reports import prose, tables, targets
from reports.comparison import Comparison
from reports.figures import profiles, strips, times
from reports.figures.along import about, final_along
from reports.figures.final import final as drawn
from reports.figures.ranking import about as about_ranking
from reports.figures.ranking import ranking as ranked
from reports.figures.reached import about as about_arms
from reports.figures.reached import reached as arms_reached
from reports.outline import Drawing, Section
from reports.profiles import own_losses
from reports.sections import absence
from reports.sections.lead import lead, named

NO_TARGET = (
    "The study names no target, so there is no time to target; one chosen by these results would fit them."
)
UNMEASURED = "No reported run has a history of the study's target, so there is no time to it."
OWN_LOSSES = (
    "The target is on each arm's own loss, and losses of different kinds or scales do not compare: the times "
    "tell when an arm fits its own samples, not which method is faster, and no profile is drawn."
)
GEOMETRIC = "Where a claim counts in doublings the mean is the geometric one."
MOST_ROWS = 24
"""Arms of a figure that has a row for each and is to be read in one look."""


def final(comparison: Comparison) -> Section:
    """Show the arms' final scores, and how often they are how good."""
    summary = tables.summary(comparison)
    if comparison.chosen.empty:
        return Section("final", "Final performance", (absence.nothing(comparison),), tables=(summary,))
    caption = prose.at_one_rate(comparison, strips.about(comparison.finals))

    def draw() -> Figure:
        return drawn(comparison.finals, comparison.layout, subtitle=caption)

    shows = lead(comparison)
    asked = "ranking" in named(comparison) and shows != "final"
    drawings = [ranking(comparison)] if shows == "claims" or asked else []
    drawings.append(Drawing("final", caption, comparison.finals, draw))
    drawings += along(comparison)
    drawings += claimed(comparison)
    if (distribution := score_distribution(comparison)) is not None:
        drawings.append(distribution)
    notices = (prose.rate_notice(comparison), absence.without_seeds(comparison))
    paragraphs = tuple(notice for notice in notices if notice)
    return Section("final", "Final performance", paragraphs, tuple(drawings), (summary,))


def along(comparison: Comparison) -> list[Drawing]:
    """Draw the final scores along each compared number of which a line has values enough."""
    drawings = []
    for place, (_, rows) in enumerate(comparison.finals_along.groupby("key", sort=False)):
        caption = prose.at_one_rate(comparison, about(rows))
        name = "final_along" + (f"_{'abcdefghijklmnop'[place]}" if place else "")
        drawings.append(Drawing(name, caption, rows, partial(_draw_along, comparison, rows, caption)))
    return drawings


def claimed(comparison: Comparison) -> list[Drawing]:
    """Draw what claimed trends are about, along the number that each of them is over."""
    drawings = []
    for place, (key, rows) in enumerate(comparison.trends.groupby("key", sort=False)):
        caption = prose.at_one_rate(comparison, f"{about(rows)} {GEOMETRIC}")
        name = "trends" + (f"_{'abcdefghijklmnop'[place]}" if place else "")
        title = f"What trends along {prose.key_name(str(key))} are about"
        drawings.append(Drawing(name, caption, rows, partial(_draw_along, comparison, rows, caption, title)))
    return drawings


def _draw_along(comparison: Comparison, rows: pd.DataFrame, caption: str, title: str | None = None) -> Figure:
    return final_along(rows, comparison.layout, title=title, subtitle=caption)


def reached(comparison: Comparison) -> Section | None:
    """Say which arms reached the target, when, and which methods are fastest; in one line, without one."""
    if comparison.chosen.empty:
        return None
    found = targets.reached(comparison)
    if found is None:
        untold = absence.without_seeds(comparison) or UNMEASURED
        said = NO_TARGET if comparison.spec.get("target") is None else untold
        return Section("reached", "Time to target", (said,))
    reaching = prose.reaching(comparison, len(found), targets.missed(found))
    leads, few = lead(comparison) == "target", len(comparison.layout.arms) <= MOST_ROWS
    asked = "reached" in named(comparison) and not (leads and not few)
    drawings = [
        arms_of_target(comparison) if asked else None,
        None if leads and few else time_to_target(comparison),
        profile(comparison),
    ]
    return Section(
        "reached",
        "Time to target",
        (reaching, *((OWN_LOSSES,) if own_losses(comparison) else ())),
        tuple(drawing for drawing in drawings if drawing is not None),
        targets.tables(comparison, found),
    )


def heading(comparison: Comparison) -> str:
    """Say by what the arms are ranked."""
    goals = [comparison.goals(dataset)[0] for dataset in comparison.layout.datasets]
    metrics = " and ".join(prose.metric_name(goal) for goal in dict.fromkeys(goals))
    if comparison.over:
        return f"Arms at their tuned {prose.key_name(comparison.over)}, by {metrics}, best first"
    at = "Arms at rates that are not tuned" if comparison.rates_untuned else "Arms"
    return f"{at}, by {metrics}, best first"


def ranking(comparison: Comparison) -> Drawing:
    """Rank the arms by the leading metric of each data set."""
    goals = {dataset: comparison.goals(dataset)[0] for dataset in comparison.layout.datasets}
    frame = comparison.finals
    frame = frame[frame["metric"] == frame["dataset"].map(goals)].reset_index(drop=True)
    caption = prose.at_one_rate(comparison, about_ranking(frame))
    title = heading(comparison)
    return Drawing(
        "ranking",
        caption,
        frame,
        lambda: ranked(frame, comparison.layout, title=title, subtitle=caption),
    )


def who_reached(comparison: Comparison) -> Drawing | None:
    """Draw who reached the study's target, in a figure that one look takes in; None without one."""
    few = len(comparison.layout.arms) <= MOST_ROWS
    return time_to_target(comparison) if few else arms_of_target(comparison)


def arms_of_target(comparison: Comparison) -> Drawing | None:
    """Draw each arm's median time to the study's target, and how many seeds reached it; None without one."""
    frame = comparison.times
    if frame is None:
        return None
    caption = prose.at_one_rate(comparison, about_arms(frame))
    return Drawing(
        "reached",
        caption,
        frame[frame["shown"] == "median"],
        lambda: arms_reached(frame, comparison.layout, subtitle=caption),
    )


def time_to_target(comparison: Comparison) -> Drawing | None:
    """Draw every seed's time to the study's target; None without one."""
    frame = comparison.times
    if frame is None:
        return None
    caption = prose.at_one_rate(comparison, times.about(frame))
    return Drawing(
        "time_to_target",
        caption,
        frame,
        lambda: times.time_to_target(frame, comparison.layout, subtitle=caption),
    )


def profile(comparison: Comparison) -> Drawing | None:
    """Draw the methods' performance profiles; None without a target, or with one method."""
    frame = comparison.cost_profiles
    if frame is None:
        return None
    caption = prose.at_one_rate(comparison, profiles.about_profile(frame))
    return Drawing(
        "performance_profile",
        caption,
        frame,
        lambda: profiles.performance_profile(frame, comparison.layout, subtitle=caption),
    )


def score_distribution(comparison: Comparison) -> Drawing | None:
    """Draw how often each arm's runs are how good; None where no run has a score."""
    frame = comparison.score_shares
    if frame is None:
        return None
    caption = prose.at_one_rate(comparison, profiles.about_distribution(frame))
    return Drawing(
        "score_distribution",
        caption,
        frame,
        lambda: profiles.score_distribution(frame, comparison.layout, subtitle=caption),
    )
