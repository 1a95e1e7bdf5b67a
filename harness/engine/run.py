"""What the engine is asked for: one run, its choices and its arrays."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from harness.engine.arrays import Floats
from harness.engine.diagnostics import Diagnostics
from harness.engine.feeding import Epoch, Feeding
from harness.engine.initializers import Initializer, resolve
from harness.engine.losses import Loss
from harness.engine.network import Network
from harness.engine.schedules import Schedule
from harness.engine.stopping import Stopping
from harness.engine.update_rules import UpdateRule
from harness.engine.weighting import scaled
from harness.streams import stream


@dataclass(frozen=True, eq=False)
class Split:
    """Samples by features and samples by outputs, in the run's dtype: x (N, D), y (N, K).

    Attributes
    ----------
    weight : ndarray, shape (N,), or None
        How much each sample counts in the loss, relative to the others; scores count all alike.
    """

    x: Floats
    y: Floats
    weight: Floats | None = None

    def __post_init__(self) -> None:
        """Lay the arrays out by row: a product's last bits depend on how its factors lie."""
        for name in ("x", "y"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name)))
        if self.weight is not None:
            object.__setattr__(self, "weight", scaled(self.weight.astype(self.x.dtype)))

    def inputs(self, bias: bool) -> Floats:
        """Return what feeds the first layer, by sample: x, or with biases x and a last column of ones."""
        return self._extended if bias else self.x

    @cached_property
    def _extended(self) -> Floats:
        return np.hstack([self.x, np.ones((len(self.x), 1), self.x.dtype)])

    def features(self, bias: bool) -> Floats:
        """Return `inputs` by feature, shape (D, N) or (D + 1, N), contiguous: for whole splits at once."""
        return self._with_ones if bias else self._by_feature

    @cached_property
    def _with_ones(self) -> Floats:
        return np.vstack([self.x.T, np.ones((1, len(self.x)), self.x.dtype)])

    @cached_property
    def _by_feature(self) -> Floats:
        return np.ascontiguousarray(self.x.T)

    @cached_property
    def targets(self) -> Floats:
        """Return y by output, shape (K, N), contiguous."""
        return np.ascontiguousarray(self.y.T)


@dataclass(frozen=True, eq=False)
class Data:
    """The three splits of a run. Where nothing was split off they are one and the same object."""

    train: Split
    validation: Split
    test: Split
    classifies: bool

    @property
    def splits(self) -> dict[str, Split]:
        """Return the splits by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """One run. Runs that share everything but data of equal shape, seeds and numbers stack.

    Attributes
    ----------
    weights_seed, order_seed : int
        Of the streams ``initial/layer_l`` and ``order``.
    """

    network: Network
    loss: Loss
    feeding: Feeding
    update_rule: UpdateRule
    schedule: Schedule
    stopping: Stopping
    diagnostics: Diagnostics
    initializer: Initializer
    dtype: str
    weights_seed: int
    order_seed: int
    data: Data

    @property
    def samples(self) -> int:
        """Return N, the number of training samples."""
        return len(self.data.train.x)

    @cached_property
    def epoch(self) -> Epoch:
        """Return what a pass over the training samples consists of."""
        return self.feeding.epoch(self.samples)

    @cached_property
    def batch(self) -> int:
        """Return the batch size."""
        return self.epoch.batch

    @cached_property
    def per_epoch(self) -> int:
        """Return the updates of an epoch."""
        return self.epoch.updates

    @cached_property
    def in_blocks(self) -> bool:
        """Return whether updates go by blocks: sample by sample, and W <- W - rate g as it is."""
        return self.batch == 1 and not self.update_rule.chain()

    @cached_property
    def all_at_once(self) -> bool:
        """Return whether every update is by the same batch: all samples, in the order given."""
        return self.batch == self.samples and self.feeding.order == "as_given"

    @cached_property
    def constant_loss(self) -> float:
        """Return the training loss of the best constant output."""
        train = self.data.train
        return self.loss.constant(self.network.output, train.y, train.weight)

    @cached_property
    def budget(self) -> int:
        """Return the budget in updates."""
        return self.stopping.budget(self.epoch, self.network.multiply_adds)

    @cached_property
    def controls(self) -> list[int]:
        """Return the updates at which control readings are taken."""
        return self.stopping.controls(self.per_epoch, self.budget)

    def kind(self) -> tuple[Any, ...]:
        """Return what all runs of a stack have equal."""
        shapes = tuple(
            (split.x.shape, split.y.shape, split.weight is None) for split in self.data.splits.values()
        )
        same = self.data.train is self.data.test
        return (
            self.network,
            self.loss,
            without_numbers(self.feeding),
            without_numbers(self.update_rule),
            self.schedule,
            self.stopping,
            self.diagnostics,
            self.dtype,
            shapes,
            same,
            self.data.classifies,
        )

    def initial_parameters(self) -> Floats:
        """Return the initial weights and biases, shape (P,), in the run's dtype.

        Each layer draws its weights, then its biases, from a stream of its own.
        """
        parts = []
        rectifies = [activation.rectifies for activation in self.network.activations] + [False]
        for layer, (fan_in, fan_out) in enumerate(self.network.shapes()):
            draw = stream(self.weights_seed, f"initial/layer_{layer + 1}")
            chosen = resolve(self.initializer, rectifies[layer])
            parts.append(chosen.weights(fan_in, fan_out, draw).ravel())
            if self.network.bias:
                bias = draw.standard_normal(fan_out) if chosen.bias_scale else np.zeros(fan_out)
                parts.append(chosen.bias + chosen.bias_scale * bias)
        return np.concatenate(parts).astype(self.dtype)


def without_numbers(choice: Any) -> Any:
    """Return `choice` with the numbers that may differ within a stack set to 0, None left None."""
    return replace(choice, **{name: 0 for name in choice.per_run if getattr(choice, name) is not None})


def numbers(choices: list[Any], dtype: str) -> dict[str, Floats]:
    """Return the fields that may differ within a stack and are not None, each of shape (S, 1)."""
    return {
        name: np.array([[getattr(choice, name)] for choice in choices], dtype)
        for name in choices[0].per_run
        if getattr(choices[0], name) is not None
    }
