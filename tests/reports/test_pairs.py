"""Which arms are compared in pairs, and how."""

from dataclasses import replace

import numpy as np
import pytest

from harness.intervals import t_interval
from reports import pairs, prose
from reports.comparison import compare
from reports.sections.pairwise import MOST_ROWS, pairwise
from reports.sections.verdicts import claims_drawing

MANY = {"dataset": ["moons", "digits"], "activation": ["relu", "tanh"], "loss": ["mse", "cross_entropy"]}
ONE_RATE = {"rates": (0.3,), "rows": 5}


def text(parts):
    return "".join(part.text for part in parts)


def asked(synthetic, axes, dataset="digits", **keys):
    return pairs.pairs(compare(synthetic(axes, **{**ONE_RATE, "seeds": (0, 1), **keys})), dataset)


def test_pairs_of_many_arms_differ_in_one_compared_key(synthetic):
    axes = {"activation": ["relu", "tanh"], "loss": ["mse", "cross_entropy"], "optimizer": ["gd", "sgd"]}
    found = asked(synthetic, axes)
    assert len(found) == 3 * 4
    assert [pair.axis for pair in found] == ["activation"] * 4 + ["loss"] * 4 + ["optimizer"] * 4
    assert found[0].label.endswith(": relu \N{MINUS SIGN} tanh")
    for pair in found:
        differ = set(pair.first.split(" · ")) ^ set(pair.second.split(" · "))
        assert len(differ) == 2


def test_every_pair_of_few_arms_is_compared_and_none_across_data_sets(synthetic):
    found = asked(synthetic, MANY)
    assert len(found) == 4 * 3 // 2
    assert all("digits" in pair.first and "digits" in pair.second for pair in found)
    assert [pair.axis for pair in found].count(pairs.SEVERAL) == 2


def test_what_pairing_bought_is_shown_as_the_ratio_of_variances(synthetic):
    record = synthetic({"activation": ["relu", "tanh"]}, **ONE_RATE)
    # One arm varies ten times as much: they correlate fully, and pairing buys next to nothing.
    steps = np.array([0.0, 0.02, -0.02, 0.01, -0.01])[record.runs["seed"]]
    scores = 0.8 + steps * np.where(record.runs["arm"] == "relu", 1.0, 0.1)
    found = pairwise(compare(replace(record, runs=record.runs.assign(test_accuracy=scores))))
    table = found.tables[0]
    (row,) = (dict(zip(table.headers, map(text, each), strict=True)) for each in table.rows)
    assert row["correlation over seeds"] == "1"
    assert float(row["ratio of variances"]) == pytest.approx(0.9**2 / (1 + 0.1**2), abs=1e-3)
    assert "ratio of variances" in " ".join(found.paragraphs)


def test_pairs_and_claims_at_one_of_the_rates_compared_are_no_comparison_of_methods(synthetic):
    rate = "optimizer.learning_rate"
    record = synthetic({"activation": ["relu", "tanh"], rate: ["0.1", "1.0"]}, **ONE_RATE, seeds=(0, 1))
    runs = record.runs.assign(**{rate: record.runs["arm"].str.rpartition(" · ")[2].astype(float)})
    claim = {"kind": "difference", "name": "c", "sentence": "s", "metric": "test_log_loss", "margin": 0.0}
    claim |= {"direction": "lower", "population": "seeds", "scope": "all"}

    def claimed(one, other):
        cells = [{"name": "", "weights": {one: -1.0, other: 1.0}, "test_per_training": 0.3}]
        return compare(replace(record, runs=runs, spec=record.spec | {"claims": [claim | {"cells": cells}]}))

    across, within = claimed("relu · 0.1", "relu · 1.0"), claimed("relu · 0.1", "tanh · 0.1")
    assert not within.rates_untuned
    (drawing,) = pairwise(within).drawings
    assert drawing.caption.startswith(prose.EQUAL_RATES)
    assert pairwise(within).paragraphs[0] == prose.EQUAL_RATES
    assert prose.judged(within).startswith(prose.EQUAL_RATES)
    assert claims_drawing(within)[0].caption.startswith(prose.EQUAL_RATES)
    assert not prose.judged(across).startswith(prose.EQUAL_RATES)
    assert prose.EQUAL_RATES not in claims_drawing(across)[0].caption
    only_rates = compare(replace(record, runs=runs[runs["arm"].str.startswith("relu")]))
    assert prose.EQUAL_RATES not in pairwise(only_rates).drawings[0].caption
    tuned = compare(synthetic({"activation": ["relu", "tanh"]}, rows=5, seeds=(0, 1)))
    assert "no comparison" not in pairwise(tuned).drawings[0].caption


def test_an_only_arm_is_compared_with_nothing(synthetic):
    assert asked(synthetic, {"activation": ["relu"]}) == []
    assert pairwise(compare(synthetic({"activation": ["relu"]}, **ONE_RATE))) is None


def test_beyond_a_number_of_pairs_those_of_the_best_arm_are_left(synthetic, monkeypatch):
    monkeypatch.setattr(pairs, "MOST_PAIRS", 20)
    axes = {"architecture.width": [str(width) for width in range(1, 9)]}
    comparison = compare(synthetic(axes, seeds=(0, 1), **ONE_RATE))
    found = pairs.pairs(comparison, "digits")
    best = comparison.chosen.groupby("arm")["test_accuracy"].median().idxmax()
    assert len(found) == 7
    assert all(best in (pair.first, pair.second) for pair in found)


def test_a_long_name_does_not_hide_what_it_is_compared_with(synthetic):
    names = [f"{name} with a name that is longer than a label has room for" for name in ("relu", "tanh")]
    (pair,) = asked(synthetic, {"activation": names})
    assert len(pair.label) < 60
    assert "relu with" in pair.label
    assert "tanh with" in pair.label


@pytest.fixture(scope="module")
def compared(synthetic):
    axes = {"activation": ["relu", "tanh", "softplus"]}
    record = synthetic(axes, **ONE_RATE, seeds=range(6), diverged=[("softplus", 0.3, 2)])
    runs = record.runs
    # tanh lacks a seed, and what is left of it ties with relu on log loss.
    runs = runs[~((runs["arm"] == "tanh") & (runs["seed"] == 5))].copy()
    tied = runs.loc[(runs["arm"] == "relu") & (runs["seed"] < 5), "test_log_loss"].to_numpy()
    runs.loc[runs["arm"] == "tanh", "test_log_loss"] = tied
    return pairwise(compare(replace(record, runs=runs)))


def test_pairs_are_paired_by_seed_and_exploratory(compared):
    leading = compared.tables[0]
    assert leading.name == "pairs"
    found = leading.frame.set_index(["first", "second"])
    assert found.loc[("relu", "tanh"), "seeds"] == 5
    assert not {"p", "p_holm"} & set(found.columns)
    assert "*" not in "".join(text(parts) for row in leading.rows for parts in row)
    assert any("exploratory" in paragraph for paragraph in compared.paragraphs)
    row = found.loc[("relu", "tanh")]
    assert row["low"] < row["difference"] < row["high"]


def test_a_pair_of_which_a_seed_died_has_no_interval(compared):
    found = compared.tables[0].frame.set_index(["first", "second"])
    row = found.loc[("relu", "softplus")]
    assert (row["seeds"], row["dead"]) == (6, 1)
    assert np.isnan([row["difference"], row["low"], row["high"]]).all()
    assert np.isfinite(row["living_difference"])
    (shown,) = (
        [text(parts) for parts in row]
        for row in compared.tables[0].rows
        if [text(parts) for parts in row[:2]] == ["relu", "softplus"]
    )
    assert shown[2].startswith("6; died 16.7")
    assert shown[3].startswith("no interval: 1 of 6 seeds died; given that a seed lived")


def test_arms_that_tie_differ_by_nothing_and_no_number_of_seeds_would_show_it(compared):
    second = compared.tables[1]
    assert second.name == "pairs_second_metric"
    rows = {(text(row[0]), text(row[1])): [text(parts) for parts in row] for row in second.rows}
    shown = rows["relu", "tanh"]
    assert shown[3] == "0 (0 to 0)"
    assert shown[4].startswith("50.0")
    assert shown[-1] == "–"


def test_own_losses_are_not_compared(synthetic):
    axes = {"activation": ["relu", "tanh"]}
    found = pairwise(compare(synthetic(axes, regression=True, seeds=(0, 1), **ONE_RATE)))
    assert [table.name for table in found.tables] == ["pairs"]
    assert set(found.tables[0].frame["metric"]) == {"test_squared_error"}


def test_a_figure_draws_what_one_reads_and_says_that_there_is_more(synthetic):
    axes = {"architecture.width": [str(width) for width in range(1, 13)]}
    comparison = compare(synthetic(axes, seeds=(0, 1), **ONE_RATE))
    (drawing,) = pairwise(comparison).drawings
    assert len(drawing.frame) == MOST_ROWS
    assert f"The {MOST_ROWS} largest of 66 differences; the table has all." in drawing.caption
    assert len(pairwise(comparison).tables[0].frame) == 66


def test_the_interval_is_students_of_the_differences_by_seed(synthetic):
    comparison = compare(synthetic({"activation": ["relu", "tanh"]}, **ONE_RATE))
    row = pairwise(comparison).tables[0].frame.iloc[0]
    wide = comparison.chosen.pivot(index="seed", columns="arm", values="test_accuracy")
    expected = t_interval(wide["relu"] - wide["tanh"])
    assert tuple(row[["difference", "low", "high"]]) == pytest.approx(tuple(map(float, expected)))


def test_new_data_is_told_of_where_the_claims_know_how_it_was_split(synthetic):
    record = synthetic({"activation": ["relu", "tanh"]}, **ONE_RATE)
    claim = {"kind": "difference", "name": "c", "sentence": "s", "metric": "test_log_loss", "margin": 0.0}
    claim |= {"direction": "lower", "population": "data", "scope": "all"}
    claim |= {"cells": [{"name": "", "weights": {"relu": -1, "tanh": 1}, "test_per_training": 0.4}]}
    comparison = compare(replace(record, spec=record.spec | {"claims": [claim]}))
    assert pairs.ratios(comparison, "digits", "test_accuracy") == {"relu": 0.4, "tanh": 0.4}
    row = pairwise(comparison).tables[1].frame.iloc[0]
    assert row["data_high"] - row["data_low"] == pytest.approx(
        (row["high"] - row["low"]) * (1 + 5 * 0.4) ** 0.5
    )
