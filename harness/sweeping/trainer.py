"""From configurations to records: runs of equal shape train as one stack."""

from collections.abc import Sequence
from math import isnan

from harness import engine
from harness.config import RunConfig
from harness.record import Record
from harness.sweeping.checks import compare_gradients
from harness.sweeping.legs import Paused, begin, train_leg
from harness.sweeping.preparing import prepared
from harness.sweeping.recording import record
from harness.sweeping.stacks import stacks


def train(runs: Sequence[RunConfig], *, check_gradients: bool = False) -> list[Record]:
    """Train every run, stacked wherever shapes allow, and return their records in order.

    Parameters
    ----------
    runs : sequence of RunConfig
        As `harness.compose` makes them.
    check_gradients : bool
        Compare backpropagation with finite differences first, for one run of every kind.

    Raises
    ------
    ConfigurationError
        If a gradient is wrong; nothing is trained then.
    """
    if check_gradients:
        compare_gradients(runs, [f"runs[{index}]" for index in range(len(runs))])
    records: list[Record | None] = [None] * len(runs)
    for stack in stacks(runs):
        trained = train_stack([runs[index] for index in stack])
        for index, left in zip(stack, trained, strict=True):
            records[index] = left
    return [left for left in records if left is not None]


def train_stack(runs: Sequence[RunConfig]) -> list[Record]:
    """Train runs that share everything but data, seeds and numbers, as one computation."""
    trained = train_leg(begin(prepared(runs)), None)
    return [found for found in ended(runs, trained) if found is not None]


def ended(runs: Sequence[RunConfig], trained: Paused) -> list[Record | None]:
    """Return the record of each run that has ended, None for the others."""
    left = engine.records(trained.state)
    alone = not isnan(trained.seconds)
    timing = {"timing": "alone", "seconds": trained.seconds} if alone else {"timing": "stack"}
    running = set(trained.running)
    return [
        None
        if member in running
        else record(
            run,
            trained.state.runs[member],
            left[member],
            trained.rows_of(member),
            trained.maps[member],
            timing,
        )
        for member, run in enumerate(runs)
    ]
