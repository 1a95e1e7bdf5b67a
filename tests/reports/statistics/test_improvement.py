"""Probability of improvement: the order of runs, and no more."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from reports.statistics.improvement import improvement

SCORES = st.lists(st.integers(0, 6).map(float) | st.just(np.inf), min_size=1, max_size=8)


def test_half_of_the_pairs_that_tie_count():
    # 2 > 1, 2 = 2, 4 > 1, 4 > 2: three and a half of four.
    assert improvement([2, 4], [1, 2])[0] == 3.5 / 4
    assert improvement([2, 4], [1, 2], higher=False)[0] == 0.5 / 4


@settings(deadline=None)
@given(SCORES, SCORES)
def test_it_is_mann_whitneys_u_by_the_number_of_pairs_and_turns_round_with_the_sides(first, second):
    share, low, high = improvement(first, second)
    assert share == pytest.approx(stats.mannwhitneyu(first, second).statistic / len(first) / len(second))
    assert 0 <= low <= share <= high <= 1
    assert improvement(second, first) == pytest.approx((1 - share, 1 - high, 1 - low), abs=1e-9)


def test_where_no_pair_disagrees_the_interval_still_has_a_width_that_seeds_narrow():
    lows = [improvement(np.ones(seeds), np.zeros(seeds))[1] for seeds in (1, 5, 20)]
    assert lows == sorted(lows)
    assert lows[0] > 0
    assert lows[2] < 1
    assert improvement(np.ones(5), np.zeros(5))[2] == 1


@pytest.mark.parametrize(("first", "second"), [([3.0, 4, 5, 6], [1.0, 3, 4.5, 5]), ([1.0] * 5, [0.0] * 5)])
def test_each_bound_is_as_far_as_newcombes_variance_there_allows(first, second):
    share, low, high = improvement(first, second)
    n, m = len(first), len(second)
    for bound in {low, high} - {0.0, 1.0}:
        q1, q2 = bound / (2 - bound), 2 * bound**2 / (1 + bound)
        # Hanley and McNeil's variance with both samples as large as their mean (Newcombe 2006, method 5).
        extra = (n + m) / 2 - 1
        variance = (bound * (1 - bound) + extra * (q1 - bound**2 + q2 - bound**2)) / (n * m)
        assert abs(share - bound) == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-5)


def test_dead_runs_count_and_without_runs_there_is_none():
    assert improvement([0.2, np.inf], [0.3, 0.3], higher=False)[0] == 0.5
    assert np.isnan(improvement([], [1.0])).all()
    assert np.isnan(improvement([np.nan], [1.0])).all()
