"""What went wrong: diverged, failed, stalled and warned runs, counted over every run of the study."""

from __future__ import annotations

from typing import Any

import pandas as pd

from reports import prose
from reports.cells import Cell, Part, Table, arm_labels, interval, shown, words
from reports.comparison import Comparison
from reports.outcome_rows import asked, unnamed
from reports.statistics import outcome_counts

MOST_ROWS = 20
"""Rows that the page shows of a table whose length has no bound."""


def by_arm(comparison: Comparison) -> Table:
    """Count diverged, stalled, failed and warned runs by arm, over all values and seeds."""
    caption = "All runs, tuning and reported, at every value tried."
    frame = comparison.outcomes
    if frame["missing"].any():
        caption += " Missing: reported seeds of the study that the arm lacks at the value chosen."
    return _table(comparison, frame, "troubles_by_arm", caption)


def absent(comparison: Comparison) -> tuple[str, ...]:
    """Say which runs were asked for and are not there, and which arms have fewer seeds than others."""
    said = []
    wanted = int(comparison.spec.get("runs") or 0)
    if wanted > len(comparison.runs):
        lacking = wanted - len(comparison.runs)
        said.append(
            f"Asked for and not there: {lacking:,} of {prose.counted(wanted, 'run')}, which have not ended "
            "or were not started."
        )
    frame = comparison.outcomes
    short = frame[frame["missing"] > 0].sort_values("missing", ascending=False, kind="stable")
    if len(short) and not comparison.chosen.empty:
        labels = arm_labels(comparison)
        most = len(asked(comparison))
        named = [
            f"{prose.named(labels[str(row['arm'])])} ({most - row['missing']} of {most})"
            for _, row in short.head(prose.MOST_NAMED).iterrows()
        ]
        rest = len(short) - len(named)
        said.append(
            f"Seeds are unequal: {prose.counted(len(short), 'arm')} of {len(frame):,} "
            f"{'lacks' if len(short) == 1 else 'lack'} reported seeds at the value chosen, {'; '.join(named)}"
            f"{f'; and {rest:,} more' if rest else ''}. Pairs are compared on the seeds that both have."
        )
    return (*said, *_without_choice(comparison), *_without_seeds(comparison))


def _without_choice(comparison: Comparison) -> tuple[str, ...]:
    """Say which arms were not reported for want of a value, where that is a reason to train none."""
    lost = comparison.unchosen
    if not (lost and comparison.at_chosen_alone):
        return ()
    labels = arm_labels(comparison)
    named = [
        f"{prose.named(labels[arm])} ({reason})" for arm, reason in list(lost.items())[: prose.MOST_NAMED]
    ]
    rest = len(lost) - len(named)
    return (
        f"Not reported, as no {prose.key_name(str(comparison.over))} could be chosen: {'; '.join(named)}"
        f"{f'; and {rest:,} more' if rest else ''}.",
    )


def _without_seeds(comparison: Comparison) -> tuple[str, ...]:
    """Say which arms have runs that name no seed."""
    nameless = unnamed(comparison)
    nameless = nameless[nameless > 0]
    if nameless.empty:
        return ()
    labels, runs = arm_labels(comparison), comparison.chosen["arm"].value_counts().to_dict()
    named = [
        f"{prose.named(labels[str(arm)])} ({count} of {runs[str(arm)]} runs)"
        for arm, count in nameless.head(prose.MOST_NAMED).items()
    ]
    rest = len(nameless) - len(named)
    return (
        f"Without the name of a seed: {'; '.join(named)}{f'; and {rest:,} more' if rest else ''}. Such runs "
        "are paired with none of another arm.",
    )


def by_value(comparison: Comparison) -> Table | None:
    """Count troubles by arm and tuned value; the page shows the rows that have any."""
    if comparison.over is None:
        return None
    frame = outcome_counts(comparison.runs.rename(columns={comparison.over: "value"}), ["arm", "value"])
    frame = frame.sort_values(["arm", "value"], kind="stable").reset_index(drop=True)
    caption = "By arm and tuned value; values without trouble are left to the CSV."
    return _table(comparison, frame, "troubles_by_value", caption)


def _table(comparison: Comparison, frame: pd.DataFrame, name: str, caption: str) -> Table:
    labels = arm_labels(comparison)
    has_value = "value" in frame.columns
    kinds = ["diverged", "failed", "stalled", "warned"]
    if "missing" in frame.columns and frame["missing"].any():
        kinds.append("missing")
    rows = []
    for _, row in frame.iterrows():
        if has_value and not any(row[kind] for kind in kinds):
            continue
        cells: list[Cell] = [words(labels[str(row["arm"])])]
        if has_value:
            cells.append((shown(float(row["value"])),))
        cells += [(shown(int(row[kind])),) for kind in ("runs", *kinds)]
        cells.append(interval(row, ["died_share", "died_low", "died_high"], "accuracy"))
        rows.append(tuple(cells))
    over = [prose.metric_name(str(comparison.over).rpartition(".")[2])] if has_value else []
    headers = ("arm", *over, "runs", *kinds, f"died, with {prose.PERCENT} Wilson interval")
    return Table(name, caption, frame, headers, tuple(rows))


def complaints(comparison: Comparison) -> Table | None:
    """Count the runs of each arm that have a complaint, with one of its sentences as an example."""
    told = _told(comparison.runs)
    if told.empty:
        return None
    runs, chosen = (each.groupby("arm").size() for each in (comparison.runs, comparison.chosen))
    told["at_chosen"] = told["run_id"].isin(comparison.chosen["run_id"])
    found = told.groupby(["complaint", "arm"], sort=False).agg(
        complained=("run_id", "size"), at_chosen=("at_chosen", "sum"), example=("sentence", "first")
    )
    frame = found.reset_index().assign(runs=lambda table: table["arm"].map(runs))
    frame["reported"] = frame["arm"].map(chosen).fillna(0).astype(int)
    frame["share"] = frame["complained"] / frame["runs"]
    frame = frame.sort_values(
        ["complained", "complaint", "arm"], ascending=[False, True, True], kind="stable"
    )
    columns = ["complaint", "arm", "complained", "runs", "share", "at_chosen", "reported", "example"]
    frame = frame[columns].reset_index(drop=True)
    labels = arm_labels(comparison)
    rows = tuple(
        (
            words(row["complaint"]),
            words(labels[str(row["arm"])]),
            (shown(int(row["complained"])), Part(" of "), shown(int(row["runs"]))),
            (shown(float(row["share"]), "accuracy"),),
            (shown(int(row["at_chosen"])), Part(" of "), shown(int(row["reported"]))),
            words(row["example"]),
        )
        for _, row in frame.head(MOST_ROWS).iterrows()
    )
    caption = "What the doctor found, by arm, over all runs at every value tried; a run may have several."
    if len(frame) > MOST_ROWS:
        caption += f" The {MOST_ROWS} most frequent of {len(frame)}; the CSV has all."
    headers = ("complaint", "arm", "runs", "share", "reported runs", "for example")
    return Table("complaints", caption, frame, headers, rows)


def advice(comparison: Comparison) -> Table | None:
    """Count what the doctor advises, by complaint, over all runs and over the reported ones."""
    told = _told(comparison.runs)
    told["advice"] = told["sentence"].map(_advised)
    told = told[told["advice"] != ""]
    if told.empty:
        return None
    told["at_chosen"] = told["run_id"].isin(comparison.chosen["run_id"])
    frame = (
        told.groupby(["complaint", "advice"])
        .agg(runs=("run_id", "size"), at_chosen=("at_chosen", "sum"), arms=("arm", "nunique"))
        .reset_index()
        .sort_values(["at_chosen", "runs", "complaint", "advice"], ascending=[False, False, True, True])
        .reset_index(drop=True)
    )
    rows = tuple(
        (
            words(row["complaint"]),
            words(row["advice"]),
            (shown(int(row["runs"])),),
            (shown(int(row["at_chosen"])),),
            (shown(int(row["arms"])),),
        )
        for _, row in frame.head(MOST_ROWS).iterrows()
    )
    caption = "What the doctor advises, that of reported runs first; a run's advice is about its own value."
    if len(frame) > MOST_ROWS:
        caption += f" The first {MOST_ROWS} of {len(frame)}; the CSV has all."
    return Table("advice", caption, frame, ("complaint", "advice", "runs", "of them reported", "arms"), rows)


def _advised(sentence: Any) -> str:
    """Return the remedy in a complaint's sentence: what stands after the last colon."""
    return str(sentence).rpartition(": ")[2] if ": " in str(sentence) else ""


def _told(runs: pd.DataFrame) -> pd.DataFrame:
    """Return one row a complaint: `run_id, arm, complaint, sentence`."""
    rows = [
        {"run_id": row["run_id"], "arm": row["arm"], "complaint": name, "sentence": sentence}
        for _, row in runs.iterrows()
        for name, sentence in zip(_names(row), _sentences(row)[1], strict=False)
    ]
    return pd.DataFrame(rows, columns=["run_id", "arm", "complaint", "sentence"])


def _names(row: pd.Series) -> list[str]:
    return [name for name in str(row["complaints"]).split(", ") if name]


def _sentences(row: pd.Series) -> tuple[str, list[str]]:
    """Return a run's other warnings, and the sentences of its complaints, which stand last."""
    count = len(_names(row))
    if not count:
        return str(row["warnings"]).strip(), []
    parts = str(row["warnings"]).split("; ")
    return "; ".join(parts[:-count]), parts[-count:]


def warnings(comparison: Comparison) -> Table | None:
    """List the texts of all other warnings, and of errors, with the number of runs that have them."""
    texts = comparison.runs.apply(lambda row: _sentences(row)[0], axis=1)
    texts = texts[texts != ""]
    if texts.empty:
        return None
    counts = texts.value_counts().rename_axis("warning").reset_index(name="runs")
    counts = counts.sort_values(["runs", "warning"], ascending=[False, True]).reset_index(drop=True)
    rows = tuple(
        ((shown(int(row["runs"])),), words(row["warning"])) for _, row in counts.head(MOST_ROWS).iterrows()
    )
    return Table("warnings", "The most frequent other warnings.", counts, ("runs", "warning"), rows)
