"""`python -m tests.browser.pictures`: take the pictures of docs/images anew."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from PIL import Image

from harness.tracking.store import connect
from harness.tracking.views import ARMS, RUNS, View
from tests.browser.serving import FRESH, ROOT, chromium, served, sweep_and_report

if TYPE_CHECKING:
    from playwright.sync_api import Page

IMAGES = ROOT / "docs" / "images"
STUDY = "vanishing"
GRID = ("study.question='Do gradients vanish on the way to the first layers, and with which activation?'",
        "dataset=digits", "dataset.samples=600", "activation=sigmoid,tanh,relu", "architecture.depth=5",
        "architecture.width=32", "optimizer.learning_rate=0.1", "stopping.epochs=20",
        "diagnostics.measures=[gradient_norm]", "seed=range(0,3)")  # fmt: skip
LAYERS = 6


def main() -> None:
    """Sweep a small study, open it as a user would, and keep what is seen."""
    IMAGES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        store = f"sqlite:///{folder}/mlruns/mlflow.db"
        sweep_and_report(store, STUDY, GRID, Path(folder))
        experiment = connect(store).get_experiment_by_name(STUDY).experiment_id
        with served(store) as ui, chromium() as browser:
            context = browser.new_context(viewport={"width": 1240, "height": 740})
            context.add_init_script(FRESH)
            page = context.new_page()

            def take(name: str, view: View, prepare: Callable[["Page"], None]) -> None:
                page.goto(f"{ui}/{view.address(experiment)}")
                page.get_by_role("grid").get_by_role("link", name="tanh").first.wait_for()
                prepare(page)
                box = page.get_by_role("main").bounding_box()
                page.screenshot(path=IMAGES / name, clip=box)
                # A palette takes half the room.
                Image.open(IMAGES / name).quantize(128).save(IMAGES / name, optimize=True)

            page.goto(ui)
            page.get_by_role("button", name="Toggle sidebar").click()
            take("runs.png", RUNS, lambda _: None)
            take("gradient_norms.png", ARMS, draw_gradient_norms)


def draw_gradient_norms(page: "Page") -> None:
    """Wait until the gradient norms of every layer have a line for each arm."""
    page.set_viewport_size({"width": 1240, "height": 1080})
    page.get_by_role("searchbox", name="Search metric charts").fill("^gradient_norm")
    lines = page.locator(".js-plotly-plot .scatterlayer path.js-line")
    lines.nth(3 * LAYERS - 1).wait_for(state="attached")


if __name__ == "__main__":
    main()
