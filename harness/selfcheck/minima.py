"""Auer's neuron: one sigmoid unit, three samples, and gradient descent in two different minima."""

import numpy as np
from scipy.special import expit

from harness import engine
from harness.engine.losses import SquaredError
from harness.selfcheck.finding import Finding, printed
from harness.selfcheck.neuron import one_neuron

SOURCE = "Auer et al. 1996"
X, Y = (-2.0, 8.0, 2.0), (0.9, 0.8, 0.2)


def auer_minima() -> list[Finding]:
    """Descend from w = 0 and w = -1, half squared error, rate 1, no bias, until nothing moves."""
    state = one_neuron(
        np.array(X)[:, None],
        np.array(Y)[:, None],
        loss=SquaredError(),
        rate=1.0,
        epochs=3000,
        start=np.array([[0.0], [-1.0]]),
        bias=False,
    )
    state, _ = engine.advance(state)
    near, far = map(float, state.arrays.parameters[:, 0])
    apart = abs(_loss(near) - _loss(far))
    return [
        printed(SOURCE, "a neuron with two minima: from w = 0 GD ends at w", "0.0527", near),
        printed(SOURCE, "the same neuron: from w = -1 GD ends at w", "-0.794", far),
        Finding(SOURCE, "the losses of the two ends differ by", "> 0", apart, 0.01, np.inf),
    ]


def _loss(weight: float) -> float:
    answers = expit(weight * np.array(X))
    return float(((answers - np.array(Y)) ** 2).mean() / 2)
