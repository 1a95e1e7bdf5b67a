"""Update rules: what is made of a gradient before it is taken from the parameters.

A rule is a chain of transformations. Every rule can clip the gradient first and add penalties to it;
`descend` threads the gradient through the chain and applies the sign, here and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Protocol

import numpy as np
from annotated_types import Ge, Gt, Interval

from harness.engine.arrays import Floats
from harness.engine.transformations import (
    Accumulate,
    AddDecay,
    AddL1,
    AddL2,
    ClipNorm,
    ClipValue,
    LookAhead,
    ScaleByMean,
    ScaleByMoments,
    ScaleBySum,
    Step,
    Transformation,
)

Coefficient = Annotated[float, Interval(ge=0, lt=1)]
Positive = Annotated[float, Gt(0)]
Penalty = Annotated[float, Ge(0)]
Chain = tuple[Transformation, ...]

SHARED = ("clip_norm", "clip_value", "l1", "l2")


class UpdateRule(Protocol):
    """What training asks of a rule: its chain, in the order in which a gradient passes it."""

    per_run: ClassVar[tuple[str, ...]]

    def chain(self) -> Chain:
        """Return the transformations."""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What every rule can do first, each left out where None.

    Attributes
    ----------
    clip_norm, clip_value : float or None
        Limits of the gradient's norm over all parameters, and of each entry.
    l2, l1 : float or None
        Penalties l2 ||W||^2 / 2 and l1 sum |W| added to the objective of the update, coupled: a rule that
        scales gradients scales them too. Weights only, whatever the batch size; no loss that is
        recorded contains them.
    """

    clip_norm: Positive | None = None
    clip_value: Positive | None = None
    l2: Penalty | None = None
    l1: Penalty | None = None

    def first(self) -> Chain:
        """Return the links that come before the rule's own: penalties, then clipping."""
        links: Sequence[tuple[float | None, Transformation]] = (
            (self.l2, AddL2()),
            (self.l1, AddL1()),
            (self.clip_value, ClipValue()),
            (self.clip_norm, ClipNorm()),
        )
        return tuple(link for value, link in links if value is not None)


@dataclass(frozen=True, kw_only=True)
class Plain(Shared):
    """W <- W - rate g."""

    name: Literal["plain"] = "plain"
    per_run: ClassVar[tuple[str, ...]] = SHARED

    def chain(self) -> Chain:
        """Return what every rule can do, nothing more."""
        return self.first()


@dataclass(frozen=True, kw_only=True)
class Momentum(Shared):
    """v <- momentum v + g, W <- W - rate v."""

    name: Literal["momentum"] = "momentum"
    momentum: Coefficient = 0.9
    per_run: ClassVar[tuple[str, ...]] = (*SHARED, "momentum")

    def chain(self) -> Chain:
        """Return the accumulation of the gradient."""
        return (*self.first(), Accumulate())


@dataclass(frozen=True, kw_only=True)
class Nesterov(Shared):
    """v <- momentum v + g, W <- W - rate (g + momentum v)."""

    name: Literal["nesterov"] = "nesterov"
    momentum: Coefficient = 0.9
    per_run: ClassVar[tuple[str, ...]] = (*SHARED, "momentum")

    def chain(self) -> Chain:
        """Return the look ahead."""
        return (*self.first(), LookAhead())


@dataclass(frozen=True, kw_only=True)
class AdaGrad(Shared):
    """W <- W - rate g / (sqrt(sum of g^2) + epsilon)."""

    name: Literal["adagrad"] = "adagrad"
    epsilon: Positive = 1e-10
    per_run: ClassVar[tuple[str, ...]] = (*SHARED, "epsilon")

    def chain(self) -> Chain:
        """Return the scaling by the sum of squares."""
        return (*self.first(), ScaleBySum())


@dataclass(frozen=True, kw_only=True)
class RMSprop(Shared):
    """W <- W - rate g / (sqrt(moving mean of g^2) + epsilon)."""

    name: Literal["rmsprop"] = "rmsprop"
    beta: Coefficient = 0.99
    epsilon: Positive = 1e-8
    per_run: ClassVar[tuple[str, ...]] = (*SHARED, "beta", "epsilon")

    def chain(self) -> Chain:
        """Return the scaling by the mean of squares."""
        return (*self.first(), ScaleByMean())


@dataclass(frozen=True, kw_only=True)
class Adam(Shared):
    """Moving means of g and g^2, corrected for their start at 0; `l2` is the coupled decay."""

    name: Literal["adam"] = "adam"
    beta_1: Coefficient = 0.9
    beta_2: Coefficient = 0.999
    epsilon: Positive = 1e-8
    per_run: ClassVar[tuple[str, ...]] = (*SHARED, "beta_1", "beta_2", "epsilon")

    def chain(self) -> Chain:
        """Return the scaling by both moments."""
        return (*self.first(), ScaleByMoments())


@dataclass(frozen=True, kw_only=True)
class AdamW(Shared):
    """Adam, then W <- W - rate weight_decay W, in PyTorch's form: the rate multiplies the decay."""

    name: Literal["adamw"] = "adamw"
    beta_1: Coefficient = 0.9
    beta_2: Coefficient = 0.999
    epsilon: Positive = 1e-8
    weight_decay: Penalty = 0.01
    per_run: ClassVar[tuple[str, ...]] = (*SHARED, "beta_1", "beta_2", "epsilon", "weight_decay")

    def chain(self) -> Chain:
        """Return the scaling by both moments and the decay behind it."""
        return (*self.first(), ScaleByMoments(), AddDecay())


UPDATE_RULES: dict[str, type[UpdateRule]] = {
    "plain": Plain,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": AdaGrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}


def state_names(rule: UpdateRule) -> tuple[str, ...]:
    """Return the names of the state arrays that a rule keeps between updates."""
    return tuple(name for link in rule.chain() for name in link.state)


def descend(chain: Chain, rate: Floats | None, step: Step) -> None:
    """Make one update of ``step.parameters`` in place; ``step.gradient`` is left as the step taken.

    Parameters
    ----------
    rate : ndarray, shape (S, 1), or None
        None where the gradient carries the rate already: of an empty chain, it may be folded into
        the few output deltas that every gradient is linear in.
    """
    step.number += 1
    gradient = step.gradient
    for link in chain:
        gradient = link.apply(gradient, step)
    if rate is not None:
        np.multiply(gradient, rate, out=step.gradient)
    step.parameters -= step.gradient
