import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from maps import BROKEN, TEXT
from tocsin.cli.accord import app

run = CliRunner().invoke


def test_check_exits_1_where_a_law_is_broken_and_0_where_none_is():
    assert run(app, ["check", "england-2026"]).exit_code == 1
    answer = run(app, ["check", "tocsin-proposed"])

    assert answer.exit_code == 0
    assert "every property holds" in answer.stdout


def test_json_and_sarif_carry_the_code_the_lines_and_the_story():
    found = json.loads(run(app, ["check", "england-2026", "--json"]).stdout)
    sarif = json.loads(run(app, ["check", "england-2026", "--sarif"]).stdout)

    assert {"A1", "A9", "A13"} <= {f["code"] for f in found["findings"]}
    assert all(f["story"] and f["places"][0]["line"] for f in found["findings"])
    assert len(sarif["runs"][0]["results"]) == len(found["findings"])


def test_a_file_with_a_fault_exits_2_and_says_where(tmp_path):
    path = tmp_path / "map.yaml"
    path.write_text(TEXT.replace("to: nation", "to: natoin"))
    answer = run(app, ["check", str(path)])

    assert answer.exit_code == 2
    assert "map.yaml:" in answer.stderr
    assert "did you mean 'nation'" in answer.stderr


@pytest.mark.parametrize(
    "question",
    [
        ["show", "tocsin-proposed", "--concern", "conduct"],
        ["show", "tocsin-proposed", "--json"],
        ["replay", "east-kent"],
        ["replay", "east-kent", "--under", "england-2014", "--json"],
        ["simulate", "tocsin-proposed", "--runs", "200"],
        ["simulate", "england-2026", "--runs", "50", "--json"],
        ["schema"],
        ["diagram", "england-2026"],
    ],
)
def test_each_question_is_answered(question):
    answer = run(app, question)

    assert answer.exit_code == 0, answer.stderr
    assert answer.stdout.strip()


@pytest.mark.parametrize("question", [["show", "nowhere.yaml"], ["show", "england-2026", "--concern", "weather"], ["replay", "nothing"]])
def test_a_question_that_cannot_be_answered_exits_2(question):
    answer = run(app, question)

    assert answer.exit_code == 2
    assert answer.stderr.strip()


@pytest.mark.parametrize("code", ["A1", "A7", "A9", "A12", "A13"])
def test_amend_mends_the_file_and_keeps_every_comment_and_other_line(tmp_path, code):
    path = tmp_path / "map.yaml"
    text = TEXT
    for old, new in BROKEN[code]:
        text = text.replace(old, new)
    path.write_text(text.replace("handovers:", "# what comes next\nhandovers:  # in the order of power"))
    before = path.read_text().splitlines()
    answer = run(app, ["amend", str(path), "--write"])
    after = path.read_text().splitlines()

    assert answer.exit_code == 0, answer.stderr
    assert run(app, ["check", str(path)]).exit_code == 0
    assert [line for line in before if "#" in line] == [line for line in after if "#" in line]
    assert len([line for line in before if line not in after]) <= 2


def test_reference_and_schema_in_the_docs_are_those_of_the_code():
    docs = Path(__file__).parents[2] / "docs" / "reference"

    assert (docs / "accord.schema.json").read_text() == run(app, ["schema"]).stdout
    assert (docs / "accord.md").read_text() == run(app, ["reference"]).stdout
