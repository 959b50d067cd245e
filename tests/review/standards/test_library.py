"""Versions in time, what is listed beside a case, and what changed from one version to the next."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.review import FactKind, FactType, Library, Source, Standard, Standing, Truth, diff, listed

KINDS = {n: FactKind(n, FactType.FLAG, f"{n}?", "birth") for n in ("here", "done", "also")}
OLD = Standard(
    "local.example", 1, "caesarean", "Example", "It is done soon.", Source("We", "Our rules", "1", "https://example.org", date(2011, 1, 1)),
    date(2011, 1, 1), date(2015, 6, 1), applies="here", met="done and also",
)  # fmt: skip
NEW = replace(
    OLD, version=2, statement="It is done within an hour.", in_force_from=date(2015, 6, 1), in_force_to=None, supersedes="local.example@1"
)
BOTH = Library((OLD, NEW), KINDS)
MIDDAY = date(2014, 3, 1)


@given(st.dates(date(2009, 1, 1), date(2020, 1, 1)))
def test_on_each_day_the_version_then_in_force_counts_and_no_other(day):
    expected = [] if day < date(2011, 1, 1) else ["local.example@1"] if day < date(2015, 6, 1) else ["local.example@2"]

    assert [s.key for s in BOTH.on(day)] == expected


@pytest.mark.parametrize(
    ("facts", "applies", "met", "missing", "standing"),
    [
        ({}, Truth.UNKNOWN, Truth.UNKNOWN, ("here", "done", "also"), Standing.MAY_APPLY),
        ({"here": False}, Truth.NO, Truth.UNKNOWN, (), Standing.DOES_NOT_APPLY),
        ({"here": True}, Truth.YES, Truth.UNKNOWN, ("done", "also"), Standing.TO_JUDGE),
        ({"here": True, "done": False}, Truth.YES, Truth.NO, (), Standing.NOT_MET),
        ({"here": True, "done": True, "also": True}, Truth.YES, Truth.YES, (), Standing.MET),
    ],
)
def test_beside_a_case_stands_whether_it_applies_whether_it_was_met_and_what_would_settle_it(facts, applies, met, missing, standing):
    (found,) = listed(BOTH, facts, MIDDAY)

    assert (found.applies, found.met, found.missing, found.standing) == (applies, met, missing, standing)


def test_where_only_a_person_can_say_the_facts_never_say_met():
    library = Library((replace(OLD, met=""),), KINDS)

    (found,) = listed(library, {"here": True, "done": True, "also": True}, MIDDAY)

    assert (found.met, found.missing, found.standing) == (Truth.UNKNOWN, (), Standing.TO_JUDGE)


def test_a_new_version_ends_the_one_before_on_the_day_it_begins():
    revised = BOTH.revised(replace(NEW, statement="It is done within half an hour.", in_force_from=date(2020, 1, 1)))

    third = revised["local.example"]
    assert (third.version, third.supersedes) == (3, "local.example@2")
    assert revised["local.example@2"].in_force_to == date(2020, 1, 1)
    assert [s.version for s in revised.line("local.example@3")] == [1, 2, 3]
    assert all(len(revised.on(date(2019, 12, 25) + timedelta(days=n))) == 1 for n in range(14))


@pytest.mark.parametrize(
    ("standards", "words"),
    [
        ((OLD, OLD), "'local.example@1' a second time"),
        ((replace(OLD, in_force_to=None), replace(NEW, supersedes=None)), "one version at a time"),
        ((NEW,), "supersedes 'local.example@1', which is not there"),
        ((OLD, replace(NEW, id="local.other", in_force_from=date(2015, 1, 1))), "'local.example@1' to end first"),
        ((replace(OLD, supersedes="local.example@2"), NEW), "supersedes itself by way of"),
    ],
)
def test_standards_that_cannot_stand_together_are_refused(standards, words):
    with pytest.raises(ValueError, match=r"local\.") as raised:
        Library(standards, KINDS)

    assert words in str(raised.value)


def test_two_libraries_stand_side_by_side_unless_they_clash():
    other = Library((replace(OLD, id="local.another"),), {**KINDS, "more": FactKind("more", FactType.FLAG, "More?", "birth")})
    otherwise = Library((), {"here": FactKind("here", FactType.NUMBER, "Here?", "birth")})

    assert {s.id for s in BOTH.merged(other).standards} == {"local.example", "local.another"}
    assert "more" in BOTH.merged(other).facts
    with pytest.raises(ValueError, match="fact 'here' is declared twice"):
        BOTH.merged(otherwise)
    with pytest.raises(ValueError, match="a second time"):
        BOTH.merged(Library((OLD,), KINDS))


words = st.lists(st.sampled_from(["the", "baby", "is", "born", "within", "30", "75", "minutes"]), min_size=1, max_size=12).map(" ".join)


@given(words, words)
def test_what_changed_in_a_text_can_be_put_together_again_to_either_version(before, after):
    changes = {c.field: c for c in diff(replace(OLD, statement=before), replace(OLD, statement=after))}

    assert ("statement" in changes) is (before != after)
    for change in changes.values():
        assert "".join(w for how, w in change.words if how != "in") == before
        assert "".join(w for how, w in change.words if how != "out") == after


def test_a_difference_is_told_field_by_field():
    changes = {c.field: (c.old, c.new) for c in diff(OLD, replace(NEW, source=replace(OLD.source, section="2")))}

    assert changes == {
        "version": ("1", "2"),
        "statement": ("It is done soon.", "It is done within an hour."),
        "source.section": ("1", "2"),
        "in_force_from": ("2011-01-01", "2015-06-01"),
        "in_force_to": ("2015-06-01", ""),
        "supersedes": ("", "local.example@1"),
    }


def test_each_area_may_have_a_day_of_care_of_its_own():
    early = replace(OLD, id="local.early", area="antenatal")
    late = replace(early, version=2, in_force_from=date(2015, 6, 1), in_force_to=None, supersedes="local.early@1")
    library = Library((OLD, NEW, early, late), KINDS)

    found = listed(library, {}, date(2015, 9, 1), {"antenatal": date(2015, 2, 1)})

    assert [x.standard.key for x in found] == ["local.early@1", "local.example@2"]
    with pytest.raises(ValueError, match="there is no area 'pregnancy'"):
        listed(library, {}, MIDDAY, {"pregnancy": MIDDAY})
