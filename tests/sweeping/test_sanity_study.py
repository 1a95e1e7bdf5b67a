"""The study `sanity`: everything that can be chosen overfits a handful of samples, but one arm."""

from collections import Counter
from itertools import product
from math import log

import pytest

from harness import train
from harness.engine.activations import ACTIVATIONS
from harness.engine.feeding import FEEDINGS
from harness.engine.losses import LOSSES
from harness.engine.update_rules import UPDATE_RULES
from harness.library import library
from harness.record import Record
from harness.sweeping.composing import default_composer
from harness.sweeping.grid import Point, expand
from harness.sweeping.study import build_study

TARGET = 0.01
PAIRINGS = [(name, output) for name, loss in LOSSES.items() for output in loss.outputs]


@pytest.fixture(scope="module")
def grid() -> list[Point]:
    study, _ = build_study(dict(library())["sanity"], None)
    assert (study.target.metric, study.target.value) == ("train_loss", TARGET)
    return expand(default_composer(), study, ()).points


def is_counter_example(point: Point) -> bool:
    return not point.run.architecture.bias


def chosen(point: Point) -> dict[str, object]:
    flat = point.run.flat
    return {
        "activation": flat["activation"],
        "pairing": (flat["loss"], point.run.output),
        "feeding": flat["optimizer"],
        "rule": flat["update"],
    }


# Whoever adds an activation, a loss, a feeding or an update rule adds it to sweeps/sanity.yaml.
@pytest.mark.parametrize(
    ("kind", "every"),
    [
        ("activation", ACTIVATIONS),
        ("pairing", PAIRINGS),
        ("feeding", FEEDINGS),
        ("rule", UPDATE_RULES),
    ],
)
def test_everything_that_can_be_chosen_is_tried(grid: list[Point], kind: str, every: object) -> None:
    assert {chosen(point)[kind] for point in grid if not is_counter_example(point)} == set(every)


@pytest.mark.parametrize(
    ("one", "other", "every"),
    [
        ("activation", "pairing", product(ACTIVATIONS, PAIRINGS)),
        ("activation", "feeding", product(ACTIVATIONS, FEEDINGS)),
        ("pairing", "feeding", product(PAIRINGS, FEEDINGS)),
    ],
)
def test_any_two_meet_in_some_arm(grid: list[Point], one: str, other: str, every: product) -> None:
    assert set(every) <= {(chosen(point)[one], chosen(point)[other]) for point in grid}


def test_the_study_stays_small(grid: list[Point]) -> None:
    assert len(grid) <= 200
    assert all(point.run.dataset.split == "none" and point.run.dataset.size <= 20 for point in grid)
    assert all(point.run.stopping.target == TARGET for point in grid)


def test_sigmoid_units_without_biases_cannot_learn_xor_and_with_them_can(grid: list[Point]) -> None:
    xor = [point for point in grid if point.run.dataset.name == "xor"]
    records = train([point.run for point in xor])
    assert Counter(is_counter_example(point) for point in xor) == {True: 2, False: 2}
    for point, record in zip(xor, records, strict=True):
        summary = record.summary
        if is_counter_example(point):
            # At best both corners of one pair are right, and one of the other pair.
            assert summary["outcome"] == "stalled"
            assert summary["train_loss"] >= log(2) - 1e-12
            assert summary["train_accuracy"] <= 0.75
        else:
            assert summary["outcome"] == "converged"
            assert summary["train_accuracy"] == 1


@pytest.fixture(scope="module")
def records(grid: list[Point]) -> list[Record]:
    return train([point.run for point in grid])


@pytest.mark.slow
def test_every_arm_but_the_counter_example_overfits(grid: list[Point], records: list[Record]) -> None:
    missed = {
        point.name
        for point, record in zip(grid, records, strict=True)
        if not record.summary["train_loss"] <= TARGET
    }
    assert missed == {point.name for point in grid if is_counter_example(point)}


@pytest.mark.slow
def test_at_the_target_no_sample_is_misclassified(grid: list[Point], records: list[Record]) -> None:
    right = [
        record.summary["train_accuracy"]
        for point, record in zip(grid, records, strict=True)
        if point.run.dataset.classes is not None and not is_counter_example(point)
    ]
    assert set(right) == {1.0}
    assert len(right) > 100
