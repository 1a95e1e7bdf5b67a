"""Sign flips and Holm's correction."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from reports.statistics.permutations import DRAWN, holm, seeds_to_reach, sign_flip, smallest

# Accuracies on 360 samples differ by whole samples: ties and zeros are usual.
SAMPLES = st.integers(-5, 5).map(lambda each: each / 360)


def generator():
    return np.random.default_rng(0)


def test_of_three_seeds_that_agree_one_pattern_in_four_is_as_far():
    assert sign_flip([1.0, 2.0, 3.0], generator()) == pytest.approx(2 / 8)


def test_patterns_that_tie_count_as_as_far():
    # Sums of 1, 1, 2 under all signs: ±4 once each, ±2 and 0 twice; those as far as 2 are 6 of 8.
    assert sign_flip([1.0, -1.0, 2.0], generator()) == pytest.approx(6 / 8)


def test_rounding_breaks_no_tie():
    assert sign_flip([0.1, 0.2, -0.3], generator()) == 1.0
    assert sign_flip([0.1, 0.2, 0.3 + 1e-17, 0.3], generator()) == sign_flip([1, 2, 3, 3], generator())


@settings(deadline=None)
@given(st.lists(SAMPLES, min_size=1, max_size=8))
def test_a_seed_that_ties_changes_nothing(values):
    assert sign_flip(values, generator()) == sign_flip([*values, 0.0, 0.0], generator())


@settings(deadline=None)
@given(st.lists(SAMPLES, min_size=1, max_size=8))
def test_p_is_the_share_of_all_patterns_and_lies_between_its_smallest_and_one(values):
    found = float(sign_flip(values, generator()))
    sums = [
        abs(sum(s * v for s, v in zip(signs, values, strict=True)))
        for signs in product((1, -1), repeat=len(values))
    ]
    assert found == pytest.approx(np.mean(np.array(sums) >= abs(sum(values)) - 1e-12))
    assert float(smallest(values)) <= found <= 1
    assert float(sign_flip(-np.array(values), generator())) == found


@pytest.mark.parametrize("seeds", [2, 5, 9])
def test_it_agrees_with_scipys_permutation_test(seeds):
    values = np.random.default_rng(seeds).normal(0.4, 1, seeds)
    expected = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", vectorized=True, n_resamples=10_000
    )
    assert float(sign_flip(values, generator())) == pytest.approx(expected.pvalue)


def test_drawn_patterns_come_near_to_all_of_them_and_never_to_zero():
    values = np.random.default_rng(1).normal(0.35, 1, 25)
    exact = float(sign_flip(values, generator()))
    # With seeds that tie they are too many to try all signs, and the p-value is the same.
    drawn = float(sign_flip([*values, *[0.0] * 10], generator()))
    assert drawn == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / DRAWN))
    assert float(sign_flip(np.ones(40), generator())) == 1 / (1 + DRAWN) == float(smallest(np.ones(40)))


def test_rows_are_tested_each_by_itself_and_one_with_a_dead_seed_is_not():
    table = np.array([[1.0, 2, 3], [1, np.nan, 3], [1, -1, 2], [np.inf, 1, 1]])
    assert sign_flip(table, generator()).tolist() == pytest.approx([0.25, np.nan, 0.75, np.nan], nan_ok=True)
    assert np.isnan(sign_flip([], generator()))


def test_under_no_difference_p_is_below_a_level_no_more_often_than_it_says():
    table = np.random.default_rng(2).standard_t(3, (4000, 8))
    found = sign_flip(table, generator())
    for level in (0.02, 0.05, 0.2):
        assert np.mean(found <= level) <= level + 3 * np.sqrt(level / 4000)


def test_the_smallest_p_asks_for_untied_seeds():
    assert smallest([1.0, 2.0, 3.0, 4.0, 5.0]) == 2 / 32
    assert smallest([1.0, 0.0, 3.0, 0.0, 5.0]) == 2 / 8
    assert smallest([0.0, 0.0]) == 1


@pytest.mark.parametrize(("family", "seeds"), [(1, 6), (2, 7), (5, 8), (10, 9), (276, 14)])
def test_so_many_seeds_reach_a_level_and_one_fewer_does_not(family, seeds):
    assert seeds_to_reach(family) == seeds
    assert smallest(np.ones(seeds)) <= 0.05 / family < smallest(np.ones(seeds - 1))


def test_holm_of_four_worked_by_hand():
    # Holm (1979): in order 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1, and never below the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.01, 0.04], family=4).tolist() == pytest.approx([0.04, 0.12])
    assert holm([0.01, np.nan, 0.04]).tolist() == pytest.approx([0.03, np.nan, 0.08], nan_ok=True)
    assert holm([]).size == 0


@settings(deadline=None)
@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=12), st.integers(0, 5))
def test_holm_keeps_the_order_lies_between_p_and_bonferroni_and_grows_with_the_family(values, more):
    p, family = np.array(values), len(values) + more
    corrected = holm(p, family)
    assert (np.diff(corrected[np.argsort(p, kind="stable")]) >= 0).all()
    assert (corrected >= p).all()
    assert (corrected <= np.minimum(1, family * p)).all()
    assert (holm(p, family + 1) >= corrected).all()
