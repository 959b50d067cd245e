"""Exact run lengths against three independent ways: all sequences counted, a dense Markov chain, and simulation."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.watch import (
    bernoulli_arl,
    bernoulli_cusum,
    bernoulli_false_alarm,
    bernoulli_run_length_cdf,
    bernoulli_threshold,
    poisson_arl,
    poisson_false_alarm,
)
from tocsin.watch.weights import llr_weights, poisson_weights


def ratio_with_steps(p0: float, down: int, up: int) -> float:
    """The odds ratio at which the steps down and up are to each other as two whole numbers: then a CUSUM lives on a lattice."""
    low, high = 1.0 + 1e-9, 1e6
    for _ in range(200):
        middle = math.sqrt(low * high)
        d, u = llr_weights(p0, middle)
        low, high = (middle, high) if u * down > -d * up else (low, middle)
    return math.sqrt(low * high)


def chain_arl(p: float, down: int, up: int, height: int) -> float:
    """Mean time from 0 to `height` or more of a walk on whole numbers held at 0, by linear equations."""
    moves = np.zeros((height, height))
    for state in range(height):
        moves[state, max(0, state - down)] += 1 - p
        if state + up < height:
            moves[state, state + up] += p
    return float(np.linalg.solve(np.eye(height) - moves, np.ones(height))[0])


@pytest.mark.parametrize(("p0", "down", "up", "height"), [(0.02, 1, 30, 95), (0.05, 2, 29, 120), (0.2, 3, 7, 40), (0.01, 1, 60, 400)])
def test_the_mean_run_length_is_that_of_a_markov_chain_on_the_same_lattice(p0, down, up, height):
    ratio = ratio_with_steps(p0, down, up)
    unit = llr_weights(p0, ratio)[1] / up

    assert bernoulli_arl(p0, ratio, (height - 0.5) * unit) == pytest.approx(chain_arl(p0, down, up, height), rel=1e-9)
    assert bernoulli_arl(p0, ratio, (height - 0.5) * unit, rate=2 * p0) == pytest.approx(chain_arl(2 * p0, down, up, height), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.02, 0.6), st.floats(1.2, 6.0), st.floats(0.05, 3.0))
def test_the_chance_of_a_false_alarm_is_that_of_counting_all_sequences(p0, ratio, threshold):
    births = 11
    rung = np.zeros(births + 1)
    for sequence in itertools.product((0, 1), repeat=births):
        chance = math.prod(p0 if y else 1 - p0 for y in sequence)
        over = bernoulli_cusum(sequence, p0, ratio) >= threshold
        if over.any():
            rung[int(over.argmax()) + 1 :] += chance

    assert bernoulli_run_length_cdf(p0, ratio, threshold, births) == pytest.approx(rung, abs=1e-12)


def test_the_mean_run_length_lies_within_what_simulation_finds():
    random = np.random.default_rng(4)
    p0, ratio, threshold, sites = 0.05, 2.0, 2.0, 3000
    down, up = llr_weights(p0, ratio)
    value, length, running = np.zeros(sites), np.zeros(sites), np.ones(sites, bool)
    while running.any():
        value = np.maximum(0, value + np.where(random.random(sites) < p0, up, down))
        length += running
        running &= value < threshold

    assert abs(length.mean() - bernoulli_arl(p0, ratio, threshold)) < 3.5 * length.std() / math.sqrt(sites)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.001, 0.2), st.floats(1.5, 5.0), st.sampled_from([0.01, 0.05, 0.2]), st.integers(50, 3000))
def test_a_threshold_keeps_its_promise_and_a_lower_one_breaks_it(p0, ratio, chance, births):
    threshold = bernoulli_threshold(p0, ratio, false_alarm=chance, horizon=births)
    down, up = llr_weights(p0, ratio)

    assert bernoulli_false_alarm(p0, ratio, threshold, births) <= chance
    if threshold > up:
        assert bernoulli_false_alarm(p0, ratio, threshold + 0.1 * down, births) >= bernoulli_false_alarm(p0, ratio, threshold, births)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.002, 0.2), st.floats(1.5, 4.0), st.floats(200, 50_000))
def test_a_threshold_for_a_mean_run_length_reaches_it(p0, ratio, arl):
    assert bernoulli_arl(p0, ratio, bernoulli_threshold(p0, ratio, arl=arl)) >= arl


@given(st.floats(0.005, 0.3), st.floats(1.2, 4), st.floats(0.5, 3), st.floats(0.05, 1))
@settings(max_examples=20, deadline=None)
def test_a_higher_threshold_never_rings_sooner(p0, ratio, threshold, more):
    assert bernoulli_arl(p0, ratio, threshold + more) >= bernoulli_arl(p0, ratio, threshold)


def test_the_poisson_run_length_is_that_of_a_fine_grid():
    """A dense Markov chain whose steps round the drift to a grid of 1/200 nat, two grids apart to show that it settles."""
    mean, ratio, threshold = 2.0, 1.8, 2.5
    drift, step = poisson_weights(mean, ratio)

    def on_grid(cells):
        width = threshold / cells
        middles = (np.arange(cells) + 0.5) * width
        moves = np.zeros((cells + 1, cells + 1))
        start = np.concatenate([[0.0], middles])
        for k in range(80):
            chance = math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))
            to = start + drift + k * step
            place = np.where(to <= 0, 0, 1 + np.floor(to / width)).astype(int)
            for a in range(cells + 1):
                if to[a] < threshold:
                    moves[a, place[a]] += chance
        return float(np.linalg.solve(np.eye(cells + 1) - moves, np.ones(cells + 1))[0])

    assert poisson_arl(mean, ratio, threshold) == pytest.approx(on_grid(1500), rel=0.02)


def test_the_chance_within_a_long_time_agrees_with_the_mean():
    """Run lengths are nearly exponential: chance = 1 - exp(-n / mean) to within a few per cent."""
    arl = poisson_arl(1.0, 2.0, 3.0)

    assert poisson_false_alarm(1.0, 2.0, 3.0, round(arl)) == pytest.approx(1 - math.exp(-1), rel=0.03)


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (lambda: bernoulli_arl(0, 2, 3), "p0"),
        (lambda: bernoulli_arl(0.1, 1, 3), "ratio"),
        (lambda: bernoulli_arl(0.1, 2, 0), "threshold"),
        (lambda: bernoulli_arl(0.1, 2, math.inf), "threshold"),
        (lambda: bernoulli_arl(0.1, 2, 3, rate=1.5), "rate"),
        (lambda: bernoulli_false_alarm(0.1, 2, 3, -1), "horizon"),
        (lambda: bernoulli_threshold(0.1, 2), "give either"),
        (lambda: bernoulli_threshold(0.1, 2, arl=100, false_alarm=0.1, horizon=10), "give either"),
        (lambda: bernoulli_threshold(0.1, 2, false_alarm=2, horizon=10), "false_alarm"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_the_reason(question, why):
    with pytest.raises(ValueError, match=why):
        question()


@pytest.mark.parametrize(
    ("k", "ratio", "height", "in_control", "doubled"),
    [(3, 2.0, 8, 1183.62439345, 7.26952351088), (1, 1.5, 6, 157.876603676, 9.73728485452), (5, 2.0, 12, 16753.4363298, 6.79579002716)],
)
def test_the_poisson_run_length_is_that_of_the_r_package_spc(k, ratio, height, in_control, doubled):
    """`pois.cusum.arl(mu, k, height - 1, 1)` of spc 0.6.7, whose chart sums counts less k and rings above height - 1."""
    mean, unit = k * math.log(ratio) / (ratio - 1), math.log(ratio)

    assert poisson_arl(mean, ratio, (height - 0.5) * unit) == pytest.approx(in_control, rel=1e-10)
    assert poisson_arl(mean, ratio, (height - 0.5) * unit, rate=2 * mean) == pytest.approx(doubled, rel=1e-10)


def test_very_rare_events_are_read_off_without_a_seam():
    near, far = (p * bernoulli_arl(p, 2.0, 3.0) for p in (1.0000001e-5, 0.9999999e-5))
    assert near == pytest.approx(far, rel=1e-5)
    assert bernoulli_false_alarm(1e-7, 2.0, 3.0, 10**8) == pytest.approx(bernoulli_false_alarm(1.25e-5, 2.0, 3.0, 800_000), rel=1e-3)


def test_a_long_horizon_is_the_same_when_gone_through_birth_by_birth():
    horizon = 150_000
    assert bernoulli_false_alarm(0.02, 2.0, 6.0, horizon) == pytest.approx(bernoulli_run_length_cdf(0.02, 2.0, 6.0, horizon)[-1], rel=1e-8)
