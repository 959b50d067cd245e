import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from standards_files import GOOD, as_csv, row
from tocsin.cli.review import app

run = CliRunner().invoke
CASE = {"mode_of_birth": "unplanned-caesarean", "caesarean_category": 1, "decision_at": "2012-03-01T23:50", "born_at": "2012-03-02T00:31"}


def standards(*arguments):
    return run(app, ["standards", *map(str, arguments)])


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "case.json"
    path.write_text(json.dumps(CASE))
    return path


def test_the_standards_of_a_day_are_fewer_than_all_and_say_where_they_come_from():
    every = json.loads(standards("list", "--json").stdout)
    on = json.loads(standards("on", "2014-12-03", "--json").stdout)

    assert {s["key"] for s in on} < {s["key"] for s in every}
    assert all(s["in_force_from"] <= "2014-12-03" and (s["in_force_to"] or "9999") > "2014-12-03" for s in on)
    assert all(s["source"]["address"] for s in every)


def test_one_standard_is_shown_with_what_it_superseded():
    said = standards("show", "caesarean.category-1").stdout

    assert "[caesarean.category-1@3]" in said
    assert "minutes(decision_at, born_at) <= 30" in said
    assert "Before it: caesarean.category-1@2, from 2011-11-23 up to the day before 2021-03-31" in said
    assert json.loads(standards("show", "caesarean.category-1", "--json").stdout)["line"][0] == "caesarean.category-1@1"


def test_a_case_is_put_beside_the_standards_and_never_graded(case):
    said = standards("applies", case, "--on", "2012-03-01", "--area", "caesarean")
    found = {s["key"]: s for s in json.loads(standards("applies", case, "--on", "2012-03-01", "--json").stdout)["standards"]}

    assert said.exit_code == 0
    assert "Not met: 1\n  Most urgent caesarean" in said.stdout
    assert found["caesarean.category-1@2"]["standing"] == "not-met"
    assert found["caesarean.consultant-decides@1"]["missing"] == ["consultant_in_decision"]
    assert "grade" not in said.stdout.lower()


def test_care_in_pregnancy_has_its_own_day(case):
    found = json.loads(standards("applies", case, "--on", "2012-03-01", "--area-on", "antenatal=2015-06-01", "--json").stdout)["standards"]

    assert "antenatal.named-midwife@1" in {s["key"] for s in found}
    assert "caesarean.category-1@2" in {s["key"] for s in found}


def test_a_fact_that_cannot_be_used_is_left_out_and_told(tmp_path):
    path = tmp_path / "case.json"
    path.write_text(json.dumps(CASE | {"caesarean_category": 9}))

    answer = standards("applies", path, "--on", "2012-03-01", "--json")

    assert "fact 'caesarean_category': found 9; expected a number from 1 to 4; left out" in answer.stderr
    assert json.loads(answer.stdout)["left_out"][0]["name"] == "caesarean_category"


def test_own_standards_are_checked_and_stand_beside_the_shipped(tmp_path, case):
    ours = tmp_path / "ours.yaml"
    ours.write_text(GOOD)

    assert standards("check", ours).stdout == "1 can be used, 0 faults.\n"
    assert "local.example@1" in standards("applies", case, "--on", "2012-03-01", "--own", ours).stdout


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("ours.yaml", GOOD.replace("<= 30", "<= x"), "ours.yaml:8:10, field 'met': found 'x', a fact that is not declared at column 34"),
        ("ours.csv", as_csv(row(version="x")), "ours.csv:2:2, field 'version': found 'x'; expected a whole number, 1 or more"),
        ("ours.yaml", GOOD.replace("id: local.example", "id: caesarean.category-1"), "'caesarean.category-1@1' a second time"),
        ("ours.yaml", GOOD + "    supersedes: local.older@1\n", "supersedes 'local.older@1', which is not there"),
    ],
)
def test_check_exits_1_and_says_where(tmp_path, name, text, words):
    path = tmp_path / name
    path.write_text(text)

    answer = standards("check", path)

    assert answer.exit_code == 1
    assert words in answer.stdout
    assert standards("check", path, "--json").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("on", "2014-02-30"), "DATE: '2014-02-30' is not a day"),
        (("show", "nothing"), "there is no standard 'nothing'; see: tocsin review standards list"),
        (("list", "--area", "weather"), "--area: there is no area 'weather'"),
        (("check", "ours.txt"), "expected a file that ends in .yaml, .yml or .csv"),
        (("check", "nowhere.yaml"), "No such file"),
        (("applies", "nowhere.json", "--on", "2014-12-03"), "No such file"),
        (("facts", "--group", "weather"), "--group: there is no group 'weather'"),
    ],
)
def test_a_question_that_cannot_be_answered_exits_2(arguments, words):
    answer = standards(*arguments)

    assert answer.exit_code == 2
    assert words in answer.stderr


def test_the_difference_of_two_versions_is_told_in_words():
    answer = standards("diff", "antenatal.aspirin@1", "antenatal.aspirin@2")

    assert answer.exit_code == 1
    assert "of aspirin 75 {+to 150+} mg" in answer.stdout
    assert standards("diff", "antenatal.aspirin@1", "antenatal.aspirin@1").exit_code == 0


def test_the_dictionary_of_facts_carries_the_question_for_a_person():
    found = json.loads(standards("facts", "--group", "birth", "--json").stdout)

    assert {"name": "decision_at", "type": "time"}.items() <= next(k for k in found if k["name"] == "decision_at").items()
    assert "spontaneous: Without instruments" in standards("facts").stdout


def test_the_reference_is_that_of_the_code():
    written = (Path(__file__).parents[3] / "docs" / "reference" / "standards.md").read_text("utf-8")

    assert standards("reference").stdout == written, "run: tocsin review standards reference > docs/reference/standards.md"
