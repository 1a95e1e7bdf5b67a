"""How the runs were made: method, budgets, configuration, platform, data, seeds, and the way back to them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from harness.tracking.origins import PLATFORM
from reports import prose
from reports.arms import natural
from reports.cells import Table, shown, words
from reports.comparison import Comparison
from reports.outline import Command, Link, Numbers, Section
from reports.plain_text import plain
from reports.rendering import argument

SEEDS = ("seed", "seeds.split", "seeds.weights", "seeds.order")
MOST_VALUES = 10
"""Values of a parameter that the page shows; the CSV has all."""


def provenance(comparison: Comparison) -> Section:
    """Say where everything comes from, and how it is made again."""
    budgets = [str(sentence) for sentence in comparison.spec.get("budgets") or []]
    named = "; ".join(sentence.rstrip(". ") for sentence in budgets)
    sentence = f"Budgets: {named}." if budgets else "The study names no budgets."
    found = (
        seeds(comparison.runs),
        varying(comparison),
        common(comparison),
        platform(comparison),
        data(comparison),
        sweep(comparison),
    )
    return Section(
        "provenance",
        "How this was made",
        (*prose.method(comparison), sentence),
        tables=tuple(table for table in found if table is not None and table.rows),
        commands=commands(comparison),
        links=tuple(
            Link(f"In MLflow: {what}", address) for what, address in comparison.origins.links.items()
        ),
        numbers=(
            Numbers("runs", "Every run with its id in MLflow, its values and its end:", runs(comparison)),
        ),
    )


def commands(comparison: Comparison) -> tuple[Command, ...]:
    """Return what trains the runs again, and what draws this report again."""
    name, experiment = str(comparison.spec["name"]), comparison.spec.get("experiment")
    asked = f" --experiment={argument(str(experiment)).removeprefix('-- ')}" if experiment is not None else ""
    drawn = Command("Drawn by", f"python -m reports{asked} {argument(name)}")
    trained = comparison.provenance.get("command")
    return (Command("Trained by", trained), drawn) if trained else (drawn,)


def runs(comparison: Comparison) -> pd.DataFrame:
    """Return every run, the reported ones with all that claims and published figures are about."""
    found = comparison.quantities
    added = [name for name in found.columns if name not in comparison.runs.columns]
    return comparison.runs.merge(found[["run_id", *added]], on="run_id", how="left")


def seeds(runs: pd.DataFrame) -> Table:
    """List the seeds by role."""
    known = runs.dropna(subset=["seed"])
    rows = []
    for role, group in known.groupby("role", sort=True):
        each = sorted({int(seed) for seed in group["seed"]})
        rows.append({"role": role, "count": len(each), "seeds": _ranges(each), "runs": len(group)})
    frame = pd.DataFrame(rows, columns=["role", "count", "seeds", "runs"])
    cells = tuple(
        (words(row["role"]), (shown(row["count"]),), words(row["seeds"]), (shown(row["runs"]),))
        for row in frame.to_dict("records")
    )
    caption = "Seeds: values are chosen on tuning seeds and reported on the others."
    return Table("seeds", caption, frame, ("role", "seeds", "which", "runs"), cells)


def varying(comparison: Comparison) -> Table:
    """List the parameters in which the runs differ, seeds aside, with all their values."""
    frame = _parameters(comparison)
    several = frame["name"].duplicated(keep=False) | (frame["runs"] < _runs(comparison))
    frame = frame[several & ~frame["name"].isin(SEEDS)].reset_index(drop=True)
    rows = []
    for name, group in frame.groupby("name", sort=False):
        told = [f"{value} ({runs:,})" for value, runs in zip(group["value"], group["runs"], strict=True)]
        more = f"; and {len(told) - MOST_VALUES:,} more" if len(told) > MOST_VALUES else ""
        rows.append((words(name), words("; ".join(told[:MOST_VALUES]) + more)))
    caption = "The configuration: what varies among the runs, and how many have each value."
    return Table("configuration_varying", caption, frame, ("parameter", "values"), tuple(rows))


def common(comparison: Comparison) -> Table:
    """List the parameters that all runs have in common."""
    frame = _parameters(comparison)
    frame = frame[~frame["name"].duplicated(keep=False) & (frame["runs"] == _runs(comparison))]
    rows = tuple((words(row["name"]), words(row["value"])) for row in frame.to_dict("records"))
    caption = "The configuration: what all runs have in common."
    return Table("configuration_common", caption, frame.reset_index(drop=True), ("parameter", "value"), rows)


def platform(comparison: Comparison) -> Table:
    """List versions, libraries and processors with which the runs were trained."""
    frame = _plain(comparison.origins.platform, "name")
    rows = tuple(
        (words(row["name"]), words(row["value"]), (shown(row["runs"]),)) for row in frame.to_dict("records")
    )
    caption = "With what and on what the runs were trained."
    return Table("platform", caption, frame, ("what", "which", "runs"), rows)


def data(comparison: Comparison) -> Table:
    """List data sets with their digests and the sizes of their splits."""
    frame = _plain(comparison.origins.data, "dataset")
    names = ("dataset", "train", "validation", "test", "digest")
    rows = tuple(
        (*(words(row[name] or "–") for name in names), (shown(row["runs"]),))
        for row in frame.to_dict("records")
    )
    headers = ("data set", "train", "validation", "test", "digest", "runs")
    return Table("data", "Data sets, the samples of their splits, and their digests.", frame, headers, rows)


def sweep(comparison: Comparison) -> Table:
    """List what else the store says of the sweep."""
    known = {"command", *(tag.removeprefix("harness.") for tag in PLATFORM)}
    about = {what: text for what, text in comparison.provenance.items() if what not in known}
    frame = pd.DataFrame({"what": list(about), "which": list(about.values())}, dtype=object)
    rows = tuple((words(what), words(which)) for what, which in about.items())
    return Table("sweep", "The sweep that asked for the runs.", frame, ("what", "which"), rows)


def _runs(comparison: Comparison) -> int:
    """Return how many runs were counted: a fingerprint's last one each."""
    parameters = comparison.origins.parameters
    return int(parameters.groupby("name")["runs"].sum().max()) if len(parameters) else 0


def _parameters(comparison: Comparison) -> pd.DataFrame:
    return _plain(comparison.origins.parameters, "name")


def _plain(frame: pd.DataFrame, first: str) -> pd.DataFrame:
    """Make texts harmless, and sort as a person counts."""
    texts = [name for name in frame.columns if name != "runs"]
    frame = frame.assign(**{name: [plain(text) for text in frame[name]] for name in texts})
    order = sorted(range(len(frame)), key=lambda row: [natural(str(frame[name].iloc[row])) for name in texts])
    return frame.iloc[order].sort_values(first, kind="stable").reset_index(drop=True)


def _ranges(numbers: Sequence[int]) -> str:
    """Write sorted numbers, those that follow one another as ``0 to 4``."""
    parts: list[tuple[int, int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1] = parts[-1][0], number
        else:
            parts.append((number, number))
    return ", ".join(
        str(low) if low == high else f"{low} to {high}" if high > low + 1 else f"{low}, {high}"
        for low, high in parts
    )
