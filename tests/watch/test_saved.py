"""What is kept between nights: it survives being written, and going on from it equals going through all days again, bit for bit."""

import dataclasses
import io

import numpy as np
import pytest

from country import country
from tocsin.watch.budget import Budget
from tocsin.watch.catalogue import load_catalogue
from tocsin.watch.national import begin, look, watch_country
from tocsin.watch.saved import Saved, from_arrays, take_up, terms_of, to_arrays

ABOUT = load_catalogue()["term-stillbirth"]
INDICATORS = {"term-stillbirth": ABOUT}


def cut(counts, days):
    return dataclasses.replace(counts, births=counts.births[:, :days], events=counts.events[:, :days])


@pytest.fixture(scope="module")
def nights():
    """A country as one night saw it, what was saved then, and the country twenty days later in the same calendar year."""
    whole = dataclasses.replace(country(sites=12, days=3 * 365 + 150, rises=[(3, 600, 3.0)]), indicator="term-stillbirth")
    before = cut(whole, whole.births.shape[1] - 20)
    states = {}
    watch_country({"term-stillbirth": before}, INDICATORS, (), settled=states)
    terms = terms_of({"term-stillbirth": before}, INDICATORS, Budget())
    return Saved({"term-stillbirth": before}, before.births > 0, states, ("a" * 64,), terms), {"term-stillbirth": whole}


def through_a_file(saved):
    file = io.BytesIO()
    np.savez_compressed(file, **to_arrays(saved))
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return from_arrays(arrays)


def same(a, b):
    assert np.array_equal(a.happened, b.happened)
    assert np.array_equal(a.rise, b.rise, equal_nan=True)
    assert np.array_equal(a.cusum, b.cusum, equal_nan=True)


def test_the_next_night_equals_all_days_gone_through_again(nights):
    saved, whole = nights
    counts = whole["term-stillbirth"]
    on, said = take_up(through_a_file(saved), whole, terms_of(whole, INDICATORS, Budget()))
    anew = {"term-stillbirth": begin(saved.settled["term-stillbirth"].calibration)}
    first = watch_country(whole, INDICATORS, (), settled=on)
    second = watch_country(whole, INDICATORS, (), settled=anew)

    assert "Only the days since" in said
    assert first == second
    same(look(on["term-stillbirth"], counts, ABOUT), look(anew["term-stillbirth"], counts, ABOUT))


def test_a_changed_past_is_gone_through_again_under_the_same_calibration(nights):
    saved, whole = nights
    counts = whole["term-stillbirth"]
    events = counts.events.copy()
    events[5, 100] += 1
    changed = {"term-stillbirth": dataclasses.replace(counts, events=events, births=counts.births + (events > counts.births))}
    states, said = take_up(saved, changed, saved.terms)

    assert "gone through again" in said
    assert states["term-stillbirth"].state.day == 0
    assert states["term-stillbirth"].calibration is saved.settled["term-stillbirth"].calibration


def test_another_budget_calls_for_another_calibration(nights):
    saved, whole = nights
    states, said = take_up(saved, whole, terms_of(whole, INDICATORS, Budget(false_reds_per_year=2)))

    assert states == {}
    assert "calibrated anew" in said


def test_what_is_not_whole_is_refused(nights):
    arrays = to_arrays(nights[0])
    with pytest.raises(ValueError, match="not whole"):
        from_arrays({k: v for k, v in arrays.items() if k != "0.events"})
