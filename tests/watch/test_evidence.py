import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import gamma, poisson

from tocsin.watch.evidence import assess, log_marginal, today_e_value
from tocsin.watch.reference import dispersion_shape
from tocsin.watch.rise import NO_DISPERSION


def a_rise(seed, ratio=2.5, at=1400, days=2000, daily=0.1):
    random = np.random.default_rng(seed)
    mean = np.full(days, daily)
    mean[at:] *= ratio
    return np.full(days, 7, np.int32), random.poisson(mean).astype(np.int32), np.full(days, daily)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    onset_held = ratio_held = 0
    for seed in range(120):
        rise = assess(*a_rise(seed), 25.0, 0, 1900, 2000)
        onset_held += rise.onset_low - 7 <= 1400 <= rise.onset_high + 7
        ratio_held += rise.ratio_low <= 2.5 <= rise.ratio_high

    assert onset_held >= 0.8 * 120
    assert ratio_held >= 0.88 * 120


def test_events_and_expected_are_counted_from_the_onset():
    births, events, expected = a_rise(3)

    rise = assess(births, events, expected, NO_DISPERSION, 0, 1900, 2000)

    assert rise.events == events[rise.onset :].sum()
    assert rise.births == 7 * (2000 - rise.onset)
    assert rise.expected == pytest.approx(expected[rise.onset :].sum(), rel=1e-4)
    assert rise.onset_low <= rise.onset <= rise.onset_high


def test_the_e_value_of_today_has_mean_one_while_nothing_changes():
    random = np.random.default_rng(8)
    values = []
    for _ in range(4000):
        events = random.poisson(0.05 * random.gamma(25, 1 / 25), 300).astype(np.int32)
        values.append(today_e_value(events, np.full(300, 0.05), 25.0, 200, np.array([1.5, 2.0])))

    assert abs(np.mean(values) - 1) < 4 * np.std(values) / np.sqrt(len(values))


@pytest.mark.parametrize(("x", "e", "shape"), [(0, 1.5, 4.0), (7, 3.0, 25.0), (40, 22.0, 9.0)])
def test_the_marginal_chance_is_the_integral_over_the_site_factor(x, e, shape):
    by_integration = quad(lambda t: poisson.pmf(x, e * t) * gamma.pdf(t, shape, scale=1 / shape), 0, 10, limit=200)[0]

    assert np.exp(log_marginal(x, e, shape)) == pytest.approx(by_integration, rel=1e-6)


@pytest.mark.parametrize("shape", [9.0, 25.0])
def test_the_spread_between_sites_is_recovered(shape):
    random = np.random.default_rng(4)
    expected = random.uniform(50, 500, 400)
    events = random.poisson(expected * random.gamma(shape, 1 / shape, 400)).astype(float)

    assert dispersion_shape(events, expected) == pytest.approx(shape, rel=0.25)


def test_sites_that_differ_by_chance_alone_show_no_spread():
    random = np.random.default_rng(4)
    expected = random.uniform(5, 50, 200)
    found = [dispersion_shape(random.poisson(expected).astype(float), expected) for _ in range(20)]

    assert np.median(found) > 300
