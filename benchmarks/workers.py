"""Worker processes: one a contender, its cores and threads settled before its library starts.

A worker waits, without using its core, until it is told to train; so contenders can take turns.
"""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter, process_time
from typing import Any

from benchmarks.tasks import Task

LIBRARIES = {"jax": "jax", "torch": "torch"}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
ONE_XLA_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


@dataclass(frozen=True)
class Took:
    """Seconds of one timing, on the clock and of the processor, less those of `setup`.

    A process with a core of its own has equal ones; where it shares the core, the second are its.
    """

    wall: float
    cpu: float
    setup: float


@dataclass(frozen=True)
class Ready:
    """What a worker has prepared: how many runs, and updates of each, one timing tells of."""

    runs: int
    updates: int
    compile_seconds: float
    idle_updates: int = 0


@dataclass(frozen=True)
class Missing:
    """Why a contender takes no part."""

    reason: str


class Worker:
    """A process that trains one task at a time on `cores`."""

    def __init__(self, cores: Sequence[int]) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        with _settled(cores):
            self.process = context.Process(target=serve, args=(theirs, len(cores)))
            self.process.start()
        theirs.close()

    def ask(self, order: str, task: Task | None = None) -> None:
        """Tell the worker to ``prepare``, ``train`` or ``forget``; it answers when it is done."""
        # Where it has ended, `answer` says so.
        with suppress(OSError):
            self.pipe.send((order, task))

    def answer(self) -> Any:
        """Wait for what the worker was told last: `Ready`, `Took` or `Missing`."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return Missing(f"its process ended with status {self.process.exitcode}")

    def close(self) -> None:
        """End the process."""
        self.pipe.close()
        self.process.join()


@contextmanager
def _settled(cores: Sequence[int]) -> Iterator[None]:
    """Hold this process to `cores` and their number of threads, for a child to inherit."""
    before = dict(os.environ)
    affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    os.environ.update(dict.fromkeys(THREADS, str(len(cores))), JAX_PLATFORMS="cpu")
    if len(cores) == 1:
        os.environ["XLA_FLAGS"] = f"{before.get('XLA_FLAGS', '')} {ONE_XLA_THREAD}".strip()
    try:
        if affinity is not None:
            os.sched_setaffinity(0, cores)
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        if affinity is not None:
            os.sched_setaffinity(0, affinity)


def cores_here() -> list[int]:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def serve(pipe: Connection, threads: int) -> None:
    """Carry out orders until the pipe closes."""
    from threadpoolctl import threadpool_limits

    trainers: dict[Task, Any] = {}
    answer: Ready | Took | Missing
    # Without the process that started it there is nobody left to tell anything.
    with suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        while True:
            order, task = pipe.recv()
            if order == "forget":
                _let_go(trainers)
                continue
            try:
                if order == "prepare":
                    module = import_module(f"benchmarks.contenders.{task.family}")
                    threadpool_limits(threads)
                    trainers[task] = module.trainer(task)
                    answer = _prepared(trainers[task])
                else:
                    answer = _timed(trainers[task])
            except ModuleNotFoundError as error:
                known = error.name == LIBRARIES.get(task.family)
                answer = Missing("not installed" if known else str(error))
            except Exception as error:
                answer = Missing(f"{type(error).__name__}: {error}".splitlines()[0])
            pipe.send(answer)
    _let_go(trainers)


def _let_go(trainers: dict[Task, Any]) -> None:
    for trainer in trainers.values():
        trainer.close()
    trainers.clear()


def _prepared(trainer: Any) -> Ready:
    # Once for the caches and whatever is made on first use.
    trainer.train()
    counted = trainer.updates - trainer.idle_updates
    return Ready(trainer.runs, counted, trainer.compile_seconds, trainer.idle_updates)


def _timed(trainer: Any) -> Took:
    gc.collect()
    idle_wall, idle_cpu = _seconds(trainer.idle)
    wall, cpu = _seconds(trainer.train)
    return Took(wall - idle_wall, cpu - idle_cpu, idle_cpu)


def _seconds(work: Callable[[], None]) -> tuple[float, float]:
    cpu, wall = process_time(), perf_counter()
    work()
    return perf_counter() - wall, process_time() - cpu
