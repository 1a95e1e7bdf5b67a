"""What made the runs of a study: their configurations, platforms and data, and what they have in common."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from mlflow.entities import Run

PLATFORM = {
    "harness.version": "harness",
    "harness.commit": "commit",
    "harness.numerics": "numerics",
    "harness.python": "Python",
    "harness.numpy": "NumPy",
    "harness.blas": "BLAS",
    "harness.blas_threads": "BLAS threads",
    "harness.cpu_features": "CPU features",
    "harness.machine": "machine",
    "harness.libc": "C library",
    "mlflow.source.name": "source",
    "mlflow.source.git.commit": "source's commit",
}
"""Tags that say with what and on what a run was trained, by what they are called."""
SIZES = ("train", "validation", "test")

Texts = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Origin:
    """What made one run.

    Attributes
    ----------
    parameters, platform : tuple of (str, str)
        Names and values, parameters in the order of their names.
    data : tuple of str
        Of the first data set: name, digest, and the samples for training, validation and test; what was
        not logged is empty.
    """

    parameters: Texts = ()
    platform: Texts = ()
    data: tuple[str, ...] = ("",) * 5


@dataclass(frozen=True)
class Origins:
    """What made all runs.

    Attributes
    ----------
    parameters, platform : DataFrame
        ``name``, ``value``, ``runs``: how many have that value. One that all runs share has one row.
    data : DataFrame
        ``dataset``, ``digest``, ``train``, ``validation``, ``test`` (samples, as texts), ``runs``.
    links : mapping of str to str
        Addresses in MLflow's UI by what they show; empty where no UI serves the store.
    """

    parameters: pd.DataFrame = field(default_factory=lambda: _counted([]))
    platform: pd.DataFrame = field(default_factory=lambda: _counted([]))
    data: pd.DataFrame = field(default_factory=lambda: _data([]))
    links: Mapping[str, str] = field(default_factory=dict)


def origin_of(run: "Run", shared: dict[tuple[str, ...], tuple[str, ...]]) -> Origin:
    """Return what made a run.

    Parameters
    ----------
    run : Run
    shared : dict
        Holds what several runs have in common once; empty for the first.
    """
    tags = run.data.tags
    parameters = (shared.setdefault(pair, pair) for pair in sorted(run.data.params.items()))
    told = ((called, tags[tag]) for tag, called in PLATFORM.items() if tags.get(tag))
    platform = (shared.setdefault(pair, pair) for pair in told)
    inputs = run.inputs.dataset_inputs if run.inputs is not None else []
    data: tuple[str, ...] = ("",) * 5
    if inputs:
        sizes = {tag.key: tag.value for tag in inputs[0].tags}
        dataset = inputs[0].dataset
        data = (dataset.name, dataset.digest, *(sizes.get(f"harness.{split}", "") for split in SIZES))
    return Origin(tuple(parameters), tuple(platform), shared.setdefault(data, data))


def origins_of(each: Sequence[Origin], links: Mapping[str, str] | None = None) -> Origins:
    """Count what the runs have in common, and what they do not."""
    return Origins(
        _counted(each),
        _counted(each, lambda origin: origin.platform),
        _data(each),
        dict(links or {}),
    )


def _counted(
    each: Sequence[Origin], texts: Callable[[Origin], Texts] = lambda origin: origin.parameters
) -> pd.DataFrame:
    counts = Counter(pair for origin in each for pair in texts(origin))
    rows = [(*pair, runs) for pair, runs in sorted(counts.items())]
    return pd.DataFrame(rows, columns=["name", "value", "runs"])


def _data(each: Sequence[Origin]) -> pd.DataFrame:
    counts = Counter(origin.data for origin in each)
    rows = [(*data, runs) for data, runs in sorted(counts.items()) if any(data)]
    return pd.DataFrame(rows, columns=["dataset", "digest", *SIZES, "runs"])
