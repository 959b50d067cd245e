"""Files of an organisation's own standards: the good are kept, each fault has its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standards_files import GOOD, SECOND, as_csv, row
from tocsin.review import read_facts, read_standards
from tocsin.review.standards.reading import COLUMNS


def test_yaml_and_csv_give_the_same_standard():
    by_yaml, no_faults = read_standards(GOOD, "yaml")
    by_csv, none_either = read_standards(
        as_csv(row(met="minutes(decision_at, born_at) <= 30", source_section="1", source_published="2011-01-01")), "csv"
    )

    assert (no_faults, none_either) == ([], [])
    assert by_yaml == by_csv


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("version: 1", "version: zero", (3, 14), "'zero'; expected a whole number"),
        ("area: caesarean", "area: cesarean", (4, 11), "did you mean 'caesarean'?"),
        ("2011-01-01\n", "2011-02-30\n", (10, 20), "'2011-02-30'; expected a day that exists"),
        ("decision_at", "decided_at", (8, 10), "'decided_at', a fact that is not declared at column 9 of the expression"),
        ("<= 30", "<= thirty", (8, 10), "'thirty', a fact that is not declared"),
        ("<= 30", '<= "30"', (8, 10), "a text at column 34 of the expression; expected a number, to compare with"),
        ('"unplanned-caesarean"', '"caesarean"', (7, 14), "expected an option of 'mode_of_birth'"),
        ("    title: Example\n", "", (2, 5), "field 'title': found nothing; expected 'title'"),
        ("    title: Example\n", "    titel: Example\n", (5, 12), "'titel', a field that is not known; expected one of"),
        ("    title: Example\n", "    title: Example\n    title: Again\n", (6, 5), "'title' a second time"),
        ("https://example.org", "example.org", (9, 68), "an address that begins with https://"),
        ("address: https://example.org, ", "", (2, 5), "the address of the page, or 'unconfirmed: true'"),
        ("id: local.example", "id: Local example", (2, 5), "'Local example' cannot be an id"),
        (
            "in_force_from: 2011-01-01",
            "in_force_from: 2011-01-01\n    in_force_to: 2010-01-01",
            (2, 5),
            "expected a day after in_force_from",
        ),
        ("in_force_from: 2011-01-01", "in_force_from: 2011-01-01\n    supersedes: local.older", (11, 17), "the key of a standard, as id@1"),
    ],
)
def test_a_fault_has_its_place_and_the_standard_beside_it_is_kept(old, new, place, words):
    standards, faults = read_standards(GOOD.replace(old, new, 1) + SECOND, "yaml", name="ours.yaml")

    assert [s.id for s in standards] == ["local.second"]
    assert any(str(f).startswith("ours.yaml:{}:{}".format(*place)) and words in str(f) for f in faults), [str(f) for f in faults]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "1:1: found an empty file"),
        ("standards: [\n", "2:1: found"),
        ("- a\n", "1:1: found no names with values"),
        ("standards: none\n", "1:12, field 'standards': found no list"),
        ("a: &a [x, x]\nstandards: [*a, *a]\n", "1:4: found an anchor or alias"),
        ("standards: " + "[" * 5000 + "]" * 5000, "lists in lists in lists"),
        ("standards:\n  - just words\n", "2:5: found no names with values"),
        ("standarts: []\n", "field 'standarts'"),
        ("standards:\n  - !!python/object/apply:os.system ['x']\n", "2:5: found no names with values"),
    ],
)
def test_a_file_that_is_hostile_or_no_list_of_standards_is_refused(text, words):
    standards, faults = read_standards(text, "yaml", name="x")

    assert standards == []
    assert any(words in str(f) for f in faults)


def test_of_two_that_clash_the_earlier_is_kept():
    twice = GOOD + GOOD.removeprefix("standards:\n") + GOOD.removeprefix("standards:\n").replace("version: 1", "version: 2")

    standards, faults = read_standards(twice, "yaml", name="x")

    assert [s.key for s in standards] == ["local.example@1"]
    assert ["a second time" in str(f) or "one version at a time" in str(f) for f in faults] == [True, True]
    assert [f.line for f in faults] == [11, 20]


def test_a_ring_of_supersedes_is_refused():
    ring = GOOD + "    in_force_to: 2012-01-01\n    supersedes: local.second@1\n" + SECOND + "    supersedes: local.example@1\n"

    standards, faults = read_standards(ring, "yaml")

    assert [s.id for s in standards] == []
    assert sum("supersedes itself" in str(f) for f in faults) == 2


def test_an_organisation_declares_facts_of_its_own_and_asks_for_them():
    facts = "facts:\n  - {name: ours_done, type: flag, question: 'Was ours done?', group: ours}\n"

    standards, faults = read_standards(facts + GOOD.replace("met: minutes(decision_at, born_at) <= 30", "met: ours_done"), "yaml")

    assert faults == []
    assert standards[0].met == "ours_done"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,version\nx,1\n", "ours.csv:1:1, field 'area': found no such column"),
        ("id,verzion\nx,1\n", "ours.csv:1:2: found column 'verzion'; expected one of"),
        ("id,id\nx,1\n", "ours.csv:1:2: found column 'id' a second time"),
        ("", "ours.csv:1:1: found an empty file"),
        (as_csv(row(version="0")), "ours.csv:2:2, field 'version': found '0'"),
        (as_csv(row(), row(id="local.second", statement="two\nlines", version="x")), "ours.csv:3:2, field 'version'"),
        (as_csv(row()) + "local.second,1\n", "ours.csv:3:1: found 2 cells; expected 10"),
        (as_csv(row()) + '"open', "ours.csv:3:1: found text that is not CSV"),
    ],
)
def test_csv_faults_are_told_by_line_and_column(text, words):
    _, faults = read_standards(text, "csv", name="ours.csv")

    assert any(str(f).startswith(words) for f in faults), [str(f) for f in faults]


@given(
    st.lists(st.sampled_from([*COLUMNS, "x", "1", ",", '"', "\n", "2011-01-01", "é", ":", "- ", "{", "}", "&a", "*a"]), max_size=40).map(
        "".join
    )
)
@settings(deadline=None, max_examples=200)
def test_whatever_the_file_it_is_read_or_its_faults_are_told(text):
    for kind in ("yaml", "csv"):
        standards, faults = read_standards(text, kind)

        assert standards or faults or "standards" in text or not text.strip()


def test_facts_of_a_case_are_read_and_what_cannot_be_used_is_left_out():
    facts, faults = read_facts(
        {
            "mode_of_birth": "forceps", "gestation_weeks": "39", "consultant_present": "no", "decision_at": "2014-05-01 10:00", "born_at": "",
            "outcome": "unknown", "apgar_5": 11, "apgar_1": "NaN", "gestation": 39, "home_at": "2014-05-01", "family_told_on": "2014-05-03",
        }
    )  # fmt: skip

    assert {n: str(v) for n, v in facts.items()} == {
        "mode_of_birth": "forceps", "gestation_weeks": "39", "consultant_present": "False", "decision_at": "2014-05-01 10:00:00",
        "family_told_on": "2014-05-03",
    }  # fmt: skip
    assert {f.name: f.expected for f in faults} == {
        "apgar_5": "a number from 0 to 10", "apgar_1": "a number", "gestation": "'gestation_weeks'?",
        "home_at": "a time as 2014-12-03T10:15, with hours and minutes",
    }  # fmt: skip


def test_times_with_and_without_an_offset_are_not_mixed():
    facts, faults = read_facts({"decision_at": "2014-05-01T10:00", "born_at": "2014-05-01T10:42+01:00", "home_at": "2014-05-02T10:00"})

    assert sorted(facts) == ["decision_at", "home_at"]
    assert [f.name for f in faults] == ["born_at"]


def test_after_very_many_faults_the_rest_is_left_and_that_is_said():
    _, faults = read_standards("standards:\n" + "  - {id: x}\n" * 600, "yaml")
    _, wide = read_standards("a," * 5000, "csv")

    assert any("faults before this one" in str(f) for f in faults)
    assert len(faults) < 520
    assert [str(f) for f in wide] == ["standards.csv:1:1: found 5,001 columns; expected at most 18"]
