"""From MLflow to tidy frames: a study's runs and their histories, in one pass."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pandas as pd

from harness.errors import ConfigurationError, nearest
from harness.record import metric_name
from harness.tracking.artifacts import Artifacts, by_history, history_of
from harness.tracking.elsewhere import trained_elsewhere
from harness.tracking.frames import Child, row_of, rows_of, runs_of, thinned, updates_of
from harness.tracking.frames import StudyRecord as StudyRecord
from harness.tracking.maps import COLUMNS, FOLDER, maps_beside, read_maps
from harness.tracking.origins import origin_of, origins_of
from harness.tracking.settings import tracking_uri
from harness.tracking.store import answering, connect, exists, search
from harness.tracking.views import ways

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, Run

RUNS = "tags.`harness.kind` = 'run'"
SWEEPS = "tags.`harness.kind` = 'sweep'"


@dataclass(frozen=True, eq=False)
class Outline:
    """A grid in a store: its runs, of which no history has been read.

    Attributes
    ----------
    children : list of Child
        One for each fingerprint.
    """

    spec: Mapping[str, Any]
    children: Sequence[Child]
    provenance: Mapping[str, str]
    parent_run_id: str
    artifacts: Artifacts
    links: Mapping[str, str]

    @property
    def run_ids(self) -> list[str]:
        """Return the ids of the runs, sorted."""
        return sorted(str(child.row["run_id"]) for child in self.children)

    def record(self, points: int | None = None) -> StudyRecord:
        """Read the histories.

        Parameters
        ----------
        points : int or None
            About how many rows of each are kept, at the same updates for all runs of an arm, as a
            metric's are; None: all.
        """
        history = _histories(self.artifacts, self.children, points)
        return StudyRecord(
            spec=self.spec,
            runs=runs_of(self.children, history),
            history=history,
            provenance=self.provenance,
            parent_run_id=self.parent_run_id,
            origins=origins_of([child.origin for child in self.children], self.links),
            uri=self.artifacts.uri,
        )


def studies(uri: str | None = None) -> list[str]:
    """Return the names of the studies that a store holds.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    address = tracking_uri(uri)
    if not exists(address):
        return []
    with answering(address):
        found = connect(address).search_experiments()
    return sorted(each.name for each in found if each.name != "Default")


def study(name: str, *, experiment: str | None = None, uri: str | None = None) -> StudyRecord:
    """Return a study's finished and failed runs whose fingerprint is in its latest grid.

    An experiment without a sweep is one of another tool: its runs are read as
    `harness.tracking.elsewhere.trained_elsewhere` says.

    Parameters
    ----------
    name : str
        Of the study, whose record is called so.
    experiment : str, optional
        Name or id of the MLflow experiment that holds it, where it has another than the study's.
    uri : str, optional
        The store.

    Raises
    ------
    ConfigurationError
        If the store holds nothing of that name, or nothing that can be read as a study.
    StoreError
        If the store cannot be read.
    """
    address = tracking_uri(uri)
    found = None
    if exists(address):
        with answering(address):
            found = _experiment(connect(address), experiment or name)
    if found is None or found.lifecycle_stage != "active":
        known = studies(address)
        asked = f"study = {name!r}: no sweep" if experiment is None else f"experiment = {experiment!r}: none"
        raise ConfigurationError(
            f"{asked} of that name in the store; known: {listed(known)}{nearest(experiment or name, known)}"
        )
    with answering(address):
        client = connect(address)
        swept = _outline(client, address, found, None)
        if swept is not None:
            record = swept.record()
        else:
            record = trained_elsewhere(client, found, ways(address, str(found.experiment_id)))
    return (
        record
        if experiment is None
        else replace(record, spec={**record.spec, "name": name, "experiment": experiment})
    )


def outline(name: str, grid: str, *, uri: str | None = None) -> Outline:
    """Return what a store holds of a grid that was swept, without histories.

    Parameters
    ----------
    name : str
        The study's.
    grid : str
        The hash of the grid.

    Raises
    ------
    ConfigurationError
        If the store holds no sweep of it.
    StoreError
        If the store cannot be read.
    """
    address = tracking_uri(uri)
    with answering(address):
        client = connect(address)
        found = client.get_experiment_by_name(name)
        swept = None if found is None else _outline(client, address, found, grid)
    if swept is None:
        raise ConfigurationError(f"study = {name!r}: the store holds no sweep of the grid {grid}")
    return swept


def listed(names: Iterable[str]) -> str:
    """Write names of a store in a line: none can move the cursor of a terminal, or fill it."""
    shown = [name if name.isprintable() else repr(name)[1:-1] for name in names]
    return ", ".join(name if len(name) <= 60 else f"{name[:59]}…" for name in shown) or "none"


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
        ``classes`` (rows, columns), ``samples`` (n, 2) and ``answers`` (n,), none in older stores, as
        in `harness.record.Record`. Runs without maps have no row.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    address = tracking_uri(uri)
    with answering(address):
        client = connect(address)
        wanted = by_history((run_id, history_of(client.get_run(run_id))) for run_id in run_ids)
        parents = {parent for parent, _ in wanted}
        held = {(parent, each.path) for parent in parents for each in client.list_artifacts(parent, FOLDER)}
        drawn = {(parent, maps_beside(history)): ids for (parent, history), ids in wanted.items()}
        drawn = {place: ids for place, ids in drawn.items() if place in held}
        parts = Artifacts(client, address).frames(drawn, read_maps)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def attach(run_id: str, folder: Path, name: str, *, uri: str | None = None) -> None:
    """Keep a folder as an artifact of a run.

    Raises
    ------
    StoreError
        If the store cannot be written.
    """
    address = tracking_uri(uri)
    with answering(address):
        connect(address).log_artifacts(run_id, str(folder), name)


def _experiment(client: "MlflowClient", named: str) -> "Experiment | None":
    """Return an experiment by its name, else by its id."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(named)
    if found is not None or not named.isdecimal():
        return found
    try:
        return client.get_experiment(named)
    except MlflowException:
        return None


def _outline(client: "MlflowClient", uri: str, experiment: "Experiment", grid: str | None) -> Outline | None:
    """Return the outline of a grid, the latest if none is named; None where nothing was swept."""
    query = SWEEPS + (f" and tags.`harness.grid` = '{grid}'" if grid else "")
    sweeps = list(search(client, experiment.experiment_id, query))
    if not sweeps:
        return None
    parent = max(sweeps, key=lambda run: run.data.tags.get("harness.started", ""))
    artifacts = Artifacts(client, uri)
    marks = set(_document(artifacts, parent, "grid.json")["fingerprints"])
    spec = _document(artifacts, parent, "study.json") | {"runs": len(marks)}
    children = _latest(search(client, experiment.experiment_id, RUNS), marks, spec)
    parent_run_id = str(parent.info.run_id)
    links = ways(uri, str(experiment.experiment_id), parent_run_id)
    return Outline(spec, children, _provenance(parent), parent_run_id, artifacts, links)


def _histories(artifacts: Artifacts, children: Sequence[Child], points: int | None) -> pd.DataFrame:
    wanted = by_history((child.row["run_id"], child.history) for child in children)
    if not wanted:
        return pd.DataFrame({"run_id": [], "update": []})
    if points is None:
        return pd.concat(artifacts.frames(wanted, rows_of), ignore_index=True)
    # Twice, so that no more is ever in memory than is kept: first the updates, to tell which.
    rows = pd.concat(artifacts.frames(wanted, updates_of), ignore_index=True)
    kept = thinned(rows, {child.row["run_id"]: child.row["arm"] for child in children}, points)
    chosen = pd.MultiIndex.from_frame(rows[kept])

    def parse(file: BinaryIO, run_ids: Sequence[str]) -> pd.DataFrame:
        found = rows_of(file, run_ids)
        return found[pd.MultiIndex.from_frame(found[["run_id", "update"]]).isin(chosen)]

    return pd.concat(artifacts.frames(wanted, parse), ignore_index=True)


def _document(artifacts: Artifacts, parent: "Run", name: str) -> Any:
    return json.loads(artifacts.read(parent.info.run_id, name))


def _latest(runs: Iterable["Run"], grid: set[str], spec: Mapping[str, Any]) -> list[Child]:
    """Return one run for each fingerprint of the grid: a finished one before a failed, else the latest.

    A run of a store is large; of those that were read no more stays than the rows of a frame.
    """
    chosen: dict[str, tuple[tuple[bool, int], Child]] = {}
    shared: dict[tuple[str, ...], tuple[str, ...]] = {}
    for run in runs:
        mark = run.data.tags.get("harness.fingerprint", "")
        if mark not in grid or run.info.status not in {"FINISHED", "FAILED"}:
            continue
        rank = (run.info.status == "FINISHED", int(run.info.start_time))
        if mark not in chosen or rank > chosen[mark][0]:
            chosen[mark] = rank, Child(row_of(run, spec), history_of(run), origin_of(run, shared))
    return [child for _, child in chosen.values()]


def _provenance(parent: "Run") -> dict[str, str]:
    kept = {
        key.removeprefix("harness."): value
        for key, value in sorted(parent.data.tags.items())
        if key.startswith("harness.") and key not in {"harness.kind", "harness.study"}
    }
    return kept | {"parent run": str(parent.info.run_id)}
