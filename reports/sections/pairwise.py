"""Pairwise differences: of the study's claims, and exploratory ones beside them, paired by seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from harness.record import higher_is_better
from reports import pairs, prose
from reports.cells import Cell, Part, Table, arm_labels, shown, words
from reports.comparison import Comparison
from reports.effects import part, span
from reports.figures.forest import about, forest
from reports.outline import Drawing, Section
from reports.sections import verdicts

MOST_ROWS = 26
"""Pairs that a figure draws; the table and its CSV have all."""
MOST_DRAWINGS = 4
MOST_SHOWN = 300
"""Pairs that the page's table shows."""


def pairwise(comparison: Comparison) -> Section | None:
    """Compare arms in pairs; None where no data set has two arms."""
    judged = verdicts.table(comparison)
    leading, second = comparison.differences, pairs.by_goal(comparison, 1)
    if leading.empty and judged is None:
        return None
    paragraphs = (
        "What is compared here beyond the study's claims is exploratory: intervals, and no tests. Pairs are "
        "of one data set and differ in one compared key, or are all pairs of up to "
        f"{pairs.MOST_ARMS} arms. Arms of equal seeds share the split of the data, so their difference is "
        "taken seed by seed. What that bought is the ratio of variances, of paired differences by unpaired "
        "ones: 0.1 is worth ten times the seeds, 1 nothing, and above 1 pairing cost.",
    )
    tables = [judged] if judged is not None else []
    if not leading.empty:
        tables.append(_table(comparison, leading, "pairs"))
    if not second.empty:
        tables.append(_table(comparison, second, "pairs_second_metric"))
    notice = _rate_notice(comparison, leading) or prose.rate_notice_of_claims(comparison)
    return Section(
        "pairwise",
        "Pairwise differences",
        (*([notice] if notice else []), *paragraphs),
        tuple(_drawings(comparison, leading)),
        tuple(tables),
    )


def _drawings(comparison: Comparison, leading: pd.DataFrame) -> list[Drawing]:
    if leading.empty:
        return []
    datasets = list(leading.groupby("dataset", sort=False))
    return [
        _drawing(
            comparison,
            str(dataset),
            found,
            f"pairwise_{chr(ord('a') + at)}" if len(datasets) > 1 else "pairwise",
        )
        for at, (dataset, found) in enumerate(datasets[:MOST_DRAWINGS])
    ]


def _drawing(comparison: Comparison, dataset: str, found: pd.DataFrame, name: str) -> Drawing:
    drawn = _largest(found).assign(group=lambda rows: rows["axis"].map(_heading))
    caption = about(drawn)
    metric = str(found["metric"].iloc[0])
    better = "higher" if higher_is_better(metric) else "lower"
    caption += f" Better is {better}. Exploratory: no claim is tested."
    if len(drawn) < len(found):
        caption += f" The {len(drawn)} largest of {len(found)} differences; the table has all."
    caption = f"{_rate_notice(comparison, drawn)} {caption}".strip()
    title = f"Paired differences of {prose.metric_name(metric)} on {prose.named(dataset)}"

    def draw() -> Figure:
        return forest(drawn, comparison.layout, title=title, subtitle=caption)

    return Drawing(name, caption, drawn, draw)


def _rate_notice(comparison: Comparison, found: pd.DataFrame) -> str:
    pairs_found = zip(found["first"], found["second"], strict=True) if len(found) else ()
    return prose.rate_notice_between(comparison, pairs_found)


def _largest(found: pd.DataFrame) -> pd.DataFrame:
    """Keep as many rows as one reads, of the largest differences, in the order in which they were."""
    size = found["difference"].fillna(found["living_difference"]).abs().fillna(-1.0)
    kept = size.sort_values(ascending=False, kind="stable").index[:MOST_ROWS]
    return found.loc[sorted(kept)].reset_index(drop=True)


def _heading(axis: str) -> str:
    return (
        "arms that differ in several keys"
        if axis == pairs.SEVERAL
        else axis.rpartition(".")[2].replace("_", " ")
    )


def _table(comparison: Comparison, found: pd.DataFrame, name: str) -> Table:
    labels = arm_labels(comparison)
    extra = [
        pair
        for pair in (("data_low", "data_high"), ("bca_low", "bca_high"))
        if found[list(pair)].notna().any(axis=None)
    ]
    heads = {"data_low": "for new data (Nadeau-Bengio)", "bca_low": f"BCa, {prose.PERCENT}"}
    rows = tuple(_row(row, labels, extra) for _, row in found.head(MOST_SHOWN).iterrows())
    metrics = " or ".join(prose.metric_name(metric) for metric in dict.fromkeys(found["metric"]))
    caption = f"Paired differences of {metrics}: first less second, mean over the seeds that both have."
    if len(found) > MOST_SHOWN:
        caption += f" The first {MOST_SHOWN} of {len(found):,}; the CSV has all."
    headers = (
        "first",
        "second",
        "seeds",
        f"difference, with {prose.PERCENT} t interval",
        *(heads[low] for low, _ in extra),
        "the first is better",
        "correlation over seeds",
        "ratio of variances",
        "shown by so many seeds",
        "seeds needed",
    )
    return Table(name, caption, found, headers, rows)


def _row(row: pd.Series, labels: dict[str, str], extra: list[tuple[str, str]]) -> tuple[Cell, ...]:
    metric = str(row["metric"])
    difference = span(row["difference"], row["low"], row["high"], metric)
    if row["dead"]:
        difference = verdicts.conditional(row, "living_difference", metric)
    elif not row["seeds"]:
        difference = words(row["absent"])
    died: Cell = (Part("; died "), *verdicts.shares(row["died_share"], row["died_low"], row["died_high"]))
    return (
        words(labels[str(row["first"])]),
        words(labels[str(row["second"])]),
        (shown(int(row["seeds"])), *(died if row["dead"] else ())),
        difference,
        *(_bounds(row, low, high, metric) for low, high in extra),
        verdicts.shares(row["improvement"], row["improvement_low"], row["improvement_high"]),
        (shown(row["correlation"]),),
        (shown(row["variance_ratio"]),),
        (part(row["detectable"], metric, signed=False),),
        (shown(row["needed_seeds"]) if np.isfinite(row["needed_seeds"]) else Part("–"),),
    )


def _bounds(row: pd.Series, low: str, high: str, metric: str) -> Cell:
    first, last = part(row[low], metric, units=False), part(row[high], metric, units=False)
    return (first, Part(" to "), last) if first.value else (first,)
