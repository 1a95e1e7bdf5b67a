"""How a sweep is carried out: checks, executor, tracking, what to do with what is done already."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt

from harness.sweeping.study import Study, build_study
from harness.tracking.settings import TRACKINGS, Tracking
from harness.validation import build, choose


@dataclass(frozen=True)
class Serial:
    """Train in the launching process."""

    name: Literal["serial"] = "serial"
    workers: int = 1


@dataclass(frozen=True)
class Processes:
    """Train in worker processes of this machine.

    Attributes
    ----------
    workers : int or None
        None: as many as cores.
    retries : int
        How often a run whose worker process died is tried alone before it fails.
    """

    name: Literal["processes"] = "processes"
    workers: Annotated[int, Gt(0)] | None = None
    retries: Annotated[int, Gt(0)] = 2


EXECUTORS: dict[str, type[Serial] | type[Processes]] = {"serial": Serial, "processes": Processes}


@dataclass(frozen=True)
class SweepKeys:
    """What is done with the grid.

    Attributes
    ----------
    plan : bool
        Print what would be trained, and stop.
    preset : str or None
        A smaller form of the study.
    force : bool
        Train again what the store holds already.
    zip : tuple of tuple of str
        Groups of keys whose values are paired instead of crossed.
    exclude : tuple of str
        Left out besides what the study leaves out.
    sample : int or None
        How many regimes are drawn, each with all its seeds; None: what the study says.
    sample_seed : int
    """

    plan: bool = False
    preset: str | None = None
    force: bool = False
    zip: tuple[tuple[str, ...], ...] = ()
    exclude: tuple[str, ...] = ()
    sample: Annotated[int, Gt(0)] | None = None
    sample_seed: Annotated[int, Ge(0)] = 0


@dataclass(frozen=True)
class Checks:
    """What must hold before anything trains.

    Attributes
    ----------
    gradients : bool
        Backpropagation agrees with finite differences, for one run of every kind.
    """

    gradients: bool = False


@dataclass(frozen=True)
class Settings:
    """Everything beside the runs; `overrides` are those of the preset."""

    executor: Serial | Processes
    tracking: Tracking
    sweep: SweepKeys
    study: Study
    checks: Checks = Checks()
    overrides: tuple[str, ...] = ()


def build_settings(container: Mapping[str, Any]) -> Settings:
    """Return validated settings from the session keys of a composed configuration."""
    sweep = build(SweepKeys, container["sweep"], "sweep")
    study, overrides = build_study(container["study"], sweep.preset)
    return Settings(
        executor=choose(EXECUTORS, "executor", container["executor"]),
        tracking=choose(TRACKINGS, "tracking", container["tracking"]),
        sweep=sweep,
        study=study,
        checks=build(Checks, container["checks"], "checks"),
        overrides=overrides,
    )
