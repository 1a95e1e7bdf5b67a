"""Dense networks over a stack of runs: layout, forward pass and backpropagation.

Shapes: S runs, B samples, layer l with fan_in and fan_out units. Weights (S, fan_in, fan_out),
biases (S, 1, fan_out), signals (S, units, B): the samples lie side by side in memory, so that sums
over units run along whole rows. All parameters of a run lie in one row of an array (S, P), so that an
update rule works on one array; `Network.layers` gives views by layer. There a layer's biases follow
its weights, so that both are one matrix: what feeds a layer has a last row of ones, and no product
or sum of biases is a step of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike

from harness.engine.activations import Activation
from harness.engine.arrays import Floats
from harness.engine.losses import Loss
from harness.engine.outputs import Output
from harness.engine.signals import Signals, Workspace


@dataclass(frozen=True)
class Layer:
    """Views of one layer's parameters, or of their gradients.

    Attributes
    ----------
    matrix : ndarray, shape (S, fan_in + 1, fan_out)
        The weights, and the biases as their last row; without biases the weights alone.
    weights : ndarray, shape (S, fan_in, fan_out)
    bias : ndarray, shape (S, 1, fan_out), or None
    """

    matrix: Floats
    weights: Floats
    bias: Floats | None


@dataclass(frozen=True)
class Network:
    """What a network is, less its parameters.

    Attributes
    ----------
    sizes : tuple of int
        Units by layer: features, hidden layers, outputs.
    bias : bool
        Whether layers have biases.
    activations : tuple of Activation
        One for each hidden layer.
    output : Output
        Of the last layer.
    """

    sizes: tuple[int, ...]
    bias: bool
    activations: tuple[Activation, ...]
    output: Output

    @property
    def layer_count(self) -> int:
        """Return the number of layers with weights, L: the hidden ones and the output layer."""
        return len(self.sizes) - 1

    def shapes(self) -> Iterator[tuple[int, int]]:
        """Yield (fan_in, fan_out) by layer."""
        return pairwise(self.sizes)

    @property
    def parameters(self) -> int:
        """Return P, the number of parameters of one run."""
        return parameter_count(self.sizes, self.bias)

    @property
    def multiply_adds(self) -> int:
        """Return the multiply-adds of the matrix products that one training sample costs."""
        return multiply_adds(self.sizes)

    def workspace(self, runs: int, samples: int, dtype: DTypeLike) -> Workspace:
        """Return memory for the signals of `runs` times `samples`."""
        return Workspace(self.sizes[1:], self.bias, runs, samples, dtype)

    def is_weight(self, dtype: DTypeLike) -> Floats:
        """Return 1 for each weight and 0 for each bias, shape (P,)."""
        flags = np.zeros((1, self.parameters), dtype)
        for layer in self.layers(flags):
            layer.weights.fill(1)
        every: Floats = flags[0]
        return every

    def layers(self, parameters: Floats, above: int = 0) -> list[Layer]:
        """Return views by layer into `parameters`, shape (S, P), or of those layers `above` some."""
        start, found = 0, []
        for fan_in, fan_out in pairwise(self.sizes[above:]):
            rows = fan_in + self.bias
            stop = start + rows * fan_out
            matrix = parameters[:, start:stop].reshape(len(parameters), rows, fan_out)
            found.append(Layer(matrix, matrix[:, :fan_in], matrix[:, fan_in:] if self.bias else None))
            start = stop
        return found


def parameter_count(sizes: Sequence[int], bias: bool) -> int:
    """Return how many weights and biases a network of `sizes` units by layer has."""
    return sum((fan_in + bias) * fan_out for fan_in, fan_out in pairwise(sizes))


def multiply_adds(sizes: Sequence[int]) -> int:
    """Return the multiply-adds that one training sample costs a network of `sizes` units by layer.

    Each layer's weights enter three products: the forward pass, the gradient of the weights, and,
    but for the first layer, the delta handed down.
    """
    products = [fan_in * fan_out for fan_in, fan_out in pairwise(sizes)]
    return 3 * sum(products) - products[0]


def forward(network: Network, layers: list[Layer], x: Floats, signals: Signals) -> None:
    """Write z_l = W_l^T a_{l-1} + b_l and a_l = g_l(z_l) of every layer to `signals`.

    `x` is a_0, shape (S, D, B), with biases (S, D + 1, B), its last row ones.
    """
    below = x
    functions: tuple[Activation | Output, ...] = (*network.activations, network.output)
    for layer, function in enumerate(functions):
        z = np.matmul(layers[layer].matrix.swapaxes(1, 2), below, out=signals.z[layer])
        function.apply(z, out=signals.a[layer])
        below = signals.fed[layer]


def backward(
    network: Network,
    loss: Loss,
    layers: list[Layer],
    x: Floats,
    y: Floats,
    signals: Signals,
    gradients: list[Layer],
    scale: float | Floats,
) -> None:
    """Write the gradient of `scale` times the summed loss of the batch to `gradients`.

    The four equations of backpropagation (Rumelhart, Hinton and Williams 1986), by layer:
    delta_L = dJ/da_L h'(z_L), delta_l = (W_{l+1} delta_{l+1}) g'(z_l),
    dJ/dW_l = a_{l-1} delta_l^T, dJ/db_l = sum of delta_l over samples.
    `signals` must hold the forward pass of `x`; y has shape (S, K, B). `scale` is a number, or one for
    each run (S, 1, 1) or each sample (S, 1, B).
    """
    last = network.layer_count - 1
    delta = signals.delta[last]
    loss.delta(network.output, signals.z[last], signals.a[last], y, out=delta)
    delta *= scale
    for layer in range(last, -1, -1):
        weight_gradient(signals.fed[layer - 1] if layer else x, delta, out=gradients[layer].matrix)
        if layer:
            below = layer - 1
            slope = signals.slope[below]
            network.activations[below].slope(signals.z[below], signals.a[below], out=slope)
            delta = hand_down(layers[layer], delta, slope, out=signals.delta[below])


def weight_gradient(below: Floats, delta: Floats, out: Floats) -> None:
    """Write a delta^T for each run, its last row that of the biases."""
    if delta.shape[2] == 1:
        # A product of inner size 1 runs outside BLAS, eight times slower. A second sample of zeros
        # adds nothing to it.
        below, delta = _beside_zeros(below), _beside_zeros(delta)
    np.matmul(below, delta.swapaxes(1, 2), out=out)


def _beside_zeros(column: Floats) -> Floats:
    two = np.zeros((len(column), 2, column.shape[1]), column.dtype)
    two[:, 0] = column[:, :, 0]
    return two.swapaxes(1, 2)


def hand_down(layer: Layer, delta: Floats, slope: Floats, out: Floats) -> Floats:
    """Write delta of the layer below `layer`, whose g'(z) is `slope`, to `out`, and return it."""
    np.matmul(layer.weights, delta, out=out)
    out *= slope
    return out
