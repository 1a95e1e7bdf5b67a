"""Verdicts on claims, by where intervals lie and by what single runs show."""

import numpy as np
import pandas as pd
import pytest

from harness.intervals import confidence_of, t_interval
from reports.statistics import generator, verdicts

UP = [0.05, 0.06, 0.04, 0.05, 0.05]
BASE = [0.70, 0.75, 0.72, 0.71, 0.74]


def difference(cells=(("", {"a": 1.0, "b": -1.0}),), name="c", **keys):
    return {
        "kind": "difference", "name": name, "sentence": "It is so.", "metric": "test_accuracy", "where": {},
        "direction": "higher", "margin": 0.01, "population": "seeds", "scope": "all",
        "cells": [{"name": cell, "weights": weights, "test_per_training": 1 / 3} for cell, weights in cells],
    } | keys  # fmt: skip


def identity(tolerance=0.0):
    claim = difference(kind="identity", tolerance=tolerance)
    return {
        key: value
        for key, value in claim.items()
        if key not in ("direction", "margin", "population", "scope")
    }


def existence(direction="higher", value=0.9, metric="test_accuracy", arms=("a", "b")):
    return {"kind": "existence", "name": "c", "sentence": "Some.", "metric": metric, "direction": direction,
            "value": value, "where": {}, "cells": [{"name": "", "arms": list(arms)}]}  # fmt: skip


def judged(runs, *claims):
    return verdicts(claims, runs, generator=generator("s", "verdicts"))


def cell(runs, *claims):
    return judged(runs, *claims).cells.iloc[0]


@pytest.fixture
def apart(runs_of):
    """Make two arms whose difference on seed s is the s-th of some values."""

    def make(values, **more):
        base = np.resize(BASE, len(values))
        return runs_of({"a": base + np.array(values), "b": base} | more)

    return make


@pytest.mark.parametrize(
    ("values", "margin", "verdict", "how"),
    [
        (UP, 0.01, "supported", ""),
        (UP, 0.05, "inconclusive", ""),
        (UP, 0.08, "refuted", "no difference that matters"),
        (np.negative(UP), 0.01, "refuted", "reversed"),
        (np.negative(UP), 0.08, "refuted", "reversed"),
        # From about -0.035 to 0.015.
        ([-0.04, 0.02, -0.02, 0.0, -0.01], 0.03, "refuted", "too small"),
        ([-0.04, 0.02, -0.02, 0.0, -0.01], 0.04, "refuted", "no difference that matters"),
        ([-0.04, 0.02, -0.02, 0.0, -0.01], 0.0, "inconclusive", ""),
        ([0.05] * 5, 0.0499, "supported", ""),
        ([0.0] * 5, 0.01, "refuted", "no difference that matters"),
        ([0.0] * 5, 0.0, "inconclusive", ""),
    ],
)
def test_a_verdict_is_where_the_interval_lies(apart, values, margin, verdict, how):
    row = cell(apart(values), difference(margin=margin))
    assert (row["verdict"], row["how"]) == (verdict, how)
    mean, low, high = t_interval(values)
    assert row[["effect", "low", "high"]].tolist() == pytest.approx([mean, low, high])
    assert {"supported": low > margin - 1e-9, "refuted": high < margin + 1e-9}.get(verdict, True)


def test_reversed_by_less_than_matters_is_said(apart):
    assert "by less than the margin" in cell(apart(np.negative(UP)), difference(margin=0.08))["reason"]
    assert "by less than the margin" not in cell(apart(np.negative(UP)), difference(margin=0.01))["reason"]


def test_bounds_that_touch_the_margin_decide_nothing(apart):
    _, low, high = map(float, t_interval(np.array(UP)))
    runs = apart(UP)
    exact = cell(runs, difference())
    for bound in (exact["low"], exact["high"]):
        assert cell(runs, difference(margin=bound))["verdict"] == "inconclusive"
    assert (exact["low"], exact["high"]) == pytest.approx((low, high))


def test_below_five_seeds_nothing_is_decided(apart):
    row = cell(apart([0.2, 0.21, 0.2, 0.19]), difference())
    assert row["verdict"] == "inconclusive"
    assert row["reason"] == "4 seeds: below 5 every verdict is inconclusive"
    assert row["low"] > 0.1


def test_a_dead_seed_leaves_a_share_and_no_verdict(runs_of):
    row = cell(runs_of({"a": [0.9, 0.9, 0.9, "diverged", 0.9, 0.9], "b": [0.5] * 6}), difference())
    assert (row["verdict"], row["dead"], row["seeds"]) == ("inconclusive", 1, 6)
    assert row["reason"] == "1 of 6 seeds died: there is no interval of a mean"
    assert row[["effect", "low", "high", "p"]].isna().all()
    assert row["died_share"] == pytest.approx(1 / 6)
    assert row["living_effect"] == pytest.approx(0.4)
    # Of 36 pairs, the dead run's accuracy of 0.1 loses six.
    assert row["improvement"] == pytest.approx(30 / 36)


@pytest.mark.parametrize("claims", [1, 2, 5])
def test_claims_that_intervals_decide_share_the_error_and_others_do_not_count(apart, claims):
    asked = [difference(name=f"c{number}") for number in range(claims)]
    row = cell(apart(UP), *asked, identity() | {"name": "same"}, existence() | {"name": "some"})
    assert row["level"] == pytest.approx(1 - 0.05 / claims)
    assert row["low"] == pytest.approx(float(t_interval(UP, 1 - 0.05 / claims)[1]))


def test_a_claim_that_the_grid_lacks_shares_the_error_too(apart):
    found = judged(apart(UP), difference(), difference(cells=(), name="lacking"))
    assert found.cells["level"].tolist() == pytest.approx([0.975])
    told = found.claims.set_index("claim").loc["lacking"]
    assert (told["verdict"], told["cells"]) == ("inconclusive", 0)
    assert told["reason"] == "no arms in the grid to compare"
    old = {key: value for key, value in difference().items() if key != "cells"}
    assert judged(apart(UP), old).claims["reason"][0] == "the store does not say its arms"


CELLS = (("one", {"a": 1.0, "b": -1.0}), ("two", {"c": 1.0, "b": -1.0}))


@pytest.mark.parametrize(
    ("other", "scope", "verdict", "decides"),
    [
        (np.array(UP) + 0.1, "all", "supported", "one"),
        (np.array(UP) + 0.1, "any", "supported", "two"),
        (np.negative(UP), "all", "refuted", "two"),
        (np.negative(UP), "any", "supported", "one"),
        ([0.1, -0.1, 0.1, -0.1, 0.01], "all", "inconclusive", "two"),
        ([0.1, -0.1, 0.1, -0.1, 0.01], "any", "supported", "one"),
    ],
)
def test_all_cells_have_to_hold_or_any(apart, other, scope, verdict, decides):
    runs = apart(UP, c=np.array(BASE) + other)
    found = judged(runs, difference(CELLS, scope=scope))
    told = found.claims.iloc[0]
    assert (told["verdict"], told["cell"], told["cells"]) == (verdict, decides, 2)
    alone = (scope, verdict) in {("any", "supported"), ("all", "refuted")}
    assert told["level"] == pytest.approx(confidence_of(1, 2 if alone else 1))
    mine = found.cells.set_index("cell").loc[decides]
    assert told[["effect", "low", "high", "seeds"]].equals(mine[["effect", "low", "high", "seeds"]])
    assert told["supported"] == (found.cells["verdict"] == "supported").sum()


def test_any_is_refuted_by_all_and_one_dead_cell_leaves_all_open(apart):
    down = np.array(BASE) - UP
    refuted = judged(apart(np.negative(UP), c=down), difference(CELLS, scope="any")).claims.iloc[0]
    assert (refuted["verdict"], refuted["refuted"]) == ("refuted", 2)
    dead = judged(apart(UP, c=[0.9] * 4 + ["diverged"]), difference(CELLS)).claims.iloc[0]
    assert (dead["verdict"], dead["cell"]) == ("inconclusive", "two")
    assert dead["reason"] == "1 supported, 1 inconclusive of 2 cells; the claim is about all of them"


def test_a_slope_is_judged_like_a_difference(runs_of):
    base = np.array(BASE)
    runs = runs_of({"d1": base, "d2": base - 0.02 - np.array(UP) / 50, "d3": base - 0.04})
    # Least squares over 1, 2, 3, falling: (d1 - d3) / 2.
    row = cell(runs, difference([("", {"d1": 0.5, "d2": 0.0, "d3": -0.5})], kind="trend", direction="lower"))
    assert row["effect"] == pytest.approx(0.02)
    assert row["verdict"] == "supported"
    assert row[["correlation", "improvement"]].isna().all()


def test_for_new_data_the_wider_interval_decides_and_stands_beside_otherwise(apart):
    values = [0.03, 0.06, 0.04, 0.05, 0.02]
    seeds, data = (cell(apart(values), difference(population=each)) for each in ("seeds", "data"))
    assert (seeds["interval"], seeds["verdict"]) == ("t", "supported")
    assert (data["interval"], data["verdict"]) == ("Nadeau-Bengio", "inconclusive")
    assert (data["low"], data["high"]) == (seeds["data_low"], seeds["data_high"])
    assert data["detectable"] - 0.01 == pytest.approx((seeds["detectable"] - 0.01) * np.sqrt(1 + 5 / 3))
    unknown = difference([("", {"a": 1.0, "b": -1.0})], population="data")
    unknown["cells"][0]["test_per_training"] = None
    assert cell(apart(values), unknown)["verdict"] == "inconclusive"


def test_what_the_seeds_could_have_shown_and_how_many_would_decide(apart):
    values = [0.05, -0.02, 0.06, 0.0, 0.03]
    row = cell(apart(values), difference(margin=0.01))
    assert row["verdict"] == "inconclusive"
    assert row["detectable"] > 0.01
    assert f"{row['needed_seeds']:.0f} seeds would decide" in row["reason"]
    assert row["needed_seeds"] > 5
    # Two and more times as many seeds like these decide.
    assert (
        cell(apart(np.resize(values, int(row["needed_seeds"]) // 5 * 10)), difference())["verdict"]
        == "supported"
    )


def test_the_bootstrap_and_p_values_stand_beside_and_decide_nothing(apart):
    values = np.resize([0.012, 0.03, 0.01, 0.004, 0.02], 25)
    row = cell(apart(values), difference(margin=0.01))
    assert row["bca_low"] > 0.01
    few = cell(apart(UP + UP), difference(margin=0.1))
    assert few["p"] == few["p_holm"] == 2 / 2**10
    assert few["verdict"] == "refuted"
    assert np.isnan(few["bca_low"])


def test_p_values_are_corrected_over_all_cells_of_all_claims(apart):
    runs = apart(UP + UP, c=np.resize(BASE, 10) + np.array(UP + UP))
    cells = judged(runs, difference(CELLS), difference(name="d")).cells
    assert cells["p"].tolist() == [2 / 2**10] * 3
    assert cells["p_holm"].tolist() == [3 * 2 / 2**10] * 3


def test_the_same_runs_and_name_give_the_same_bytes(apart):
    runs = apart(np.resize(UP, 25))
    one, other = (judged(runs, difference()).cells.to_csv() for _ in range(2))
    assert one == other


def test_a_metric_that_was_never_measured_is_missing_not_an_error(apart):
    row = cell(apart(UP), difference(metric="rho"))
    assert (row["verdict"], row["seeds"], row["missing"]) == ("inconclusive", 0, 5)
    assert row["reason"] == "there is no seed that all its arms have"
    assert cell(apart(UP), existence(metric="rho"))["reason"] == "there is no run to look at"


def test_without_claims_there_are_no_verdicts(apart):
    found = judged(apart(UP))
    assert found.cells.empty
    assert found.claims.empty


def test_several_runs_of_a_seed_are_no_value_of_the_arm(apart):
    row = cell(pd.concat([apart(UP), apart(UP)]), difference())
    assert (row["verdict"], row["seeds"]) == ("inconclusive", 0)
    assert row["reason"] == "a has several runs on one seed, none of which is the arm's"


@pytest.mark.parametrize(
    ("one", "other", "tolerance", "verdict", "reason"),
    [
        (BASE, BASE, 0, "supported", "the same on all 5 seeds"),
        (BASE[:4], BASE, 0, "inconclusive", "the same on all 4 seeds; 5 are asked for"),
        (BASE[:1], BASE, 0, "inconclusive", "the same on the one seed; 5 are asked for"),
        ([], BASE, 0, "inconclusive", "there is no seed that both arms have"),
        ([0.70, np.nextafter(0.75, 1)], BASE[:2], 0, "refuted", "they differ on 1 of 2 seeds, such as 1"),
        ([0.70, np.nextafter(0.75, 1), *BASE[2:]], BASE, 1e-9, "supported", "the same on all 5 seeds"),
        ([0.71, *BASE[1:]], BASE, 0.005, "refuted", "they differ on 1 of 5 seeds, such as 0"),
        ([*BASE[:4], "diverged"], [*BASE[:4], "diverged"], 0, "supported", "the same on all 5 seeds"),
        ([*BASE[:4], "diverged"], BASE, 1, "refuted", "they differ on 1 of 5 seeds, such as 4"),
        # An error is no counter-example; nor is a value that was not measured.
        ([*BASE[:4], "failed"], BASE, 0, "inconclusive", "the same on all 4 seeds; 5 are asked for"),
        ([*BASE[:4], np.nan], BASE, 0, "inconclusive", "the same on all 4 seeds; 5 are asked for"),
        ([*BASE[:4], np.inf], [*BASE[:4], np.inf], 0.1, "supported", "the same on all 5 seeds"),
        ([*BASE[:4], np.inf], [*BASE[:4], -np.inf], 0.1, "refuted", "they differ on 1 of 5 seeds, such as 4"),
    ],
)
def test_an_identity_holds_on_every_seed_or_one_refutes_it(runs_of, one, other, tolerance, verdict, reason):
    row = cell(runs_of({"a": one, "b": other}), identity(tolerance))
    assert (row["verdict"], row["reason"]) == (verdict, reason)


def test_runs_that_diverged_to_nothing_are_the_same(runs_of):
    runs = runs_of({"a": ["diverged"] * 5, "b": ["diverged"] * 5}).assign(test_accuracy=np.nan)
    assert cell(runs, identity())["verdict"] == "supported"
    mixed = runs.assign(test_accuracy=[np.nan] * 5 + [np.inf] * 5)
    assert cell(mixed, identity())["verdict"] == "refuted"


def test_an_identity_tells_how_far_apart_its_arms_are(runs_of):
    assert cell(runs_of({"a": [0.5, 0.25], "b": [0.5, 0.5]}), identity())["effect"] == 0.25
    assert cell(runs_of({"a": BASE, "b": BASE}), identity())["effect"] == 0


@pytest.mark.parametrize(
    ("claim", "verdict", "effect"),
    [
        (existence("higher", 0.85), "supported", 0.9),
        (existence("higher", 0.9), "inconclusive", 0.9),
        (existence("lower", 0.45), "supported", 0.4),
        (existence("lower", 0.45, arms=["a"]), "inconclusive", 0.5),
        (existence("higher", 0.1, arms=["none"]), "inconclusive", np.nan),
    ],
)
def test_one_run_shows_that_there_is_one_and_none_refutes_nothing(runs_of, claim, verdict, effect):
    found = judged(runs_of({"a": [0.5, 0.9], "b": [0.4, "failed"]}), claim)
    assert found.claims["verdict"][0] == found.cells["verdict"][0] == verdict
    assert found.cells["effect"].tolist() == pytest.approx([effect], nan_ok=True)
    if verdict == "inconclusive" and np.isfinite(effect):
        assert found.cells["reason"][0].endswith("that refutes nothing, another might be")


def test_a_run_that_diverged_has_an_infinite_loss_and_the_majority_classs_accuracy(runs_of):
    losses = runs_of({"a": [0.5, "diverged"]}, "test_loss")
    assert cell(losses, existence("higher", 100, "test_loss"))["verdict"] == "supported"
    assert cell(losses, existence("lower", 0.4, "test_loss"))["verdict"] == "inconclusive"
    # It is no end of training whose loss would be above that of others.
    excess = cell(runs_of({"a": [0.0, "diverged"]}, "excess_loss"), existence("higher", 0.01, "excess_loss"))
    assert (excess["verdict"], excess["missing"]) == ("inconclusive", 1)
    # Its last accuracy, 0.99, is not what counts.
    assert cell(runs_of({"a": [0.5, "diverged"]}), existence("higher", 0.9))["verdict"] == "inconclusive"


@pytest.mark.parametrize(
    ("scope", "each", "alone"), [("all", "supported", "refuted"), ("any", "refuted", "supported")]
)
def test_what_lies_at_its_margin_is_decided_in_one_case_of_forty_where_it_does_not_decide_alone(
    runs_of, scope, each, alone
):
    draw = np.random.default_rng(0)
    arms = {f"a{number}": draw.normal(0.5, 1, 6) for number in range(200)}
    cells = [(arm, {arm: 1.0, "b": -1.0}) for arm in arms]
    found = judged(runs_of(arms | {"b": np.zeros(6)}), difference(cells, margin=0.5, scope=scope)).cells
    assert (found["verdict"] == each).mean() == pytest.approx(0.025, abs=0.02)
    assert not (found["verdict"] == alone).any()


def test_a_cell_that_refutes_all_alone_has_to_at_the_level_divided_by_the_cells(apart):
    down = [-0.01, 0.02, 0.0, 0.01, -0.006]
    _, low, high = map(float, t_interval(down))
    _, wide_low, wide_high = map(float, t_interval(down, confidence_of(1, 2)))
    between = (high + wide_high) / 2
    runs = apart(UP, c=np.array(BASE) + down)
    found = judged(runs, difference(CELLS, margin=between)).cells.set_index("cell").loc["two"]
    # The picture is that of the word: the interval shown holds the margin, as the verdict says.
    assert found["verdict"] == "inconclusive"
    assert found[["low", "high", "level"]].tolist() == pytest.approx([wide_low, wide_high, 0.975])
    assert found["reason"].endswith("one of 2 cells decides alone at 97.5 % only")
    # A claim about any is refuted by all of them together: each at the claim's own level.
    found = judged(runs, difference(CELLS, margin=between, scope="any")).cells.set_index("cell").loc["two"]
    assert found[["verdict", "level"]].tolist() == ["refuted", 0.95]
    assert found[["low", "high"]].tolist() == pytest.approx([low, high])


@pytest.mark.parametrize("kind", ["difference", "identity"])
@pytest.mark.parametrize(
    ("metric", "columns", "said"),
    [
        ("test_loss", {"loss": "mse cross_entropy"}, "own losses do not compare: the arms differ in loss"),
        (
            "train_loss",
            {"loss.scale": "half sum"},
            "own losses do not compare: the arms differ in loss.scale",
        ),
        ("test_accuracy", {"dataset": "moons spirals"}, "scores of different data sets do not compare"),
    ],
)
def test_a_store_that_compares_what_does_not_compare_gets_no_verdict(runs_of, kind, metric, columns, said):
    runs = runs_of({"a": np.add(BASE, UP), "b": BASE}, metric)
    ((name, values),) = columns.items()
    runs[name] = runs["arm"].map(dict(zip("ab", values.split(), strict=True)))
    claim = difference(metric=metric) if kind == "difference" else identity() | {"metric": metric}
    found = judged(runs, claim)
    row = found.cells.iloc[0]
    assert (row["verdict"], row["reason"], row["seeds"]) == ("inconclusive", said, 0)
    assert row[["effect", "low", "high"]].isna().all()
    assert found.claims["reason"][0] == said
    # Scores that every loss has do compare.
    other = difference(metric="test_log_loss")
    if name != "dataset":
        assert cell(runs.assign(test_log_loss=runs[metric]), other)["verdict"] == "supported"


@pytest.mark.parametrize("kind", ["difference", "identity"])
def test_times_until_a_target_compare_where_what_the_target_is_of_does(runs_of, kind):
    runs = runs_of({"a": np.add(BASE, UP), "b": BASE}, "target_updates")
    runs["loss"] = runs["arm"].map({"a": "mse", "b": "cross_entropy"})
    metric = {"metric": "target_updates"}
    claim = difference(**metric) if kind == "difference" else identity() | metric

    def reason(of):
        found = verdicts(
            [claim], runs, generator=generator("s", "verdicts"), target={"metric": of, "value": 1}
        )
        return found.cells["reason"][0]

    assert reason("train_loss") == "own losses do not compare: the arms differ in loss"
    assert "compare" not in reason("train_accuracy")
