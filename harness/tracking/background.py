"""Writing in the background: a thread owns the writer, so that training never waits for MLflow."""

from collections.abc import Callable, Mapping, Sequence
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING

from harness.record import Record

if TYPE_CHECKING:
    from harness.tracking.writer import Header, Writer

WAITING_STACKS = 16

Job = Callable[["Writer"], None]


class Background:
    """Takes finished stacks and writes them in order of arrival.

    Parameters
    ----------
    connect : callable
        Makes the writer. It is called in the thread: importing MLflow and making a fresh store
        take seconds.
    written : callable
        Called with each run's index once it is in the store.
    """

    def __init__(self, connect: Callable[[], "Writer"], written: Callable[[], None]) -> None:
        self._connect = connect
        self._written = written
        self._jobs: Queue[Job | None] = Queue(WAITING_STACKS)
        self._error: BaseException | None = None
        self._thread = Thread(target=self._work, name="tracking", daemon=True)
        self._thread.start()

    def write(self, history: str, headers: Sequence["Header"], records: Sequence[Record]) -> None:
        """Write a stack's runs; `history` names the artifact that keeps their rows."""

        def job(writer: "Writer") -> None:
            run_ids = [writer.begin(header, history) for header in headers]
            tables = {run_id: record.columns for run_id, record in zip(run_ids, records, strict=True)}
            writer.append(history, tables)
            drawn = zip(run_ids, records, strict=True)
            if maps := {run_id: record.maps for run_id, record in drawn if record.maps}:
                writer.draw(history, maps)
            for run_id, header, record in zip(run_ids, headers, records, strict=True):
                writer.finish(run_id, header, record)
                self._written()

        self._put(job)

    def fail(self, header: "Header", reason: str, traceback: str) -> None:
        """Write a run that could not be trained."""

        def job(writer: "Writer") -> None:
            writer.fail(header, reason, traceback)
            self._written()

        self._put(job)

    def close(self, status: str, totals: Mapping[str, int]) -> None:
        """Wait until everything is written, close the sweep, and raise what went wrong, if it did."""
        self._put(lambda writer: writer.close(status, totals))
        self._put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _put(self, job: Job | None) -> None:
        if self._error is not None and job is not None:
            raise self._error
        self._jobs.put(job)

    def _work(self) -> None:
        try:
            writer = self._connect()
            while (job := self._jobs.get()) is not None:
                job(writer)
        except BaseException as error:
            self._error = error
            # Whoever is putting must not wait for a thread that has gone.
            while self._jobs.get() is not None:
                pass
