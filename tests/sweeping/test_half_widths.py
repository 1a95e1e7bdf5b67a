"""Half-widths against closed forms, and against the mean of intervals of drawn samples."""

from math import inf, isnan, pi, sqrt

import numpy as np
import pytest
from scipy import stats

from harness.intervals import confidence_of, expected_half_width, half_width, seeds_for, shortfall, t_interval


def test_half_a_width_is_what_scipys_test_says() -> None:
    values = np.random.default_rng(0).normal(size=7)
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.99)
    found = half_width(values.std(ddof=1), 7, 0.99)
    assert found == pytest.approx((expected.high - expected.low) / 2)


def test_half_a_width_of_one_to_five() -> None:
    # Deviation sqrt(2.5), t quantile at 4 degrees of freedom 2.776445.
    assert half_width(sqrt(2.5), 5) == pytest.approx(2.776445 * sqrt(2.5 / 5), rel=1e-6)


def test_for_new_data_the_variance_of_the_mean_is_that_of_nadeau_and_bengio() -> None:
    # 10 resamples with 9 training samples by test sample: (1/10 + 1/9) of the variance.
    ratio = half_width(1.0, 10, test_per_training=1 / 9) / half_width(1.0, 10)
    assert ratio == pytest.approx(sqrt((1 / 10 + 1 / 9) / (1 / 10)))


def test_one_seed_has_no_width() -> None:
    assert isnan(float(half_width(1.0, 1)))
    assert isnan(expected_half_width(1.0, 1))


@pytest.mark.parametrize(
    ("freedom", "mean"), [(1, sqrt(2 / pi)), (2, sqrt(pi) / 2), (4, 0.9399856), (inf, 1.0)]
)
def test_a_samples_deviation_is_too_small_on_average_by_a_known_factor(freedom: float, mean: float) -> None:
    assert shortfall(freedom) == pytest.approx(mean)


@pytest.mark.parametrize("seeds", [5, 10, 20])
@pytest.mark.parametrize("ratio", [0.0, 1 / 3])
def test_the_expected_half_width_is_the_mean_of_those_of_drawn_samples(seeds: int, ratio: float) -> None:
    drawn = 0.03 * np.random.default_rng(seeds).standard_normal((50_000, seeds))
    realised = half_width(drawn.std(axis=1, ddof=1), seeds, 0.975, test_per_training=ratio).mean()
    expected = expected_half_width(0.03, seeds, 0.975, test_per_training=ratio)
    assert expected == pytest.approx(realised, rel=0.01)
    if not ratio:
        _, low, high = t_interval(drawn, 0.975)
        assert expected == pytest.approx(np.mean(high - low) / 2, rel=0.01)


@pytest.mark.parametrize("before", [2, 3, 8])
def test_it_is_so_too_where_the_deviation_is_that_of_a_few_earlier_seeds(before: int) -> None:
    draw = np.random.default_rng(before)
    earlier = draw.standard_normal((100_000, before)).std(axis=1, ddof=1)
    later = half_width(draw.standard_normal((100_000, 10)).std(axis=1, ddof=1), 10)
    expected = expected_half_width(1.0, 10, freedom=before - 1) * earlier
    assert expected.mean() == pytest.approx(later.mean(), rel=0.01)


@pytest.mark.parametrize("width", [0.03, 0.3, 1.0])
def test_seeds_for_a_width_are_as_few_as_reach_it(width: float) -> None:
    seeds = seeds_for(width, 0.7, 0.99)
    assert seeds is not None
    assert expected_half_width(0.7, seeds, 0.99) <= width
    assert seeds == 2 or expected_half_width(0.7, seeds - 1, 0.99) > width
    assert seeds_for(width, 0.7, 0.99, least=5) == max(seeds, 5)


def test_no_number_of_seeds_makes_an_interval_for_new_data_as_narrow_as_one_likes() -> None:
    # However many the seeds, 1.96 deviations times sqrt(1/4) are left.
    assert seeds_for(0.99, 1.0, test_per_training=0.25) is not None
    assert seeds_for(0.97, 1.0, test_per_training=0.25) is None
    assert seeds_for(0.0, 1.0) is None


def test_a_studys_claims_share_its_error_and_any_of_several_cells_share_the_claims() -> None:
    assert confidence_of(1) == pytest.approx(0.95)
    assert confidence_of(5) == pytest.approx(0.99)
    assert confidence_of(5, 10) == pytest.approx(0.999)
