"""The verdict of each claim: a card in the header, a row of the leading figure, a row of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from harness.intervals import LEAST_SEEDS
from harness.quantities import compared, lost_by, title
from reports import effects, prose
from reports.cells import Cell, Part, Table, shown, words
from reports.claim_rows import ESTIMATED
from reports.comparison import Comparison
from reports.effects import part, span
from reports.figures.forest import about, forest
from reports.outline import Card, Drawing

ASKED = {"seeds": "would new seeds agree?", "data": "would new data of this kind?"}
VERDICTS = ("supported", "refuted", "inconclusive")
POWER = "in 4 of 5 cases"


def cards(comparison: Comparison) -> tuple[Card, ...]:
    """Make a card of each claim, in the study's order."""
    found = comparison.verdicts
    documents = comparison.spec.get("claims") or []
    made = []
    for document, (_, row) in zip(documents, found.claims.iterrows(), strict=True):
        cells = found.cells[found.cells["claim"] == row["claim"]]
        facts = _estimated(document, row, cells) if row["kind"] in ESTIMATED else _single(document, row)
        made.append(
            Card(
                str(row["claim"]),
                str(row["sentence"]),
                row["verdict"],
                str(row["how"] or ""),
                _reason(row, cells) + _unchosen(comparison, document, row),
                facts,
            )
        )
    return tuple(made)


def claims_drawing(comparison: Comparison) -> tuple[Drawing, ...]:
    """Draw the cells of all claims that an interval decides; nothing of a study without such."""
    drawn = comparison.claim_cells
    if drawn.empty:
        return ()
    caption = f"{prose.rate_notice_of_claims(comparison)} {about(drawn)}".strip()
    others = len(comparison.verdicts.claims) - drawn["claim"].nunique()
    if others:
        caption += f" {prose.counted(others, 'claim')} without an interval to draw: the cards tell."
    title = "The study's claims"

    def draw() -> Figure:
        return forest(drawn, title=title, subtitle=caption)

    return (Drawing("claims", caption, drawn, draw),)


def table(comparison: Comparison) -> Table | None:
    """Show each cell of each claim; None for a study without claims."""
    cells = comparison.verdicts.cells
    if cells.empty:
        return None
    optional = {
        "for new data": ("data_low", "data_high"),
        "BCa": ("bca_low", "bca_high"),
    }
    extra = {head: names for head, names in optional.items() if cells[list(names)].notna().any(axis=None)}
    rows = tuple(_row(row, extra) for _, row in cells.iterrows())
    headers = (
        "claim",
        "cell",
        "verdict",
        "seeds",
        "effect as claimed, with the interval that decides",
        "level",
        *extra,
        "probability of improvement",
        "correlation over seeds",
        "p, corrected by Holm",
        "shown by so many seeds",
        "seeds needed",
    )
    caption = (
        "Every cell of every claim. p: sign flips, two-sided, corrected within these claims; it decides "
        f"nothing. Shown by so many seeds: the effect that they support {POWER}, the margin included. Seeds "
        f"needed: to decide {POWER}, were the effect as seen."
    )
    return Table("claims_by_cell", caption, cells, headers, rows)


def _row(row: pd.Series, extra: Mapping[str, tuple[str, str]]) -> tuple[Cell, ...]:
    metric, values = str(row["metric"]), str(row["values"])
    estimated = row["kind"] in ESTIMATED
    effect: Cell = (shown(row["effect"]),)
    if estimated:
        effect = span(row["effect"], row["low"], row["high"], metric, values)
    if estimated and row["dead"]:
        effect = conditional(row, "living_effect", metric, values)
    lost = f", {row['dead']:.0f} {lost_by(metric, values)}"
    chance = tuple(row[f"improvement{end}"] for end in ("", "_low", "_high"))
    return (
        words(row["claim"]),
        words(row["cell"] or "–"),
        words(f"{row['verdict']}{': ' if row['how'] else ''}{row['how'] or ''}"),
        (
            shown(int(row["seeds"])),
            *((Part(lost),) if row["dead"] else ()),
        ),
        effect,
        (Part(effects.level(row["level"]), repr(float(row["level"]))),) if estimated else words("–"),
        *(_bounds(row, names, metric, values) for names in extra.values()),
        shares(*chance),
        (shown(row["correlation"]),),
        _p(row),
        (part(row["detectable"], metric, values=values),),
        (shown(row["needed_seeds"]),),
    )


def conditional(row: pd.Series, name: str, metric: str, values: str = "linear") -> Cell:
    """Make the cell of a comparison of which a seed died: the share that did, and the rest by itself."""
    dead, seeds, lost = int(row["dead"]), int(row["seeds"]), lost_by(metric, values)
    said = f"no interval: {dead} of {prose.counted(seeds, 'seed')} {lost}"
    if not np.isfinite(row[name]):
        return words(said)
    given = "given that a seed lived" if lost == "died" else "of the others"
    return (Part(f"{said}; {given} "), part(row[name], metric, values=values))


def shares(share: float, low: float, high: float) -> Cell:
    """Make the cell "80.0 % (38 to 96 %)" of a probability with its interval."""
    if not np.isfinite(share):
        return words("–")
    bounds = (shown(low, "accuracy"), Part(" to "), shown(high, "accuracy"))
    return (shown(share, "accuracy"), Part(" ("), *bounds, Part(")"))


def _bounds(row: pd.Series, names: tuple[str, str], metric: str, values: str) -> Cell:
    low, high = (part(row[name], metric, units=False, values=values) for name in names)
    return (low, Part(" to "), high) if low.value else (low,)


def _p(row: pd.Series) -> Cell:
    if isinstance(row["p_note"], str) and row["p_note"]:
        return words(row["p_note"])
    p, corrected = shown(row["p"]), shown(row["p_holm"])
    return (p, Part(", corrected "), corrected) if p.value else (p,)


def _estimated(document: Mapping[str, Any], row: pd.Series, cells: pd.DataFrame) -> tuple[Any, ...]:
    metric, values, facts = str(row["metric"]), str(row["values"]), []
    if row["cell"]:
        facts.append(("cell shown" if row["verdict"] == "inconclusive" else "decided by", words(row["cell"])))
    named = compared(metric, str(row["at"]), str(row["direction"]))
    if row["kind"] == "trend":
        step = "doubling of " if document.get("scale") == "log2" else "unit of "
        named = f"{named}, a {step}{prose.metric_name(str(document['over']).rpartition('.')[2])}"
    deciding = cells[cells["cell"] == row["cell"]].iloc[0] if len(cells) else None
    if deciding is None:
        pass
    elif deciding["dead"]:
        facts.append((named, conditional(deciding, "living_effect", metric, values)))
    elif np.isfinite(_number(row["effect"])):
        facts.append((named, (part(row["effect"], metric, values=values), *_in_times(row))))
    if np.isfinite(_number(row["low"])):
        name = f"{effects.level(row['level'])} {row['interval']} interval"
        low = part(row["low"], metric, values=values, units=values != effects.LOG2)
        facts.append((name, (low, Part(" to "), part(row["high"], metric, values=values))))
    facts.append(("margin", (part(row["margin"], metric, signed=False, values=values),)))
    facts.append(("seeds", _seeds(row, deciding)))
    facts.append(("it asks", words(ASKED[str(row["population"])])))
    count = int(row["cells"])
    if count > 1:
        tally = [
            f"{(cells['verdict'] == each).sum()} {each}"
            for each in VERDICTS
            if (cells["verdict"] == each).any()
        ]
        facts.append(("scope", words(f"{row['scope']} of {count} cells: {', '.join(tally)}")))
    if row["verdict"] == "inconclusive":
        facts += _to_decide(cells, metric, values)
    return tuple(facts)


def _in_times(row: pd.Series) -> Cell:
    """Say of an effect in doublings how many times that is; nothing of another."""
    if row["values"] != effects.LOG2:
        return ()
    return (Part(f": {effects.times(float(row['effect']), str(row['metric']), str(row['direction']))}"),)


def _reason(row: pd.Series, cells: pd.DataFrame) -> str:
    """Say why, of the cell that decides."""
    mine = cells[cells["cell"] == row["cell"]]
    reason = str(mine["reason"].iloc[0] if len(mine) else row["reason"])
    return reason


def _unchosen(comparison: Comparison, document: Mapping[str, Any], row: pd.Series) -> str:
    """Say which arms of the cell that decides have no chosen value of the tuned key, and why."""
    if comparison.choices is None or row["verdict"] != "inconclusive":
        return ""
    reasons = comparison.choices.set_index("arm")["reason"]
    cells = document.get("cells") or []
    arms = [arm for cell in cells if cell["name"] == row["cell"] for arm in cell.get("weights", ())]
    told = [f"{arm} has no chosen value, {reasons[arm]}" for arm in arms if reasons.get(arm)]
    return "".join(f"; {each}" for each in told[:2])


def _to_decide(cells: pd.DataFrame, metric: str, values: str) -> list[tuple[str, Cell]]:
    """Say what an inconclusive claim lacks: how many seeds would do, and what these can show."""
    facts: list[tuple[str, Cell]] = []
    open_cells = cells[cells["verdict"] == "inconclusive"].astype(
        {"needed_seeds": float, "detectable": float}
    )
    needed = open_cells["needed_seeds"].dropna()
    if np.isfinite(needed).any():
        each = needed[np.isfinite(needed)]
        low, high = shown(int(each.min())), shown(int(each.max()))
        several = (low, Part(" to ")) if low.text != high.text else ()
        facts.append((f"seeds needed to decide {POWER}, were the effect as seen", (*several, high)))
    least = open_cells["detectable"].dropna()
    if len(least):
        low, high = (part(each, metric, signed=False, values=values) for each in (least.min(), least.max()))
        several = (low, Part(" to ")) if low.text != high.text else ()
        facts.append((f"smallest effect that these seeds would show {POWER}", (*several, high)))
    return facts


def _seeds(row: pd.Series, deciding: pd.Series | None) -> Cell:
    said: Cell = (shown(int(row["seeds"])),)
    lost = lost_by(str(row["metric"]), str(row["values"]))
    if deciding is not None and deciding["dead"]:
        said = (*said, Part(", of which "), shown(int(deciding["dead"])), Part(f" {lost}"))
    if deciding is not None and deciding["missing"]:
        said = (*said, Part("; "), shown(int(deciding["missing"])), Part(" more are not in every arm"))
    few = int(row["seeds"]) < LEAST_SEEDS
    return (*said, Part(f"; verdicts need {LEAST_SEEDS}")) if few else said


def _single(document: Mapping[str, Any], row: pd.Series) -> tuple[Any, ...]:
    """Give the facts of a claim that single runs decide."""
    metric, facts = str(row["metric"]), []
    effect = _number(row["effect"])
    if row["kind"] == "existence":
        asked = f"{row['direction']} than {float(document['value']):g}"
        facts.append(("asked for", words(f"{title(metric, str(row['at']))} {asked}")))
        facts.append(
            ("farthest run", (Part(f"{effect:.6g}", repr(effect)) if effect == effect else Part("–"),))
        )
    else:
        tolerance = float(document.get("tolerance") or 0)
        facts.append(("asked for", words("equal to the bit" if not tolerance else f"within {tolerance:g}")))
        facts.append(("greatest distance", (part(effect, metric, signed=False),)))
    facts.append(("seeds", (shown(int(row["seeds"])),)))
    return tuple(facts)


def _number(value: object) -> float:
    return float("nan") if value is None else float(str(value))
