"""Arm runs: what MLflow draws beside the seeds of an arm, their mean and its interval along training."""

import hashlib
import json
import time
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from mlflow.entities import Metric
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE, MLFLOW_SOURCE_NAME

from harness.bands import bands
from harness.choosing import at_chosen, choose, sensitivity
from harness.record import metric_name
from harness.tracking import read
from harness.tracking.entities import SOURCE, parameters, plain
from harness.tracking.frames import StudyRecord
from harness.tracking.store import search
from harness.tracking.texts import TAG_LENGTH, run_name, storable

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

FORMAT = 1
"""Raised whenever arm runs are made in another way: those of the old one are made again."""
LEAST_POINTS = 10
"""Of a series: there are few arms, and a line of one point is none."""
MEMBERS = "harness.members"
SEED = "seed"


@dataclass(frozen=True, eq=False)
class Arm:
    """An arm of a sweep: its reported runs, at the tuned value where one is tuned.

    Attributes
    ----------
    runs : DataFrame
        As in `harness.tracking.read.StudyRecord`; none where no tuned value could be chosen.
    chosen : str
        The tuned key and its value, such as ``learning_rate 0.1``; empty where nothing is tuned.
    reason : str
        Why there is no run, else empty.
    """

    name: str
    labels: Mapping[str, str]
    runs: pd.DataFrame
    chosen: str
    reason: str

    @property
    def failed(self) -> int:
        """Return how many of the runs could not be trained: what they would have come to nobody knows."""
        return int((self.runs["status"] == "FAILED").sum())

    def digest(self, points: int) -> str:
        """Return what changes with the runs that the arm is the mean of, and with how it is drawn."""
        told = json.dumps([FORMAT, points, self.name, self.chosen, sorted(self.runs["run_id"])])
        return hashlib.sha256(told.encode()).hexdigest()


class Arms:
    """Writes the arm runs of a sweep, each once; those of other runs than it has now are replaced.

    Parameters
    ----------
    experiment, parent : str
        Ids of the study's experiment and of the sweep's run.
    about : mapping of str to str
        Tags of each of them.
    points : int
        Points that the series of runs keep; those of arms keep ten at least.
    """

    def __init__(
        self, client: "MlflowClient", experiment: str, parent: str, about: Mapping[str, str], points: int
    ) -> None:
        self.client = client
        self.experiment = experiment
        self.parent = parent
        self.about = dict(about)
        self.points = max(points, LEAST_POINTS)

    def update(self, outline: read.Outline) -> None:
        """Write the arms of a grid, unless those in the store are of the very runs that it has now.

        Which runs a grid has is decided in the store: a run of the grid may have been trained anew, or at
        last, by a sweep of another one.
        """
        told = json.dumps([FORMAT, self.points, outline.run_ids])
        digest = hashlib.sha256(told.encode()).hexdigest()
        if self.client.get_run(self.parent).data.tags.get(MEMBERS) != digest:
            self._write(outline.record(self.points))
            self.client.set_tag(self.parent, MEMBERS, digest)

    def _write(self, record: StudyRecord) -> None:
        held: dict[str, list[Run]] = {}
        query = f"tags.`harness.kind` = 'arm' and tags.`{MLFLOW_PARENT_RUN_ID}` = '{self.parent}'"
        for run in search(self.client, self.experiment, query):
            held.setdefault(run.data.tags.get("harness.arm", ""), []).append(run)
        for arm in arms(record):
            there = held.pop(storable(arm.name, TAG_LENGTH), [])
            digest = arm.digest(self.points)
            good = [run for run in there if _whole(run) and run.data.tags.get(MEMBERS) == digest]
            if not good:
                self._make(arm, record.history)
            for run in there:
                if run not in good[:1]:
                    self.client.delete_run(run.info.run_id)
        for run in [run for there in held.values() for run in there]:
            self.client.delete_run(run.info.run_id)

    def _make(self, arm: Arm, history: pd.DataFrame) -> None:
        start = int(time.time() * 1000)
        about = {key: value for key, value in _about(arm).items() if value}
        about[MEMBERS] = arm.digest(self.points)
        made = self.client.create_run(
            self.experiment,
            start_time=start,
            tags=plain(self.about | about | {MLFLOW_PARENT_RUN_ID: self.parent}),
            run_name=run_name(f"{arm.name} · {_seeds(arm)}"),
        )
        run_id = str(made.info.run_id)
        self.client.log_batch(
            run_id,
            metrics=list(series_of(arm, history, start)),
            params=parameters(self._shared(arm)),
        )
        self.client.set_terminated(run_id)

    def _shared(self, arm: Arm) -> dict[str, str]:
        """Return the parameters that all runs of an arm have: a regime's, without seeds."""
        if arm.runs.empty:
            return {}
        found = self.client.get_run(str(arm.runs["run_id"].iloc[0])).data.params
        return {key: value for key, value in found.items() if key.split(".")[0] not in {SEED, f"{SEED}s"}}


def arms(record: StudyRecord) -> Iterator[Arm]:
    """Yield the arms of a study, with the runs that they are compared by."""
    tune, runs = record.spec.get("tune"), record.runs
    keys = [str(key) for key in record.spec["arms"] if key in runs]
    values, choices = {}, None
    if tune:
        choices = choose(sensitivity(runs, tune["over"], tune["metric"]), tune["metric"])
        values = {row["arm"]: _choice(tune["over"], row) for row in choices.to_dict("records")}
    taken = at_chosen(runs, choices, tune["over"] if tune else None)
    for name, group in runs.groupby("arm", sort=False):
        chosen, reason = values.get(name, ("", "no tuning run")) if tune else ("", "")
        labels = {key: str(group[key].iloc[0]) for key in keys}
        yield Arm(str(name), labels, taken[taken["arm"] == name], chosen, reason)


def _choice(over: str, choice: Mapping[Hashable, Any]) -> tuple[str, str]:
    """Return the tuned key with the value chosen, or why there is none."""
    if choice["reason"]:
        return "", str(choice["reason"])
    return f"{over.rpartition('.')[2]} {choice['value']:g}", ""


def series_of(arm: Arm, history: pd.DataFrame, moment: int) -> Iterator[Metric]:
    """Yield an arm's metrics: by the names of its runs' the mean, and the ends of its interval beside it.

    ``validation/loss`` has ``interval/validation/loss_low`` and ``…_high``. As in every figure, means end
    where a seed diverges, and gradients have geometric ones.
    """
    rows = history[history["run_id"].isin(arm.runs["run_id"])]
    if rows.empty:
        return
    columns = [name for name in rows.columns if name != "run_id" and metric_name(name)]
    found = bands(rows, arm.runs, columns)
    found = found[found["kind"] != "median"]
    steps = found["update"].astype(int).tolist()
    names = [metric_name(column) for column in found["metric"]]
    for column, pattern in (("centre", "{}"), ("low", "interval/{}_low"), ("high", "interval/{}_high")):
        for name, step, value in zip(names, steps, found[column].tolist(), strict=True):
            if np.isfinite(value):
                yield Metric(pattern.format(name), value, moment, step)


def _whole(run: "Run") -> bool:
    return bool(run.info.status == "FINISHED")


def _seeds(arm: Arm) -> str:
    count = len(arm.runs)
    if not count:
        return "no mean"
    if arm.failed:
        return f"no mean, {arm.failed} of {count} seeds failed"
    return "1 seed" if count == 1 else f"mean of {count} seeds"


def _about(arm: Arm) -> dict[str, str]:
    outcomes = arm.runs["outcome"].value_counts()
    counted = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    return {
        "harness.kind": "arm",
        "harness.arm": arm.name,
        "harness.labels": json.dumps(dict(arm.labels), ensure_ascii=False),
        "harness.seeds": str(len(arm.runs)),
        "harness.outcomes": counted,
        "harness.chosen": arm.chosen or arm.reason,
        MLFLOW_RUN_NOTE: _note(arm, counted),
        MLFLOW_SOURCE_NAME: SOURCE,
    }


def _note(arm: Arm, counted: str) -> str:
    if arm.runs.empty:
        return f"No mean: {arm.reason or 'no reported run'}."
    if arm.failed:
        return f"No mean: {arm.failed} of {len(arm.runs)} seeds failed.\n\nOutcomes: {counted}."
    lines = [
        f"The {_seeds(arm)}, and its 95 % t interval (`interval/…_low`, `…_high`); of gradients and rho the "
        "geometric mean.",
        f"Outcomes: {counted}. Means end where a run diverges.",
    ]
    if arm.chosen:
        lines.append(f"At {arm.chosen}, chosen on the tuning seeds.")
    if len(arm.runs) == 1:
        lines.append("One seed says nothing about its spread: no interval.")
    return "\n\n".join(lines)
