"""However a training is cut into legs, its bits and its rows are the same."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import engine
from harness.engine.diagnostics import Diagnostics
from harness.engine.feeding import GD, SGD, Batch
from harness.engine.state import Arrays, State
from harness.engine.stopping import Stopping
from harness.engine.update_rules import AdaGrad, Adam, Momentum, Plain


def through_a_file(state):
    """Write a state's arrays to an npz archive and read them back, pickle refused."""
    file = BytesIO()
    np.savez(file, **state.arrays.plain())
    file.seek(0)
    with np.load(file, allow_pickle=False) as named:
        return State(state.runs, Arrays.of(dict(named)))


def joined(parts):
    """Join the rows of several legs into one table, by member and update."""
    parts = [part for part in parts if part]
    table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((table["update"], table["member"]))
    return {name: values[order] for name, values in table.items()}


def assert_same(found, expected):
    (state, rows), (other, other_rows) = found, expected
    wanted = other.arrays.plain()
    for name, values in state.arrays.plain().items():
        assert np.array_equal(values, wanted[name], equal_nan=True), name
        assert values.dtype == wanted[name].dtype, name
    assert rows.keys() == other_rows.keys()
    for name, values in rows.items():
        assert np.array_equal(values, other_rows[name], equal_nan=True), name


def runs_of(make_run, make_data, feeding, rule, dtype="float64"):
    """Three runs that end at different times: by divergence, at rest, and by their budget."""
    data = make_data(samples=11, columns=2, classifies=False, dtype=dtype)
    return [
        make_run(
            (4,),
            "relu",
            "identity",
            data=data,
            dtype=dtype,
            feeding=feeding(rate),
            update_rule=rule,
            stopping=Stopping(epochs=8, tolerance=0.05),
            weights_seed=seed,
            order_seed=seed,
        )
        for seed, rate in enumerate([0.001, 1e30, 0.4])
    ]


FEEDINGS = {
    "gd": lambda rate: GD(learning_rate=rate),
    "sgd": lambda rate: SGD(learning_rate=rate),
    "batch": lambda rate: Batch(learning_rate=rate, batch_size=4),
}


def test_curvature_and_parameters_are_the_same_in_legs(make_run):
    run = make_run(
        (3,), diagnostics=Diagnostics(measures=("hessian_smallest", "hessian_largest", "parameters"))
    )
    state, parts = engine.start([run]), []
    for updates in (1, 1, None):
        state, rows = engine.advance(through_a_file(state), updates)
        parts.append(rows)
    assert_same((state, joined(parts)), engine.advance(engine.start([run])))


@settings(max_examples=60, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 12), max_size=12),
    feeding=st.sampled_from(sorted(FEEDINGS)),
    rule=st.sampled_from([Plain(), Momentum(momentum=0.5), Adam(), AdaGrad(l1=0.1)]),
    dtype=st.sampled_from(["float64", "float32"]),
)
def test_any_cut_gives_the_same_bits_and_rows(make_run, make_data, cuts, feeding, rule, dtype):
    runs = runs_of(make_run, make_data, FEEDINGS[feeding], rule, dtype)
    whole = engine.advance(engine.start(runs))
    state, parts = engine.start(runs), []
    for updates in [*cuts, None]:
        state, rows = engine.advance(through_a_file(state), updates)
        parts.append(rows)
    assert state.finished
    assert_same((state, joined(parts)), whole)


@pytest.mark.parametrize("feeding", sorted(FEEDINGS))
def test_legs_of_one_update_give_the_same(make_run, make_data, feeding):
    runs = runs_of(make_run, make_data, FEEDINGS[feeding], Momentum(momentum=0.5))
    state, parts = engine.start(runs), []
    while not state.finished:
        state, rows = engine.advance(state, 1)
        parts.append(rows)
    assert_same((state, joined(parts)), engine.advance(engine.start(runs)))


def test_runs_of_the_legs_tests_end_in_three_ways(make_run, make_data, train):
    # What the tests above cut is no uniform training: members leave it at different times.
    for feeding in FEEDINGS.values():
        state, _ = train(*runs_of(make_run, make_data, feeding, Plain()))
        assert len({trained.updates for trained in engine.records(state)}) > 1
        assert "divergence" in {trained.stopped_by for trained in engine.records(state)}


def test_a_leg_makes_exactly_the_updates_asked_for(make_run):
    run = make_run(feeding=Batch(batch_size=5), stopping=Stopping(epochs=4))
    state, rows = engine.advance(engine.start([run]), 7)
    assert (int(state.arrays.update[0]), state.finished) == (7, False)
    assert rows["update"].max() <= 7
    assert engine.records(state)[0].outcome == "running"
    state, _ = engine.advance(state, 1000)
    assert (int(state.arrays.update[0]), state.finished) == (12, True)


def test_a_leg_leaves_the_state_it_began_from_as_it_was(make_run):
    run = make_run(feeding=SGD(), update_rule=Momentum(), stopping=Stopping(epochs=2, tolerance=1e-9))
    state, _ = engine.advance(engine.start([run]), 5)
    before = {name: values.copy() for name, values in state.arrays.plain().items()}
    first = engine.advance(state, 9)
    for name, values in state.arrays.plain().items():
        assert np.array_equal(values, before[name], equal_nan=True), name
    assert_same(engine.advance(state, 9), first)


def test_a_finished_state_advances_to_itself_without_rows(make_run, train):
    state, _ = train(make_run())
    again, rows = engine.advance(state)
    assert rows == {}
    assert np.array_equal(again.arrays.parameters, state.arrays.parameters)
