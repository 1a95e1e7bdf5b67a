"""The runs of a cell: the same data, initial weights and orders of samples for every contender."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.cells import SYNTHETIC, Cell
from benchmarks.tasks import Work
from harness import RunConfig, compose
from harness.data.registry import DATASETS
from harness.engine.run import Data, Run, Split
from harness.streams import stream
from harness.sweeping.preparing import prepare

Array = NDArray[np.floating]
Order = NDArray[np.int64]

FAR = 100_000_000
RATE = 0.01
HELD_OUT = SYNTHETIC // 3
NOISE = 3.0


def config(cell: Cell) -> RunConfig:
    """Return the configuration of `cell` with seed 0, measured as little as can be.

    Its budget is far beyond what is timed, so that no control reading falls into it.
    """
    feeding = {1: ["optimizer=sgd"], None: ["optimizer=gd"]}.get(
        cell.batch, ["optimizer=batch", f"optimizer.batch_size={cell.batch}"]
    )
    return compose(
        [
            *feeding,
            f"optimizer.learning_rate={RATE}",
            f"architecture.hidden={list(cell.sizes[1:-1])}",
            f"activation={cell.activation}",
            f"dtype={cell.dtype}",
            "diagnostics=off",
            "diagnostics.rows=2",
            f"stopping.updates={FAR}",
            f"stopping.every={FAR}",
        ]
    )


def runs(cell: Cell, stack: int) -> list[Run]:
    """Return runs of the seeds from 0 on: each with a split, weights and an order of its own."""
    first = prepare(config(cell))
    network = replace(first.network, sizes=cell.sizes)
    return [
        replace(first, network=network, data=data(cell, seed), weights_seed=seed, order_seed=seed)
        for seed in range(stack)
    ]


def data(cell: Cell, seed: int) -> Data:
    """Return the splits that a run of `seed` has."""
    if cell.sizes[0] == DATASETS["digits"]().features:
        return digits(seed, cell.dtype)
    return synthetic(cell.sizes[0], cell.sizes[-1], seed, cell.dtype)


@lru_cache(maxsize=128)
def digits(seed: int, dtype: str) -> Data:
    """Return the splits of digits as any run of the harness has them."""
    return prepare(replace(compose([f"dtype={dtype}"]), seed=seed)).data


@lru_cache(maxsize=64)
def synthetic(features: int, classes: int, seed: int, dtype: str) -> Data:
    """Return noisy samples of classes with normal centers, drawn and split by named streams."""
    x, labels = _population(features, classes)
    rows = stream(seed, "split").permutation(len(x))
    parts = np.split(rows, [SYNTHETIC, SYNTHETIC + HELD_OUT])
    train, validation, test = (
        Split(x[part].astype(dtype), np.eye(classes, dtype=dtype)[labels[part]]) for part in parts
    )
    return Data(train, validation, test, classifies=True)


@lru_cache(maxsize=2)
def _population(features: int, classes: int) -> tuple[Array, Order]:
    draw = stream(0, f"benchmarks/{features}")
    labels = np.arange(SYNTHETIC + 2 * HELD_OUT) % classes
    centers = draw.standard_normal((classes, features))
    return centers[labels] + NOISE * draw.standard_normal((len(labels), features)), labels


class Orders:
    """Draws each run's order of samples, epoch by epoch, as the engine does."""

    def __init__(self, of: Sequence[Run]) -> None:
        self.samples = of[0].samples
        self.generators = [stream(run.order_seed, "order") for run in of]

    def draw(self, work: Work) -> Order:
        """Return the rows that are trained on, shape (S, epochs, rows)."""
        return np.stack(
            [
                np.stack([draw.permutation(self.samples)[: work.rows] for _ in range(work.epochs)])
                for draw in self.generators
            ]
        )
