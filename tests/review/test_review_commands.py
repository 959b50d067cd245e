import csv
import io
import json

import pytest
from typer.testing import CliRunner

from tocsin.cli.review import app

run = CliRunner().invoke
GRADINGS = "case,reviewer,grade\n" + "\n".join(f"{c},{r},{(c + (r == 'b') * (c % 3 == 0)) % 4}" for c in range(12) for r in "ab") + "\n"


def test_the_table_of_east_kent_prints_its_shares_and_where_sources_differ():
    answer = run(app, ["table", "east-kent-2022"])

    assert answer.exit_code == 0
    assert all(share in answer.stdout for share in ("97/202", "45/64", "12/17", "23/32", "17/89"))
    assert "65 deaths of babies, the later summary in the BMJ 64" in answer.stdout


def test_csv_and_json_carry_the_same_numbers_as_the_report():
    rows = list(csv.DictReader(io.StringIO(run(app, ["table", "east-kent-2022", "--as-in", "report", "--csv"]).stdout)))
    found = json.loads(run(app, ["table", "east-kent-2022", "--as-in", "report", "--json"]).stdout)

    assert [int(r["might_or_would"]) for r in rows] == [r["might_or_would"] for r in [*found["rows"], found["total"]]]
    assert rows[0]["cases"] == "65"
    assert rows[2]["would"] == ""


def test_a_file_of_grades_becomes_a_table(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text("outcome,grade\nstillbirth,D\nstillbirth,A\nother,C\n")
    found = json.loads(run(app, ["table", str(path), "--scale", "pmrt", "--json"]).stdout)

    assert (found["total"]["would"], found["total"]["might_or_would"], found["total"]["cases"]) == (1, 2, 3)


def test_agreement_is_told_with_its_interval(tmp_path):
    path = tmp_path / "gradings.csv"
    path.write_text(GRADINGS)
    said = run(app, ["agreement", str(path)])
    found = json.loads(run(app, ["agreement", str(path), "--json"]).stdout)

    assert said.exit_code == 0
    assert "Cohen's kappa" in said.stdout
    assert all(a["lower"] <= a["value"] <= a["upper"] and a["cases"] == 12 for a in found)


@pytest.mark.parametrize(
    ("command", "text", "words"),
    [
        ("table", "outcome,grade\nstillbirth,9\n", "bad.csv:2, column 'grade': '9' is not a grade"),
        ("table", "outcome,grade\nweather,1\n", "bad.csv:2, column 'outcome': 'weather' is not one of"),
        ("table", "outcome\nother\n", "bad.csv:1: there is no column 'grade'"),
        ("agreement", "case,reviewer,grade\n1,a,2\n1,a,3\n", "bad.csv:3: reviewer 'a' has graded case '1' before"),
    ],
)
def test_a_bad_file_exits_2_and_says_where(tmp_path, command, text, words):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    answer = run(app, [command, str(path)])

    assert answer.exit_code == 2
    assert words in answer.stderr


@pytest.mark.parametrize("question", [["table", "nowhere.csv"], ["table", "east-kent-2022", "--as-in", "rumour"]])
def test_a_question_that_cannot_be_answered_exits_2(question):
    answer = run(app, question)

    assert answer.exit_code == 2
    assert answer.stderr.strip()
