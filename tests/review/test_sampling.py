"""Exact intervals over every population there could be, and draws that can be repeated."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.review import Stratum, allocate, cases_for, estimate, exact_finite_interval, exact_interval, sample

CASES = {f"c{i:03d}": "deaths" if i % 3 else "injuries" for i in range(90)}


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.data())
def test_the_exact_interval_covers_at_least_as_often_as_it_says_whatever_the_truth(population, data):
    n, truth = data.draw(st.integers(1, population)), data.draw(st.integers(0, population))
    covered = 0.0
    for found in range(max(0, n - (population - truth)), min(n, truth) + 1):
        low, high = exact_finite_interval(found, n, population)
        if low <= truth <= high:
            covered += comb(truth, found) * comb(population - truth, n - found) / comb(population, n)

    assert covered >= 0.95 - 1e-9


def test_in_a_very_large_population_it_is_clopper_and_pearsons():
    low, high = exact_finite_interval(12, 80, 10_000_000)

    assert (low / 10_000_000, high / 10_000_000) == pytest.approx(exact_interval(12, 80), abs=1e-4)


def test_when_all_were_looked_at_nothing_is_uncertain():
    assert exact_finite_interval(7, 40, 40) == (7, 7)
    found = estimate({"a": Stratum(40, 40, 7), "b": Stratum(10, 10, 1)})
    assert (found.lower, found.share, found.upper) == (0.16, 0.16, 0.16)


def test_the_size_for_a_precision_is_the_least_from_which_on_it_holds():
    n = cases_for(300, 0.1)
    width = lambda m: (lambda e: (e[1] - e[0]) / 600)(exact_finite_interval(round(0.5 * m), m, 300))  # noqa: E731

    assert width(n) <= 0.1 < width(n - 1)
    assert all(width(m) <= 0.1 for m in range(n, 300))
    assert n < cases_for(1_000_000, 0.1)


def test_the_interval_over_strata_covers_the_truth():
    random = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        strata = {}
        truth = 0
        for name, size, looked, p in (("a", 200, 25, 0.1), ("b", 60, 15, 0.6), ("c", 500, 30, 0.3)):
            have = int(random.binomial(size, p))
            truth += have
            strata[name] = Stratum(size, looked, int(random.hypergeometric(have, size - have, looked)))
        found = estimate(strata)
        held += found.lower <= truth / 760 <= found.upper

    assert held / 300 > 0.92


@given(
    st.dictionaries(st.sampled_from("abcde"), st.integers(0, 40), min_size=1),
    st.integers(10, 150),
    st.sampled_from(["proportional", "equal"]),
)
def test_sizes_add_up_to_what_was_asked_or_to_all_there_are(strata, cases, how):
    sizes = allocate(strata, cases, how)

    assert sum(sizes.values()) == min(cases, sum(strata.values()))
    assert all(min(2, strata[s]) <= n <= strata[s] for s, n in sizes.items())


def test_neyman_looks_more_where_less_is_known():
    sizes = allocate({"sure": 100, "unsure": 100}, 60, "neyman", guesses={"sure": 0.02, "unsure": 0.5})

    assert sizes["unsure"] > 2 * sizes["sure"]


def test_a_draw_can_be_repeated_by_its_seed_and_another_seed_gives_another():
    first = sample(CASES, {"deaths": 10, "injuries": 5}, seed=7)

    assert first == sample(dict(reversed(CASES.items())), {"injuries": 5, "deaths": 10}, seed=7)
    assert first.cases != sample(CASES, {"deaths": 10, "injuries": 5}, seed=8).cases
    assert first.weight == {"deaths": 6.0, "injuries": 6.0}


def test_every_case_is_as_likely_to_be_drawn():
    drawn = np.array(
        [[c in sample(CASES, {"injuries": 10}, seed=s).cases["injuries"] for c, k in CASES.items() if k == "injuries"] for s in range(600)]
    )

    assert drawn.mean(0) == pytest.approx(1 / 3, abs=0.08)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (lambda: Stratum(5, 6, 1), "cannot be"),
        (lambda: sample(CASES, {"weather": 1}, seed=1), "stratum 'weather' has 0 cases"),
        (lambda: allocate({"a": 5, "b": 5}, 3), "too few for 2 strata"),
        (lambda: allocate({"a": 5}, 3, "neyman"), "guessed share"),
        (lambda: cases_for(0, 0.1), "population must be"),
        (lambda: estimate({}), "no cases"),
    ],
)
def test_what_cannot_be_is_refused_in_words(question, words):
    with pytest.raises(ValueError, match=words):
        question()
