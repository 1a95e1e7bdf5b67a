"""Stacks go through workers; those whose worker died are trained again, one at a time."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait

from harness.record import Record
from harness.sweeping.executors import open_executor, process_pool, worker_count
from harness.sweeping.grid import Point
from harness.sweeping.isolating import Failure, failure, halves, train_isolated
from harness.sweeping.settings import Processes, Serial
from harness.sweeping.stacks import cost, stacks

Stack = Sequence[Point]
Outcomes = list[Record | Failure]


def train_points(points: Sequence[Point], choice: Serial | Processes) -> Iterator[tuple[Stack, Outcomes]]:
    """Yield each stack with what became of its runs, as it ends; longest first.

    A worker that dies takes the pool with it, and nobody can tell which stack killed it. What was
    underway then trains alone; what had not begun goes on together in a fresh pool.
    """
    groups = [[points[index] for index in group] for group in stacks([point.run for point in points])]
    groups.sort(key=lambda group: -cost([point.run for point in group]))
    following: deque[Stack] = deque(groups)
    while following:
        lost = yield from _together(following, choice, len(groups))
        if isinstance(choice, Processes):
            yield from _one_at_a_time(lost, choice.retries)


def _together(
    following: deque[Stack], choice: Serial | Processes, count: int
) -> Generator[tuple[Stack, Outcomes], None, list[Stack]]:
    """Train what follows side by side, until none is left or the pool breaks; return what that lost.

    Parameters
    ----------
    count : int
        Stacks of the sweep. Not those left: the last one would train in this process, which must
        not be what dies next.
    """
    room = worker_count(choice, count) + 1
    waiting: dict[Future[Outcomes], Stack] = {}
    lost: list[Stack] = []
    broken = False
    with open_executor(choice, count) as executor:
        while True:
            while following and len(waiting) < room and not broken:
                try:
                    future = executor.submit(train_isolated, [point.run for point in following[0]])
                except BrokenExecutor:
                    broken = True
                else:
                    waiting[future] = following.popleft()
            if not waiting:
                return lost
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                stack = waiting.pop(future)
                if isinstance(future.exception(), BrokenExecutor):
                    broken = True
                    lost.append(stack)
                else:
                    yield stack, _outcomes(stack, future)


def _one_at_a_time(lost: Sequence[Stack], retries: int) -> Iterator[tuple[Stack, Outcomes]]:
    """Train stacks in a pool of one; split what breaks it, and fail a run that does `retries` times."""
    trying = deque((stack, 1) for stack in lost)
    while trying:
        with process_pool(1) as executor:
            broken = False
            while trying and not broken:
                stack, attempt = trying.popleft()
                future = executor.submit(train_isolated, [point.run for point in stack])
                error = future.exception()
                if not isinstance(error, BrokenExecutor):
                    yield stack, _outcomes(stack, future)
                    continue
                broken = True
                # Behind the others: they may be innocent, and are done first.
                if len(stack) > 1:
                    trying.extend((half, 1) for half in halves(stack))
                elif attempt < retries:
                    trying.append((stack, attempt + 1))
                else:
                    yield stack, [Failure(_died(attempt), failure(error).traceback)]


def _died(attempts: int) -> str:
    times = "once" if attempts == 1 else f"{attempts} times"
    return f"its worker process died {times} while it trained alone (killed, out of memory or crashed)"


def _outcomes(stack: Stack, future: Future[Outcomes]) -> Outcomes:
    """Return what a worker delivered; what could not be delivered fails the whole stack."""
    error = future.exception()
    return future.result() if error is None else [failure(error)] * len(stack)
