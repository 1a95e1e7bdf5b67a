"""Activation functions of hidden layers, each with its derivative beside it.

An activation is a frozen choice with three members: ``apply`` writes a = g(z), ``slope`` writes
g'(z), and ``largest_slope`` is max |g'|, or None where g has no bounded range to saturate at.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Protocol

import numpy as np
from annotated_types import Gt, Interval

from harness.engine.arrays import Floats


class Activation(Protocol):
    """What the network asks of an activation; arrays of any equal shape."""

    largest_slope: ClassVar[float | None]
    rectifies: ClassVar[bool]

    @property
    def name(self) -> str:
        """Return the choice's name."""

    def apply(self, z: Floats, out: Floats) -> None:
        """Write g(z) to `out`."""

    def slope(self, z: Floats, a: Floats, out: Floats) -> None:
        """Write g'(z) to `out`, given z and a = g(z)."""


@dataclass(frozen=True)
class Identity:
    """g(z) = z, g'(z) = 1."""

    name: Literal["identity"] = "identity"
    largest_slope: ClassVar[float | None] = None
    rectifies: ClassVar[bool] = False

    def apply(self, z: Floats, out: Floats) -> None:
        """Write z to `out`."""
        np.copyto(out, z)

    def slope(self, z: Floats, a: Floats, out: Floats) -> None:
        """Write 1 to `out`."""
        out.fill(1)


@dataclass(frozen=True)
class Sigmoid:
    """g(z) = 1 / (1 + exp(-z)), g'(z) = a (1 - a) <= 1/4."""

    name: Literal["sigmoid"] = "sigmoid"
    largest_slope: ClassVar[float | None] = 0.25
    rectifies: ClassVar[bool] = False

    def apply(self, z: Floats, out: Floats) -> None:
        """Write the logistic function of z to `out`; exact 0 and 1 at the far ends."""
        # exp may overflow to infinity on the left, whose reciprocal is the right limit, 0;
        # NumPy's exp is vectorised, scipy.special.expit is not and takes five times as long.
        # Not np.negative: NumPy 2.4 reads wrong numbers where the strides of both arrays are 8
        # float64 or 4 float32.
        np.multiply(z, -1, out=out)
        np.exp(out, out=out)
        out += 1
        np.reciprocal(out, out=out)

    def slope(self, z: Floats, a: Floats, out: Floats) -> None:
        """Write a (1 - a) to `out`."""
        np.subtract(1, a, out=out)
        out *= a


@dataclass(frozen=True)
class Tanh:
    """g(z) = tanh z, g'(z) = 1 - a^2 <= 1."""

    name: Literal["tanh"] = "tanh"
    largest_slope: ClassVar[float | None] = 1.0
    rectifies: ClassVar[bool] = False

    def apply(self, z: Floats, out: Floats) -> None:
        """Write tanh z to `out`."""
        np.tanh(z, out=out)

    def slope(self, z: Floats, a: Floats, out: Floats) -> None:
        """Write 1 - a^2 to `out`."""
        np.multiply(a, a, out=out)
        np.subtract(1, out, out=out)


@dataclass(frozen=True)
class ReLU:
    """g(z) = max(z, 0), g'(z) = [z > 0]; the derivative at 0 is taken as 0."""

    name: Literal["relu"] = "relu"
    largest_slope: ClassVar[float | None] = None
    rectifies: ClassVar[bool] = True

    def apply(self, z: Floats, out: Floats) -> None:
        """Write max(z, 0) to `out`."""
        # With a number for 0 NumPy's maximum is not vectorised and takes three times as long.
        out.fill(0)
        np.maximum(z, out, out=out)

    def slope(self, z: Floats, a: Floats, out: Floats) -> None:
        """Write 1 where z > 0 and 0 elsewhere to `out`."""
        # Written to floats directly, NumPy's comparison would go through its buffer.
        np.copyto(out, np.greater(z, 0))


@dataclass(frozen=True)
class LeakyReLU:
    """g(z) = max(z, negative_slope z) (Maas, Hannun and Ng 2013); the derivative at 0 is the slope."""

    name: Literal["leaky_relu"] = "leaky_relu"
    negative_slope: Annotated[float, Interval(ge=0, lt=1)] = 0.01
    largest_slope: ClassVar[float | None] = None
    rectifies: ClassVar[bool] = True

    def apply(self, z: Floats, out: Floats) -> None:
        """Write z where it is positive and negative_slope z elsewhere to `out`."""
        np.multiply(z, self.negative_slope, out=out)
        np.maximum(z, out, out=out)

    def slope(self, z: Floats, a: Floats, out: Floats) -> None:
        """Write 1 where z > 0 and negative_slope elsewhere to `out`."""
        out.fill(self.negative_slope)
        np.copyto(out, 1, where=z > 0)


@dataclass(frozen=True)
class ELU:
    """g(z) = z for z > 0, else alpha (exp z - 1) (Clevert, Unterthiner and Hochreiter 2016)."""

    name: Literal["elu"] = "elu"
    alpha: Annotated[float, Gt(0)] = 1.0
    largest_slope: ClassVar[float | None] = None
    rectifies: ClassVar[bool] = True

    def apply(self, z: Floats, out: Floats) -> None:
        """Write g(z) to `out`; the exponential is taken of negative numbers only."""
        np.minimum(z, 0, out=out)
        np.expm1(out, out=out)
        out *= self.alpha
        np.copyto(out, z, where=z > 0)

    def slope(self, z: Floats, a: Floats, out: Floats) -> None:
        """Write 1 where z > 0 and a + alpha elsewhere to `out`."""
        np.add(a, self.alpha, out=out)
        np.copyto(out, 1, where=z > 0)


@dataclass(frozen=True)
class Softplus:
    """g(z) = log(1 + exp z), g'(z) = 1 / (1 + exp(-z)) (Dugas et al. 2001)."""

    name: Literal["softplus"] = "softplus"
    largest_slope: ClassVar[float | None] = None
    rectifies: ClassVar[bool] = True

    def apply(self, z: Floats, out: Floats) -> None:
        """Write max(z, 0) + log(1 + exp(-|z|)) to `out`, which overflows nowhere."""
        np.logaddexp(z, 0, out=out)

    def slope(self, z: Floats, a: Floats, out: Floats) -> None:
        """Write the logistic function of z to `out`."""
        Sigmoid().apply(z, out)


ACTIVATIONS: dict[str, type[Activation]] = {
    "identity": Identity,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "elu": ELU,
    "softplus": Softplus,
}
