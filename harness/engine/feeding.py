"""How samples are fed: all at once, one by one, or in mini-batches; and in which order."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Protocol

import numpy as np
from annotated_types import Gt

from harness.engine.arrays import Floats, Integers

Rate = Annotated[float, Gt(0)]
Order = Literal["shuffled", "as_given", "by_class"]


class Feeding(Protocol):
    """What training asks of a feeding. ``per_run`` fields may differ within a stack."""

    per_run: ClassVar[tuple[str, ...]]

    @property
    def learning_rate(self) -> float:
        """Return the rate of the first update."""

    @property
    def order(self) -> Order:
        """Return the order of the samples within an epoch."""

    def size(self, samples: int) -> int:
        """Return the batch size for `samples` training samples."""

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

    def size(self, samples: int) -> int:
        """Return `samples`."""
        return samples

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

    def size(self, samples: int) -> int:
        """Return 1."""
        return 1

    def label(self, samples: int) -> str:
        """Return ``SGD (1)``."""
        return "SGD (1)"


@dataclass(frozen=True)
class Batch:
    """Mini-batches without replacement; the one left over at an epoch's end counts too."""

    name: Literal["batch"] = "batch"
    learning_rate: Rate = 0.1
    batch_size: Annotated[int, Gt(0)] = 32
    order: Order = "shuffled"
    per_run: ClassVar[tuple[str, ...]] = ("learning_rate",)

    def size(self, samples: int) -> int:
        """Return `batch_size`."""
        return self.batch_size

    def label(self, samples: int) -> str:
        """Return for example ``mini-batch (32)``."""
        return f"mini-batch ({self.batch_size:,})"


FEEDINGS: dict[str, type[Feeding]] = {"gd": GD, "sgd": SGD, "batch": Batch}


def updates_per_epoch(feeding: Feeding, samples: int) -> int:
    """Return the number of updates in one pass over `samples`, the left-over batch included."""
    return -(-samples // feeding.size(samples))


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
        label = targets[:, 0] if targets.shape[1] == 1 else targets.argmax(axis=1)
        return np.argsort(label, kind="stable").astype(np.int64)
    return np.arange(samples, dtype=np.int64)
