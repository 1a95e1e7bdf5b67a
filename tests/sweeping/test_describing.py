"""What a sweep says of itself where it is opened: the question first, in Markdown."""

from collections.abc import Callable
from urllib.parse import parse_qs

import pytest

from harness.sweeping.describing import description
from harness.sweeping.study import build_study
from tests.tracking.stacks_to_deliver import held

PLAIN = {"arms": ["activation"], "seeds": [0, 1, 2, 5]}


def described(command: str = "", **keys: object) -> str:
    study, _ = build_study({"name": "mine", "presets": None, "grid": [], **keys}, None)
    return description(study, PLAIN, [], command)


def test_the_question_stands_first_then_where_to_look_why_it_matters_and_the_method() -> None:
    told = described(
        question="Does ReLU cure it?", why="Depth is <b>slow</b>.", method="Depth 6.\n\nTuned rates."
    )
    question, links, why, *method, facts = told.split("\n\n")
    assert question == "**Does ReLU cure it?**"
    assert links.startswith("[one line an arm](#/experiments/")
    assert why == "Depth is &lt;b>slow&lt;/b>."
    assert method == ["Depth 6.", "Tuned rates."]
    assert facts.startswith("- report: [`report/index.html`](#/experiments/")


def test_a_sweep_says_what_is_compared_tuned_and_aimed_at() -> None:
    told = described(
        tune={"over": "optimizer.learning_rate", "seeds": [100, 101, 102], "metric": "validation_log_loss"},
        target={"metric": "test_accuracy", "value": 0.9},
        budgets=["GD: 30 epochs"],
        sources=["LeCun et al. 1998, ![](http://x)"],
        grid=[["activation=relu,tanh", "optimizer=gd"], ["activation=elu"]],
        seeds=[0, 1, 2, 5],
    ).splitlines()
    assert "- arms differ in: activation" in told
    assert "- seeds reported: 0, 1, 2, 5" in told
    assert "- tuned: optimizer.learning_rate, by validation_log_loss on seeds 100 to 102" in told
    assert "- target: test_accuracy of 0.9" in told
    assert "- budget: GD: 30 epochs" in told
    assert "- source: LeCun et al. 1998, !\\[](http://x)" in told
    assert told[-2:] == ["- `activation=relu,tanh optimizer=gd`", "- `activation=elu`"]


@pytest.mark.parametrize("text", ["two\nlines", "a\n\n# heading", "a\n- b"])
def test_a_fact_stays_one_line(text: str) -> None:
    lines = described(budgets=[text], question=text).splitlines()
    assert f"- budget: {' '.join(text.split())}" in lines
    assert lines[0] == f"**{' '.join(text.split())}**"


@pytest.mark.parametrize("text", ["```<script>", "a `b`", "``"])
def test_code_stays_code_whatever_stands_in_it(text: str) -> None:
    line = described(command=f"python -m harness 'study.question={text}'").splitlines()[-1]
    fence = line.removeprefix("The command: ").split(" ")[0]
    assert set(fence) == {"`"}
    assert fence not in text
    assert line.endswith(f" {fence}")


def test_the_views_that_it_links_to_show_what_they_say(app: Callable[..., object], store: str) -> None:
    from harness.tracking.store import connect

    grid = ("dataset=sine", "loss=mse", "activation=relu", "optimizer.learning_rate=0.05,1000",
            "dtype=float32", "stopping.epochs=20", "seed=3,4", "executor=serial", "-m")  # fmt: skip
    app(*grid)
    (parent,) = held(store, "sweep")
    note = parent.data.tags["mlflow.note.content"]
    links = [link for link in note.split("](")[1:] if link.startswith("#/experiments/1/runs?")]
    asked = [parse_qs(link.partition(")")[0].partition("?")[2]) for link in links]
    found = [
        connect(store).search_runs(["1"], query.get("searchFilter", [""])[0], order_by=query["orderByKey"])
        for query in asked
    ]
    arms, runs, diverged, complaints, seed = found
    assert {run.data.tags["harness.kind"] for run in arms} == {"arm"}
    assert len(runs) == 1 + 2 + 4
    assert {run.data.params["optimizer.learning_rate"] for run in diverged} == {"1000.0"}
    assert {run.data.tags["harness.outcome"] for run in diverged} == {"diverged"}
    assert all(run.data.tags["harness.complaints"] for run in complaints)
    assert [run.data.params["seed"] for run in seed] == ["3", "3"]
    assert f"#/experiments/1/runs/{parent.info.run_id}/artifacts/report/index.html?" in note
