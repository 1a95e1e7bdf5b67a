"""Grids: from a study's products to validated points."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from typing import Literal

from harness.config import RunConfig, fingerprint
from harness.data.loading import digest
from harness.errors import ConfigurationError, nearest
from harness.sweeping.cells import check
from harness.sweeping.composing import SESSION, Composer
from harness.sweeping.products import Product, axes, key, pair, read, varied
from harness.sweeping.published_arms import check_published
from harness.sweeping.selecting import excluded, sampled
from harness.sweeping.settings import SweepKeys
from harness.sweeping.stacks import regime_key
from harness.sweeping.study import Study
from harness.sweeping.tunable import check_not_compared, check_ordered, check_reportable, staged

DEFAULTS = SweepKeys()
FEEDING = ("optimizer", "optimizer.batch_size")
"""Keys that are written as one text, how samples are fed."""


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


@dataclass(frozen=True)
class Grid:
    """What a sweep asks for.

    Attributes
    ----------
    points : list of Point
        Each fingerprint once.
    arms : list of str
        The keys by which arms differ.
    excluded, unsampled : int
        How many points exclusions left out, and how many of the others the sample did.
    """

    points: list[Point]
    arms: list[str]
    excluded: int = 0
    unsampled: int = 0


def expand(
    composer: Composer,
    study: Study,
    arguments: Sequence[str],
    preset: Sequence[str] = (),
    keys: SweepKeys = DEFAULTS,
) -> Grid:
    """Return a grid: the study's, or that of the arguments alone.

    Parameters
    ----------
    arguments : sequence of str
        Overrides from the command line. They hold for every product, against its own.
    preset : sequence of str
        Overrides of the study's smaller form, weaker than `arguments`.
    keys : SweepKeys
        What is paired, excluded and sampled besides what the study says.

    Raises
    ------
    ConfigurationError
        One line for the first point that is wrong, or if there is none.
    """
    own = [argument for argument in arguments if key(composer, argument) not in SESSION]
    lines = [read(composer, line, preset, own) for line in study.grid or ((),)]
    lines = pair(composer, [_with_seeds(composer, line, study) for line in lines], keys.zip)
    swept = dict.fromkeys(name for line in lines for name in varied(composer, line))
    arms = arm_keys(study, [name for name in swept if not name.startswith("seed")])
    found: dict[str, RunConfig] = {}
    for line in lines:
        for overrides in product(*axes(composer, line)):
            run = composer.compose(list(chain.from_iterable(overrides)))
            found.setdefault(fingerprint(run, digest(run.dataset)), run)
    # The command line may narrow a study's grid to one that lacks what the study names.
    as_written = not own and not preset
    left = _allowed(composer, found, study, keys, as_written)
    count = study.sample if keys.sample is None else keys.sample
    drawn = sampled(list(left.values()), count, keys.sample_seed, study.tune.over if study.tune else None)
    _check_compared(arms, left.values())
    points = [_named(mark, run, arms, study) for mark, run in left.items()]
    if study.tune is not None:
        check_not_compared(study.tune, arms)
        check_ordered(study.tune, points)
        if staged(points, study.tune):
            check_reportable(study.tune, points)
    if as_written and not (keys.preset or keys.exclude or keys.zip):
        regimes = list({regime_key(point.run): point for point in points}.values())
        check(study.claims, regimes, arms, study.target, every=points)
        check_published(study.published, regimes, arms, study.target, every=points)
    made = [point for point, taken in zip(points, drawn, strict=True) if taken]
    return Grid(made, arms, len(found) - len(left), len(left) - len(made))


def arm_keys(study: Study, swept: Sequence[str]) -> list[str]:
    """Return the keys compared: the study's, or those that the grid varies but does not tune."""
    if study.arms is not None:
        return list(study.arms)
    tuned = study.tune.over if study.tune is not None else None
    return [key for key in swept if key != tuned and key != "experiment"]


def label(run: RunConfig, key: str) -> str:
    """Return how figures and tables write a run's value of a compared key; empty if it lacks the key."""
    if key in FEEDING:
        return run.feeding_label
    flat = run.flat
    if key not in flat:
        return ""
    value, name = flat[key], key.split(".")[-1]
    if isinstance(value, bool):
        return name if value else f"no {name}"
    text = "-".join(map(str, value)) if isinstance(value, tuple) else str(value)
    if key in {"dataset", "activation", "loss", "update", "initializer", "dtype", "stopping"}:
        return text
    return f"{name} {text}"


def _named(mark: str, run: RunConfig, arms: Sequence[str], study: Study) -> Point:
    labels = {key: label(run, key) for key in arms}
    arm = " · ".join(dict.fromkeys(filter(None, labels.values()))) or "all runs"
    value = [label(run, study.tune.over)] if study.tune is not None else []
    name = " · ".join([arm, *value, f"seed {run.seed}"])
    tunes = study.tune is not None and run.seed in study.tune.seeds
    return Point(run, mark, arm, name, labels, "tuning" if tunes else "reported")


def _check_compared(arms: Sequence[str], runs: Iterable[RunConfig]) -> None:
    """Refuse a compared key that no run has; of those that some choices lack the others differ in it."""
    known = sorted({name for run in runs for name in run.flat})
    for each in arms:
        if known and each not in known and each not in FEEDING:
            raise ConfigurationError(
                f"study.arms: no run of the grid has the key {each!r}{nearest(each, known)}"
            )


def _with_seeds(composer: Composer, product: Product, study: Study) -> Product:
    if study.seeds is None or "seed" in {key(composer, override) for override in product.overrides}:
        return product
    seeds = [*(study.tune.seeds if study.tune else ()), *study.seeds]
    return replace(product, overrides=(*product.overrides, f"seed={','.join(map(str, seeds))}"))


def _allowed(
    composer: Composer, found: Mapping[str, RunConfig], study: Study, keys: SweepKeys, as_written: bool
) -> dict[str, RunConfig]:
    """Return the runs that nothing excludes."""
    runs = list(found.values())
    out = excluded(composer, runs, study.exclude, strict=as_written)
    also = excluded(composer, runs, keys.exclude, strict=True)
    left = {mark: run for (mark, run), *no in zip(found.items(), out, also, strict=True) if not any(no)}
    if not left:
        entries = " and ".join(map(repr, (*study.exclude, *keys.exclude)))
        raise ConfigurationError(f"the grid is empty: exclude {entries} leaves none of {len(found):,} points")
    return left
