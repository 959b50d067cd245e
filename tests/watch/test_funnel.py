import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm, poisson

from tocsin.watch.funnel import funnel
from tocsin.watch.overdispersion import overdispersion, truncated, winsorised


def brute_interpolated(p, n, centre):
    """Spiegelhalter's limit by adding up the binomial term by term."""
    before, r = 0.0, 0
    term = (1 - centre) ** n
    while before + term < p:
        before += term
        term *= (n - r) / (r + 1) * centre / (1 - centre)
        r += 1
    return (r - (before + term - p) / term) / n


@pytest.mark.parametrize("n", [5, 40, 333])
@pytest.mark.parametrize("level", [0.95, 0.998])
def test_exact_limits_of_a_proportion_equal_the_sum_of_binomial_terms(n, level):
    plot = funnel([1], [n], reference=0.07, limits=(level,))

    assert plot.limits[0].upper[0] == pytest.approx(brute_interpolated((1 + level) / 2, n, 0.07), rel=1e-9)
    assert plot.limits[0].lower[0] == pytest.approx(max(brute_interpolated((1 - level) / 2, n, 0.07), 0), rel=1e-9)


@given(st.integers(1, 3000), st.floats(0.001, 0.9), st.sampled_from([0.8, 0.95, 0.998]))
def test_plain_quantiles_leave_at_most_the_promised_tail(n, centre, level):
    pair = funnel([0], [n], reference=centre, limits=(level,)).quantile_limits[0]

    tail = (1 - level) / 2
    assert binom.sf(round(pair.upper[0] * n), n, centre) <= tail * (1 + 1e-9)
    assert binom.cdf(round(pair.lower[0] * n) - 1, n, centre) <= tail * (1 + 1e-9)


@given(st.lists(st.floats(0.1, 500), min_size=1, max_size=20))
def test_interpolated_limits_lie_within_one_event_below_the_plain_quantile(expected):
    plot = funnel(np.zeros(len(expected)), expected, kind="ratio")

    for smooth, plain in zip(plot.limits, plot.quantile_limits, strict=True):
        gap = (plain.upper - smooth.upper) * np.array(expected)
        assert (gap > -1e-9).all()
        assert (gap < 1 + 1e-9).all()


def test_poisson_tails_of_a_ratio_are_as_promised():
    expected = np.array([0.5, 3.0, 20.0, 400.0])

    pair = funnel([0, 0, 0, 0], expected, kind="ratio").quantile_limits[1]

    assert (poisson.sf(np.round(pair.upper * expected), expected) <= 0.001).all()
    assert (poisson.cdf(np.round(pair.lower * expected) - 1, expected) <= 0.001).all()


def test_chi_squared_limits_equal_the_published_poisson_interval_for_ten():
    # Exact 95 % interval for a count of 10: 4.795 to 18.390 (Ulm, American Journal of Epidemiology 131 (1990)).
    pair = funnel([10], [10.0], kind="ratio", method="chi-squared").limits[0]

    assert pair.lower[0] * 10 == pytest.approx(4.795, abs=5e-4)
    assert pair.upper[0] * 10 == pytest.approx(18.390, abs=5e-4)


@given(st.permutations(range(6)))
def test_the_order_of_sites_does_not_matter(order):
    events, births = np.array([3, 9, 0, 12, 30, 7]), np.array([100, 210, 50, 400, 500, 100])

    plain = funnel(events, births, overdispersion="additive")
    shuffled = funnel(events[order], births[order], overdispersion="additive")

    assert shuffled.tau2 == pytest.approx(plain.tau2)
    np.testing.assert_allclose(shuffled.limits[0].upper, plain.limits[0].upper[order])


def test_tau2_equals_dersimonian_and_lairds_estimate_about_the_reference():
    # Worked by hand: weights 1/s^2 = 1, 4, 4; z = 2, -2, 3, so I phi = 17 and tau2 = (17 - 2) / (9 - 33 / 9).
    result = overdispersion([2, -2, 3], [1, 0.5, 0.5], winsorise=None)

    assert result.phi == pytest.approx(17 / 3)
    assert result.tau2 == pytest.approx(15 / (9 - 33 / 9))


def test_winsorising_draws_extremes_in_and_truncation_leaves_them_out():
    z = np.arange(1.0, 21.0)

    np.testing.assert_allclose(winsorised(z, 0.1)[[0, 1, 2, -1]], [2.9, 2.9, 3.0, 18.1])
    assert np.isnan(truncated(z, 0.1)).nonzero()[0].tolist() == [0, 1, 18, 19]


def test_additive_limits_are_the_normal_limits_with_the_two_variances_added():
    events, births = np.array([10, 60, 5, 80, 30]), np.array([300, 500, 200, 600, 900])

    plot = funnel(events, births, overdispersion="additive", winsorise=None, transform="arcsine")

    middle = np.arcsin(np.sqrt(events.sum() / births.sum()))
    wide = norm.ppf(0.975) * np.sqrt(1 / (4 * births) + plot.tau2)
    np.testing.assert_allclose(plot.limits[0].upper, np.sin(middle + wide) ** 2)
    np.testing.assert_allclose(plot.adjusted_z, (np.arcsin(np.sqrt(events / births)) - middle) / np.sqrt(1 / (4 * births) + plot.tau2))


@pytest.mark.parametrize("transform", ["none", "logit", "arcsine"])
def test_flags_under_multiplicative_widening_agree_with_the_adjusted_scores(transform):
    rng = np.random.default_rng(5)
    births = rng.integers(200, 3000, 60)
    events = rng.binomial(births, np.clip(rng.normal(0.1, 0.04, 60), 0.01, 0.5))

    plot = funnel(events, births, overdispersion="multiplicative", transform=transform)

    assert plot.adjusted
    np.testing.assert_array_equal(plot.outside[0] > 0, plot.adjusted_z > norm.ppf(0.975))


def test_without_overdispersion_the_exact_limits_stand():
    plot = funnel([10, 20, 30], [100, 200, 300], overdispersion="additive")

    assert (plot.phi, plot.tau2, plot.adjusted) == (0, 0, False)
    np.testing.assert_array_equal(plot.limits[0].upper, funnel([10, 20, 30], [100, 200, 300]).limits[0].upper)


def test_a_missing_or_empty_site_changes_nothing_for_the_others():
    whole = funnel([3, 9, 20], [100, 200, 500])
    gaps = funnel([3, np.nan, 9, 0, 20], [100, 80, 200, 0, 500])

    assert gaps.centre == whole.centre
    assert np.isnan(gaps.values[[1, 3]]).all()
    assert [flags[[1, 3]].tolist() for flags in gaps.outside] == [[0, 0], [0, 0]]
    np.testing.assert_array_equal(gaps.limits[1].upper[[0, 2, 4]], whole.limits[1].upper)


@pytest.mark.parametrize("kind", ["proportion", "rate"])
def test_no_events_anywhere_put_no_site_outside(kind):
    plot = funnel([0, 0], [50, 100], kind=kind)

    assert plot.centre == 0
    assert not any(flags.any() for flags in plot.outside)


def test_one_site_is_its_own_reference():
    plot = funnel([4], [90], overdispersion="additive")

    assert plot.z[0] == 0
    assert plot.tau2 == 0
    assert plot.outside[0][0] == 0


def test_no_usable_site_gives_an_empty_curve():
    plot = funnel([0], [0])

    assert np.isnan(plot.centre)
    assert plot.curve_denominators.size == 0


@pytest.mark.parametrize(
    ("events", "births", "words"),
    [([5], [4], "more events"), ([-1], [4], "negative"), ([1.5], [4], "whole"), ([1], [0], "denominator of 0"), ([1, 2], [3], "length")],
)
def test_impossible_counts_are_refused(events, births, words):
    with pytest.raises(ValueError, match=words):
        funnel(events, births)
