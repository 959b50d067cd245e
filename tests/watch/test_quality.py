import dataclasses

import pytest

from country import country, indicator
from tocsin.watch.quality import quality_flags

COMMON = indicator(id="admission", name="Admission", events="admissions")


@pytest.fixture(scope="module")
def quiet():
    return country(sites=40, days=6 * 365, rate=0.05, delayed=False, seed=3)


def flags_of(counts):
    return quality_flags({"admission": counts}, {"admission": COMMON})


def test_a_clean_country_is_flagged_about_once_a_year_at_most(quiet):
    assert len(flags_of(quiet)) <= 8


def test_months_without_any_event_are_flagged_as_not_recorded(quiet):
    events = quiet.events.copy()
    events[4, 1000:1150] = 0

    found = [f for f in flags_of(dataclasses.replace(quiet, events=events)) if f.site == "S04" and f.kind == "not-recorded"]

    assert len(found) == 1
    assert (found[0].first_day - quiet.first_day).days < 1060
    assert "no admissions were recorded" in found[0].sentence


def test_births_recorded_twice_are_flagged(quiet):
    births = quiet.births.copy()
    births[7, 1000:1090] *= 2

    assert any(f.site == "S07" and f.kind == "births-doubled" for f in flags_of(dataclasses.replace(quiet, births=births)))


def test_months_without_births_are_flagged(quiet):
    births, events = quiet.births.copy(), quiet.events.copy()
    births[9, 1000:1090] = events[9, 1000:1090] = 0

    assert any(f.site == "S09" and f.kind == "no-births" for f in flags_of(dataclasses.replace(quiet, births=births, events=events)))


def test_a_tripling_overnight_is_called_abrupt_and_not_explained_away(quiet):
    events = quiet.events.copy()
    events[2, 1300:] *= 3

    found = [f for f in flags_of(dataclasses.replace(quiet, events=events)) if f.site == "S02"]

    assert any(f.kind == "abrupt-step" and "may also be care" in f.sentence for f in found)
