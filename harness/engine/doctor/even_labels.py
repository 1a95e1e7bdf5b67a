"""Labels that are even in x, y(-x) = y(x), and networks whose functions cannot be."""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np

from harness.engine.activations import Activation
from harness.engine.arrays import Floats
from harness.engine.doctor.case import Case
from harness.engine.doctor.complaint import Complaint, percent

EVEN = 0.8
"""Agreement, beyond that by chance, of the targets at x and at the sample nearest to -x."""

NEAR = 0.25
"""Largest mean square distance of that sample from -x, relative to the mean square norm of the inputs:
where it is larger, as for pixels that are never negative, nothing is known of the targets at -x."""

MOST = 128
"""Samples that are looked at."""

ARGUMENTS = np.linspace(0.25, 4, 8)


class Symmetry(IntEnum):
    """What g(u) + g(-u) is: 0 of a straight line through 0, 0, another constant, or none."""

    linear = 0
    odd = 1
    shifted = 2
    none = 3


def even_labels(case: Case) -> Complaint | None:
    """Complain of even labels before a network whose logit is odd in x, up to a constant."""
    network, train = case.run.network, case.run.data.train
    if not case.unlearned or not odd_up_to_a_constant(network.activations, network.bias):
        return None
    agreement = evenness(train.x[:MOST], train.y[:MOST])
    if not agreement >= EVEN:
        return None
    if any(symmetry(each) is not Symmetry.linear for each in network.activations):
        kind, remedy = "without biases", "architecture.bias=true"
    elif network.activations:
        kind, remedy = "of straight lines", "activation=relu"
    else:
        kind, remedy = "without hidden layers", "architecture.hidden=[16] with activation=relu"
    return Complaint(
        "even labels",
        f"the labels are even in x (those nearest to -x agree {percent(agreement)} beyond chance), and this "
        f"network {kind} computes odd functions up to a constant: try {remedy}",
    )


def odd_up_to_a_constant(activations: Sequence[Activation], bias: bool) -> bool:
    """Return whether the logit z of a network has z(x) + z(-x) constant, whatever its weights.

    So have linear networks; without biases those of odd functions (tanh) at any depth; and those
    with one layer of sigmoids below linear ones, since g(u) + g(-u) = 1. A second layer of sigmoids sees the
    constant 1/2 as a bias and is free, and ReLU kinds are free at once: |u| = g(u) + g(-u).
    """
    odd = not bias
    for found in map(symmetry, activations):
        if found is Symmetry.linear:
            continue
        if not odd or found is Symmetry.none:
            return False
        odd = found is Symmetry.odd
    return True


def symmetry(activation: Activation) -> Symmetry:
    """Return the symmetry of an activation, found by trying it."""
    values = np.empty((2, len(ARGUMENTS)))
    activation.apply(np.stack([ARGUMENTS, -ARGUMENTS]), values)
    total, slopes = values.sum(axis=0), values[0] / ARGUMENTS
    if np.ptp(total) > 1e-9:
        return Symmetry.none
    if abs(total[0]) > 1e-9:
        return Symmetry.shifted
    return Symmetry.odd if np.ptp(slopes) > 1e-9 else Symmetry.linear


def evenness(x: Floats, y: Floats) -> float:
    """Return how well targets agree with those of the sample nearest to -x: 1 even, 0 by chance.

    1 - mean |y - y'|^2 / (2 var y): of labels it is the share that agrees beyond chance, (a - c) / (1 - c)
    with c the chance that two labels agree, so that a large class by itself makes nothing even. Not a number
    where -x is no place among the samples.

    Parameters
    ----------
    x : ndarray, shape (N, D)
    y : ndarray, shape (N, K)
    """
    if len(x) < 2:
        return float("nan")
    square = np.vecdot(x, x)
    # |-x_i - x_j|^2 less |x_i|^2, which moves no minimum; no sample is its own mirror image.
    apart = 2 * (x @ x.T) + square
    np.fill_diagonal(apart, np.inf)
    mirror = apart.argmin(axis=1)
    distance = apart[np.arange(len(x)), mirror] + square
    chance = 2 * y.var(axis=0).sum()
    if chance == 0 or distance.mean() > NEAR * square.mean():
        return float("nan")
    return 1 - float(((y - y[mirror]) ** 2).sum(axis=1).mean() / chance)
