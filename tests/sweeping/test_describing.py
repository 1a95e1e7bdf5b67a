"""What a sweep says of itself where it is opened: the question first, in Markdown."""

from collections.abc import Callable

import pytest

from harness.sweeping.describing import description
from harness.sweeping.study import build_study
from tests.tracking.stacks_to_deliver import held

PLAIN = {"arms": ["activation"], "seeds": [0, 1, 2, 5]}


def described(command: str = "", **keys: object) -> str:
    study, _ = build_study({"name": "mine", "presets": None, "grid": [], **keys}, None)
    return description(study, PLAIN, [], command)


def test_the_question_stands_first_and_the_method_after_it() -> None:
    told = described(question="Does ReLU cure it?", method="Depth 6.\n\nTuned rates.")
    assert told.startswith("**Does ReLU cure it?**\n\nDepth 6.\n\nTuned rates.\n\n| | |\n|---|---|\n| runs |")


def test_a_sweep_says_what_is_compared_tuned_and_aimed_at() -> None:
    told = described(
        tune={"over": "optimizer.learning_rate", "seeds": [100, 101, 102], "metric": "validation_log_loss"},
        target={"metric": "test_accuracy", "value": 0.9},
        budgets=["GD: 30 epochs"],
        grid=[["activation=relu,tanh", "optimizer=gd"], ["activation=elu"]],
        seeds=[0, 1, 2, 5],
    )
    assert "| arms differ in | activation |" in told
    assert "| seeds reported | 0, 1, 2, 5 |" in told
    assert "| tuned | optimizer.learning_rate, by validation_log_loss on seeds 100 to 102 |" in told
    assert "| target | test_accuracy of 0.9 |" in told
    assert "| budget | GD: 30 epochs |" in told
    assert "```\nactivation=relu,tanh\noptimizer=gd\n\nactivation=elu\n```" in told


@pytest.mark.parametrize("text", ["a | b", "two\nlines", "a | b\n| c | d |"])
def test_a_cell_stays_one_cell(text: str) -> None:
    row = next(line for line in described(budgets=[text]).splitlines() if line.startswith("| budget"))
    assert row.replace("\\|", "").count("|") == 3


def test_code_stays_code_whatever_stands_in_it() -> None:
    told = described(command="python -m harness 'study.question=```<script>'")
    assert "````\npython -m harness 'study.question=```<script>'\n````" in told


def test_the_filters_that_it_names_work(app: Callable[..., object], store: str) -> None:
    from harness.tracking.store import connect

    grid = ("dataset=sine", "loss=mse", "activation=relu", "optimizer.learning_rate=0.05,1000",
            "dtype=float32", "stopping.epochs=20", "seed=3,4", "executor=serial", "-m")  # fmt: skip
    app(*grid)
    (parent,) = held(store, "sweep")
    lines = [line for line in parent.data.tags["mlflow.note.content"].splitlines() if line.startswith("- ")]
    queries = [line.split("`")[1] for line in lines]
    found = [connect(store).search_runs([parent.info.experiment_id], query) for query in queries]
    assert len(found) == 4
    assert {run.data.tags["harness.kind"] for run in found[0]} == {"arm"}
    assert {run.data.params["optimizer.learning_rate"] for run in found[1]} == {"1000.0"}
    assert {run.data.tags["harness.outcome"] for run in found[1]} == {"diverged"}
    assert all(run.data.tags["harness.complaints"] for run in found[2])
    assert len(found[3]) == 2
    assert {run.data.params["seed"] for run in found[3]} == {"3"}
