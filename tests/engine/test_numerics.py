"""Numbers at the edge: single precision, memory that is read and never written, places in memory."""

import numpy as np
import pytest

from harness import engine
from harness.engine.activations import ACTIVATIONS
from harness.engine.arrays import arithmetic
from harness.engine.feeding import GD, SGD, Batch
from harness.engine.outputs import OUTPUTS
from harness.engine.stopping import Stopping
from harness.engine.update_rules import Momentum


def passed(output, z):
    a = np.empty_like(z)
    with arithmetic():
        OUTPUTS[output]().apply(z, out=a)
    return a


@pytest.mark.parametrize("samples", [1, 3, 80])
def test_softmax_sums_to_one_and_knows_no_common_shift(samples):
    z = np.random.default_rng(0).normal(0, 5, (2, 4, samples))
    a = passed("softmax", z)
    np.testing.assert_allclose(a.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(passed("softmax", z + 1e3), a, rtol=1e-11)
    np.testing.assert_allclose(a, np.exp(z) / np.exp(z).sum(axis=1, keepdims=True), rtol=1e-13)


def test_sigmoid_is_the_logistic_function_from_end_to_end():
    from scipy.special import expit

    z = np.linspace(-800, 800, 4001).reshape(1, 1, -1)
    np.testing.assert_allclose(passed("sigmoid", z), expit(z), rtol=1e-13)


@pytest.mark.parametrize("feeding", [GD(), SGD(), Batch(batch_size=5)], ids=lambda each: each.name)
def test_a_float32_run_stays_float32(make_run, train, feeding, activation):
    run = make_run(
        (5, 4),
        activation,
        dtype="float32",
        feeding=feeding,
        update_rule=Momentum(),
        stopping=Stopping(epochs=3, tolerance=1e-9),
    )
    state, _ = train(run)
    named = state.arrays.plain()
    for name in ("parameters", "initial", "rule/velocity", "epoch_start"):
        assert named[name].dtype == np.float32, name
    for array in engine.records(state)[0].parameters.values():
        assert array.dtype == np.float32


def test_single_precision_trains_to_about_the_same_weights_but_not_the_same(make_run, make_data, train):
    found = []
    for dtype in ("float32", "float64"):
        data = make_data(columns=3, dtype=dtype)
        state, _ = train(make_run((5,), data=data, dtype=dtype, feeding=SGD()))
        found.append(state.arrays.parameters[0])
    assert not np.array_equal(found[0].astype(np.float64), found[1])
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)


def test_training_writes_nothing_to_its_data(make_run, make_data, train):
    data = make_data(columns=3)
    for split in data.splits.values():
        split.x.flags.writeable = split.y.flags.writeable = False
    for feeding in (GD(), SGD(), Batch(order="as_given")):
        state, _ = train(make_run((5,), data=data, feeding=feeding))
        assert state.finished


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*sorted(ACTIVATIONS), *(f"{name} output" for name in OUTPUTS)])
def test_the_place_of_a_number_in_memory_does_not_matter(name, dtype):
    """Activations are views into what feeds the layer above, of whatever stride."""
    output = name.removesuffix(" output")
    function = OUTPUTS[output]() if name.endswith(" output") else ACTIVATIONS[name]()
    for stride in range(1, 20):
        for runs in (1, 2, 5, 9):
            z = np.random.default_rng(0).normal(size=(runs, 1, stride)).astype(dtype)[:, :, :1]
            a, slope, plain, plain_slope = (np.zeros((runs, 1, stride), dtype)[:, :, :1] for _ in range(4))
            plain, plain_slope = plain.copy(), plain_slope.copy()
            function.apply(z, out=a)
            function.apply(z.copy(), out=plain)
            assert np.array_equal(a, plain), stride
            if not name.endswith(" output"):
                function.slope(z, a, out=slope)
                function.slope(z.copy(), plain, out=plain_slope)
                assert np.array_equal(slope, plain_slope), stride


def test_a_diverging_run_warns_of_nothing(make_run, train):
    state, _ = train(make_run((5,), "relu", "identity", feeding=SGD(learning_rate=1e150)))
    assert engine.records(state)[0].outcome == "diverged"


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_slopes_are_the_derivatives_of_the_activations(name):
    function = ACTIVATIONS[name]()
    # No step of the difference crosses the kink at 0.
    z = np.linspace(-4, 4, 80)
    up, down, a, slope = (np.empty_like(z) for _ in range(4))
    function.apply(z + 1e-6, out=up)
    function.apply(z - 1e-6, out=down)
    function.apply(z, out=a)
    function.slope(z, a, out=slope)
    np.testing.assert_allclose(slope, (up - down) / 2e-6, atol=1e-9)
    if function.largest_slope is not None:
        at_zero = np.empty(1)
        function.slope(np.zeros(1), np.full(1, 0.5 if name == "sigmoid" else 0.0), out=at_zero)
        assert at_zero[0] == function.largest_slope >= slope.max()
