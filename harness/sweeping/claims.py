"""Claims: what a study says will come out, in a form that its runs can refute."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Ge, MinLen

from harness.errors import ConfigurationError, unknown
from harness.record import SCORE_COLUMNS
from harness.validation import choose

METRICS = (*SCORE_COLUMNS, "rho")
"""What a claim can be about: the last value of a run's history."""

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
        One of `METRICS`.
    where : mapping
        The arms that the claim is about; empty: all.
    """

    name: Annotated[str, MinLen(1)]
    sentence: Annotated[str, MinLen(1)]
    metric: str
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
        What matters, in units of the metric: supported above it, refuted below it.
    population : str
        ``seeds``: would new seeds agree? They resplit one data set. ``data``: would new data of this kind?
    scope : str
        The claim is about ``all`` cells or about ``any`` of them. Where every cell has to show something each
        does at the claim's level; where one decides alone the level is divided by the cells.
    """

    direction: Direction
    margin: Annotated[float, Ge(0)]
    population: Literal["seeds", "data"] = "seeds"
    scope: Literal["all", "any"] = "all"


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
        sides of a comparison are the same or nothing, or a score of the training samples is to tell
        of new data.
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


def _check(claim: Claim) -> None:
    where = f"study.claims.{claim.name}"
    if claim.metric not in METRICS:
        raise unknown(f"{where}.metric", claim.metric, METRICS)
    held_out = claim.metric.startswith(("validation_", "test_"))
    if isinstance(claim, Estimated) and claim.population == "data" and not held_out:
        raise ConfigurationError(
            f"{where}.population = 'data': {claim.metric} is of the training samples and tells nothing of "
            "new data; allowed: population=seeds, or a score of validation or test"
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
