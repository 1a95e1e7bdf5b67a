"""JAX: one run written as a scan over updates, `vmap` over runs, `jit` over all.

Data lie on the device beforehand. Orders of samples are drawn by NumPy within what is timed, as the
engine draws them: on a CPU jax.random.permutation takes longer.
"""

from functools import partial
from time import perf_counter, process_time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.contenders import Trainer, flat
from benchmarks.runs import RATE, Orders, runs
from benchmarks.tasks import Task
from harness.engine.arrays import Floats

jax.config.update("jax_enable_x64", True)

ACTIVATIONS = {"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}
Parameters = list[tuple[Any, Any]]


class Compiled(Trainer):
    """Trains from the initial weights over and over."""

    def __init__(self, task: Task) -> None:
        cell = task.cell
        self.runs = task.stack
        self.work = task.work
        self.updates = self.work.updates
        made = runs(cell, task.stack)
        self.orders = Orders(made)
        self.shuffles = cell.batch is not None
        initial = np.stack([run.initial_parameters() for run in made])
        self.start: Parameters = [
            (jnp.asarray(layer.weights), jnp.asarray(layer.bias[:, 0]))
            for layer in made[0].network.layers(initial)
        ]
        x = jnp.asarray(np.stack([run.data.train.x for run in made]))
        y = jnp.asarray(np.stack([run.data.train.y for run in made]))
        shape = (task.stack, self.work.epochs, self.work.rows if self.shuffles else 0)
        order = jax.ShapeDtypeStruct(shape, np.int32)
        # Of one core the seconds of the processor, as for all else.
        clock = process_time if task.cores == 1 else perf_counter
        began = clock()
        one = partial(train, ACTIVATIONS[cell.activation], cell.batch_size, np.dtype(cell.dtype).type(RATE))
        self.compiled = jax.jit(jax.vmap(one)).lower(self.start, x, y, order).compile()
        self.compile_seconds = clock() - began
        self.data = x, y
        self.empty = np.zeros(shape, np.int32)
        self.end = self.start

    def train(self) -> None:
        """Draw the orders and make the updates."""
        order = self.orders.draw(self.work).astype(np.int32) if self.shuffles else self.empty
        self.end = jax.block_until_ready(self.compiled(self.start, *self.data, order))

    def parameters(self) -> Floats:
        """Return the parameters (S, P)."""
        return flat([np.asarray(w) for w, _ in self.end], [np.asarray(b) for _, b in self.end])


def loss(activation: Any, parameters: Parameters, x: Any, y: Any) -> Any:
    """Return the mean softmax cross-entropy of a batch: x (B, D), y (B, K)."""
    a = x
    for weights, bias in parameters[:-1]:
        a = activation(a @ weights + bias)
    weights, bias = parameters[-1]
    return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(a @ weights + bias), axis=-1))


def train(activation: Any, batch: int, rate: Any, start: Parameters, x: Any, y: Any, order: Any) -> Any:
    """Return the parameters of one run after its updates.

    Parameters
    ----------
    order : int32, shape (epochs, rows)
        Of no rows where every update takes all samples.
    """
    gradient = jax.grad(partial(loss, activation))

    def descend(parameters: Parameters, x: Any, y: Any) -> Parameters:
        return jax.tree.map(lambda w, g: w - rate * g, parameters, gradient(parameters, x, y))

    def update(parameters: Parameters, chosen: Any) -> tuple[Parameters, None]:
        return descend(parameters, x[chosen], y[chosen]), None

    def epoch(parameters: Parameters, order: Any) -> tuple[Parameters, None]:
        if not order.shape[0]:
            return descend(parameters, x, y), None
        whole = order.shape[0] // batch * batch
        parameters, _ = jax.lax.scan(update, parameters, order[:whole].reshape(-1, batch))
        if whole < order.shape[0]:
            parameters, _ = update(parameters, order[whole:])
        return parameters, None

    return jax.lax.scan(epoch, start, order)[0]


def trainer(task: Task) -> Compiled:
    """Return JAX's trainer; how many threads it uses was settled when its process began."""
    return Compiled(task)
