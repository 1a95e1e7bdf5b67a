"""What a plan says of memory and time."""

import pytest

from harness import compose
from harness.engine.memory import stack_bytes
from harness.sweeping.estimates import duration, estimate, seconds, size
from harness.sweeping.preparing import prepare

SHORT = ["dataset=moons", "diagnostics.rows=5", "stopping.epochs=10"]


def test_a_stack_takes_longer_with_more_epochs_runs_units_and_rows() -> None:
    plain = seconds(prepare(compose(SHORT)), 8)
    for longer in (
        "stopping.epochs=20",
        "architecture.width=64",
        "dataset.samples=1000",
        "diagnostics.rows=50",
    ):
        assert seconds(prepare(compose([*SHORT, longer])), 8) > plain
    assert 1 < seconds(prepare(compose(SHORT)), 16) / plain < 2


def test_memory_is_that_of_the_largest_stack_in_every_worker() -> None:
    small, large = prepare(compose(SHORT)), prepare(compose([*SHORT, "architecture.width=500"]))
    peak = stack_bytes(large, 3)
    said = estimate([(small, 3), (large, 3)], 2)
    assert said.endswith(f"{size(2 * peak)} of arrays ({size(peak)} for the largest stack)")


def test_more_workers_help_until_the_longest_stack_alone_counts() -> None:
    stack = (prepare(compose(["stopping.epochs=20000"])), 10)
    one, two, many = (estimate([stack, stack], workers).split(" with")[0] for workers in (1, 2, 50))
    assert one != two == many


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.01, "1 second"), (2, "2 seconds"), (119, "119 seconds"), (120, "2 minutes"), (7200, "2 hours")],
)
def test_a_duration_is_in_a_unit_that_a_person_would_use(value: float, said: str) -> None:
    assert duration(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(1234, "1 kB"), (5.25e6, "5.2 MB"), (143e6, "143 MB"), (2e9, "2.0 GB")]
)
def test_a_size_is_in_the_largest_unit_of_which_there_is_one(value: float, said: str) -> None:
    assert size(value) == said
