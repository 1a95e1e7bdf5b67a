"""Final scores along a compared number: which arms are one line, where they stand, and what is left out."""

import numpy as np
import pandas as pd
import pytest

from reports.along import numbers
from reports.comparison import compare
from reports.figures.along import final_along, geometric
from reports.sections.final import along

DEPTHS = ["depth 1", "depth 2", "depth 6"]
KEY = "architecture.depth"


@pytest.fixture(scope="module")
def crossed(synthetic):
    axes = {"activation": ["relu", "sigmoid"], "initializer": ["he", "normal"], KEY: DEPTHS}
    return compare(synthetic(axes, rows=4, rates=(0.3,), diverged=[("relu · he · depth 6", 0.3, 2)]))


def test_arms_that_differ_in_the_number_alone_are_one_line(crossed):
    rows = crossed.finals_along.dropna(subset=["line"])
    assert set(rows["key"]) == {KEY}
    assert set(rows["line"]) == {"relu · he", "relu · normal", "sigmoid · he", "sigmoid · normal"}
    centres = rows[(rows["shown"] == "centre") & (rows["metric"] == "test_accuracy")]
    assert list(centres.loc[centres["line"] == "relu · he", "at"]) == [1, 2, 6]
    finals = crossed.finals.set_index(["metric", "shown", "arm"])["value"]
    for _, row in centres.iterrows():
        assert row["value"] == finals["test_accuracy", "centre", row["arm"]]


def test_every_seed_and_every_mean_is_drawn_and_a_line_with_a_dead_seed_says_so(crossed, faults):
    figure = final_along(crossed.finals_along, crossed.layout)
    dots = [line for line in figure.axes[0].lines if line.get_alpha() == 0.3]
    assert [len(line.get_xdata()) for line in dots] == [3 * 5] * 4
    assert any("Open diamond" in text.get_text() for text in figure.texts)
    assert list(figure.axes[0].get_xticks()) == [1, 2, 6]
    assert faults(figure) == []


def test_two_values_are_no_line_and_names_no_number(synthetic):
    few = {"activation": ["relu", "sigmoid", "tanh"], KEY: ["depth 1", "depth 2"]}
    comparison = compare(synthetic(few, rows=4, rates=(0.3,)))
    assert comparison.finals_along.empty
    assert along(comparison) == []


def test_the_key_with_the_most_values_comes_first_and_each_has_a_figure(synthetic):
    axes = {"layer.rate": ["rate 0.1", "rate 0.2", "rate 0.3"], KEY: [*DEPTHS, "depth 8"]}
    drawings = along(compare(synthetic(axes, rows=4, rates=(0.3,))))
    assert [drawing.name for drawing in drawings] == ["final_along", "final_along_b"]
    assert [drawing.frame["key"].iloc[0] for drawing in drawings] == [KEY, "layer.rate"]


@pytest.mark.parametrize(
    ("key", "text", "number"),
    [
        (KEY, "depth 6", 6),
        (KEY, "6", 6),
        ("initializer.gain", "gain 0.25", 0.25),
        ("initializer.gain", "", None),
        ("activation", "relu", None),
        ("optimizer.batch_size", "GD (all 1,077)", 1077),
        ("optimizer.batch_size", "mini-batch (32)", 32),
        ("optimizer", "mini-batch (32)", None),
    ],
)
def test_a_number_is_read_as_figures_write_it(key, text, number):
    (read,) = numbers(pd.Series([text]), key)
    assert np.isnan(read) if number is None else read == number


@pytest.mark.parametrize(
    ("values", "by_ratio"), [([1, 2, 4, 8], True), ([2, 6, 10], False), ([0, 1, 10], False), ([1, 2], False)]
)
def test_the_axis_is_logarithmic_where_values_double(values, by_ratio):
    assert geometric(np.array(values, dtype=float)) is by_ratio
