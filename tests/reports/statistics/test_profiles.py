"""Performance profiles and score distributions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.statistics import profiles, score_profiles, wilson

COST = st.one_of(st.integers(0, 5).map(float), st.just(np.inf), st.just(np.nan))


def costs(**methods):
    return pd.DataFrame(
        [
            {"method": method, "problem": problem, "cost": cost}
            for method, each in methods.items()
            for problem, cost in enumerate(each)
        ]
    )


def at(frame, method, ratio):
    mine = frame[(frame["method"] == method) & (frame["ratio"] <= ratio)]
    return mine["share"].max()


def test_three_methods_on_four_problems_worked_by_hand():
    frame = profiles(costs(a=[10, 20, np.inf, 8], b=[10, 10, 30, 24], c=[40, np.inf, np.inf, 8]))
    # Ratios: a 1, 2, ∞, 1; b 1, 1, 1, 3; c 4, ∞, ∞, 1.
    assert sorted(frame["ratio"].unique()) == [1, 2, 3, 4]
    shares = {name: group["share"].tolist() for name, group in frame.groupby("method")}
    assert shares == {"a": [0.5, 0.75, 0.75, 0.75], "b": [0.75, 0.75, 1, 1], "c": [0.25, 0.25, 0.25, 0.5]}
    assert (frame["unsolved"] == 0).all()


def test_a_problem_that_nobody_solved_is_counted_and_solved_by_none():
    frame = profiles(costs(a=[1, np.inf], b=[2, np.inf]))
    assert (frame["problems"] == 2).all()
    assert (frame["unsolved"] == 1).all()
    assert at(frame, "a", np.inf) == at(frame, "b", np.inf) == 0.5


def test_a_method_that_was_not_tried_on_a_problem_misses_it_and_that_is_said():
    frame = profiles(costs(a=[1, 1], b=[1]).query("cost > 0"))
    assert frame[frame["method"] == "b"][["share", "missing"]].to_numpy().tolist() == [[0.5, 1]]


def test_the_best_at_no_cost_is_matched_by_no_cost_alone():
    frame = profiles(costs(a=[0, 4], b=[0, 2], c=[5, 2]))
    assert [at(frame, method, np.inf) for method in "abc"] == [1, 1, 0.5]
    assert at(frame, "a", 1) == 0.5


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(COST, COST, COST), min_size=1, max_size=6))
def test_a_profile_rises_from_the_problems_won_to_those_solved(rows):
    a, b, c = zip(*rows, strict=True)
    frame = profiles(costs(a=a, b=b, c=c))
    table = np.array(rows)
    solvable = np.nanmin(np.where(np.isnan(table), np.inf, table), axis=1) < np.inf
    for _, group in frame.groupby("method"):
        assert (np.diff(group["share"]) >= 0).all()
        assert group["ratio"].iloc[0] == 1
        assert group["share"].between(0, 1).all()
    winners = frame[frame["ratio"] == 1]["solved"].sum()
    assert winners >= solvable.sum()
    assert (frame["unsolved"] == (~solvable).sum()).all()


def test_two_costs_of_one_problem_and_costs_below_zero_are_refused():
    with pytest.raises(ValueError, match="a has two on 0; allowed: one"):
        profiles(pd.concat([costs(a=[1]), costs(a=[2])]))
    with pytest.raises(ValueError, match="-1; allowed: from 0 on"):
        profiles(costs(a=[-1.0]))


def test_nothing_has_no_profile():
    assert profiles(costs(a=[]).reindex(columns=["method", "problem", "cost"])).empty
    assert score_profiles(pd.DataFrame({"method": [], "score": []}), higher=True).empty


def test_shares_of_runs_at_least_as_good_as_each_score():
    scores = pd.DataFrame({"method": list("aaab"), "score": [0.9, 0.5, 0.5, 0.7]})
    frame = score_profiles(scores, higher=True)
    mine = frame[frame["method"] == "a"]
    assert mine["score"].tolist() == [0.5, 0.7, 0.9]
    assert mine["share"].tolist() == pytest.approx([1, 1 / 3, 1 / 3])
    assert mine[["low", "high"]].iloc[1].tolist() == pytest.approx(list(wilson(1, 3)[1:]))


def test_dead_runs_stay_in_the_denominator():
    scores = pd.DataFrame({"method": "a", "score": [0.2, np.inf, 0.4, np.nan]})
    frame = score_profiles(scores, higher=False)
    assert frame["share"].tolist() == [0.25, 0.5]
    assert (frame["runs"] == 4).all()
