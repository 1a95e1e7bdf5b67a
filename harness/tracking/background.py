"""Delivery in the background: a thread empties the spool, so that training never waits for MLflow."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING

from harness.tracking.batches import Batch
from harness.tracking.delivering import DeliveryError, GoneError, empty, explained, traced
from harness.tracking.leases import RENEW_SECONDS
from harness.tracking.settings import models_folder
from harness.tracking.spool import Closing, Spool

if TYPE_CHECKING:
    from harness.tracking.writer import Writer

RETRY_SECONDS = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Closed:
    """What the store lacks of a sweep that was to be closed.

    Attributes
    ----------
    waiting : int
        Runs that wait on disk.
    why : str or None
        In one line why the sweep is not closed; None: it is, and the store lacks nothing.
    """

    waiting: int = 0
    why: str | None = None


class Background:
    """Delivers batches in the order in which they were put, what an earlier process left first.

    What cannot be delivered stays in the spool: while the store is away it is tried again from time
    to time, and once more at the end; after any other error no more.

    Parameters
    ----------
    connect : callable
        Makes the writer. It is called in the thread, and again after each error: importing MLflow and
        making a fresh store take seconds.
    spool : Spool
        Locked by whoever calls.
    written : callable
        Called in the thread with the number of runs that ended or failed, once a batch is in the
        store.
    """

    def __init__(self, connect: Callable[[], "Writer"], spool: Spool, written: Callable[[int], None]) -> None:
        self._connect = connect
        self.spool = spool
        self._written = written
        self._writer: Writer | None = None
        self._closing: Closing | None = None
        self._error: DeliveryError | None = None
        self._why: str | None = None
        self._news = Event()
        self._news.set()
        self._thread = Thread(target=self._work, name="tracking", daemon=True)
        self._thread.start()

    @property
    def error(self) -> DeliveryError | None:
        """Return what stopped delivery for good, in one line; None while all is well or may become so."""
        return self._error

    def put(self, batch: Batch) -> None:
        """Keep a batch on this machine's disk, from where it is delivered.

        Raises
        ------
        OSError
            If the disk is full; nothing of the batch is kept.
        """
        self.spool.put(batch)
        self._news.set()

    def close(self, status: str, totals: Mapping[str, int]) -> Closed:
        """Deliver what waits, close the sweep, and return what the store lacks nevertheless.

        Parameters
        ----------
        status : str
            MLflow's: FINISHED, FAILED or KILLED.
        totals : mapping of str to int
            Runs by outcome.

        Raises
        ------
        OSError
            If the disk is full, so that nobody after us would know how the sweep ended.
        """
        closing = Closing(status, dict(totals), int(time.time() * 1000))
        try:
            self.spool.ask(closing)
        finally:
            self._closing = closing
            self._news.set()
            self._thread.join()
        return Closed(self.spool.runs_waiting(), self._why)

    def _work(self) -> None:
        pause = None
        while self._error is None:
            if pause is None:
                # With nothing to deliver too somebody elsewhere is to see that this launcher is alive.
                self._news.wait(RENEW_SECONDS)
            else:
                self._pause(pause)
            self._news.clear()
            closing = self._closing
            pause = RETRY_SECONDS if self._attempt(closing) else None
            if closing is not None:
                return

    def _pause(self, seconds: float) -> None:
        """Wait, however much is put meanwhile; only the end of the sweep is reason enough to hurry."""
        until = time.monotonic() + seconds
        while self._closing is None and (left := until - time.monotonic()) > 0:
            self._news.wait(left)
            self._news.clear()

    def _attempt(self, closing: Closing | None) -> bool:
        """Deliver what waits, and close the sweep where asked; return whether the store is away."""
        try:
            if self._writer is None:
                self._writer = self._connect()
            for line in empty(self.spool, self._writer, self._written):
                log.warning(line)
            if closing is not None:
                models = models_folder(self.spool.folder)
                self._writer.close(closing.status, closing.totals, closing.moment, models)
                self.spool.forget()
            self._why = None
        except Exception as error:
            # Whether the last request was carried out only the store knows: look again.
            self._writer = None
            found = explained(error, self.spool)
            self._why = found.why
            log.info("%s\n%s", found, traced(error))
            if isinstance(found, GoneError):
                return True
            self._error = found
        return False
