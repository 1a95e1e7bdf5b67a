"""Plans: what a sweep would train, told without training or writing."""

from collections import Counter

from harness.sweeping.estimates import estimate
from harness.sweeping.executors import crew
from harness.sweeping.grid import Grid
from harness.sweeping.ledger import finished
from harness.sweeping.pieces import groups, pieces
from harness.sweeping.preparing import prepare
from harness.sweeping.settings import Settings
from harness.tracking import read
from harness.tracking.settings import Off, tracking_uri


def plan(grid: Grid, settings: Settings) -> str:
    """Return what would be trained, without training or writing."""
    done = finished(grid.points, settings)
    missing = [point for point in grid.points if point.fingerprint not in done]
    arms = len({point.arm for point in grid.points})
    lines = [f"{len(grid.points):,} runs of {arms} arms, {len(done):,} of them done"]
    if grid.excluded or grid.unsampled:
        lines.append(f"left out: {grid.excluded:,} by exclusions, {grid.unsampled:,} by the sample")
    stacked = groups(missing)
    with crew(settings.executor) as workers:
        fitting = workers.fitting(len(missing), sum(group.seconds for group in stacked))
    cut = pieces(stacked, fitting.workers, fitting.memory)
    sizes = Counter(len(piece.points) for piece in cut)
    told = ", ".join(f"{count} of {size} runs" for size, count in sorted(sizes.items()))
    lines.append(f"{len(missing):,} to train, in {len(cut)} stacks: {told or 'none'}")
    if cut:
        first = [(prepare(piece.points[0].run), len(piece.points)) for piece in cut]
        lines.append(estimate(first, fitting.workers))
    return "\n".join([*lines, *_expected(grid, settings)])


def _expected(grid: Grid, settings: Settings) -> list[str]:
    """Return what a plan says of the study's claims."""
    study, tracking = settings.study, settings.tracking
    if not study.claims:
        return []
    # SciPy's statistics take a second to import.
    from harness.sweeping.expectations import columns, expectations

    wanted = columns(study.claims, study.tune)
    if isinstance(tracking, Off) or not wanted:
        return expectations(grid, study.claims, study.tune, {})
    held = read.finished(tracking_uri(tracking.uri), study.name, wanted)
    return expectations(grid, study.claims, study.tune, held)
