"""The ledger of a sweep: what the store holds already, and what it is given as legs end."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from harness.errors import ConfigurationError, StoreError, why
from harness.files import write
from harness.record import Record
from harness.sweeping.best_runs import BestRuns
from harness.sweeping.describing import header, sweep_document
from harness.sweeping.grid import Point
from harness.sweeping.isolating import Advanced, Failure, Standing
from harness.sweeping.pieces import Piece
from harness.sweeping.results import Result, kept_columns, model_criterion
from harness.sweeping.saved import FORCED, Saved
from harness.sweeping.settings import Settings
from harness.tracking import read
from harness.tracking.background import Background, Closed
from harness.tracking.batches import Batch, Ended, Failed, Header, Sweep, Underway
from harness.tracking.candidates import Candidates
from harness.tracking.delivering import DeliveryError, deliver_all
from harness.tracking.leases import Lease, refuse_if_held
from harness.tracking.settings import (
    Off,
    masked,
    models_folder,
    points_for,
    spool_folder,
    states_folder,
    tracking_uri,
)
from harness.tracking.spool import Spool

if TYPE_CHECKING:
    from harness.tracking.writer import Writer


class Ledger:
    """Where the legs of a sweep are written down.

    Parameters
    ----------
    background : Background or None
        None: nowhere.
    states : Path
        The folder for saved states.
    best : BestRuns or None
        Keeps the weights of what may become a model; None: nothing does.
    """

    def __init__(self, background: Background | None, states: Path, best: BestRuns | None = None) -> None:
        self._background = background
        self.states = states
        self._best = best

    def put(self, piece: Piece, advanced: Sequence[Advanced]) -> None:
        """Write down what a leg made of a piece: on disk at once, in the store when it has time.

        Raises
        ------
        OSError
            If the disk is full.
        """
        if self._background is None:
            return
        points = {point.fingerprint: point for point in piece.points}
        if self._best is not None:
            # Before the runs count as done: who is killed between the two trains them again.
            self._best.consider(points, advanced)
        runs = [
            _told(header(points[mark]), result, each)
            for each in advanced
            for mark, result in zip(each.fingerprints, each.results, strict=True)
        ]
        self._background.put(Batch(history=f"histories/{piece.stack}-{piece.leg + 1}.parquet", runs=runs))

    @property
    def error(self) -> DeliveryError | None:
        """Return what keeps the store from being written to for good, None while all is well."""
        return None if self._background is None else self._background.error

    def close(self, status: str, totals: Mapping[str, int]) -> Closed:
        """Wait until the store has everything; return what it could not be given, and why."""
        if self._background is None:
            return Closed()
        if self._best is not None and status != "KILLED":
            self._best.choose()
        try:
            return self._background.close(status, totals)
        except OSError as error:
            # The disk is so full that not even this can be noted: what it holds of runs waits.
            return Closed(max(1, self._background.spool.runs_waiting()), why(error))


@contextmanager
def ledger(
    points: Sequence[Point],
    settings: Settings,
    arms: Sequence[str],
    tags: Mapping[str, str],
    written: Callable[[int], None],
    since: int | None = None,
) -> Iterator[tuple[Ledger, dict[str, Result]]]:
    """Yield the ledger of a grid, and what the store holds of it already.

    What earlier sweeps could not deliver is delivered first. With nothing left
    to train too the sweep is written down: a report is of the grid that was asked for last.

    Parameters
    ----------
    written : callable
        Called with a number of runs once the store has them, in another thread.
    since : int or None
        Runs that began then or later are not forced again, in milliseconds since 1970; None: from now on.

    Raises
    ------
    ConfigurationError
        If another process, of this machine or elsewhere, is training the same grid, or runs of it wait for
        another store.
    StoreError
        If the store cannot be reached, or the disk beside it not be written to.
    """
    if isinstance(settings.tracking, Off):
        with TemporaryDirectory() as scratch:
            yield Ledger(None, Path(scratch)), {}
        return
    uri = tracking_uri(settings.tracking.uri)
    # First of all: where the store cannot be reached, nothing is written.
    read.reachable(uri)
    about = sweep_document(points, settings, arms, tags)
    folder = spool_folder(uri, about.grid)
    refuse_if_held(uri, about.experiment, about.grid, folder)
    deliver_all(uri)
    kept = points_for(settings.tracking.points, len(points))
    states = states_folder(uri, about.grid)
    with ExitStack() as opened:
        try:
            spool = Spool(folder)
            opened.enter_context(spool.lock())
            if spool.waiting():
                raise ConfigurationError(
                    f"tracking.uri = {masked(uri)}: runs of this grid wait in {spool.folder} for another "
                    "store; allowed: that one, or python -m harness.tracking deliver --uri ..."
                )
            candidates = Candidates(models_folder(spool.folder))
            ended = finished(points, settings, uri, _forced(settings, states, candidates, since))
            spool.describe(about, uri, kept)
        except OSError as error:
            raise StoreError(why(error)) from error
        connect = partial(_connect, uri, about, kept, Lease(about.grid, folder))
        background = Background(connect, spool, written)
        best = None
        if settings.tracking.models == "best":
            best = BestRuns(candidates, model_criterion(settings), ended.values())
        yield Ledger(background, states, best), ended


def _forced(settings: Settings, states: Path, candidates: Candidates, since: int | None) -> int | None:
    """Return when the training anew began that is still under way, None where nothing is forced.

    A sweep that was broken off goes on with the same command, also where that says `sweep.force`.
    """
    if not settings.sweep.force:
        return None
    marker = states / FORCED
    if not marker.exists():
        Saved(states).clear()
        candidates.clear()
        states.mkdir(parents=True, exist_ok=True)
        write(marker, str(int(time.time() * 1000) if since is None else since).encode())
    return int(marker.read_text())


def finished(points: Sequence[Point], settings: Settings, uri: str, since: int | None) -> dict[str, Result]:
    """Return the points that the store holds as finished, by fingerprint.

    Runs count only if they began at `since` or later, in milliseconds since 1970; None: all do.
    """
    held = read.finished(uri, settings.study.name, kept_columns(settings), since=since)
    return {
        point.fingerprint: Result(point, *held[point.fingerprint], trained_now=False)
        for point in points
        if point.fingerprint in held
    }


def _told(about: Header, result: Record | Failure | Standing, leg: Advanced) -> Ended | Failed | Underway:
    if isinstance(result, Failure):
        return Failed(header=about, reason=result.reason, traceback=result.traceback)
    if isinstance(result, Record):
        return Ended(header=about, record=result, since=leg.since, planned=leg.planned)
    return Underway(header=about, columns=result.columns, since=leg.since, planned=leg.planned)


def _connect(uri: str, about: Sweep, points: int, lease: Lease) -> "Writer":
    """Return the writer of a sweep; called in the tracking thread."""
    from harness.tracking.writer import Writer

    return Writer(uri, about, points, lease)
