"""Published figures, and what was found here in their place."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.quantities import title
from reports import prose
from reports.cells import Cell, Part, Table, shown, words
from reports.comparison import Comparison
from reports.outline import Section
from reports.published_rows import AGREES, DIFFERS, NOT_MEASURED

HEADING = "Published, and found here"
SIGNS = {AGREES: "\N{CHECK MARK}", DIFFERS: "\N{BALLOT X}", NOT_MEASURED: "?"}
HEADERS = ("what, and who published it", "theirs", "ours", "agrees within", "agreement")


def published(comparison: Comparison) -> Section | None:
    """Show the study's published figures beside ours; None where it names none."""
    frame = comparison.published
    if frame.empty:
        return None
    table = Table(
        "published", _caption(frame), frame, HEADERS, tuple(_row(row) for _, row in frame.iterrows())
    )
    return Section("published", HEADING, (counted(frame),), tables=(table,))


def counted(frame: pd.DataFrame) -> str:
    """Say how many figures agree with ours, and which differ."""
    agree, differ = (frame[frame["agrees"] == each] for each in (AGREES, DIFFERS))
    verb = "agrees" if len(agree) == 1 else "agree"
    said = f"Of {prose.counted(len(frame), 'published figure')}, {len(agree):,} {verb} with ours within a "
    said += "tolerance that was fixed beforehand"
    if len(differ):
        names = ", ".join(prose.named(prose.metric_name(name)) for name in differ["name"])
        said += f"; {names} {'differs' if len(differ) == 1 else 'differ'}"
    lacking = int((frame["agrees"] == NOT_MEASURED).sum())
    return f"{said}{f'; {lacking:,} not measured here' if lacking else ''}."


def _caption(frame: pd.DataFrame) -> str:
    least, most = int(frame["runs"].min()), int(frame["runs"].max())
    runs = prose.counted(most, "run") if least == most else f"{least:,} to {most:,} runs"
    return f"Ours: the median over {runs}, and in brackets the least and the greatest; dead runs counted."


def _row(row: pd.Series) -> tuple[Cell, ...]:
    metric, agrees = str(row["metric"]), str(row["agrees"])
    measured, why = title(metric, str(row["at"])), str(row["note"]) if agrees == DIFFERS else ""
    return (
        words(f"{row['what']} ({measured}); {row['source']}"),
        words(row["theirs"]),
        _ours(row, metric),
        _within(row),
        words(f"{SIGNS[agrees]} {agrees}{f': {why}' if why else ''}"),
    )


def _ours(row: pd.Series, metric: str) -> Cell:
    middle: Cell = (shown(row["ours"], metric),)
    if row["runs"] < 2 or row["lowest"] == row["highest"]:
        return middle
    ends = [shown(row[name], metric) for name in ("lowest", "highest")]
    return (*middle, Part(" ("), ends[0], Part(" to "), ends[1], Part(")"))


def _within(row: pd.Series) -> Cell:
    """Write the tolerance, of which one side may be open."""
    low, high = (shown(row[name], str(row["metric"])) for name in ("low", "high"))
    if np.isinf(row["low"]):
        return (Part("at most "), high)
    if np.isinf(row["high"]):
        return (Part("at least "), low)
    return (low, Part(" to "), high)
