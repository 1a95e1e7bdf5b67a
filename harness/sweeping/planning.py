"""Plans: what a sweep would train, told without training or writing."""

from collections import Counter
from typing import TYPE_CHECKING

from harness.sweeping.estimates import estimate
from harness.sweeping.executors import crew
from harness.sweeping.grid import Grid
from harness.sweeping.pieces import groups, pieces
from harness.sweeping.preparing import prepare
from harness.sweeping.settings import Settings
from harness.tracking import read
from harness.tracking.settings import Off, tracking_uri

if TYPE_CHECKING:
    from harness.sweeping.expectations import Held


def plan(grid: Grid, settings: Settings) -> str:
    """Return what would be trained, without training or writing."""
    held = _held(settings)
    done = {} if settings.sweep.force else held
    missing = [point for point in grid.points if point.fingerprint not in done]
    arms = len({point.arm for point in grid.points})
    lines = [f"{len(grid.points):,} runs of {arms} arms, {len(grid.points) - len(missing):,} of them done"]
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
    return "\n".join([*lines, *_expected(grid, settings, held)])


def _held(settings: Settings) -> "Held":
    """Return the study's runs that the store holds as finished, with what its claims ask of them."""
    study, tracking = settings.study, settings.tracking
    wanted: list[str] = []
    if study.claims:
        # SciPy's statistics take a second to import.
        from harness.sweeping.expectations import columns

        wanted = columns(study.claims, study.tune)
    if isinstance(tracking, Off) or (settings.sweep.force and not wanted):
        return {}
    return read.finished(tracking_uri(tracking.uri), study.name, wanted)


def _expected(grid: Grid, settings: Settings, held: "Held") -> list[str]:
    """Return what a plan says of the study's claims."""
    study = settings.study
    if not study.claims:
        return []
    from harness.sweeping.expectations import expectations

    return expectations(grid, study.claims, study.tune, held)
