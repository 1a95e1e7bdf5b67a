"""The links of update rules: small transformations of a gradient, each with named state.

A transformation takes an array (S, P) that it may change, keeps state arrays of the same shape, and
returns the array to go on with: its state only where it is the last link. `numbers` holds what may
differ between runs, each of shape (S, 1), under the names of the rule's fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from harness.engine.arrays import Floats


@dataclass(eq=False)
class Step:
    """What a transformation may read and write besides the array it is given.

    Attributes
    ----------
    parameters : ndarray, shape (S, P)
        Before the update.
    is_weight : ndarray of the parameters' dtype, shape (P,)
        1 for weights, 0 for biases, which no penalty touches.
    state, numbers : mapping of str to ndarray, shapes (S, P) and (S, 1)
    gradient, scratch : ndarray, shape (S, P)
        Memory: where a chain's gradient begins, and as much again.
    number : int
        Of the update, counted from 1.
    """

    parameters: Floats
    is_weight: Floats
    state: Mapping[str, Floats]
    numbers: Mapping[str, Floats]
    gradient: Floats
    scratch: Floats
    number: int = 0

    def spare(self, used: Floats) -> Floats:
        """Return whichever memory `used` is not."""
        return self.gradient if used is self.scratch else self.scratch


class Transformation(Protocol):
    """One link of a chain."""

    state: ClassVar[tuple[str, ...]]

    def apply(self, gradient: Floats, step: Step) -> Floats:
        """Return what becomes of `gradient`, and change the state with it."""


@dataclass(frozen=True)
class ClipValue:
    """g <- g clipped to [-clip_value, clip_value], entry by entry."""

    state: ClassVar[tuple[str, ...]] = ()

    def apply(self, gradient: Floats, step: Step) -> Floats:
        """Clip every entry."""
        limit = step.numbers["clip_value"]
        return np.clip(gradient, -1 * limit, limit, out=gradient)


@dataclass(frozen=True)
class ClipNorm:
    """g <- g min(1, clip_norm / ||g||), over all parameters of a run (Pascanu et al. 2013)."""

    state: ClassVar[tuple[str, ...]] = ()

    def apply(self, gradient: Floats, step: Step) -> Floats:
        """Shorten gradients that are longer than the limit."""
        norm = np.sqrt(np.vecdot(gradient, gradient))[:, None]
        limit = step.numbers["clip_norm"]
        # 1 where the norm is within the limit, also where it is 0.
        gradient *= limit / np.maximum(norm, limit)
        return gradient


@dataclass(frozen=True)
class AddL2:
    """g <- g + l2 W: the gradient of the penalty l2 ||W||^2 / 2, which no batch size scales."""

    state: ClassVar[tuple[str, ...]] = ()

    def apply(self, gradient: Floats, step: Step) -> Floats:
        """Add l2 times the weights."""
        return _add_weights(gradient, step, "l2")


@dataclass(frozen=True)
class AddL1:
    """g <- g + l1 sign(W): a subgradient of the penalty l1 sum |W|."""

    state: ClassVar[tuple[str, ...]] = ()

    def apply(self, gradient: Floats, step: Step) -> Floats:
        """Add l1 times the signs of the weights."""
        penalty = step.spare(gradient)
        np.sign(step.parameters, out=penalty)
        penalty *= step.is_weight
        penalty *= step.numbers["l1"]
        gradient += penalty
        return gradient


@dataclass(frozen=True)
class AddDecay:
    """g <- g + weight_decay W behind any scaling: decay as Loshchilov and Hutter 2019 decouple it.

    The rate multiplies it like the rest, so that W shrinks by rate times weight_decay an update.
    """

    state: ClassVar[tuple[str, ...]] = ()

    def apply(self, gradient: Floats, step: Step) -> Floats:
        """Add weight_decay times the weights."""
        return _add_weights(gradient, step, "weight_decay")


@dataclass(frozen=True)
class Accumulate:
    """v <- momentum v + g, g <- v (Polyak 1964, in PyTorch's form without dampening)."""

    state: ClassVar[tuple[str, ...]] = ("velocity",)

    def apply(self, gradient: Floats, step: Step) -> Floats:
        """Return the velocity."""
        velocity = step.state["velocity"]
        velocity *= step.numbers["momentum"]
        velocity += gradient
        return velocity


@dataclass(frozen=True)
class LookAhead:
    """v <- momentum v + g, g <- g + momentum v (Nesterov 1983, after Sutskever et al. 2013)."""

    state: ClassVar[tuple[str, ...]] = ("velocity",)

    def apply(self, gradient: Floats, step: Step) -> Floats:
        """Add the velocity, once more decayed, to the gradient."""
        velocity, momentum = step.state["velocity"], step.numbers["momentum"]
        velocity *= momentum
        velocity += gradient
        gradient += np.multiply(velocity, momentum, out=step.spare(gradient))
        return gradient


@dataclass(frozen=True)
class ScaleBySum:
    """G <- G + g^2, g <- g / (sqrt(G) + epsilon) (Duchi, Hazan and Singer 2011, diagonal)."""

    state: ClassVar[tuple[str, ...]] = ("squares",)

    def apply(self, gradient: Floats, step: Step) -> Floats:
        """Divide by the root of the sum of squares so far."""
        squares, spare = step.state["squares"], step.spare(gradient)
        squares += np.multiply(gradient, gradient, out=spare)
        return _divide_by_root(gradient, squares, step, spare)


@dataclass(frozen=True)
class ScaleByMean:
    """v <- beta v + (1 - beta) g^2, g <- g / (sqrt(v) + epsilon) (Tieleman and Hinton 2012)."""

    state: ClassVar[tuple[str, ...]] = ("squares",)

    def apply(self, gradient: Floats, step: Step) -> Floats:
        """Divide by the root of the moving mean of squares."""
        squares, spare = step.state["squares"], step.spare(gradient)
        _moving_mean(squares, np.multiply(gradient, gradient, out=spare), step.numbers["beta"])
        return _divide_by_root(gradient, squares, step, spare)


@dataclass(frozen=True)
class ScaleByMoments:
    """Adam's scaling with bias correction (Kingma and Ba 2015, algorithm 1), at update t.

    m <- beta_1 m + (1 - beta_1) g, v <- beta_2 v + (1 - beta_2) g^2,
    g <- m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon).
    """

    state: ClassVar[tuple[str, ...]] = ("mean", "squares")

    def apply(self, gradient: Floats, step: Step) -> Floats:
        """Return the scaled mean.

        Both corrections are carried out on numbers of shape (S, 1), as the paper's section 2 has it:
        with r = sqrt(1 - beta_2^t), g <- m (r / (1 - beta_1^t)) / (sqrt(v) + epsilon r).
        """
        mean, squares, scaled = step.state["mean"], step.state["squares"], step.spare(gradient)
        first, second = step.numbers["beta_1"], step.numbers["beta_2"]
        _moving_mean(squares, np.multiply(gradient, gradient, out=scaled), second)
        _moving_mean(mean, gradient, first)
        root = np.sqrt(1 - second**step.number)
        np.sqrt(squares, out=scaled)
        scaled += step.numbers["epsilon"] * root
        np.divide(mean, scaled, out=scaled)
        scaled *= root / (1 - first**step.number)
        return scaled


def _add_weights(gradient: Floats, step: Step, coefficient: str) -> Floats:
    penalty = np.multiply(step.parameters, step.is_weight, out=step.spare(gradient))
    penalty *= step.numbers[coefficient]
    gradient += penalty
    return gradient


def _divide_by_root(gradient: Floats, squares: Floats, step: Step, spare: Floats) -> Floats:
    np.sqrt(squares, out=spare)
    spare += step.numbers["epsilon"]
    gradient /= spare
    return gradient


def _moving_mean(mean: Floats, value: Floats, beta: Floats) -> None:
    """Write beta mean + (1 - beta) value to `mean`; `value` is used up."""
    mean *= beta
    value *= 1 - beta
    mean += value
