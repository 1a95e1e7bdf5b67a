"""Splits: how many, which, and for whom the same."""

import numpy as np
import pytest

from harness import compose
from harness.data import load
from harness.data.datasets import Blobs, Digits, Moons, Sine, Xor
from harness.data.splits import split_rows, split_sizes
from harness.errors import ConfigurationError
from harness.streams import stream


def rows_of(dataset, seed=0):
    labels = dataset.draw()[1] if dataset.classes is not None else None
    return split_rows(dataset, labels, seed)


def test_digits_split_into_1077_360_and_360():
    assert split_sizes(Digits()) == (1077, 360, 360)


@pytest.mark.parametrize(
    "dataset",
    [Digits(), Moons(), Moons(samples=33), Sine(), Blobs(test_share=0.1, validation_share=0.3)],
    ids=lambda d: f"{d.name}-{d.size}",
)
@pytest.mark.parametrize("seed", [0, 7])
def test_parts_have_the_sizes_announced_and_share_no_sample(dataset, seed):
    parts = rows_of(dataset, seed)
    assert tuple(len(part) for part in parts) == split_sizes(dataset)
    assert sorted(np.concatenate(parts)) == list(range(dataset.size))


@pytest.mark.parametrize("dataset", [Digits(), Moons(samples=501), Blobs(centers=5)], ids=lambda d: d.name)
def test_every_part_has_every_class_in_its_share(dataset):
    labels = dataset.draw()[1]
    share = np.bincount(labels) / dataset.size
    for part in rows_of(dataset, 3):
        # Shares of a few samples cannot be met exactly: two splits, each off by at most one.
        assert np.abs(np.bincount(labels[part], minlength=len(share)) - share * len(part)).max() <= 2


@pytest.mark.parametrize("dataset", [Digits(), Moons(samples=501), Sine()], ids=lambda d: d.name)
@pytest.mark.parametrize("seed", [0, 7])
def test_a_split_is_the_one_that_scikit_learn_draws_from_our_stream(dataset, seed):
    from sklearn.model_selection import train_test_split

    labels = dataset.draw()[1] if dataset.classes is not None else None
    draw = np.random.RandomState(stream(seed, "split").bit_generator)
    _, validation, test = split_sizes(dataset)
    rest, tested = train_test_split(
        np.arange(dataset.size), test_size=test, stratify=labels, random_state=draw
    )
    left = None if labels is None else labels[rest]
    trained, validated = train_test_split(rest, test_size=validation, stratify=left, random_state=draw)
    for one, other in zip(rows_of(dataset, seed), (trained, validated, tested), strict=True):
        assert np.array_equal(one, other)


def test_another_seed_splits_otherwise():
    first, second = rows_of(Digits(), 0), rows_of(Digits(), 1)
    for one, other in zip(first, second, strict=True):
        assert set(one) != set(other)


def test_a_split_is_the_same_whenever_it_is_drawn():
    for one, other in zip(rows_of(Moons(), 5), rows_of(Moons(), 5), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    "other",
    [
        ["activation=tanh", "loss=mse", "optimizer=gd"],
        ["architecture.hidden=[9,9,9]", "architecture.bias=false"],
        ["seeds.weights=11", "seeds.order=12"],
        ["seed=9", "seeds.split=3"],
        ["optimizer.learning_rate=7", "update=momentum", "initializer=he"],
    ],
    ids=" ".join,
)
def test_runs_of_one_split_seed_share_their_split_whatever_else_differs(other):
    base = ["dataset=moons", "seed=3"]
    one, two = load(compose(base)), load(compose([*base, *other]))
    for name in ("train_x", "train_y", "validation_x", "validation_y", "test_x", "test_y"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name


def test_the_split_follows_the_seed_of_the_run_unless_it_has_its_own():
    one, two = (load(compose(["dataset=moons", f"seed={seed}"])) for seed in (3, 4))
    assert not np.array_equal(one.train_x, two.train_x)


def test_without_a_split_all_three_are_all_samples():
    assert split_sizes(Xor()) == (4, 4, 4)
    for part in rows_of(Xor()):
        assert part.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "dataset", [Moons(samples=4), Digits(samples=20), Xor(split="holdout")], ids=lambda d: d.name
)
def test_too_few_samples_to_split_are_refused_with_a_remedy(dataset):
    with pytest.raises(ConfigurationError, match=r"dataset\.split=none, or more dataset\.samples"):
        split_sizes(dataset)
