"""What the engine says it will allocate, against what it allocates."""

import tracemalloc

import pytest

from harness import engine
from harness.engine.diagnostics import Diagnostics
from harness.engine.feeding import GD, SGD, Batch
from harness.engine.memory import stack_bytes, stack_parts
from harness.engine.stopping import Stopping
from harness.engine.update_rules import Adam, Momentum

OFF = Diagnostics(name="off", measures=())
SHORT = Stopping(epochs=2)

STACKS = {
    "mini-batches, several runs a tile": (
        12,
        {"samples": 300, "features": 64, "columns": 10},
        {"hidden": (32,), "feeding": Batch(), "stopping": SHORT},
    ),
    "one by one in float32": (
        20,
        {"samples": 200, "features": 30, "columns": 10, "dtype": "float32"},
        {"hidden": (32,), "feeding": SGD(), "stopping": Stopping(epochs=1), "dtype": "float32"},
    ),
    "all at once, a run a tile, many rows": (
        3,
        {"samples": 400, "features": 40, "columns": 10},
        {"hidden": (64, 64), "feeding": GD(), "stopping": Stopping(epochs=25)},
    ),
    "a run alone": (
        1,
        {"samples": 400, "features": 64, "columns": 10},
        {"hidden": (32,), "feeding": Batch(), "stopping": Stopping(epochs=3)},
    ),
    "a wide network under Adam": (
        5,
        {"samples": 100, "features": 100, "columns": 10},
        {"hidden": (200, 100), "feeding": Batch(), "update_rule": Adam(), "stopping": SHORT},
    ),
    "a deep network with momentum, unmeasured": (
        20,
        {"samples": 300, "features": 16, "columns": 3},
        {
            "hidden": (24,) * 6,
            "feeding": Batch(),
            "update_rule": Momentum(),
            "diagnostics": OFF,
            "stopping": SHORT,
        },
    ),
    "weights remembered for a rule": (
        10,
        {"samples": 300, "features": 80, "columns": 10},
        {"hidden": (100,), "feeding": Batch(), "stopping": Stopping(epochs=2, tolerance=1e-9)},
    ),
    "tiny runs of one split": (
        20,
        {"samples": 60, "features": 2, "columns": 3, "one_split": True},
        {"hidden": (8,), "feeding": GD(), "stopping": Stopping(epochs=30)},
    ),
}


@pytest.mark.parametrize("case", STACKS)
def test_a_stack_takes_the_memory_that_was_told(make_run, make_data, case):
    size, shapes, choices = STACKS[case]
    runs = [
        make_run(output="softmax", data=make_data(seed=seed, **shapes), seed=seed, **choices)
        for seed in range(size + 1)
    ]
    # What NumPy and the engine make once, on first use, belongs to no stack.
    engine.advance(engine.start([runs.pop()]), 1)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        engine.advance(engine.start(runs))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert stack_bytes(runs[0], size) == pytest.approx(peak - before, rel=0.15)


def test_runs_share_the_arrays_of_tiles_and_measuring(make_run, make_data):
    run = make_run(
        (32,), output="softmax", data=make_data(samples=500, features=64, columns=10), feeding=GD()
    )
    # At full batch a tile is one run: the ninth has its own state, samples and rows, but no signals.
    alone, more = stack_parts(run, 1), stack_parts(run, 9)
    for part in ("tile", "path", "meter"):
        assert more[part] == alone[part], part
    for part in ("state", "prepared"):
        assert more[part] == 9 * alone[part], part
