"""The store: where runs are kept, and how it is opened."""

import gc
import hashlib
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import quote

from harness.errors import ConfigurationError, StoreError
from harness.tracking.settings import SQLITE, local_folder

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

PAGE = 1000
LONGEST_FOLDER = 200
"""Bytes of a folder's name; file systems have room for 255."""
PAGE_OBJECTS = 50_000
"""How many more may be made than are freed, while a page is read, until the garbage collector looks."""
EXISTS = "RESOURCE_ALREADY_EXISTS"
TAKEN = re.compile("unique|duplicate", re.IGNORECASE)
"""How SQLite, PostgreSQL and MySQL say that a row is there already; a tracking server says it as they do."""

EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
"""Without it the UI takes runs for evaluations of language models, and hides their charts."""

ENVIRONMENT = {
    # One bar for each file fetched, and one line for each run, would bury what a command says.
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # A request whose answer was lost may have been carried out. MLflow would repeat it as it is; we
    # look at the store first, and wait for a server elsewhere than in the middle of a request.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    # It would send how it is used to its makers.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # A project that a sweep happens to be started in is no part of its models.
    "MLFLOW_UV_AUTO_DETECT": "false",
}
"""What holds for MLflow where the environment does not say otherwise."""


def exists(uri: str) -> bool:
    """Return whether there is anything to read: a SQLite file that is not there holds nothing."""
    return not uri.startswith(SQLITE) or Path(uri.removeprefix(SQLITE)).exists()


def connect(uri: str) -> "MlflowClient":
    """Return a client; for SQLite the folder is made, and the schema where there is none."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    # Imported here: it takes seconds, which a sweep spends while its first stack trains.
    from mlflow import MlflowClient

    if uri.startswith(SQLITE):
        Path(uri.removeprefix(SQLITE)).parent.mkdir(parents=True, exist_ok=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # It writes a traceback for every error that it raises.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    return MlflowClient(tracking_uri=uri)


@contextmanager
def answering(uri: str) -> Iterator[None]:
    """Say in one line what goes wrong with a store.

    Raises
    ------
    StoreError
        Instead of what MLflow, or the network, or the database raises.
    """
    try:
        yield
    except (ConfigurationError, StoreError):
        raise
    except Exception as error:
        from harness.tracking.faults import one_line

        # What it comes from tells the address with its password, and a traceback would show it.
        raise StoreError(one_line(error, uri)) from None


def experiment_id(client: "MlflowClient", uri: str, name: str) -> str:
    """Return the experiment called `name`, made if there is none.

    Beside a SQLite file the artifacts lie in ``artifacts/<name>``; a server decides for itself.
    """
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    location = None
    if uri.startswith(SQLITE):
        folder = local_folder(uri) / "artifacts" / folder_name(name)
        location = folder.as_uri()
    from mlflow.exceptions import MlflowException

    try:
        return str(client.create_experiment(name, artifact_location=location, tags=EXPERIMENT_TAGS))
    except MlflowException as error:
        # Another sweep of the study made it meanwhile.
        found = client.get_experiment_by_name(name) if error.error_code == EXISTS else None
        if found is None:
            raise
        return str(found.experiment_id)


def tag_experiment(client: "MlflowClient", experiment: str, key: str, value: str) -> None:
    """Set a tag of an experiment, which others may set at the same moment: the last one stays."""
    from mlflow.exceptions import MlflowException

    try:
        client.set_experiment_tag(experiment, key, value)
    except MlflowException as error:
        if not TAKEN.search(error.message):
            raise
        # MLflow looks whether there is one before it makes one: by now there is.
        client.set_experiment_tag(experiment, key, value)


def folder_name(name: str) -> str:
    """Return a name as that of one folder, which leads nowhere else; a plain, short name is its own."""
    folder = name
    if not re.fullmatch(r"\w[\w .·-]*", name):
        folder = quote(name, safe="").replace(".", "%2E")
    if len(folder.encode()) <= LONGEST_FOLDER:
        return folder
    return f"{quote(folder)[:100]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def reopen(client: "MlflowClient", run_id: str) -> None:
    """Make a run RUNNING again, with no time at which it ended."""
    from mlflow.entities import RunStatus

    # The client keeps the old time, or sets the present one; to the store itself, 0 means none.
    client._tracking_client.store.update_run_info(run_id, RunStatus.RUNNING, 0, None)


def search(client: "MlflowClient", experiment: str, query: str) -> Iterator["Run"]:
    """Yield all runs of an experiment that a query finds; one page of them is in memory at a time."""
    token = None
    while True:
        with rarely_collecting():
            page = client.search_runs([experiment], query, max_results=PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Let the garbage collector look rarely at what is made here.

    A page of runs is a hundred objects a run, hardly any of which is garbage: to look again and again
    took as long as making them.
    """
    # What another thread has set is not to be taken for what was there before.
    if not _COLLECTING.acquire(blocking=False):
        yield
        return
    before = gc.get_threshold()
    try:
        gc.set_threshold(PAGE_OBJECTS, *before[1:])
        yield
    finally:
        gc.set_threshold(*before)
        _COLLECTING.release()


_COLLECTING = Lock()
