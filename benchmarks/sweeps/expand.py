"""Expands a grid as a sweep does, and tells what it took: parsed, composed, validated, fingerprinted."""

import sys
from time import perf_counter, process_time

from benchmarks.sweeps.grids import composed, job
from benchmarks.sweeps.processes import memory, tell
from harness.sweeping.composing import default_composer
from harness.sweeping.grid import expand
from harness.sweeping.study import Study

GRID = Study("adhoc")


def main() -> None:
    """Expand the grid of as many runs as the command line says."""
    file, runs = sys.argv[1:]
    # What libraries take when they are first used is no part of what a point takes.
    expand(default_composer(), GRID, ["dataset=moons"])
    default_composer.cache_clear()
    before, processor, clock = memory("VmRSS"), process_time(), perf_counter()
    points = expand(default_composer(), GRID, composed(int(runs))).points
    told = {"processor": process_time() - processor, "clock": perf_counter() - clock}
    jobs = {job(point.run) for point in points}
    assert len(jobs) == len({point.fingerprint for point in points})
    tell(file, told | {"jobs": len(jobs), "before": before, "peak": memory("VmHWM")})


if __name__ == "__main__":
    main()
