"""The store: where runs are kept, and how it is opened."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

SQLITE = "sqlite:///"
PAGE = 1000


def exists(uri: str) -> bool:
    """Return whether there is anything to read: a SQLite file that is not there holds nothing."""
    return not uri.startswith(SQLITE) or Path(uri.removeprefix(SQLITE)).exists()


def connect(uri: str) -> "MlflowClient":
    """Return a client; for SQLite the folder is made, and the schema where there is none."""
    # One bar for each file fetched would bury what a command says.
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    # Imported here: it takes seconds, which a sweep spends while its first stack trains.
    from mlflow import MlflowClient

    if uri.startswith(SQLITE):
        Path(uri.removeprefix(SQLITE)).parent.mkdir(parents=True, exist_ok=True)
    for noisy in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=uri)


def experiment_id(client: "MlflowClient", uri: str, name: str) -> str:
    """Return the experiment called `name`, made if there is none.

    Beside a SQLite file the artifacts lie in ``artifacts/<name>``; a server decides for itself.
    """
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    location = None
    if uri.startswith(SQLITE):
        folder = Path(uri.removeprefix(SQLITE)).resolve().parent / "artifacts" / name
        location = folder.as_uri()
    return str(client.create_experiment(name, artifact_location=location))


def search(client: "MlflowClient", experiment: str, query: str) -> list["Run"]:
    """Return all runs of an experiment that a query finds, however many pages they fill."""
    found: list[Run] = []
    token = None
    while True:
        page = client.search_runs([experiment], query, max_results=PAGE, page_token=token)
        found += page
        token = page.token
        if not token:
            return found
