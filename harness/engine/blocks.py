"""Exact stochastic gradient descent, many samples at a time in the first layer.

Within a block of samples, known in advance, the first layer's W stays as it was at the block's start, and
z_t = W^T x_t - sum_{s<t} (x_s . x_t) rate_s delta_s: what updating W at every sample gives, summed in
another order. W^T X and the inner products x_s . x_t are one product each for the whole block, and so is
the change of W at its end, of inner size K instead of K products of inner size 1. Layers above, which are
small, are updated at every sample. `Batches` does the same one sample at a time.
"""

from dataclasses import dataclass

import numpy as np

from harness.engine.arrays import Floats
from harness.engine.network import Layer
from harness.engine.rates import Rates
from harness.engine.run import Run
from harness.engine.samples import Samples
from harness.engine.state import Arrays

BLOCK = 32
"""Samples of a block: 16 to 64 are equally fast."""


@dataclass(frozen=True)
class Upper:
    """A layer above the first: its parameters, and what its update is made of.

    `below` (S, 2, fan_in + 1) and `delta` (S, 2, fan_out) have a second row of zeros: a product of
    inner size 1 runs outside BLAS, eight times slower than one of inner size 2.
    """

    layer: Layer
    change: Layer
    below: Floats
    delta: Floats


class Blocks:
    """Updates of some runs' parameters, sample by sample, in blocks from fixed places of an epoch.

    An event within a block moves no block: what follows it begins at the block's start again, from
    the parameters kept in ``arrays.anchor``, and comes to the same bits.
    """

    def __init__(self, runs: list[Run], arrays: Arrays, rates: Rates) -> None:
        kind, count = runs[0], len(runs)
        network, dtype = kind.network, arrays.parameters.dtype
        self.kind, self.arrays, self.rates = kind, arrays, rates
        self.samples = Samples(runs)
        self.follows_moves = "update_ratio" in kind.diagnostics.measures
        self.first = network.layers(arrays.parameters)[0].matrix
        self.change = np.empty(self.first.shape, dtype)
        self.cut = self.first.shape[1] * self.first.shape[2]
        # Contiguous copies: a sum over a part of every run's row would go through NumPy's buffer.
        self.upper = np.empty((count, network.parameters - self.cut), dtype)
        self.upper_change = np.empty_like(self.upper)
        self.uppers = [
            Upper(
                layer,
                change,
                np.zeros((count, 2, layer.matrix.shape[1]), dtype),
                np.zeros((count, 2, layer.matrix.shape[2]), dtype),
            )
            for layer, change in zip(
                network.layers(self.upper, 1), network.layers(self.upper_change, 1), strict=True
            )
        ]
        for each in self.uppers:
            each.below[:, 0, each.layer.weights.shape[1] :] = 1
        self.z, self.a, self.delta, self.slope = (
            [np.empty((count, units), dtype) for units in network.sizes[1:]] for _ in range(4)
        )

    def train(self, position: int, count: int, update: int) -> None:
        """Make `count` updates from update `position` of an epoch on, after `update` of all."""
        end = position + count
        while position < end:
            start = position - position % BLOCK
            stop = min(start + BLOCK, end)
            size = min(BLOCK, self.kind.samples - start)
            if position == start:
                self.arrays.anchor[...] = self.arrays.parameters
            else:
                self.arrays.parameters[...] = self.arrays.anchor
            self._block(start, size, position - start, stop - start, update - (position - start))
            position, update = stop, update + stop - position

    def _block(self, start: int, size: int, done: int, until: int, update: int) -> None:
        """Train on the first `until` of `size` samples from `start`, of which `done` were done before.

        `update` is the number of updates before the block.
        """
        samples, arrays = self.samples, self.arrays
        places = samples.places(arrays.order, start, start + size)
        x, y = samples.x.take(places, axis=0), samples.y.take(places.T, axis=0)
        weight = None if samples.weight is None else samples.weight.take(places.T)[:, :, None]
        # Of one array x x^T would be another BLAS routine, several times slower.
        gram = np.matmul(x, x.copy().swapaxes(1, 2))
        inputs = x[:, :, : self.kind.network.sizes[0]]
        lengths = np.vecdot(inputs, inputs)
        # Row t begins as W^T x_t, and is - rate delta_t once sample t is done: with ones on the diagonal
        # z_t is one product of gram's row t and these.
        rows = np.matmul(x, self.first)
        diagonal = np.arange(size)
        gram[:, diagonal, diagonal] = 1
        self.upper[...] = arrays.parameters[:, self.cut :]
        for t in range(until):
            np.vecmat(gram[:, t, : t + 1], rows[:, : t + 1], out=self.z[0])
            rate = self.rates.at(update + t)
            self._sample(y[t], rate if weight is None else rate * weight[t], rows[:, t])
            if self.follows_moves and t >= done:
                self._follow_moves(lengths[:, t], rows[:, t])
        rows[:, until:] = 0
        self.first += np.matmul(x.swapaxes(1, 2), rows, out=self.change)
        arrays.parameters[:, self.cut :] = self.upper

    def _sample(self, y: Floats, rate: Floats, out: Floats) -> None:
        """Update the layers above the first by one sample; write - rate delta_1 to `out`."""
        network, last = self.kind.network, len(self.uppers)
        z, a, delta, slope = self.z, self.a, self.delta, self.slope
        for number, each in enumerate(self.uppers):
            network.activations[number].apply(z[number], a[number])
            each.below[:, 0, : a[number].shape[1]] = a[number]
            np.vecmat(each.below[:, 0], each.layer.matrix, out=z[number + 1])
        network.output.apply(z[last], a[last])
        self.kind.loss.delta(network.output, z[last], a[last], y, out=delta[last])
        delta[last] *= -1 * rate
        for number in range(last, 0, -1):
            each, below = self.uppers[number - 1], number - 1
            each.delta[:, 0] = delta[number]
            np.matmul(each.below.swapaxes(1, 2), each.delta, out=each.change.matrix)
            np.matvec(each.layer.weights, delta[number], out=delta[below])
            network.activations[below].slope(z[below], a[below], slope[below])
            delta[below] *= slope[below]
        self.upper += self.upper_change
        out[...] = delta[0]

    def _follow_moves(self, length: Floats, row: Floats) -> None:
        """Add the squared norm of each layer's change, ||x||^2 ||rate delta||^2, a product of rank 1."""
        moved = self.arrays.moved
        moved[:, 0] += length * np.vecdot(row, row)
        for number, each in enumerate(self.uppers, start=1):
            a, delta = self.a[number - 1], each.delta[:, 0]
            moved[:, number] += np.vecdot(a, a) * np.vecdot(delta, delta)
        self.arrays.moves[:] += 1
