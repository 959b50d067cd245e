from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from tocsin.watch.vlad import excess, final_sum, poisson_binomial, vlad


def test_each_case_adds_its_risk_and_each_event_takes_one():
    np.testing.assert_allclose(vlad([0, 1, 0], [0.1, 0.3, 0.2]), [0.1, -0.6, -0.4])


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), max_size=60))
def test_excess_events_mirror_lives_saved(cases):
    y, p = np.array([c[0] for c in cases]), np.array([c[1] for c in cases])

    np.testing.assert_array_equal(excess(y, p), -vlad(y, p))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_the_poisson_binomial_equals_the_sum_over_all_outcomes(risks):
    brute = np.zeros(len(risks) + 1)
    for outcome in product((0, 1), repeat=len(risks)):
        brute[sum(outcome)] += np.prod([p if y else 1 - p for y, p in zip(outcome, risks, strict=True)])

    np.testing.assert_allclose(poisson_binomial(risks), brute, atol=1e-12)


def test_equal_risks_give_the_binomial_also_for_many_cases():
    np.testing.assert_allclose(poisson_binomial(np.full(3001, 0.03)), binom.pmf(np.arange(3002), 3001, 0.03), atol=1e-13)


def test_the_limits_of_the_final_sum_leave_at_most_the_promised_tails():
    p = np.full(500, 0.04)
    end = final_sum(np.zeros(500), p, level=0.9)

    assert binom.sf(round(20 - end.lower), 500, 0.04) <= 0.05
    assert binom.cdf(round(20 - end.upper) - 1, 500, 0.04) <= 0.05
    assert end.chance_as_few == pytest.approx(0.96**500)
    assert end.chance_as_many == pytest.approx(1)


@pytest.mark.parametrize(("y", "p"), [([2], [0.1]), ([np.nan], [0.1]), ([1], [1.1]), ([1], [np.nan]), ([1, 0], [0.1]), ([[1]], [[0.1]])])
def test_anything_but_outcomes_and_risks_is_refused(y, p):
    with pytest.raises(ValueError):  # noqa: PT011
        vlad(y, p)
