"""The one writer of a sweep: it brings batches to MLflow, each run once, however often they are brought."""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from mlflow.entities import Metric
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE, MLFLOW_SOURCE_NAME

from harness.record import Array
from harness.tracking import read
from harness.tracking.batches import Batch, Ended, Failed, Header, Sweep, Underway
from harness.tracking.candidates import Candidates
from harness.tracking.datasets import log_datasets
from harness.tracking.entities import SOURCE, parameters, plain, tags
from harness.tracking.faults import one_line, passes
from harness.tracking.leases import Lease, parent_of
from harness.tracking.maps import maps_beside, write_maps
from harness.tracking.models import log_models
from harness.tracking.series import metrics_of, numbers_of
from harness.tracking.settings import masked, spool_folder
from harness.tracking.store import connect, experiment_id, reopen, search
from harness.tracking.texts import run_name
from harness.tracking.views import describe_experiment, placed

if TYPE_CHECKING:
    from mlflow.entities import Run

ERROR = "harness.error"
TRACEBACK = "traceback.txt"
SHARED = ("harness.commit",)
"""Tags of a sweep that each of its runs has too."""


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Child:
    """A run of the store.

    Attributes
    ----------
    run_id : str
    start : int
        Milliseconds; the moment of all its metrics, so that to send one again changes nothing.
    erred : bool
        It bears the error of an earlier training.
    """

    run_id: str
    start: int
    erred: bool = False


class Writer:
    """Writes one sweep. Not for several threads at once.

    After an error it is to be thrown away: the request that failed may have been carried out, and
    what the store holds is looked up when a writer is made.

    Parameters
    ----------
    uri : str
        The store.
    sweep : Sweep
    points : int
        Points that each metric series keeps.
    lease : Lease or None
        The launcher's, who has locked the spool; None: one of the sweep's own spool.

    Raises
    ------
    HeldError
        If somebody else is at the sweep; nothing is written then.
    """

    def __init__(self, uri: str, sweep: Sweep, points: int, lease: Lease | None = None) -> None:
        self.uri = uri
        self.client = connect(uri)
        self.sweep = sweep
        self.points = points
        self.lease = lease or Lease(sweep.grid, spool_folder(uri, sweep.grid))
        self.experiment = experiment_id(self.client, uri, sweep.experiment)
        self.parent = self._parent()
        self.lease.confirm(self.client, self.experiment, self.parent)
        self._left = self._left_open()
        self._open: dict[str, Child] = {}
        self._described: set[str] = set()

    def renew(self) -> None:
        """Say that this launcher is alive, where it is time to; HeldError if somebody else took over."""
        self.lease.renew(self.client, self.experiment, self.parent)

    def deliver(self, batch: Batch) -> None:
        """Bring a batch to the store; what of it the store has already stays as it is.

        Rows and maps lie there before a run is FINISHED, so that whoever finds one finds them.
        """
        self.renew()
        before = self._delivered(batch.history)
        missing = [run for run in batch.runs if run.header.fingerprint not in before]
        children = before | {run.header.fingerprint: self._begin(run, batch.history) for run in missing}
        if any(isinstance(run, Ended) for run in missing):
            ended = [run for run in batch.runs if isinstance(run, Ended)]
            self._keep_histories(
                batch.history, [(children[run.header.fingerprint].run_id, run) for run in ended]
            )
        for run in missing:
            self.renew()
            child = children[run.header.fingerprint]
            if isinstance(run, Failed):
                self._send(child, run.header, [])
                self.client.log_text(child.run_id, run.traceback, TRACEBACK)
                self._end(child, run.header, "FAILED")
                continue
            metrics = metrics_of(run, self.points, child.start)
            if isinstance(run, Underway):
                self._send(child, run.header, metrics)
            else:
                self._send(child, run.header, [*metrics, *numbers_of(run.record.summary, child.start)])
                self._end(child, run.header, "FINISHED")

    def close(self, status: str, totals: Mapping[str, int], moment: int, models: Path | None = None) -> None:
        """Write a sweep's totals and close its parent, and as KILLED the children that go on no more.

        What was chosen of its candidates is logged as models, then.

        Parameters
        ----------
        status : str
            The parent's.
        totals : mapping of str to int
            Runs by outcome.
        moment : int
            Milliseconds; the same when the same is asked again.
        models : Path or None
            The folder of the candidates.
        """
        self.lease.confirm(self.client, self.experiment, self.parent)
        for run in self._children("RUNNING"):
            self.client.set_terminated(run.info.run_id, status="KILLED")
        if status != "KILLED" and not self.sweep.tuning:
            self._write_arms()
            self.renew()
        metrics = [Metric(f"runs/{name}", count, moment, 0) for name, count in totals.items()]
        self.client.log_batch(self.parent, metrics=metrics)
        self.client.set_terminated(self.parent, status=status)
        if models is not None:
            log_models(self.client, self.uri, self.experiment, Candidates(models))
        self.lease.release(self.client, self.parent)

    def _write_arms(self) -> None:
        """Write what the arms of the whole grid come to; what keeps it from that is no fault of a run."""
        # Imported here: SciPy's statistics take a second.
        from harness.tracking.arms import Arms

        sweep = self.sweep
        about = self._shared_tags() | {"harness.study": sweep.experiment}
        arms = Arms(self.client, self.experiment, self.parent, about, self.points)
        try:
            arms.update(read.outline(sweep.experiment, sweep.grid, uri=self.uri))
        except Exception as error:
            if passes(error, self.uri):
                raise
            log.warning("no lines for the arms of %s: %s", sweep.experiment, one_line(error, self.uri))

    def _parent(self) -> str:
        found = parent_of(self.client, self.experiment, self.sweep.grid) or self._made()
        held, run_id = found.data.tags, str(found.info.run_id)
        self.lease.take(self.client, found)
        if found.info.status != "RUNNING":
            reopen(self.client, run_id)
        log_datasets(self.client, run_id, self.sweep.datasets)
        about = {key: value.replace(self.uri, masked(self.uri)) for key, value in self.sweep.tags.items()}
        if MLFLOW_RUN_NOTE not in held:
            about[MLFLOW_RUN_NOTE] = placed(self.sweep.note, self.experiment, run_id)
        self.client.log_batch(run_id, tags=tags(about))
        question = self.sweep.documents.get("study.json", {}).get("question")
        describe_experiment(self.client, self.experiment, question)
        for name, document in self.sweep.documents.items():
            self.client.log_dict(run_id, document, name)
        return run_id

    def _made(self) -> "Run":
        """Return a new parent, or that of another launcher who made one at the same moment."""
        about = {
            "harness.kind": "sweep",
            "harness.grid": self.sweep.grid,
            "harness.study": self.sweep.experiment,
            MLFLOW_SOURCE_NAME: SOURCE,
        } | self.lease.tags()
        name = run_name(f"{self.sweep.experiment} · {'tuning' if self.sweep.tuning else 'sweep'}")
        made = self.client.create_run(self.experiment, tags=plain(about), run_name=name)
        first = parent_of(self.client, self.experiment, self.sweep.grid) or made
        if first.info.run_id != made.info.run_id:
            self.client.delete_run(made.info.run_id)
        return first

    def _left_open(self) -> dict[str, Child]:
        """Return the children that earlier starts of this very sweep left open, by fingerprint.

        Those of another grid are another sweep's, which may be alive. Of several with one fingerprint
        one is taken up again, the others are closed.
        """
        left: dict[str, Child] = {}
        for status in ("RUNNING", "KILLED"):
            for run in self._children(status):
                mark = run.data.tags["harness.fingerprint"]
                if mark in left and status == "RUNNING":
                    self.client.set_terminated(run.info.run_id, status="KILLED")
                left.setdefault(mark, _child(run))
        return left

    def _children(self, status: str) -> list["Run"]:
        query = (
            f"tags.`harness.kind` = 'run' and attributes.status = '{status}' "
            f"and tags.`{MLFLOW_PARENT_RUN_ID}` = '{self.parent}'"
        )
        return list(search(self.client, self.experiment, query))

    def _delivered(self, history: str) -> dict[str, Child]:
        """Return the children, by fingerprint, that ended or failed in the leg of this history."""
        return {
            run.data.tags["harness.fingerprint"]: _child(run)
            for run in search(self.client, self.experiment, f"tags.`harness.history` = '{history}'")
            if run.info.status in {"FINISHED", "FAILED"}
            and run.data.tags[MLFLOW_PARENT_RUN_ID] == self.parent
        }

    def _begin(self, run: Underway | Ended | Failed, history: str) -> Child:
        """Return a run's child, with its tags: the one that goes on, one that was left open, a new one."""
        header, found = run.header, _outcome(run, history)
        mark = header.fingerprint
        if mark in self._open:
            if found:
                self.client.log_batch(self._open[mark].run_id, tags=tags(found))
        elif mark in self._left:
            self._open[mark] = self._adopt(header, found)
        else:
            self._open[mark] = self._create(header, found)
        return self._open[mark]

    def _create(self, header: Header, outcome: dict[str, str]) -> Child:
        start = int(time.time() * 1000)
        about, name = plain(self._about(header) | outcome), run_name(header.name)
        made = self.client.create_run(self.experiment, start_time=start, tags=about, run_name=name)
        child = Child(str(made.info.run_id), start)
        log_datasets(self.client, child.run_id, [header.dataset])
        return child

    def _adopt(self, header: Header, outcome: dict[str, str]) -> Child:
        """Take a run up again; no error of an earlier training stays."""
        child = self._left.pop(header.fingerprint)
        reopen(self.client, child.run_id)
        if child.erred:
            self.client.delete_tag(child.run_id, ERROR)
        self.client.log_batch(child.run_id, tags=tags(self._about(header) | outcome))
        # Killed between the two requests, it has none yet; one that is there already stays as it is.
        log_datasets(self.client, child.run_id, [header.dataset])
        return child

    def _about(self, header: Header) -> dict[str, str]:
        return {
            "harness.kind": "run",
            "harness.study": self.sweep.experiment,
            "harness.arm": header.arm,
            "harness.labels": json.dumps(dict(header.labels), ensure_ascii=False),
            "harness.role": header.role,
            "harness.feeding": header.feeding,
            "harness.fingerprint": header.fingerprint,
            MLFLOW_PARENT_RUN_ID: self.parent,
            MLFLOW_SOURCE_NAME: SOURCE,
        } | self._shared_tags()

    def _shared_tags(self) -> dict[str, str]:
        return {key: value for key, value in self.sweep.tags.items() if key in SHARED}

    def _keep_histories(self, history: str, ended: Sequence[tuple[str, Ended]]) -> None:
        """Write the rows and maps of some runs, by run id, as artifacts of the parent."""
        parts = [
            pa.table({"run_id": [run_id] * len(run.record.columns["update"])} | dict(run.record.columns))
            for run_id, run in ended
        ]
        self._keep(history, lambda path: pq.write_table(pa.concat_tables(parts), path))
        maps: dict[str, Mapping[str, Array]] = {
            run_id: run.record.maps for run_id, run in ended if run.record.maps
        }
        if maps:
            self._keep(maps_beside(history), lambda path: write_maps(path, maps))

    def _keep(self, artifact: str, write: Callable[[Path], None]) -> None:
        """Keep a file that `write` makes as an artifact of the parent."""
        folder, name = artifact.rsplit("/", 1)
        with TemporaryDirectory() as scratch:
            path = Path(scratch) / name
            write(path)
            self.client.log_artifact(self.parent, str(path), folder)

    def _send(self, child: Child, header: Header, metrics: Sequence[Metric]) -> None:
        """Write a run's metrics, and at first its parameters, in one request if they fit."""
        told = child.run_id in self._described
        if told and not metrics:
            # A leg without a row to send, as most are of a long run.
            return
        self.client.log_batch(
            child.run_id, metrics=metrics, params=[] if told else parameters(header.parameters)
        )
        self._described.add(child.run_id)

    def _end(self, child: Child, header: Header, status: str) -> None:
        self.client.set_terminated(child.run_id, status=status)
        del self._open[header.fingerprint]
        self._described.discard(child.run_id)


def _outcome(run: Underway | Ended | Failed, history: str) -> dict[str, str]:
    """Return the tags that say how a run ended, none of one that goes on."""
    if isinstance(run, Underway):
        return {}
    if isinstance(run, Failed):
        return {
            "harness.history": history,
            "harness.outcome": "failed",
            "harness.stopped_by": "error",
            ERROR: run.reason,
        }
    record = run.record
    found = {
        "harness.history": history,
        "harness.outcome": str(record.summary["outcome"]),
        "harness.stopped_by": str(record.summary["stopped_by"]),
        "harness.weights": record.weights_digest,
        "harness.timed": str(record.summary["timing"]),
        "harness.initializers": str(record.summary["initializers"]),
    } | {f"harness.{key}": value for key, value in record.platform.items()}
    if record.warnings:
        found["harness.warning"] = "; ".join(record.warnings)
    if record.complaints:
        found["harness.complaints"] = ", ".join(complaint.name for complaint in record.complaints)
    return found


def _child(run: "Run") -> Child:
    return Child(str(run.info.run_id), int(run.info.start_time), ERROR in run.data.tags)
