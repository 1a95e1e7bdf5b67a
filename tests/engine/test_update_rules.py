"""Clipping and penalties, by hand; every rule finds the bottom of a bowl."""

import numpy as np
import pytest

from harness.engine.transformations import AddL1, AddL2, ClipNorm, ClipValue, Step
from harness.engine.update_rules import UPDATE_RULES, AdamW, Plain, descend, state_names

RATES = {"plain": 0.1, "momentum": 0.05, "nesterov": 0.05, "adagrad": 0.5, "rmsprop": 0.01, "adam": 0.05}


def step(parameters, is_weight=None, **numbers):
    array = np.array([parameters])
    flags = np.ones(array.shape[1]) if is_weight is None else np.array(is_weight, float)
    given = {name: np.array([[value]]) for name, value in numbers.items()}
    return Step(array, flags, {}, given, np.empty_like(array), np.empty_like(array))


def transformed(link, gradient, **given):
    about = step(**given)
    about.gradient[...] = gradient
    return link.apply(about.gradient, about)[0].tolist()


def test_values_are_clipped_one_by_one():
    assert transformed(ClipValue(), [3.0, -0.5, -7.0], parameters=[0.0] * 3, clip_value=1.0) == [1, -0.5, -1]


def test_a_norm_is_shortened_to_the_limit_and_shorter_ones_are_left():
    assert transformed(ClipNorm(), [3.0, 4.0], parameters=[0.0] * 2, clip_norm=2.5) == [1.5, 2.0]
    assert transformed(ClipNorm(), [0.3, 0.4], parameters=[0.0] * 2, clip_norm=2.5) == [0.3, 0.4]
    assert transformed(ClipNorm(), [0.0, 0.0], parameters=[0.0] * 2, clip_norm=2.5) == [0.0, 0.0]


def test_penalties_pull_weights_and_leave_biases():
    given = {"parameters": [2.0, -3.0, 5.0], "is_weight": [1, 1, 0]}
    assert transformed(AddL2(), [0.0, 0.0, 0.0], l2=0.1, **given) == pytest.approx([0.2, -0.3, 0.0])
    assert transformed(AddL1(), [0.0, 0.0, 0.0], l1=0.1, **given) == pytest.approx([0.1, -0.1, 0.0])


def test_penalties_come_before_clipping():
    links = Plain(clip_norm=1.0, clip_value=2.0, l1=0.1, l2=0.2).chain()
    assert [type(link).__name__ for link in links] == ["AddL2", "AddL1", "ClipValue", "ClipNorm"]


def test_decoupled_decay_is_not_scaled_by_the_moments():
    """Of a gradient of 0 Adam makes 0; what is left of AdamW's step is rate times decay times W."""
    rule = AdamW(weight_decay=0.5)
    parameters, gradient, scratch = np.array([[2.0, 2.0]]), np.zeros((1, 2)), np.empty((1, 2))
    numbers = {
        name: np.array([[getattr(rule, name)]]) for name in rule.per_run if getattr(rule, name) is not None
    }
    state = {name: np.zeros((1, 2)) for name in state_names(rule)}
    about = Step(parameters, np.array([1.0, 0.0]), state, numbers, gradient, scratch)
    descend(rule.chain(), np.array([[0.1]]), about)
    assert parameters[0].tolist() == pytest.approx([2 - 0.1 * 0.5 * 2, 2.0])


@pytest.mark.parametrize("name", UPDATE_RULES)
def test_every_rule_finds_the_bottom_of_a_bowl(name):
    rule = UPDATE_RULES[name]() if name != "adamw" else AdamW(weight_decay=0.0)
    numbers = {
        field: np.array([[getattr(rule, field)]])
        for field in rule.per_run
        if getattr(rule, field) is not None
    }
    curvature, bottom = np.array([1.0, 5.0]), np.array([0.5, -0.3])
    parameters = np.array([[2.0, 1.0]])
    state = {each: np.zeros((1, 2)) for each in state_names(rule)}
    rate = np.array([[RATES.get(name, 0.05)]])
    about = Step(parameters, np.ones(2), state, numbers, np.empty((1, 2)), np.empty((1, 2)))
    for _ in range(1000):
        about.gradient[...] = curvature * (parameters - bottom)
        descend(rule.chain(), rate, about)
    np.testing.assert_allclose(parameters[0], bottom, atol=0.01)
