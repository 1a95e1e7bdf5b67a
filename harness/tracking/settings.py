"""How runs are tracked."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Gt

from harness.errors import ConfigurationError

FOLDER = Path("mlruns")
SQLITE = "sqlite:///"

GRID = re.compile(r"[0-9a-f]+")
CREDENTIALS = re.compile(r"(?<=://)(?:([^:/@]*):)?.*@", re.DOTALL)
ADDRESS = re.compile(r"(?i)[a-z][a-z0-9+.-]*://\S+")
SECRETS = re.compile(r"(?i)([?&;][^=&]*(?:password|passwd|secret|token|key)[^=&]*=)[^&]*")


@dataclass(frozen=True)
class MLflow:
    """Track to an MLflow store.

    Attributes
    ----------
    uri : str or None
        None: the environment's MLFLOW_TRACKING_URI, else SQLite in ``mlruns/``.
    points : int or "auto"
        Points of a metric series; ``auto``: 60 for up to 200 runs, 10 for up to 2,000, else the
        last alone.
    models : str
        ``best``: the best reported run of each arm leaves its network as a model; ``none``: none does.
    """

    name: Literal["mlflow"] = "mlflow"
    uri: str | None = None
    points: Annotated[int, Gt(0)] | Literal["auto"] = "auto"
    models: Literal["none", "best"] = "none"


@dataclass(frozen=True)
class Off:
    """Track nothing."""

    name: Literal["off"] = "off"


Tracking = MLflow | Off

TRACKINGS: dict[str, type[MLflow] | type[Off]] = {"mlflow": MLflow, "off": Off}


def tracking_uri(uri: str | None = None) -> str:
    """Return the store's address: the argument, the environment's, or SQLite in ``mlruns/``."""
    chosen = uri or os.environ.get("MLFLOW_TRACKING_URI")
    return chosen or f"sqlite:///{(FOLDER / 'mlflow.db').resolve()}"


def masked(uri: str) -> str:
    """Return an address without its password, or whatever else may be one."""
    if uri.startswith(("sqlite:", "file:///")):
        return uri
    hidden = CREDENTIALS.sub(lambda found: f"{found[1]}:***@" if found[1] else "***@", uri, count=1)
    return SECRETS.sub(r"\1***", hidden)


def concealed(text: str) -> str:
    """Return a text without the passwords of the addresses that stand in it."""
    return ADDRESS.sub(lambda found: masked(found[0]), text)


def local_folder(uri: str) -> Path:
    """Return the folder of this machine that belongs to a store: the SQLite file's, else ``mlruns/``."""
    if uri.startswith(SQLITE):
        return Path(uri.removeprefix(SQLITE)).resolve().parent
    return FOLDER.resolve()


def spool_folder(uri: str, grid: str) -> Path:
    """Return where the finished runs of a grid wait for the store.

    Parameters
    ----------
    uri : str
        The store.
    grid : str
        The hash of the grid.

    Raises
    ------
    ConfigurationError
        If `grid` is no hash: it names a folder.
    """
    return local_folder(uri) / "spool" / _hash(grid)


def states_folder(uri: str, grid: str) -> Path:
    """Return where the states of a grid's stacks lie between legs; otherwise as `spool_folder`."""
    return local_folder(uri) / "states" / _hash(grid)


def models_folder(spool: Path) -> Path:
    """Return where the candidates for models of a grid lie: beside its spool, wherever that was carried."""
    return spool.parent.parent / "models" / spool.name


def _hash(grid: str) -> str:
    if not GRID.fullmatch(grid):
        raise ConfigurationError(f"grid = {grid!r}: must be a hash in hex (it names a folder)")
    return grid


def points_for(points: int | str, runs: int) -> int:
    """Return the number of points a series that a sweep of `runs` runs keeps in MLflow."""
    if isinstance(points, int):
        return points
    if runs <= 200:
        return 60
    return 10 if runs <= 2000 else 1
