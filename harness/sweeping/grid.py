"""Grids: from products of Hydra overrides to validated points."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from harness.config import RunConfig, fingerprint
from harness.data.loading import digest
from harness.errors import ConfigurationError
from harness.sweeping.composing import SESSION, Composer
from harness.sweeping.study import Study


@dataclass(frozen=True)
class Point:
    """One run that a grid asks for.

    Attributes
    ----------
    arm : str
        What the run is compared as, for example ``digits · relu · mse · SGD (1)``.
    name : str
        The arm, the value of the tuned key and the seed: all by which runs of a study differ.
    labels : dict of str to str
        The arm by key.
    role : str
        ``tuning`` if its seed chooses a rate, else ``reported``.
    """

    run: RunConfig
    fingerprint: str
    arm: str
    name: str
    labels: dict[str, str]
    role: Literal["tuning", "reported"]


def points(
    composer: Composer, study: Study, arguments: Sequence[str], preset: Sequence[str] = ()
) -> tuple[list[Point], list[str]]:
    """Return a grid's points, each fingerprint once, and the keys by which its arms differ.

    The grid is the study's, or that of the arguments alone.

    Parameters
    ----------
    arguments : sequence of str
        Overrides from the command line. They hold for every product, against its own.
    preset : sequence of str
        Overrides of the study's smaller form, weaker than `arguments`.

    Raises
    ------
    ConfigurationError
        One line for the first point that is wrong, or if there is none.
    """
    own = [argument for argument in arguments if _key(composer, argument) not in SESSION]
    products = [merge(composer, line, preset, own) for line in study.grid or ((),)]
    if study.seeds is not None:
        products = [_with_seeds(composer, line, study) for line in products]
    varied: list[str] = []
    found: dict[str, Point] = {}
    for line in products:
        axes = [_choices(composer, override) for override in line]
        for override, axis in zip(line, axes, strict=True):
            key = _key(composer, override)
            if len(axis) > 1 and key not in varied and not key.startswith("seed"):
                varied.append(key)
        for overrides in product(*axes):
            run = composer.compose(overrides)
            mark = fingerprint(run, digest(run.dataset))
            if mark not in found:
                tunes = study.tune is not None and run.seed in study.tune.seeds
                found[mark] = Point(run, mark, "", "", {}, "tuning" if tunes else "reported")
    keys = arm_keys(study, varied)
    tuned = study.tune.over if study.tune is not None else None
    return [_named(point, keys, tuned) for point in found.values()], keys


def arm_keys(study: Study, varied: Sequence[str]) -> list[str]:
    """Return the keys compared: the study's, or those that the grid varies but does not tune."""
    if study.arms is not None:
        return list(study.arms)
    tuned = study.tune.over if study.tune is not None else None
    return [key for key in varied if key != tuned and key != "experiment"]


def merge(composer: Composer, *layers: Sequence[str]) -> list[str]:
    """Return the overrides of all layers; where two have the same key, the later layer's."""
    merged: dict[str, str] = {}
    for layer in layers:
        for override in layer:
            merged[_key(composer, override)] = override
    return list(merged.values())


def label(run: RunConfig, key: str) -> str:
    """Return how figures and tables write a run's value of a compared key."""
    if key in {"optimizer", "optimizer.batch_size"}:
        return run.feeding_label
    if key not in run.flat:
        raise ConfigurationError(f"study.arms: {key!r} is not a key of every run of the grid")
    value, name = run.flat[key], key.split(".")[-1]
    if isinstance(value, bool):
        return name if value else f"no {name}"
    text = "-".join(map(str, value)) if isinstance(value, tuple) else str(value)
    if key in {"dataset", "activation", "loss", "update", "initializer", "dtype", "stopping"}:
        return text
    return f"{name} {text}"


def _named(point: Point, keys: Sequence[str], tuned: str | None) -> Point:
    run = point.run
    labels = {key: label(run, key) for key in keys}
    arm = " · ".join(dict.fromkeys(labels.values())) or "all runs"
    value = [label(run, tuned)] if tuned is not None else []
    name = " · ".join([arm, *value, f"seed {run.seed}"])
    return Point(run, point.fingerprint, arm, name, labels, point.role)


def _with_seeds(composer: Composer, line: list[str], study: Study) -> list[str]:
    if any(_key(composer, override) == "seed" for override in line):
        return line
    seeds = [*(study.tune.seeds if study.tune else ()), *(study.seeds or ())]
    return [*line, f"seed={','.join(map(str, seeds))}"]


def _key(composer: Composer, override: str) -> str:
    """Return the key of an override; of the session's keys, the first part."""
    key = str(composer.parse(override).key_or_group)
    first = key.split(".")[0]
    return first if first in SESSION else key


def _choices(composer: Composer, override: str) -> list[str]:
    parsed = composer.parse(override)
    if not parsed.is_sweep_override():
        return [override]
    if not parsed.is_discrete_sweep():
        raise ConfigurationError(
            f"{override}: an interval has no list of values; allowed: a,b,c or range(start, stop)"
        )
    choices = [f"{parsed.get_key_element()}={value}" for value in parsed.sweep_string_iterator()]
    if not choices:
        raise ConfigurationError(f"the grid is empty: {override} has no values")
    return choices
