"""The probe: what a diagnostic reads, each part computed once and only if a diagnostic asks for it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness.engine.activations import Activation
from harness.engine.arrays import Flags, Floats
from harness.engine.diagnostics.reductions import norms, squares, wide
from harness.engine.hessian import eigenvalues, hessian
from harness.engine.losses import Loss
from harness.engine.network import Layer, Network, hand_down, weight_gradient
from harness.engine.outputs import Output
from harness.engine.signals import Signals

SATURATED = 0.1

Columns = dict[str, Floats]


@dataclass(frozen=True, eq=False, kw_only=True)
class Probe:
    """The first samples of the training split and what the network makes of them: to be read, not written.

    S runs, B samples of the probe, L layers from the input. Signals have shape (S, units, B). Deltas
    are those of single samples, N times delta_l of a loss averaged over N, and gradients those of
    the summed loss, so that what is made of them says itself what it divides by.

    Attributes
    ----------
    x, y : ndarray, shapes (S, D, B) and (S, K, B)
        Inputs as the network takes them: with biases there is a last row of ones.
    weight : ndarray, shape (S, 1, B), or None
        Of the samples in the loss.
    layers : list of Layer
        The parameters.
    start : ndarray, shape (S, P)
        The parameters before the first update.
    signals : Signals
        Holds the forward pass of `x`; the backward pass is written to it when first asked for.
    moved : ndarray, shape (S, L)
        Root of the mean squared norm of each layer's updates since the last row.
    """

    network: Network
    loss: Loss
    x: Floats
    y: Floats
    weight: Floats | None
    layers: list[Layer]
    start: Floats
    signals: Signals
    moved: Floats

    @property
    def samples(self) -> int:
        """Return B."""
        return int(self.x.shape[2])

    @property
    def z(self) -> list[Floats]:
        """Return the weighted inputs by layer."""
        return self.signals.z

    @property
    def a(self) -> list[Floats]:
        """Return the activations by layer."""
        return self.signals.a

    @property
    def largest_slope(self) -> list[float | None]:
        """Return max |g'| by layer, None where g saturates nowhere."""
        functions: tuple[Activation | Output, ...] = (*self.network.activations, self.network.output)
        return [function.largest_slope for function in functions]

    @cached_property
    def initial(self) -> list[Layer]:
        """Return the parameters before the first update, by layer."""
        return self.network.layers(self.start)

    @cached_property
    def parameters(self) -> Floats:
        """Return the parameters, a row a run, shape (S, P), in float64."""
        return np.concatenate([wide(layer.matrix) for layer in self.layers], axis=1)

    @cached_property
    def curvatures(self) -> Floats:
        """Return the eigenvalues of each run's Hessian in ascending order, shape (S, P)."""
        found = np.empty_like(self.parameters)
        for run, point in enumerate(self.parameters):
            weight = None if self.weight is None else self.weight[run]
            found[run] = eigenvalues(
                hessian(self.network, self.loss, point, self.x[run], self.y[run], weight)
            )
        return found

    @cached_property
    def weight_norms(self) -> Floats:
        """Return the Frobenius norm of W_l, shape (S, L)."""
        return norms([layer.weights for layer in self.layers])

    @cached_property
    def hidden_slope(self) -> list[Floats]:
        """Return g'(z) by hidden layer."""
        slopes = [np.empty_like(z) for z in self.z[:-1]]
        for activation, z, a, slope in zip(self.network.activations, self.z, self.a, slopes, strict=False):
            activation.slope(z, a, out=slope)
        return slopes

    @cached_property
    def slope(self) -> list[Floats]:
        """Return g'(z) by layer, the output's where its units have slopes of their own: a sigmoid's."""
        if self.network.output.largest_slope is None:
            return self.hidden_slope
        return [*self.hidden_slope, self.a[-1] * (1 - self.a[-1])]

    @cached_property
    def closed(self) -> list[Flags]:
        """Return where a unit passes on no gradient, or next to none, for each layer of `slope`.

        Of shape (S, units, B). Of functions that saturate where |g'(z)| < 0.1 max |g'|, of others where
        g'(z) = 0.
        """
        return list(map(_closed, self.slope, self.largest_slope))

    @cached_property
    def delta(self) -> list[Floats]:
        """Return each sample's dJ/dz by layer: the backward pass."""
        delta, slope = self.signals.delta, self.hidden_slope
        self.loss.delta(self.network.output, self.z[-1], self.a[-1], self.y, out=delta[-1])
        if self.weight is not None:
            delta[-1] *= self.weight
        for layer in range(len(delta) - 1, 0, -1):
            hand_down(self.layers[layer], delta[layer], slope[layer - 1], out=delta[layer - 1])
        return delta

    @cached_property
    def wide_delta(self) -> list[Floats]:
        """Return the deltas by layer in float64, a row a run, shape (S, units B)."""
        return list(map(wide, self.delta))

    @cached_property
    def delta_squares(self) -> Floats:
        """Return the sum over samples and units of the squared deltas, shape (S, L)."""
        return squares(self.wide_delta)

    @cached_property
    def gradients(self) -> list[Floats]:
        """Return dJ/dW, the last row dJ/db, of the loss summed over the probe, by layer."""
        gradients = [np.empty_like(layer.matrix) for layer in self.layers]
        below = [self.x, *self.signals.fed[:-1]]
        for a, delta, gradient in zip(below, self.delta, gradients, strict=True):
            weight_gradient(a, delta, out=gradient)
        return gradients

    @property
    def weight_gradients(self) -> list[Floats]:
        """Return dJ/dW of the loss summed over the probe, by layer, shape (S, fan_in, fan_out)."""
        fan_in = self.network.sizes
        return [gradient[:, :rows] for gradient, rows in zip(self.gradients, fan_in, strict=False)]

    @property
    def bias_gradients(self) -> list[Floats]:
        """Return dJ/db of the loss summed over the probe, by layer, shape (S, 1, fan_out)."""
        fan_in = self.network.sizes
        return [gradient[:, rows:] for gradient, rows in zip(self.gradients, fan_in, strict=False)]


Measure = Callable[[Probe], Columns]
"""A diagnostic: the columns that it adds to a row, each of shape (S,)."""


def by_layer(name: str, values: Floats) -> Columns:
    """Return the columns ``name_1``, ``name_2``, ... of values (S, L), counted from the input."""
    return {f"{name}_{layer + 1}": values[:, layer] for layer in range(values.shape[1])}


def _closed(slope: Floats, largest: float | None) -> Flags:
    return slope == 0 if largest is None else np.abs(slope) < SATURATED * largest
