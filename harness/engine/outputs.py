"""Output functions: what the last layer makes of its logits, and how an error flows back."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np

from harness.engine.activations import Sigmoid
from harness.engine.arrays import Floats


class Output(Protocol):
    """What the network asks of an output; z, a, d of shape (S, K, B)."""

    largest_slope: ClassVar[float | None]

    @property
    def name(self) -> str:
        """Return the choice's name."""

    def apply(self, z: Floats, out: Floats) -> None:
        """Write a = h(z) to `out`."""

    def backward(self, d: Floats, a: Floats) -> None:
        """Turn d = dJ/da into delta = dJ/dz, in place."""


@dataclass(frozen=True)
class IdentityOutput:
    """a = z, delta = d."""

    name: Literal["identity"] = "identity"
    largest_slope: ClassVar[float | None] = None

    def apply(self, z: Floats, out: Floats) -> None:
        """Write z to `out`."""
        np.copyto(out, z)

    def backward(self, d: Floats, a: Floats) -> None:
        """Leave d as it is."""


@dataclass(frozen=True)
class SigmoidOutput:
    """a = 1 / (1 + exp(-z)) in each unit, delta = d a (1 - a)."""

    name: Literal["sigmoid"] = "sigmoid"
    largest_slope: ClassVar[float | None] = Sigmoid.largest_slope

    def apply(self, z: Floats, out: Floats) -> None:
        """Write the logistic function of z to `out`."""
        Sigmoid().apply(z, out)

    def backward(self, d: Floats, a: Floats) -> None:
        """Multiply d by a (1 - a), in place."""
        d *= a
        d *= 1 - a


@dataclass(frozen=True)
class SoftmaxOutput:
    """a = exp(z) / sum exp(z) over the units, delta = a (d - sum d a).

    The second is the softmax's Jacobian diag(a) - a a^T applied to d (Bridle 1990).
    """

    name: Literal["softmax"] = "softmax"
    largest_slope: ClassVar[float | None] = None

    def apply(self, z: Floats, out: Floats) -> None:
        """Write the softmax of z over its units to `out`; no exponent is positive."""
        total = np.maximum.reduce(z, axis=1, keepdims=True)
        np.subtract(z, total, out=out)
        np.exp(out, out=out)
        np.add.reduce(out, axis=1, keepdims=True, out=total)
        out /= total

    def backward(self, d: Floats, a: Floats) -> None:
        """Apply the Jacobian to d, in place."""
        d -= np.add.reduce(d * a, axis=1, keepdims=True)
        d *= a


OUTPUTS: dict[str, type[Output]] = {
    "identity": IdentityOutput,
    "sigmoid": SigmoidOutput,
    "softmax": SoftmaxOutput,
}
