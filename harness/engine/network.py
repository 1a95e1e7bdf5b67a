"""Dense networks over a stack of runs: layout, forward pass and backpropagation.

Shapes: S runs, B samples, layer l with fan_in and fan_out units. Weights (S, fan_in, fan_out),
biases (S, 1, fan_out), signals (S, B, units). All parameters of a run lie in one row of an array
(S, P), so that an update rule works on one array; `Network.layers` gives views by layer.
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


@dataclass(frozen=True)
class Layer:
    """Views of one layer's parameters (or their gradients): (S, fan_in, fan_out), (S, 1, fan_out)."""

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
        return sum((fan_in + self.bias) * fan_out for fan_in, fan_out in self.shapes())

    @property
    def multiply_adds(self) -> int:
        """Return the multiply-adds of the matrix products that one training sample costs."""
        return multiply_adds(self.sizes)

    def is_weight(self, dtype: DTypeLike) -> Floats:
        """Return 1 for each weight and 0 for each bias, shape (P,)."""
        flags = np.zeros((1, self.parameters), dtype)
        for layer in self.layers(flags):
            layer.weights.fill(1)
        every: Floats = flags[0]
        return every

    def layers(self, parameters: Floats) -> list[Layer]:
        """Return views by layer into `parameters`, shape (S, P)."""
        runs, start, found = len(parameters), 0, []
        for fan_in, fan_out in self.shapes():
            stop = start + fan_in * fan_out
            weights = parameters[:, start:stop].reshape(runs, fan_in, fan_out)
            start = stop
            bias = None
            if self.bias:
                stop = start + fan_out
                bias = parameters[:, start:stop].reshape(runs, 1, fan_out)
                start = stop
            found.append(Layer(weights, bias))
        return found


def multiply_adds(sizes: Sequence[int]) -> int:
    """Return the multiply-adds that one training sample costs a network of `sizes` units by layer.

    Each layer's weights enter three products: the forward pass, the gradient of the weights, and,
    but for the first layer, the delta handed down.
    """
    products = [fan_in * fan_out for fan_in, fan_out in pairwise(sizes)]
    return 3 * sum(products) - products[0]


@dataclass(frozen=True)
class Signals:
    """Preallocated arrays of a forward and a backward pass, one of each for every layer."""

    z: list[Floats]
    a: list[Floats]
    delta: list[Floats]
    slope: list[Floats]

    @classmethod
    def empty(cls, network: Network, runs: int, samples: int, dtype: DTypeLike) -> "Signals":
        """Allocate the signals of `runs` times `samples`."""

        def allocate() -> list[Floats]:
            return [np.empty((runs, samples, units), dtype) for units in network.sizes[1:]]

        return cls(allocate(), allocate(), allocate(), allocate())

    def part(self, runs: int, samples: int) -> "Signals":
        """Return views for the first `runs` and `samples`."""
        return Signals(
            *(
                [array[:runs, :samples] for array in arrays]
                for arrays in (self.z, self.a, self.delta, self.slope)
            )
        )


def forward(network: Network, layers: list[Layer], x: Floats, signals: Signals) -> None:
    """Write z_l = a_{l-1} W_l + b_l and a_l = g_l(z_l) of every layer to `signals`; a_0 = x."""
    a = x
    functions: tuple[Activation | Output, ...] = (*network.activations, network.output)
    for layer, function in enumerate(functions):
        z = np.matmul(a, layers[layer].weights, out=signals.z[layer])
        bias = layers[layer].bias
        if bias is not None:
            z += bias
        a = signals.a[layer]
        function.apply(z, out=a)


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

    `scale` is a number, or one for each run (S, 1, 1) or each sample (S, B, 1).

    The four equations of backpropagation (Rumelhart, Hinton and Williams 1986), by layer:
    delta_L = dJ/da_L h'(z_L), delta_l = (delta_{l+1} W_{l+1}^T) g'(z_l),
    dJ/dW_l = a_{l-1}^T delta_l, dJ/db_l = sum of delta_l over samples.
    `signals` must hold the forward pass of `x`.
    """
    last = network.layer_count - 1
    delta = signals.delta[last]
    loss.delta(network.output, signals.z[last], signals.a[last], y, out=delta)
    delta *= scale
    for layer in range(last, -1, -1):
        below = signals.a[layer - 1] if layer else x
        weight_gradient(below, delta, out=gradients[layer].weights)
        bias = gradients[layer].bias
        if bias is not None:
            np.add.reduce(delta, axis=1, keepdims=True, out=bias)
        if layer:
            delta = hand_down(network, layers, signals, layer)


def weight_gradient(below: Floats, delta: Floats, out: Floats) -> None:
    """Write a^T delta for each run; of one sample it is an outer product."""
    if delta.shape[1] == 1:
        # matmul with an inner size of 1 takes four times as long as einsum's outer product, which
        # contracts nothing and so keeps the law of the stack.
        np.einsum("si,sj->sij", below[:, 0], delta[:, 0], out=out)
    else:
        np.matmul(below.swapaxes(1, 2), delta, out=out)


def hand_down(network: Network, layers: list[Layer], signals: Signals, layer: int) -> Floats:
    """Write delta of the layer below `layer` to `signals`, and its g'(z); return the former."""
    below = layer - 1
    delta, slope = signals.delta[below], signals.slope[below]
    np.matmul(signals.delta[layer], layers[layer].weights.swapaxes(1, 2), out=delta)
    network.activations[below].slope(signals.z[below], signals.a[below], out=slope)
    delta *= slope
    return delta
