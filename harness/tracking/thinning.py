"""Thinning: which points of a series are kept."""

import numpy as np


def thin(rows: int, points: int) -> list[int]:
    """Return at most `points` places of `rows`: the first, the last, and log-spaced ones between.

    One point is the last.
    """
    if points >= rows:
        return list(range(rows))
    if points == 1:
        return [rows - 1]
    spaced = np.geomspace(1, rows, points).round().astype(int) - 1
    return sorted({*spaced.tolist(), 0, rows - 1})
