"""Points of a grid that no study asked for."""

from collections.abc import Sequence

from harness.config import RunConfig, fingerprint
from harness.data.loading import digest
from harness.sweeping.grid import Point


def points_of(runs: Sequence[RunConfig]) -> list[Point]:
    return [
        Point(run, fingerprint(run, digest(run.dataset)), "arm", f"run {place}", {}, "reported")
        for place, run in enumerate(runs)
    ]
