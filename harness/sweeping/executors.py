"""Executors: where stacks train. All have the interface of concurrent.futures."""

import os
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from threading import Thread
from typing import Any

from harness.sweeping.settings import Processes, Serial

WATCH_SECONDS = 1.0
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


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


def worker_count(choice: Serial | Processes, stacks: int) -> int:
    """Return how many workers train `stacks` stacks."""
    if isinstance(choice, Serial):
        return 1
    return max(1, min(choice.workers or os.cpu_count() or 1, stacks))


def open_executor(choice: Serial | Processes, stacks: int) -> Executor:
    """Return the executor that a configuration asks for; results do not depend on it."""
    workers = worker_count(choice, stacks)
    return InProcess() if workers == 1 else process_pool(workers)


def process_pool(workers: int) -> Executor:
    """Return worker processes that end with this one.

    One that dies breaks the pool: every call not delivered yet raises BrokenExecutor.
    """
    from joblib.externals.loky import ProcessPoolExecutor

    pool: Executor = ProcessPoolExecutor(
        max_workers=workers, env=ONE_THREAD, initializer=end_with_parent, initargs=(os.getpid(),)
    )
    return pool


def end_with_parent(parent: int) -> None:
    """Make this worker end when the process that started it does, however it does.

    A worker whose parent was killed would train on, and then wait for work for ever.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH_SECONDS)
        os._exit(1)

    Thread(target=watch, name="watch", daemon=True).start()
