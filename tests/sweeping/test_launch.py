"""The command line: one run, a grid, another sweeper."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.sweeping.provenance import command_line
from harness.tracking import read
from harness.tracking.settings import concealed, masked


def test_one_run_is_trained_tracked_and_returns_its_best_validation_loss(
    app: Callable[..., object], store: str
) -> None:
    said = app("dataset=moons", "dataset.samples=60", "stopping.epochs=2")
    assert said.status == 0
    assert "1 runs trained" in said.out
    assert len(read.study("adhoc", uri=store).runs) == 1


def test_hydras_own_sweeper_drives_the_app(app: Callable[..., object]) -> None:
    said = app(
        "hydra/sweeper=basic",
        "activation=relu,tanh",
        "dataset=moons",
        "stopping.updates=1",
        "tracking=off",
        "-m",
    )
    assert said.status == 0
    assert "moons · relu" in said.out
    assert "moons · tanh" in said.out


def test_a_grid_leaves_nothing_but_the_store(app: Callable[..., object], store: str, tmp_path: Path) -> None:
    app("dataset=moons", "stopping.updates=1", "seed=0,1", "executor=serial", "-m")
    assert [path.name for path in tmp_path.iterdir()] == ["mlruns"]


def test_minus_m_may_stand_anywhere(app: Callable[..., object]) -> None:
    said = app("dataset=moons", "-m", "stopping.updates=1", "seed=0,1", "tracking=off")
    assert "2 runs trained" in said.out


def test_without_tracking_a_grid_leaves_nothing_at_all(app: Callable[..., object], tmp_path: Path) -> None:
    said = app("dataset=moons", "stopping.updates=1", "seed=0,1", "tracking=off", "-m")
    assert "2 runs trained" in said.out
    assert list(tmp_path.iterdir()) == []


def test_the_table_averages_reported_seeds_at_the_rate_that_validates_best(
    app: Callable[..., object],
) -> None:
    from harness import compose, train

    common = ["dataset=moons", "dataset.samples=60", "stopping.epochs=3"]
    rates, seeds = (0.01, 1), (0, 1, 2)
    said = app(
        *common,
        "optimizer.learning_rate=0.01,1",
        "seed=0,1,2",
        "activation=tanh,relu",
        "study.arms=[activation]",
        "tracking=off",
        "-m",
    )
    runs = {
        rate: train(
            [
                compose([*common, "activation=tanh", f"optimizer.learning_rate={rate}", f"seed={seed}"])
                for seed in seeds
            ]
        )
        for rate in rates
    }
    best = min(rates, key=lambda rate: sum(record.summary["validation_loss"] for record in runs[rate]))
    mean = sum(record.summary["test_accuracy"] for record in runs[best]) / 3
    line = next(line for line in said.out.splitlines() if line.startswith("tanh"))
    assert f"{mean:.1%}" in line


def test_the_app_runs_as_a_module_and_shows_its_configuration(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "harness", "activation=tanh", "--cfg", "job"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "activation:\n  name: tanh" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://user:secret@host:5000", "http://user:***@host:5000"),
        ("postgresql://me:p@ss@db/runs", "postgresql://me:***@db/runs"),
        ("sqlite:////tmp/a.db", "sqlite:////tmp/a.db"),
        ("http://host", "http://host"),
    ],
)
def test_a_password_is_never_shown(uri: str, shown: str) -> None:
    assert masked(uri) == shown
    assert concealed(f"tracking.uri = {uri}: no answer from '{uri}'") == (
        f"tracking.uri = {shown}: no answer from '{shown}'"
    )


@pytest.mark.parametrize(
    "argument", ["+tracking.uri={}", "++tracking.uri={}", "tracking={{uri:'{}'}}", "x=[{}]"]
)
def test_the_command_is_kept_without_a_password(monkeypatch: pytest.MonkeyPatch, argument: str) -> None:
    monkeypatch.setattr(sys, "argv", ["harness", argument.format("http://user:secret@host:5000"), "seed=0,1"])
    assert "secret" not in command_line()
    assert "user:***@host:5000" in command_line()
    assert command_line().endswith(" seed=0,1")


@pytest.mark.parametrize(
    "argument",
    ["tracking.uri=[{}]", "tracking.uri='{}", "tracking={{uri:['{}']}}", "tracking.url={}"],
)
def test_what_is_refused_is_told_without_a_password(app: Callable[..., object], argument: str) -> None:
    said = app(argument.format("http://user:secret@host:5000"), "seed=0,1", "-m")
    assert said.status == 2
    assert said.err.startswith("harness: ")
    assert "secret" not in said.err + said.out


def test_the_app_starts_without_what_takes_seconds_to_import() -> None:
    # They are imported while the first stack trains.
    code = (
        "import sys, harness.__main__\n"
        "late = {'mlflow', 'sqlalchemy', 'matplotlib', 'sklearn', 'scipy.stats'}\n"
        "print(sorted(late & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
