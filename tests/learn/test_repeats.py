from datetime import date
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tocsin.learn import Asked, repeats, similarity

COME = "Consultants must attend in person when they are called."


class Letters:
    """Two texts are as alike as their letters: quick, and of known nearness."""

    def encode(self, texts):
        return np.array([[text.count(letter) for letter in "abcdefgh"] for text in texts], np.float32).reshape(len(texts), 8)


LETTERS = Letters()
items = st.lists(
    st.builds(
        Asked,
        id=st.uuids().map(str),
        text=st.text("abcd", min_size=3, max_size=6),
        report=st.sampled_from(["r", "s", "t"]),
        on=st.dates(date(2000, 1, 1), date(2020, 1, 1)),
        bodies=st.lists(st.sampled_from(["X", "Y"]), max_size=3).map(tuple),
    ),
    max_size=7,
)


def by_brute_force(asked, least):
    """Grow groups until nothing more joins: the slow way, from the definition."""
    out = set()
    for body in {b for item in asked for b in item.bodies}:
        groups = [{item.id} for item in asked if body in item.bodies]
        known = {item.id: item for item in asked}
        changed = True
        while changed:
            changed = False
            for one, other in combinations(groups, 2):
                pairs = [(known[a], known[b]) for a in one for b in other]
                if any(a.report != b.report and similarity([a.text], [b.text], encoder=LETTERS)[0, 0] >= least for a, b in pairs):
                    groups = [g for g in groups if g not in (one, other)] + [one | other]
                    changed = True
                    break
        out |= {(body, frozenset(g)) for g in groups if len({known[i].report for i in g}) > 1}
    return out


@given(items)
def test_repeats_are_those_that_brute_force_finds(asked):
    found = repeats(asked, least=0.7, encoder=LETTERS)

    assert {(r.body, frozenset(r.items)) for r in found} == by_brute_force(asked, 0.7)
    for r in found:
        days = [item.on for item in asked if item.id in r.items]
        assert (r.first, r.last) == (min(days), max(days))
        assert r.times == len({item.report for item in asked if item.id in r.items})


def test_the_same_recommendation_to_another_body_or_in_the_same_report_is_no_repeat():
    day = date(2015, 1, 1)
    to_one = [Asked("1", COME, "First review", day, ("Trust",)), Asked("2", COME, "First review", day, ("Trust",))]
    to_other = [Asked("3", COME, "Second review", date(2018, 1, 1), ("Ministry",))]
    again = [Asked("4", COME, "Third review", date(2022, 1, 1), ("Trust", "Trust"))]

    assert repeats([]) == ()
    assert repeats(to_one + to_other) == ()
    (repeat,) = repeats(to_one + to_other + again)
    assert (repeat.body, repeat.items, repeat.times) == ("Trust", ("1", "2", "4"), 2)
