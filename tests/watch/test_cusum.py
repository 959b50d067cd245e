import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.watch import bernoulli_cusum, e_detector, poisson_cusum, risk_adjusted_cusum


def slow(steps, reset_at=None):
    value, path = 0.0, []
    for step in steps:
        value = max(0.0, value + step)
        path.append(value)
        if reset_at is not None and value >= reset_at:
            value = 0.0
    return path


OUTCOMES = st.lists(st.sampled_from([0, 1]), min_size=1, max_size=60)


@given(OUTCOMES, st.floats(0.001, 0.9), st.floats(1.01, 9))
def test_a_bernoulli_cusum_adds_log_likelihood_ratios_and_stays_above_zero(y, p0, ratio):
    p1 = ratio * p0 / (1 - p0 + ratio * p0)
    steps = [math.log(p1 / p0) if v else math.log((1 - p1) / (1 - p0)) for v in y]

    assert bernoulli_cusum(y, p0, ratio).tolist() == pytest.approx(slow(steps), abs=1e-9)


@given(st.lists(st.tuples(st.sampled_from([0, 1]), st.floats(0.001, 0.95)), min_size=1, max_size=60), st.floats(1.1, 5))
def test_a_risk_adjusted_cusum_weighs_each_case_by_its_own_risk_as_steiner_has_it(cases, ratio):
    y, p = zip(*cases, strict=True)
    steps = [math.log((ratio if v else 1.0) / (1 - r + ratio * r)) for v, r in cases]

    assert risk_adjusted_cusum(y, p, ratio).tolist() == pytest.approx(slow(steps), abs=1e-9)


@given(OUTCOMES, st.floats(0.01, 0.5), st.floats(1.2, 4))
def test_equal_risks_give_the_bernoulli_cusum(y, p0, ratio):
    assert risk_adjusted_cusum(y, np.full(len(y), p0), ratio).tolist() == pytest.approx(bernoulli_cusum(y, p0, ratio).tolist(), abs=1e-9)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=40), st.floats(0.1, 6), st.floats(1.1, 4))
def test_a_poisson_cusum_adds_its_log_likelihood_ratios(counts, mean, ratio):
    steps = [k * math.log(ratio) - mean * (ratio - 1) for k in counts]

    assert poisson_cusum(counts, mean, ratio).tolist() == pytest.approx(slow(steps), abs=1e-9)


@pytest.mark.parametrize("form", ["sr", "cusum"])
def test_the_e_detector_is_the_sum_or_the_greatest_over_all_starts(form):
    random = np.random.default_rng(3)
    y, p0, ratios, weights = random.integers(0, 2, 12), 0.3, [1.5, 3.0], [0.4, 0.6]

    def ratio_of(v, r):
        p1 = r * p0 / (1 - p0 + r * p0)
        return p1 / p0 if v else (1 - p1) / (1 - p0)

    path = e_detector(y, p0, ratios, weights, form=form)
    for n in range(1, 13):
        total = 0.0
        for r, w in zip(ratios, weights, strict=True):
            products = [math.prod(ratio_of(v, r) for v in y[s:n]) for s in range(n)]
            total += w * (sum(products) if form == "sr" else max(products))
        assert path[n - 1] == pytest.approx(total, rel=1e-9)


def test_the_mean_of_a_shiryaev_roberts_e_detector_is_the_births_gone_by():
    """Over all sequences of ten births, each with its chance: the mean is exactly 10, so no tuning is needed for the promise."""
    p0 = 0.3
    mean = sum(
        math.prod(p0 if v else 1 - p0 for v in y) * e_detector(np.array(y), p0, [1.5, 2.5], [0.5, 0.5])[-1]
        for y in itertools.product((0, 1), repeat=10)
    )

    assert mean == pytest.approx(10, rel=1e-9)


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (lambda: bernoulli_cusum([0, 2], 0.1, 2), "0 or 1"),
        (lambda: bernoulli_cusum([0, 1], 1.2, 2), "p0"),
        (lambda: risk_adjusted_cusum([0, 1], [0.1, math.nan], 2), ""),
        (lambda: risk_adjusted_cusum([0, 1], [0.1], 2), ""),
    ],
)
def test_outcomes_and_risks_that_are_none_are_refused(question, why):
    with pytest.raises(ValueError, match=why):
        question()


def test_nothing_observed_is_an_empty_path():
    assert bernoulli_cusum([], 0.1, 2).shape == (0,)
