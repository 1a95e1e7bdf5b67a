"""Whoever opens MLflow's UI after a sweep finds by clicking what was asked and what came out."""

import re
from typing import TYPE_CHECKING

import pytest

from harness.tracking.store import connect
from harness.tracking.views import ARMS, RUNS
from tests.browser.conftest import STUDY

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ARM = "{} · learning_rate {} · mean of 3 seeds"
FIRST, DIVERGED, THIRD, LAST = (ARM.format(*arm) for arm in (("relu", "0.05"), ("relu", "1000.0"),
                                                           ("tanh", "0.05"), ("tanh", "1000.0")))  # fmt: skip
LAYERS = [f"gradient_norm/layer_{number:02d}" for number in (1, 2, 3, 4)]


@pytest.fixture(scope="module")
def experiment(store_to_look_at: str) -> str:
    return str(connect(store_to_look_at).get_experiment_by_name(STUDY).experiment_id)


@pytest.fixture
def arms(page: "Page", ui: str, experiment: str) -> "Page":
    """The page to which the link `one line an arm` leads."""
    page.goto(f"{ui}/{ARMS.address(experiment)}")
    run(page, LAST).wait_for()
    return page


@pytest.fixture
def runs(page: "Page", ui: str, experiment: str) -> "Page":
    """The page whose address a sweep prints at its end."""
    page.goto(f"{ui}/{RUNS.address(experiment)}")
    run(page, LAST).wait_for()
    return page


def run(page: "Page", name: str) -> "Locator":
    return page.get_by_role("grid").get_by_role("link", name=name, exact=True)


def listed(page: "Page") -> list[str]:
    """Return the names of the runs that are listed, from above."""
    return [text.strip() for text in page.get_by_role("grid").locator("a[href*='/runs/']").all_inner_texts()]


def sought(page: "Page", query: str) -> None:
    box = page.get_by_role("combobox", name="metrics.rmse")
    box.fill(query)
    box.press("Enter")


def seeds(arm: str) -> list[str]:
    return [arm.replace("mean of 3 seeds", f"seed {seed}") for seed in range(3)]


def test_a_sweep_is_listed_with_each_arm_beside_its_seeds(runs: "Page") -> None:
    arms = (FIRST, DIVERGED, THIRD, LAST)
    assert listed(runs) == ["demo · sweep", *(name for arm in arms for name in (arm, *seeds(arm)))]


def test_the_question_stands_above_the_list_and_leads_to_one_line_an_arm(runs: "Page") -> None:
    assert runs.get_by_text("fit a sine faster than tanh?").locator("em").inner_text() == "ReLU"
    with runs.context.expect_page() as opened:
        runs.get_by_role("link", name="one line an arm").click()
    run(opened.value, LAST).wait_for()
    assert listed(opened.value) == [FIRST, DIVERGED, THIRD, LAST]


def test_who_finds_a_study_in_the_list_of_experiments_sees_the_same_links(newcomers: "Page", ui: str) -> None:
    newcomers.goto(f"{ui}/#/experiments")
    newcomers.get_by_role("link", name=STUDY, exact=True).click()
    newcomers.locator("a", has_text="one line an arm").wait_for()
    # A slow page still has the row that was clicked, which shows the question too.
    newcomers.get_by_text("fit a sine faster than tanh?").last.wait_for()


def test_a_sweep_tells_its_question_and_how_its_runs_ended(runs: "Page") -> None:
    run(runs, "demo · sweep").click()
    runs.get_by_role("heading", name="demo · sweep").wait_for()
    told = runs.get_by_text("fit a sine faster than tanh?")
    assert told.locator("em").inner_text() == "ReLU"
    for outcome in ("runs/diverged", "runs/exhausted"):
        assert "6" in runs.get_by_role("row", name=outcome).inner_text()
    about = runs.get_by_text("About this run")
    # Nothing in the description is so wide that it pushes the second column off the page.
    box = about.bounding_box()
    assert box is not None
    assert box["x"] < 1200


def test_a_child_shows_its_parameters_and_how_it_ended(runs: "Page") -> None:
    run(runs, seeds(DIVERGED)[1]).click()
    runs.get_by_role("heading", name=seeds(DIVERGED)[1]).wait_for()
    runs.get_by_text("harness.outcome: diverged").wait_for()
    runs.get_by_placeholder("Search parameters").fill("optimizer.learning_rate")
    assert "1000.0" in runs.get_by_role("row", name="optimizer.learning_rate").inner_text()
    runs.get_by_role("link", name="demo · sweep").wait_for()


def test_a_child_has_charts_of_gradient_norms_by_layer_in_order(runs: "Page") -> None:
    run(runs, seeds(FIRST)[0]).click()
    runs.get_by_role("tab", name="Model metrics").click()
    runs.get_by_role("searchbox", name="Search metric charts").fill("gradient_norm")
    titles = runs.get_by_role("heading", name=re.compile("^layer_"))
    titles.nth(3).wait_for()
    assert titles.all_inner_texts() == [name.partition("/")[2] for name in LAYERS]
    drawn(runs, 4)


def test_arms_are_drawn_beside_each_other_layer_by_layer(arms: "Page") -> None:
    arms.get_by_role("searchbox", name="Search metric charts").fill("^gradient_norm")
    titles = arms.get_by_role("heading", name=re.compile(r"^gradient_norm.layer_\d\d$"))
    titles.nth(3).wait_for()
    assert titles.all_inner_texts() == LAYERS
    drawn(arms, 4)


def drawn(page: "Page", charts: int) -> None:
    """Wait until so many charts have a line; a chart that is still loading has none."""
    page.locator(".js-plotly-plot .scatterlayer path.js-line").nth(charts - 1).wait_for(state="attached")


def test_a_filter_by_outcome_leaves_what_diverged(runs: "Page") -> None:
    sought(runs, "tags.\"harness.outcome\" = 'diverged'")
    runs.get_by_text("6 matching runs").wait_for()
    assert listed(runs) == [*seeds(DIVERGED), *seeds(LAST)]


def test_two_arms_compared_show_the_parameters_in_which_they_differ(arms: "Page") -> None:
    for name in (FIRST, THIRD):
        row = arms.get_by_role("row").filter(has=arms.get_by_role("link", name=name, exact=True))
        row.get_by_role("checkbox", name="row selection").check()
    arms.get_by_role("button", name="Compare").click()
    arms.get_by_role("heading", name="Comparing 2 Runs").wait_for()
    text = arms.locator("main")
    for name in (FIRST, THIRD):
        text.get_by_text(name, exact=True).first.wait_for()
    shared = text.get_by_role("row", name=re.compile("^dataset.samples "))
    shared.wait_for()
    text.get_by_role("switch", name="Parameters - Show diff only").click()
    shared.wait_for(state="detached")
    differing = text.get_by_role("row", name=re.compile("^activation "))
    assert differing.first.inner_text().split() == ["activation", "relu", "tanh"]


def test_the_report_opens_where_the_sweep_says(runs: "Page") -> None:
    run(runs, "demo · sweep").click()
    runs.get_by_text("Show more").click()
    with runs.context.expect_page() as opened:
        runs.get_by_role("link", name="report/index.html").click()
    page = opened.value
    frame = page.frame_locator("iframe")
    frame.get_by_role("heading", name="Does *ReLU* fit a sine faster than tanh?").wait_for()
    frame.get_by_role("heading", name="Gradients by layer").first.wait_for()
