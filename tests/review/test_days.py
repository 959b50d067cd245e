"""Waits against a published survival curve and the product-limit rule worked out by hand."""

from datetime import date, timedelta
from math import exp, log, sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tocsin.review import waits

BEGAN = date(2000, 1, 1)
# Miller, Survival Analysis (1981): weeks of remission with maintained chemotherapy; + still in remission
MAINTAINED = [(9, 1), (13, 1), (13, 0), (18, 1), (23, 1), (28, 0), (31, 1), (34, 1), (45, 0), (48, 1), (161, 0)]


def _cases(rows):
    """(case, event, finding): each open case began as long before the day asked about as it has waited."""
    as_of = BEGAN + timedelta(days=1000)
    return [
        (f"c{i}", as_of - timedelta(days=d) if not done else BEGAN, BEGAN + timedelta(days=d) if done else None)
        for i, (d, done) in enumerate(rows)
    ], as_of


def test_the_curve_is_the_published_one_of_millers_leukaemia_trial():
    # as R's survfit prints it: 0.909 0.818 0.716 0.614 0.491 0.368 0.184, median 31
    found = waits(*_cases(MAINTAINED))
    curve = dict(found.by_day)

    assert [curve[d] for d in (9, 13, 18, 23, 31, 34, 48)] == pytest.approx([0.909, 0.818, 0.716, 0.614, 0.491, 0.368, 0.184], abs=5e-4)
    assert (found.median, found.open, found.longest_open) == (31, 4, 161)


@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=3, max_size=25))
def test_median_and_interval_are_where_the_curve_and_its_greenwood_bounds_cross_a_half(rows):
    assume(any(done for _, done in rows))
    found = waits(*_cases(rows))
    left, total, first = 1.0, 0.0, {"median": None, "lower": None, "upper": None}
    for day in sorted({d for d, done in rows if done}):
        risk, gone = sum(d >= day for d, _ in rows), sum(d == day and done for d, done in rows)
        left *= 1 - gone / risk
        if left > 1e-12:
            total += gone / (risk * (risk - gone))
            reach = 1.959963984540054 * sqrt(total) / log(left)
            bounds = (exp(-exp(log(-log(left)) - reach)), exp(-exp(log(-log(left)) + reach)))
            bounds = (min(bounds), max(bounds))
        else:
            bounds = (0.0, 0.0)
        for name, p in (("median", left), ("lower", bounds[0]), ("upper", bounds[1])):
            if p <= 0.5 + 1e-9 and first[name] is None:
                first[name] = day

    assert (found.median, found.lower, found.upper) == (first["median"], first["lower"], first["upper"])


def test_a_finding_after_the_day_is_not_known_yet():
    found = waits([("a", date(2009, 1, 1), date(2022, 10, 19))], date(2020, 1, 1))

    assert found.waits[0].open
    assert found.median is None
    assert found.waits[0].days == (date(2020, 1, 1) - date(2009, 1, 1)).days


def test_the_thirteen_years_of_east_kent_are_in_days():
    found = waits([("first", date(2009, 10, 19), date(2022, 10, 19))], date(2023, 1, 1))

    assert found.median == 4748


def test_no_cases_give_no_median():
    assert waits([], date(2020, 1, 1)).median is None


@pytest.mark.parametrize(("event", "finding"), [(date(2021, 1, 1), None), (date(2010, 1, 2), date(2010, 1, 1))])
def test_days_out_of_order_are_refused_and_the_case_is_named(event, finding):
    with pytest.raises(ValueError, match="case 'x'"):
        waits([("x", event, finding)], date(2020, 1, 1))
