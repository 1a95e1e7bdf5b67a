"""What a panel says of arms that it cannot show in full: without a curve, all seeds dead, one seed."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from reports.arms import Panel, shorten
from reports.figures import style

UNMEASURED = "not measured"
"""Why an arm has no curve if nothing else is known."""
_SIZE = 6.5
_LINE = 8.5
"""Points of a note's letters, and from one note to the next."""
_LETTER = 0.058
"""Inches of a letter in the mean."""


def by_arm(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of every arm by its name."""
    return {str(arm): mine for arm, mine in rows.groupby("arm", sort=False)}


def notes(
    panel: Panel, rows: Mapping[str, pd.DataFrame], absent: Mapping[str, str], width: float
) -> list[str]:
    """Return what is to be said of a panel's arms.

    Parameters
    ----------
    panel : Panel
    rows : mapping of str to DataFrame
        The rows of `harness.bands.bands` drawn of each arm.
    absent : mapping of str to str
        Why arms have no curve.
    width : float
        Of the panel, in inches: arms are named where there is room for it, else counted.
    """
    drawn = [arm for arm in panel.arms if arm.name in rows]
    if not drawn:
        return []
    said: dict[str, list[str]] = {}
    for arm in panel.arms:
        if arm.name not in rows:
            said.setdefault(absent.get(arm.name, UNMEASURED), []).append(arm.line)
    for arm in drawn:
        last = rows[arm.name].iloc[-1]
        if last["alive"] == 0:
            seeds = int(last["seeds"])
            said.setdefault("its seed died" if seeds == 1 else f"all {seeds} seeds died", []).append(arm.line)
    single = [arm.line for arm in drawn if (rows[arm.name]["seeds"] == 1).all()]
    if single and len(single) < len(drawn):
        said["one seed, no band"] = single
    letters = max(int(width / _LETTER), 12)
    found = [_note(reason, lines, len(panel.arms), letters) for reason, lines in said.items()]
    return [*found, "one seed, no band"] if len(single) == len(drawn) else found


def _note(reason: str, lines: list[str], arms: int, letters: int) -> str:
    if len(lines) == arms:
        return reason if arms == 1 else f"{reason}: every arm"
    named = f"{reason}: {', '.join(lines)}"
    return named if len(named) <= letters else shorten(f"{reason}: {len(lines)} of {arms} arms", letters)


def reason(panel: Panel, absent: Mapping[str, str]) -> str:
    """Say why a panel without any curve is empty."""
    reasons = dict.fromkeys(absent.get(arm.name, UNMEASURED) for arm in panel.arms)
    return f"nothing to draw: {'; '.join(reasons) or 'no row of any arm'}"


def head(axes: Axes, title: str, said: list[str]) -> None:
    """Write a panel's title and, between it and the panel, the notes."""
    axes.set_title(title, pad=6.0 + _LINE * len(said))
    for number, note in enumerate(reversed(said)):
        text = axes.annotate(
            note,
            (0.5, 1.0),
            xycoords="axes fraction",
            xytext=(0, 3.0 + _LINE * number),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=_SIZE,
            color=style.GREY,
        )
        text.set_annotation_clip(False)
