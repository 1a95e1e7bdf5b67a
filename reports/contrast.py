"""Colours that can be told from the paper, by the contrast of WCAG 2.2 (criteria 1.4.3 and 1.4.11)."""

from __future__ import annotations

from matplotlib.colors import to_hex, to_rgb

LINES = 3.0
"""Contrast that lines and marks need."""
TEXT = 4.5
"""Contrast that text needs."""
_STEPS = 50


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, 0 (black) to 1 (white)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 (none) to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def on_paper(colour: str, paper: str, least: float = LINES) -> str:
    """Return a colour moved away from the paper's, towards black or white, until its contrast suffices.

    Parameters
    ----------
    colour, paper : str
        As ``#rrggbb``.
    least : float
        The contrast wanted.
    """
    end = 1.0 if luminance(paper) < 0.18 else 0.0
    parts = to_rgb(colour)
    for step in range(_STEPS + 1):
        share = step / _STEPS
        red, green, blue = (part + (end - part) * share for part in parts)
        moved = to_hex((red, green, blue))
        if contrast(moved, paper) >= least:
            break
    return moved
