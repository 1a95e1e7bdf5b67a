"""Update rules: what is made of a gradient before it is taken from the parameters.

A rule is a chain of small transformations. Each is a frozen description with named state arrays of
the parameters' shape (S, P); `descend` threads a gradient through the chain and applies the sign,
here and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Protocol

from annotated_types import Interval

from harness.engine.arrays import Floats

Coefficient = Annotated[float, Interval(ge=0, lt=1)]


class Transformation(Protocol):
    """One link of a chain."""

    state: ClassVar[tuple[str, ...]]

    def apply(self, gradient: Floats, state: Mapping[str, Floats], numbers: Mapping[str, Floats]) -> None:
        """Transform `gradient` (S, P) in place, and `state` with it.

        `numbers` holds the rule's ``per_run`` fields, each of shape (S, 1).
        """


class UpdateRule(Protocol):
    """What training asks of a rule: its chain, in the order in which a gradient passes it."""

    per_run: ClassVar[tuple[str, ...]]

    def chain(self) -> tuple[Transformation, ...]:
        """Return the transformations."""


@dataclass(frozen=True)
class Accumulate:
    """v <- momentum v + g, and v goes on (Polyak 1964, in PyTorch's form without dampening)."""

    state: ClassVar[tuple[str, ...]] = ("velocity",)

    def apply(self, gradient: Floats, state: Mapping[str, Floats], numbers: Mapping[str, Floats]) -> None:
        """Replace the gradient by the velocity."""
        velocity = state["velocity"]
        velocity *= numbers["momentum"]
        velocity += gradient
        gradient[...] = velocity


@dataclass(frozen=True)
class Plain:
    """W <- W - rate g."""

    name: Literal["plain"] = "plain"
    per_run: ClassVar[tuple[str, ...]] = ()

    def chain(self) -> tuple[Transformation, ...]:
        """Return an empty chain."""
        return ()


@dataclass(frozen=True)
class Momentum:
    """v <- momentum v + g, W <- W - rate v."""

    name: Literal["momentum"] = "momentum"
    momentum: Coefficient = 0.9
    per_run: ClassVar[tuple[str, ...]] = ("momentum",)

    def chain(self) -> tuple[Transformation, ...]:
        """Return the accumulation of the gradient."""
        return (Accumulate(),)


UPDATE_RULES: dict[str, type[UpdateRule]] = {"plain": Plain, "momentum": Momentum}


def state_names(rule: UpdateRule) -> tuple[str, ...]:
    """Return the names of the state arrays that a rule keeps between updates."""
    return tuple(name for link in rule.chain() for name in link.state)


def descend(
    chain: tuple[Transformation, ...],
    parameters: Floats,
    gradient: Floats,
    rate: Floats | None,
    state: Mapping[str, Floats],
    numbers: Mapping[str, Floats],
) -> None:
    """Make one update of `parameters` (S, P) in place; `gradient` is left as the step taken.

    Parameters
    ----------
    rate : ndarray, shape (S, 1), or None
        None where the gradient carries the rate already: of an empty chain, it may be folded into
        the few output deltas that every gradient is linear in.
    """
    for link in chain:
        link.apply(gradient, state, numbers)
    if rate is not None:
        gradient *= rate
    parameters -= gradient
