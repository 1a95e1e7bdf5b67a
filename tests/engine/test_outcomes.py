"""How a run ended: converged, stalled, exhausted."""

import numpy as np
import pytest

from harness import engine
from harness.engine.feeding import GD
from harness.engine.initializers import Constant, Normal
from harness.engine.losses import CrossEntropy
from harness.engine.run import Data, Split
from harness.engine.stopping import Outcome, Stopping, outcome_at_budget, outcome_at_rest


@pytest.mark.parametrize(
    ("loss", "outcome"),
    [(0.98, Outcome.converged), (0.995, Outcome.stalled), (1.5, Outcome.stalled)],
)
def test_at_rest_a_run_has_converged_only_if_it_learned_more_than_a_constant(loss, outcome):
    assert outcome_at_rest(loss, constant=1.0) is outcome


@pytest.mark.parametrize(
    ("readings", "outcome"),
    [
        # Flat above the constant predictor's loss, 1.
        ([2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], Outcome.stalled),
        # Falling between the last quarter and the one before: 1.15 after 1.35.
        ([1.8, 1.7, 1.6, 1.5, 1.4, 1.3, 1.2, 1.1], Outcome.exhausted),
        # The last quarter is 0.9995 of the one before, which is not falling; 0.998 is.
        ([1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.1994, 1.1994], Outcome.stalled),
        ([1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.1976, 1.1976], Outcome.exhausted),
        # Rising.
        ([1.0, 1.1, 1.2, 1.3], Outcome.stalled),
        # Learned, flat or not: the budget ended it.
        ([1.2, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5], Outcome.exhausted),
        # Two readings are compared with each other, and one says nothing.
        ([2.0, 1.5], Outcome.exhausted),
        ([1.5, 1.5], Outcome.stalled),
        ([1.5], Outcome.exhausted),
    ],
)
def test_a_used_up_budget_is_exhausted_unless_nothing_was_learned_and_nothing_falls(readings, outcome):
    assert outcome_at_budget(np.array(readings), constant=1.0) is outcome


def outcome_of(run):
    state, _ = engine.advance(engine.start([run]))
    trained = engine.records(state)[0]
    return trained.outcome, trained.stopped_by


def test_a_run_that_comes_to_rest_below_the_constant_converges(make_run):
    # A line through points of a line: gradient descent comes to rest at loss 0.
    x = np.linspace(-1, 1, 10)[:, None]
    split = Split(x, 2 * x + 1)
    data = Data(split, split, split, classifies=False)
    run = make_run(
        (),
        output="identity",
        data=data,
        feeding=GD(learning_rate=0.5),
        stopping=Stopping(epochs=500, every=1, tolerance=1e-3),
    )
    assert outcome_of(run) == ("converged", "tolerance")


def test_a_run_of_dead_units_comes_to_rest_and_is_stalled(make_run, make_data):
    # Negative weights under positive inputs: every rectifier is closed, nothing moves.
    data = make_data(one_split=True)
    data.train.x[:] = np.abs(data.train.x)
    run = make_run(
        (3,),
        "relu",
        bias=False,
        data=data,
        initializer=Constant(value=-0.5),
        stopping=Stopping(epochs=50, every=1, tolerance=1e-6),
    )
    assert outcome_of(run) == ("stalled", "tolerance")


def test_a_run_that_never_leaves_the_constant_predictor_is_stalled(make_run, make_data):
    # All weights 0: the outputs stay at 1/2, the share of the balanced classes.
    data = make_data(samples=12, columns=1)
    run = make_run(
        (3,),
        bias=False,
        data=data,
        loss=CrossEntropy(),
        initializer=Constant(value=0.0),
        stopping=Stopping(epochs=40),
    )
    assert outcome_of(run) == ("stalled", "epochs")


def test_a_run_that_still_falls_at_its_end_is_exhausted(make_run, make_data):
    # Far above the constant predictor's loss, and falling slowly.
    data = make_data(samples=30, columns=3)
    run = make_run(
        (8,),
        output="softmax",
        data=data,
        loss=CrossEntropy(),
        initializer=Normal(scale=4.0),
        feeding=GD(learning_rate=1e-3),
        stopping=Stopping(epochs=40),
    )
    state, rows = engine.advance(engine.start([run]))
    trained = engine.records(state)[0]
    assert rows["train_loss"][-1] > trained.constant_loss
    assert (trained.outcome, trained.stopped_by) == ("exhausted", "epochs")
