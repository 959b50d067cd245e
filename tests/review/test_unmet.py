"""The same standard unmet again and again: against Fisher's exact test, and how often chance alone is named."""

from datetime import date

import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact

from tocsin.review import Compared, Met, signals, unmet_again
from tocsin.signal import Level, ProviderRef


def _met(provider, standard, unmet, met, untold=0):
    return [
        Met(f"{provider}-{i}", provider, standard, False if i < unmet else True if i < unmet + met else None)
        for i in range(unmet + met + untold)
    ]


def test_a_provider_far_above_the_others_is_named_by_fishers_exact_test():
    found = [
        u for u in unmet_again([*_met("A", "s", 9, 3, 2), *_met("B", "s", 2, 30), *_met("C", "s", 1, 20)], tolerated=0.5) if u.provider
    ]
    (a,) = found

    assert (a.provider, a.unmet, a.applied, a.not_told, a.others_unmet, a.others_applied) == ("A", 9, 12, 2, 3, 53)
    assert a.p == pytest.approx(fisher_exact([[9, 3], [3, 50]], alternative="greater")[1])
    assert a.cases == tuple(f"A-{i}" for i in range(9))


def test_a_standard_unmet_all_over_the_country_is_a_national_finding():
    rows = [m for p in "ABCDEF" for m in _met(p, "s", 4, 12)]
    (found,) = unmet_again(rows)

    assert (found.provider, found.unmet, found.applied, found.providers, found.of_providers) == (None, 24, 96, 6, 6)
    assert found.p == pytest.approx(binomtest(24, 96, 0.05, alternative="greater").pvalue)


def test_what_one_of_many_providers_has_alone_is_no_national_finding():
    found = unmet_again([*_met("A", "s", 20, 2), *(m for p in "BCDE" for m in _met(p, "s", 0, 15)), *_met("F", "s", 0, 0, untold=3)])

    assert [(u.provider, u.providers, u.of_providers) for u in found] == [("A", 1, 5)]


def test_where_one_provider_alone_was_looked_at_it_is_held_against_what_is_tolerated():
    (found,) = unmet_again(_met("A", "s", 6, 20))
    said = signals([], [found], {"A": ProviderRef("A", "Provider A")}, {}, nation=None, raised_on=date(2026, 1, 1), since=None, address="/x/")

    assert (found.provider, found.unmet, found.applied, found.others_applied) == ("A", 6, 26, 0)
    assert found.p == pytest.approx(binomtest(6, 26, 0.05, alternative="greater").pvalue)
    assert "at Provider A in 6 of 26 cases" in said[0].sentence
    assert "no other provider was looked at" in said[0].sentence


def test_a_national_finding_says_how_many_providers_share_it():
    found = unmet_again([m for p in "ABC" for m in _met(p, "s", 4, 12)] + _met("D", "s", 0, 12))
    said = signals([], found, {}, {"s": "A standard"}, nation=ProviderRef("ALL", "All"), raised_on=date(2026, 1, 1), since=None, address="/x/")

    assert "3 of 4 providers share this" in said[0].sentence
    assert (said[0].evidence["providers"], said[0].evidence["of_providers"]) == (3, 4)


def test_chance_alone_is_seldom_named():
    random = np.random.default_rng(1)
    named = 0
    for _ in range(200):
        rows = [Met(f"{p}{i}", f"P{p}", f"s{s}", bool(random.random() > 0.05)) for p in range(6) for i in range(15) for s in range(4)]
        named += bool(unmet_again(rows))

    assert named / 200 < 0.08


def test_twice_is_not_again_and_again():
    assert unmet_again([*_met("A", "s", 2, 0), *_met("B", "s", 0, 200)], tolerated=0.001) == ()


def test_one_standard_twice_in_a_case_is_refused():
    with pytest.raises(ValueError, match="case 'c' has standard 's' twice"):
        unmet_again([Met("c", "A", "s", True), Met("c", "A", "s", False)])


def test_findings_become_signals_with_their_counts_and_the_place_that_shows_them():
    unmet = unmet_again([*_met("A", "s", 9, 3), *_met("B", "s", 2, 80)])
    compared = [Compared("A", 40, 0.6, 0.3, 0.2, 0.42, 0.0005, 0.005), Compared("B", 40, 0.31, 0.3, 0.2, 0.42, 0.4, 0.5)]
    providers = {"A": ProviderRef("A", "Trust A"), "B": ProviderRef("B", "Trust B")}
    nation = ProviderRef("N", "The nation")
    given = signals(
        compared, unmet, providers, {"s": "Senior called"}, nation=nation, raised_on=date(2024, 1, 2), since=None, address="/r/1"
    )
    share, *others = given

    assert (share.provider.code, share.level, share.evidence["q"], share.address) == ("A", Level.RED, 0.005, "/r/1#provider-A")
    assert "about 60 might or would have ended otherwise" in share.sentence
    assert {s.provider.code for s in others} == {u.provider or "N" for u in unmet}
    assert any("'Senior called' was not met at Trust A in 9 of 12 cases" in s.sentence for s in others)
    assert all(s.evidence["unmet"] for s in others)


def test_few_cases_are_told_in_words_so_that_no_family_is_picked_out():
    unmet = unmet_again([*_met("A", "s", 4, 0), *_met("B", "s", 0, 100)])
    given = signals([], unmet, {"A": ProviderRef("A", "Trust A")}, {}, nation=None, raised_on=date(2024, 1, 2), since=None, address="/r")

    assert given
    assert "4 of 4" not in given[0].sentence


def test_a_provider_not_in_the_register_is_refused():
    with pytest.raises(ValueError, match="provider 'A' is not in the register"):
        signals(
            [Compared("A", 40, 0.6, 0.3, 0.2, 0.42, 0.0005, 0.005)],
            [],
            {},
            {},
            nation=None,
            raised_on=date(2024, 1, 2),
            since=None,
            address="",
        )
