"""Timings: contenders take turns within each repetition, so that a noisy machine disturbs all alike."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from statistics import median, quantiles
from typing import Any

from benchmarks.cells import Cell
from benchmarks.lineup import Contender
from benchmarks.tasks import PIECE_SECONDS, STACKS_A_CORE, Task
from benchmarks.workers import Missing, Ready, Took, Worker, cores_here

REPETITIONS = 5
FEW_REPETITIONS = 3
LONG_SECONDS = 1.0
STANDARD_SECONDS = 0.2
ALL_CORES_SECONDS = 0.4
SWEEP_EPOCHS = {1: 5, 32: 30, None: 30}


@dataclass(frozen=True)
class Timing:
    """What an update of one run costs a contender.

    Attributes
    ----------
    microseconds : tuple of float
        One a repetition; empty where the contender is `missing`.
    setup_seconds : float
        What a call costs once, taken off: copying the state, laying out samples.
    share : float
        Of the clock's time that the process had the core; below 1 somebody else used it too.
    missing : str or None
        Why there are no numbers.
    """

    cell: Cell
    contender: Contender
    microseconds: tuple[float, ...] = ()
    runs: int = 0
    updates: int = 0
    compile_seconds: float = 0.0
    setup_seconds: float = 0.0
    share: float = 1.0
    missing: str | None = None

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """Return lower quartile, median and upper quartile of `microseconds`."""
        low, middle, high = quantiles(self.microseconds, n=4, method="inclusive")
        return low, middle, high

    @property
    def median(self) -> float:
        """Return the median of `microseconds`."""
        return self.quartiles[1]


class Team:
    """The processes in which one contender trains; contenders of one kind take turns in them."""

    def __init__(self, contender: Contender, workers: Sequence[Worker]) -> None:
        self.contender = contender
        self.workers = workers

    def prepare(self, task: Task) -> Ready | Missing:
        """Have every worker prepare the task."""
        answers = self._all("prepare", task)
        ready = [answer for answer in answers if isinstance(answer, Ready)]
        if len(ready) < len(answers):
            return next(answer for answer in answers if isinstance(answer, Missing))
        return Ready(
            sum(answer.runs for answer in ready),
            ready[0].updates,
            max(answer.compile_seconds for answer in ready),
            ready[0].idle_updates,
        )

    def train(self, task: Task) -> Took | Missing:
        """Have every worker train at the same time; the slowest counts."""
        answers = self._all("train", task)
        gone = [answer for answer in answers if isinstance(answer, Missing)]
        return gone[0] if gone else max(answers, key=lambda took: took.wall)

    def forget(self) -> None:
        """Have every worker let go of what it prepared."""
        for worker in self.workers:
            worker.ask("forget")

    def _all(self, order: str, task: Task) -> list[Any]:
        for worker in self.workers:
            worker.ask(order, task)
        return [worker.answer() for worker in self.workers]


@contextmanager
def teams(contenders: Sequence[Contender]) -> Iterator[list[Team]]:
    """Start the processes of all contenders, and end them."""
    cores = cores_here()
    made: dict[tuple[str, int, int], list[Worker]] = {}
    try:
        for one in contenders:
            workers = made.setdefault((one.family, one.processes, one.cores), [])
            # From the last core on: everybody else's processes start on the first.
            held = [cores] if one.cores > 1 else [[core] for core in cores[::-1][: one.processes]]
            workers += [Worker(each) for each in held[len(workers) :]]
        yield [Team(one, made[one.family, one.processes, one.cores]) for one in contenders]
    finally:
        for worker in (worker for workers in made.values() for worker in workers):
            worker.close()


def measure(cell: Cell, taking_part: Sequence[Team], repetitions: int = REPETITIONS) -> list[Timing]:
    """Return a timing for each team, in order."""
    tasks = {team: _task(cell, team.contender) for team in taking_part}
    ready = {team: team.prepare(task) for team, task in tasks.items()}
    took: dict[Team, list[Took]] = {team: [] for team in taking_part}
    for repetition in range(repetitions):
        for team, task in tasks.items():
            if isinstance(ready[team], Missing):
                continue
            long = len(took[team]) and took[team][0].wall > LONG_SECONDS
            if long and repetition >= FEW_REPETITIONS:
                continue
            result = team.train(task)
            if isinstance(result, Missing):
                ready[team] = result
            else:
                took[team].append(result)
    for team in taking_part:
        team.forget()
    return [timing(cell, team.contender, ready[team], took[team]) for team in taking_part]


def _task(cell: Cell, contender: Contender) -> Task:
    if contender.alone:
        seconds = STANDARD_SECONDS if cell.standard else PIECE_SECONDS
        return Task(cell, contender.family, contender.stack, seconds=seconds)
    stack = contender.stack
    if contender.family == "sklearn":
        stack *= STACKS_A_CORE * contender.cores  # Some runs for each of its workers.
    # A sweep's rows and control readings belong to it, so it trains as long as one does by default.
    epochs = SWEEP_EPOCHS[cell.batch] if contender.family == "sweep" else 0
    updates = epochs * ceil(cell.samples / cell.batch_size) or None
    return Task(cell, contender.family, stack, contender.cores, ALL_CORES_SECONDS, updates)


def timing(cell: Cell, contender: Contender, ready: Ready | Missing, took: Sequence[Took]) -> Timing:
    """Return what the repetitions come to; of one core the processor's seconds, else the clock's."""
    if isinstance(ready, Missing):
        return Timing(cell, contender, missing=ready.reason)
    each = [1e6 / (ready.runs * ready.updates) * (one.cpu if contender.alone else one.wall) for one in took]
    within = ready.idle_updates * ready.runs * median(each) / 1e6
    return Timing(
        cell,
        contender,
        tuple(each),
        ready.runs,
        ready.updates,
        ready.compile_seconds,
        max(0.0, median(one.setup for one in took) - within),
        sum(one.cpu for one in took) / sum(one.wall for one in took) if contender.alone else 1.0,
    )
