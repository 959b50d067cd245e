import csv
import json

import pytest
from typer.testing import CliRunner

from register_files import item, report
from tocsin.cli.learn import app
from tocsin.learn.register import register


def run(*arguments):
    return CliRunner().invoke(app, ["register", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path):
    for name, text in (report(item()) | report(item(more="  earlier: [2015-one/r1]\n"), id="2016-two", published="2016")).items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_list_shows_what_fits_and_exits_1_where_nothing_does(folder):
    of_a_report = run("list", "--report", "2015-morecambe-bay", "--kind", "recommendation", "--json")
    own = run("list", "--from", folder, "--since", "2016")
    none = run("list", "--from", folder, "--words", "Unheard-of words")

    assert of_a_report.exit_code == own.exit_code == 0
    assert {i["id"] for i in json.loads(of_a_report.stdout)} == {
        i.id for i in register().items if i.report == "2015-morecambe-bay" and i.kind == "recommendation"
    }
    assert "2016-two/r1" in own.stdout
    assert "2015-one/r1" not in own.stdout
    assert none.exit_code == 1


def test_show_gives_an_item_with_source_reply_status_and_history_and_a_report_with_its_items(folder):
    shown = run("show", "2022-reading-the-signals/r1")
    own = run("show", "2016-two/r1", "--from", folder, "--json")
    whole = run("show", "2015-one", "--from", folder)

    for said in ("Source (part)", "Reply: accepted", "On evidence: acting", "2006-northwick-park/r1"):
        assert said in shown.stdout
    assert json.loads(own.stdout)["history"] == ["2015-one/r1"]
    assert "2015-one/r1: Hand over in writing" in whole.stdout


def test_export_writes_each_form_whole(tmp_path):
    for form in ("json", "csv", "jsonld"):
        assert run("export", "--as", form, "--to", tmp_path / form).exit_code == 0

    items = len(register().items)
    assert sum(len(r["items"]) for r in json.loads((tmp_path / "json").read_text())["reports"]) == items
    assert len(list(csv.reader((tmp_path / "csv").open()))) == items + 1
    assert sum(node["@type"] == "CreativeWork" for node in json.loads((tmp_path / "jsonld").read_text())["@graph"]) == items


def test_count_and_reports_speak_to_programs_too():
    assert json.loads(run("count", "--json").stdout)["reports"] == len(json.loads(run("reports", "--json").stdout))


@pytest.mark.parametrize(
    "question",
    [
        ("list", "--failing", "no-such-failing"),
        ("list", "--report", "1900-none"),
        ("list", "--since", "yesterday"),
        ("show", "1900-none/r1"),
        ("show", "2015-morecambe-bay/r999"),
        ("export", "--to", "/nowhere/at/all.json"),
        ("check", "/nowhere"),
    ],
)
def test_what_cannot_be_answered_exits_2_and_says_why(question):
    answer = run(*question)

    assert answer.exit_code == 2
    assert answer.stderr.strip()


def test_check_says_every_fault_with_file_and_line(folder):
    sound = run("check", folder)
    (folder / "2017-three.yaml").write_text("id: 2017-three\n")
    faulty = run("check", folder)

    assert sound.exit_code == 0
    assert faulty.exit_code == 2
    assert faulty.stderr.count("2017-three.yaml:") >= 5
