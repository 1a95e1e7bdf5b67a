"""From MLflow to tidy frames: a study's runs and their histories, in one pass."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.errors import ConfigurationError, nearest
from harness.record import SCORES, SPLITS, metric_name
from harness.tracking.maps import COLUMNS, FOLDER, maps_beside, read_maps
from harness.tracking.settings import tracking_uri
from harness.tracking.store import answering, connect, exists, search

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

Wanted = dict[tuple[str, str], list[str]]

RATE = "optimizer.learning_rate"
RUNS = "tags.`harness.kind` = 'run'"
FINAL = (
    "epoch",
    "update",
    "samples",
    "multiply_adds",
    *(f"{split}_{score}" for split in SPLITS for score in SCORES),
    "rho",
)


@dataclass(frozen=True, eq=False)
class StudyRecord:
    """Everything that a store holds of a study.

    Attributes
    ----------
    spec : mapping
        The study as it was asked.
    runs : DataFrame
        One row a run: ``run_id``, ``fingerprint``, ``arm``, ``seed``, ``role``, ``status``,
        ``outcome``, ``stopped_by``, ``warnings`` (sentences joined by "; ", the doctor's last),
        ``complaints`` (names joined by ", "), ``dataset``, ``feeding``, a column for each compared
        key, the tuned key, the learning rate, and the final value of every score.
    history : DataFrame
        One row a measurement, with ``run_id``.
    provenance : mapping of str to str
    parent_run_id : str or None
        The latest sweep, to which a report is attached.
    """

    spec: Mapping[str, Any]
    runs: pd.DataFrame
    history: pd.DataFrame
    provenance: Mapping[str, str]
    parent_run_id: str | None


def studies(uri: str | None = None) -> list[str]:
    """Return the names of the studies that a store holds."""
    address = tracking_uri(uri)
    if not exists(address):
        return []
    found = connect(address).search_experiments()
    return sorted(each.name for each in found if each.name != "Default")


def study(name: str, *, uri: str | None = None, grid: str | None = None) -> StudyRecord:
    """Return a study's finished and failed runs whose fingerprint is in a grid of its.

    Parameters
    ----------
    grid : str or None
        The hash of a grid that was swept; None: the latest.

    Raises
    ------
    ConfigurationError
        If the store holds no sweep of that name.
    """
    address = tracking_uri(uri)
    known = studies(address)
    if name not in known:
        raise ConfigurationError(
            f"study = {name!r}: no sweep of that name in the store; known: "
            f"{', '.join(known) or 'none'}{nearest(name, known)}"
        )
    client = connect(address)
    experiment = client.get_experiment_by_name(name)
    assert experiment is not None
    query = "tags.`harness.kind` = 'sweep'" + (f" and tags.`harness.grid` = '{grid}'" if grid else "")
    sweeps = list(search(client, experiment.experiment_id, query))
    if not sweeps:
        raise ConfigurationError(f"study = {name!r}: the experiment holds no sweep of this harness")
    parent = max(sweeps, key=lambda run: run.data.tags.get("harness.started", ""))
    with TemporaryDirectory() as scratch:
        spec = _document(client, parent.info.run_id, "study.json", scratch)
        marks = set(_document(client, parent.info.run_id, "grid.json", scratch)["fingerprints"])
        children = _latest(list(search(client, experiment.experiment_id, RUNS)), marks)
        history = _histories(client, children, Path(scratch))
    return StudyRecord(
        spec=spec,
        runs=_runs(children, history, spec),
        history=history,
        provenance=_provenance(parent),
        parent_run_id=str(parent.info.run_id),
    )


def reachable(uri: str) -> None:
    """Raise StoreError, in one line, if a store cannot be read; one that does not exist yet can."""
    if exists(uri):
        with answering(uri):
            connect(uri).search_experiments(max_results=1)


def finished(
    uri: str, experiment: str, columns: Sequence[str], *, since: int | None = None
) -> dict[str, tuple[str, dict[str, float]]]:
    """Return outcome and final values of an experiment's finished runs, by fingerprint.

    Parameters
    ----------
    columns : sequence of str
        Of the history; what is no finite number at a run's end is left out.
    since : int or None
        Leave out the runs that began before this time, in milliseconds since 1970.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    if not exists(uri):
        return {}
    with answering(uri):
        client = connect(uri)
        found = client.get_experiment_by_name(experiment)
        if found is None:
            return {}
        query = f"{RUNS} and attributes.status = 'FINISHED'"
        if since is not None:
            query += f" and attributes.start_time >= {since}"
        return {
            run.data.tags["harness.fingerprint"]: (
                run.data.tags["harness.outcome"],
                {
                    column: run.data.metrics[name]
                    for column in columns
                    if (name := metric_name(column)) in run.data.metrics
                },
            )
            for run in search(client, found.experiment_id, query)
        }


def maps(run_ids: Sequence[str], *, uri: str | None = None) -> pd.DataFrame:
    """Return the decision maps that a store holds of some runs, one row a map.

    Returns
    -------
    DataFrame
        ``run_id``, ``update``, ``rows``, ``columns``, and arrays: ``bounds`` (2, 2), ``values`` and
        ``classes`` (rows, columns), as in `harness.record.Record`. Runs without maps have no row.
    """
    client = connect(tracking_uri(uri))
    wanted = _by_history([client.get_run(run_id) for run_id in run_ids])
    parents = {parent for parent, _ in wanted}
    held = {(parent, each.path) for parent in parents for each in client.list_artifacts(parent, FOLDER)}
    drawn = {(parent, maps_beside(history)): ids for (parent, history), ids in wanted.items()}
    drawn = {place: ids for place, ids in drawn.items() if place in held}
    with TemporaryDirectory() as scratch:
        parts = [read_maps(path, ids) for path, ids in _fetched(client, drawn, Path(scratch))]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def attach(run_id: str, folder: Path, name: str, *, uri: str | None = None) -> None:
    """Keep a folder as an artifact of a run."""
    connect(tracking_uri(uri)).log_artifacts(run_id, str(folder), name)


def _document(client: "MlflowClient", run_id: str, name: str, scratch: str) -> Any:
    path = client.download_artifacts(run_id, name, scratch)
    return json.loads(Path(path).read_text(encoding="utf-8"))


def _latest(runs: list["Run"], grid: set[str]) -> list["Run"]:
    """Return one run for each fingerprint of the grid: a finished one before a failed, else the latest."""
    chosen: dict[str, Run] = {}
    ended = [run for run in runs if run.info.status in {"FINISHED", "FAILED"}]
    for run in sorted(ended, key=lambda run: (run.info.status == "FINISHED", run.info.start_time)):
        mark = run.data.tags.get("harness.fingerprint", "")
        if mark in grid:
            chosen[mark] = run
    return list(chosen.values())


def _histories(client: "MlflowClient", children: list["Run"], scratch: Path) -> pd.DataFrame:
    parts = []
    for path, run_ids in _fetched(client, _by_history(children), scratch):
        table = pd.read_parquet(path)
        parts.append(table[table["run_id"].isin(run_ids)])
    if not parts:
        return pd.DataFrame({"run_id": [], "update": []})
    return pd.concat(parts, ignore_index=True)


def _by_history(children: list["Run"]) -> Wanted:
    """Return the ids of runs by the parent and the artifact that hold their rows."""
    wanted: Wanted = {}
    for run in children:
        history = run.data.tags.get("harness.history", "")
        # A run that failed names the leg that it failed in, but left no rows there.
        if history and run.info.status == "FINISHED":
            if ".." in PurePosixPath(history).parts or history.startswith("/"):
                raise ConfigurationError(f"harness.history = {history!r}: leaves the run's artifacts")
            parent = run.data.tags["mlflow.parentRunId"]
            wanted.setdefault((parent, history), []).append(run.info.run_id)
    return wanted


def _fetched(client: "MlflowClient", wanted: Wanted, scratch: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield each wanted artifact as a file, with the ids of the runs wanted of it."""
    for number, ((parent, artifact), run_ids) in enumerate(wanted.items()):
        folder = scratch / str(number)
        folder.mkdir()
        yield Path(client.download_artifacts(parent, artifact, str(folder))), run_ids


def _runs(children: list["Run"], history: pd.DataFrame, spec: Mapping[str, Any]) -> pd.DataFrame:
    tuned = (spec.get("tune") or {}).get("over")
    rows = []
    for run in children:
        tags, parameters = run.data.tags, run.data.params
        row: dict[str, Any] = {
            "run_id": run.info.run_id,
            "fingerprint": tags["harness.fingerprint"],
            "arm": tags["harness.arm"],
            "seed": int(parameters["seed"]),
            "role": tags["harness.role"],
            "status": run.info.status,
            "outcome": tags.get("harness.outcome", ""),
            "stopped_by": tags.get("harness.stopped_by", ""),
            "warnings": tags.get("harness.warning", ""),
            "complaints": tags.get("harness.complaints", ""),
            "dataset": parameters["dataset"],
            "feeding": tags["harness.feeding"],
            "majority_accuracy": run.data.metrics.get("majority_accuracy", float("nan")),
            "best_validation_loss": run.data.metrics.get("best_validation_loss", float("nan")),
        }
        row |= json.loads(tags["harness.labels"])
        if tuned is not None:
            row[tuned] = float(parameters[tuned])
        row.setdefault(RATE, float(parameters[RATE]))
        rows.append(row)
    frame = pd.DataFrame(rows)
    if history.empty:
        renamed = ["epochs", "updates", *FINAL[2:]]
        return frame.reindex(columns=[*frame.columns, *renamed])
    # The last row, not MLflow's last metric: an infinity or NaN is never logged as a metric.
    last = history.sort_values("update", kind="stable").drop_duplicates("run_id", keep="last")
    final = last.reindex(columns=["run_id", *FINAL])
    final = final.rename(columns={"epoch": "epochs", "update": "updates"})
    return frame.merge(final, on="run_id", how="left")


def _provenance(parent: "Run") -> dict[str, str]:
    kept = {
        key.removeprefix("harness."): value
        for key, value in sorted(parent.data.tags.items())
        if key.startswith("harness.") and key not in {"harness.kind", "harness.study"}
    }
    return kept | {"parent run": str(parent.info.run_id)}
