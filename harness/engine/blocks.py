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

    Attributes
    ----------
    layer, change : Layer
        The parameters, and what is added to them.
    below, delta : ndarray, shapes (S, 2, fan_in + 1) and (S, 2, fan_out)
        What feeds the layer and what it sends back, each beside zeros: a product of inner size 1 runs
        outside BLAS, eight times slower than one of inner size 2.
    a, fed, sent : ndarray, shapes (S, fan_in), (S, fan_in + 1) and (S, fan_out)
        Views of the two: the activations, these and the one of the biases, the delta.
    """

    layer: Layer
    change: Layer
    below: Floats
    delta: Floats
    a: Floats
    fed: Floats
    sent: Floats

    @classmethod
    def of(cls, layer: Layer, change: Layer) -> "Upper":
        """Allocate what the updates of a layer are made of."""
        runs, rows, fan_out = layer.matrix.shape
        fan_in = layer.weights.shape[1]
        below, delta = (np.zeros((runs, 2, width), layer.matrix.dtype) for width in (rows, fan_out))
        below[:, 0, fan_in:] = 1
        return cls(layer, change, below, delta, below[:, 0, :fan_in], below[:, 0], delta[:, 0])


@dataclass(frozen=True)
class Room:
    """Memory for a block of n samples of S runs, allocated once for each n, of which there are two.

    Attributes
    ----------
    x, twin : ndarray, shape (S, n, D)
    y : ndarray, shape (n, S, K)
    gram : ndarray, shape (S, n, n)
    rows : ndarray, shape (S, n, units of the first layer)
    """

    x: Floats
    twin: Floats
    y: Floats
    gram: Floats
    rows: Floats


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
        self.rooms: dict[int, Room] = {}
        self.follows_moves = "update_ratio" in kind.diagnostics.measures
        self.first = network.layers(arrays.parameters)[0].matrix
        self.change = np.empty(self.first.shape, dtype)
        self.cut = self.first.shape[1] * self.first.shape[2]
        # Contiguous copies: a sum over a part of every run's row would go through NumPy's buffer.
        self.upper = np.empty((count, network.parameters - self.cut), dtype)
        self.upper_change = np.empty_like(self.upper)
        self.uppers = list(map(Upper.of, network.layers(self.upper, 1), network.layers(self.upper_change, 1)))
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
        room = self._room(size)
        x, y, gram, rows = room.x, room.y, room.gram, room.rows
        # Without a mode that checks nothing NumPy would take to memory of its own first.
        samples.x.take(places, axis=0, out=x, mode="clip")
        samples.y.take(places.T, axis=0, out=y, mode="clip")
        weight = None if samples.weight is None else samples.weight.take(places.T)[:, :, None]
        # Of one array x x^T would be another BLAS routine, several times slower.
        np.copyto(room.twin, x)
        np.matmul(x, room.twin.swapaxes(1, 2), out=gram)
        # Row t begins as W^T x_t, and is - rate delta_t once sample t is done: with ones on the diagonal
        # z_t is one product of gram's row t and these.
        np.matmul(x, self.first, out=rows)
        diagonal = np.arange(size)
        gram[:, diagonal, diagonal] = 1
        self.upper[...] = arrays.parameters[:, self.cut :]
        known = None
        for t in range(until):
            np.vecmat(gram[:, t, : t + 1], rows[:, : t + 1], out=self.z[0])
            rate = self.rates.at(update + t)
            if rate is not known:
                known, down = rate, -1 * rate
            self._sample(y[t], down if weight is None else down * weight[t], rows[:, t])
            if self.follows_moves and t >= done:
                self._follow_moves(x[:, t, : self.kind.network.sizes[0]], rows[:, t])
        rows[:, until:] = 0
        self.first += np.matmul(x.swapaxes(1, 2), rows, out=self.change)
        arrays.parameters[:, self.cut :] = self.upper

    def _sample(self, y: Floats, scale: Floats, out: Floats) -> None:
        """Update the layers above the first by one sample; write `scale` delta_1 to `out`."""
        network, last = self.kind.network, len(self.uppers)
        z, a, delta, slope = self.z, self.a, self.delta, self.slope
        for number, each in enumerate(self.uppers):
            network.activations[number].apply(z[number], a[number])
            np.copyto(each.a, a[number])
            np.vecmat(each.fed, each.layer.matrix, out=z[number + 1])
        network.output.apply(z[last], a[last])
        self.kind.loss.delta(network.output, z[last], a[last], y, out=delta[last])
        np.multiply(delta[last], scale, out=self.uppers[-1].sent if last else out)
        for below in range(last - 1, -1, -1):
            each = self.uppers[below]
            np.matmul(each.below.swapaxes(1, 2), each.delta, out=each.change.matrix)
            np.matvec(each.layer.weights, each.sent, out=delta[below])
            network.activations[below].slope(z[below], a[below], slope[below])
            np.multiply(delta[below], slope[below], out=self.uppers[below - 1].sent if below else out)
        self.upper += self.upper_change

    def _room(self, size: int) -> Room:
        if size not in self.rooms:
            samples, runs, units = self.samples, len(self.first), self.first.shape[2]
            wide, outputs = samples.x.shape[1], samples.y.shape[1]
            shapes = (
                *((runs, size, wide),) * 2,
                (size, runs, outputs),
                (runs, size, size),
                (runs, size, units),
            )
            self.rooms[size] = Room(*(np.empty(shape, self.first.dtype) for shape in shapes))
        return self.rooms[size]

    def _follow_moves(self, x: Floats, row: Floats) -> None:
        """Add the squared norm of each layer's change, ||x||^2 ||rate delta||^2, a product of rank 1."""
        moved = self.arrays.moved
        moved[:, 0] += np.vecdot(x, x) * np.vecdot(row, row)
        for number, each in enumerate(self.uppers, start=1):
            a = self.a[number - 1]
            moved[:, number] += np.vecdot(a, a) * np.vecdot(each.sent, each.sent)
        self.arrays.moves[:] += 1
