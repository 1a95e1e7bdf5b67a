"""How runs are tracked."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Gt

FOLDER = Path("mlruns")


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
    """

    name: Literal["mlflow"] = "mlflow"
    uri: str | None = None
    points: Annotated[int, Gt(0)] | Literal["auto"] = "auto"


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


def points_for(points: int | str, runs: int) -> int:
    """Return the number of points a series that a sweep of `runs` runs keeps in MLflow."""
    if isinstance(points, int):
        return points
    if runs <= 200:
        return 60
    return 10 if runs <= 2000 else 1
