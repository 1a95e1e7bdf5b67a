"""The sentences of a report: what stands behind a figure, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from harness.intervals import CONFIDENCE
from harness.record import higher_is_better
from reports.arms import shorten
from reports.comparison import RATE, Comparison
from reports.plain_text import isolated
from reports.ranks import best, ranked_by
from reports.statistics import EXPLODING, VANISHING

SHARED_RATE = "At one rate for all: not a comparison of methods."
GIVEN_RATES = "Rates are given, not tuned: not a comparison of methods."
EQUAL_RATES = "Arms that are compared at equal rates, which are not tuned, are no comparison of methods."
ELSEWHERE = "These runs were trained elsewhere, by another tool, and are untuned as far as is known."
ONLY_TUNED = (
    "So far the tuning seeds alone are trained, which choose: the same command goes on with the reported "
    "ones."
)
MOST_LABEL = 100
"""Characters of an arm's label that a sentence keeps."""
MOST_NAMED = 5
"""Arms that a sentence names; a table has all."""
COST_NAMES = {
    "updates": "updates",
    "epochs": "epochs",
    "samples": "samples",
    "multiply_adds": "multiply-adds",
}
# A space that no line is broken at.
PERCENT = f"{100 * CONFIDENCE:g}\N{NO-BREAK SPACE}%"


def percent(value: float) -> str:
    """Write a share as 97.1 %."""
    return f"{100 * value:.1f}\N{NO-BREAK SPACE}%"


def number(value: float) -> str:
    """Write a number with three significant digits; infinity as ∞."""
    return "∞" if np.isinf(value) else f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def metric_name(metric: str) -> str:
    """Write `test_log_loss` as words."""
    return metric.replace("_", " ")


def key_name(key: str) -> str:
    """Write `optimizer.learning_rate` as words."""
    return metric_name(key.rpartition(".")[2])


def in_units(value: float, metric: str) -> str:
    """Write a value of `metric`: accuracies in percent, all else as a number."""
    return percent(value) if higher_is_better(metric) else number(value)


def named(label: str) -> str:
    """Write a label within a sentence: no longer than one reads, and turning nothing around beside it."""
    return isolated(shorten(label, MOST_LABEL))


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """Write a count with its noun."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def seeds_behind(runs: pd.DataFrame) -> str:
    """Say how many seeds the arms of `runs` have."""
    return seeds_an_arm(runs.groupby("arm").size())


def seeds_an_arm(sizes: pd.Series) -> str:
    """Say how many seeds arms have, of each of which there is a number."""
    if sizes.empty:
        return "No seed behind it."
    least, most = int(sizes.min()), int(sizes.max())
    if least == most:
        return f"{counted(most, 'seed')} an arm."
    return f"{least} to {most} seeds an arm."


def answer(comparison: Comparison, rho: pd.DataFrame, reaching: str) -> str:
    """Answer in one sentence: by the verdicts of the study's claims, or else by what was found, exploratory.

    Parameters
    ----------
    comparison : Comparison
    rho : DataFrame
        `tables.rho_frame`; may be empty.
    reaching : str
        What the sentence `reaching` says; empty for a study without a target.
    """
    if comparison.only_tuned:
        return ONLY_TUNED
    if comparison.verdicts.claims.empty:
        return explored(comparison, rho, reaching)
    return judged(comparison)


def judged(comparison: Comparison) -> str:
    """Say how many claims are supported, refuted and inconclusive, and which."""
    claims = comparison.verdicts.claims
    found = {verdict: _claims_named(claims, verdict) for verdict in ("supported", "refuted", "inconclusive")}
    told = [
        f"{(claims['verdict'] == verdict).sum():,} {verdict} ({names})"
        for verdict, names in found.items()
        if names
    ]
    if len(told) > 1:
        said = f"Of {len(claims):,} claims, {', '.join(told[:-1])} and {told[-1]}."
    else:
        ((verdict, names),) = ((verdict, names) for verdict, names in found.items() if names)
        every = "The claim is" if len(claims) == 1 else f"All {len(claims):,} claims are"
        said = f"{every} {verdict} ({names})."
    return f"{rate_notice_of_claims(comparison)} {said}".strip()


def _claims_named(claims: pd.DataFrame, verdict: str) -> str:
    mine = claims[claims["verdict"] == verdict]
    names = [_claim_named(row) for _, row in mine.head(MOST_NAMED).iterrows()]
    return ", ".join(names) + (f" and {len(mine) - len(names):,} more" if len(mine) > len(names) else "")


def _claim_named(row: pd.Series) -> str:
    name = named(metric_name(str(row["claim"])))
    return f"{name}: {row['how']}" if row["how"] else name


def explored(comparison: Comparison, rho: pd.DataFrame, reaching: str) -> str:
    """Say in a sentence which arm of each data set is best, or what else was found; exploratory."""
    if comparison.chosen.empty:
        return "No arm has a reported run at a chosen value, so there is nothing to compare."
    tested = "" if len(comparison.verdicts.claims) else "Exploratory, no claim is tested."
    parts = [tested, ELSEWHERE if comparison.elsewhere else "", reaching]
    if comparison.rates_untuned:
        parts += [_gradients_at_start(comparison, rho), rate_notice(comparison)]
    if not (reaching and comparison.rates_untuned):
        parts.append(_best_of_each(comparison))
    return " ".join(part for part in parts if part)


def target(comparison: Comparison) -> str:
    """Write the study's target, for example ``train loss ≤ 0.01``."""
    return target_of(str(comparison.spec["target"]["metric"]), float(comparison.spec["target"]["value"]))


def target_of(metric: str, value: float) -> str:
    """Write a target, for example ``train loss ≤ 0.01``."""
    return f"{metric_name(metric)} {'≥' if higher_is_better(metric) else '≤'} {in_units(value, metric)}"


def reaching(comparison: Comparison, arms: int, missed: pd.DataFrame) -> str:
    """Say how many of all arms reached the target with every seed, and which did not.

    Parameters
    ----------
    missed : DataFrame
        `targets.missed`.
    """
    count = f"{arms - len(missed):,} of {counted(arms, 'arm')}"
    sentence = f"With every seed, {count} reached the target, {target(comparison)}."
    if missed.empty:
        return sentence
    labels = arm_labels(comparison)
    named = [
        f"{labels[str(row['arm'])]} ({row['reached']} of {counted(row['seeds'], 'seed')})"
        for _, row in missed.head(MOST_NAMED).iterrows()
    ]
    rest = len(missed) - len(named)
    return f"{sentence} Missed by {'; '.join(named)}{f'; and {rest:,} more' if rest else ''}."


def rate_notice(comparison: Comparison) -> str:
    """Say that arms at rates that nobody tuned are no comparison of methods; nothing where they are one."""
    if not comparison.rates_untuned:
        return ""
    rates = comparison.runs[RATE]
    return SHARED_RATE if rates.notna().all() and rates.nunique() <= 1 else GIVEN_RATES


def at_one_rate(comparison: Comparison, text: str) -> str:
    """Put the warning of `rate_notice` before what shows arms at rates that nobody tuned."""
    return f"{rate_notice(comparison)} {text}".strip()


def rate_notice_between(comparison: Comparison, groups: Iterable[Iterable[str]]) -> str:
    """Say the same of groups of arms that are compared with one another, where rates are compared as well."""
    if comparison.rates_untuned:
        return rate_notice(comparison)
    return EQUAL_RATES if any(comparison.at_equal_rates(arms) for arms in groups) else ""


def rate_notice_of_claims(comparison: Comparison) -> str:
    """Say the same of the study's claims on scores."""
    # What the rate changes least or not yet, or one run decides, compares at any rate.
    cells = [
        list(map(str, cell["weights"]))
        for claim in comparison.spec.get("claims") or []
        if claim["kind"] in ("difference", "trend")
        and claim["metric"] != "rho"
        and claim.get("at") != "start"
        for cell in claim.get("cells") or [{"weights": ()}]
    ]
    return rate_notice_between(comparison, cells) if cells else ""


def _best_of_each(comparison: Comparison) -> str:
    """Name the best arm of each data set in one sentence."""
    datasets = comparison.layout.datasets
    named_ones = "; on ".join(_best(comparison, dataset) for dataset in datasets[:MOST_NAMED])
    rest = len(datasets) - MOST_NAMED
    return f"On {named_ones}{f'; {rest:,} more data sets are in the table' if rest > 0 else ''}."


def _best(comparison: Comparison, dataset: str) -> str:
    goal, data = comparison.goals(dataset)[0], named(dataset)
    rows = comparison.finals
    rows = rows[(rows["dataset"] == dataset) & (rows["metric"] == goal)]
    kind, centres = ranked_by(rows)
    scores = rows[rows["shown"] == "centre"].set_index("arm").loc[comparison.names(dataset)]
    reported = scores[scores["seeds"] > 0]
    if len(reported) and (reported["dead"] == reported["seeds"]).all():
        of_all = "of the only arm" if len(scores) == 1 else "of every arm"
        return f"{data}, every reported seed {of_all} died, so none is best"
    found = best(centres, goal)
    if not found:
        return f"{data}, no arm has a finite {metric_name(goal)}"
    labels = {arm.name: named(arm.label) for arm in comparison.layout.arms}
    spreads = {str(arm): _spread(row, goal, kind) for arm, row in scores.iterrows()}
    value = in_units(float(centres[found[0]]), goal)
    if len(scores) == 1:
        middle = "median " if kind == "median" else ""
        said = f"{data}, {labels[found[0]]} has a {middle}{metric_name(goal)} of {value}"
        return f"{said} ({spreads[found[0]]})"
    extreme = "highest" if higher_is_better(goal) else "lowest"
    what = f"the {extreme} {'median ' if kind == 'median' else ''}{metric_name(goal)}, {value}"
    beside = _medians_compared(scores) if kind == "median" else _beside(scores, found)
    if len(found) == 1:
        behind = "; ".join(filter(None, (spreads[found[0]], beside)))
        return f"{data}, {labels[found[0]]} has {what} ({behind})"
    each = [f"{labels[arm]} ({spreads[arm]})" for arm in found[:MOST_NAMED]]
    if len(found) > MOST_NAMED:
        each.append(f"{len(found) - MOST_NAMED:,} more")
    tied = f"{', '.join(each[:-1])} and {each[-1]} share {what}"
    return f"{data}, {tied}{f' ({beside})' if beside else ''}"


def _beside(scores: pd.DataFrame, found: list[str]) -> str:
    """Say how many of the other arms overlap with the best, and how many have no interval that could."""
    first, others = scores.loc[found], scores.drop(index=found)
    if not np.isfinite(first["low"]).any() or others.empty:
        return ""
    low, high = first["low"].min(), first["high"].max()
    overlap = int(((others["high"] >= low) & (others["low"] <= high)).sum())
    lacking = int((~np.isfinite(others["low"])).sum())
    said = [(overlap, "overlaps" if overlap == 1 else "overlap")] if overlap else []
    if lacking:
        said.append((lacking, f"{'has' if lacking == 1 else 'have'} no interval"))
    of_others = [f" of the other {len(others):,}", ""]
    return ", ".join(f"{count:,}{of} {verb}" for (count, verb), of in zip(said, of_others, strict=False))


def _medians_compared(scores: pd.DataFrame) -> str:
    """Say why medians are compared: an arm of which a seed died has no mean."""
    died = int((scores["dead"] > 0).sum())
    return f"medians are compared, without intervals, as seeds of {counted(died, 'arm')} died"


def _spread(row: pd.Series, goal: str, kind: str) -> str:
    """Say what stands behind the centre of an arm."""
    seeds = counted(int(row["seeds"]), "seed")
    if kind == "median":
        return f"{seeds}, of which {int(row['dead'])} died" if row["dead"] else seeds
    if np.isfinite(row["low"]):
        low, high = in_units(float(row["low"]), goal), in_units(float(row["high"]), goal)
        return f"{PERCENT} t interval {low} to {high}, {seeds}"
    return f"{seeds}, no interval"


def _gradients_at_start(comparison: Comparison, rho: pd.DataFrame) -> str:
    """Say which arms' gradients vanish or explode before the first update: no rate has acted yet."""
    start = rho.dropna(subset=["start"]) if len(rho) else rho
    if start.empty:
        return ""
    labels = arm_labels(comparison)
    parts = []
    for verb, found in (
        (f"vanish (ρ < {VANISHING:g})", start[start["start"] < VANISHING]),
        (f"explode (ρ > {EXPLODING:g})", start[start["start"] > EXPLODING]),
    ):
        if len(found):
            pairs = zip(found["arm"], found["start"], strict=True)
            each = (f"{labels[str(arm)]}, ρ = {number(float(value))}" for arm, value in pairs)
            parts.append(f"{verb} in {'; '.join(each)}")
    if parts:
        return f"At the start, gradients {' and '.join(parts)}."
    least = start.sort_values("start", kind="stable").iloc[0]
    return (
        "At the start, gradients vanish and explode in no arm; the smallest ρ is "
        f"{number(float(least['start']))}, of {labels[str(least['arm'])]}."
    )


def arm_labels(comparison: Comparison) -> dict[str, str]:
    """Label every arm within a sentence, with its data set where there are several."""
    several = len(comparison.layout.datasets) > 1
    return {
        arm.name: f"{named(arm.label)} on {named(panel.dataset)}" if several else named(arm.label)
        for panel in comparison.layout.panels
        for arm in panel.arms
    }


def troubles(runs: pd.DataFrame) -> str:
    """Count what went wrong over all runs."""
    total = len(runs)
    found = [
        f"{int((runs['outcome'] == outcome).sum()):,} {outcome}"
        for outcome in ("diverged", "failed", "stalled")
        if (runs["outcome"] == outcome).any()
    ]
    warned = int((runs["warnings"].fillna("").astype(str).str.strip() != "").sum())
    if warned:
        found.append(f"{warned:,} with warnings")
    if not found and (runs["outcome"] == "").any():
        return f"Of {counted(total, 'run')}, none diverged or failed; whether any stalled is not known."
    if not found:
        return f"Nothing: of {counted(total, 'run')}, none diverged, failed, stalled or warned."
    return (
        f"Of {counted(total, 'run')}: {', '.join(found)}. None is dropped; each counts in every denominator."
    )


def method(comparison: Comparison) -> tuple[str, ...]:
    """Say how values were tuned, what intervals mean, and what the report does not claim."""
    stated = str(comparison.spec.get("method") or "").strip()
    parts = [stated] if stated else []
    if comparison.over:
        trained = "trained and reported at it alone" if comparison.at_chosen_alone else "reported at it"
        parts.append(
            f"{comparison.over} is tuned: for each arm the value with the best mean "
            f"{metric_name(str(comparison.metric))} on the tuning seeds is chosen (of equals the smallest), "
            f"and the other seeds are {trained}. A value at which a tuning seed died is not chosen. "
            "A choice at the edge of the grid is flagged: a better value may lie beyond it."
        )
    elif comparison.rates_untuned:
        parts.append(
            f"Nothing is tuned. {rate_notice(comparison)} What is measured before the first update depends "
            "on no rate."
        )
    else:
        parts.append("Nothing is tuned.")
    over = (
        "over the runs of an arm; whether their seeds resplit the data is not known. With one run"
        if comparison.elsewhere
        else "over seeds, which resplit one data set: they answer whether new seeds would agree, not whether "
        "new data would. With one seed"
    )
    parts.append(
        f"Intervals are Student's t at {PERCENT} {over} there is none. Where a "
        "reported seed died there is no interval of a mean: the median of all seeds stands instead, beside "
        "the share that died (Wilson interval)."
    )
    parts.append(
        "Runs that stopped early keep their last value in the curves: their weights no longer change."
    )
    claims = len(comparison.spec.get("claims") or [])
    tested = (
        f"The study states {counted(claims, 'claim')}, judged by where an interval lies beside a margin "
        "that was fixed beforehand, at a level that they share (Bonferroni); all else here is "
        "exploratory: intervals, no tests."
    )
    parts.append(tested if claims else "All comparisons here are exploratory: intervals, no tests.")
    return tuple(parts)
