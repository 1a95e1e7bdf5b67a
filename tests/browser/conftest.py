"""One store for the room, one server and one browser for each worker."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from tests.browser.hostile import plant
from tests.browser.serving import FRESH, WINDOW, chromium, lacking, served, sweep_and_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

STUDY = "demo"
GRID = ("study.question='Does *ReLU* fit a sine faster than tanh?'", "dataset=sine", "dataset.samples=100",
        "loss=mse", "dtype=float32", "activation=relu,tanh", "optimizer.learning_rate=0.05,1000",
        "architecture.hidden=[8,8,8]", "stopping.epochs=10", "diagnostics.measures=[gradient_norm]",
        "seed=range(0,3)")  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    pytest.importorskip("playwright.sync_api", reason="needs Playwright, which the extra `dev` brings")
    if missing := lacking():
        pytest.skip(missing)
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="session")
def store_to_look_at(browser: "Browser", store_template: Path, of_all_workers: Path) -> str:
    """The address of a store with a study that was swept and reported, and with one of hostile texts.

    Asked for after the browser, so that nothing is trained where none is.
    """
    folder = of_all_workers / "looked_at"
    store = f"sqlite:///{folder / 'mlruns' / 'mlflow.db'}"
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            (folder / "mlruns").mkdir(parents=True)
            shutil.copy(store_template, folder / "mlruns" / "mlflow.db")
            sweep_and_report(store, STUDY, GRID, folder)
            plant(store)
            (folder / "made").touch()
    return store


@pytest.fixture(scope="session")
def ui(store_to_look_at: str) -> Iterator[str]:
    """The address of the UI."""
    with served(store_to_look_at) as address:
        yield address


@pytest.fixture(scope="session")
def tabs(browser: "Browser") -> "BrowserContext":
    """Tabs with one cache, so that the UI's megabytes are read once."""
    context = browser.new_context(viewport=WINDOW)
    context.add_init_script(FRESH)
    context.set_default_timeout(30_000)
    return context


@pytest.fixture(scope="session")
def tab(tabs: "BrowserContext") -> "Page":
    """A tab in which the UI is loaded once: to go from view to view loads nothing again."""
    return tabs.new_page()


@pytest.fixture
def newcomers(tabs: "BrowserContext") -> Iterator["Page"]:
    """The tab of somebody who has just opened the browser."""
    made = tabs.new_page()
    yield made
    made.close()


@pytest.fixture
def page(tab: "Page") -> Iterator["Page"]:
    """The tab, remembering nothing of other tests."""
    if tab.url.startswith("http"):
        tab.evaluate("localStorage.clear(), sessionStorage.clear()")
    yield tab
    for each in tab.context.pages:
        if each is not tab:
            each.close()
