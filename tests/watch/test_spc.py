"""Charts against published examples, against definitions worked out by hand, and against laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.watch import ewma, ewma_arl, spc

VISCOSITY = [33.75, 33.05, 34.0, 33.81, 33.46, 34.02, 33.68, 33.27, 33.49, 33.2, 33.62, 33.0, 33.54, 33.12, 33.84]
"""Viscosity of aircraft primer paint: Montgomery, Introduction to Statistical Quality Control, chapter on charts for individuals."""
NONCONFORMING = [
    12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6,
]  # fmt: skip
"""Orange juice cans, 30 samples of 50: Montgomery, chapter on charts for attributes."""


def test_xmr_limits_are_those_of_the_textbook():
    chart = spc("xmr", VISCOSITY, screen_moving_ranges=False)

    assert chart.centre[0] == pytest.approx(33.52, abs=0.005)
    assert chart.upper[0] == pytest.approx(34.80, abs=0.01)
    assert chart.lower[0] == pytest.approx(32.24, abs=0.01)


def test_p_limits_are_those_of_the_textbook():
    chart = spc("p", NONCONFORMING, np.full(30, 50))

    assert chart.centre[0] == pytest.approx(0.2313, abs=5e-5)
    assert chart.upper[0] == pytest.approx(0.4102, abs=5e-5)
    assert chart.lower[0] == pytest.approx(0.0524, abs=5e-5)
    assert np.flatnonzero(chart.outside).tolist() == [14, 22]


def test_a_sample_may_be_left_out_of_the_lines_and_is_still_judged():
    chart = spc("p", NONCONFORMING, np.full(30, 50), exclude=[14, 22])

    assert chart.centre[0] == pytest.approx(0.2150, abs=5e-5)
    assert chart.upper[0] == pytest.approx(0.3893, abs=5e-5)
    assert np.flatnonzero(chart.outside).tolist() == [14, 20, 22]


def test_u_c_and_g_limits_follow_their_definitions():
    u, c, g = spc("u", [4, 9, 2], [2.0, 3.0, 1.0]), spc("c", [4, 9, 2, 5]), spc("g", [10, 0, 0, 30])

    assert u.centre[0] == pytest.approx(15 / 6)
    assert u.upper.tolist() == pytest.approx([2.5 + 3 * math.sqrt(2.5 / n) for n in (2, 3, 1)])
    assert (c.centre[0], c.upper[0], c.lower[0]) == pytest.approx((5, 5 + 3 * math.sqrt(5), 0))
    assert g.upper[0] == pytest.approx(10 + 3 * math.sqrt(110))


def test_t_limits_are_worked_out_on_the_transformed_scale_and_a_time_of_zero_is_allowed():
    times = np.array([1.0, 5.0, 0.0, 9.0, 3.0])
    chart = spc("t", times)

    changed = times ** (1 / 3.6)
    one = np.abs(np.diff(changed)).mean() / 1.128
    assert chart.upper[0] == pytest.approx((changed.mean() + 3 * one) ** 3.6)
    assert chart.lower[0] == 0


def test_laneys_limits_are_the_plain_ones_times_the_spread_of_z():
    events, sizes = np.array([820, 900, 700, 990, 640]), np.array([10_000, 10_500, 9_000, 11_000, 9_500])
    plain, prime = spc("p", events, sizes), spc("pp", events, sizes)

    z = (events / sizes - plain.centre) / plain.sigma
    spread = np.abs(np.diff(z)).mean() / 1.128
    assert prime.sigma == pytest.approx(plain.sigma * spread)
    assert (spc("up", events, sizes).sigma > spc("u", events, sizes).sigma).all()


def test_a_moving_range_far_above_the_others_is_screened_out_on_request_and_by_default_on_xmr():
    values = [10, 11, 10, 11, 10, 11, 10, 40, 10, 11, 10, 11, 10, 11]

    assert spc("xmr", values).upper[0] == pytest.approx(np.mean(values) + 2.66 * 1.0)
    assert spc("xmr", values, screen_moving_ranges=False).upper[0] > spc("xmr", values).upper[0]


@pytest.mark.parametrize(
    ("values", "broken"),
    [
        ([0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2], 0),
        ([0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2], 14),
        ([0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2], 14),
    ],
)
def test_seven_on_one_side_are_a_shift_and_six_are_not(values, broken):
    assert spc("run", np.array(values) - 1.0, freeze=None).centre[0] == 0
    assert spc("run", values).shift.sum() == broken


def test_seven_rising_points_are_a_trend_and_six_are_not():
    assert spc("xmr", [5, 1, 2, 3, 4, 5, 6, 7, 2]).trend.tolist() == [False] + [True] * 7 + [False]
    assert not spc("xmr", [5, 1, 2, 3, 4, 5, 6, 2, 2]).trend.any()
    assert not spc("xmr", [5, 1, 2, 3, 3, 4, 5, 6, 2]).trend.any()


def test_two_of_three_near_one_limit_break_the_rule_and_on_two_sides_do_not():
    base = [9.0, 11.0] * 12
    one_side = spc("xmr", [*base, 14.2, 10.4, 14.2], freeze=24)
    two_sides = spc("xmr", [*base, 14.2, 9.4, 14.2], freeze=24)

    assert np.flatnonzero(one_side.two_of_three).tolist() == [24, 26]
    assert not two_sides.two_of_three.any()


@pytest.mark.parametrize("n", [10, 12, 16, 20, 24, 30, 40, 60, 100])
def test_the_limits_of_runs_follow_from_counting_sequences(n):
    """Crossings: the lowest number that at least 5 % of all sequences of fair coins do not exceed, in whole numbers."""
    found = spc("run", np.tile([0.0, 1.0], n // 2)).anhoej[0]

    few = next(k for k in range(n) if 20 * sum(math.comb(n - 1, i) for i in range(k + 1)) >= 2 ** (n - 1))
    assert (found.longest_run_limit, found.crossings_limit) == (round(math.log2(n)) + 3, few)
    assert found.crossings == n - 1


def test_points_on_the_line_are_not_useful_to_the_rules_of_runs():
    assert spc("run", [1, 2, 2, 2, 3]).anhoej[0].useful == 2


@given(st.lists(st.floats(-50, 50), min_size=3, max_size=40), st.data())
def test_a_missing_value_never_makes_a_special_cause(values, data):
    """Lines fixed from elsewhere: taking in gaps anywhere leaves the verdict on every point as it was."""
    front = [0.0, 1.0, -1.0, 0.5]
    gaps = data.draw(st.lists(st.integers(0, len(values)), max_size=6))
    with_gaps, place = [], []
    for i, v in enumerate(values):
        with_gaps += [math.nan] * gaps.count(i)
        place.append(len(with_gaps))
        with_gaps.append(v)

    plain = spc("xmr", front + values, freeze=4)
    gapped = spc("xmr", front + with_gaps, freeze=4)

    for rule, flags in plain.rules.items():
        assert flags[4:].tolist() == [bool(gapped.rules[rule][4 + p]) for p in place], rule


def test_lines_begin_anew_with_each_phase_and_freezing_holds_within_the_first():
    chart = spc("xmr", [1, 2, 1, 2, 9, 9, 11, 12, 11, 12], phases=[6], freeze=4)

    assert chart.centre[:6].tolist() == [1.5] * 6
    assert chart.centre[6:].tolist() == [11.5] * 4
    assert chart.part.tolist() == [0] * 6 + [1] * 4


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("bar", [1, 2]), "kind must be one of"),
        (("p", [1, 2]), "needs sizes"),
        (("c", [1, 2], [3, 4]), "has no sizes"),
        (("p", [5, 2], [3, 4]), "more than their denominator"),
        (("c", [-1, 2]), "below 0"),
        (("xmr", [[1, 2]]), "one row"),
        (("xmr", [1, math.inf]), "finite"),
    ],
)
def test_numbers_that_cannot_be_charted_are_refused_with_the_reason(arguments, why):
    with pytest.raises(ValueError, match=why):
        spc(*arguments)


def test_nothing_to_chart_is_an_empty_chart():
    assert spc("xmr", []).values.shape == (0,)
    assert not spc("p", [math.nan], [math.nan]).outside.any()


@pytest.mark.parametrize(
    ("weight", "width", "shift", "published"),
    [
     (0.4, 3.054, 0, 500), (0.25, 2.998, 0, 500), (0.1, 2.814, 0, 500), (0.05, 2.615, 0, 500), (0.4, 3.054, 1, 14.3),
     (0.25, 2.998, 1, 11.1),
     (0.1, 2.814, 1, 10.3), (0.05, 2.615, 1, 11.4)],
)  # fmt: skip
def test_ewma_run_lengths_are_those_of_lucas_and_saccucci(weight, width, shift, published):
    assert ewma_arl(weight, width, shift) == pytest.approx(published, rel=0.005)


def test_an_ewma_that_forgets_at_once_is_a_shewhart_chart():
    assert ewma_arl(1.0, 3.0) == pytest.approx(370.4, abs=0.05)
    assert ewma([1.0, -2.0], 0.0, 1.0, weight=1.0).path.tolist() == [1.0, -2.0]


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=30), st.floats(0.05, 1))
def test_an_ewma_is_the_weighted_sum_of_its_definition_with_its_exact_variance(y, weight):
    chart = ewma(y, 0.5, 2.0, weight=weight)

    t = len(y)
    weights = weight * (1 - weight) ** np.arange(t)[::-1]
    assert chart.path[-1] == pytest.approx(float(weights @ y) + (1 - weight) ** t * 0.5, abs=1e-9)
    assert chart.upper[-1] - 0.5 == pytest.approx(3 * 2 * math.sqrt((weights**2).sum()), rel=1e-9)


@pytest.mark.parametrize("kind", ["pp", "up"])
def test_a_place_where_nothing_ever_happened_has_lines_at_zero(kind):
    chart = spc(kind, [0] * 12, [100, 120, 90, 110] * 3)

    assert chart.centre.tolist() == chart.upper.tolist() == chart.lower.tolist() == [0.0] * 12
    assert not any(flags.any() for rule, flags in chart.rules.items() if rule == "outside")
