import dataclasses
from datetime import date, timedelta

import numpy as np
import pytest

from country import country, indicator, register
from tocsin.signal import Level
from tocsin.watch.budget import Budget, Promise
from tocsin.watch.counts import Counts
from tocsin.watch.indicators import FixedReference, Kind
from tocsin.watch.national import begin, calibrate, look, settle, watch_country
from tocsin.watch.results import Detector


@pytest.fixture(scope="module")
def raised():
    return country(sites=30, rises=[(3, 1500, 3.0)])


@pytest.fixture(scope="module")
def result(raised):
    return watch_country({"stillbirth": raised}, {"stillbirth": indicator()}, register(30))


def test_the_site_whose_rate_rose_rings_red_and_its_first_day_is_within_the_interval(result):
    stream = next(s for s in result.streams if s.site == "S03")
    ring = next(r for r in stream.rings if r.detector is Detector.RISE and r.level is Level.RED)

    truly = date(2015, 1, 1) + timedelta(days=1500)
    assert stream.level is Level.RED
    assert ring.onset_low - timedelta(days=45) <= truly <= ring.onset_high + timedelta(days=45)
    assert ring.first_day_over >= truly
    assert ring.rate_ratio_low < 3.0 < ring.rate_ratio_high
    assert ring.amber_day <= ring.first_day_over


def test_a_ring_carries_its_promise_and_a_sentence_with_the_counts(result):
    ring = next(r for s in result.streams if s.site == "S03" for r in s.rings if r.level is Level.RED)

    assert "1 false red signal a year in all 30 streams" in ring.promise
    assert f"{ring.events:,} stillbirths among {ring.births:,} births at Site S03" in ring.sentence
    assert "95 % interval" in ring.sentence


def test_every_stream_says_what_its_size_could_have_shown(result):
    assert all("expected a year" in s.power.sentence for s in result.streams)


def test_larger_sites_are_shown_to_see_a_doubling_sooner():
    mixed = country(sites=6, births_a_year=2500)
    large = dataclasses.replace(mixed, births=mixed.births * 8, events=mixed.events * 8)

    small_months = watch_country({"x": mixed}, {"x": indicator(id="x")}, []).streams[0].power.months_median
    large_months = watch_country({"x": large}, {"x": indicator(id="x")}, []).streams[0].power.months_median

    assert large_months is not None
    assert small_months is None or large_months < small_months


def test_the_reference_of_a_site_leaves_the_site_out(raised):
    twice = dataclasses.replace(raised, events=raised.events.copy())
    twice.events[3] *= 5

    before = calibrate(raised, indicator(), Budget(), 30).rates
    after = calibrate(twice, indicator(), Budget(), 30).rates

    assert np.array_equal(before[3], after[3])
    assert (after[4] > before[4]).all()


def test_a_national_reference_is_the_rate_of_the_others_over_the_years_before(raised):
    rates = calibrate(raised, indicator(), Budget(), 30).rates

    year_four = (date(2019, 1, 1) - date(2015, 1, 1)).days
    from_year_one = (date(2016, 1, 1) - date(2015, 1, 1)).days
    others = np.arange(30) != 7
    by_hand = raised.events[others, from_year_one:year_four].sum() / raised.births[others, from_year_one:year_four].sum()
    assert rates[7, 4] == pytest.approx(by_hand)


def test_a_fixed_reference_is_used_as_it_is(raised):
    rates = calibrate(raised, indicator(reference=FixedReference(0.005, "made up")), Budget(), 30).rates

    assert (rates == 0.005).all()


def test_reports_still_to_come_neither_hide_nor_reassure(raised):
    """Expected events of the last days are thinned by the share reported, so that the ratio to expected stays near one."""
    path = watch_country({"s": raised}, {"s": indicator(id="s")}, []).paths[0]

    assert not path.months[-1].settled
    assert path.months[-10].settled
    assert path.months[-1].expected < 0.6 * path.months[-10].expected


def test_a_nightly_update_equals_a_full_recomputation_bit_for_bit(raised):
    days = raised.births.shape[1]
    plan = calibrate(raised, indicator(), Budget(), 30)

    def up_to(day):
        return Counts(raised.indicator, raised.sites, raised.first_day, raised.births[:, :day], raised.events[:, :day])

    kept = begin(plan)
    for day in (*range(days - 200, days, 7), days):
        kept = settle(kept, up_to(day), indicator())
        nightly = look(kept, up_to(day), indicator())
    whole = look(settle(begin(plan), raised, indicator()), raised, indicator())

    assert np.array_equal(nightly.happened, whole.happened)
    assert np.array_equal(nightly.rise, whole.rise)
    assert np.array_equal(nightly.cusum, whole.cusum)
    assert np.array_equal(nightly.state.numbers, whole.state.numbers)


def test_looking_twice_changes_nothing(raised):
    kept = settle(begin(calibrate(raised, indicator(), Budget(), 30)), raised, indicator())

    assert np.array_equal(look(kept, raised, indicator()).happened, look(kept, raised, indicator()).happened)


def test_late_events_within_the_reporting_delay_are_taken_up_by_the_next_look(raised):
    kept = settle(begin(calibrate(raised, indicator(), Budget(), 30)), raised, indicator())
    late = dataclasses.replace(raised, events=raised.events.copy())
    late.events[9, [-60, -40, -20]] += 1

    assert look(kept, late, indicator()).rise[9, -1] > look(kept, raised, indicator()).rise[9, -1]


def test_a_closed_site_and_an_empty_one_do_no_harm(raised):
    births, events = raised.births.copy(), raised.events.copy()
    births[5, 900:] = events[5, 900:] = 0
    births[6] = events[6] = 0
    changed = dataclasses.replace(raised, births=births, events=events)

    result = watch_country({"s": changed}, {"s": indicator(id="s")}, register(30))

    assert "S06" not in {s.site for s in result.streams}
    assert next(s for s in result.streams if s.site == "S05").births == births[5].sum()


def test_one_site_alone_is_watched_against_its_own_past():
    alone = country(sites=1, rises=[(0, 1500, 3.0)])

    result = watch_country({"s": alone}, {"s": indicator(id="s")}, [])

    assert result.streams[0].reference_rate > 0


def test_counts_without_a_denominator_are_watched_as_poisson():
    counts = country(sites=10, rises=[(2, 1500, 3.0)])
    days = dataclasses.replace(counts, births=np.ones_like(counts.births))

    result = watch_country({"s": days}, {"s": indicator(id="s", kind=Kind.POISSON, denominator=None)}, [])

    assert next(s for s in result.streams if s.site == "S02").level is Level.RED


def test_nothing_to_watch_is_said_plainly():
    with pytest.raises(ValueError, match="nothing to watch"):
        watch_country({}, {}, [])


def test_a_local_promise_is_said_for_the_one_stream(raised):
    result = watch_country({"s": raised}, {"s": indicator(id="s")}, [], budget=Budget(promise=Promise.LOCAL))

    assert "about once in 99 years" in result.promise


def test_false_reds_in_a_whole_quiet_country_stay_near_the_budget():
    """Six years of 300 quiet sites with a budget of four false reds a year: 24 expected, counted against a wide Poisson margin."""
    quiet = country(sites=300, days=8 * 365, delayed=True, seed=11)

    result = watch_country({"s": quiet}, {"s": indicator(id="s")}, [], budget=Budget(false_reds_per_year=4))

    reds = sum(r.detector is Detector.RISE and r.level is Level.RED for s in result.streams for r in s.rings)
    assert reds <= 32 + 4 * 32**0.5
