"""A study from the store, refused in one line where there is nothing to report."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.tracking.read import StudyRecord


def load(name: str, *, experiment: str | None = None, uri: str | None = None) -> StudyRecord:
    """Read a study.

    Parameters
    ----------
    name : str
    experiment : str, optional
        The MLflow experiment that holds it, by name or id; by default that named `name`. It may be one of
        another tool, whose runs have metrics of the names in docs/tracking.md.
    uri : str, optional
        The store; by default what `MLFLOW_TRACKING_URI` or the harness's settings say.

    Raises
    ------
    harness.errors.ConfigurationError
        If the store does not know the study, or none of its runs is finished.
    harness.errors.StoreError
        If the store cannot be read.
    """
    # MLflow takes seconds to import.
    from harness.errors import ConfigurationError
    from harness.tracking import read

    record = read.study(name, experiment=experiment, uri=uri)
    if record.runs.empty or not (record.runs["status"] == "FINISHED").any():
        known = read.listed(read.studies(uri))
        raise ConfigurationError(f"study = {name!r}: no finished run in the store; known studies: {known}")
    return record
