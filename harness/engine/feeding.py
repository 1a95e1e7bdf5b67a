"""How samples are fed: all at once, one by one, or in mini-batches; and in which order."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Protocol

import numpy as np
from annotated_types import Gt

from harness.engine.arrays import Floats, Integers
from harness.engine.weighting import labels

Rate = Annotated[float, Gt(0)]
Order = Literal["shuffled", "as_given", "by_class"]


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training samples consists of.

    Attributes
    ----------
    batch : int
        Samples of an update; the left-over batch has fewer.
    samples : int
        Samples that are learnt from: all, less a left-over batch that is dropped.
    """

    batch: int
    samples: int

    @property
    def updates(self) -> int:
        """Return the number of updates."""
        return -(-self.samples // self.batch)

    def seen(self, updates: int) -> int:
        """Return how many samples have been learnt from after `updates` updates from the start."""
        epochs, within = divmod(updates, self.updates)
        return epochs * self.samples + within * self.batch


class Feeding(Protocol):
    """What training asks of a feeding. ``per_run`` fields may differ within a stack."""

    per_run: ClassVar[tuple[str, ...]]

    @property
    def learning_rate(self) -> float:
        """Return the rate of the first update."""

    @property
    def order(self) -> Order:
        """Return the order of the samples within an epoch."""

    def epoch(self, samples: int) -> Epoch:
        """Return what a pass over `samples` training samples consists of."""

    def label(self, samples: int) -> str:
        """Return how figures write it."""


@dataclass(frozen=True)
class GD:
    """Gradient descent: one update an epoch, by the gradient over all training samples."""

    name: Literal["gd"] = "gd"
    learning_rate: Rate = 0.1
    per_run: ClassVar[tuple[str, ...]] = ("learning_rate",)

    @property
    def order(self) -> Order:
        """Return ``as_given``: a sum over all samples has no order."""
        return "as_given"

    def epoch(self, samples: int) -> Epoch:
        """Return one batch of all."""
        return Epoch(samples, samples)

    def label(self, samples: int) -> str:
        """Return for example ``GD (all 1,077)``."""
        return f"GD (all {samples:,})"


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent: one update a sample (Robbins and Monro 1951)."""

    name: Literal["sgd"] = "sgd"
    learning_rate: Rate = 0.1
    order: Order = "shuffled"
    per_run: ClassVar[tuple[str, ...]] = ("learning_rate",)

    def epoch(self, samples: int) -> Epoch:
        """Return batches of one."""
        return Epoch(1, samples)

    def label(self, samples: int) -> str:
        """Return ``SGD (1)``."""
        return "SGD (1)"


@dataclass(frozen=True)
class Batch:
    """Mini-batches without replacement.

    Attributes
    ----------
    leftover : str
        ``keep``: the smaller batch at an epoch's end counts too, divided by its own size; ``drop``:
        it is left out, and with `order` shuffled other samples are left out the next time.
    """

    name: Literal["batch"] = "batch"
    learning_rate: Rate = 0.1
    batch_size: Annotated[int, Gt(0)] = 32
    order: Order = "shuffled"
    leftover: Literal["keep", "drop"] = "keep"
    per_run: ClassVar[tuple[str, ...]] = ("learning_rate",)

    def epoch(self, samples: int) -> Epoch:
        """Return batches of `batch_size`, with what is left over or without."""
        dropped = samples % self.batch_size if self.leftover == "drop" else 0
        return Epoch(self.batch_size, samples - dropped)

    def label(self, samples: int) -> str:
        """Return for example ``mini-batch (32)``."""
        return f"mini-batch ({self.batch_size:,})"


FEEDINGS: dict[str, type[Feeding]] = {"gd": GD, "sgd": SGD, "batch": Batch}


def epoch_order(feeding: Feeding, targets: Floats, draw: np.random.Generator) -> Integers:
    """Return the order in which one run sees its training samples in one epoch.

    Parameters
    ----------
    targets : ndarray, shape (N, K)
        Read only for ``by_class``, which sorts samples by class and keeps ties as given.
    draw : Generator
        The run's stream ``order``; used by ``shuffled`` alone.

    Returns
    -------
    ndarray of int64, shape (N,)
    """
    samples = len(targets)
    if feeding.order == "shuffled":
        return draw.permutation(samples)
    if feeding.order == "by_class":
        return np.argsort(labels(targets), kind="stable").astype(np.int64)
    return np.arange(samples, dtype=np.int64)
