"""Pieces go through workers leg by leg: begun ones first, the longest next, lost ones again."""

import logging
from bisect import insort
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import nullcontext
from dataclasses import replace

from harness.sweeping.executors import Crew
from harness.sweeping.interrupting import Stop
from harness.sweeping.isolating import Advanced, Failure, Task, carry_out, failure
from harness.sweeping.pieces import Piece, halved, spread
from harness.sweeping.saved import Saved
from harness.sweeping.settings import Serial

POLL_SECONDS = 0.2
"""How soon a signal is noticed."""

Done = tuple[Piece, list[Advanced]]

log = logging.getLogger(__name__)


class Schedule:
    """What is to be trained, and what is under way.

    Parameters
    ----------
    pieces : sequence of Piece
    crew : Crew
    saved : Saved
        Keeps the states between legs.
    stop : Stop
        Nothing is begun once it is asked for.
    """

    def __init__(self, pieces: Sequence[Piece], crew: Crew, saved: Saved, stop: Stop) -> None:
        self.crew = crew
        self.saved = saved
        self.stop = stop
        self._following = sorted(pieces, key=_urgency)
        self._waiting: dict[Future[list[Advanced]], Piece] = {}
        self._told = 0.0
        self._seconds = self._expected = 0.0

    @property
    def seconds_left(self) -> float:
        """Return about how long the rest takes, by how long what is done took."""
        left = self._told + sum(piece.seconds_left for piece in [*self._following, *self._waiting.values()])
        pace = self._seconds / self._expected if self._expected else 1.0
        return left * pace / self.crew.workers

    def train(self) -> Generator[Done, None, None]:
        """Yield each piece with what a leg made of it, until nothing is left or the sweep stops.

        What goes on is saved only after that: whoever takes the rows has them by then.
        """
        while self._following and not self.stop.asked:
            lost = yield from self._together()
            # A worker that dies takes the pool with it, and nobody can tell which piece killed it:
            # what was under way then trains alone; what had not begun goes on in a fresh pool.
            if lost and not self.stop.asked:
                yield from self._one_at_a_time(lost)

    def _together(self) -> Generator[Done, None, list[Piece]]:
        """Train what follows side by side, until none is left or the pool breaks; return what that lost."""
        lost: list[Piece] = []
        broken = False
        with self.crew.together() as executor:
            while not self.stop.interrupted:
                broken = broken or self._submit(executor)
                if not self._waiting:
                    return lost
                ended = wait(self._waiting, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED).done
                for future in ended:
                    piece = self._waiting.pop(future)
                    error = _error(future)
                    if self.crew.died(error):
                        broken = broken or isinstance(error, BrokenExecutor)
                        lost.append(piece)
                    else:
                        advanced = self._advanced(piece, future)
                        yield piece, advanced
                        self._go_on(piece, advanced)
            raise KeyboardInterrupt
        return lost

    def _submit(self, executor: Executor) -> bool:
        """Give every worker a piece, and one to wait; return whether the pool turned out to be broken."""
        room = 1 if self.crew.here else self.crew.workers + 1
        while self._following and len(self._waiting) < room and not self.stop.asked:
            piece = self._following[-1]
            # In this process a leg may take long: a signal is not to wait for its end.
            with self.stop.raising() if self.crew.here else nullcontext():
                try:
                    future = executor.submit(carry_out, self._task(piece))
                except BrokenExecutor:
                    return True
            self._waiting[future] = self._following.pop()
        return False

    def _go_on(self, piece: Piece, advanced: Sequence[Advanced]) -> None:
        """Save what goes on and put it in line, in parts if a worker would be idle."""
        going_on = self.saved.keep(piece, advanced)
        self._told = 0.0
        if going_on:
            idle = 0 if self._following else self.crew.workers - len(self._waiting)
            parts = spread(going_on, idle)
            log.info("leg %d of %s: %d runs go on", piece.leg + 1, piece.stack, _runs(parts))
            for part in parts:
                insort(self._following, part, key=_urgency)

    def _one_at_a_time(self, lost: Sequence[Piece]) -> Iterator[Done]:
        """Train a leg of each piece alone; split what kills its worker, and fail a run that always does."""
        trying = list(lost)
        while trying and not self.stop.asked:
            log.warning("a worker died: %d runs train apart from the others", _runs(trying))
            with self.crew.alone() as executor:
                broken = False
                while trying and not broken and not self.stop.asked:
                    piece = trying.pop(0)
                    try:
                        future = executor.submit(carry_out, self._task(piece))
                    except BrokenExecutor:
                        trying.insert(0, piece)
                        broken = True
                        continue
                    while not wait([future], timeout=POLL_SECONDS).done:
                        if self.stop.interrupted:
                            raise KeyboardInterrupt
                    error = _error(future)
                    if error is None or not self.crew.died(error):
                        advanced = self._advanced(piece, future)
                        yield piece, advanced
                        self._go_on(piece, advanced)
                        continue
                    broken = True
                    # Behind the others: they may be innocent, and are done first.
                    if len(piece.points) > 1:
                        trying += halved(piece)
                    elif (died := piece.deaths + 1) < self._retries:
                        trying.append(replace(piece, deaths=died))
                    else:
                        reason = Failure(_died(died), failure(error).traceback)
                        yield piece, [Advanced(piece.fingerprints, [reason])]
                        self.saved.keep(piece, [])
        for piece in trying:
            insort(self._following, piece, key=_urgency)

    def _advanced(self, piece: Piece, future: "Future[list[Advanced]]") -> list[Advanced]:
        """Return what a worker delivered; what could not be delivered fails the whole piece."""
        error = future.exception()
        if error is not None:
            return [Advanced(piece.fingerprints, [failure(error)] * len(piece.points))]
        advanced = future.result()
        self._seconds += sum(each.seconds for each in advanced)
        self._expected += sum(each.expected for each in advanced)
        self._told = sum(each.seconds_left for each in advanced)
        return advanced

    @property
    def _retries(self) -> int:
        choice = self.crew.choice
        return 1 if isinstance(choice, Serial) else choice.retries

    def _task(self, piece: Piece) -> Task:
        return Task(
            tuple(point.run for point in piece.points),
            piece.fingerprints,
            None if piece.saved is None else piece.saved.read_bytes(),
            self.crew.choice.leg,
            self.stop.until,
        )


def _error(future: "Future[list[Advanced]]") -> BaseException | None:
    if future.cancelled():
        # Nobody here cancels one and waits for it.
        raise ConnectionError("the scheduler of the cluster went away")
    return future.exception()


def _died(attempts: int) -> str:
    times = "once" if attempts == 1 else f"{attempts} times"
    return f"its worker process died {times} while it trained alone (killed, out of memory or crashed)"


def _urgency(piece: Piece) -> tuple[bool, float]:
    # What was begun is ended first: whoever stops a sweep has whole runs then, not halves of many.
    return piece.leg > 0, piece.seconds_left


def _runs(pieces: Sequence[Piece]) -> int:
    return sum(len(piece.points) for piece in pieces)
