"""Plans: what a sweep would train, told without training or writing."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.sweeping.estimates import estimate
from harness.sweeping.executors import crew
from harness.sweeping.grid import Grid, Point
from harness.sweeping.pieces import groups, pieces
from harness.sweeping.preparing import prepare
from harness.sweeping.results import Result
from harness.sweeping.settings import Settings
from harness.sweeping.staging import key_name, stages
from harness.sweeping.tunable import staged
from harness.tracking import read
from harness.tracking.settings import Off, tracking_uri

if TYPE_CHECKING:
    from harness.sweeping.expectations import Held


def plan(grid: Grid, settings: Settings) -> str:
    """Return what would be trained, without training or writing."""
    held = _held(settings)
    done = {} if settings.sweep.force else held
    parts, staging = _stages(grid.points, settings, done)
    asked = [point for part in parts for point in part]
    missing = [point for point in asked if point.fingerprint not in done]
    arms = len({point.arm for point in grid.points})
    lines = [f"{len(asked):,} runs of {arms} arms, {len(asked) - len(missing):,} of them done", *staging]
    if grid.excluded or grid.unsampled:
        lines.append(f"left out: {grid.excluded:,} by exclusions, {grid.unsampled:,} by the sample")
    stacked = [
        group
        for part in parts
        for group in groups([point for point in part if point.fingerprint not in done])
    ]
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


def _stages(points: Sequence[Point], settings: Settings, done: "Held") -> tuple[list[list[Point]], list[str]]:
    """Return the points by the stage that trains them, and the line that says so where there are two."""
    tune = settings.study.tune
    if tune is None or not staged(points, tune):
        return [list(points)], []
    ended = {
        point.fingerprint: Result(point, *done[point.fingerprint], trained_now=False)
        for point in points
        if point.fingerprint in done
    }
    found = stages(points, tune, ended)
    key = key_name(tune.over)
    line = (
        f"first {len(found.tuning):,} tuning runs, then {len(found.reported):,} reported ones, each arm at "
        f"the {key} that it chose"
    )
    if found.undecided:
        line += f" (of {found.undecided:,} arms not known yet: planned at their middle one)"
    return [found.tuning, found.reported], [line]


def _held(settings: Settings) -> "Held":
    """Return the study's runs that the store holds as finished, with what its claims ask of them."""
    study, tracking = settings.study, settings.tracking
    wanted = [study.tune.metric] if study.tune is not None else []
    if study.claims:
        # SciPy's statistics take a second to import.
        from harness.sweeping.expectations import columns

        wanted = list(dict.fromkeys([*columns(study.claims, study.tune), *wanted]))
    if isinstance(tracking, Off) or (settings.sweep.force and not study.claims):
        return {}
    return read.finished(tracking_uri(tracking.uri), study.name, wanted)


def _expected(grid: Grid, settings: Settings, held: "Held") -> list[str]:
    """Return what a plan says of the study's claims."""
    study = settings.study
    if not study.claims:
        return []
    from harness.sweeping.expectations import expectations

    return expectations(grid, study.claims, study.tune, held, study.target)
