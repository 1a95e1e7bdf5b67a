"""Whoever opens a report from disk reads, sorts, toggles and prints it, and it asks nobody for anything."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from reports.page import build
from reports.saving import save
from tests.reports.conftest import synthetic

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

PLANTED = '<img src=x onerror="window.planted = 1">'
CLOSING = "</script><script>window.planted = 2</script>"
CURVES = "convergence_log_loss_by_update"
SUMMARY = "table#summary"
CONTRASTS = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const weights = [0.2126, 0.7152, 0.0722];
  const luminance = (colour) => weights.reduce((sum, weight, at) => sum + weight * light(colour[at]), 0);
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement, text = walk.currentNode.textContent.trim();
    if (!text || ["SCRIPT", "STYLE"].includes(element.tagName) || !element.checkVisibility()) continue;
    const own = getComputedStyle(element);
    let colour = parse(element.closest("svg") ? own.fill : own.color);
    // What is written in pure black or white stands on a colour of its own.
    if (element.closest("svg") && [0, 765].includes(colour[0] + colour[1] + colour[2])) continue;
    let ground = null, share = 1;
    for (let each = element; each; each = each.parentElement) {
      const style = getComputedStyle(each);
      share *= Number(style.opacity);
      const behind = parse(style.backgroundColor);
      if (!ground && (behind.length === 3 || behind[3] > 0)) ground = behind;
    }
    colour = colour.slice(0, 3).map((part, place) => share * part + (1 - share) * ground[place]);
    const [low, high] = [luminance(colour), luminance(ground)].sort((one, other) => one - other);
    found.push([(high + 0.05) / (low + 0.05), text, own.fill, own.color]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report whose study and one arm are called so that a careless page would run them."""
    record = synthetic(
        {"activation": ["relu", "sigmoid", PLANTED, CLOSING]},
        layers=3,
        rows=12,
        diverged=[("sigmoid", 3.0, 101)],
        name=PLANTED,
        question=f"{PLANTED} {CLOSING}",
        warnings=PLANTED,
        complaints=[("relu", 0.3, "plateau")],
    )
    path = tmp_path_factory.mktemp("report")
    save(build(record), path)
    return path


@pytest.fixture
def opened(browser: "Browser", folder: Path) -> Iterator[Callable[..., "Page"]]:
    """Open the report as a browser with these settings does; nothing may be said, asked or run meanwhile."""
    said: list[str] = []
    asked: list[str] = []
    contexts = []

    def open_report(**settings: Any) -> "Page":
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((folder / "index.html").as_uri())
        return page

    yield open_report
    if contexts[0].pages[0].evaluate("typeof window.planted") != "undefined":
        said.append("planted")
    for context in contexts:
        context.close()
    assert said == []
    assert asked == [(folder / "index.html").as_uri()] * len(contexts)


def drawn(figure: "Locator", kind: str) -> int:
    """Count the marks of a kind that a figure shows."""
    shown = "each => getComputedStyle(each).display !== 'none'"
    return int(figure.locator(f".{kind}").evaluate_all(f"marks => marks.filter({shown}).length"))


def column(page: "Page", header: int) -> list[str]:
    return page.locator(f"{SUMMARY} tbody tr td:nth-child({header})").all_inner_texts()


def test_names_that_are_scripts_are_shown_and_do_nothing(opened: Callable[..., "Page"]) -> None:
    page = opened()
    assert page.title() == f"{PLANTED}: report"
    assert PLANTED in page.locator("h1").inner_text()
    assert page.locator("img, iframe, object").count() == 0
    assert page.locator("script").count() == 2
    assert page.locator("svg text", has_text=CLOSING).count() > 0


def test_a_table_is_sorted_by_a_click_and_by_a_key(opened: Callable[..., "Page"]) -> None:
    page = opened()
    headers = page.locator(f"{SUMMARY} th").all_inner_texts()
    place = headers.index("test accuracy") + 1
    header = page.locator(f"{SUMMARY} th:nth-child({place})")
    header.get_by_role("button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    upwards = [float(re.match(r"[\d.]+", cell)[0]) for cell in column(page, place)]  # type: ignore[index]
    assert upwards == sorted(upwards)
    assert len(set(upwards)) > 1
    header.get_by_role("button").press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    assert [float(re.match(r"[\d.]+", cell)[0]) for cell in column(page, place)] == upwards[::-1]  # type: ignore[index]
    page.locator(f"{SUMMARY} th:nth-child(1) button").click()
    assert header.get_attribute("aria-sort") is None
    assert column(page, 1)[-2:] == ["relu", "sigmoid"]


def test_a_table_is_copied_as_csv_with_every_digit(opened: Callable[..., "Page"], folder: Path) -> None:
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    page.locator("section", has=page.locator("table#tuning")).get_by_role("button", name="copy as CSV").nth(
        0
    ).click()
    page.get_by_role("button", name="copied").wait_for()
    copied = list(csv.reader(io.StringIO(page.evaluate("navigator.clipboard.readText()"))))
    table = pd.read_csv(folder / "tuning.csv")
    assert copied[0][:2] == ["arm", "chosen learning rate"]
    assert [row[0] for row in copied[1:]] == table["arm"].tolist()
    means = copied[0].index("mean validation log loss")
    assert [float(row[means]) for row in copied[1:]] == table["mean"].tolist()


def test_a_curve_tells_its_values(opened: Callable[..., "Page"], folder: Path) -> None:
    page = opened()
    figure = page.locator(f"figure#{CURVES}")
    figure.scroll_into_view_if_needed()
    line = figure.locator(".curve[data-line] path").first.evaluate(
        """path => {
          const point = path.getPointAtLength(path.getTotalLength() * 0.6);
          const seen = point.matrixTransform(path.getScreenCTM());
          return [seen.x, seen.y];
        }"""
    )
    page.mouse.move(*line)
    told = figure.get_by_role("status")
    assert told.count() == 1
    name, x, y, band = told.inner_text().splitlines()
    rows = pd.read_csv(folder / f"{CURVES}.csv")
    row = rows[
        (rows["arm"] == name) & (rows["update"] == float(x.removeprefix("updates: ").replace(",", "")))
    ]
    row = row[row["centre"].notna()].iloc[0]
    assert float(y.removeprefix("validation log loss: ")) == pytest.approx(row["centre"], rel=1e-3)
    low, high = band.removeprefix("band: ").split(" to ")
    assert [float(low), float(high)] == pytest.approx([row["low"], row["high"]], rel=1e-3)
    page.keyboard.press("Escape")
    assert told.count() == 0


def test_an_arm_is_hidden_and_shown_by_its_entry_of_the_legend(opened: Callable[..., "Page"]) -> None:
    page = opened()
    figure = page.locator(f"figure#{CURVES}")
    curves, bands = drawn(figure, "curve"), drawn(figure, "band")
    entry = figure.get_by_role("button", name="sigmoid")
    entry.click()
    assert entry.get_attribute("aria-pressed") == "false"
    assert (drawn(figure, "curve"), drawn(figure, "band")) == (curves - 1, bands - 1)
    entry.press("Enter")
    assert entry.get_attribute("aria-pressed") == "true"
    assert (drawn(figure, "curve"), drawn(figure, "band")) == (curves, bands)


def test_single_seeds_are_shown_on_request(opened: Callable[..., "Page"]) -> None:
    page = opened()
    figure = page.locator(f"figure#{CURVES}")
    assert drawn(figure, "seed") == 0
    figure.get_by_role("checkbox", name="single seeds").check()
    assert drawn(figure, "seed") == 4
    paths = figure.locator(".seed path").evaluate_all("paths => paths.map(path => path.getAttribute('d'))")
    assert sum(path.count("M") for path in paths) == 4 * 5
    figure.get_by_role("button", name="sigmoid").click()
    assert drawn(figure, "seed") == 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_told_from_the_paper(opened: Callable[..., "Page"], scheme: str) -> None:
    page = opened(color_scheme=scheme)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    page.locator(f"figure#{CURVES}").get_by_role("button", name="sigmoid").click()
    found = page.evaluate(CONTRASTS)
    assert len(found) > 500
    assert [each for each in found if each[0] < 4.5] == []
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(23, 24, 26)")


@pytest.mark.parametrize("script", [True, False])
def test_a_phone_scrolls_figures_and_tables_and_not_the_page(
    opened: Callable[..., "Page"], script: bool
) -> None:
    page = opened(viewport={"width": 400, "height": 800}, has_touch=True, java_script_enabled=script)
    for each in page.locator("summary").all():
        each.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    wide = page.locator(".sheet").first
    assert wide.evaluate("each => each.scrollWidth > each.clientWidth")
    table = page.locator(".wide", has=page.locator(SUMMARY))
    assert table.evaluate("each => each.scrollWidth > each.clientWidth")
    seen = table.bounding_box()
    caption = table.locator("caption > div").bounding_box()
    assert seen
    assert caption
    assert caption["x"] + caption["width"] <= seen["x"] + seen["width"] + 0.5


def test_on_paper_there_are_no_controls(opened: Callable[..., "Page"]) -> None:
    page = opened(color_scheme="dark")
    controls = page.locator("nav, .tools, .files, button.copy, input")
    assert any(each.is_visible() for each in controls.all())
    page.emulate_media(media="print", color_scheme="dark")
    assert not any(each.is_visible() for each in controls.all())
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    header = page.locator(f"{SUMMARY} th").first
    assert header.inner_text() == "arm"
    assert header.is_visible()
    assert page.locator("svg").first.is_visible()


def test_what_is_folded_is_printed_without_scripts(opened: Callable[..., "Page"]) -> None:
    page = opened(java_script_enabled=False)
    folded = page.locator("details > :not(summary)").first
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.is_visible()


def test_without_scripts_everything_is_there(opened: Callable[..., "Page"], folder: Path) -> None:
    page = opened(java_script_enabled=False)
    assert page.locator("figure svg").count() == len(list(folder.glob("*.svg")))
    assert page.locator(f"figure#{CURVES} svg").is_visible()
    assert page.locator(f"{SUMMARY} tbody tr").count() == 4
    assert page.locator("button, input").count() == 0
