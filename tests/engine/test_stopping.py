"""When a run ends: budgets, weights that hardly change, and divergence."""

from dataclasses import replace

import numpy as np
import pytest

from harness import engine
from harness.engine.feeding import GD, SGD, Batch, Epoch
from harness.engine.run import Data, Split
from harness.engine.state import State
from harness.engine.stopping import Stopping, exploding
from harness.engine.update_rules import Momentum


def ending(run):
    state, rows = engine.advance(engine.start([run]))
    trained = engine.records(state)[0]
    return trained.outcome, trained.stopped_by, trained.updates, rows


@pytest.mark.parametrize(
    ("stopping", "stopped_by", "updates"),
    [
        (Stopping(epochs=4), "epochs", 12),
        (Stopping(updates=5), "updates", 5),
        (Stopping(epochs=1, updates=7), "updates", 7),
    ],
)
def test_a_budget_is_used_up_exactly(make_run, stopping, stopped_by, updates):
    # 12 samples in batches of 5: three updates an epoch.
    run = make_run(feeding=Batch(learning_rate=1e-3, batch_size=5), stopping=stopping)
    _, rule, made, rows = ending(run)
    assert (rule, made) == (stopped_by, updates)
    assert rows["update"][-1] == updates


# 12 samples in batches of 5, 5 and 2, of 3 x 4 + 4 x 1 weights: 3 x 16 - 12 = 36 multiply-adds a sample.
@pytest.mark.parametrize(
    ("samples", "updates"), [(5, 1), (9, 1), (10, 2), (11, 2), (12, 3), (16, 3), (17, 4), (24, 6)]
)
def test_a_budget_of_multiply_adds_pays_for_whole_updates(make_run, samples, updates):
    for spare in (0, 35):
        stopping = Stopping(multiply_adds=36 * samples + spare)
        _, rule, made, rows = ending(make_run(feeding=Batch(batch_size=5), stopping=stopping))
        assert (rule, made) == ("multiply_adds", updates)
        assert rows["multiply_adds"][-1] <= stopping.multiply_adds


def test_of_updates_and_multiply_adds_whichever_ends_first_holds(make_run):
    feeding = Batch(batch_size=5)
    first = make_run(feeding=feeding, stopping=Stopping(multiply_adds=36 * 12, updates=2))
    assert ending(first)[1:3] == ("updates", 2)
    second = make_run(feeding=feeding, stopping=Stopping(multiply_adds=36 * 12, updates=9))
    assert ending(second)[1:3] == ("multiply_adds", 3)


def test_no_updates_record_the_start_and_nothing_else(make_run, train):
    run = make_run(stopping=Stopping(updates=0))
    state, rows = train(run)
    assert rows["update"].tolist() == [0]
    assert np.array_equal(state.arrays.parameters[0], run.initial_parameters())
    assert (state.finished, engine.records(state)[0].updates) == (True, 0)


def relative_change(run, kept, epoch):
    """Return ||W_after - W_before|| / (rate ||W_after||) of one epoch, over weights without biases."""
    before, after = (
        np.concatenate([layer.weights.ravel() for layer in run.network.layers(kept[at][None])])
        for at in ((epoch - 1) * run.per_epoch, epoch * run.per_epoch)
    )
    return np.linalg.norm(after - before) / (run.feeding.learning_rate * np.linalg.norm(after))


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize(
    "feeding", [GD(learning_rate=0.3), SGD(learning_rate=0.05), Batch(learning_rate=0.1, batch_size=5)]
)
def test_a_run_stops_where_its_weights_hardly_change(make_run, make_data, snapshots, feeding, every):
    data = make_data(samples=12, features=2, columns=1, classifies=False)

    def run(tolerance):
        stopping = Stopping(epochs=30, every=every, tolerance=tolerance)
        return make_run(
            (3,),
            output="identity",
            data=data,
            feeding=feeding,
            update_rule=Momentum(momentum=0.5),
            stopping=stopping,
        )

    endless = run(None)
    kept = snapshots(endless)
    looked = list(range(every, 30, every))
    changes = {epoch: relative_change(endless, kept, epoch) for epoch in looked}
    # A threshold that the run first undercuts somewhere in the middle.
    tolerance = 1.001 * min(changes[epoch] for epoch in looked[: len(looked) // 2])
    first = next(epoch for epoch in looked if changes[epoch] < tolerance)
    assert 1 < first < 30
    _, rule, made, _ = ending(run(tolerance))
    assert (rule, made) == ("tolerance", first * endless.per_epoch)


# One weight, no bias, x = 1, y = 0: J = w^2 / 2 and w <- (1 - rate) w. At rate 3 w doubles and
# turns: from w = 1 the losses are 1/2, 2, 8, 32. The constant predictor's is 0, so what counts is
# ten times the start, 5: the first reading above it is at update 2, the second at update 3.
def one_weight(make_run, x, y, **choices):
    split = Split(np.array(x, float)[:, None], np.array(y, float)[:, None])
    data = Data(split, split, split, classifies=False)
    return make_run((), output="identity", bias=False, data=data, **choices)


# x = y = 1 and -1: J = (w - 1)^2 / 2 and w - 1 <- (1 - rate) (w - 1); the best constant's loss is
# 1/2. At rate 1/2 from w = 0 the losses are 1/2, 1/8, 1/32; at rate 2 w - 1 turns and J stays.
@pytest.mark.parametrize(
    ("rate", "choices", "expected"),
    [
        (0.5, {"target": 0.04}, ("target", "converged", 2)),
        (0.5, {"target": 1 / 32}, ("target", "converged", 2)),
        (0.5, {"target": 0.5}, ("target", "stalled", 0)),
        (0.5, {"target": 0.04, "every": 3}, ("target", "converged", 3)),
        (0.5, {"loss_change": 0.75}, ("loss_change", "converged", 1)),
        (0.5, {"loss_change": 0.7}, ("epochs", "exhausted", 9)),
        (2.0, {"loss_change": 1e-6}, ("loss_change", "stalled", 1)),
        (0.5, {"loss_change": 0.75, "target": 0.2}, ("target", "converged", 1)),
    ],
)
def test_a_run_stops_at_its_target_and_where_its_loss_hardly_changes(
    make_run, start_at, rate, choices, expected
):
    stopping = Stopping(epochs=9, **({"every": 1} | choices))
    run = one_weight(make_run, [1, -1], [1, -1], feeding=GD(learning_rate=rate), stopping=stopping)
    trained = engine.records(engine.advance(start_at(run, [0.0]))[0])[0]
    assert (trained.stopped_by, trained.outcome, trained.updates) == expected


@pytest.mark.parametrize(
    ("budget", "expected"),
    [(2, ("updates", 2)), (3, ("divergence", 3)), (50, ("divergence", 3))],
)
def test_two_readings_running_above_ten_times_the_start_are_divergence(make_run, start_at, budget, expected):
    run = one_weight(
        make_run, [1], [0], feeding=GD(learning_rate=3.0), stopping=Stopping(updates=budget, every=1)
    )
    state, rows = engine.advance(start_at(run, [1.0]))
    trained = engine.records(state)[0]
    assert (trained.stopped_by, trained.updates) == expected
    assert (trained.outcome == "diverged") == (expected[0] == "divergence")
    assert rows["train_loss"].tolist() == [0.5, 2, 8, 32][: trained.updates + 1]


def readings_at(make_run, start_at, weights):
    """Hold a run's one weight at given values and return its outcome at each control reading.

    x = 1, -1 and y = 10, -10: J(w) = (w - 10)^2 / 2. The best constant is 0, with loss 50.
    """
    run = one_weight(
        make_run, [1, -1], [10, -10], feeding=GD(learning_rate=1e-12), stopping=Stopping(epochs=99, every=1)
    )
    state, outcomes = start_at(run, [10.5]), []
    for w in weights:
        held = np.full((1, 1), float(w))
        state = State(state.runs, replace(state.arrays, parameters=held))
        state, _ = engine.advance(state, 1)
        outcomes.append(engine.records(state)[0].outcome)
        if state.finished:
            break
    return outcomes


def test_ten_times_is_meant_of_the_larger_of_start_and_constant(make_run, start_at):
    # The run starts at J = 1/8, the constant predictor has 50, so 500 is the limit: |w - 10| < 31.6.
    assert readings_at(make_run, start_at, [10.5, 41, 41, 41, 41]) == ["running"] * 5
    assert readings_at(make_run, start_at, [10.5, 42, 42]) == ["running", "running", "diverged"]


def test_a_reading_below_the_limit_forgives_the_one_before(make_run, start_at):
    assert readings_at(make_run, start_at, [10.5, 42, 10, 42, 10, 42]) == ["running"] * 6


def test_a_loss_that_is_no_number_ends_a_run_at_once(make_run, start_at):
    run = one_weight(
        make_run, [1], [0], feeding=GD(learning_rate=1e200), stopping=Stopping(updates=9, every=1)
    )
    state, rows = engine.advance(start_at(run, [1.0]))
    trained = engine.records(state)[0]
    # w = 1 - 1e200, whose square overflows.
    assert (trained.outcome, trained.stopped_by, trained.updates) == ("diverged", "divergence", 1)
    assert rows["update"].tolist() == [0, 1]
    assert np.isinf(rows["train_loss"][-1])


def test_a_run_that_explodes_is_not_at_rest(make_run, start_at):
    # At rate 101 w grows a hundredfold, so ||dW|| / (rate ||W||) is about 1/100 at each epoch: far
    # below a tolerance of 1/10, and yet no weight that hardly changes.
    run = one_weight(
        make_run,
        [1],
        [0],
        feeding=GD(learning_rate=101.0),
        stopping=Stopping(epochs=9, every=1, tolerance=0.1),
    )
    state, _ = engine.advance(start_at(run, [1.0]))
    trained = engine.records(state)[0]
    assert (trained.outcome, trained.stopped_by, trained.updates) == ("diverged", "divergence", 2)


def test_exploding_compares_with_the_larger_of_the_two():
    loss = np.array([9.9, 10.1, 19.9, 20.1, np.nan, np.inf])
    start = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    constant = np.array([0.5, 0.5, 2.0, 2.0, 1.0, 1.0])
    assert exploding(loss, start, constant).tolist() == [False, True, False, True, True, True]


@pytest.mark.parametrize(
    ("stopping", "per_epoch", "controls"),
    [
        (Stopping(epochs=3), 4, [0, 4, 8, 12]),
        (Stopping(epochs=5, every=2), 4, [0, 8, 16, 20]),
        (Stopping(updates=10), 4, [0, 4, 8, 10]),
        (Stopping(updates=3), 4, [0, 3]),
        (Stopping(updates=0), 4, [0]),
    ],
)
def test_control_readings_are_the_start_ends_of_epochs_and_the_end(stopping, per_epoch, controls):
    budget = stopping.budget(Epoch(batch=1, samples=per_epoch), multiply_adds=1)
    assert stopping.controls(per_epoch, budget) == controls


@pytest.mark.parametrize("epochs", [100, 101, 999, 12_345])
def test_long_runs_take_about_a_hundred_readings(epochs):
    readings = len(Stopping(epochs=epochs).controls(per_epoch=7, budget=7 * epochs))
    assert 50 <= readings <= 102
