"""Executors: where stacks train. All have the interface of concurrent.futures."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any

import psutil

from harness.data.datasets import Dataset
from harness.data.loading import open_shared, share
from harness.sweeping.settings import Dask, Executing, Processes, Serial

WATCH_SECONDS = 1.0
START_SECONDS = 2.0
"""What a worker process takes to start: an interpreter, NumPy, scikit-learn."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
MEMORY_SHARE = 0.5
"""Of the memory that is free when a sweep starts: the rest is for samples and libraries."""


class InProcess(Executor):
    """Carries a call out at once, in the calling thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Return a future that is already done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@dataclass(frozen=True)
class Crew:
    """The workers of a sweep.

    Attributes
    ----------
    workers : int
        How many train side by side.
    memory : float
        Bytes that their stacks may take together.
    client : distributed.Client or None
        Of a Dask cluster.
    shared : Path or None
        The folder in which worker processes find large data sets.
    """

    choice: Executing
    workers: int
    memory: float
    client: Any = None
    shared: Path | None = None

    @property
    def here(self) -> bool:
        """Return whether runs train in this very process."""
        return self.client is None and self.workers == 1

    def fitting(self, runs: int, seconds: float) -> "Crew":
        """Return as many workers as are worth it to train `runs` runs.

        Those that nobody asked for by number are started only where they save more than they cost.

        Parameters
        ----------
        seconds : float
            About how long one worker trains all of them.
        """
        worth = self.workers
        if isinstance(self.choice, Processes) and self.choice.workers is None:
            worth = min(worth, round(seconds / START_SECONDS))
        # What trains on a cluster trains there, be it a single run.
        return replace(self, workers=max(1, min(worth, runs)))

    def sharing(self, datasets: Iterable[Dataset], folder: Path) -> "Crew":
        """Return the crew with large data sets laid out in `folder`, if it has processes to read them."""
        if self.client is not None or self.here or not share(datasets, folder):
            return self
        return replace(self, shared=folder)

    def together(self) -> AbstractContextManager[Executor]:
        """Return an executor of all workers for a block; if that raises, its workers end at once."""
        return _ending(InProcess() if self.here else self._pool(self.workers))

    def alone(self) -> AbstractContextManager[Executor]:
        """Return an executor for one call after another, of which each may kill its worker."""
        return _ending(self._pool(1))

    def died(self, error: BaseException | None) -> bool:
        """Return whether a call ended because its worker died."""
        if isinstance(error, BrokenExecutor):
            return True
        if self.client is None:
            return False
        from distributed.scheduler import KilledWorker

        return isinstance(error, KilledWorker)

    def _pool(self, workers: int) -> Executor:
        """Return workers outside this process: so many of this machine, or those of the cluster."""
        if self.client is None:
            return process_pool(workers, self.shared)
        # Equal tasks are not one task: a leg is trained again on purpose.
        remote: Executor = self.client.get_executor(pure=False)
        return remote


@contextmanager
def _ending(executor: Executor) -> Iterator[Executor]:
    """Yield an executor and wait for what it does, unless the block raises: then that ends at once."""
    try:
        yield executor
    except BaseException:
        end(executor)
        raise
    executor.shutdown(wait=True)


def end(executor: Executor) -> None:
    """End an executor, and what it is doing as far as it can be ended."""
    from joblib.externals.loky import ProcessPoolExecutor

    if isinstance(executor, ProcessPoolExecutor):
        executor.shutdown(wait=True, kill_workers=True)
    else:
        executor.shutdown(wait=False)


@contextmanager
def crew(choice: Executing) -> Iterator[Crew]:
    """Yield the workers that a configuration asks for; results do not depend on them.

    Raises
    ------
    ConfigurationError
        If no Dask scheduler answers at the address, or it has no workers.
    """
    if isinstance(choice, Dask):
        from harness.sweeping.cluster import connected, slots

        with connected(choice.address) as client:
            yield Crew(choice, *slots(client, choice.address), client)
    else:
        free = MEMORY_SHARE * psutil.virtual_memory().available
        most = 1 if isinstance(choice, Serial) else choice.workers or os.cpu_count() or 1
        yield Crew(choice, most, free)


def process_pool(workers: int, shared: Path | None = None) -> Executor:
    """Return worker processes that end with this one, and find large data sets in the folder `shared`.

    One that dies breaks the pool: every call not delivered yet raises BrokenExecutor.
    """
    from joblib.externals.loky import ProcessPoolExecutor

    pool: Executor = ProcessPoolExecutor(
        max_workers=workers, env=ONE_THREAD, initializer=begin_worker, initargs=(os.getpid(), shared)
    )
    return pool


def begin_worker(parent: int, shared: Path | None) -> None:
    """Make this worker end when the process that started it does, however it does, and not before.

    A worker whose parent was killed would train on, and then wait for work for ever. Ctrl-C reaches
    all processes of a terminal: what becomes of the workers is for the launching one to say.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH_SECONDS)
        os._exit(1)

    Thread(target=watch, name="watch", daemon=True).start()
    if shared is not None:
        open_shared(shared)
