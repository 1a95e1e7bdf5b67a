"""What the benchmarks of sweeps compare is equal, and what they count is there."""

import shutil
from dataclasses import replace
from math import ceil
from pathlib import Path
from threading import Thread
from time import thread_time

import pytest
import yaml
from mlflow import MlflowClient
from mlflow.entities import Metric

from benchmarks.sweeps import grids, hydra_jobs, launching, peer, reading, workers
from benchmarks.sweeps.launched import count_threads
from benchmarks.sweeps.processes import ROOT, BrokenError, Ran, run
from benchmarks.sweeps.stores import Series, series
from harness.config import RunConfig
from harness.data.splits import split_sizes
from harness.locations import CONF
from harness.sweeping.composing import default_composer
from harness.sweeping.grid import expand
from harness.sweeping.study import Study


def expanded(arguments: list[str]) -> list[RunConfig]:
    return [point.run for point in expand(default_composer(), Study("adhoc"), arguments).points]


def test_a_grid_has_as_many_runs_as_it_is_counted_for() -> None:
    assert all(grids.CHOICES * rates * seeds == runs for runs, (rates, seeds) in grids.SIZES.items())
    assert len(expanded(grids.composed(20))) == 20
    assert all(len(peer.ACTIVATIONS) * rates * seeds == runs for runs, (rates, seeds) in peer.SIZES.items())
    assert len(expanded(launching.asked(100))) == 100
    assert len(expanded(reading.asked(reading.RUNS))) == reading.RUNS
    assert len(expanded(workers.asked(1))) == workers.STACKS * workers.SEEDS


def test_hydras_empty_jobs_are_composed_with_the_choices_and_values_of_the_grid(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = ["dataset=moons", "activation=relu,tanh", "optimizer.learning_rate=0.01,1", "initializer=he"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["hydra_jobs"])
    monkeypatch.setattr(hydra_jobs, "SEEN", [])
    hydra_jobs.multirun(asked)
    assert [grids.job(run) for run in expanded(asked)] == hydra_jobs.SEEN
    assert len(set(hydra_jobs.SEEN)) == 4


def test_what_workers_share_are_stacks_that_cost_the_same() -> None:
    runs = expanded(workers.asked(3))
    assert {run.diagnostics.measures for run in runs} == {()}
    assert len({run.diagnostics.probe for run in runs}) == workers.STACKS
    alike = {
        replace(run, seed=0, diagnostics=replace(run.diagnostics, probe=1), seeds=run.seeds) for run in runs
    }
    assert len(alike) == 1


def test_the_peer_draws_the_moons_that_the_harness_draws() -> None:
    theirs = yaml.safe_load((ROOT / "benchmarks/sweeps/peer_conf/config.yaml").read_text())
    ours = yaml.safe_load((CONF / "dataset/moons.yaml").read_text())
    assert {key: theirs[key] for key in ("samples", "noise")} == {
        key: ours[key] for key in ("samples", "noise")
    }
    run = expanded(peer.harness_grid(2, 1))[0]
    assert ceil(split_sizes(run.dataset)[0] / peer.BATCH) == peer.UPDATES_AN_EPOCH


@pytest.fixture
def empty(store_template: Path, tmp_path: Path) -> Path:
    """A folder in which a fresh store lies wherever a contender makes one; making it takes seconds."""
    (tmp_path / "mlruns").mkdir()
    for place in (tmp_path / "mlruns" / "mlflow.db", tmp_path / "mlflow.db"):
        shutil.copy(store_template, place)
    return tmp_path


@pytest.mark.slow
def test_harness_and_peer_train_the_same_grid_for_as_many_epochs(empty: Path) -> None:
    epochs = 3
    for contender in (peer.harness_sweep, peer.peer_sweep):
        assert contender(2, epochs, empty).processor > 0
    ours, theirs = parameters(empty / "mlruns" / "mlflow.db"), parameters(empty / "mlflow.db")
    assert sorted((run["activation"], run["optimizer.learning_rate"], run["seed"]) for run in ours) == sorted(
        (run["activation"], run["learning_rate"], run["seed"]) for run in theirs
    )
    assert [run["optimizer.batch_size"] for run in ours] == [run["batch_size"] for run in theirs]
    assert {run["hidden"] for run in theirs} == {"[32]"}
    assert {run["architecture.hidden"] for run in ours} == {"(32,)"}
    assert series(empty / "mlflow.db", "validation_accuracy") == [Series(epochs, epochs)] * 2


def parameters(path: Path) -> list[dict[str, str]]:
    client = MlflowClient(f"sqlite:///{path}")
    experiments = [each.experiment_id for each in client.search_experiments()]
    runs = client.search_runs(experiments, "params.seed != ''")
    return [dict(run.data.params) for run in runs]


def test_a_sweep_that_left_a_run_out_or_ended_one_early_is_not_timed() -> None:
    peer.check("peer", [30, 30], 2, 30)
    for last in ([30], [30, 29], [30, 30, 29], []):
        with pytest.raises(BrokenError, match="whole runs of 2"):
            peer.check("peer", last, 2, 30)


def test_only_finished_runs_count_as_held(store: str) -> None:
    client = MlflowClient(store)
    for status in ("FINISHED", "FAILED"):
        made = client.create_run("0").info.run_id
        client.log_batch(made, [Metric("train/loss", 0.5, 1, step) for step in (0, 3, 9)])
        client.set_terminated(made, status)
    assert series(Path(store.removeprefix("sqlite:///")), "train/loss") == [Series(3, 9)]


def test_a_process_that_fails_says_why_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BrokenError, match=r"status 2: harness: activation = 'nonsense': not known"):
        run("benchmarks.sweeps.launched", ["activation=nonsense", "tracking=off", "-m"], tmp_path)


def test_a_threads_seconds_are_counted_under_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def burn() -> None:
        while thread_time() < 0.05:
            pass

    # Put back afterwards.
    monkeypatch.setattr(Thread, "start", Thread.start)
    spent: dict[str, float] = {}
    count_threads(spent)
    threads = [Thread(target=burn, name=f"Burner-{number}") for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(spent) == ["Burner"]
    assert 0.1 <= spent["Burner"] < 0.3


def test_the_processors_seconds_are_those_of_the_workers_too() -> None:
    assert Ran(1.0, {"processor": 2.0, "workers": 3.0}).processor == 5.0
    assert Ran(1.0, {"processor": 2.0}).processor == 2.0


@pytest.mark.slow
def test_a_study_read_back_tells_what_each_reading_took(tmp_path: Path, store: str) -> None:
    ran = reading.read_back(4, store, tmp_path)
    assert (ran.told["runs"], set(ran.told["spent"])) == (4, {"imports", "first", "again"})
    assert ran.told["rows"] > 4
    assert all(spent["clock"] > 0 for spent in ran.told["spent"].values())
