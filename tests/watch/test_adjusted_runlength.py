"""Run lengths of risk-adjusted CUSUMs against the exact ones of a single risk, simulation, and the chart of Steiner et al. (2000)."""

import math

import numpy as np
import pytest

from tocsin.watch import bernoulli_arl, bernoulli_false_alarm, risk_adjusted_arl, risk_adjusted_false_alarm, risk_adjusted_threshold


def mix(size=2000):
    """Risks of heart surgery as a logistic model on a skewed score gives them."""
    score = np.round(np.random.default_rng(3).gamma(1.2, 8, size))
    return 1 / (1 + np.exp(3.68 - 0.077 * score))


@pytest.mark.parametrize(("p", "ratio", "threshold"), [(0.05, 2, 3.0), (0.01, 2, 4.0), (0.2, 3, 4.0)])
def test_one_risk_is_the_plain_cusum(p, ratio, threshold):
    assert risk_adjusted_arl([p, p, p], ratio, threshold) == bernoulli_arl(p, ratio, threshold)
    assert risk_adjusted_false_alarm([p], ratio, threshold, 500) == bernoulli_false_alarm(p, ratio, threshold, 500)


@pytest.mark.parametrize(("p", "ratio", "threshold"), [(0.05, 2, 3.0), (0.1, 1.5, 2.5)])
def test_risks_that_hardly_differ_are_nearly_one_risk(p, ratio, threshold):
    near = np.linspace(0.9 * p, 1.1 * p, 41)

    assert risk_adjusted_arl(near, ratio, threshold) == pytest.approx(bernoulli_arl(p, ratio, threshold), rel=0.02)


def test_the_mean_and_the_chance_lie_within_what_simulation_finds():
    random = np.random.default_rng(5)
    risks, threshold, sites = mix(), 2.5, 6000
    value, length, running = np.zeros(sites), np.zeros(sites), np.ones(sites, bool)
    while running.any():
        p = random.choice(risks, sites)
        value = np.maximum(0, value + (random.random(sites) < p) * math.log(2) - np.log1p(p))
        length += running
        running &= value < threshold
    chance = (length <= 300).mean()

    assert abs(length.mean() - risk_adjusted_arl(risks, 2.0, threshold)) < 3.5 * length.std() / math.sqrt(sites)
    found = risk_adjusted_false_alarm(risks, 2.0, threshold, 300)
    assert abs(chance - found) < 3.5 * math.sqrt(chance * (1 - chance) / sites)


def test_a_threshold_keeps_its_promise():
    risks = mix()
    threshold = risk_adjusted_threshold(risks, 2.0, false_alarm=0.05, horizon=800)

    assert risk_adjusted_false_alarm(risks, 2.0, threshold, 800) <= 0.05
    assert risk_adjusted_false_alarm(risks, 2.0, threshold - 0.01, 800) > 0.05
    assert risk_adjusted_arl(risks, 2.0, risk_adjusted_threshold(risks, 2.0, arl=9600)) == pytest.approx(9600, rel=1e-3)


def test_a_raised_rate_rings_sooner():
    risks = mix()

    assert risk_adjusted_arl(risks, 2.0, 4.5, true_ratio=2.0) < risk_adjusted_arl(risks, 2.0, 4.5) / 10


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (lambda: risk_adjusted_arl([], 2, 3), "at least one risk"),
        (lambda: risk_adjusted_arl([1.2], 2, 3), "between 0 and 1"),
        (lambda: risk_adjusted_arl([math.nan], 2, 3), "between 0 and 1"),
        (lambda: risk_adjusted_arl([0.1, 0.2], 2, 0), "threshold"),
        (lambda: risk_adjusted_arl([0.1, 0.2], 1, 3), "ratio"),
        (lambda: risk_adjusted_arl([0.1, 0.2], 2, 3, true_ratio=0), "true_ratio"),
        (lambda: risk_adjusted_false_alarm([0.1, 0.2], 2, 3, 1.5), "whole number"),
        (lambda: risk_adjusted_threshold([0.1, 0.2], 2), "give either"),
    ],
)
def test_bad_questions_are_refused(question, why):
    with pytest.raises(ValueError, match=why):
        question()
