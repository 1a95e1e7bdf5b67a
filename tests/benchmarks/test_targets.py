"""The arithmetic of targets, on made-up timings."""

import pytest

from benchmarks.cells import SIZES, Cell
from benchmarks.lineup import Contender
from benchmarks.targets import Target, seconds, targets
from benchmarks.timing import Timing

SMALL, MEDIUM = SIZES[:2]


def timed(cell, family, stack, microseconds, **more):
    return Timing(cell, Contender(family, stack), (microseconds, microseconds), **more)


def cell(batch, sizes=SMALL, dtype="float32", activation="sigmoid"):
    return Cell(sizes, batch, dtype, activation)


def found(timings, part):
    return {target.where: target for target in targets(timings) if part in target.what}


@pytest.mark.parametrize(
    ("batch", "wanted"), [(1, 0.4), (32, 1.0), (None, 1.0)], ids=["batch-1", "batch-32", "all"]
)
def test_the_engine_is_compared_with_jax_at_stacks_of_50(batch, wanted):
    here = cell(batch)
    timings = [timed(here, "harness", 50, 10.0), timed(here, "jax", 50, 5.0), timed(here, "jax", 1, 1000.0)]
    (target,) = targets(timings)
    assert (target.found, target.wanted, target.met) == (0.5, wanted, wanted <= 0.5)


@pytest.mark.parametrize("peer", ["torch", "sklearn"])
@pytest.mark.parametrize(("batch", "wanted"), [(1, 50), (32, 10), (None, 2)])
def test_the_smallest_network_has_ratios_of_its_own(peer, batch, wanted):
    here = cell(batch)
    (target,) = targets([timed(here, "harness", 50, 2.0), timed(here, peer, 1, 60.0)])
    assert (target.found, target.wanted) == (30.0, wanted)


def test_larger_networks_are_measured_by_what_the_products_leave_room_for():
    here = cell(32, MEDIUM)
    timings = [
        timed(here, "harness", 50, 100.0),
        timed(here, "torch", 1, 400.0),
        timed(here, "products_and_update", 50, 50.0),
    ]
    (target,) = targets(timings)
    # PyTorch by the products is 8: the engine is asked for 0.6 of that, and has 4.
    assert target.found == pytest.approx(4.0)
    assert target.wanted == pytest.approx(4.8)
    assert target.verdict == "missed by 17%"


def test_a_ceiling_that_was_not_timed_gives_no_target():
    here = cell(32, MEDIUM)
    assert targets([timed(here, "harness", 50, 100.0), timed(here, "torch", 1, 400.0)]) == []


def test_a_run_alone_is_compared_with_scikit_learn_where_batches_are_small():
    timings = [
        timing
        for batch in (1, 32, None)
        for timing in (timed(cell(batch), "harness", 1, 50.0), timed(cell(batch), "sklearn", 1, 150.0))
    ]
    alone = found(timings, "stack of 1")
    assert set(alone) == {cell(1).label, cell(32).label}
    assert [target.verdict for target in alone.values()] == ["missed by 25%"] * 2


def test_full_batch_may_take_little_more_than_its_products():
    here = cell(None, MEDIUM)
    (target,) = targets([timed(here, "harness", 50, 150.0), timed(here, "products", 50, 100.0)])
    assert target.found == pytest.approx(1.5)
    assert target.met
    slower = Target(target.what, target.where, 1.92, target.wanted, at_most=True)
    assert slower.verdict == "missed by 20%"


def test_a_hairs_breadth_is_not_called_no_miss():
    assert Target("", "", 0.9999, 1.0).verdict == "missed by 1%"


def test_a_contender_that_is_missing_gives_no_target():
    here = cell(1)
    absent = Timing(here, Contender("jax", 50), missing="not installed")
    assert targets([timed(here, "harness", 50, 10.0), absent]) == []


def test_a_process_among_several_is_no_timing_of_one_core():
    here = cell(1)
    crowd = Timing(here, Contender("jax", 50, processes=2), (5.0, 5.0))
    assert targets([timed(here, "harness", 50, 10.0), crowd]) == []


def test_seconds_of_a_grid_are_its_updates_and_what_comes_before():
    # 30 epochs of 34 updates, 50 runs.
    timing = timed(cell(32), "jax", 50, 20.0, compile_seconds=2.0, setup_seconds=0.5)
    assert seconds(timing) == pytest.approx(50 * 30 * 34 * 20e-6 + 2.5)


def test_a_grid_counts_jaxs_compiling():
    timings = [
        timing
        for batch, microseconds in ((1, 2.0), (32, 20.0), (None, 500.0))
        for timing in (
            timed(cell(batch), "harness", 50, microseconds),
            timed(cell(batch), "jax", 50, microseconds, compile_seconds=1.0),
        )
    ]
    (grid,) = found(timings, "grid").values()
    trained = 50 * 30 * (1077 * 2.0 + 34 * 20.0 + 500.0) / 1e6
    assert grid.found == pytest.approx((trained + 3) / trained)
    assert "3 stacks of 50" in grid.what
    assert "over a minute" not in grid.what


def test_a_grid_without_one_of_the_feedings_is_none():
    here = cell(32)
    assert found([timed(here, "harness", 50, 1.0), timed(here, "jax", 50, 1.0)], "grid") == {}
