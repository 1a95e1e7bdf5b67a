"""The studies of sweeps/: each asks one question, says whose claim it tests, and answers in every form."""

from functools import cache
from pathlib import Path

import pytest

from harness import studies
from harness.library import library
from harness.sweeping.claims import Estimated
from harness.sweeping.composing import default_composer
from harness.sweeping.expectations import expectations
from harness.sweeping.grid import Grid, expand
from harness.sweeping.settings import SweepKeys
from harness.sweeping.study import Study, build_study
from tests.idx_files import write

LIBRARY = dict(library())
STUDIES = sorted(LIBRARY)
TEXTS = ("question", "why", "method", "doubts")
FORMS = ("full", "quick", "smoke")
MOST_RUNS = {"full": 860, "quick": 150, "smoke": 60}
MOST_SECONDS = {"full": 160, "quick": 60, "smoke": 5}
"""Of one core, as a plan estimates."""
SEEDS = 20
"""That a claim about a mean is reported on."""


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that a user brings: MNIST's, of a few small images."""
    folder = tmp_path_factory.mktemp("brought")
    write(folder / "mnist", train=120, test=40, classes=10)
    return folder


@pytest.fixture(autouse=True)
def where_a_user_keeps_files(brought: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every study find what it needs."""
    monkeypatch.chdir(brought)


@cache
def form(name: str, which: str) -> tuple[Study, Grid]:
    """Return a study in one form, and its grid."""
    preset = None if which == "full" else which
    study, overrides = build_study(LIBRARY[name], preset)
    return study, expand(default_composer(), study, (), overrides, SweepKeys(preset=preset))


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_says_why_it_is_asked_who_claims_it_and_what_a_sceptic_would_say(name: str) -> None:
    content = LIBRARY[name]
    assert content["name"] == name
    for text in TEXTS:
        assert len(str(content.get(text) or "").split()) > 5, text
    for text in ("sources", "budgets", "figures", "claims"):
        assert content.get(text), text
    assert set(content["presets"]) == {"smoke", "quick"}


@pytest.mark.parametrize("name", STUDIES)
def test_every_form_is_one_that_a_user_can_afford(name: str) -> None:
    for found in studies.forms(LIBRARY[name]):
        assert found.runs <= MOST_RUNS[found.name], found
        assert found.seconds <= MOST_SECONDS[found.name], found


def test_a_form_whose_files_are_missing_is_told_and_the_others_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    found = {each.name: each for each in studies.forms(LIBRARY["nielsen_mnist"])}
    assert str(tmp_path / "mnist") in found["full"].lacking
    assert found["quick"].runs == 30
    said = studies.told("nielsen_mnist", LIBRARY["nielsen_mnist"], [*found.values()], 2)
    assert f"full   needs files: {found['full'].lacking}" in said


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("which", FORMS)
def test_every_form_tests_the_claims_or_says_which_it_does_not(name: str, which: str) -> None:
    study, grid = form(name, which)
    said = "\n".join(expectations(grid, study.claims, study.tune, {}, study.target))
    for claim in study.claims:
        assert f"claim {claim.name}: " in said
    assert grid.arms == list(study.arms or ())
    assert {point.run.seed for point in grid.points if point.role == "reported"} == set(study.seeds or ())
    if which == "full":
        assert "not tested" not in said


@pytest.mark.parametrize("name", STUDIES)
def test_a_claim_about_a_mean_is_reported_on_twenty_seeds_that_tuned_nothing(name: str) -> None:
    study, _ = build_study(LIBRARY[name], None)
    if any(isinstance(claim, Estimated) for claim in study.claims):
        assert len(study.seeds or ()) == SEEDS
    if study.tune is not None:
        assert not set(study.tune.seeds) & set(study.seeds or ())
