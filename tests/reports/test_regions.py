"""Decision regions: whose maps are drawn, at which moments, and in which colours."""

from dataclasses import replace
from io import StringIO

import numpy as np
import pandas as pd
import pytest

from reports.arms import Arm, Layout, Panel, layout_of, look
from reports.comparison import compare
from reports.figures import regions as drawn
from reports.maps import as_text
from reports.sections.regions import regions

BOUNDS = np.array([[-1.0, 2.0], [-3.0, 4.0]])


def maps_of(arm, updates=(0, 4, 17, 72, 300), *, classes=2, size=9, dead=()):
    """Make maps of one arm, whose class 1 grows from the left with the updates."""
    rows = []
    for place, update in enumerate(updates):
        across = np.linspace(0, 1, size)[None, :].repeat(size, axis=0)
        share = np.clip(across + 0.1 * place - 0.2, 0, 1).astype(np.float32)
        kind = (
            (share * (classes - 1)).round().astype(np.uint16)
            if classes > 2
            else (share > 0.5).astype(np.uint16)
        )
        values = np.where(classes > 2, 0.5 + share / 2, share).astype(np.float32)
        values = np.full_like(values, np.nan) if update in dead else values
        rows.append(
            {"arm": arm, "seed": 0, "update": update, "bounds": BOUNDS, "values": values, "classes": kind}
        )
    return pd.DataFrame(rows)


def words(figure):
    return " ".join(" ".join(text.get_text() for text in figure.texts).split())


def titles(figure):
    return [axes.get_title() for axes in figure.axes]


def test_rows_are_arms_and_columns_moments_from_start_to_end():
    frame = pd.concat([maps_of("relu"), maps_of("tanh", (0, 9, 100))], ignore_index=True)
    figure = drawn.decision_regions(frame)
    assert titles(figure)[:5] == ["start", "update 4", "update 17", "update 72", "end, update 300"]
    assert titles(figure)[5:] == ["start", "update 9", "end, update 100"]
    assert [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()] == ["relu", "tanh"]
    places = {axes.get_title(): axes.get_position().x0 for axes in figure.axes}
    assert places["end, update 300"] == places["end, update 100"]
    assert "One seed an arm, 0, the first reported; no interval." in words(figure)


def test_of_many_moments_some_are_drawn_the_first_and_the_last_among_them():
    figure = drawn.decision_regions(maps_of("relu", range(0, 100, 5)))
    assert len(figure.axes) == 5
    assert titles(figure)[0] == "start"
    assert titles(figure)[-1] == "end, update 95"


def test_the_line_is_where_the_share_is_a_half_and_the_lowest_row_is_at_the_bottom():
    frame = maps_of("relu", (0, 4))
    frame.at[0, "values"] = np.linspace(0, 1, 9, dtype=np.float32)[:, None].repeat(9, axis=1)
    frame.at[0, "classes"] = (frame.at[0, "values"] > 0.5).astype(np.uint16)
    axes = drawn.decision_regions(frame).axes[0]
    [path] = axes.collections[0].get_paths()
    assert path.vertices[:, 1] == pytest.approx(0.5)  # half-way from -3 to 4, across all of the first feature
    assert path.vertices[:, 0].min() == -1
    assert path.vertices[:, 0].max() == 2
    blue, orange = axes.images[0].get_array()[0, 0], axes.images[0].get_array()[-1, 0]
    assert axes.images[0].origin == "lower"
    assert blue[2] > blue[0]
    assert orange[0] > orange[2]


def test_of_two_output_columns_the_picture_is_that_of_one():
    one, two = maps_of("relu", (0, 4)), maps_of("relu", (0, 4))
    two["values"] = [np.maximum(values, 1 - values) for values in two["values"]]
    pictures = [drawn.decision_regions(frame).axes[0].images[0].get_array() for frame in (one, two)]
    assert np.allclose(*pictures)


def test_several_classes_have_colours_of_their_own_and_fade_where_unsure():
    figure = drawn.decision_regions(maps_of("relu", (0, 300), classes=3))
    picture, classes = (
        figure.axes[1].images[0].get_array(),
        maps_of("relu", (0, 300), classes=3)["classes"][1],
    )
    assert len({tuple(picture[classes == kind][0].round(2)) for kind in range(3)}) == 3
    assert "the paler the less sure" in words(figure)


def test_a_regression_is_coloured_by_its_prediction():
    frame = maps_of("relu", (0, 300)).assign(kind="values")
    frame["values"] = [10 * values for values in frame["values"]]
    figure = drawn.decision_regions(frame)
    assert "Colour: the prediction" in words(figure)
    assert not figure.axes[0].collections


def test_a_network_that_diverged_says_so_in_its_place():
    figure = drawn.decision_regions(maps_of("relu", (0, 4, 17), dead=(17,)))
    assert "diverged" in figure.axes[-1].texts[0].get_text()
    ended = drawn.decision_regions(maps_of("relu", (0, 4)).assign(outcome="diverged"))
    assert titles(ended)[-1] == "diverged, update 4"
    assert "Grey: the network had diverged" in words(figure)


def test_samples_are_drawn_on_top_in_the_colour_of_their_class():
    samples = pd.DataFrame({"first": [0.0, 1.0], "second": [0.0, 1.0], "label": [0, 1]})
    figure = drawn.decision_regions(maps_of("relu", (0, 4)), samples=samples)
    frame = maps_of("relu", (0, 4)).assign(samples=[np.array([[0.0, 0.0], [1.0, 1.0]])] * 2)
    held = drawn.decision_regions(frame.assign(answers=[np.array([0.0, 1.0])] * 2))
    for each in (figure, held):
        dots = each.axes[0].collections[-1]
        assert dots.get_offsets().tolist() == [[0, 0], [1, 1]]
        assert len({tuple(colour) for colour in dots.get_facecolors()}) == 2
        assert "Dots: training samples" in words(each)


def test_without_maps_the_figure_says_so_and_the_page_has_no_section(synthetic):
    layout = Layout((Panel("", "", "", (Arm("relu", "relu", "relu", look(0)),)),), 1)
    figure = drawn.decision_regions(maps_of("relu").iloc[:0], layout)
    assert "no arm has a map" in figure.axes[0].texts[0].get_text()
    assert regions(compare(synthetic({"activation": ["relu"]}, rows=4))) is None


def test_many_arms_are_cut_into_figures_and_what_is_left_is_counted(synthetic):
    axes = {"architecture.width": [str(2**power) for power in range(26)]}
    comparison = compare(synthetic(axes, rows=4, seeds=(0,), tuning_seeds=(100,)))
    frame = pd.concat([maps_of(arm.name, (0, 4)) for arm in comparison.layout.arms]).assign(dataset="moons")
    vars(comparison)["maps"] = frame
    section = regions(comparison)
    assert [drawing.name for drawing in section.drawings] == [
        "decision_regions", *(f"decision_regions_{letter}" for letter in "bcd")
    ]  # fmt: skip
    assert [drawing.frame["arm"].nunique() for drawing in section.drawings] == [6] * 4
    assert section.paragraphs == ("Of 26 arms, 2 are left to the store.",)


def test_a_csv_holds_the_maps_and_their_limits():
    frame = maps_of("relu")
    table = as_text(frame)
    assert (table["first_low"][0], table["second_high"][0]) == (-1, 4)
    read = np.loadtxt(StringIO(table["values"][2])).reshape(table["rows"][2], table["columns"][2])
    assert read == pytest.approx(frame["values"][2], rel=1e-3)
    assert np.loadtxt(StringIO(table["classes"][2])).reshape(9, 9) == pytest.approx(frame["classes"][2])


def test_a_study_knows_its_store_and_does_not_show_the_address(synthetic):
    record = replace(synthetic({"activation": ["relu"]}, rows=4), uri="postgresql://me:secret@host/db")
    assert "secret" not in repr(record)
    assert "secret" not in repr(compare(record))


def test_the_layout_of_a_frame_alone_is_its_arms():
    frame = pd.concat([maps_of("b"), maps_of("a")])
    assert [arm.name for arm in layout_of(frame).arms] == ["a", "b"]
