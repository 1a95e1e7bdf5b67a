"""Schedules against their formulas, and a rate that changes against a rate set by hand."""

from math import cos, pi

import numpy as np
import pytest

from harness import engine
from harness.engine.feeding import GD
from harness.engine.schedules import SCHEDULES, Constant, Cosine, Exponential, InverseTime, Staircase
from harness.engine.stopping import Stopping

PER_EPOCH, BUDGET = 10, 200


def factors(schedule):
    return np.array([schedule.factor(update, PER_EPOCH, BUDGET) for update in range(BUDGET + 1)])


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_factor_is_positive_at_most_one_and_depends_on_the_update_alone(name):
    schedule = SCHEDULES[name]()
    found = factors(schedule)
    assert np.array_equal(found, factors(schedule))
    assert (found[:-1] > 0).all()
    assert (found <= 1).all()


def test_the_formulas():
    assert (factors(Constant()) == 1).all()
    stairs = factors(Staircase(epochs=5, drop=0.1))
    assert stairs[[0, 49, 50, 99, 100, 150]] == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.001])
    assert factors(Exponential(decay=0.5))[[0, 5, 10, 20]] == pytest.approx([1, 0.5**0.5, 0.5, 0.25])
    assert factors(InverseTime(decay=2.0))[[0, 10, 30]] == pytest.approx([1, 1 / 3, 1 / 7])
    plain = factors(Cosine())
    assert plain[[0, 100, 200]] == pytest.approx([1, 0.5, 0])
    assert plain[50] == pytest.approx((1 + cos(pi / 4)) / 2)


def test_a_warm_up_rises_evenly_and_the_cosine_ends_at_its_final_factor():
    found = factors(Cosine(warm_up=2.0, final=0.1))
    rise = np.diff(found[:21])
    assert rise == pytest.approx(np.full(20, rise[0]))
    assert found[0] > 0
    assert found[20] == 1
    assert (np.diff(found[20:]) < 0).all()
    assert found[-1] == pytest.approx(0.1)


def test_a_schedule_multiplies_the_rate(make_run, make_data):
    """Two epochs of GD with the rate halved after the first: the same as two runs of one update."""
    data = make_data()
    rate, drop = 0.4, 0.5

    def trained(**choices):
        run = make_run(data=data, **choices)
        return engine.advance(engine.start([run]))[0].arrays.parameters[0]

    schedule = Staircase(epochs=1, drop=drop)
    both = trained(feeding=GD(learning_rate=rate), schedule=schedule, stopping=Stopping(epochs=2))
    start = trained(stopping=Stopping(updates=0))
    once = trained(feeding=GD(learning_rate=rate), stopping=Stopping(epochs=1))
    # The second gradient is that at `once`; at the full rate it would have moved twice as far.
    twice = trained(feeding=GD(learning_rate=rate), stopping=Stopping(epochs=2))
    np.testing.assert_allclose(both - once, drop * (twice - once), rtol=1e-12, atol=1e-15)
    assert not np.array_equal(start, once)
