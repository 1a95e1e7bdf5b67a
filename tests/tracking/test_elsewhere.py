"""Runs that other tools logged with the plain MLflow client are a study; what they do not say is missing."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric

from harness.errors import ConfigurationError
from harness.tracking import read
from harness.tracking.store import connect

Points = Mapping[str, Sequence[tuple[int, float]]]
SCORED: Points = {"test/accuracy": [(10, 0.9)]}


class Tool:
    """Another tool, which knows nothing of this harness."""

    def __init__(self, uri: str, experiment: str = "theirs") -> None:
        self.uri = uri
        self.experiment = experiment
        self.client = connect(uri)
        self.id = self.client.create_experiment(experiment)

    def log(
        self,
        parameters: Mapping[str, Any],
        points: Points = SCORED,
        *,
        status: str = "FINISHED",
        inputs: Sequence[tuple[str, str]] = (),
        tags: Mapping[str, str] | None = None,
    ) -> str:
        run_id = str(self.client.create_run(self.id, tags=dict(tags or {})).info.run_id)
        for key, value in parameters.items():
            self.client.log_param(run_id, key, value)
        logged = [Metric(name, value, 0, step) for name, found in points.items() for step, value in found]
        self.client.log_batch(run_id, metrics=logged)
        named = [
            DatasetInput(Dataset(name, "d1", "local", "{}"), [InputTag("mlflow.data.context", context)])
            for name, context in inputs
        ]
        self.client.log_inputs(run_id, named)
        if status != "RUNNING":
            self.client.set_terminated(run_id, status)
        return run_id

    def read(self) -> read.StudyRecord:
        return read.study(self.experiment, uri=self.uri)


@pytest.fixture
def tool(store: str) -> Tool:
    return Tool(store)


def test_arms_are_what_varies_less_the_seed(tool: Tool) -> None:
    for activation in ("relu", "tanh"):
        for seed in (3, 4):
            tool.log({"activation": activation, "mlp__random_state": seed, "alpha": 0.1, "dataset": "moons"})
    found = tool.read()
    assert found.spec["arms"] == ["activation"]
    assert sorted(zip(found.runs["arm"], found.runs["seed"], strict=True)) == [
        ("activation=relu", 3),
        ("activation=relu", 4),
        ("activation=tanh", 3),
        ("activation=tanh", 4),
    ]
    assert set(found.runs["dataset"]) == {"moons"}
    assert set(found.runs["role"]) == {"reported"}
    assert found.spec["elsewhere"]
    assert found.parent_run_id is None


def test_runs_that_differ_in_the_seed_alone_are_one_arm(tool: Tool) -> None:
    for seed in range(3):
        tool.log({"seed": seed, "hidden": 8})
    assert set(tool.read().runs["arm"]) == {"all runs"}


def test_a_parameter_cannot_take_the_place_of_a_column(tool: Tool) -> None:
    for epochs in (5, 10):
        tool.log({"epochs": epochs, "status": "x" * epochs, "seed": 0})
    runs = tool.read().runs
    assert set(runs["status"]) == {"FINISHED"}
    assert set(runs["parameter.epochs"]) == {"5", "10"}
    assert runs["epochs"].isna().all()


def test_the_data_set_is_the_input_else_the_parameter_else_missing(tool: Tool) -> None:
    tool.log({"seed": 0, "dataset": "said"}, inputs=[("held out", "validation"), ("trained on", "training")])
    tool.log({"seed": 1, "dataset": "said"})
    tool.log({"seed": 2})
    runs = tool.read().runs.set_index("seed")
    assert runs["dataset"].to_dict() == {0: "trained on", 1: "said", 2: ""}
    assert runs["arm"].nunique() == 3


def test_a_history_has_the_steps_as_updates_and_the_metric_epoch(tool: Tool) -> None:
    points = {
        "train/loss": [(0, 1.0), (5, 0.8), (10, 0.5)],
        "validation/log_loss": [(0, 1.1), (10, 0.6)],
        "gradient_norm/layer_01": [(0, 0.25)],
        "epoch": [(0, 0.0), (10, 2.0), (15, 3.0)],
        "another": [(7, 7.0)],
        "test/accuracy": [(10, 0.9)],
    }
    run_id = tool.log({"seed": 0}, points)
    found = tool.read()
    nan = np.nan
    assert list(found.history.columns[:3]) == ["run_id", "update", "epoch"]
    assert set(found.history["run_id"]) == {run_id}
    assert found.history["update"].tolist() == [0, 5, 10]
    expected = {
        "epoch": [0, nan, 2],
        "train_loss": [1, 0.8, 0.5],
        "validation_log_loss": [1.1, nan, 0.6],
        "gradient_norm_1": [0.25, nan, nan],
    }
    for column, values in expected.items():
        assert np.array_equal(found.history[column], values, equal_nan=True), column
    assert set(found.history.columns) == {"run_id", "update", *expected}
    row = found.runs.iloc[0]
    assert (row["test_accuracy"], row["train_loss"], row["epochs"]) == (0.9, 0.5, 3)
    assert np.isnan(row["test_log_loss"])


def test_a_step_that_was_logged_again_counts_as_it_was_logged_at_last(tool: Tool) -> None:
    run_id = tool.log({"seed": 0}, status="RUNNING")
    for moment, value in ((1, 5.0), (3, 0.25), (2, 9.0)):
        tool.client.log_metric(run_id, "train/loss", value, timestamp=moment, step=4)
    tool.client.set_terminated(run_id)
    assert tool.read().history["train_loss"].tolist() == [0.25]


@pytest.mark.parametrize("last", [np.inf, -np.inf, np.nan])
def test_an_infinite_loss_is_infinite_again_and_the_run_diverged(tool: Tool, last: float) -> None:
    tool.log({"seed": 0}, {"train/loss": [(0, 1.0), (1, last)]})
    tool.log({"seed": 1}, {"train/loss": [(0, 1.0), (1, 0.5)]})
    found = tool.read()
    runs = found.runs.set_index("seed")
    assert runs["outcome"].to_dict() == {0: "diverged", 1: ""}
    assert not np.isfinite(runs["train_loss"][0])
    assert np.isinf(found.history["train_loss"]).sum() == 1


def test_a_failed_run_counts_and_one_that_has_not_ended_does_not(tool: Tool) -> None:
    tool.log({"seed": 0, "lr": 0.1})
    tool.log({"seed": 0, "lr": 0.2})
    tool.log({"seed": 1, "lr": 0.1}, {}, status="FAILED")
    tool.log({"seed": 2, "lr": 0.1}, status="RUNNING")
    tool.log({"seed": 3, "lr": 0.1}, status="KILLED")
    # It failed before it said what it was: of which arm it is, nobody knows.
    tool.log({}, {}, status="FAILED")
    found = tool.read()
    assert sorted(zip(found.runs["arm"], found.runs["outcome"], strict=True)) == [
        ("lr=0.1", ""),
        ("lr=0.1", "failed"),
        ("lr=0.2", ""),
    ]
    assert "Left out: 3 of 6 runs" in found.spec["method"]


def test_a_run_repeated_with_its_seed_counts_once_and_without_a_seed_each_does(tool: Tool) -> None:
    for value in (0.5, 0.7):
        tool.log({"seed": 0}, {"test/accuracy": [(0, value)]})
        tool.log({"hidden": 8}, {"test/accuracy": [(0, value)]})
    found = tool.read()
    assert found.runs.loc[found.runs["seed"].notna(), "test_accuracy"].tolist() == [0.7]
    assert sorted(found.runs.loc[found.runs["seed"].isna(), "test_accuracy"]) == [0.5, 0.7]
    assert "name no seed" in found.spec["method"]


@pytest.mark.parametrize(
    ("size", "feeding"), [(32, "mini-batch (32)"), (1, "SGD (1)"), ("auto", ""), (None, ""), ("-3", "")]
)
def test_the_feeding_follows_from_the_batch_size(tool: Tool, size: object, feeding: str) -> None:
    tool.log({"seed": 0} | ({} if size is None else {"batch_size": size}))
    assert tool.read().runs["feeding"].tolist() == [feeding]


def test_the_learning_rate_is_a_number_or_missing(tool: Tool) -> None:
    tool.log({"seed": 0, "learning_rate": "constant", "learning_rate_init": 0.5})
    tool.log({"seed": 1, "learning_rate": "constant"})
    rates = tool.read().runs.set_index("seed")["optimizer.learning_rate"]
    assert rates[0] == 0.5
    assert np.isnan(rates[1])


def test_what_no_run_logged_is_named(tool: Tool) -> None:
    tool.log({"seed": 0}, {"test/accuracy": [(0, 0.5)], "validation/log_loss": [(0, 0.5)]})
    method = tool.read().spec["method"]
    assert "missing here: train/loss, " in method
    assert "test/accuracy" not in method.partition("missing here")[2]


def test_runs_without_any_score_are_refused_in_one_line(tool: Tool) -> None:
    tool.log({"seed": 0}, {"elbo": [(0, 0.5)]})
    with pytest.raises(ConfigurationError, match="none of the metrics that a report needs") as told:
        tool.read()
    assert "train/loss, train/accuracy" in str(told.value)
    assert "\n" not in str(told.value)


def test_an_experiment_where_nothing_ended_is_refused(tool: Tool) -> None:
    tool.log({"seed": 0}, status="RUNNING")
    # Of a kind of ours, but no sweep's.
    tool.log({"seed": 0}, tags={"harness.kind": "arm"})
    with pytest.raises(ConfigurationError, match="no run of another tool that ended"):
        tool.read()


def test_the_default_experiment_can_be_read_and_a_deleted_one_cannot(tool: Tool) -> None:
    tool.id = "0"
    tool.log({"seed": 0})
    assert len(read.study("Default", uri=tool.uri).runs) == 1
    gone = Tool(tool.uri, "gone")
    gone.log({"seed": 0})
    tool.client.delete_experiment(gone.id)
    with pytest.raises(ConfigurationError, match="known: theirs"):
        gone.read()


def test_an_experiment_may_be_called_otherwise_than_the_study(tool: Tool) -> None:
    tool.log({"activation": "relu", "seed": 0})
    for named in (tool.experiment, tool.id):
        record = read.study("what I ask", experiment=named, uri=tool.uri)
        assert (record.spec["name"], record.spec["experiment"]) == ("what I ask", named)
        assert len(record.runs) == 1
    with pytest.raises(ConfigurationError, match=r"experiment = 'thiers': none of that name.*'theirs'"):
        read.study("what I ask", experiment="thiers", uri=tool.uri)
    with pytest.raises(ConfigurationError, match="experiment = '999': none"):
        read.study("what I ask", experiment="999", uri=tool.uri)


def test_what_made_the_runs_is_counted(tool: Tool) -> None:
    tags = {"mlflow.source.git.commit": "0123abc"}
    for seed in (0, 1):
        tool.log({"activation": "relu", "seed": seed, "hidden": 8}, inputs=[("moons", "training")], tags=tags)
    tool.log({"activation": "tanh", "seed": 0, "hidden": 8})
    origins = tool.read().origins
    told = origins.parameters.set_index(["name", "value"])["runs"]
    assert told["hidden"].to_dict() == {"8": 3}
    assert told["activation"].to_dict() == {"relu": 2, "tanh": 1}
    assert ("source's commit", "0123abc", 2) in origins.platform.itertuples(index=False, name=None)
    assert origins.data[["dataset", "digest", "runs"]].to_numpy().tolist() == [["moons", "d1", 2]]


def test_links_lead_to_the_ui_that_serves_the_store(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    tool.log({"activation": "relu", "seed": 0})
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///another.db")
    assert tool.read().origins.links == {}
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tool.uri)
    (address,) = tool.read().origins.links.values()
    assert address.startswith(f"http://127.0.0.1:5000/#/experiments/{tool.id}/runs?")


def test_scores_are_found_by_the_names_that_other_tools_give_them(tool: Tool) -> None:
    curves = {"loss": [(0, 2.0), (1, 1.0)], "val_loss": [(0, 2.2), (1, 1.2)], "val_accuracy": [(1, 0.8)]}
    for seed in (0, 1):
        tool.log({"seed": seed}, curves | {"test_acc": [(1, 0.7)], "val_precision": [(1, 0.1)]})
    record = tool.read()
    expected = {"train_loss": 1.0, "validation_loss": 1.2, "validation_accuracy": 0.8, "test_accuracy": 0.7}
    for _, run in record.runs.iterrows():
        assert {name: run[name] for name in expected} == expected
        history = record.history[record.history["run_id"] == run["run_id"]]
        assert history["validation_loss"].tolist() == [2.2, 1.2]
    assert "val_loss for validation/loss" in record.spec["method"]
    assert "precision" not in record.spec["method"]


def test_our_own_name_of_a_score_counts_before_another(tool: Tool) -> None:
    tool.log({"seed": 0}, {"validation/loss": [(1, 0.5)], "val_loss": [(1, 0.9)]})
    assert tool.read().runs["validation_loss"].tolist() == [0.5]
