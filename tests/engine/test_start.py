"""What may stack and what may not, and what a stack holds before its first update."""

from dataclasses import replace

import numpy as np
import pytest

from harness import engine
from harness.engine.diagnostics import Diagnostics
from harness.engine.feeding import GD, SGD, Batch
from harness.engine.initializers import He, Normal
from harness.engine.losses import CrossEntropy, SquaredError
from harness.engine.stopping import Stopping
from harness.engine.update_rules import Momentum, Plain


def first(make_run, **choices):
    return make_run(**({"feeding": Batch(batch_size=4), "update_rule": Momentum()} | choices))


DIFFERENT = {
    "width": {"hidden": (5,)},
    "depth": {"hidden": (4, 4)},
    "activation": {"activation": "relu"},
    "output": {"output": "identity"},
    "bias": {"bias": False},
    "loss": {"loss": CrossEntropy()},
    "loss's scale": {"loss": SquaredError(scale="sum")},
    "loss's reduction": {"loss": SquaredError(reduction="sum")},
    "feeding": {"feeding": SGD()},
    "batch size": {"feeding": Batch(batch_size=5)},
    "order": {"feeding": Batch(batch_size=4, order="as_given")},
    "update rule": {"update_rule": Plain()},
    "budget": {"stopping": Stopping(epochs=4)},
    "tolerance": {"stopping": Stopping(epochs=3, tolerance=0.1)},
    "diagnostics": {"diagnostics": Diagnostics(rows=5)},
    "dtype": {"dtype": "float32"},
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_runs_that_differ_in_more_than_numbers_do_not_stack(make_run, what):
    with pytest.raises(ValueError, match="equal"):
        engine.start([first(make_run), first(make_run, **DIFFERENT[what])])


@pytest.mark.parametrize(
    "other",
    [{"samples": 13}, {"features": 4}, {"columns": 2}, {"classifies": False}, {"one_split": True}],
    ids=str,
)
def test_runs_on_data_of_another_shape_do_not_stack(make_run, make_data, other):
    usual = {"columns": 1}
    runs = [first(make_run, data=make_data(**kind)) for kind in (usual, usual | other)]
    with pytest.raises(ValueError, match="equal"):
        engine.start(runs)


def test_an_empty_stack_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        engine.start([])


def test_seeds_rates_momenta_data_and_initial_weights_may_differ(make_run, make_data):
    state = engine.start(
        [
            first(make_run),
            first(make_run, seed=1),
            first(make_run, feeding=Batch(batch_size=4, learning_rate=3.0)),
            first(make_run, update_rule=Momentum(momentum=0.2)),
            first(make_run, initializer=He(gain=2.0)),
            first(make_run, initializer=Normal(scale=1.0)),
            first(make_run, data=make_data(seed=9, columns=1)),
        ]
    )
    assert state.arrays.parameters.shape == (7, 3 * 4 + 4 + 4 + 1)


def test_a_stack_starts_at_its_initial_parameters_with_nothing_done(make_run):
    runs = [first(make_run, seed=seed) for seed in (0, 1)]
    state = engine.start(runs)
    for member, run in enumerate(runs):
        assert np.array_equal(state.arrays.parameters[member], run.initial_parameters())
    assert not state.finished
    assert not state.arrays.update.any()
    assert not state.arrays.rule["velocity"].any()
    assert [trained.outcome for trained in engine.records(state)] == ["running", "running"]


def test_records_name_arrays_by_layer_and_share_nothing_with_the_state(make_run, train):
    run = make_run((4, 2))
    state, _ = train(run)
    trained = engine.records(state)[0]
    shapes = {name: array.shape for name, array in trained.parameters.items()}
    assert shapes == {
        "weights_1": (3, 4),
        "bias_1": (4,),
        "weights_2": (4, 2),
        "bias_2": (2,),
        "weights_3": (2, 1),
        "bias_3": (1,),
    }
    assert np.array_equal(
        np.concatenate([array.ravel() for array in trained.initial.values()]), run.initial_parameters()
    )
    before = state.arrays.parameters.copy()
    for array in trained.parameters.values():
        array[...] = 0
    assert np.array_equal(state.arrays.parameters, before)


def test_a_network_without_biases_has_none(make_run, train):
    state, _ = train(make_run((4,), bias=False))
    assert list(engine.records(state)[0].parameters) == ["weights_1", "weights_2"]


def test_what_a_run_is_decides_its_kind_not_which_object_it_is(make_run):
    run = make_run()
    assert replace(run).kind() == run.kind()
    assert replace(run, feeding=GD(learning_rate=7.0)).kind() == run.kind()
