"""A report of runs that another tool trained: what it shows, and what it does not pretend to know."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness.bands import bands
from harness.tracking.frames import StudyRecord
from reports.__main__ import main
from reports.asking import Wanted
from reports.comparison import compare
from reports.page import build

DOCS = Path(__file__).parents[2] / "docs" / "tracking.md"


Files = Callable[[StudyRecord], dict[str, bytes]]


class Text(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def words(files: dict[str, bytes]) -> str:
    return " ".join(" ".join(Text(files["index.html"].decode()).parts).split())


def elsewhere(record: StudyRecord, **columns: object) -> StudyRecord:
    """Return a study as if another tool had trained it."""
    spec = {**record.spec, "elsewhere": True, "tune": None, "budgets": [], "method": "By another tool."}
    runs = record.runs[record.runs["role"] == "reported"].assign(outcome="", feeding="", **columns)
    return StudyRecord(spec, runs, record.history, {"trained": "elsewhere"}, None)


@pytest.fixture
def theirs(synthetic: Callable[..., StudyRecord]) -> StudyRecord:
    return synthetic({"activation": ["relu", "tanh"]}, rates=(0.1,), rows=8)


def test_the_example_of_the_documentation_is_reported(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = re.findall(
        r"```python\n(import mlflow\n.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL
    )
    environment = os.environ | {"MLFLOW_TRACKING_URI": store, "PYTHONWARNINGS": "ignore"}
    subprocess.run([sys.executable, "-c", example], check=True, env=environment, cwd=tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["partial_fit", "--uri", store]) == 0
    printed = capsys.readouterr()
    assert printed.out.strip() == "reports/output/partial_fit/index.html"
    folder = tmp_path / "reports" / "output" / "partial_fit"
    summary = pd.read_csv(folder / "summary.csv").set_index("label")
    assert sorted(summary.index) == ["relu", "tanh"]
    assert summary["seeds"].tolist() == [3, 3]
    assert (summary["test_accuracy_centre"] > 0.4).all()
    curves = pd.read_csv(folder / "convergence_log_loss_by_epoch.csv")
    assert sorted(curves["epoch"].unique()) == [1, 2, 3, 4, 5]
    assert sorted(curves["update"].unique()) == [9, 18, 27, 36, 45]
    shown = words({"index.html": (folder / "index.html").read_bytes()})
    assert "trained elsewhere, by another tool, and are untuned" in shown
    assert "missing here: train/accuracy, train/log_loss" in shown
    assert "On moons, " in shown


def test_the_page_says_that_the_runs_were_trained_elsewhere(
    theirs: StudyRecord, without_figures: Files
) -> None:
    shown = words(without_figures(elsewhere(theirs)))
    assert "Exploratory, no claim is tested. These runs were trained elsewhere" in shown
    assert "whether any stalled is not known" in shown
    assert "whether their seeds resplit the data is not known" in shown
    assert "At one rate for all" in shown


def test_rates_that_are_not_known_are_not_said_to_be_equal(
    theirs: StudyRecord, without_figures: Files
) -> None:
    shown = words(without_figures(elsewhere(theirs, **{"optimizer.learning_rate": np.nan})))
    assert "At one rate for all" not in shown
    assert "Rates are given, not tuned: not a comparison of methods." in shown


def test_a_classification_is_one_without_its_majority(theirs: StudyRecord, without_figures: Files) -> None:
    files = without_figures(elsewhere(theirs, majority_accuracy=np.nan))
    shown = words(files)
    assert "has the highest test accuracy" in shown
    assert "the majority class's accuracy." not in shown
    assert "convergence_accuracy_by_update.csv" in files


def test_data_without_a_name_are_unknown(theirs: StudyRecord, without_figures: Files) -> None:
    assert "On unknown data, " in words(without_figures(elsewhere(theirs, dataset="")))


def test_epochs_that_are_not_known_are_not_drawn(theirs: StudyRecord, without_figures: Files) -> None:
    record = elsewhere(theirs)
    files = without_figures(
        StudyRecord(record.spec, record.runs, record.history.assign(epoch=np.nan), {}, None)
    )
    assert "convergence_log_loss_by_update.csv" in files
    assert "convergence_log_loss_by_epoch.csv" not in files


def test_what_was_not_measured_at_a_step_is_no_divergence(
    theirs: StudyRecord, without_figures: Files
) -> None:
    record = elsewhere(theirs)
    # Validation at every other step, as most tools do it.
    history = record.history.copy()
    history.loc[history.groupby("run_id").cumcount() % 2 == 1, "validation_log_loss"] = np.nan
    files = without_figures(StudyRecord(record.spec, record.runs, history, {}, None))
    curves = pd.read_csv(io.BytesIO(files["convergence_log_loss_by_update.csv"]))
    assert set(curves["kind"]) == {"mean", "seed"}
    curves = curves[curves["kind"] == "mean"]
    assert np.isfinite(curves["centre"]).all()
    whole = bands(record.history, record.runs, ["validation_log_loss"])
    assert curves.groupby("arm").size().eq(4).all()
    expected = whole[whole["update"].isin(curves["update"])]["centre"].to_numpy()
    assert curves["centre"].to_numpy() == pytest.approx(expected)


def test_runs_without_test_scores_have_curves_and_no_final_scores(
    theirs: StudyRecord, without_figures: Files
) -> None:
    final = {column: np.nan for column in theirs.runs.columns if column.startswith("test_")}
    files = without_figures(elsewhere(theirs, majority_accuracy=np.nan, **final))
    assert "no arm has a finite test accuracy" in words(files)
    assert "convergence_accuracy_by_update.csv" in files


def test_a_diverged_run_has_no_invented_accuracy(theirs: StudyRecord) -> None:
    record = elsewhere(theirs, majority_accuracy=np.nan)
    runs = record.runs.copy()
    runs.loc[runs["seed"] == 0, "outcome"] = "diverged"
    comparison = compare(StudyRecord(record.spec, runs, record.history, {}, None))
    scores = comparison.scores.set_index("metric")
    assert scores.loc["test_accuracy", "centre"].isna().all()
    assert np.isfinite(scores.loc["test_log_loss", "centre"]).all()


def test_runs_of_which_little_is_known_are_drawn(theirs: StudyRecord) -> None:
    unknown = {column: np.nan for column in theirs.runs.columns if column.startswith("test_")}
    unknown |= {"optimizer.learning_rate": np.nan, "majority_accuracy": np.nan}
    record = elsewhere(theirs, dataset="", **unknown)
    record.runs.loc[record.runs["seed"] == 0, "outcome"] = "diverged"
    history = record.history.assign(epoch=np.nan)
    history.loc[history.groupby("run_id").cumcount() % 2 == 1, "validation_log_loss"] = np.nan
    page = Wanted(("html",), figures=False, tables=False)
    shown = build(StudyRecord(record.spec, record.runs, history, {}, None), page)["index.html"].decode()
    assert '<figure id="convergence_log_loss_by_update"' in shown
    assert "by_epoch" not in shown
