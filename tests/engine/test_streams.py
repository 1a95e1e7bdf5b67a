"""Named random streams: one seed, many generators that never touch each other."""

import numpy as np
import pytest

from harness.engine.initializers import Normal
from harness.streams import STATE_WORDS, pack, stream, unpack


def test_the_same_name_and_seed_give_the_same_draws():
    assert np.array_equal(stream(3, "order").random(20), stream(3, "order").random(20))


def test_names_and_seeds_give_different_draws():
    keys = [
        (seed, name)
        for seed in (0, 1, 2)
        for name in ("split", "order", "initial/layer_1", "initial/layer_2")
    ]
    draws = {key: tuple(stream(*key).random(4)) for key in keys}
    assert len(set(draws.values())) == len(keys)


def test_streams_are_uncorrelated():
    draws = [stream(seed, name).standard_normal(4000) for seed in (0, 1) for name in ("split", "order")]
    between = np.corrcoef(draws)[np.triu_indices(4, 1)]
    # Five deviations of a correlation of 4000 independent pairs.
    assert np.abs(between).max() < 5 / np.sqrt(4000)


def test_global_state_plays_no_part():
    np.random.seed(1)
    first = stream(0, "order").random(3)
    np.random.seed(2)
    assert np.array_equal(stream(0, "order").random(3), first)


@pytest.mark.parametrize(
    "drawn",
    [
        lambda draw: draw.random(3),
        lambda draw: draw.permutation(7),
        # An odd number of 32-bit integers leaves half a word behind, which is part of the state.
        lambda draw: draw.integers(0, 100, 3, dtype=np.int32),
        lambda draw: draw.standard_normal(5),
    ],
    ids=["doubles", "permutation", "half-words", "normals"],
)
def test_a_packed_stream_goes_on_where_it_stopped(drawn):
    draw = stream(4, "order")
    for _ in range(3):
        drawn(draw)
        words = pack(draw)
        assert (words.dtype, words.shape) == (np.uint64, (STATE_WORDS,))
        resumed = unpack(words)
        assert np.array_equal(pack(resumed), words)
        assert np.array_equal(
            resumed.integers(0, 100, 5, dtype=np.int32), draw.integers(0, 100, 5, dtype=np.int32)
        )
        assert np.array_equal(resumed.permutation(30), draw.permutation(30))


def test_a_deeper_network_keeps_the_draws_of_its_first_layers(make_run):
    shallow, deep = (make_run(hidden) for hidden in ((4, 5), (4, 5, 6, 2)))
    first, second = (run.network.layers(run.initial_parameters()[None]) for run in (shallow, deep))
    for layer in (0, 1):
        assert np.array_equal(first[layer].weights, second[layer].weights)
        assert np.array_equal(first[layer].bias, second[layer].bias)


def test_biases_do_not_move_the_weights(make_run):
    runs = [make_run((4, 5), bias=bias) for bias in (True, False)]
    first, second = (run.network.layers(run.initial_parameters()[None]) for run in runs)
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.weights, other.weights)


def test_layers_of_equal_shape_draw_different_weights(make_run):
    run = make_run((3, 3))
    first, second, _ = run.network.layers(run.initial_parameters()[None])
    assert not np.array_equal(first.weights, second.weights)


def test_seed_zero_is_a_seed(make_run):
    runs = [make_run(weights_seed=seed, initializer=Normal(scale=1)) for seed in (0, 0, 1)]
    zero, again, one = (run.initial_parameters() for run in runs)
    assert np.array_equal(zero, again)
    assert not np.array_equal(zero, one)
    expected = stream(0, "initial/layer_1").standard_normal((3, 4))
    assert np.array_equal(zero[:12].reshape(3, 4), expected)
