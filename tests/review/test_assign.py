from collections import Counter
from itertools import combinations, product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tocsin.review import Reviewer, ToGrade, Why, assign, barred

PROVIDERS = ["AAA", "BBB", "CCC"]
some_cases = st.lists(
    st.builds(
        ToGrade,
        st.integers(0, 99).map(lambda i: f"c{i}"),
        st.frozensets(st.sampled_from(PROVIDERS), min_size=1, max_size=2),
        st.frozensets(st.sampled_from(["r0", "r1", "r2"]), max_size=1),
    ),
    max_size=14,
    unique_by=lambda c: c.id,
)
some_reviewers = st.lists(
    st.builds(
        Reviewer,
        st.integers(0, 7).map(lambda i: f"r{i}"),
        st.frozensets(st.sampled_from(PROVIDERS), max_size=1),
        st.frozensets(st.sampled_from([*PROVIDERS, "c1", "c2"]), max_size=1),
        st.sampled_from([1.0, 1.0, 0.5]),
        st.one_of(st.none(), st.integers(0, 6)),
    ),
    max_size=7,
    unique_by=lambda r: r.id,
)
plain_cases = st.integers(1, 40).map(lambda n: [ToGrade(f"c{i:02d}") for i in range(n)])


@given(some_cases, some_reviewers, st.integers(1, 3), st.integers(0, 5))
def test_nobody_grades_a_case_of_their_own_employer_own_care_or_interest(cases, reviewers, per_case, seed):
    found = assign(cases, reviewers, per_case, seed=seed)
    by_id = {r.id: r for r in reviewers}

    assert all(barred(c, by_id[r]) is None for c in cases for r in found.graders.get(c.id, ()))


@given(some_cases, some_reviewers, st.integers(1, 3), st.integers(0, 5))
def test_every_case_has_all_its_reviewers_each_once_or_is_named_with_the_reason(cases, reviewers, per_case, seed):
    found = assign(cases, reviewers, per_case, seed=seed)

    assert sorted([*found.graders, *(u.case for u in found.unassigned)]) == sorted(c.id for c in cases)
    assert all(len(set(g)) == len(g) == per_case for g in found.graders.values())
    assert all(u.reason for u in found.unassigned)
    assert Counter(r for g in found.graders.values() for r in g) == Counter({r: n for r, n in found.load.items() if n})
    assert all(found.load[r.id] <= r.most for r in reviewers if r.most is not None)


@settings(max_examples=60)
@given(some_cases, some_reviewers, st.integers(1, 2), st.integers(0, 5))
def test_no_case_that_was_left_out_could_have_been_added(cases, reviewers, per_case, seed):
    found = assign(cases, reviewers, per_case, seed=seed)
    assume(found.unassigned)
    taken = [c for c in cases if c.id in found.graders]

    for out in found.unassigned:
        more = [*taken, next(c for c in cases if c.id == out.case)]
        assert not _can_be_done(more, reviewers, per_case)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(ToGrade, st.integers(0, 9).map(lambda i: f"c{i}"), st.frozensets(st.sampled_from(PROVIDERS), min_size=1, max_size=1)),
        min_size=1, max_size=5, unique_by=lambda c: c.id,
    ),
    st.lists(
        st.builds(Reviewer, st.integers(0, 4).map(lambda i: f"r{i}"), st.frozensets(st.sampled_from(PROVIDERS), max_size=1)),
        min_size=2, max_size=4, unique_by=lambda r: r.id,
    ),
)  # fmt: skip
def test_loads_are_as_even_as_any_assignment_of_these_cases_could_make_them(cases, reviewers):
    found = assign(cases, reviewers, 2, seed=3)
    assume(found.graders)
    choices = [
        list(combinations([r.id for r in reviewers if barred(c, r) is None], 2)) for c in cases if c.id in found.graders
    ]  # fmt: skip
    loads = [Counter(r for pair in way for r in pair) for way in product(*choices)]

    assert sum(n * n for n in found.load.values()) == min(sum(n * n for n in load.values()) for load in loads)
    spread = max(found.load.values()) - min(found.load.values())
    assert spread == min(max(load[r.id] for r in reviewers) - min(load[r.id] for r in reviewers) for load in loads)


@given(plain_cases, st.integers(2, 9), st.integers(1, 3), st.integers(0, 9))
def test_without_conflicts_loads_differ_by_at_most_one(cases, reviewers, per_case, seed):
    assume(reviewers >= per_case)
    load = assign(cases, [Reviewer(f"r{i}") for i in range(reviewers)], per_case, seed=seed).load

    assert max(load.values()) - min(load.values()) <= 1


@given(plain_cases, st.integers(3, 8), st.integers(0, 9))
def test_reviewers_who_can_be_linked_are_linked(cases, reviewers, seed):
    assume(len(cases) >= reviewers - 1)

    assert len(assign(cases, [Reviewer(f"r{i}") for i in range(reviewers)], 2, seed=seed).apart) == 1


@settings(max_examples=25)
@given(st.integers(60, 120), st.integers(4, 7), st.integers(0, 9))
def test_pairs_of_reviewers_meet_about_as_often_as_each_other(n, reviewers, seed):
    together = assign([ToGrade(str(i)) for i in range(n)], [Reviewer(f"r{i}") for i in range(reviewers)], 2, seed=seed).together

    assert max(together.values()) - min(together.values()) <= 3


@given(some_cases, some_reviewers, st.randoms(), st.integers(0, 5))
def test_the_same_seed_gives_the_same_answer_in_whatever_order_they_come(cases, reviewers, random, seed):
    shuffled = [random.sample(x, len(x)) for x in (cases, reviewers)]

    assert assign(cases, reviewers, 2, seed=seed) == assign(*shuffled, 2, seed=seed)


def test_another_seed_gives_another_assignment():
    cases, reviewers = [ToGrade(str(i)) for i in range(30)], [Reviewer(f"r{i}") for i in range(6)]

    assert assign(cases, reviewers, 2, seed=1).graders != assign(cases, reviewers, 2, seed=2).graders


def test_half_a_load_is_half_as_many_cases():
    found = assign([ToGrade(str(i)) for i in range(75)], [Reviewer("whole"), Reviewer("other"), Reviewer("half", share=0.5)], 2, seed=1)

    assert found.load == {"half": 30, "other": 60, "whole": 60}


def test_the_reason_counts_who_may_not_and_why():
    case = ToGrade("c", frozenset({"AAA"}), frozenset({"r2"}))
    reviewers = [Reviewer("r1", frozenset({"AAA"})), Reviewer("r2"), Reviewer("r3", interests=frozenset({"c"})), Reviewer("r4")]
    (out,) = assign([case], reviewers, 2, seed=1).unassigned

    assert out.barred == {"r1": Why.EMPLOYER, "r2": Why.OWN_CARE, "r3": Why.INTEREST}
    assert "only 1 of 4 reviewers may grade it" in out.reason
    assert all(words in out.reason for words in ("1 employed there", "1 took part in the care", "1 declared an interest"))


def test_who_has_a_case_keeps_it_unless_they_may_not():
    cases = [ToGrade("c1", frozenset({"AAA"})), ToGrade("c2", frozenset({"AAA"}))]
    reviewers = [Reviewer("r1"), Reviewer("r2", frozenset({"AAA"})), Reviewer("r3"), Reviewer("r4")]
    found = assign(cases, reviewers, 2, seed=1, already={"c1": ["r1", "r3"], "c2": ["r2", "r4"]})

    assert set(found.graders["c1"]) == {"r1", "r3"}
    assert "r2" not in found.graders["c2"]
    assert "r4" in found.graders["c2"]
    assert "'r2' was taken off case 'c2': employed there." in found.notes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([ToGrade("c"), ToGrade("c")], [Reviewer("r")], 1), "case 'c' stands there twice"),
        (([ToGrade("c")], [Reviewer("r"), Reviewer("r")], 1), "reviewer 'r' stands there twice"),
        (([ToGrade("c")], [Reviewer("r")], 0), "per_case must be between"),
    ],
)
def test_what_cannot_be_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        assign(*arguments, seed=1)


def _can_be_done(cases, reviewers, per_case):
    """Brute force: whether every case can get its reviewers within what each can take."""
    if not cases:
        return True
    room = {r.id: len(cases) if r.most is None else r.most for r in reviewers}

    def rest(i):
        if i == len(cases):
            return True
        able = [r.id for r in reviewers if barred(cases[i], r) is None and room[r.id]]
        for chosen in combinations(able, per_case):
            for r in chosen:
                room[r] -= 1
            if rest(i + 1):
                return True
            for r in chosen:
                room[r] += 1
        return False

    return rest(0)
