"""A sweep in two stages: the tuning runs first, then the reported ones at the value that their arm chose."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan
from pathlib import Path

from harness.errors import StoreError, why
from harness.files import write
from harness.sweeping.describing import grid_hash
from harness.sweeping.executors import crew
from harness.sweeping.grid import Point
from harness.sweeping.interrupting import Stop
from harness.sweeping.ledger import finished
from harness.sweeping.results import FAILED, Result
from harness.sweeping.settings import Settings
from harness.sweeping.study import Tune
from harness.sweeping.sweep import Progress, Swept, sweep_with
from harness.tracking import read
from harness.tracking.settings import MLflow, Off, spool_folder, states_folder, tracking_uri
from harness.tracking.spool import under_way

MOST_NAMED = 5
FORCED = "forced-stages"
"""The file that says since when both stages of a command are trained anew."""


@dataclass(frozen=True)
class Choice:
    """The tuned value of an arm.

    Attributes
    ----------
    value : float or None
        None: there is none.
    edge : bool
        It is the least or the greatest one that was tried.
    reason : str
        Why there is none, else empty.
    """

    arm: str
    value: float | None
    edge: bool
    reason: str


@dataclass(frozen=True)
class Stages:
    """What a sweep in two stages trains, as far as it is known.

    Attributes
    ----------
    tuning, reported : list of Point
        The reported ones at the value that their arm chose, else at the middle one: their cost is about
        the same.
    undecided : int
        Arms whose tuning runs have not all ended.
    """

    tuning: list[Point]
    reported: list[Point]
    undecided: int


def stages(points: Sequence[Point], tune: Tune, ended: Mapping[str, Result]) -> Stages:
    """Return what both stages train, by the tuning runs that have ended so far, by fingerprint."""
    tuning = [point for point in points if point.role == "tuning"]
    waiting = {point.arm for point in tuning if point.fingerprint not in ended}
    values: dict[str, float | None] = {
        each.arm: each.value for each in choices(tuning, tune, ended) if each.arm not in waiting
    }
    tried: dict[str, set[float]] = defaultdict(set)
    for point in tuning:
        tried[point.arm].add(_value(point, tune))
    middle = {arm: sorted(tried[arm])[len(tried[arm]) // 2] for arm in waiting}
    return Stages(tuning, _reported(points, tune, values | middle), len(waiting))


def choices(tuning: Iterable[Point], tune: Tune, ended: Mapping[str, Result]) -> list[Choice]:
    """Choose the tuned value of every arm, by those of its tuning runs that have ended."""
    rows = [
        {
            "arm": point.arm,
            "seed": point.run.seed,
            "role": point.role,
            "status": "FAILED" if ended[point.fingerprint].outcome == FAILED else "FINISHED",
            "outcome": ended[point.fingerprint].outcome,
            tune.over: _value(point, tune),
            tune.metric: ended[point.fingerprint].scores.get(tune.metric, nan),
        }
        for point in tuning
        if point.fingerprint in ended
    ]
    if not rows:
        return []
    # Imported here: with pandas and SciPy's statistics they take seconds.
    import pandas as pd

    from harness import choosing

    runs = pd.DataFrame(rows)
    points = choosing.sensitivity(runs, tune.over, tune.metric, seeds=tune.seeds)
    return [
        Choice(
            str(row["arm"]),
            float(row["value"]) if isfinite(row["value"]) else None,
            bool(row["edge"]),
            str(row["reason"]),
        )
        for row in choosing.choose(points, tune.metric).to_dict("records")
    ]


def told(made: Sequence[Choice], tune: Tune) -> str:
    """Return in a line which values were chosen, how many lie at an edge, and which arms have none."""
    counted = Counter(each.value for each in made if each.value is not None)
    edges = Counter(each.value for each in made if each.value is not None and each.edge)
    parts = [
        f"{value:g} by {_arms(count)}"
        + (f" ({edges[value]} at the edge of the grid)" if edges[value] else "")
        for value, count in sorted(counted.items())
    ]
    lost = [each for each in made if each.value is None]
    if lost:
        named = "; ".join(f"{each.arm} ({each.reason})" for each in lost[:MOST_NAMED])
        more = f"; and {len(lost) - MOST_NAMED:,} more" if len(lost) > MOST_NAMED else ""
        parts.append(f"none by {_arms(len(lost))}, not reported: {named}{more}")
    return f"chosen {key_name(tune.over)}: {', '.join(parts)}"


def key_name(key: str) -> str:
    """Return the last part of a key in words."""
    return key.rpartition(".")[2].replace("_", " ")


def sweep_in_stages(
    points: Sequence[Point],
    settings: Settings,
    arms: Sequence[str],
    tags: Callable[[], Mapping[str, str]],
    progress: Callable[[], Progress],
    tell: Callable[[str], None],
) -> tuple[list[Point], Swept]:
    """Sweep the tuning points, then those with the reported ones at the chosen value of their arm.

    Each stage is a sweep of a grid of its own, and both grids follow from `points` and the results: after
    a kill at any moment the same command trains what is missing and ends at the same grid. The second does
    not begin where the first one was stopped, or the store lacks some of it.

    Parameters
    ----------
    points : sequence of Point
        As `staged` accepts them: the reported ones at every value.
    tags, progress
        Called for each stage.
    tell : callable
        Called with a line between the stages.

    Returns
    -------
    list of Point
        The grid that was swept last.
    Swept
        Of both stages: where the second did not begin its runs are left.
    """
    tune = settings.study.tune
    assert tune is not None
    tuning = [point for point in points if point.role == "tuning"]
    with Stop(settings.sweep.seconds) as stop, crew(settings.executor) as workers:
        since = _since(tuning, settings)
        ended = _tuned(tuning, settings, since)
        first = Swept(list(ended.values()), len(tuning))
        if len(ended) < len(tuning):
            first = sweep_with(
                workers, stop, tuning, _without_models(settings), arms, tags(), progress(), since=since
            )
            ended = {each.point.fingerprint: each for each in first.results}
        asked = stages(points, tune, ended)
        if len(ended) < len(tuning) or stop.asked or first.unclosed or first.broken:
            stopped = first.stopped or stop.reason or "the store could not take the tuning runs"
            every = len(tuning) + len(asked.reported)
            return tuning, replace(first, points=every, stopped=stopped, signal=first.signal or stop.signal)
        tell(told(choices(tuning, tune, ended), tune))
        second = {point.fingerprint for point in asked.reported}
        grid = [point for point in points if point.role == "tuning" or point.fingerprint in second]
        swept = first
        if asked.reported:
            swept = sweep_with(
                workers, stop, grid, settings, arms, tags(), progress(), known=ended, since=since
            )
        if len(swept.results) == len(grid):
            _forget(tuning, settings)
    return grid, swept


def _tuned(tuning: Sequence[Point], settings: Settings, since: int | None) -> dict[str, Result]:
    """Return the tuning runs that the store holds, if it holds them all and knows how their sweep ended.

    Their sweep is not opened again then, so that the study's latest one stays the whole.
    """
    if isinstance(settings.tracking, Off):
        return {}
    uri = tracking_uri(settings.tracking.uri)
    if under_way(spool_folder(uri, grid_hash(tuning))):
        return {}
    ended = finished(tuning, settings, uri, since)
    return ended if len(ended) == len(tuning) else {}


def _since(tuning: Sequence[Point], settings: Settings) -> int | None:
    """Return when the training anew of both stages began that is under way, None where nothing is forced.

    Each stage's own mark is gone once it has ended: broken off in the second, the first would begin again.

    Raises
    ------
    StoreError
        If the store cannot be reached, or the disk not be written to.
    """
    if not settings.sweep.force or isinstance(settings.tracking, Off):
        return None
    read.reachable(tracking_uri(settings.tracking.uri))
    marker = _marker(tuning, settings.tracking)
    try:
        if not marker.exists():
            marker.parent.mkdir(parents=True, exist_ok=True)
            write(marker, str(int(time.time() * 1000)).encode())
        return int(marker.read_text())
    except OSError as error:
        raise StoreError(why(error)) from error


def _forget(tuning: Sequence[Point], settings: Settings) -> None:
    """Forget that something was forced: all of it has ended."""
    if isinstance(settings.tracking, Off):
        return
    marker = _marker(tuning, settings.tracking)
    marker.unlink(missing_ok=True)
    if marker.parent.is_dir() and not any(marker.parent.iterdir()):
        marker.parent.rmdir()


def _marker(tuning: Sequence[Point], tracking: MLflow) -> Path:
    return states_folder(tracking_uri(tracking.uri), grid_hash(tuning)) / FORCED


def _without_models(settings: Settings) -> Settings:
    """Return the settings of the first stage, in which no run is reported, and so none is a model."""
    if isinstance(settings.tracking, Off):
        return settings
    return replace(settings, tracking=replace(settings.tracking, models="none"))


def _reported(points: Sequence[Point], tune: Tune, values: Mapping[str, float | None]) -> list[Point]:
    return [
        point for point in points if point.role == "reported" and _value(point, tune) == values.get(point.arm)
    ]


def _value(point: Point, tune: Tune) -> float:
    return float(point.run.flat[tune.over])


def _arms(count: int) -> str:
    return f"{count:,} {'arm' if count == 1 else 'arms'}"
