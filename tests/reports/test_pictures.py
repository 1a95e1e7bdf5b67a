"""Figures as pictures: what becomes of their SVG, and what a page is told of their curves."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from reports import contrast, vector
from reports.figures.marks import key, mark
from reports.figures.style import house_style, sheet
from reports.pictures import picture

HOSTILE = '<img src=x onerror="alert(1)"> --> ]]> " style="fill:red" \ufffe & $x^2$'
COLOUR = "#d55e00"


@house_style
def curves(label: str = "relu", *, points: int = 5, seeds: int = 2) -> Figure:
    """Draw a curve with its band, single seeds, and a panel beside that has no title of its own."""
    figure, (left, right) = sheet(label, f"Subtitle of {label}", 1, 2)
    at = np.linspace(1.0, 100.0, points)
    for axes in (left, right):
        axes.set_xscale("log")
        line = axes.plot(at, at / 2, color=COLOUR)[0]
        mark(line, "curve", label, low=at / 2 - 1, high=np.full(points, np.inf))
        mark(axes.fill_between(at, at / 3, at, color=COLOUR, alpha=0.2), "band", label)
        several = np.concatenate([np.append(at, np.nan)] * seeds)
        mark(axes.plot(several, several / 2, color=COLOUR, linewidth=0.4)[0], "seed", label)
        axes.set_xlabel("updates")
    left.set_ylabel("loss")
    left.text(1, 1, label)
    return figure


def shapes(svg: str, kind: str) -> list[ElementTree.Element]:
    return [
        element for element in ElementTree.fromstring(svg).iter() if kind in element.get("class", "").split()
    ]


def test_texts_of_a_figure_are_texts_and_do_nothing() -> None:
    drawn = picture(curves(HOSTILE), "one", HOSTILE, raster=False)
    for svg in (drawn.inline, drawn.svg):
        elements = list(ElementTree.fromstring(svg).iter())
        assert {element.tag.rpartition("}")[2] for element in elements} <= {
            *("svg", "title", "desc", "defs", "g", "path", "use", "clipPath", "rect", "text")
        }
        assert not any(name.startswith("on") for element in elements for name in element.attrib)
        texts = [element.text for element in elements if element.tag == f"{vector.SVG}text"]
        assert HOSTILE.replace("\ufffe", "\ufffd") in texts
    assert drawn.title == HOSTILE
    assert not any("red" in style for style in drawn.styles.values())


def test_two_figures_of_a_page_share_no_identifier() -> None:
    one, other = (picture(curves(), name, "", raster=False).inline for name in ("one", "other"))
    first, second = (set(re.findall(r' id="([^"]*)"', svg)) for svg in (one, other))
    assert first
    assert not first & second
    for svg, own in ((one, first), (other, second)):
        used = set(re.findall(r'(?:url\(|href=")#([\w-]+)', svg))
        assert used == own


def test_a_figure_says_what_it_shows_to_who_does_not_see_it() -> None:
    drawn = picture(curves("Losses"), "one", "Means of 5 seeds.", raster=False)
    root = ElementTree.fromstring(drawn.inline)
    assert (root.get("role"), root.get("aria-label")) == ("img", "Losses")
    assert root.get("aria-describedby") == "one-caption"
    alone = ElementTree.fromstring(drawn.svg)
    assert [element.text for element in alone[:2]] == ["Losses", "Means of 5 seeds."]
    assert not re.search("metadata|dc:|matplotlib|[12][0-9]{3}-[0-9]{2}", drawn.svg)


def test_colours_of_arms_and_greys_are_left_to_the_page_and_stay_in_the_file() -> None:
    drawn = picture(curves(), "one", "", raster=False)
    assert drawn.lines == (COLOUR,)
    styles = " ".join(drawn.styles.values())
    assert f"stroke:var(--line-{COLOUR[1:]},{COLOUR})" in styles
    assert "fill:var(--ink,#262626)" in styles
    assert "fill:var(--paper,#ffffff)" in styles
    assert "var(" not in drawn.svg
    assert COLOUR in drawn.svg


def test_single_seeds_are_on_the_page_alone() -> None:
    drawn = picture(curves(), "one", "")
    assert drawn.seeds
    assert shapes(drawn.inline, "seed")
    assert not shapes(drawn.svg, "seed")
    assert drawn.png == picture(curves(seeds=3), "one", "").png
    assert drawn.png[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_thousand_seeds_take_no_more_room_than_a_page_has() -> None:
    drawn = picture(curves(points=200, seeds=400), "one", "", raster=False)
    paths = [
        path.get("d", "") for seed in shapes(drawn.inline, "seed") for path in seed.iter(f"{vector.SVG}path")
    ]
    assert sum(path.count("M") for path in paths) == 2 * 400
    assert sum(len(re.findall("[ML]", path)) for path in paths) <= 1.2 * vector.MOST_SEED_POINTS


def test_curves_tell_where_they_lie_and_what_they_show() -> None:
    figure = curves()
    told = picture(figure, "one", "", raster=False).values
    assert told["names"] == {key("relu"): "relu"}
    assert [(panel["x"], panel["y"]) for panel in told["panels"]] == [("updates", "loss")] * 2
    panel = told["panels"][0]
    (curve,) = panel["curves"]
    place = panel["places"][curve["place"]]
    assert place["x"] == [1.0, 25.75, 50.5, 75.25, 100.0]
    assert curve["y"] == [0.5, 12.88, 25.25, 37.62, 50.0]
    assert curve["low"][0] == -0.5
    assert curve["high"] == ["∞"] * 5
    # The ends of the path that is drawn are those that are told.
    (path,) = (path for shape in shapes(picture(figure, "one", "").inline, "curve")[:1] for path in shape)
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", path.get("d", ""))]
    assert numbers[:2] == pytest.approx([place["at"][0], curve["at"][0]], abs=0.06)
    assert numbers[-2:] == pytest.approx([place["at"][-1], curve["at"][-1]], abs=0.06)
    left, top, right, bottom = panel["box"]
    assert left <= place["at"][0] < place["at"][-1] <= right
    assert top <= min(curve["at"]) < max(curve["at"]) <= bottom


def test_contrast_is_that_of_wcag() -> None:
    assert contrast.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("paper", ["#ffffff", "#17181a"])
@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#ece133", "#440154", "#0173b2"])
def test_a_line_of_any_colour_can_be_told_from_the_paper(colour: str, paper: str) -> None:
    moved = contrast.on_paper(colour, paper)
    assert contrast.contrast(moved, paper) >= 3
    if contrast.contrast(colour, paper) >= 3:
        assert moved == colour
