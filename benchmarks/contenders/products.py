"""The bare matrix products of an update: what NumPy could not do without.

They run in the engine's tiles, on arrays of its shapes, every product into an array kept for it. A
single sample goes by products of vectors and, for the gradient of the weights, beside one of zeros: of
all that NumPy offers this is the fastest, since a product of inner size 1 runs outside BLAS.
"""

import numpy as np

from benchmarks.contenders import Trainer
from benchmarks.runs import runs
from benchmarks.tasks import Task
from harness.engine.arrays import Floats
from harness.engine.network import Network
from harness.engine.training import tile_size

DELTA = 1e-9
"""What output deltas are: so small that updates move nothing out of range."""


class Products(Trainer):
    """Carries out the products of the forward pass, the weight gradients and the deltas handed down."""

    def __init__(self, task: Task, updating: bool) -> None:
        self.runs = task.stack
        self.updates = task.work.updates
        made = runs(task.cell, task.stack)
        size = tile_size(made[0])
        self.tiles = [
            Tile(
                made[0].network,
                np.stack([run.initial_parameters() for run in made[low : low + size]]),
                np.stack([run.data.train.x[: task.cell.batch_size] for run in made[low : low + size]]),
                updating,
            )
            for low in range(0, task.stack, size)
        ]

    def train(self) -> None:
        """Carry out the products of every update."""
        for tile in self.tiles:
            for _ in range(self.updates):
                tile.step()


class Tile:
    """The arrays of a few runs: parameters (S, P), x (S, B, D), and one for each product."""

    def __init__(self, network: Network, parameters: Floats, x: Floats, updating: bool) -> None:
        self.single = x.shape[1] == 1
        self.x = np.concatenate([x, np.zeros_like(x)], axis=1) if self.single else x
        self.parameters, self.updating = parameters, updating
        self.gradient = np.zeros_like(parameters)
        self.weights = [layer.weights for layer in network.layers(parameters)]
        self.gradients = [layer.weights for layer in network.layers(self.gradient)]
        self.z = [np.zeros((*self.x.shape[:2], units), x.dtype) for units in network.sizes[1:]]
        self.delta = [np.zeros_like(z) for z in self.z]
        self.delta[-1][:, : x.shape[1]] = DELTA

    def step(self) -> None:
        """Carry out the products of one update, and the change of the weights where asked for."""
        below = [self.x, *self.z[:-1]]
        for a, weights, z in zip(below, self.weights, self.z, strict=True):
            if self.single:
                np.vecmat(a[:, 0], weights, out=z[:, 0])
            else:
                np.matmul(a, weights, out=z)
        for layer in range(len(self.weights) - 1, -1, -1):
            delta = self.delta[layer]
            np.matmul(below[layer].swapaxes(1, 2), delta, out=self.gradients[layer])
            if layer and self.single:
                np.matvec(self.weights[layer], delta[:, 0], out=self.delta[layer - 1][:, 0])
            elif layer:
                np.matmul(delta, self.weights[layer].swapaxes(1, 2), out=self.delta[layer - 1])
        if self.updating:
            self.parameters -= self.gradient


def trainer(task: Task) -> Products:
    """Return the products alone; they use one core."""
    return Products(task, updating=False)
