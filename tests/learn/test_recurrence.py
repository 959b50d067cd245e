from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from tocsin.learn import Item, change_point, cohen_kappa, fell_after, krippendorff_alpha, recurs, signal_of
from tocsin.signal import ConcernKind, Level, ProviderRef

SINCE, DONE, UNTIL = date(2010, 1, 1), date(2015, 1, 1), date(2020, 1, 1)
PROVIDER = ProviderRef("X", "A trust")
ITEMS = [
    Item("1", "Consultants must attend in person when they are called.", "First review", date(2016, 1, 1), done_on=date(2017, 1, 1)),
    Item("2", "The roof of the delivery suite must be mended.", "Estates survey", date(2018, 1, 1)),
    Item("3", "Doctors on call have to come to the ward when asked.", "Second review", date(2030, 1, 1)),
]


def test_the_earlier_item_that_says_the_same_comes_first_and_later_ones_are_left_out():
    found = recurs("The on-call consultant was telephoned twice and did not come.", ITEMS, on=date(2020, 1, 1))

    assert [e.item.id for e in found] == ["1", "2"]
    assert found[0].after_done
    assert not found[1].after_done


def test_a_return_after_done_is_a_red_signal_and_one_without_is_amber():
    found = recurs("The consultant did not come when called.", ITEMS, on=date(2020, 1, 1))
    red = signal_of("p", found[:1], PROVIDER, on=date(2020, 1, 1), address="/learn/1")
    amber = signal_of("p", found[1:], PROVIDER, on=date(2020, 1, 1), address="/learn/1")

    assert (red.kind, red.level, red.since) == (ConcernKind.RECURRENCE, Level.RED, date(2016, 1, 1))
    assert amber.level is Level.AMBER
    assert signal_of("p", (), PROVIDER, on=date(2020, 1, 1), address="/learn/1") is None


def days(count, begin, end):
    return [begin + timedelta(days=int(d)) for d in np.linspace(0, (end - begin).days - 1, count)]


@given(st.integers(0, 15), st.integers(0, 15))
def test_the_test_for_a_fall_agrees_with_an_exact_binomial_test_computed_elsewhere(before, after):
    found = fell_after(days(before, SINCE, DONE) + days(after, DONE, UNTIL), since=SINCE, done=DONE, until=UNTIL)

    assert (found.before, found.after) == (before, after)
    if before + after:
        share = (UNTIL - DONE).days / (UNTIL - SINCE).days
        other = binomtest(after, before + after, share, alternative="less")
        assert found.p_fall == pytest.approx(other.pvalue)
    if found.ratio is not None:
        assert found.low <= found.ratio <= found.high


def test_a_change_in_rate_is_found_near_its_day_and_none_is_claimed_where_the_rate_is_steady():
    changed = change_point(days(40, SINCE, DONE) + days(4, DONE, UNTIL), since=SINCE, until=UNTIL)
    steady = change_point(days(22, SINCE, UNTIL), since=SINCE, until=UNTIL)

    assert changed.chance > 0.99
    assert changed.fell > 0.99
    assert changed.low <= DONE <= changed.high
    assert abs((changed.most_likely - DONE).days) < 200
    assert steady.chance < 0.5


def test_the_published_coal_mining_disasters_changed_about_1890_and_fell():
    # yearly counts 1851 to 1962, Jarrett (Biometrika 1979;66:191-193); Raftery & Akman (1986) place the change between 1887 and 1895
    counts = [4, 5, 4, 1, 0, 4, 3, 4, 0, 6, 3, 3, 4, 0, 2, 6, 3, 3, 5, 4, 5, 3, 1, 4, 4, 1, 5, 5, 3, 4, 2, 5, 2, 2, 3, 4, 2, 1, 3, 2]
    counts += [2, 1, 1, 1, 1, 3, 0, 0, 1, 0, 1, 1, 0, 0, 3, 1, 0, 3, 2, 2, 0, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 2, 1, 0, 0, 0, 1, 1, 0, 2]
    counts += [3, 3, 1, 1, 2, 1, 1, 1, 1, 2, 4, 2, 0, 0, 1, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1]
    returns = [d for i, n in enumerate(counts) for d in days(n, date(1851 + i, 1, 2), date(1851 + i, 12, 30))]
    found = change_point(returns, since=date(1851, 1, 1), until=date(1963, 1, 1))

    assert date(1886, 1, 1) < found.most_likely < date(1896, 1, 1)
    assert found.chance > 0.999
    assert found.fell > 0.999


def test_days_out_of_order_or_outside_are_refused():
    with pytest.raises(ValueError, match="follow one another"):
        fell_after([], since=DONE, done=SINCE, until=UNTIL)
    with pytest.raises(ValueError, match="outside"):
        fell_after([date(2030, 1, 1)], since=SINCE, done=DONE, until=UNTIL)
    with pytest.raises(ValueError, match="under 30 days"):
        change_point([], since=SINCE, until=SINCE + timedelta(days=10))


def test_cohens_kappa_of_the_textbook_table_is_0_4():
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15

    assert cohen_kappa(first, second) == pytest.approx(0.4)


def test_krippendorffs_alpha_of_his_published_example_is_0_743():
    # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C, nominal data of four observers
    rows = ["1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 ."]
    codings = [[None if c == "." else c for c in row.split()] for row in rows]

    assert krippendorff_alpha(codings) == pytest.approx(0.743, abs=0.0005)


def test_agreement_without_variety_is_refused():
    with pytest.raises(ValueError, match="single code"):
        cohen_kappa(["a"], ["a"])
    with pytest.raises(ValueError, match="more than one code"):
        krippendorff_alpha([["a", "a"], ["a", "a"]])
