"""What seeds can show, and how many an effect asks for."""

from math import inf, isnan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.intervals import t_interval
from reports.statistics.detectable import detectable, seeds_needed


@pytest.mark.parametrize(("seeds", "effect"), [(5, 1.68), (10, 0.996), (20, 0.660), (34, 0.495)])
def test_the_effects_are_those_of_published_tables_of_the_paired_t_test(seeds, effect):
    # Cohen's d at a two-sided level of 0.05 and a power of 0.8: 34 pairs for d = 0.5 (G*Power 3.1).
    assert detectable(1.0, seeds) == pytest.approx(effect, abs=0.005)


def test_a_medium_effect_asks_for_34_pairs():
    assert seeds_needed(0.5, 1.0) == 34
    assert seeds_needed(-0.5, 1.0) == 34


@pytest.mark.parametrize("seeds", [5, 12])
@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_in_four_of_five_studies_the_interval_lies_above_zero(seeds, confidence):
    effect = detectable(2.0, seeds, confidence)
    drawn = np.random.default_rng(seeds).normal(effect, 2.0, (20_000, seeds))
    _, low, _ = t_interval(drawn, confidence)
    assert np.mean(low > 0) == pytest.approx(0.8, abs=0.01)


@settings(deadline=None)
@given(
    st.floats(0.05, 3),
    st.floats(0.1, 2),
    st.sampled_from([0.95, 0.99, 0.999]),
    st.sampled_from([0.0, 1 / 3]),
)
def test_the_two_are_inverse_to_one_another(effect, deviation, confidence, ratio):
    seeds = seeds_needed(effect, deviation, confidence, test_per_training=ratio)
    if seeds == inf:
        assert detectable(deviation, 10**6, confidence, test_per_training=ratio) > effect
        return
    assert detectable(deviation, int(seeds), confidence, test_per_training=ratio) <= effect
    if seeds > 2:
        assert detectable(deviation, int(seeds) - 1, confidence, test_per_training=ratio) > effect


@settings(deadline=None)
@given(st.integers(2, 200), st.sampled_from([0.95, 0.999]))
def test_more_seeds_show_less(seeds, confidence):
    assert detectable(1.0, seeds + 1, confidence) < detectable(1.0, seeds, confidence)


def test_for_new_data_no_number_of_seeds_shows_a_small_effect():
    # However many the seeds, (1.96 + 0.84) deviations times the root of 1/3 are left.
    assert detectable(1.0, 10**6, test_per_training=1 / 3) == pytest.approx(2.8016 * sqrt(1 / 3), rel=1e-4)
    assert seeds_needed(1.6, 1.0, test_per_training=1 / 3) == inf
    assert seeds_needed(1.7, 1.0, test_per_training=1 / 3) < 100


def test_what_has_no_spread_no_effect_or_one_seed():
    assert isnan(detectable(1.0, 1))
    assert detectable(0.0, 5) == 0
    assert seeds_needed(0.1, 0.0) == 2
    assert seeds_needed(0.1, 0.0, least=5) == 5
    assert seeds_needed(0.0, 1.0) == inf
    assert isnan(seeds_needed(float("nan"), 1.0))


def test_the_noncentral_quantile_is_scipys():
    delta = detectable(1.0, 7) * sqrt(7)
    assert stats.nct.cdf(stats.t.ppf(0.975, 6), 6, delta) == pytest.approx(0.2)
