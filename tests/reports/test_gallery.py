"""The gallery shows every figure, by lines that draw it; what the docs do from Python can be done."""

import re
import warnings
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from reports import compare, figures, load
from tests.conftest import Once
from tests.reports.gallery import PAGE, SMALL, STUDY, draw, entries, run, study

GUIDE = PAGE.with_name("reports.md")
MOST_BYTES = 700_000

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the docs are not part of a wheel")


@pytest.fixture(scope="module")
def store(swept_once: Once) -> str:
    return swept_once(*study(SMALL, seeds=2, tuning=1))[0]


def test_every_figure_has_its_entry():
    assert {entry.heading for entry in entries()} == set(figures.__all__)
    headings = re.findall(r"^### `(\w+)`$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(figures.__all__)
    for entry in entries():
        assert f"figures.{entry.heading}(" in entry.code


def test_every_picture_is_there_and_all_are_small():
    shown = [entry.picture for entry in entries()]
    assert set(shown) == set(PAGE.parent.glob("images/gallery/*"))
    assert len(set(shown)) == len(shown)
    assert sum(picture.stat().st_size for picture in shown) < MOST_BYTES


def test_the_lines_of_every_entry_draw_its_figure(store):
    comparison = compare(load(STUDY, uri=store))
    for entry in entries():
        figure = draw(entry, comparison)
        assert isinstance(figure, Figure), entry.heading
        said = {text.get_text() for axes in figure.axes for text in axes.texts}
        assert not any(text.startswith("nothing to draw") for text in said), entry.heading


def test_the_guide_can_be_followed_in_a_notebook(store, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    names = {}
    cells = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(cells) > 5
    with warnings.catch_warnings():
        # fontTools, as it writes a PDF's letters.
        warnings.simplefilter("default")
        for cell in cells:
            run(cell.replace('"convergence"', f'"{STUDY}"'), names)
    assert Path("differences.pdf").read_bytes().startswith(b"%PDF")
