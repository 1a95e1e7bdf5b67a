"""From the command to the page: every study of the library in its smallest form."""

import os
import subprocess
import sys
from collections.abc import Callable
from html import escape
from pathlib import Path

import pandas as pd
import pytest

from harness import locations, studies
from harness.library import library
from harness.library import read as read_study
from harness.locations import PACKAGE
from harness.tracking import read
from harness.tracking.read import StudyRecord
from harness.tracking.store import connect
from reports import compare
from reports.__main__ import main as report
from reports.contents import contents
from reports.drawing import pictures_of
from reports.results.__main__ import main as results

LIBRARY = dict(library())
EACH = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in LIBRARY]
"""The studies, which share nothing, for any worker."""
ROOT = PACKAGE.parent


def swept(name: str, preset: str, app: Callable[..., object], store: str) -> StudyRecord:
    """Train a form of a study; every run has ended, and is in the store."""
    assert app(f"study={name}", f"sweep.preset={preset}", "executor=serial", "-m").status == 0
    found = read.study(f"{name}-{preset}", uri=store)
    assert set(found.runs["status"]) == {"FINISHED"}
    # A regression has no accuracy, but every run has a loss.
    assert not found.runs["test_loss"].isna().any()
    assert set(found.history["run_id"]) == set(found.runs["run_id"])
    return found


@pytest.mark.parametrize("name", EACH)
def test_a_study_is_trained_and_tracked_and_leads_with_verdicts_and_figures(
    name: str, app: Callable[..., object], store: str
) -> None:
    page = contents(compare(swept(name, "smoke", app, store)))
    assert page.question == " ".join(LIBRARY[name]["question"].split())
    assert len(page.cards) == len(LIBRARY[name]["claims"])
    assert {card.verdict for card in page.cards} <= {"supported", "refuted", "inconclusive"}
    leading = [
        drawing for section in page.sections if section.key == "leading" for drawing in section.drawings
    ]
    assert leading
    for drawn in pictures_of(leading, raster=False, processes=1).values():
        assert "<path" in drawn.svg


def reported(found: StudyRecord, store: str) -> None:
    """Ask for the report of what was swept: the page, its files, and the same in the store."""
    name = found.spec["name"]
    assert report([name]) == 0
    folder = Path("reports/output") / name
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert escape(" ".join(found.spec["question"].split())) in page
    assert list(folder.glob("*.png"))
    summary = pd.read_csv(folder / "summary.csv")
    assert set(summary["arm"]) == set(found.runs["arm"])
    attached = connect(store).list_artifacts(found.parent_run_id, "report")
    assert "report/index.html" in {artifact.path for artifact in attached}


def test_a_study_is_reported_in_a_page_which_the_store_holds_too(
    app: Callable[..., object], store: str
) -> None:
    reported(swept("sanity", "smoke", app, store), store)


@pytest.mark.slow
@pytest.mark.parametrize("name", EACH)
def test_the_form_for_teaching_gives_every_claim_a_verdict_and_a_page(
    name: str, app: Callable[..., object], store: str
) -> None:
    found = swept(name, "quick", app, store)
    judged = compare(found).verdicts.claims
    assert list(judged["claim"]) == [claim["name"] for claim in LIBRARY[name]["claims"]]
    assert set(judged["verdict"]) <= {"supported", "refuted", "inconclusive"}
    reported(found, store)


def test_the_results_of_what_was_run_are_one_document_that_a_second_look_does_not_change(
    app: Callable[..., object], store: str
) -> None:
    assert app("study=sanity", "sweep.preset=smoke", "executor=serial", "-m").status == 0
    folder = Path("reports/output/results-smoke")
    written = []
    for _ in range(2):
        assert results(["--preset", "smoke"]) == 0
        written.append({path.name: path.read_bytes() for path in folder.rglob("*.*")})
    assert written[0] == written[1]
    told = written[0]["results.md"].decode()
    assert told.count("| not run |") == len(LIBRARY) - 1
    for claim in LIBRARY["sanity"]["claims"]:
        assert told.count(" ".join(claim["sentence"].split())) == 2
    assert "made by commit" in told
    assert any(name.startswith("sanity.") for name in written[0])


@pytest.fixture
def sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two studies that can be asked, one of files that are missing, and two that are wrong."""
    for name in ("convergence", "sanity"):
        (tmp_path / f"{name}.yaml").write_bytes((ROOT / "sweeps" / f"{name}.yaml").read_bytes())
    (tmp_path / "broken.yaml").write_text("name: broken\nquestion: [Is it so?\n")
    (tmp_path / "wrong.yaml").write_text("name: wrong\nquestion: Is it so?\ngrid: [[activation=rely]]\n")
    (tmp_path / "images.yaml").write_text(
        "name: images\ngrid: [[activation=relu, dataset=idx, dataset.folder=nowhere]]\n"
        "presets: {quick: {grid: [[dataset=moons]]}}\n"
    )
    monkeypatch.setattr(locations, "SWEEPS", tmp_path)
    return tmp_path


def test_a_study_is_listed_with_its_question_its_claims_and_what_each_form_costs(
    capsys: pytest.CaptureFixture[str], sweeps: Path
) -> None:
    assert studies.main([]) == 2
    printed = capsys.readouterr()
    broken, wrong = printed.err.splitlines()
    assert broken.startswith(f"broken: {sweeps / 'broken.yaml'}, line 2: ")
    assert wrong.startswith("wrong: ")
    assert "did you mean 'relu'" in wrong
    for name in ("convergence", "sanity"):
        content = read_study(name)
        found = {form.name: form for form in studies.forms(content)}
        assert set(found) == {"full", *content["presets"]}
        sizes = [form.seconds for form in found.values()]
        assert sizes == sorted(sizes, reverse=True)
        assert f"make sweep STUDY={name} PRESET=smoke" in printed.out
        assert f"{found['full'].runs:,} runs of {found['full'].arms} arms" in printed.out
        assert f"{name}: {len(content['claims'])} claims" in printed.out
        assert " ".join(content["question"].split())[:60] in " ".join(printed.out.split())
    assert "images: no claims\n  (the study states no question)" in printed.out
    assert "All 3 (STUDY=all): " in printed.out


@pytest.mark.usefixtures("sweeps")
def test_of_all_studies_those_whose_files_are_missing_are_left_out_with_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert studies.main(["--names"]) == 0
    printed = capsys.readouterr()
    # Those that are wrong are refused when their turn comes.
    assert printed.out.split() == ["broken", "convergence", "sanity", "wrong"]
    (line,) = printed.err.splitlines()
    assert line.startswith("images: left out, needs files: dataset.folder = 'nowhere': ")
    assert studies.main(["--names", "--preset", "quick"]) == 0
    assert "images" in capsys.readouterr().out


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


PYTHON = """#!/bin/sh
case "$*" in *--names*) echo $LISTED; exit ${REFUSED:-0};; esac
echo "ran $*"
case "$*" in
  *study=two*) exit 1;;
  *"reports two"*) exit 2;;
  *study=three*) exit $THREE;;
esac
"""
"""Stands in for the interpreter: of the second study a run fails, and there is nothing to report."""


def make_all(
    tmp_path: Path, target: str, three: int, *options: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Ask for all of four studies, of which the third ends with a status."""
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    asked = ["make", "-s", "-o", "setup", target, f"BIN={tmp_path}", *(options or ["STUDY=all"])]
    told = os.environ | {"THREE": str(three), "LISTED": "one two three four"} | environment
    return subprocess.run(asked, cwd=ROOT, env=told, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not (ROOT / "Makefile").exists(), reason="the Makefile is not part of a wheel")
def test_make_goes_on_where_a_study_fails_or_is_refused_and_tells_of_each_at_the_end(tmp_path: Path) -> None:
    done = make_all(tmp_path, "sweep", 2)
    assert done.returncode == 2
    ran = [line.removeprefix("ran -m ") for line in done.stdout.splitlines()]
    trained = {name: f"harness study={name} -m" for name in ("one", "two", "three", "four")}
    assert ran == [
        *(trained["one"], "reports one"),
        *(trained["two"], "reports two"),
        trained["three"],
        *(trained["four"], "reports four"),
    ]
    *_, one, two, three, four, _ = done.stderr.splitlines()
    assert (one, four) == ("one: done", "four: done")
    assert two.startswith("two: something failed")
    assert three.startswith("three: refused")


@pytest.mark.skipif(not (ROOT / "Makefile").exists(), reason="the Makefile is not part of a wheel")
def test_make_writes_the_results_once_every_study_was_asked_for_but_not_if_one_was_stopped(
    tmp_path: Path,
) -> None:
    done = make_all(tmp_path, "results", 2)
    assert done.returncode == 2
    assert done.stdout.splitlines()[-1] == "ran -m reports.results"
    assert "-m reports one" not in done.stdout
    stopped = make_all(tmp_path, "results", 130)
    assert stopped.returncode == 2
    assert "reports.results" not in stopped.stdout
    assert "study=four" not in stopped.stdout


@pytest.mark.skipif(not (ROOT / "Makefile").exists(), reason="the Makefile is not part of a wheel")
@pytest.mark.parametrize("target", ["sweep", "plan", "results"])
def test_make_asks_for_all_studies_only_where_it_knows_them(tmp_path: Path, target: str) -> None:
    unknown = make_all(tmp_path, target, 0, REFUSED="1")
    none = make_all(tmp_path, target, 0, LISTED="")
    assert unknown.returncode == none.returncode == 2
    assert unknown.stdout == none.stdout == ""
    assert none.stderr.startswith("STUDY=all: no study to ask for")


@pytest.mark.skipif(not (ROOT / "Makefile").exists(), reason="the Makefile is not part of a wheel")
def test_make_writes_the_results_of_all_studies_and_of_no_other_choice(tmp_path: Path) -> None:
    for option in ("STUDY=one", "GRID=activation=relu"):
        refused = make_all(tmp_path, "results", 0, option)
        assert refused.returncode == 2
        assert refused.stdout == ""
        assert refused.stderr.startswith("make results: is of all studies; not allowed: ")
        assert option in refused.stderr
    # What another command was told by the environment is not meant here.
    done = make_all(tmp_path, "results", 0, "PRESET=", STUDY="one", GRID="activation=relu")
    assert "ran -m harness study=four -m" in done.stdout


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
