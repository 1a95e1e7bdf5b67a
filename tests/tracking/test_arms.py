"""Arm runs: the mean and interval over the seeds of each arm, beside them in MLflow."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mlflow.entities import Run, ViewType
from scipy import stats

from harness.tracking import read
from harness.tracking.batches import Batch
from harness.tracking.store import connect
from harness.tracking.writer import Writer
from tests.tracking.stacks_to_deliver import POINTS, SWEEP, ended, failed, held, trained, whole

App = Callable[..., object]

SEEDS = 3
GRID = ("dataset=moons", "dataset.samples=60", "stopping.epochs=4", "activation=relu,tanh", "executor=serial",
        "architecture.width=4", f"seed=range(0,{SEEDS})", "-m")  # fmt: skip
STUDY = (
    'study.grid=[["dataset=moons","dataset.samples=60","stopping.epochs=3","activation=relu,tanh",'
    '"architecture.width=4","optimizer.learning_rate=0.001,0.5"]]',
    "study.seeds=[0,1,2]",
    "study.tune={over:optimizer.learning_rate,seeds:[7,8],metric:validation_log_loss}",
    "executor=serial",
    "-m",
)
DIVERGES = ("dataset=sine", "loss=mse", "activation=relu", "dtype=float32", "stopping.epochs=20",
            "optimizer.learning_rate=0.05,1000", "seed=0,1", "executor=serial", "-m")  # fmt: skip


def points(uri: str, run: Run, metric: str) -> dict[int, float]:
    history = connect(uri).get_metric_history(run.info.run_id, metric)
    assert len({point.step for point in history}) == len(history)
    return {point.step: point.value for point in history}


def by_arm(uri: str) -> dict[str, Run]:
    found = held(uri, "arm")
    assert len({run.data.tags["harness.arm"] for run in found}) == len(found)
    return {run.data.tags["harness.arm"]: run for run in found}


def test_each_arm_has_one_run_below_the_sweep(shared: str) -> None:
    (parent,) = held(shared, "sweep")
    arms = by_arm(shared)
    assert set(arms) == {"relu", "tanh"}
    for name, run in arms.items():
        assert run.info.status == "FINISHED"
        assert run.info.run_name == f"{name} · mean of {SEEDS} seeds"
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.tags["harness.seeds"] == str(SEEDS)
        assert run.data.tags["harness.outcomes"] == f"{SEEDS} exhausted"
        assert run.data.params["activation"] == name
        assert not any(key.startswith("seed") for key in run.data.params)


@pytest.mark.parametrize("metric", ["validation/loss", "test/accuracy", "dead_units/layer_01"])
def test_an_arm_has_the_mean_of_its_seeds_and_its_t_interval_at_their_steps(shared: str, metric: str) -> None:
    for name, arm in by_arm(shared).items():
        seeds = [points(shared, run, metric) for run in held(shared) if run.data.tags["harness.arm"] == name]
        mean, low, high = (points(shared, arm, key) for key in
                           (metric, f"interval/{metric}_low", f"interval/{metric}_high"))  # fmt: skip
        assert mean
        assert set(mean) == set(low) == set(high) == set(seeds[0])
        for step, value in mean.items():
            values = [seed[step] for seed in seeds]
            assert value == pytest.approx(np.mean(values))
            if np.ptp(values):
                expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
                assert (low[step], high[step]) == pytest.approx((expected.low, expected.high))


def test_gradients_have_the_geometric_mean(shared: str) -> None:
    metric = "gradient_norm/layer_01"
    for name, arm in by_arm(shared).items():
        seeds = [points(shared, run, metric) for run in held(shared) if run.data.tags["harness.arm"] == name]
        for step, value in points(shared, arm, metric).items():
            assert value == pytest.approx(stats.gmean([seed[step] for seed in seeds]))


def test_where_a_rate_is_tuned_an_arm_is_the_mean_at_the_chosen_one_of_the_reported_seeds(
    app: App, store: str
) -> None:
    assert app(*STUDY).status == 0
    for name, arm in by_arm(store).items():
        assert arm.data.params["optimizer.learning_rate"] == "0.5"
        assert arm.data.tags["harness.chosen"] == "learning_rate 0.5"
        seeds = [
            run
            for run in held(store)
            if (run.data.tags["harness.arm"], run.data.tags["harness.role"]) == (name, "reported")
            and run.data.params["optimizer.learning_rate"] == "0.5"
        ]
        assert len(seeds) == int(arm.data.tags["harness.seeds"]) == 3
        final = np.mean([run.data.metrics["test/log_loss"] for run in seeds])
        assert arm.data.metrics["test/log_loss"] == pytest.approx(final)


def test_means_end_where_a_seed_diverges(app: App, store: str) -> None:
    app(*DIVERGES)
    arms = by_arm(store)
    lived, died = arms["learning_rate 0.05"], arms["learning_rate 1000.0"]
    assert died.data.tags["harness.outcomes"] == "2 diverged"
    assert "2 diverged" in died.data.tags["mlflow.note.content"]
    last = [max(points(store, run, "train/loss")) for run in (lived, died)]
    assert last[1] < last[0]
    for run in (lived, died):
        assert all(abs(value) < 1e300 for value in run.data.metrics.values())


def test_a_repeated_sweep_makes_no_arm_twice_and_reads_none(swept: str, app: App) -> None:
    before = {run.info.run_id for run in held(swept, "arm")}
    app(*GRID)
    assert {run.info.run_id for run in held(swept, "arm")} == before
    assert len(read.study("adhoc", uri=swept).runs) == 2 * SEEDS


def test_a_larger_sweep_has_arms_of_its_own(swept: str, app: App) -> None:
    app(*[part.replace(f"range(0,{SEEDS})", f"range(0,{SEEDS + 1})") for part in GRID])
    counted = sorted(run.data.tags["harness.seeds"] for run in held(swept, "arm"))
    assert counted == [str(SEEDS)] * 2 + [str(SEEDS + 1)] * 2


def test_runs_trained_anew_have_new_arms_in_place_of_the_old(swept: str, app: App) -> None:
    before = {run.info.run_id for run in held(swept, "arm")}
    app("sweep.force=true", *GRID)
    assert len(by_arm(swept)) == 2
    assert before.isdisjoint(run.info.run_id for run in held(swept, "arm"))


def test_arms_are_of_the_runs_that_the_store_has_now_whichever_sweep_trained_them(
    swept: str, app: App
) -> None:
    before = {run.info.run_id for run in held(swept, "arm")}
    larger = [part.replace(f"range(0,{SEEDS})", f"range(0,{SEEDS + 1})") for part in GRID]
    app("sweep.force=true", *larger)
    assert "0 runs trained" in app(*GRID).out
    (parent,) = (
        run.info.run_id for run in held(swept, "sweep") if run.data.metrics["runs/exhausted"] == 2 * SEEDS
    )
    arms = [run for run in held(swept, "arm") if run.data.tags["mlflow.parentRunId"] == parent]
    assert [run.data.tags["harness.seeds"] for run in arms] == [str(SEEDS)] * 2
    assert before.isdisjoint(run.info.run_id for run in arms)


def test_a_seed_that_failed_leaves_no_mean_and_its_arm_says_so(store: str) -> None:
    pairs = trained(3)
    marks = [header.fingerprint for header, _ in pairs]
    study = {"name": "adhoc", "arms": ["a"], "seeds": [0, 1, 2], "tune": None}
    sweep = replace(SWEEP, documents={"study.json": study, "grid.json": {"fingerprints": marks}})
    writer = Writer(store, sweep, POINTS)
    writer.deliver(
        Batch(history="histories/s-1.parquet", runs=[ended(*pairs[0]), ended(*pairs[1]), failed(pairs[2][0])])
    )
    writer.close("FAILED", {}, 1)
    (arm,) = held(store, "arm")
    assert arm.info.run_name == "arm · no mean, 1 of 3 seeds failed"
    assert not arm.data.metrics
    assert "1 failed" in arm.data.tags["harness.outcomes"]
    # The next start trains what failed.
    writer = Writer(store, sweep, POINTS)
    writer.deliver(whole("t", pairs[2:]))
    writer.close("FINISHED", {}, 2)
    (arm,) = held(store, "arm")
    assert arm.info.run_name == "arm · mean of 3 seeds"
    assert arm.data.metrics["validation/loss"]


def test_who_is_killed_while_arms_are_written_leaves_what_the_next_start_completes(
    swept: str, app: App
) -> None:
    client = connect(swept)
    (parent,) = held(swept, "sweep")
    arms = by_arm(swept)
    # As if the first had been made and not ended, and the second never been made.
    client.delete_tag(parent.info.run_id, "harness.members")
    client.update_run(arms["relu"].info.run_id, status="RUNNING")
    client.delete_run(arms["tanh"].info.run_id)
    app(*GRID)
    again = by_arm(swept)
    assert set(again) == {"relu", "tanh"}
    assert {run.info.status for run in again.values()} == {"FINISHED"}
    experiment = parent.info.experiment_id
    everything = client.search_runs([experiment], "tags.`harness.kind` = 'arm'", ViewType.ALL)
    assert sum(run.info.lifecycle_stage == "deleted" for run in everything) == 2


def test_a_sweep_that_was_stopped_has_no_arms_yet(app: App, store: str) -> None:
    app("sweep.limit=0.01s", *GRID)
    assert not held(store, "arm")
    app(*GRID)
    assert len(held(store, "arm")) == 2


def test_histories_that_are_gone_cost_the_arms_alone(
    app: App, store: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app(*GRID)
    for folder in (tmp_path / "mlruns" / "artifacts").glob("*/*/artifacts/histories"):
        shutil.rmtree(folder)
    said = app(*[part.replace(f"range(0,{SEEDS})", f"range(0,{SEEDS + 1})") for part in GRID])
    assert said.status == 0
    assert "no lines for the arms of adhoc" in caplog.text
    assert {run.info.status for run in held(store, "sweep")} == {"FINISHED"}
    assert len(held(store)) == 2 * (SEEDS + 1)
