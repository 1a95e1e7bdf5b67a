"""Names, tags and questions that are scripts, paths or pages long are shown as what they are: texts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from harness.tracking.store import connect
from harness.tracking.texts import run_name
from harness.tracking.views import ARMS, RUNS, View
from tests.browser.hostile import IMAGE, SCRIPT, STUDY, TEXTS

if TYPE_CHECKING:
    from mlflow.entities import Run
    from playwright.sync_api import Page

# What stores and reports make of such texts, quick tests of theirs say.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def planted(store_to_look_at: str) -> dict[str, "Run"]:
    """The runs of the hostile study by name; the sweep by `sweep`."""
    client = connect(store_to_look_at)
    experiment = client.get_experiment_by_name(STUDY).experiment_id
    found = client.search_runs([experiment])
    named = {run.info.run_name: run for run in found}
    return named | {"sweep": next(run for run in found if run.data.tags["harness.kind"] == "sweep")}


@pytest.fixture
def watched(page: "Page", ui: str) -> Iterator["Page"]:
    """A tab on which no script of a text may have run, nor anything be asked of another machine."""
    dialogs, asked = [], []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    yield page
    assert page.evaluate("window.planted") is None
    assert dialogs == []
    assert [url for url in asked if not url.startswith((ui, "blob:", "data:"))] == []


@pytest.mark.parametrize("view", [RUNS, ARMS])
def test_a_list_shows_names_as_text(watched: "Page", ui: str, planted: dict[str, "Run"], view: View) -> None:
    experiment = planted["sweep"].info.experiment_id
    watched.goto(f"{ui}/{view.address(experiment)}")
    grid = watched.get_by_role("grid")
    for text in TEXTS.values():
        name = run_name(f"{text} · 1 seed" if view is ARMS else text)
        grid.locator("a", has_text=name).first.wait_for()
    watched.get_by_text(SCRIPT).first.wait_for()
    if view is ARMS:
        watched.locator(".js-plotly-plot .scatterlayer").first.wait_for(state="attached")


def test_a_sweep_shows_its_question_as_text(watched: "Page", ui: str, planted: dict[str, "Run"]) -> None:
    about = planted["sweep"].info
    watched.goto(f"{ui}/#/experiments/{about.experiment_id}/runs/{about.run_id}")
    watched.get_by_role("heading", name=STUDY).wait_for()
    question = watched.locator("strong", has_text=SCRIPT)
    question.wait_for()
    assert IMAGE in question.inner_text()
    assert question.locator("img, script, iframe").count() == 0
    assert question.locator("a[href^='javascript']").count() == 0


def test_a_run_shows_its_name_as_text(watched: "Page", ui: str, planted: dict[str, "Run"]) -> None:
    for text in TEXTS.values():
        name = run_name(text)
        about = planted[name].info
        watched.goto(f"{ui}/#/experiments/{about.experiment_id}/runs/{about.run_id}")
        watched.get_by_role("heading", name=name).wait_for()
        watched.get_by_text("harness.labels").first.wait_for()


def test_the_list_of_experiments_shows_a_study_of_such_a_name(watched: "Page", ui: str) -> None:
    watched.goto(f"{ui}/#/experiments")
    watched.get_by_role("link", name=STUDY).wait_for()
