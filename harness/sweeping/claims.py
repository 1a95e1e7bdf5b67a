"""Claims: what a study says will come out, in a form that its runs can refute."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Ge, MinLen

from harness.errors import ConfigurationError
from harness.quantities import AMONG_RUNS, Moment
from harness.sweeping.measurable import named
from harness.validation import choose

Where = dict[str, Any]
"""Conditions on compared keys; all must hold. A list holds if one of its values does."""
Direction = Literal["higher", "lower"]


@dataclass(frozen=True, kw_only=True)
class Common:
    """Keys that every claim has.

    Attributes
    ----------
    name : str
        By which figures and tables refer to it.
    sentence : str
        What is claimed, for the page.
    metric : str
        A quantity of a run (`harness.quantities`).
    at : str
        ``end``: the last row of a run's history; ``start``: the first one, before any update.
    where : mapping
        The arms that the claim is about; empty: all.
    """

    name: Annotated[str, MinLen(1)]
    sentence: Annotated[str, MinLen(1)]
    metric: str
    at: Moment = "end"
    where: Where = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Identity(Common):
    """The metric of arm `one` equals that of arm `other`, seed by seed and cell by cell.

    Attributes
    ----------
    tolerance : float
        By how much it may differ; 0: not by a bit.
    """

    kind: Literal["identity"] = "identity"
    one: Where
    other: Where
    tolerance: Annotated[float, Ge(0)] = 0.0


@dataclass(frozen=True, kw_only=True)
class Existence(Common):
    """Some run's metric is `direction` than `value`: one that is, verified, decides."""

    kind: Literal["existence"] = "existence"
    direction: Direction
    value: float


@dataclass(frozen=True, kw_only=True)
class Averaged(Common):
    """Keys of a claim about the mean over seeds, which an interval decides.

    A cell is what compared keys that the claim does not name leave of the grid; each cell has an
    interval of its own.

    Attributes
    ----------
    margin : float
        What matters, in units of the metric or of its logarithm: supported above it, refuted below it.
    population : str
        ``seeds``: would new seeds agree? They resplit one data set. ``data``: would new data of this kind?
    scope : str
        The claim is about ``all`` cells or about ``any`` of them. Where every cell has to show something each
        does at the claim's level; where one decides alone the level is divided by the cells.
    values : str
        ``log2``: values enter by their logarithm to the base 2, so that effect and margin are in doublings.
        A value that is not positive or infinite leaves no interval of a mean, as a dead run does.
    """

    direction: Direction
    margin: Annotated[float, Ge(0)]
    population: Literal["seeds", "data"] = "seeds"
    scope: Literal["all", "any"] = "all"
    values: Literal["linear", "log2"] = "linear"


@dataclass(frozen=True, kw_only=True)
class Difference(Averaged):
    """The metric of arm `better` is `direction` than that of arm `worse`, on the same seeds."""

    kind: Literal["difference"] = "difference"
    better: Where
    worse: Where


@dataclass(frozen=True, kw_only=True)
class Trend(Averaged):
    """The metric gets `direction` along a compared key: its slope by least squares.

    Attributes
    ----------
    over : str
        The key; its values are numbers.
    scale : str
        ``log2``: the slope is by doubling of the key, not by unit.
    """

    kind: Literal["trend"] = "trend"
    over: str
    scale: Literal["linear", "log2"] = "linear"


Estimated = Difference | Trend
"""Claims about the mean over seeds."""
Claim = Identity | Existence | Estimated

KINDS: dict[str, type[Claim]] = {
    "identity": Identity,
    "existence": Existence,
    "difference": Difference,
    "trend": Trend,
}


def build_claims(entries: Any) -> tuple[Claim, ...]:
    """Return validated claims.

    Raises
    ------
    ConfigurationError
        If a kind, key or metric is unknown, a value is of a wrong type, two claims have one name, the two
        sides of a comparison are the same or nothing, a condition has no value, the metric has no value
        where it is asked for, or is no score of held-out samples and to tell of new data.
    """
    if not isinstance(entries, list | tuple):
        raise ConfigurationError(f"study.claims = {entries!r}: must be a list of claims, or empty")
    made = tuple(
        choose(KINDS, f"study.claims[{place}]", entry, by="kind") for place, entry in enumerate(entries)
    )
    for name, count in Counter(claim.name for claim in made).items():
        if count > 1:
            raise ConfigurationError(f"study.claims: {name!r} names {count} claims; allowed: each name once")
    for claim in made:
        _check(claim)
    return made


def sides(claim: Identity | Difference) -> dict[str, Where]:
    """Return the two selections that a claim compares, by the names of their keys."""
    if isinstance(claim, Identity):
        return {"one": claim.one, "other": claim.other}
    return {"better": claim.better, "worse": claim.worse}


def selections(claim: Claim) -> dict[str, Where]:
    """Return all selections of a claim, by the names of their keys."""
    compared = sides(claim) if isinstance(claim, Identity | Difference) else {}
    return {"where": claim.where, **compared}


def check_values(selection: Where, where: str) -> None:
    """Refuse a condition without a value, which no arm can meet; `where` names the selection."""
    for key, value in selection.items():
        if isinstance(value, list | tuple) and not value:
            raise ConfigurationError(
                f"{where}: {key} = []: no value; allowed: one, a list of values, or no condition on it"
            )


def _check(claim: Claim) -> None:
    where = f"study.claims.{claim.name}"
    for part, selection in selections(claim).items():
        check_values(selection, f"{where}.{part}")
    named(claim.metric, claim.at, where)
    held_out = claim.metric.startswith(("validation_", "test_"))
    if isinstance(claim, Estimated) and claim.population == "data" and not held_out:
        raise ConfigurationError(
            f"{where}.population = 'data': {claim.metric} is no score of held-out samples, for which alone "
            "there is an interval for new data; allowed: population=seeds, or a score of validation or test"
        )
    if isinstance(claim, Estimated) and claim.values == "log2" and claim.metric in AMONG_RUNS:
        raise ConfigurationError(
            f"{where}.values = 'log2': the {claim.metric} of one run of every arm is 0, which has no "
            "logarithm; allowed: values: linear"
        )
    if isinstance(claim, Identity | Difference):
        (one, left), (other, right) = sides(claim).items()
        for key, side in ((one, left), (other, right)):
            if not side:
                raise ConfigurationError(
                    f"{where}.{key}: empty; allowed: values of compared keys, such as {{activation: relu}}"
                )
        if left == right:
            raise ConfigurationError(
                f"{where}: {one} and {other} are both {left}; allowed: two different arms"
            )
