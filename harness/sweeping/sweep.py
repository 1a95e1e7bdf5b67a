"""A sweep: what is not done yet is cut into pieces, trained leg by leg, written down and counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from harness.errors import why
from harness.sweeping.executors import Crew, crew
from harness.sweeping.grid import Point
from harness.sweeping.interrupting import Stop
from harness.sweeping.ledger import Ledger, ledger
from harness.sweeping.pieces import groups, pieces
from harness.sweeping.results import FAILED, Result, kept_columns, results
from harness.sweeping.saved import Saved
from harness.sweeping.scheduling import Schedule
from harness.sweeping.settings import Settings
from harness.tracking.background import Closed


class Progress(Protocol):
    """What a sweep tells about itself."""

    def start(self, total: int, done: int) -> None:
        """Say how many runs there are, and how many of them the store held already."""

    def leg(self, ended: Sequence[Result], seconds_left: float) -> None:
        """Say which runs ended in a leg, and about how long the others take."""

    def written(self, runs: int) -> None:
        """Say that the store has so many runs more; called from another thread."""

    def trained(self) -> None:
        """Say that nothing more is trained."""

    def close(self) -> None:
        """Say that no more follows."""


@dataclass(frozen=True)
class Swept:
    """How a sweep ended.

    Attributes
    ----------
    results : list of Result
        Of the points that have ended, in the grid's order.
    points : int
        How many the grid has.
    undelivered : int
        Runs that wait on disk, because the store could not be given them.
    unclosed : str or None
        In one line why the store does not know how the sweep ended; None: it does.
    stopped : str or None
        Why it ended, if not because everything was trained.
    broken : bool
        Whether it ended so because something went wrong.
    signal : int or None
        That which ended it.
    """

    results: list[Result]
    points: int
    undelivered: int = 0
    unclosed: str | None = None
    stopped: str | None = None
    broken: bool = False
    signal: int | None = None


def sweep(
    points: Sequence[Point],
    settings: Settings,
    arms: Sequence[str],
    tags: Mapping[str, str],
    progress: Progress,
) -> Swept:
    """Train the points that the store does not hold yet, and write each down as its leg ends.

    Parameters
    ----------
    arms : sequence of str
        The keys compared.
    tags : mapping of str to str
        The sweep's provenance.
    """
    with Stop(settings.sweep.seconds) as stop, crew(settings.executor) as workers:
        return sweep_with(workers, stop, points, settings, arms, tags, progress)


def sweep_with(
    workers: Crew,
    stop: Stop,
    points: Sequence[Point],
    settings: Settings,
    arms: Sequence[str],
    tags: Mapping[str, str],
    progress: Progress,
    *,
    known: Mapping[str, Result] | None = None,
    since: int | None = None,
) -> Swept:
    """Sweep as `sweep` does, with workers and a limit that other sweeps of the command share.

    Parameters
    ----------
    known : mapping of str to Result
        Points that ended in an earlier sweep of the command, by fingerprint: none is trained again, be it
        that it failed, or that no store holds it.
    since : int or None
        When the training anew that `sweep.force` asks for began, in milliseconds since 1970; None: now.
    """
    with ExitStack() as opened:
        asked = ledger(points, settings, arms, tags, progress.written, since)
        book, ended = opened.enter_context(asked)
        ended |= known or {}
        missing = [point for point in points if point.fingerprint not in ended]
        saved = Saved(book.states)
        progress.start(len(points), len(ended))
        broken = None
        try:
            shared = Path(opened.enter_context(TemporaryDirectory(prefix="harness-")))
            schedule = _schedule(missing, workers, saved, stop, shared)
            broken = _train(schedule, book, ended, kept_columns(settings), progress)
        except OSError as error:
            broken = why(error)
        except KeyboardInterrupt:
            if not stop.interrupted or stop.insisted:
                raise
        finally:
            progress.trained()
            totals = Counter(each.outcome for each in ended.values())
            # Who asks twice does not wait: what is finished lies on the disk.
            end = Closed() if stop.insisted else book.close(_status(totals, len(points)), totals)
            progress.close()
        if len(ended) == len(points):
            saved.clear()
    over = [ended[point.fingerprint] for point in points if point.fingerprint in ended]
    stopped = broken or stop.reason
    return Swept(over, len(points), end.waiting, end.why, stopped, broken is not None, stop.signal)


def _schedule(missing: Sequence[Point], workers: Crew, saved: Saved, stop: Stop, shared: Path) -> Schedule:
    """Return what is to be trained, from where it stands, by as many workers as that keeps busy."""
    resumed, fresh = saved.resume(missing)
    stacked = groups(fresh)
    seconds = sum(each.seconds for each in stacked) + sum(each.seconds_left for each in resumed)
    fitting = workers.fitting(len(missing), seconds)
    fitting = fitting.sharing((point.run.dataset for point in missing), shared)
    return Schedule([*resumed, *pieces(stacked, fitting.workers, fitting.memory)], fitting, saved, stop)


def _train(
    schedule: Schedule, book: Ledger, ended: dict[str, Result], columns: Sequence[str], progress: Progress
) -> str | None:
    """Train, and add to `ended` what does; return what keeps the store from being written to, if anything."""
    with closing(schedule.train()) as legs:
        for piece, advanced in legs:
            book.put(piece, advanced)
            found = results(piece, advanced, columns)
            ended |= found
            progress.leg([*found.values()], schedule.seconds_left)
            if book.error is not None:
                return str(book.error)
    return None


def _status(totals: Counter[str], points: int) -> str:
    """Return how MLflow calls the end of a sweep."""
    if totals.total() < points:
        return "KILLED"
    return "FAILED" if totals[FAILED] else "FINISHED"
