"""Bounds against every way the unseen could be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.review import came_forward


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 20))
def test_the_bounds_are_the_ends_of_all_that_could_be(avoidable, others, unseen):
    forward = avoidable + others
    found = came_forward(forward, avoidable, outcomes=forward + unseen)
    could_be = [(avoidable + k) / (forward + unseen) for k in range(unseen + 1)] if forward + unseen else [None]

    assert (found.lowest, found.highest) == (could_be[0], could_be[-1])


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 300), st.floats(1, 20))
def test_an_assumption_never_widens_the_bounds_and_holds_the_truth_it_speaks_of(avoidable, others, unseen, times):
    forward, whole = avoidable + others, avoidable + others + unseen
    found = came_forward(forward, avoidable, outcomes=whole, times=times)
    wide, narrow = found.assumed

    assert found.lowest - 1e-12 <= wide.lowest <= narrow.lowest + 1e-12
    assert narrow.lowest <= narrow.highest + 1e-12
    assert wide.highest == narrow.highest <= found.highest + 1e-12
    # a share among the unseen whose odds are `times` lower lies just at the lower end
    odds = avoidable / others / times
    assert (avoidable + unseen * odds / (1 + odds)) / whole == pytest.approx(narrow.lowest)


def test_east_kents_families_came_forward_and_the_sentences_say_what_that_allows():
    found = came_forward(202, 97)

    assert found.lowest is None
    assert any("not a random sample" in s for s in found.sentences)
    assert any("nothing can be said of their share among all" in s for s in found.sentences)


def test_when_all_came_forward_there_is_nothing_to_assume():
    found = came_forward(20, 5, outcomes=20, births=4000)

    assert (found.lowest, found.highest, found.assumed, found.per_1000_births) == (0.25, 0.25, (), 1.25)


@pytest.mark.parametrize("bad", [(3, 4, {}), (5, 1, {"outcomes": 4}), (5, 1, {"births": 3}), (5, 1, {"outcomes": 9, "times": 0.5})])
def test_counts_that_cannot_be_are_refused(bad):
    with pytest.raises(ValueError, match=r"cannot be|at least 1"):
        came_forward(bad[0], bad[1], **bad[2])
