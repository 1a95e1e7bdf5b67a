"""Stacking never changes a result: each run of a stack has the bits that it has alone."""

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from harness import engine
from harness.engine import measuring, samples, training
from harness.engine.activations import ACTIVATIONS
from harness.engine.arrays import arithmetic
from harness.engine.diagnostics import Diagnostics
from harness.engine.feeding import GD, SGD, Batch
from harness.engine.initializers import Auto, Constant, He, Normal
from harness.engine.losses import CrossEntropy, SquaredError
from harness.engine.run import Data, Split
from harness.engine.schedules import Constant as ConstantRate
from harness.engine.schedules import Cosine, InverseTime, Plateau
from harness.engine.stopping import Stopping
from harness.engine.update_rules import AdaGrad, Adam, AdamW, Momentum, Nesterov, Plain, RMSprop

# From hardly moving to overflowing float32 within an update or two.
RATES = st.sampled_from([1e-4, 0.03, 0.3, 1.0, 7.0, 100.0, 1e6, 1e30])
PAIRINGS = [
    (output, columns, SquaredError(scale=scale, reduction=reduction))
    for output, columns in (("identity", 1), ("identity", 3), ("sigmoid", 1), ("sigmoid", 11), ("softmax", 3))
    for scale in ("half", "sum", "mean")
    for reduction in ("mean", "sum")
] + [
    (output, columns, CrossEntropy(reduction=reduction))
    # From 9 columns on a sum by row adds in another order than one by column.
    for output, columns in (("sigmoid", 1), ("sigmoid", 3), ("softmax", 4), ("softmax", 10))
    for reduction in ("mean", "sum")
]
INITIALIZERS = st.one_of(
    st.just(Auto(bias_scale=0.5, bias=0.1)),
    st.builds(Normal, scale=st.sampled_from([0.01, 1.0, 30.0])),
    st.builds(Constant, value=st.sampled_from([0.0, 0.5])),
    st.builds(He, gain=st.sampled_from([0.3, 3.0])),
)
RULES = [
    st.just(Plain()),
    st.builds(Momentum, momentum=st.sampled_from([0.0, 0.5, 0.9])),
    st.builds(Nesterov, momentum=st.sampled_from([0.5, 0.9]), clip_value=st.sampled_from([0.01, 1.0])),
    st.builds(AdaGrad, epsilon=st.sampled_from([1e-10, 1e-3])),
    st.builds(RMSprop, beta=st.sampled_from([0.5, 0.99]), l1=st.sampled_from([0.01, 1.0])),
    st.builds(Adam, beta_1=st.sampled_from([0.5, 0.9]), l2=st.sampled_from([0.0, 1.0])),
    st.builds(AdamW, weight_decay=st.sampled_from([0.0, 0.3])),
    st.builds(Plain, clip_norm=st.sampled_from([0.1, 1.0])),
]
SCHEDULES = [
    ConstantRate(),
    Cosine(warm_up=0.5),
    InverseTime(decay=1.0),
    Plateau(patience=1, improvement=0.05),
    Plateau(patience=2, monitor="train"),
]


@st.composite
def feedings(draw, samples):
    kind = draw(st.sampled_from(["gd", "sgd", "batch", "batch"]))
    rates = st.builds(GD, learning_rate=RATES)
    order = draw(st.sampled_from(["shuffled", "as_given", "by_class"]))
    if kind == "sgd":
        rates = st.builds(SGD, learning_rate=RATES, order=st.just(order))
    if kind == "batch":
        size = st.just(draw(st.integers(1, samples)))
        leftover = st.just(draw(st.sampled_from(["keep", "drop"])))
        rates = st.builds(
            Batch, learning_rate=RATES, batch_size=size, order=st.just(order), leftover=leftover
        )
    return rates


@st.composite
def stacks(draw):
    """Draw what `make_run` takes for each run of a stack, and what their data are made of."""
    # From 33 samples on plain SGD takes several blocks an epoch.
    samples = draw(st.one_of(st.integers(1, 14), st.integers(62, 70)))
    output, columns, loss = draw(st.sampled_from(PAIRINGS))
    hidden = draw(st.lists(st.integers(1, 6) | st.just(17), max_size=3))
    stopping = draw(
        st.builds(
            Stopping,
            epochs=st.integers(1, 6),
            updates=st.none() | st.integers(0, 25),
            every=st.none() | st.integers(1, 3),
            tolerance=st.none() | st.sampled_from([0.01, 0.3, 2.0, 30.0]),
            loss_change=st.none() | st.sampled_from([0.001, 0.1]),
            target=st.none() | st.sampled_from([0.05, 0.6]),
            patience=st.none() | st.integers(1, 3),
            monitor=st.sampled_from(["train", "validation"]),
            improvement=st.sampled_from([0.0, 0.2]),
            restore=st.booleans(),
            multiply_adds=st.none() | st.integers(1_000, 100_000),
        )
    )
    diagnostics = draw(
        st.sampled_from(
            [
                Diagnostics(),
                Diagnostics(probe=5, rows=6),
                Diagnostics(measures=(), rows=2),
                Diagnostics(measures=("bias_gradient_norm", "activation_spread", "delta_spread", "distance")),
                Diagnostics(measures=("parameters",), rows=6),
            ]
        )
    )
    shared = {
        "hidden": hidden,
        "activation": draw(
            st.lists(st.sampled_from(sorted(ACTIVATIONS)), min_size=len(hidden), max_size=len(hidden))
        ),
        "output": output,
        "bias": draw(st.booleans()),
        "loss": loss,
        "stopping": stopping,
        "schedule": draw(st.sampled_from(SCHEDULES)),
        "diagnostics": diagnostics,
        "dtype": draw(st.sampled_from(["float64", "float32"])),
    }
    data = {
        "samples": samples,
        "features": draw(st.integers(1, 5)),
        "columns": columns,
        "classifies": output != "identity",
        "one_split": draw(st.booleans()),
        "dtype": shared["dtype"],
        "weighted": draw(st.booleans()),
    }
    rates = draw(feedings(samples))
    rules = draw(st.sampled_from(RULES))
    member = st.fixed_dictionaries(
        {
            "feeding": rates,
            "update_rule": rules,
            "initializer": INITIALIZERS,
            "weights_seed": st.integers(0, 3),
            "order_seed": st.integers(0, 3),
        }
    )
    members = draw(st.lists(st.tuples(st.integers(0, 2), member), min_size=2, max_size=6))
    return shared, data, members


def assert_each_as_alone(runs, rows_of, budgets=()):
    """Train `runs` as one stack under the byte budgets, and each alone under the usual ones."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name, size in budgets:
            patch.setattr(module, name, size)
        together, rows = engine.advance(engine.start(runs))
    for member, run in enumerate(runs):
        alone, own_rows = engine.advance(engine.start([run]))
        whole = together.arrays.plain()
        for name, expected in alone.arrays.plain().items():
            assert np.array_equal(whole[name][member], expected[0], equal_nan=True), name
        # The parameters handed out are compared by a hash of their bytes elsewhere.
        for name, array in engine.records(alone)[0].parameters.items():
            assert array.tobytes() == engine.records(together)[member].parameters[name].tobytes(), name
        mine = rows_of(rows, member)
        assert mine.keys() | {"member"} == own_rows.keys()
        for name, values in mine.items():
            assert np.array_equal(values, own_rows[name], equal_nan=True), name
    return engine.records(together)


@settings(max_examples=150, deadline=None)
@given(drawn=stacks(), tile_bytes=st.sampled_from([1, 6_000, 1 << 20]), small=st.booleans())
def test_every_run_of_a_stack_is_the_run_alone(make_run, make_data, rows_of, drawn, tile_bytes, small):
    shared, data, members = drawn
    # Runs of one data seed share their arrays, as runs of one split do.
    splits = {seed: make_data(**data, seed=seed) for seed in {seed for seed, _ in members}}
    runs = [make_run(**shared, **choices, data=splits[seed]) for seed, choices in members]
    budgets = [(training, "TILE_BYTES", tile_bytes)]
    if small:
        budgets += [(measuring, "CHUNK_BYTES", 1), (samples, "BLOCK_BYTES", 1)]
    for trained in assert_each_as_alone(runs, rows_of, budgets):
        event(trained.outcome)
        event(f"stopped by {trained.stopped_by}")


@pytest.mark.parametrize("feeding", [GD, SGD, Batch])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_neighbours_of_runs_that_leave_early_go_on_unmoved(make_run, make_data, rows_of, feeding, dtype):
    data = make_data(samples=70, columns=2, classifies=False, dtype=dtype)
    runs = [
        make_run(
            (6, 5),
            "relu",
            "identity",
            data=data,
            dtype=dtype,
            feeding=feeding(learning_rate=rate),
            stopping=Stopping(epochs=12, tolerance=0.05),
            weights_seed=seed,
        )
        for seed, rate in enumerate([0.01, 1e30, 0.1, 1.0, 3.0])
    ]
    found = assert_each_as_alone(runs, rows_of)
    assert {trained.stopped_by for trained in found} == {"epochs", "tolerance", "divergence"}
    assert len({trained.updates for trained in found}) >= 3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_curvature_of_a_run_is_the_same_in_a_stack(make_run, make_data, rows_of, dtype):
    data = make_data(samples=9, columns=2, classifies=False, dtype=dtype)
    runs = [
        make_run(
            (3, 2),
            "tanh",
            "identity",
            data=data,
            dtype=dtype,
            feeding=GD(learning_rate=rate),
            diagnostics=Diagnostics(measures=("hessian_smallest", "hessian_largest"), rows=4),
            weights_seed=seed,
        )
        for seed, rate in enumerate([0.01, 1e30, 0.3])
    ]
    assert_each_as_alone(runs, rows_of, [(measuring, "CHUNK_BYTES", 1 << 12)])


def test_the_members_of_a_large_stack_at_full_batch_keep_their_bits(make_run, make_data, rows_of):
    # Wide enough that tile and chunk are smaller than the stack by their usual budgets.
    data = make_data(samples=200, features=20, columns=10)
    runs = [
        make_run(
            (32,),
            "relu",
            "softmax",
            data=data,
            loss=CrossEntropy(),
            feeding=GD(learning_rate=rate),
            stopping=Stopping(epochs=4),
        )
        for rate in np.geomspace(0.01, 10, 7)
    ]
    assert training.tile_size(runs[0]) < len(runs)
    assert measuring.Meter(runs[0]).chunk < len(runs)
    assert_each_as_alone(runs, rows_of)


@pytest.mark.parametrize("samples", [1, 2, 3, 20, 63, 200])
@pytest.mark.parametrize("units", [1, 2, 3, 9, 17])
def test_sums_over_units_add_in_an_order_that_the_size_of_the_stack_does_not_change(samples, units):
    stack = np.random.default_rng(0).normal(size=(5, units, samples))
    with arithmetic():
        for function in (np.add.reduce, np.maximum.reduce):
            together = function(stack, axis=1)
            for member in range(5):
                assert np.array_equal(function(stack[member : member + 1], axis=1)[0], together[member])


@pytest.mark.parametrize(
    "feeding", [GD(), SGD(order="as_given"), Batch(order="as_given")], ids=lambda x: x.name
)
def test_the_memory_layout_of_the_data_does_not_matter(make_run, make_data, feeding):
    data = make_data(samples=90, features=7)

    def turned(split):
        return Split(np.asfortranarray(split.x), np.asfortranarray(split.y))

    column_major = Data(*(turned(split) for split in data.splits.values()), data.classifies)
    found = []
    for each in (data, column_major):
        state, rows = engine.advance(engine.start([make_run((9,), data=each, feeding=feeding)]))
        found.append((state.arrays.parameters, rows))
    assert np.array_equal(found[0][0], found[1][0])
    for name, values in found[0][1].items():
        assert np.array_equal(values, found[1][1][name], equal_nan=True), name


def test_parameters_that_are_no_numbers_are_handed_out_with_one_bit_pattern(make_run, start_at):
    run = make_run((4,), dtype="float32", stopping=Stopping(updates=0))
    parameters = np.full(run.network.parameters, np.nan, np.float32)
    parameters[::2] = np.copysign(parameters[::2], -1)
    assert len(set(parameters.view(np.uint32))) == 2
    for array in engine.records(start_at(run, parameters))[0].parameters.values():
        assert set(array.view(np.uint32).ravel()) == {np.float32(np.nan).view(np.uint32)}
