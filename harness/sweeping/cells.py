"""Cells: the comparisons that a claim makes in a grid, each a weighted sum of arms, seed by seed."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.config import RunConfig
from harness.data.splits import split_sizes
from harness.errors import ConfigurationError, nearest
from harness.quantities import FREE, NOT_COMPARED, Quantity, depends_on_loss, quantity
from harness.sweeping.claims import (
    Claim,
    Difference,
    Estimated,
    Existence,
    Identity,
    Trend,
    Where,
    selections,
    sides,
)
from harness.sweeping.measurable import check_among, check_measured, check_target
from harness.sweeping.selecting import Condition

if TYPE_CHECKING:
    from harness.sweeping.grid import Point
    from harness.sweeping.study import Target

Arms = dict[str, list[RunConfig]]
"""Runs by the arm that they are of."""


@dataclass(frozen=True)
class Cell:
    """One comparison.

    Attributes
    ----------
    name : str
        What its arms have in common, of the compared keys that the claim does not name.
    weights : dict of str to float
        By arm. On each seed the weighted sum of the arms' metrics is what is claimed to be positive:
        a difference, or a slope by least squares.
    """

    name: str
    weights: dict[str, float]


def cells(claim: Identity | Estimated, points: Sequence["Point"], keys: Sequence[str]) -> list[Cell]:
    """Return the cells of a claim that a grid has.

    Parameters
    ----------
    points : sequence of Point
    keys : sequence of str
        Those by which the arms of the grid differ.

    Raises
    ------
    ConfigurationError
        If a side of the claim is two arms of one cell, or the key of a trend has values that are no numbers.
    """
    arms = {point.arm: point for point in points if selected(point.run, claim.where)}
    free = [key for key in keys if key not in named(claim)]
    groups: dict[tuple[Any, ...], list[Point]] = {}
    for point in arms.values():
        groups.setdefault(tuple(_place(point.run, key, keys) for key in free), []).append(point)
    found = []
    for group in groups.values():
        weights = _slope(claim, group) if isinstance(claim, Trend) else _difference(claim, group)
        if weights:
            found.append(Cell(" · ".join(filter(None, (group[0].labels[key] for key in free))), weights))
    return found


def documented(
    claim: Claim, points: Sequence["Point"], keys: Sequence[str], target: "Target | None" = None
) -> dict[str, Any]:
    """Return the cells of a claim as plain values, for whoever judges it by the runs in the store.

    Returns
    -------
    dict
        ``cells``, a list: of each `name`, `weights` and `test_per_training`; of a claim of existence its
        `arms` as one cell. Empty where the command line or a preset made of the grid one that cannot test
        the claim; ``untested`` says why then, as far as it is known.
    """
    arms: dict[str, list[Point]] = defaultdict(list)
    for point in points:
        arms[point.arm].append(point)
    of_arm = {arm: [point.run for point in mine] for arm, mine in arms.items()}
    try:
        asked = quantity(claim.metric, "metric")
        check_target(asked, target, claim.name)
        if isinstance(claim, Existence):
            mine = {arm: runs for arm, runs in of_arm.items() if selected(runs[0], claim.where)}
            check_measured(asked, mine, claim.name)
            check_among(asked, reported_runs(points, mine), claim.name)
            return {"cells": [{"name": "", "arms": list(mine)}] if mine else [], "untested": ""}
        found = cells(claim, points, keys)
        for cell in found:
            check_measured(asked, {arm: of_arm[arm] for arm in cell.weights}, claim.name)
            check_among(asked, reported_runs(points, cell.weights), claim.name)
    except ConfigurationError as error:
        return {"cells": [], "untested": str(error).partition("; allowed")[0]}
    made = [
        {
            "name": cell.name,
            "weights": cell.weights,
            "test_per_training": test_per_training(claim.metric, [arms[arm][0] for arm in cell.weights]),
        }
        for cell in found
    ]
    return {"cells": made, "untested": ""}


def test_per_training(metric: str, points: Sequence["Point"]) -> float | None:
    """Return how many samples score a metric by how many train, the most of some points.

    It is the q of Nadeau and Bengio (2003), for new data; None for a metric that is not of held-out
    samples.
    """
    if not metric.startswith(("validation_", "test_")) or any(
        point.run.dataset.split == "none" for point in points
    ):
        return None
    sizes = [split_sizes(point.run.dataset) for point in points]
    return max(
        (validation if metric.startswith("validation_") else test) / train
        for train, validation, test in sizes
    )


def named(claim: Claim) -> list[str]:
    """Return the keys whose values a claim compares."""
    if isinstance(claim, Existence):
        return []
    if isinstance(claim, Trend):
        return [claim.over]
    return list(dict.fromkeys(key for side in sides(claim).values() for key in side))


def reported_runs(points: Sequence["Point"], arms: Collection[str]) -> Arms:
    """Return all reported runs of some arms, by arm."""
    found: Arms = {arm: [] for arm in arms}
    for point in points:
        if point.role == "reported" and point.arm in found:
            found[point.arm].append(point.run)
    return found


def check(
    claims: Sequence[Claim],
    points: Sequence["Point"],
    keys: Sequence[str],
    target: "Target | None" = None,
    *,
    every: Sequence["Point"] = (),
) -> None:
    """Refuse a claim that a grid cannot test.

    Parameters
    ----------
    points : sequence of Point
        One of each regime is enough: of most claims it is all one which seed a regime has.
    every : sequence of Point
        All of the grid, for claims about what is told among the runs of an arm; empty: `points`.

    Raises
    ------
    ConfigurationError
        If a claim names a key that is not compared, or a value that no arm has; if no cell has what it
        compares; if a cell compares data sets, or what depends on the loss between losses; if it is about
        new data and nothing is held out; if an arm does not measure what it is about.
    """
    runs = [point.run for point in points]
    of_arm: Arms = defaultdict(list)
    for point in points:
        of_arm[point.arm].append(point.run)
    for claim in claims:
        where = f"study.claims.{claim.name}"
        for part, selection in selections(claim).items():
            check_where(selection, runs, keys, f"{where}.{part}")
        asked = quantity(claim.metric, f"{where}.metric")
        check_target(asked, target, where)
        if isinstance(claim, Existence):
            mine = {arm: each for arm, each in of_arm.items() if selected(each[0], claim.where)}
            check_measured(asked, mine, where)
            check_among(asked, reported_runs(every or points, mine), where)
            continue
        if isinstance(claim, Trend):
            _compared(claim.over, keys, f"{where}.over")
        found = cells(claim, points, keys)
        if not found:
            raise _nowhere(claim, keys, where)
        for cell in found:
            mine = {arm: of_arm[arm] for arm in cell.weights}
            _comparable(claim, asked, target, [run for each in mine.values() for run in each], where)
            check_measured(asked, mine, where)
            check_among(asked, reported_runs(every or points, mine), where)
        undivided = any(run.dataset.split == "none" for run in runs if selected(run, claim.where))
        if isinstance(claim, Estimated) and claim.population == "data" and undivided:
            raise ConfigurationError(
                f"{where}.population = 'data': with dataset.split=none nothing is held out; allowed: "
                "population=seeds, or dataset.split=holdout"
            )


def check_where(where: Where, runs: Sequence[RunConfig], keys: Sequence[str], said: str) -> None:
    """Refuse conditions on keys that are not compared, or on values that no run has."""
    for condition in conditions(where):
        _compared(condition.key, keys, said)
        condition.check(runs, said)


def conditions(where: Where) -> list[Condition]:
    """Return the conditions of a selection of arms."""
    return [
        Condition(key, tuple(map(_plain, value)) if isinstance(value, list | tuple) else (value,))
        for key, value in where.items()
    ]


def selected(run: RunConfig, where: Where) -> bool:
    """Return whether a run is one of those that conditions select."""
    return all(condition.holds(run) for condition in conditions(where))


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _place(run: RunConfig, key: str, keys: Sequence[str]) -> Any:
    if key == "optimizer" and "optimizer.batch_size" not in keys:
        # Arms of one optimizer then differ in their batches, as their labels do.
        return run.flat[key], run.flat.get("optimizer.batch_size")
    return run.flat.get(key)


def _sign(claim: Estimated) -> float:
    return 1.0 if claim.direction == "higher" else -1.0


def _difference(claim: Identity | Difference, group: Sequence["Point"]) -> dict[str, float]:
    """Return the weights of a cell's two arms, none if it lacks one of them."""
    chosen = []
    for part, side in sides(claim).items():
        arms = [point.arm for point in group if selected(point.run, side)]
        if len(arms) > 1:
            raise ConfigurationError(
                f"study.claims.{claim.name}.{part} = {side}: is {len(arms)} arms, {' and '.join(arms[:2])}; "
                "allowed: one in each cell, by values of all keys that the two sides name"
            )
        chosen += arms
    if len(set(chosen)) < 2:
        return {}
    sign = _sign(claim) if isinstance(claim, Difference) else 1.0
    return {chosen[0]: sign, chosen[1]: -sign}


def _slope(claim: Trend, group: Sequence["Point"]) -> dict[str, float]:
    """Return the weights by which a cell's arms make a slope, none if they have one value alone."""
    centred = np.array([_position(claim, point.run) for point in group])
    centred -= centred.mean()
    if not centred.any():
        return {}
    weights = _sign(claim) * centred / (centred @ centred)
    return {point.arm: float(weight) for point, weight in zip(group, weights, strict=True)}


def _position(claim: Trend, run: RunConfig) -> float:
    """Return where an arm stands on the axis of a trend."""
    value = run.flat.get(claim.over)
    logarithmic = claim.scale == "log2"
    if isinstance(value, bool) or not isinstance(value, int | float) or (logarithmic and value <= 0):
        raise ConfigurationError(
            f"study.claims.{claim.name}.over = {claim.over!r}: an arm has {value!r}; allowed: a key "
            f"whose values are {'positive ' * logarithmic}numbers"
        )
    return log2(value) if logarithmic else float(value)


def _compared(key: str, keys: Sequence[str], where: str) -> None:
    if key not in keys:
        raise ConfigurationError(
            f"{where}: {key!r} is not compared; study.arms has {', '.join(keys) or 'no key'}"
            f"{nearest(key, keys)}"
        )


def _comparable(
    claim: Claim, asked: Quantity, target: "Target | None", runs: Sequence[RunConfig], where: str
) -> None:
    """Refuse a cell of several data sets, or of several losses where the metric depends on them."""
    if len({run.flat["dataset"] for run in runs}) > 1:
        raise ConfigurationError(
            f"{where}: compares data sets, {_values(runs, 'dataset')}, whose scores do not compare; allowed: "
            "arms of one data set"
        )
    if asked.needs_target and target is not None:
        asked = quantity(target.metric, "study.target.metric")
    if not depends_on_loss(asked, claim.kind):
        return
    for key in sorted({key for run in runs for key in run.flat if key.split(".")[0] == "loss"}):
        if key not in FREE[asked.compares] and len({run.flat.get(key) for run in runs}) > 1:
            why = NOT_COMPARED[asked.compares]
            raise ConfigurationError(
                f"{where}.metric = {claim.metric!r}: {why}, and arms differ in {key}, {_values(runs, key)}; "
                "allowed: accuracy, log_loss, squared_error, a time to a target of one of these, or arms of "
                "one loss"
            )


def _values(runs: Sequence[RunConfig], key: str) -> str:
    return " and ".join(dict.fromkeys(str(run.flat[key]) for run in runs if key in run.flat))


def _nowhere(claim: Identity | Estimated, keys: Sequence[str], where: str) -> ConfigurationError:
    arms = f"several values of {claim.over}" if isinstance(claim, Trend) else " and ".join(sides(claim))
    free = [key for key in keys if key not in named(claim)]
    equal = f" that are equal in {', '.join(free)}" if free else ""
    return ConfigurationError(f"{where}: the grid has no arms of {arms}{equal}")
