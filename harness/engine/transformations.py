"""The links of update rules: small transformations of a gradient, each with named state.

A transformation changes the gradient (S, P) in place and keeps state arrays of the same shape. `numbers`
holds what may differ between runs, each of shape (S, 1), under the names of the rule's fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from harness.engine.arrays import Floats


@dataclass(frozen=True, eq=False)
class Step:
    """What a transformation may read besides the gradient.

    Attributes
    ----------
    parameters : ndarray, shape (S, P)
        Before the update.
    is_weight : ndarray of the parameters' dtype, shape (P,)
        1 for weights, 0 for biases, which no penalty touches.
    state, numbers : mapping of str to ndarray, shapes (S, P) and (S, 1)
    number : int
        Of the update, counted from 1.
    """

    parameters: Floats
    is_weight: Floats
    state: Mapping[str, Floats]
    numbers: Mapping[str, Floats]
    number: int


class Transformation(Protocol):
    """One link of a chain."""

    state: ClassVar[tuple[str, ...]]

    def apply(self, gradient: Floats, step: Step) -> None:
        """Transform `gradient` in place, and the state with it."""


@dataclass(frozen=True)
class ClipValue:
    """g <- g clipped to [-clip_value, clip_value], entry by entry."""

    state: ClassVar[tuple[str, ...]] = ()

    def apply(self, gradient: Floats, step: Step) -> None:
        """Clip every entry."""
        limit = step.numbers["clip_value"]
        np.clip(gradient, -limit, limit, out=gradient)


@dataclass(frozen=True)
class ClipNorm:
    """g <- g min(1, clip_norm / ||g||), over all parameters of a run (Pascanu et al. 2013)."""

    state: ClassVar[tuple[str, ...]] = ()

    def apply(self, gradient: Floats, step: Step) -> None:
        """Shorten gradients that are longer than the limit."""
        norm = np.sqrt(np.vecdot(gradient, gradient))[:, None]
        limit = step.numbers["clip_norm"]
        # 1 where the norm is within the limit, also where it is 0.
        gradient *= limit / np.maximum(norm, limit)


@dataclass(frozen=True)
class AddL2:
    """g <- g + l2 W: the gradient of the penalty l2 ||W||^2 / 2, which no batch size scales."""

    state: ClassVar[tuple[str, ...]] = ()

    def apply(self, gradient: Floats, step: Step) -> None:
        """Add l2 times the weights."""
        gradient += step.numbers["l2"] * (step.parameters * step.is_weight)


@dataclass(frozen=True)
class AddL1:
    """g <- g + l1 sign(W): a subgradient of the penalty l1 sum |W|."""

    state: ClassVar[tuple[str, ...]] = ()

    def apply(self, gradient: Floats, step: Step) -> None:
        """Add l1 times the signs of the weights."""
        gradient += step.numbers["l1"] * (np.sign(step.parameters) * step.is_weight)


@dataclass(frozen=True)
class AddDecay:
    """g <- g + weight_decay W behind any scaling: decay as Loshchilov and Hutter 2019 decouple it.

    The rate multiplies it like the rest, so that W shrinks by rate times weight_decay an update.
    """

    state: ClassVar[tuple[str, ...]] = ()

    def apply(self, gradient: Floats, step: Step) -> None:
        """Add weight_decay times the weights."""
        gradient += step.numbers["weight_decay"] * (step.parameters * step.is_weight)


@dataclass(frozen=True)
class Accumulate:
    """v <- momentum v + g, g <- v (Polyak 1964, in PyTorch's form without dampening)."""

    state: ClassVar[tuple[str, ...]] = ("velocity",)

    def apply(self, gradient: Floats, step: Step) -> None:
        """Replace the gradient by the velocity."""
        velocity = step.state["velocity"]
        velocity *= step.numbers["momentum"]
        velocity += gradient
        gradient[...] = velocity


@dataclass(frozen=True)
class LookAhead:
    """v <- momentum v + g, g <- g + momentum v (Nesterov 1983, after Sutskever et al. 2013)."""

    state: ClassVar[tuple[str, ...]] = ("velocity",)

    def apply(self, gradient: Floats, step: Step) -> None:
        """Add the velocity, once more decayed, to the gradient."""
        velocity, momentum = step.state["velocity"], step.numbers["momentum"]
        velocity *= momentum
        velocity += gradient
        gradient += momentum * velocity


@dataclass(frozen=True)
class ScaleBySum:
    """G <- G + g^2, g <- g / (sqrt(G) + epsilon) (Duchi, Hazan and Singer 2011, diagonal)."""

    state: ClassVar[tuple[str, ...]] = ("squares",)

    def apply(self, gradient: Floats, step: Step) -> None:
        """Divide by the root of the sum of squares so far."""
        squares = step.state["squares"]
        squares += gradient * gradient
        gradient /= np.sqrt(squares) + step.numbers["epsilon"]


@dataclass(frozen=True)
class ScaleByMean:
    """v <- beta v + (1 - beta) g^2, g <- g / (sqrt(v) + epsilon) (Tieleman and Hinton 2012)."""

    state: ClassVar[tuple[str, ...]] = ("squares",)

    def apply(self, gradient: Floats, step: Step) -> None:
        """Divide by the root of the moving mean of squares."""
        _moving_mean(step.state["squares"], gradient * gradient, step.numbers["beta"])
        gradient /= np.sqrt(step.state["squares"]) + step.numbers["epsilon"]


@dataclass(frozen=True)
class ScaleByMoments:
    """Adam's scaling with bias correction (Kingma and Ba 2015, algorithm 1), at update t.

    m <- beta_1 m + (1 - beta_1) g, v <- beta_2 v + (1 - beta_2) g^2,
    g <- m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon).
    """

    state: ClassVar[tuple[str, ...]] = ("mean", "squares")

    def apply(self, gradient: Floats, step: Step) -> None:
        """Replace the gradient by the scaled mean."""
        mean, squares = step.state["mean"], step.state["squares"]
        first, second = step.numbers["beta_1"], step.numbers["beta_2"]
        _moving_mean(squares, gradient * gradient, second)
        _moving_mean(mean, gradient, first)
        np.divide(squares, 1 - second**step.number, out=gradient)
        np.sqrt(gradient, out=gradient)
        gradient += step.numbers["epsilon"]
        np.divide(mean, gradient, out=gradient)
        gradient /= 1 - first**step.number


def _moving_mean(mean: Floats, value: Floats, beta: Floats) -> None:
    mean *= beta
    mean += (1 - beta) * value
