"""A run that raises fails alone: its stack is trained again in parts, until only it is left."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from harness.config import RunConfig
from harness.record import Record
from harness.sweeping.trainer import train_stack

T = TypeVar("T")


@dataclass(frozen=True)
class Failure:
    """What is left of a run that could not be trained.

    Strings, not the exception: one that cannot be unpickled would break the pool it comes through.

    Attributes
    ----------
    reason : str
        One line.
    traceback : str
    """

    reason: str
    traceback: str


def failure(error: BaseException) -> Failure:
    """Return what is kept of an exception."""
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    return Failure(reason, "".join(traceback.format_exception(error)))


def train_isolated(runs: Sequence[RunConfig]) -> list[Record | Failure]:
    """Train a stack; if it raises, train its halves, so that only the runs that raise alone fail.

    By the law of the stack the others lose nothing but time.
    """
    try:
        return [*train_stack(runs)]
    except Exception as error:
        if len(runs) == 1:
            return [failure(error)]
    # Outside the handler: inside, the traceback would keep the arrays of the whole stack.
    return [outcome for half in halves(runs) for outcome in train_isolated(half)]


def halves(whole: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """Return the first and the second half of at least two things."""
    middle = len(whole) // 2
    return whole[:middle], whole[middle:]
