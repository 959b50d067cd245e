import csv
import json

import pytest
from typer.testing import CliRunner

from tocsin.cli.review import app
from tocsin.review.simulated import simulated_panel as panel

run = CliRunner().invoke
OUTCOMES = ["stillbirth", "neonatal-death"]


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    path = tmp_path_factory.mktemp("review") / "gradings.csv"
    gradings, _, _ = panel(21, 120, 9, 2, [0.4, 0.25, 0.2, 0.15], groups=6)
    with path.open("w", newline="") as opened:
        out = csv.writer(opened)
        out.writerow(["case", "reviewer", "grade", "outcome", "provider"])
        for g in gradings:
            worse = g.group == "g3"
            out.writerow([g.case, g.reviewer, 3 if worse else g.grade, OUTCOMES[int(g.case[1:]) % 2], f"P{g.group[1:]}"])
    return path


def test_fit_prints_shares_reviewers_and_what_would_settle_them(graded):
    answer = run(app, ["fit", str(graded), "--group-by", "outcome", "--half-width", "0.05"])

    assert answer.exit_code == 0, answer.stderr
    assert "120 cases, 240 gradings, 9 reviewers" in answer.stdout
    assert all(o in answer.stdout for o in OUTCOMES)
    assert "within 5 in 100 either way" in answer.stdout


def test_fit_as_json_holds_every_case_with_its_grades(graded):
    found = json.loads(run(app, ["fit", str(graded), "--json"]).stdout)

    assert len(found["by_case"]) == 120
    assert all(len(c["grades"]) == 2 for c in found["by_case"])
    assert found["typical"]["would"]["lower"] < found["typical"]["would"]["value"] < found["typical"]["would"]["upper"]
    assert found["needed"] is None


def test_sizes_of_strata_and_weights_of_cases_come_from_files(graded, tmp_path):
    sizes = tmp_path / "sizes.csv"
    sizes.write_text("group,cases\nstillbirth,600\nneonatal-death,60\n")
    found = json.loads(run(app, ["fit", str(graded), "--group-by", "outcome", "--population", str(sizes), "--json"]).stdout)

    assert {g["name"]: g["population"] for g in found["groups"]} == {"neonatal-death": 60, "stillbirth": 600}


def test_findings_name_the_provider_that_stands_out_and_exit_1(graded, tmp_path):
    met = tmp_path / "met.csv"
    met.write_text("case,provider,standard,met\n" + "".join(f"c{i},P{i % 6},senior,{'no' if i % 6 == 3 else 'yes'}\n" for i in range(120)))
    said = run(app, ["findings", str(graded), "--standards", str(met)])
    found = json.loads(run(app, ["findings", str(graded), "--standards", str(met), "--json"]).stdout)

    assert said.exit_code == 1
    assert "at P3 in 20 of 20 cases" in said.stdout
    assert found["compared"][0]["provider"] == "P3"
    assert {s["provider"]["code"] for s in found["signals"]} == {"P3"}


def test_neymans_division_draws_more_where_less_is_known(tmp_path):
    path, guesses = tmp_path / "cases.csv", tmp_path / "shares.csv"
    path.write_text("case,stratum\n" + "".join(f"n{i},{'term' if i < 200 else 'early'}\n" for i in range(400)))
    guesses.write_text("stratum,share\nterm,0.5\nearly,0.02\n")
    asked = ["sample", str(path), "--cases", "60", "--seed", "3", "--how", "neyman", "--guesses", str(guesses)]
    found = json.loads(run(app, [*asked, "--json"]).stdout)

    assert {s: len(c) for s, c in found["cases"].items()} == {"early": 13, "term": 47}
    assert found["weight"] == {"early": 200 / 13, "term": 200 / 47}
    assert "of all will be known within 8 in 100" in run(app, asked).stdout
    guesses.write_text("stratum,share\nlate,0.5\n")
    assert "stratum 'late' is not in" in run(app, asked).stderr


def test_a_sample_is_drawn_again_by_its_seed(tmp_path):
    path = tmp_path / "all.csv"
    path.write_text("case,stratum\n" + "".join(f"n{i},{'ab'[i % 2]}\n" for i in range(80)))
    first = run(app, ["sample", str(path), "--half-width", "0.2", "--seed", "3", "--json"])

    assert first.stdout == run(app, ["sample", str(path), "--half-width", "0.2", "--seed", "3", "--json"]).stdout
    assert sum(len(c) for c in json.loads(first.stdout)["cases"].values()) < 40
    assert "of 80 cases, seed 3" in run(app, ["sample", str(path), "--cases", "10", "--seed", "3"]).stdout


def test_nobody_is_given_a_case_of_their_employer_and_a_case_without_graders_exits_1(tmp_path):
    cases, people = tmp_path / "cases.csv", tmp_path / "reviewers.csv"
    cases.write_text("case,providers,carers\nk1,P1;P2,\nk2,P3,\n")
    people.write_text("reviewer,employers,interests\na,P1,\nb,P4,\nc,P4,\n")
    good = run(app, ["assign", str(cases), str(people), "--seed", "1", "--json"])
    short = run(app, ["assign", str(cases), str(people), "--seed", "1", "--per-case", "3"])

    assert good.exit_code == 0
    assert "a" not in json.loads(good.stdout)["graders"]["k1"]
    assert short.exit_code == 1
    assert "Case k1:" in short.stdout


def test_cases_that_cannot_be_used_are_put_aside_with_line_and_reason(tmp_path):
    path, aside = tmp_path / "cases.csv", tmp_path / "aside.csv"
    path.write_text("reference,outcome,event_date,provider\na,stillbirth,2014-12-03,RX1\nb,weather,2014-12-03,RX1\n")
    answer = run(app, ["cases", str(path), "--quarantine", str(aside)])

    assert answer.exit_code == 1
    assert "1 case can be used, 1 put aside" in answer.stdout
    assert [r["line"] for r in csv.DictReader(aside.open())] == ["3"]


def test_days_from_event_to_finding_are_told(tmp_path):
    path = tmp_path / "days.csv"
    path.write_text("case,event,finding\na,2009-10-19,2022-10-19\nb,2019-01-01,\n")
    answer = run(app, ["days", str(path), "--as-of", "2023-01-01"])

    assert answer.exit_code == 0
    assert "4,748 days, 13.0 years" in answer.stdout
    assert "1 of 2 still wait" in answer.stdout


def test_what_came_forward_is_said_and_factors_are_listed():
    said = run(app, ["came-forward", "--forward", "202", "--avoidable", "97"]).stdout
    found = json.loads(run(app, ["factors", "--json"]).stdout)

    assert "not a random sample" in said
    assert [len(f["factors"]) for f in found] == [6, 19]
    assert "ycff.team-factors" in run(app, ["factors"]).stdout


@pytest.mark.parametrize(
    ("command", "text", "words"),
    [
        (["fit"], "case,reviewer,grade\na,r,9\n", "bad.csv:2, column 'grade'"),
        (["fit", "--group-by", "x"], "case,reviewer,grade\na,r,1\n", "there is no column 'x'"),
        (["fit"], "case,reviewer,grade,weight\na,r,1,many\n", "bad.csv:2, column 'weight': 'many' is not a number"),
        (["fit", "--threshold", "2"], "case,reviewer,grade\na,r,1\n", "threshold must be"),
        (["sample", "--seed", "1"], "case,stratum\na,b\n", "one of the two"),
        (["sample", "--seed", "1", "--cases", "2", "--how", "neyman"], "case,stratum\na,b\n", "needs --guesses"),
        (["days"], "case,event,finding\na,3 May,\n", "bad.csv:2, column 'event': '3 May' is not a date"),
        (["findings"], "case,provider,reviewer,grade\na,P,r,1\n", "at least 5"),
    ],
)
def test_what_cannot_be_used_exits_2_and_says_where(tmp_path, command, text, words):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    answer = run(app, [command[0], str(path), *command[1:]])

    assert answer.exit_code == 2
    assert words in answer.stderr
