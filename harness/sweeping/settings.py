"""How a sweep is carried out: checks, executor, tracking, what to do with what is done already."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt

from harness.errors import ConfigurationError
from harness.sweeping.study import Study, build_study
from harness.tracking.settings import TRACKINGS, Tracking
from harness.validation import build, choose

DURATION = re.compile(r"(\d{1,6}(\.\d{1,6})?(h|min|s)){1,3}")

Seconds = Annotated[float, Gt(0)]


@dataclass(frozen=True)
class Serial:
    """Train in the launching process.

    Attributes
    ----------
    leg : float or None
        Seconds after which a stack's rows are tracked and its state is saved; None: at its end.
    """

    name: Literal["serial"] = "serial"
    leg: Seconds | None = 30.0


@dataclass(frozen=True)
class Processes:
    """Train in worker processes of this machine.

    Attributes
    ----------
    workers : int or None
        None: as many as cores, if there is enough to do.
    retries : int
        How often a run whose worker process died is tried alone before it fails.
    leg : float or None
        As in `Serial`.
    """

    name: Literal["processes"] = "processes"
    workers: Annotated[int, Gt(0)] | None = None
    retries: Annotated[int, Gt(0)] = 2
    leg: Seconds | None = 30.0


@dataclass(frozen=True)
class Dask:
    """Train on a cluster of Dask workers.

    Attributes
    ----------
    address : str or None
        The scheduler's; None is refused once it is needed.
    retries : int
        As in `Processes`.
    leg : float or None
        As in `Serial`.
    """

    name: Literal["dask"] = "dask"
    address: str | None = None
    retries: Annotated[int, Gt(0)] = 2
    leg: Seconds | None = 30.0


Executing = Serial | Processes | Dask

EXECUTORS: dict[str, type[Executing]] = {"serial": Serial, "processes": Processes, "dask": Dask}


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
    limit : str or None
        The time after which the sweep stops, such as ``10min``; None: once all is trained.
    zip : tuple of tuple of str
        Groups of keys whose values are paired instead of crossed; one group may stand by itself.
    exclude : tuple of str
        Left out besides what the study leaves out.
    sample : int or None
        How many regimes are drawn, each with all its seeds; None: what the study says.
    sample_seed : int
    """

    plan: bool = False
    preset: str | None = None
    force: bool = False
    limit: str | None = None
    zip: tuple[tuple[str, ...], ...] = ()
    exclude: tuple[str, ...] = ()
    sample: Annotated[int, Gt(0)] | None = None
    sample_seed: Annotated[int, Ge(0)] = 0

    @property
    def seconds(self) -> float | None:
        """Return `limit` in seconds."""
        if self.limit is None:
            return None
        from pandas import Timedelta

        return float(Timedelta(self.limit).total_seconds())


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

    executor: Executing
    tracking: Tracking
    sweep: SweepKeys
    study: Study
    checks: Checks = Checks()
    overrides: tuple[str, ...] = ()


def build_settings(container: Mapping[str, Any]) -> Settings:
    """Return validated settings from the session keys of a composed configuration."""
    limit = container["sweep"]["limit"]
    if limit is not None and not DURATION.fullmatch(str(limit)):
        raise ConfigurationError(
            f"sweep.limit = {limit!r}: not a time; allowed: such as 90s, 10min, 2h, 1h30min, or null"
        )
    sweep = build(SweepKeys, {**container["sweep"], "zip": grouped(container["sweep"]["zip"])}, "sweep")
    study, overrides = build_study(container["study"], sweep.preset)
    return Settings(
        executor=choose(EXECUTORS, "executor", container["executor"]),
        tracking=choose(TRACKINGS, "tracking", container["tracking"]),
        sweep=sweep,
        study=study,
        checks=build(Checks, container["checks"], "checks"),
        overrides=overrides,
    )


def grouped(pairs: Any) -> Any:
    """Return `sweep.zip` as a list of groups: one group needs no list around it."""
    flat = isinstance(pairs, list | tuple) and bool(pairs) and all(isinstance(each, str) for each in pairs)
    return [pairs] if flat else pairs
