"""What lines, bands and crosses of a figure are, and how many seeds are behind them, said from its frame."""

from __future__ import annotations

import pandas as pd

from reports.arms import losses
from reports.prose import PERCENT, counted

LINE_ENDS = "A line ends where a seed of its arm dies."
LEVELS = "Levels do not compare across losses or their scales; their change from layer to layer does."


def seeds_behind(bands: pd.DataFrame) -> str:
    """Say how many seeds the arms of `bands` (column `seeds`) have."""
    sizes = bands.groupby("arm")["seeds"].max()
    if sizes.empty:
        return "No seed behind it."
    least, most = int(sizes.min()), int(sizes.max())
    return f"{counted(most, 'seed')} an arm." if least == most else f"{least} to {most} seeds an arm."


def about_bands(bands: pd.DataFrame) -> str:
    """Say what lines, bands and crosses of curves are."""
    parts = [seeds_behind(bands)]
    if (bands["seeds"] > 1).any():
        parts.append(f"Line: mean over seeds; band: {PERCENT} t interval of that mean.")
    elif len(bands):
        parts.append("Line: the one seed; no band.")
    if (bands["kind"] == "median").any():
        parts.append(
            "Cross: from here on a seed has died; thin line: median of all seeds, dead ones counted at "
            "infinite loss or the majority class's accuracy; band: range of the seeds, to the edge where it "
            "is infinite."
        )
    return " ".join(parts)


def about_gradients(bands: pd.DataFrame, *, bands_drawn: bool = True, some_died: bool | None = None) -> str:
    """Say what lines and bands of quantities by layer are.

    Parameters
    ----------
    bands : DataFrame
        Rows of `harness.bands.bands`; with a column `loss`, it is said if levels do not compare.
    bands_drawn : bool
    some_died : bool, optional
        Whether lines end with their seeds; by default as far as the rows tell.
    """
    band = f"band: {PERCENT} t interval of that mean." if bands_drawn else "bands are left to the CSV."
    several = bool((bands["seeds"] > 1).any())
    what = "geometric mean" if (bands["kind"] == "geometric mean").any() else "mean"
    line = f"Line: {what} over seeds; {band}" if several else "Line: the one seed; no band."
    parts = [seeds_behind(bands), *([line] if len(bands) else [])]
    if some_died if some_died is not None else bool((bands["alive"] < bands["seeds"]).any()):
        parts.append(LINE_ENDS)
    return " ".join(parts)


def levels(frame: pd.DataFrame) -> str:
    """Say that levels do not compare, where arms differ in their loss (columns `loss`, `loss.scale`, …)."""
    return LEVELS if len(set(losses(frame).values())) > 1 else ""
