import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.signal import Level
from tocsin.watch.budget import Budget, Promise, e_bh


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=9), st.floats(0.01, 0.5))
def test_the_list_is_the_largest_self_consistent_set(values, fdr):
    """Brute force over all subsets: the longest one each of whose e-values is at least n / (fdr x its length)."""
    n = len(values)
    longest = 0
    for size in range(n, 0, -1):
        if any(all(v >= n / (fdr * size) for v in chosen) for chosen in itertools.combinations(values, size)):
            longest = size
            break

    listed = e_bh(values, fdr)

    assert listed.sum() == longest
    assert all(values[i] >= max((v for v, on in zip(values, listed, strict=True) if not on), default=0) for i in np.flatnonzero(listed))


def test_no_evidence_lists_nothing():
    assert not e_bh([1.0, 0.5, 2.0], 0.1).any()


@pytest.mark.parametrize("bad", [[-1.0], [float("nan")], [[1.0]]])
def test_e_values_that_are_none_are_refused(bad):
    with pytest.raises(ValueError, match="e_values"):
        e_bh(bad, 0.1)


@given(st.integers(1, 20_000), st.floats(0.1, 50))
def test_the_streams_together_use_up_the_national_budget(streams, yearly):
    budget = Budget(false_reds_per_year=yearly)

    assert streams * 365.25 / budget.mean_days(Level.RED, streams) == pytest.approx(yearly)
    assert streams * 365.25 / budget.mean_days(Level.AMBER, streams) == pytest.approx(5 * yearly)


def test_a_local_chance_in_twelve_months_becomes_a_mean_time():
    budget = Budget(promise=Promise.LOCAL)

    assert np.exp(-365.25 / budget.mean_days(Level.RED, 1)) == pytest.approx(0.99)


def test_the_promise_is_said_for_the_country_and_for_the_one_stream():
    words = Budget().words(Level.RED, 1900)

    assert "1 false red signal a year in all 1,900 streams" in words
    assert "about once in 1,900 years" in words


@pytest.mark.parametrize("wrong", [{"false_reds_per_year": 0}, {"amber_factor": 0.5}, {"local_red": 0.2}, {"local_amber": 1.0}])
def test_a_budget_that_promises_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match=r"must|above"):
        Budget(**wrong)
