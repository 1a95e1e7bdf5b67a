"""Losses: their value for each sample, and the error they send back through the output.

Values and deltas are of single samples. The mean over a batch (or the sum, with
``reduction="sum"``) is taken where the gradient is formed, in one place, so that a loss says
nothing about batches.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Protocol

import numpy as np
from annotated_types import Gt

from harness.engine.arrays import Floats
from harness.engine.outputs import Output
from harness.engine.weighting import ClassWeight

Reduction = Literal["mean", "sum"]


class Loss(Protocol):
    """What the network asks of a loss; z, a, y of shape (S, K, B): logits, outputs, targets."""

    outputs: ClassVar[tuple[str, ...]]

    @property
    def reduction(self) -> Reduction:
        """Return whether a batch's gradient is the mean over its samples or their sum."""

    @property
    def class_weight(self) -> ClassWeight | None:
        """Return how classes are weighted, None for all alike."""

    def per_sample(self, output: Output, z: Floats, a: Floats, y: Floats) -> Floats:
        """Return the loss of each sample, shape (S, B)."""

    def delta(self, output: Output, z: Floats, a: Floats, y: Floats, out: Floats) -> None:
        """Write each sample's derivative by its logits to `out`, shape (S, K, B)."""

    def constant(self, output: Output, y: Floats, weight: Floats | None = None) -> float:
        """Return the mean loss of the best constant output for targets y (N, K), weights (N,)."""


@dataclass(frozen=True)
class SquaredError:
    """J = c sum_k (a_k - y_k)^2 for each sample, with c by `scale`.

    ``half``: c = 1/2, so that dJ/da = a - y; ``sum``: c = 1; ``mean``: c = 1/K, as PyTorch and
    Keras have it. Averaged over N samples these are 1/(2N), 1/N and 1/(NK) times the whole sum.
    """

    name: Literal["mse"] = "mse"
    scale: Literal["half", "sum", "mean"] = "half"
    reduction: Reduction = "mean"
    class_weight: ClassWeight | None = None
    outputs: ClassVar[tuple[str, ...]] = ("identity", "sigmoid", "softmax")

    def coefficient(self, columns: int) -> float:
        """Return c for K = `columns` outputs."""
        return {"half": 0.5, "sum": 1.0, "mean": 1.0 / columns}[self.scale]

    def per_sample(self, output: Output, z: Floats, a: Floats, y: Floats) -> Floats:
        """Return c sum_k (a_k - y_k)^2."""
        difference = a - y
        difference *= difference
        total: Floats = np.add.reduce(difference, axis=1)
        total *= self.coefficient(y.shape[1])
        return total

    def delta(self, output: Output, z: Floats, a: Floats, y: Floats, out: Floats) -> None:
        """Write h'(z) applied to 2 c (a - y), the true derivative for every output."""
        np.subtract(a, y, out=out)
        factor = 2 * self.coefficient(y.shape[1])
        if factor != 1:
            out *= factor
        output.backward(out, a)

    def constant(self, output: Output, y: Floats, weight: Floats | None = None) -> float:
        """Return c times the summed variance of the targets: the best constant is their mean."""
        each = (y.astype(np.float64) - _mean(y, weight)) ** 2
        return float(self.coefficient(y.shape[-1]) * _mean(each, weight).sum())


@dataclass(frozen=True)
class Huber:
    """J = c sum_k of e_k^2 / 2 where |e_k| <= threshold, else threshold (|e_k| - threshold / 2).

    e = a - y; c = 1 (``sum``) or 1/K (``mean``, as PyTorch's HuberLoss). Squared error for small
    errors, absolute for large ones (Huber 1964).
    """

    name: Literal["huber"] = "huber"
    threshold: Annotated[float, Gt(0)] = 1.0
    scale: Literal["sum", "mean"] = "sum"
    reduction: Reduction = "mean"
    class_weight: ClassVar[None] = None
    outputs: ClassVar[tuple[str, ...]] = ("identity",)

    def coefficient(self, columns: int) -> float:
        """Return c for K = `columns` outputs."""
        return 1.0 if self.scale == "sum" else 1.0 / columns

    def per_sample(self, output: Output, z: Floats, a: Floats, y: Floats) -> Floats:
        """Return c times the summed Huber losses."""
        error = np.abs(a - y)
        # With q = min(|e|, t) both branches are q (|e| - q / 2).
        bounded = np.minimum(error, self.threshold)
        total: Floats = np.add.reduce(bounded * (error - bounded / 2), axis=1)
        total *= self.coefficient(y.shape[1])
        return total

    def delta(self, output: Output, z: Floats, a: Floats, y: Floats, out: Floats) -> None:
        """Write c times e, clipped to the threshold on either side."""
        np.subtract(a, y, out=out)
        np.clip(out, -self.threshold, self.threshold, out=out)
        out *= self.coefficient(y.shape[1])

    def constant(self, output: Output, y: Floats, weight: Floats | None = None) -> float:
        """Return the loss of the best constant: each column's is where its clipped errors cancel."""
        best = np.array([self._center(column, weight) for column in y.T.astype(np.float64)])
        answers = np.broadcast_to(best, y.shape).T[None]
        return float(_mean(self.per_sample(output, answers, answers, y.T[None])[0], weight))

    def _center(self, column: Floats, weight: Floats | None) -> float:
        low, high = float(column.min()), float(column.max())
        # The sum of clipped errors falls monotonically in the constant: halve until nothing moves.
        for _ in range(200):
            middle = (low + high) / 2
            if _mean(np.clip(column - middle, -self.threshold, self.threshold), weight) > 0:
                low = middle
            else:
                high = middle
        return (low + high) / 2


@dataclass(frozen=True)
class CrossEntropy:
    """Softmax cross-entropy, or the sum of K binary ones over sigmoid outputs.

    Softmax: J = logsumexp(z) - sum_k y_k z_k, for targets that sum to 1. Sigmoid: J = sum_k
    max(z_k, 0) - y_k z_k + log(1 + exp(-|z_k|)). Both are computed from logits and neither
    overflows; for both the output's derivative cancels and delta = a - y (Bishop 2006, eq. 4.109
    and 5.18).
    """

    name: Literal["cross_entropy"] = "cross_entropy"
    reduction: Reduction = "mean"
    class_weight: ClassWeight | None = None
    outputs: ClassVar[tuple[str, ...]] = ("sigmoid", "softmax")

    def per_sample(self, output: Output, z: Floats, a: Floats, y: Floats) -> Floats:
        """Return the cross-entropy of each sample, in nats."""
        if output.name == "softmax":
            shifted = z - np.maximum.reduce(z, axis=1, keepdims=True)
            total: Floats = np.log(np.add.reduce(np.exp(shifted), axis=1))
            total -= np.add.reduce(y * shifted, axis=1)
            return total
        each = np.abs(z)
        each *= -1
        np.exp(each, out=each)
        np.log1p(each, out=each)
        each += np.maximum(z, 0)
        each -= y * z
        both: Floats = np.add.reduce(each, axis=1)
        return both

    def delta(self, output: Output, z: Floats, a: Floats, y: Floats, out: Floats) -> None:
        """Write a - y."""
        np.subtract(a, y, out=out)

    def constant(self, output: Output, y: Floats, weight: Floats | None = None) -> float:
        """Return the entropy of the class shares, in nats: the best constant is their vector."""
        share = _mean(y, weight)
        if output.name == "softmax":
            return _entropy(share)
        return _entropy(share) + _entropy(1 - share)


def _mean(values: Floats, weight: Floats | None) -> Floats:
    """Return the mean over samples, the first axis, in float64."""
    result: Floats = np.average(values.astype(np.float64), axis=0, weights=weight)
    return result


def _entropy(share: Floats) -> float:
    positive = share[share > 0]
    return float(-(positive * np.log(positive)).sum())


LOSSES: dict[str, type[Loss]] = {"mse": SquaredError, "huber": Huber, "cross_entropy": CrossEntropy}
