"""The tables of a report: a frame with every number for the CSV, and the cells that the page shows of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from reports import prose
from reports.arms import shorten
from reports.cells import MOST_LABEL, Cell, Part, Table, arm_labels, interval, shown, words
from reports.comparison import FINAL, Comparison
from reports.statistics import EXPLODING, OUTCOMES, VANISHING, outcome_counts


def summary(comparison: Comparison) -> Table:
    """One row an arm: the chosen value, final scores with intervals, outcomes."""
    frame = _summary_frame(comparison)
    # Only the metrics that some data set is judged by; the CSV has all.
    goals = dict.fromkeys(
        goal for dataset in comparison.layout.datasets for goal in comparison.goals(dataset)
    )
    # Interquartile means of the leading ones alone: a page is only so wide.
    firsts = {comparison.goals(dataset)[0] for dataset in comparison.layout.datasets}
    tuned = comparison.over is not None
    over = prose.metric_name(str(comparison.over).rpartition(".")[2])
    several = len(comparison.layout.datasets) > 1
    rows = []
    for _, row in frame.iterrows():
        cells: list[Cell] = [words(shorten(row["dataset"], MOST_LABEL))] if several else []
        cells.append(words(shorten(row["label"], MOST_LABEL)))
        if tuned:
            edge = f" ({row['edge']} tried)" if row["edge"] else ""
            cells.append((shown(row["value"]), Part(edge)) if not row["reason"] else words("none"))
        cells.append((shown(row["seeds"]),))
        for goal in goals:
            names = [f"{goal}_{name}" for name in ("centre", "low", "high")]
            cell = interval(row, names, goal)
            cell = (*cell, Part(" median")) if row["kind"] == "median" and cell[0].value else cell
            cells.append((*cell, *_bootstrapped(row, f"{goal}_bca", goal)))
            if goal in firsts:
                middle: Cell = (shown(row[f"{goal}_iqm"], goal),)
                cells.append((*middle, *_bootstrapped(row, f"{goal}_iqm", goal)))
        cells.append(_outcomes(row))
        cells.append(_note(row, comparison.goals(str(row["dataset"]))[0]))
        rows.append(tuple(cells))
    headers = (
        *(["data set"] if several else []),
        "arm",
        *([f"chosen {over}"] if tuned else []),
        "seeds",
        *(
            f"{name}{prose.metric_name(goal)}"
            for goal in goals
            for name in ("", "interquartile mean ")[: 1 + (goal in firsts)]
        ),
        "outcomes",
        "note",
    )
    caption = (
        f"Means with {prose.PERCENT} t intervals over seeds; where a seed died, the median of all seeds. "
        "Interquartile means: of the middle half of the seeds, dead ones counted; from 20 seeds on with BCa "
        "intervals, which then stand beside the t intervals as well."
    )
    return Table("summary", caption, frame, headers, tuple(rows))


def _summary_frame(comparison: Comparison) -> pd.DataFrame:
    arms = [
        {"arm": arm.name, "dataset": panel.dataset, "label": arm.label}
        for panel in comparison.layout.panels
        for arm in panel.arms
    ]
    frame = pd.DataFrame(arms)
    if comparison.choices is not None:
        choice = comparison.choices[["arm", "value", "edge", "tried", "reason"]]
        frame = frame.merge(choice, on="arm", how="left")
    else:
        frame = frame.assign(value=np.nan, edge="", tried=1, reason="")
    frame["reason"] = frame["reason"].fillna("no tuning run")
    frame["edge"] = frame["edge"].fillna("")
    scores = comparison.scores
    wide = scores.pivot(index="arm", columns="metric", values=["centre", "low", "high", "living_mean"])
    wide.columns = wide.columns.map(lambda pair: f"{pair[1]}_{pair[0]}")
    order = [f"{m}_{n}" for m in FINAL for n in ("centre", "low", "high", "living_mean")]
    leading = {
        name: comparison.goals(data)[0]
        for data in comparison.layout.datasets
        for name in comparison.names(data)
    }
    first = scores[scores["metric"] == scores["arm"].map(leading)].set_index("arm")
    kinds = first[["runs", "seeds", "dead", "missing", "repeated", "kind"]]
    frame = frame.merge(kinds, left_on="arm", right_index=True).merge(
        wide[order], left_on="arm", right_index=True
    )
    frame = frame.merge(_middle(comparison), left_on="arm", right_index=True)
    counts = outcome_counts(comparison.chosen, ["arm"]).drop(columns="runs")
    frame = frame.merge(counts, on="arm", how="left")
    for name in (*OUTCOMES, "warned"):
        frame[name] = frame[name].fillna(0).astype(int)
    return frame


def _middle(comparison: Comparison) -> pd.DataFrame:
    """Return interquartile means and bootstrapped intervals by arm, a column for each metric and bound."""
    names = ["iqm", "iqm_low", "iqm_high", "bca_low", "bca_high"]
    wide = comparison.estimates.pivot(index="arm", columns="metric", values=names)
    wide.columns = wide.columns.map(lambda pair: f"{pair[1]}_{pair[0]}")
    return wide[[f"{metric}_{name}" for metric in FINAL for name in names]]


def _bootstrapped(row: Any, name: str, metric: str) -> Cell:
    """Write a BCa interval; nothing where there is none."""
    low, high = (shown(row[f"{name}_{bound}"], metric) for bound in ("low", "high"))
    return (Part("; BCa "), low, Part(" to "), high) if low.value else ()


def _outcomes(row: Any) -> Cell:
    parts: list[Part] = []
    for outcome in OUTCOMES:
        if row[outcome]:
            parts += [Part(", "), shown(int(row[outcome])), Part(f" {outcome}")]
    return tuple(parts[1:]) or words("–")


def _note(row: Any, goal: str) -> Cell:
    if row["reason"]:
        return words(f"no value chosen: {row['reason']}")
    if row["runs"] == 0:
        return words("no reported run")
    if row["repeated"]:
        return words("several runs on one seed, none of which is the arm's: no value")
    if row["missing"]:
        runs = prose.counted(int(row["runs"]), "run")
        lacking = Part(f"without {prose.metric_name(goal)}: {row['missing']} of {runs}")
        rest = _note(pd.Series({**row, "missing": 0}), goal) if row["seeds"] else ()
        return (lacking, Part("; "), *rest) if "".join(part.text for part in rest) else (lacking,)
    if row["dead"]:
        share = interval(row, ["died_share", "died_low", "died_high"], "accuracy")
        cell: Cell = (Part("died: "), *share, Part(" Wilson"))
        if np.isfinite(row[f"{goal}_living_mean"]):
            what = f"; given that a seed lived, mean {prose.metric_name(goal)} "
            cell = (*cell, Part(what), shown(row[f"{goal}_living_mean"], goal))
        return cell
    return words("one seed: no interval" if row["seeds"] == 1 else "")


def tuning(comparison: Comparison) -> Table | None:
    """One row an arm: how its value was chosen."""
    if comparison.choices is None or comparison.over is None:
        return None
    labels = arm_labels(comparison)
    rows = tuple(
        (
            words(labels[str(row["arm"])]),
            (shown(row["value"]),),
            words(row["edge"] or "–"),
            (shown(row["mean"], str(comparison.metric)),),
            (shown(int(row["seeds"])), *((Part(f"; lacks {row['lacking']}"),) if row["lacking"] else ())),
            (shown(int(row["tried"])),),
            (shown(int(row["dead"])),),
            words(row["reason"]),
        )
        for _, row in comparison.choices.iterrows()
    )
    metric = prose.metric_name(str(comparison.metric))
    name = prose.metric_name(comparison.over.rpartition(".")[2])
    headers = (
        "arm",
        f"chosen {name}",
        "edge of the grid",
        f"mean {metric}",
        "tuning seeds",
        "tried",
        "died at",
    )
    caption = f"The {name} of each arm, chosen by mean {metric} on the tuning seeds."
    return Table("tuning", caption, comparison.choices, (*headers, "why none"), rows)


def rho_frame(bands: pd.DataFrame) -> pd.DataFrame:
    """Take ρ at the start and at the last row of every arm from the bands of `rho`.

    Returns
    -------
    DataFrame
        `arm, seeds, start, start_low, start_high, update, end, end_low, end_high`,
        where `update` is that of the end.
    """
    rows = []
    over_time = bands[bands["metric"] == "rho"].sort_values(["arm", "update"], kind="stable")
    for arm, group in over_time.groupby("arm", sort=False):
        first, last = group.iloc[0], group.iloc[-1]
        row: dict[str, Any] = {"arm": arm, "seeds": int(first["seeds"])}
        at_start = first["update"] == 0
        for name, column in (("start", "centre"), ("start_low", "low"), ("start_high", "high")):
            row[name] = float(first[column]) if at_start else np.nan
        row |= {
            "update": last["update"],
            "end": last["centre"],
            "end_low": last["low"],
            "end_high": last["high"],
        }
        rows.append(row)
    columns = ["arm", "seeds", "start", "start_low", "start_high", "update", "end", "end_low", "end_high"]
    return pd.DataFrame(rows, columns=columns)


def rho(comparison: Comparison, frame: pd.DataFrame) -> Table | None:
    """Show ρ at the start and at the end."""
    if frame.empty:
        return None
    labels = arm_labels(comparison)
    rows = tuple(
        (
            words(labels[str(row["arm"])]),
            (shown(int(row["seeds"])),),
            interval(row, ["start", "start_low", "start_high"], ""),
            interval(row, ["end", "end_low", "end_high"], ""),
        )
        for _, row in frame.iterrows()
    )
    caption = (
        f"ρ is the change of delta_rms from one hidden layer to the one before it: below {VANISHING:g} "
        f"gradients vanish, above {EXPLODING:g} they explode. Geometric "
        f"means with {prose.PERCENT} t intervals."
    )
    return Table("rho_by_arm", caption, frame, ("arm", "seeds", "at the start", "at the end"), rows)
