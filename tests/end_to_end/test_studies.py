"""From the command to the page: every study of the library in its smallest form."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from harness import studies
from harness.library import library
from harness.locations import PACKAGE
from harness.tracking import read
from harness.tracking.store import connect
from reports.__main__ import main as report

STUDIES = [name for name, _ in library()]
ROOT = PACKAGE.parent


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_is_trained_tracked_and_reported(name: str, app: Callable[..., object], store: str) -> None:
    assert app(f"study={name}", "sweep.preset=smoke", "executor=serial", "-m").status == 0
    small = f"{name}-smoke"
    found = read.study(small, uri=store)
    assert set(found.runs["status"]) == {"FINISHED"}
    assert not found.runs["test_accuracy"].isna().any()
    assert set(found.history["run_id"]) == set(found.runs["run_id"])

    assert report([small]) == 0
    folder = Path("reports/output") / small
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert found.spec["question"] in page
    assert list(folder.glob("*.png"))
    summary = pd.read_csv(folder / "summary.csv")
    assert set(summary["arm"]) == set(found.runs["arm"])
    attached = connect(store).list_artifacts(found.parent_run_id, "report")
    assert "report/index.html" in {artifact.path for artifact in attached}


def test_every_study_is_listed_with_its_question_and_what_each_form_costs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert studies.main([]) == 0
    listed = capsys.readouterr().out
    for name, content in library():
        found = {form.name: form for form in studies.forms(content)}
        assert set(found) == {"full", *content["presets"]}
        sizes = [form.seconds for form in found.values()]
        assert sizes == sorted(sizes, reverse=True)
        assert f"make sweep STUDY={name} PRESET=smoke" in listed
        assert f"{found['full'].runs:,} runs of {found['full'].arms} arms" in listed
        assert " ".join(content["question"].split())[:60] in " ".join(listed.split())


def make_plan(*options: str) -> subprocess.CompletedProcess[str]:
    """Plan with this environment, and a store that nothing could be written to."""
    return subprocess.run(
        ["make", "-s", "-o", "setup", "plan", f"BIN={Path(sys.executable).parent}", *options],
        cwd=ROOT,
        env=os.environ | {"MLFLOW_TRACKING_URI": "sqlite:////nowhere/at/all.db"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not (ROOT / "Makefile").exists(), reason="the Makefile is not part of a wheel")
def test_make_hands_a_grid_over_unparsed() -> None:
    grid = "dataset=moons activation=relu,tanh seed=range(0,3) architecture.hidden=[4],[8,4]"
    done = make_plan(f"GRID={grid}")
    assert done.returncode == 0
    assert "12 runs of 4 arms, 0 of them done" in done.stdout


@pytest.mark.skipif(not (ROOT / "Makefile").exists(), reason="the Makefile is not part of a wheel")
@pytest.mark.parametrize("asked", ["STUDY=convergence", "GRID=dataset=moons seed=range(0,3)"])
def test_make_hands_checks_over(asked: str) -> None:
    done = make_plan(asked, "CHECKS=perhaps")
    assert "checks.gradients = 'perhaps': must be a valid boolean" in done.stderr


@pytest.mark.skipif(not (ROOT / "Makefile").exists(), reason="the Makefile is not part of a wheel")
def test_make_asks_for_every_study_in_turn_and_stops_where_one_is_refused() -> None:
    done = make_plan("STUDY=all", "PRESET=smoke")
    assert done.returncode == 0
    assert done.stdout.count(" of them done") == len(STUDIES)
    refused = make_plan("STUDY=all", "PRESET=tiny")
    assert refused.returncode == 2
    assert refused.stderr.count("sweep.preset") == 1


@pytest.mark.skipif(not (ROOT / "Makefile").exists(), reason="the Makefile is not part of a wheel")
@pytest.mark.parametrize(
    ("options", "reported"),
    [
        ([], "convergence"),
        (["STUDY=vanishing_gradient", "PRESET=smoke"], "vanishing_gradient-smoke"),
        (["GRID=seed=range(0,3)"], "adhoc"),
        (["STUDY=all", "PRESET=smoke"], "$study-smoke"),
        (["GRID=study.name=mine seed=range(0,3)"], "mine"),
        (["GRID=study=sanity activation=relu"], "sanity"),
        (["GRID=study=sanity sweep.preset=smoke"], "sanity-smoke"),
    ],
)
def test_make_reports_what_it_swept(options: list[str], reported: str) -> None:
    done = subprocess.run(
        ["make", "-n", "-o", "setup", "sweep", *options], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert f'-m reports "{reported}"' in done.stdout
