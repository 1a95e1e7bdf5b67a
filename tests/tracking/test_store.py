"""What a sweep writes to MLflow is what a report reads back."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness import compose, train
from harness.errors import ConfigurationError
from harness.record import metric_name
from harness.sweeping.saved import FORCED
from harness.tracking import read
from harness.tracking.series import series
from harness.tracking.settings import points_for
from harness.tracking.spool import Spool
from harness.tracking.store import connect
from harness.tracking.thinning import thin
from tests.conftest import Once
from tests.tracking.stacks_to_deliver import SWEEP, held, trained, whole

GRID = ("dataset=moons", "dataset.samples=60", "stopping.epochs=2", "activation=relu,tanh",
        "seed=range(0,2)", "executor=serial", "-m")  # fmt: skip
DIVERGES = ("dataset=sine", "loss=mse", "activation=relu", "optimizer.learning_rate=0.1,1000",
            "dtype=float32", "stopping.epochs=20", "executor=serial", "-m")  # fmt: skip


def test_a_sweep_is_a_parent_with_its_runs_below(shared: str) -> None:
    client = connect(shared)
    experiment = client.get_experiment_by_name("adhoc")
    runs = client.search_runs([experiment.experiment_id])
    parents = [run for run in runs if run.data.tags["harness.kind"] == "sweep"]
    children = [run for run in runs if run.data.tags["harness.kind"] == "run"]
    assert len(parents) == 1
    assert len(children) == 4
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parents[0].info.run_id}
    assert len({run.data.tags["harness.fingerprint"] for run in children}) == 4
    assert parents[0].inputs.dataset_inputs[0].dataset.name == "moons"
    child = children[0]
    assert child.data.params["activation"] in {"relu", "tanh"}
    assert child.data.params["optimizer.batch_size"] == "32"
    assert child.data.tags["harness.outcome"] == "exhausted"


def test_layers_sort_in_order_and_metrics_have_the_names_of_the_design(shared: str) -> None:
    client = connect(shared)
    experiment = client.get_experiment_by_name("adhoc")
    run = client.search_runs([experiment.experiment_id], "tags.`harness.kind` = 'run'", max_results=1)[0]
    names = set(run.data.metrics)
    assert {"train/loss", "validation/log_loss", "test/accuracy", "test/squared_error"} <= names
    assert {"gradient_norm/layer_01", "gradient_norm/layer_02", "delta_rms/layer_01"} <= names
    assert not any(name.startswith(("epoch", "update/", "samples")) for name in names)


def test_the_weights_tag_and_the_history_are_those_of_the_same_run_in_python(shared: str) -> None:
    found = read.study("adhoc", uri=shared)
    runs = found.runs.set_index("run_id")
    client = connect(shared)
    for run_id, row in runs.iterrows():
        overrides = [*GRID[:3], f"activation={row['activation']}", f"seed={row['seed']}"]
        record = train([compose(overrides)])[0]
        tags = client.get_run(run_id).data.tags
        assert tags["harness.weights"] == record.weights_digest
        assert tags["harness.fingerprint"] == record.fingerprint
        history = found.history[found.history["run_id"] == run_id].drop(columns="run_id")
        assert history.reset_index(drop=True).equals(record.history.reindex(columns=history.columns))
        assert row["test_accuracy"] == record.summary["test_accuracy"]


def test_a_repeated_sweep_trains_nothing_and_says_so(swept: str, app: Callable[..., object]) -> None:
    before = read.study("adhoc", uri=swept).runs
    said = app(*GRID)
    assert said.status == 0
    assert "0 runs trained, 4 were done already" in said.out
    after = read.study("adhoc", uri=swept).runs
    assert set(after["run_id"]) == set(before["run_id"])


def test_a_larger_grid_trains_only_what_is_missing(swept: str, app: Callable[..., object]) -> None:
    said = app(*[part.replace("range(0,2)", "range(0,3)") for part in GRID])
    assert "2 runs trained, 4 were done already" in said.out
    assert len(read.study("adhoc", uri=swept).runs) == 6


def test_a_study_is_read_by_the_grid_asked_for_last(swept: str, app: Callable[..., object]) -> None:
    assert len(read.study("adhoc", uri=swept).runs) == 4
    said = app(*(part for part in GRID if not part.startswith("seed")), "seed=1")
    assert "0 runs trained, 2 were done already" in said.out
    assert set(read.study("adhoc", uri=swept).runs["seed"]) == {1}
    app(*GRID)
    assert len(read.study("adhoc", uri=swept).runs) == 4


def test_force_trains_anew_and_keeps_the_histories_that_were_there(
    swept: str, app: Callable[..., object], tmp_path: Path
) -> None:
    before = read.study("adhoc", uri=swept)
    said = app("sweep.force=true", *GRID)
    assert "4 runs trained, 0 were done already" in said.out
    assert len(read.study("adhoc", uri=swept).runs) == 4
    client = connect(swept)
    kept: set[str] = set()
    for artifact in client.list_artifacts(before.parent_run_id, "histories"):
        path = client.download_artifacts(before.parent_run_id, artifact.path, str(tmp_path))
        kept |= set(pd.read_parquet(path)["run_id"])
    assert set(before.runs["run_id"]) < kept


def test_a_training_anew_that_was_broken_off_goes_on_with_the_same_command(
    swept: str, app: Callable[..., object], tmp_path: Path
) -> None:
    began = min(run.info.start_time for run in held(swept))
    (spool,) = (tmp_path / "mlruns" / "spool").iterdir()
    # As if the four runs there had been trained by a forced sweep that was killed at its end.
    marker = tmp_path / "mlruns" / "states" / spool.name / FORCED
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(str(began))
    assert "0 runs trained, 4 were done already" in app("sweep.force=true", *GRID).out
    assert not marker.exists()
    assert "4 runs trained, 0 were done already" in app("sweep.force=true", *GRID).out


def test_what_waits_for_another_store_is_not_given_to_this_one(
    swept: str, app: Callable[..., object], tmp_path: Path
) -> None:
    (folder,) = (tmp_path / "mlruns" / "spool").iterdir()
    spool = Spool(folder)
    spool.describe(replace(SWEEP, grid=folder.name), "http://127.0.0.1:9", 10)
    spool.put(whole("s", trained()))
    said = app(*GRID)
    assert said.status == 2
    assert "wait in" in said.err
    assert "for another store" in said.err
    assert len(spool.waiting()) == 1
    assert len(held(swept)) == 4


def test_a_folder_that_cannot_be_made_is_one_line(app: Callable[..., object]) -> None:
    said = app("tracking.uri=sqlite:////proc/nowhere/mlflow.db", *GRID)
    assert said.status == 1
    assert said.err.startswith("harness: /proc/nowhere")
    assert len(said.err.splitlines()) == 1


def test_a_plan_writes_nothing(app: Callable[..., object], tmp_path: Path) -> None:
    said = app("sweep.plan=true", *GRID)
    assert said.status == 0
    assert "4 runs of 2 arms, 0 of them done" in said.out
    assert "2 stacks: 2 of 2 runs" in said.out
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def diverged(swept_once: Once) -> str:
    """A store with a run that diverged, and one that did not."""
    store, said = swept_once(*DIVERGES)
    assert said.status == 0
    return store


def test_a_diverged_run_is_a_finished_run_and_no_infinity_is_logged(
    diverged: str, copied: Callable[[str], str], app: Callable[..., object]
) -> None:
    run = read.study("adhoc", uri=diverged).runs.set_index("outcome").loc["diverged"]
    assert (run["status"], run["stopped_by"]) == ("FINISHED", "divergence")
    metrics = connect(diverged).get_run(run["run_id"]).data.metrics
    assert metrics
    assert all(abs(value) < 1e300 for value in metrics.values())
    copied(diverged)
    assert "0 runs trained, 2 were done already" in app(*DIVERGES).out


def test_runs_can_be_searched_by_what_the_doctor_found(diverged: str) -> None:
    runs = read.study("adhoc", uri=diverged).runs.set_index("outcome")
    assert runs["complaints"].to_dict() == {"exhausted": "", "diverged": "exploding"}
    assert runs["warnings"]["diverged"].startswith("the loss exploded at update")
    client = connect(diverged)
    experiment = client.get_experiment_by_name("adhoc")
    found = client.search_runs([experiment.experiment_id], "tags.`harness.complaints` LIKE '%exploding%'")
    assert [run.info.run_id for run in found] == [runs["run_id"]["diverged"]]


def test_a_run_that_cannot_train_fails_alone(app: Callable[..., object], store: str) -> None:
    said = app(
        "dataset=moons", "stopping.updates=1", "architecture.width=4,1000000000000", "executor=serial", "-m"
    )
    assert said.status == 1
    assert "failed run" in said.out
    runs = read.study("adhoc", uri=store).runs
    assert dict(zip(runs["arm"], runs["status"], strict=True)) == {
        "width 4": "FINISHED",
        "width 1000000000000": "FAILED",
    }
    assert (
        "1 were done already"
        in app("dataset=moons", "stopping.updates=1", "architecture.width=4", "executor=serial", "-m").out
    )


def test_worker_processes_and_this_process_train_the_same_bits(
    app: Callable[..., object], shared: str, store: str
) -> None:
    def weights(uri: str) -> dict[str, str]:
        return {run.data.tags["harness.fingerprint"]: run.data.tags["harness.weights"] for run in held(uri)}

    grid = [part for part in GRID if not part.startswith("executor")]
    assert app("executor=processes", "executor.workers=2", *grid).status == 0
    assert weights(store) == weights(shared)
    assert len(weights(store)) == 4


def test_an_unknown_study_names_the_known_ones(shared: str) -> None:
    with pytest.raises(ConfigurationError, match="adhoc"):
        read.study("adhok", uri=shared)


@pytest.mark.parametrize(
    ("column", "metric"),
    [
        ("train_loss", "train/loss"),
        ("validation_log_loss", "validation/log_loss"),
        ("gradient_norm_3", "gradient_norm/layer_03"),
        ("delta_rms_12", "delta_rms/layer_12"),
        ("rho", "rho"),
        ("hessian_smallest", "hessian_smallest"),
        ("parameter_3", None),
        ("update", None),
        ("multiply_adds", None),
    ],
)
def test_metric_names(column: str, metric: str | None) -> None:
    assert metric_name(column) == metric


@pytest.mark.parametrize("rows", [1, 2, 9, 10, 11, 200])
@pytest.mark.parametrize("points", [1, 2, 10, 60])
def test_thinning_keeps_the_ends(rows: int, points: int) -> None:
    places = thin(rows, points)
    assert places == sorted(set(places))
    assert len(places) <= max(points, 1)
    assert places[-1] == rows - 1
    assert points == 1 or places[0] == 0


def test_points_a_series_by_the_size_of_the_sweep() -> None:
    assert [points_for("auto", runs) for runs in (200, 201, 2000, 2001)] == [60, 10, 10, 1]
    assert points_for(7, 5000) == 7


def test_what_is_no_number_is_not_logged() -> None:
    columns = {"update": np.arange(3), "train_loss": np.array([1.0, np.nan, np.inf])}
    assert [(metric.key, metric.value, metric.step) for metric in series(columns, range(3), 0)] == [
        ("train/loss", 1.0, 0)
    ]
