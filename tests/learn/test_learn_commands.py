import json

from typer.testing import CliRunner

from reports import RECOMMENDATION, pdf
from tocsin.cli.learn import app

run = CliRunner().invoke


def test_read_prints_recommendations_with_page_and_failing(tmp_path):
    (tmp_path / "r.pdf").write_bytes(pdf())
    answer = run(app, ["read", str(tmp_path / "r.pdf"), "--json"])
    found = json.loads(answer.stdout)

    assert answer.exit_code == 0
    assert {k: found["links"][1][k] for k in ("page", "text")} == {"page": 3, "text": RECOMMENDATION}
    assert found["links"][1]["failings"][0]["id"] == "senior-did-not-come"


def test_recurs_exits_1_and_names_the_earlier_report_where_something_came_back(tmp_path):
    (tmp_path / "r.pdf").write_bytes(pdf())
    item = {
        "id": "a",
        "text": "Consultants must come in when they are called by a colleague.",
        "report": "First review",
        "on": "2011-01-01",
    }
    (tmp_path / "register.jsonl").write_text(json.dumps(item))
    answer = run(app, ["recurs", str(tmp_path / "r.pdf"), "--register", str(tmp_path / "register.jsonl"), "--on", "2019-05-14", "--json"])
    before = run(app, ["recurs", str(tmp_path / "r.pdf"), "--register", str(tmp_path / "register.jsonl"), "--on", "2010-01-01"])

    assert answer.exit_code == 1
    assert json.loads(answer.stdout)[0]["earlier"][0]["report"] == "First review"
    assert before.exit_code == 0


def test_a_file_or_register_that_cannot_be_used_exits_2_and_says_why(tmp_path):
    (tmp_path / "bad.jsonl").write_text("{}\n")
    (tmp_path / "r.pdf").write_bytes(pdf())
    missing = run(app, ["read", str(tmp_path / "no.pdf")])
    register = run(app, ["recurs", str(tmp_path / "r.pdf"), "--register", str(tmp_path / "bad.jsonl")])

    assert (missing.exit_code, register.exit_code) == (2, 2)
    assert "no.pdf" in missing.stderr
    assert "bad.jsonl:1" in register.stderr


def test_similar_gives_the_measure_of_two_passages():
    answer = run(app, ["similar", "Nobody called the consultant.", "Nobody called the consultant.", "--json"])

    assert json.loads(answer.stdout)["similarity"] == 1
