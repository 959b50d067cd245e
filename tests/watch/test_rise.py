import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln

from tocsin.watch.rise import (
    EVENT,
    RATIOS,
    RISE_AGAIN,
    RISE_OVER,
    RISE_RED,
    WEIGHTS,
    RiseState,
    Streams,
    advance,
    design,
    log_statistic,
    overshoot_factor,
)


def a_stream(rate_a_year, mean_days_red, sites=1, shape=25.0):
    plan = design(rate_a_year, mean_days_red, mean_days_red / 5)
    return Streams.of([plan] * sites, [rate_a_year] * sites, 2.0, [3.0] * sites, [5.0] * sites), RiseState.fresh(np.full(sites, shape))


def days_of(rate_a_year, sites, days, seed, ratio=1.0, from_day=0):
    random = np.random.default_rng(seed)
    mean = np.full((sites, days), rate_a_year / 365.25)
    mean[:, from_day:] *= ratio
    return np.full((sites, days), 10, np.int32), random.poisson(mean).astype(np.int32), np.full((sites, days), rate_a_year / 365.25)


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 20), st.floats(0.5, 40), st.floats(0.1, 30), st.floats(1, 200), st.sampled_from(RATIOS))
def test_the_closed_form_is_the_ratio_of_two_marginal_likelihoods(x1, x2, e1, e2, shape, ratio):
    """Gamma mixture of two independent Poisson counts, integrated by its own formula for each hypothesis."""

    def log_marginal(scale):
        return gammaln(shape + x1 + x2) - gammaln(shape) + shape * math.log(shape) + x2 * math.log(scale) - (
            shape + x1 + x2
        ) * math.log(shape + e1 + scale * e2)  # fmt: skip

    value, _ = log_statistic(
        x1 + x2, e1 + e2, np.array([x1], np.int32), np.array([e1]), 1, shape, shape, np.array([ratio]), np.ones(1), 1.0
    )

    assert value == pytest.approx(log_marginal(ratio) - log_marginal(1.0), abs=1e-8)


def test_the_statistic_has_as_its_mean_the_days_gone_by_while_nothing_changes():
    """E[R] = days: the martingale on which the promise rests, by simulation with a site factor that differs between sites."""
    random = np.random.default_rng(5)
    sites, weeks, mean, shape = 200_000, 6, 0.4, 4.0
    theta = random.gamma(shape, 1 / shape, sites)
    x = random.poisson(mean * theta[:, None], (sites, weeks)).cumsum(axis=1)
    starts_x = np.concatenate([np.zeros((sites, 1), np.int64), x[:, :-1]], axis=1)
    starts_e = mean * np.arange(weeks)
    total = np.zeros(sites)
    for ratio, weight in ((1.5, 0.6), (2.0, 0.4)):
        x2 = x[:, -1:] - starts_x
        share = (mean * weeks - starts_e) / (shape + mean * weeks)
        total += weight * (ratio**x2 * (1 + (ratio - 1) * share) ** -(shape + x[:, -1:])).sum(axis=1)

    standard_error = total.std() / math.sqrt(sites)

    assert abs(total.mean() - weeks) < 4 * standard_error
    assert standard_error < 0.05


@pytest.mark.parametrize("rate_a_year", [5.0, 60.0])
def test_false_reds_are_no_more_frequent_than_promised_when_sites_do_not_differ(rate_a_year):
    sites, years, mean_years = 400, 30, 20
    streams, state = a_stream(rate_a_year, mean_years * 365.25, sites, shape=1e7)
    births, events, expected = days_of(rate_a_year, sites, round(years * 365.25), seed=3)

    happened, _, _ = advance(state, streams, births, events, expected)

    # a renewal while the first alarm is still open is not a new false alarm
    false_reds = int((happened["what"] == RISE_RED).sum())
    promised = sites * years / mean_years
    assert false_reds < promised + 3 * math.sqrt(promised)
    assert false_reds > promised / 3


def test_a_doubling_is_found_and_dated():
    streams, state = a_stream(30.0, 2000 * 365.25, 50)
    births, events, expected = days_of(30.0, 50, 3000, seed=7, ratio=2.0, from_day=2000)

    happened, _, _ = advance(state, streams, births, events, expected)

    reds = happened[(happened["what"] == RISE_RED) & (happened["day"] >= 2000)]
    assert len(set(reds["stream"])) >= 45
    assert abs(np.median(reds["onset"]) - 2000) < 60


def test_a_ring_ends_when_the_rate_has_come_back():
    streams, state = a_stream(60.0, 2000 * 365.25, 30)
    births, events, expected = days_of(60.0, 30, 2400, seed=8, ratio=3.0, from_day=1200)
    _, usual, _ = days_of(60.0, 30, 2400, seed=9)
    events[:, 1600:] = usual[:, 1600:]

    happened, _, _ = advance(state, streams, births, events, expected)

    over = happened[happened["what"] == RISE_OVER]
    assert len(set(over["stream"])) >= 28
    assert np.median(over["day"]) > 1600


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 1499), min_size=1, max_size=4))
def test_going_on_from_a_kept_state_equals_going_through_all_days_at_once(seed, cuts):
    streams, whole = a_stream(40.0, 30 * 365.25, 6)
    births, events, expected = days_of(40.0, 6, 1500, seed, ratio=2.5, from_day=900)
    ends = np.arange(29, 1500, 30, dtype=np.int32)
    at_once = advance(whole, streams, births, events, expected, ends)

    _, kept = a_stream(40.0, 30 * 365.25, 6)
    parts = []
    edges = [0, *sorted(set(cuts)), 1500]
    rise = np.full(at_once[1].shape, np.nan)
    for first, last in itertools.pairwise(edges):
        part = advance(kept, streams, births[:, first:last], events[:, first:last], expected[:, first:last], ends)
        parts.append(part[0])
        rise = np.where(np.isnan(part[1]), rise, part[1])

    def by_stream(rows):
        return rows[np.lexsort((np.arange(len(rows)), rows["stream"]))]

    assert np.array_equal(by_stream(np.concatenate(parts)), by_stream(at_once[0]))
    assert np.array_equal(rise, at_once[1])
    for field in ("starts_x", "starts_e", "integers", "numbers"):
        mine, theirs = getattr(kept, field), getattr(whole, field)
        live = np.arange(mine.shape[1])[None, :] < whole.integers[:, :1] if field.startswith("starts") else np.full(mine.shape, True)
        assert np.array_equal(mine[live], theirs[live])


def test_two_threads_find_what_one_finds():
    streams, one = a_stream(40.0, 20 * 365.25, 40)
    _, two = a_stream(40.0, 20 * 365.25, 40)
    births, events, expected = days_of(40.0, 40, 1500, 4, ratio=2.0, from_day=500)

    alone = advance(one, streams, births, events, expected)[0]
    together = advance(two, streams, births, events, expected, threads=2)[0]

    assert np.array_equal(alone, together)
    assert alone.dtype == EVENT


@pytest.mark.parametrize("ratio", [1.25, 2.0, 5.0])
def test_the_overshoot_factor_is_what_ladder_heights_give(ratio):
    """Against a simulated walk that is looked at after each event, far beyond zero, under the raised rate."""
    random = np.random.default_rng(2)
    gaps = random.exponential(1 / ratio, (4000, 3000))
    walk = (math.log(ratio) - (ratio - 1) * gaps).cumsum(axis=1)
    far = 8.0
    passed = walk >= far
    first = passed.argmax(axis=1)[passed.any(axis=1)]
    over = walk[passed.any(axis=1)][np.arange(first.shape[0]), first] - far

    assert overshoot_factor(ratio) == pytest.approx(np.exp(-over).mean(), abs=4 * np.exp(-over).std() / math.sqrt(over.shape[0]) + 1e-3)


def test_the_weights_of_the_mixture_add_up_to_one():
    assert sum(WEIGHTS) == pytest.approx(1)
    for rate in (0.1, 1, 10, 100, 5000):
        assert sum(design(rate, 1e6, 2e5).weights) == pytest.approx(1)


def test_a_site_too_small_for_small_rises_watches_for_large_ones_only():
    assert min(design(1.0, 365e3, 73e3).ratios) > min(design(500.0, 365e3, 73e3).ratios)


@pytest.mark.parametrize("numbers", [(0, 1, 1), (1, 0, 1), (1, 1, -2), (float("nan"), 1, 1)])
def test_a_design_refuses_what_is_not_above_zero(numbers):
    with pytest.raises(ValueError, match="above 0"):
        design(*numbers)


def test_renewed_red_is_told_apart_from_a_new_one():
    streams, state = a_stream(60.0, 100 * 365.25)
    births, events, expected = days_of(60.0, 1, 3000, seed=1, ratio=4.0, from_day=600)

    happened, _, _ = advance(state, streams, births, events, expected)

    assert (happened["what"] == RISE_RED).sum() == 1
    assert (happened["what"] == RISE_AGAIN).sum() >= 1
