"""Runs of other tools as a study: of metrics that a report reads; what they do not say is missing."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from harness.errors import ConfigurationError
from harness.record import SCORE_COLUMNS
from harness.tracking.foreign_names import SCORES, logged_as
from harness.tracking.frames import RATE, StudyRecord
from harness.tracking.origins import origin_of, origins_of
from harness.tracking.store import search

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, Run

KIND = "harness.kind"
CURVES = {name: column for name, column in SCORES.items() if not name.startswith("test/")} | {"rho": "rho"}
LAYERED = re.compile(r"(delta_rms|gradient_norm)/layer_(\d{1,4})")
SEED = re.compile(r"(?:.*(?:\.|__|/))?(?:seed|random_state|random_seed)", re.DOTALL)
RATES = (RATE, "learning_rate", "learning_rate_init", "lr")
BATCH = ("optimizer.batch_size", "batch_size")
LIMIT = np.finfo(float).max
"""What SQL stores make of an infinity."""

FIXED = ("run_id", "fingerprint", "arm", "seed", "role", "status", "outcome", "stopped_by", "warnings",
         "complaints", "dataset", "feeding", "majority_accuracy", "best_validation_loss", "epochs",
         "updates", "samples", "multiply_adds", *SCORE_COLUMNS, "rho", RATE)  # fmt: skip
"""Columns that no parameter can take the place of."""
SIDE_BY_SIDE = 8
MOST_SHOWN = 10


@dataclass(frozen=True)
class Axis:
    """A parameter that tells arms apart, and the column that its values have."""

    parameter: str
    column: str


def trained_elsewhere(
    client: "MlflowClient", experiment: "Experiment", links: Mapping[str, str] | None = None
) -> StudyRecord:
    """Return the runs of an experiment that are none of this harness's, as a study.

    Arms are told apart by the parameters that vary among the runs, seeds aside (``seed``,
    ``random_state``, ``random_seed``, also behind a prefix). The data set is the first that a run
    logged as its input, else its parameter ``dataset``; the feeding follows from ``batch_size``. A run
    whose last loss is no finite number has diverged; how others ended, but for FAILED, is not known.
    Of runs with equal parameters, a seed among them, the latest counts. A history has the metrics
    that a report draws, at their steps, which are taken for updates; ``epoch`` is the metric of that
    name. All else is missing.

    Raises
    ------
    ConfigurationError
        If no run ended, or none logged a metric that a report reads.
    """
    found = [run for run in search(client, experiment.experiment_id, "") if KIND not in run.data.tags]
    ended = [run for run in found if run.info.status in {"FINISHED", "FAILED"}]
    if not ended:
        raise ConfigurationError(
            f"study = {experiment.name!r}: the experiment holds no sweep of this harness, and no run of "
            "another tool that ended"
        )
    measured = [run for run in ended if _logged_scores(run)]
    if not measured:
        raise ConfigurationError(
            f"study = {experiment.name!r}: its {len(ended)} runs were trained elsewhere and have none of "
            f"the metrics that a report needs; needed: at least one of {', '.join(SCORES)}, or the like of "
            "val_loss and test_acc"
        )
    axes = _axes(measured)
    # A run may fail before it has said what it is.
    kept = _once([run for run in ended if _logged_scores(run) or _told(run, axes)])
    runs = _runs(kept, axes)
    shared: dict[tuple[str, ...], tuple[str, ...]] = {}
    return StudyRecord(
        spec=_spec(experiment, found, kept, runs, axes),
        runs=runs,
        history=_histories(client, kept),
        provenance=_provenance(experiment, kept),
        parent_run_id=None,
        origins=origins_of([origin_of(run, shared) for run in kept], links),
    )


def _axes(runs: Sequence["Run"]) -> list[Axis]:
    """Return what the arms differ in; parameters in the order of their names, the data set first."""
    values: dict[str, set[str | None]] = {}
    for parameter in sorted({name for run in runs for name in run.data.params}):
        if parameter != "dataset" and not SEED.fullmatch(parameter):
            values[parameter] = {run.data.params.get(parameter) for run in runs}
    several = len({_dataset(run) for run in runs}) > 1
    return [Axis("dataset", "dataset")] * several + [
        Axis(name, f"parameter.{name}" if name in FIXED and name != RATE else name)
        for name, found in values.items()
        if len(found) > 1
    ]


def _logged_scores(run: "Run") -> dict[str, str]:
    """Return by our names what the run calls its scores."""
    return logged_as(run.data.metrics)


def _told(run: "Run", axes: Sequence[Axis]) -> bool:
    return run.info.status == "FAILED" and all(
        axis.column == "dataset" or axis.parameter in run.data.params for axis in axes
    )


def _once(runs: Sequence["Run"]) -> list["Run"]:
    """Return the latest of runs that repeat each other, a finished one before a failed."""
    order = sorted(runs, key=lambda run: (run.info.status == "FINISHED", run.info.start_time or 0))
    return list({_mark(run): run for run in order}.values())


def _mark(run: "Run") -> str:
    """Return what two runs have in common that repeat each other; without a seed none do."""
    if _seed(run) is None:
        return str(run.info.run_id)
    told = json.dumps([_dataset(run), sorted(run.data.params.items())])
    return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()


def _runs(runs: Sequence["Run"], axes: Sequence[Axis]) -> pd.DataFrame:
    frame = pd.DataFrame([_row(run, axes) for run in runs])
    if frame["seed"].isna().any():
        frame["seed"] = frame["seed"].astype("Int64")
    return frame


def _row(run: "Run", axes: Sequence[Axis]) -> dict[str, Any]:
    parameters = run.data.params
    logged = _logged_scores(run)
    scores = {column: _value(run.data.metrics.get(logged.get(name, ""))) for name, column in SCORES.items()}
    labels = {axis.column: parameters.get(axis.parameter, "") for axis in axes if axis.column != "dataset"}
    told = {"dataset": _dataset(run)} if axes and axes[0].column == "dataset" else {}
    arm = " · ".join(f"{name}={value}" for name, value in (told | labels).items() if value)
    return {
        "run_id": run.info.run_id,
        "fingerprint": _mark(run),
        "arm": arm or "all runs",
        "seed": _seed(run),
        "role": "reported",
        "status": run.info.status,
        "outcome": _outcome(run, scores),
        "stopped_by": "",
        "warnings": "",
        "complaints": "",
        "dataset": _dataset(run),
        "feeding": _feeding(parameters),
        "majority_accuracy": _value(run.data.metrics.get("majority_accuracy")),
        "best_validation_loss": _value(run.data.metrics.get("best_validation_loss")),
        "epochs": _value(run.data.metrics.get("epoch")),
        "updates": np.nan,
        "samples": np.nan,
        "multiply_adds": np.nan,
        **scores,
        "rho": _value(run.data.metrics.get("rho")),
        RATE: next((rate for name in RATES if (rate := _number(parameters.get(name))) is not None), np.nan),
    } | labels


def _outcome(run: "Run", scores: Mapping[str, float]) -> str:
    if run.info.status == "FAILED":
        return "failed"
    finite = all(np.isfinite(scores[SCORES[name]]) for name in _logged_scores(run))
    return "" if finite else "diverged"


def _dataset(run: "Run") -> str:
    """Return the name of a run's data set, that of its training first; empty if it does not say."""
    inputs = run.inputs.dataset_inputs if run.inputs is not None else []
    contexts = [{tag.key: tag.value for tag in each.tags}.get("mlflow.data.context") for each in inputs]
    order = sorted(range(len(inputs)), key=lambda place: contexts[place] not in {"training", "train"})
    return str(inputs[order[0]].dataset.name) if order else str(run.data.params.get("dataset", ""))


def _seed(run: "Run") -> int | None:
    named = sorted(name for name in run.data.params if SEED.fullmatch(name))
    named.sort(key=lambda name: name != "seed")
    for name in named:
        if re.fullmatch(r"[-+]?\d{1,18}", run.data.params[name], re.ASCII):
            return int(run.data.params[name])
    return None


def _feeding(parameters: Mapping[str, str]) -> str:
    size = next((parameters[name] for name in BATCH if name in parameters), "")
    if not re.fullmatch(r"[1-9]\d{0,17}", size, re.ASCII):
        return ""
    return "SGD (1)" if int(size) == 1 else f"mini-batch ({int(size):,})"


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _value(logged: float | None) -> float:
    """Return a metric's value as it was before the store made a number of an infinity."""
    if logged is None:
        return float("nan")
    return float(logged) if abs(logged) < LIMIT or np.isnan(logged) else float(np.copysign(np.inf, logged))


def _histories(client: "MlflowClient", runs: Sequence["Run"]) -> pd.DataFrame:
    """Return one row a step of each run; what was not logged at a step is not a number there."""
    asked = [(run.info.run_id, name, column) for run in runs for name, column in _curves(run)]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        points = list(pool.map(lambda each: client.get_metric_history(each[0], each[1]), asked))
    columns: dict[str, dict[str, pd.Series]] = {}
    for (run_id, _, column), logged in zip(asked, points, strict=True):
        # A step that was logged again counts as it was logged at last.
        logged.sort(key=lambda point: (point.step, point.timestamp))
        values = {point.step: _logged(column, point.value) for point in logged}
        columns.setdefault(run_id, {})[column] = pd.Series(values, dtype=float)
    frames = [_steps(run_id, found) for run_id, found in columns.items()]
    empty = pd.DataFrame({"run_id": [], "update": [], "epoch": []})
    return pd.concat(frames, ignore_index=True) if frames else empty


def _curves(run: "Run") -> list[tuple[str, str]]:
    """Return the metrics of a run that a report draws over time, and the columns that they are."""
    named = {logged: score for score, logged in _logged_scores(run).items()}
    curves = [(name, _curve(named.get(name, name))) for name in sorted(run.data.metrics)]
    return [(name, column) for name, column in curves if column is not None]


def _curve(metric: str) -> str | None:
    if metric == "epoch":
        return metric
    if layered := LAYERED.fullmatch(metric):
        return f"{layered[1]}_{int(layered[2])}"
    return CURVES.get(metric)


def _logged(column: str, value: float) -> float:
    """Return a point of a curve: a loss that was logged and is no number is infinite, not missing."""
    found = _value(value)
    return np.inf if np.isnan(found) and column.endswith(("loss", "squared_error")) else found


def _steps(run_id: str, columns: Mapping[str, pd.Series]) -> pd.DataFrame:
    frame = pd.DataFrame(columns).sort_index().rename_axis("update").reset_index()
    frame.insert(0, "run_id", run_id)
    measured = frame.columns.difference(["run_id", "update", "epoch"])
    return frame.reindex(columns=["run_id", "update", "epoch", *measured]).dropna(subset=measured, how="all")


def _spec(
    experiment: "Experiment",
    found: Sequence["Run"],
    kept: Sequence["Run"],
    runs: pd.DataFrame,
    axes: Sequence[Axis],
) -> dict[str, Any]:
    return {
        "name": experiment.name,
        "question": None,
        "elsewhere": True,
        "method": " ".join(_method(found, kept, axes)),
        "arms": [axis.column for axis in axes],
        "seeds": sorted({int(seed) for seed in runs["seed"].dropna()}),
        "tune": None,
        "target": None,
        "claims": [],
        "budgets": [],
    }


def _method(found: Sequence["Run"], kept: Sequence["Run"], axes: Sequence[Axis]) -> list[str]:
    """Say what is known of the runs, and what is not."""
    logged = {name for run in kept for name in run.data.metrics}
    scores = {(score, name) for run in kept for score, name in _logged_scores(run).items()}
    renamed = sorted(f"{name} for {score}" for score, name in scores if name != score)
    named = [axis.parameter for axis in axes]
    more = f" and {len(named) - MOST_SHOWN} more" if len(named) > MOST_SHOWN else ""
    parts = [
        "These runs were trained by another tool and read from MLflow as they are.",
        f"What varies among them, seeds aside, tells the arms apart: {', '.join(named[:MOST_SHOWN])}{more}."
        if named
        else "No parameter but the seed varies among them: they are one arm.",
        "Steps are taken for updates"
        + ("; epochs are the metric epoch." if "epoch" in logged else "; epochs are not known."),
        "A run whose last loss is no finite number has diverged; whether the others converged is not known.",
    ]
    if any(_seed(run) is None for run in kept):
        parts.append("Some runs name no seed: whether they are replicates is not known.")
    if renamed:
        parts.append(f"Taken: {', '.join(renamed)}.")
    if missing := [name for name in SCORES if name not in {score for score, _ in scores}]:
        parts.append(f"Logged by no run, and missing here: {', '.join(missing)}.")
    if len(found) > len(kept):
        parts.append(
            f"Left out: {len(found) - len(kept)} of {len(found)} runs, which have not ended, repeat another "
            "with the same parameters and seed, or have none of these metrics."
        )
    return parts


def _provenance(experiment: "Experiment", runs: Sequence["Run"]) -> dict[str, str]:
    sources = sorted({run.data.tags.get("mlflow.source.name", "") for run in runs} - {""})
    told = {"trained": "elsewhere", "experiment": str(experiment.experiment_id), "runs": str(len(runs))}
    if sources:
        told["sources"] = ", ".join(sources[:MOST_SHOWN])
    return told
