"""Ends of runs: the same network with its units in other places is the same minimum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from harness.tracking.read import StudyRecord
from reports.columns import describe
from reports.comparison import Comparison, compare
from reports.minima import FLAT, MOVING, SADDLE, STRICT, Shape, distance
from reports.sections.minima import minima
from reports.statistics import with_quantities

SHAPE = Shape((2, 3, 2, 1), True, ("tanh", "tanh"))
SIZES = (1, 2, 1)
HERE = np.array([1.0, -2.0, 0.5, 0.3, 2.0, 1.0, 0.1])
"""Incoming weights of two units, their biases, outgoing weights, the output's bias."""
SWAPPED = HERE[[1, 0, 3, 2, 5, 4, 6]]
TURNED = HERE * [-1, 1, -1, 1, -1, 1, 1]
ELSEWHERE = HERE + 0.5 * np.eye(7)[0]


def network(seed: int = 0) -> list[np.ndarray]:
    return SHAPE.layers(np.random.default_rng(seed).standard_normal(sum(SHAPE.counts)))


def moved(layers: Sequence[np.ndarray], layer: int, places: list[int], signs: list[int]) -> list[np.ndarray]:
    """Give the units of a hidden layer other places and signs."""
    found = [matrix.copy() for matrix in layers]
    found[layer] = found[layer][:, places] * signs
    found[layer + 1][: len(places)] = found[layer + 1][places] * np.array(signs)[:, None]
    return found


def test_units_that_change_places_and_signs_are_the_same_network() -> None:
    one = network()
    other = moved(moved(one, 0, [2, 0, 1], [1, -1, -1]), 1, [1, 0], [-1, 1])
    assert distance(one, other, SHAPE.activations) == pytest.approx(0, abs=1e-12)
    assert distance(one, network(1), SHAPE.activations) > 0.1


def test_a_sign_turns_odd_units_alone() -> None:
    one = network()
    turned = moved(one, 0, [0, 1, 2], [-1, 1, 1])
    assert distance(one, turned, ("tanh", "tanh")) == pytest.approx(0, abs=1e-12)
    assert distance(one, turned, ("sigmoid", "sigmoid")) > 0.1


@pytest.fixture
def study(synthetic: Callable[..., StudyRecord]) -> Callable[..., Comparison]:
    """Return a study of one arm: (parameters, loss, gradient, curvature) of the end of each seed."""

    def made(ends: Sequence[tuple[np.ndarray, float, float, float]]) -> Comparison:
        axes = {"activation": ["tanh"]}
        record = synthetic(axes, rates=(0.1,), seeds=range(len(ends)), rows=3, regression=True)
        history = record.history.drop(columns=["gradient_norm_2"])
        last = history.groupby("run_id")["update"].transform("max") == history["update"]
        for number in range(len(HERE)):
            history.loc[last, f"parameter_{number + 1}"] = [end[0][number] for end in ends]
        for place, name in enumerate(("train_loss", "gradient_norm_1", "hessian_smallest"), start=1):
            history.loc[last, name] = [end[place] for end in ends]
        runs = record.runs.assign(train_loss=[end[1] for end in ends], outcome="converged")
        networks = {"tanh": {"sizes": list(SIZES), "bias": True, "activations": ["tanh"]}}
        spec = {**record.spec, "networks": networks}
        return compare(replace(record, spec=spec, runs=runs, history=history))

    return made


def test_ends_are_told_apart_by_loss_and_by_place_once_units_are_matched(study) -> None:
    comparison = study(
        [
            (HERE, 0.5, 1e-9, 0.1),
            (SWAPPED, 0.5, 1e-12, 0.1),
            (TURNED, 0.5, 1e-9, 0.2),
            # Of equal loss and elsewhere, and a worse one.
            (ELSEWHERE, 0.5, 1e-9, 0.1),
            (ELSEWHERE, 0.75, 1e-9, 0.1),
        ]
    )
    found = comparison.ends
    assert found["seeds"].tolist() == [3, 1, 1]
    assert found["state"].tolist() == [STRICT] * 3
    assert found["above"].tolist() == [0, 0, 0.25]
    assert found.loc[0, "hessian_smallest"] == 0.1
    section = minima(comparison)
    assert section is not None
    assert "5 came to rest" in section.paragraphs[0]
    assert "1 has runs in more than one strict minimum" in section.paragraphs[0]
    assert [column for column in found if describe(column, "minima")[0] == ""] == []


def test_what_is_no_minimum_is_called_otherwise(study) -> None:
    found = study(
        [
            (HERE, 0.0, 1e-9, 1e-12),
            (ELSEWHERE, 0.0, 1e-9, -1e-12),
            (HERE, 0.3, 1e-9, -0.1),
            (HERE, 0.2, 1e-3, 0.1),
        ]
    ).ends
    assert dict(zip(found["state"], found["seeds"], strict=True)) == {FLAT: 2, SADDLE: 1, MOVING: 1}


def test_an_excess_counts_at_strict_minima_alone(study) -> None:
    comparison = study([(HERE, 0.5, 1e-9, 0.1), (HERE, 0.7, 1e-9, 0.1), (HERE, 0.9, 1e-3, 0.1)])
    asked = [("minimum_excess", "end"), ("excess_loss", "end")]
    runs = with_quantities(comparison.history, comparison.chosen, asked)
    np.testing.assert_allclose(runs["minimum_excess"], [0, 0.2, np.nan])
    np.testing.assert_allclose(runs["excess_loss"], [0, 0.2, 0.4])


def test_without_parameters_there_is_no_such_section(synthetic: Callable[..., StudyRecord]) -> None:
    assert minima(compare(synthetic({"activation": ["relu"]}, rows=3))) is None
