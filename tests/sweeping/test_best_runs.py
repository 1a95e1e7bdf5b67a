"""The network of each arm's best reported run is what becomes a model, whatever is killed on the way."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import compose
from harness.config import fingerprint
from harness.data.loading import digest
from harness.sweeping.best_runs import BestRuns
from harness.sweeping.grid import Point
from harness.sweeping.results import Result
from harness.tracking.candidates import Candidates
from harness.tracking.store import connect, search
from tests.conftest import Once, Said
from tests.tracking.networks_to_log import models

if TYPE_CHECKING:
    from mlflow.entities import Run

GRID = ("dataset=moons", "dataset.samples=60", "stopping.epochs=3", "activation=relu,tanh",
        "optimizer.learning_rate=0.01,1", "seed=0,1", "study.arms=[activation]")  # fmt: skip
HERE = (*GRID, "executor=serial", "-m")
BEST = (*HERE, "tracking.models=best")


def children(uri: str, experiment: str = "adhoc") -> "list[Run]":
    client = connect(uri)
    found = client.get_experiment_by_name(experiment)
    query = "tags.`harness.kind` = 'run' and attributes.status = 'FINISHED'"
    return list(search(client, found.experiment_id, query))


def best(runs: "Sequence[Run]", metric: str = "validation/loss") -> dict[str, str]:
    """Return the fingerprint of the run of lowest loss of each arm, as the store tells it."""
    chosen: dict[str, Run] = {}
    for run in sorted(runs, key=lambda run: (run.data.metrics[metric], int(run.data.params["seed"]))):
        if run.data.tags["harness.role"] == "reported":
            chosen.setdefault(run.data.tags["harness.arm"], run)
    return {arm: run.data.tags["harness.fingerprint"] for arm, run in chosen.items()}


def logged(uri: str, experiment: str = "adhoc") -> dict[str, str]:
    """Return the fingerprint of each arm's model; no arm has two."""
    found = models(uri, experiment)
    assert {model.status for model in found} <= {"READY"}
    by_arm = {model.tags["harness.arm"]: model.tags["harness.fingerprint"] for model in found}
    assert len(by_arm) == len(found)
    return by_arm


@pytest.fixture(scope="module")
def chosen(swept_once: Once) -> tuple[str, Said]:
    """A store that was swept with models, to be read only, and what that said."""
    return swept_once(*BEST)


@pytest.fixture(scope="module")
def unasked(swept_once: Once) -> tuple[str, Said]:
    """The same, swept without models."""
    return swept_once(*HERE)


def folder_of(uri: str) -> Path:
    return Path(uri.removeprefix("sqlite:///")).parent


def test_the_best_run_of_each_arm_has_a_model_and_no_other(chosen: tuple[str, Said]) -> None:
    store, said = chosen
    assert (said.status, said.err.count("harness:")) == (0, 0)
    assert "models: 2, in the experiment's tab Models" in said.out
    assert logged(store) == best(children(store))
    assert len(logged(store)) == 2
    ids = {run.info.run_id: run for run in children(store)}
    for model in models(store):
        run = ids.pop(model.source_run_id)
        assert model.tags["harness.weights"] == run.data.tags["harness.weights"]
        assert [each.model_id for each in run.outputs.model_outputs] == [model.model_id]
    client = connect(store)
    assert not any(client.get_run(run_id).outputs.model_outputs for run_id in ids)
    assert not [*folder_of(store).glob("models/*")]


def test_without_being_asked_for_nothing_is_kept(unasked: tuple[str, Said]) -> None:
    store, said = unasked
    assert "models:" not in said.out
    assert not models(store)
    assert not (folder_of(store) / "models").exists()


@pytest.mark.parametrize(
    ("tuned", "metric"),
    [("validation_accuracy", "validation/accuracy"), ("test_log_loss", "validation/loss")],
)
def test_tuning_seeds_and_test_scores_choose_no_model(
    app: Callable[..., Any], store: str, tuned: str, metric: str
) -> None:
    tune = f"{{over:optimizer.learning_rate,metric:{tuned},seeds:[10,11]}}"
    seeds = "seed=0,1,10,11"
    said = app(*(word for word in BEST if not word.startswith("seed=")), seeds, f"+study.tune={tune}")
    assert said.status == 0, said.err
    runs = children(store)
    reported = [run for run in runs if run.data.tags["harness.role"] == "reported"]
    assert 0 < len(reported) < len(runs)
    found = {run.data.tags["harness.fingerprint"]: run for run in reported}
    sign = -1 if metric.endswith("accuracy") else 1
    assert len(logged(store)) == 2
    for arm, mark in logged(store).items():
        values = [sign * run.data.metrics[metric] for run in reported if run.data.tags["harness.arm"] == arm]
        assert sign * found[mark].data.metrics[metric] == min(values)


def test_a_sweep_repeated_says_nothing_and_logs_nothing(
    app: Callable[..., Any], chosen: tuple[str, Said], copied: Callable[[str], str]
) -> None:
    store = copied(chosen[0])
    before = {model.model_id for model in models(store)}
    said = app(*BEST)
    assert "0 runs trained" in said.out
    assert said.err.count("harness:") == 0
    assert {model.model_id for model in models(store)} == before


def test_runs_trained_without_models_are_named_and_a_forced_sweep_gives_them(
    app: Callable[..., Any], unasked: tuple[str, Said], copied: Callable[[str], str]
) -> None:
    store = copied(unasked[0])
    said = app(*BEST)
    lines = [line for line in said.err.splitlines() if line.startswith("harness:")]
    assert len(lines) == 2
    names = {run.data.tags["harness.arm"]: run.info.run_name for run in children(store)
             if run.data.tags["harness.fingerprint"] in best(children(store)).values()}  # fmt: skip
    for arm, name in names.items():
        assert (
            f"harness: no model of {arm}: the weights of its best run, {name}, were not kept as it ended; "
            "sweep.force=true trains it again"
        ) in lines
    assert not models(store)
    assert app(*BEST, "sweep.force=true").status == 0
    assert logged(store) == best(children(store))


def test_a_larger_grid_chooses_among_all_its_runs(
    app: Callable[..., Any], chosen: tuple[str, Said], copied: Callable[[str], str]
) -> None:
    store = copied(chosen[0])
    first = logged(store)
    said = app(*BEST, "seed=range(0,6)")
    assert said.status == 0
    last = best(children(store))
    assert {model.tags["harness.fingerprint"] for model in models(store)} == {*first.values(), *last.values()}
    assert said.err.count("harness:") == 0


def test_a_diverged_run_becomes_no_model(app: Callable[..., Any], store: str) -> None:
    said = app("dataset=sine", "loss=mse", "activation=relu", "optimizer.learning_rate=1000", "dtype=float32",
               "stopping.epochs=20", "executor=serial", "tracking.models=best", "-m")  # fmt: skip
    assert "1 diverged" in said.out
    assert not models(store)
    assert said.err.count("harness:") == 0


def test_a_disk_that_takes_no_weights_costs_the_models_alone(
    app: Callable[..., Any], store: str, tmp_path: Path
) -> None:
    (tmp_path / "mlruns" / "models").write_text("not a folder")
    said = app(*BEST)
    assert said.status == 0
    assert "the weights of" in said.err
    assert "no models are logged" in said.err
    assert len(children(store)) == 8
    assert not models(store)


def result(seed: int, loss: float | None, outcome: str = "exhausted") -> Result:
    run = compose(["dataset=moons", f"seed={seed}"])
    point = Point(run, fingerprint(run, digest(run.dataset)), "arm", f"seed {seed}", {}, "reported")
    return Result(point, outcome, {} if loss is None else {"validation_loss": loss}, False)


def test_the_lowest_seed_wins_a_tie_in_any_order(tmp_path: Path) -> None:
    candidates = Candidates(tmp_path / "models")
    for ended in permutations([result(5, 0.25), result(3, 0.25), result(1, 0.5), result(0, 0.1, "diverged")]):
        BestRuns(candidates, "validation_loss", ended).choose()
        assert [each.run for each in candidates.chosen() or []] == ["seed 3"]


def test_an_arm_of_which_nothing_is_known_has_no_best_run(tmp_path: Path) -> None:
    candidates = Candidates(tmp_path / "models")
    BestRuns(candidates, "validation_loss", [result(0, None), result(1, 0.1, "failed")]).choose()
    assert candidates.chosen() == []


LONGER = [
    *GRID,
    "stopping.epochs=100",
    "diagnostics.rows=10",
    "executor.leg=0.2",
    "tracking.models=best",
    "-m",
]


def sweeping(folder: Path, uri: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "harness", *LONGER, "executor=serial"],
        cwd=folder,
        env=os.environ | {"MLFLOW_TRACKING_URI": uri},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_a_sweep_killed_and_repeated_chooses_as_if_it_had_not_been(store: str, tmp_path: Path) -> None:
    def kept() -> list[Path]:
        return [*(tmp_path / "mlruns" / "models").glob("*/*.npz")]

    with sweeping(tmp_path, store) as process:
        deadline = time.monotonic() + 60
        while not kept():
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
    assert not models(store) if connect(store).get_experiment_by_name("adhoc") else True
    assert kept()
    with sweeping(tmp_path, store) as process:
        said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said
    assert "harness: no model" not in said
    assert len(children(store)) == 8
    assert logged(store) == best(children(store))
    assert not [*(tmp_path / "mlruns" / "models").glob("*")]
