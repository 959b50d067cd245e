import csv
import json

import pytest
from typer.testing import CliRunner

from country import country
from tocsin.cli.watch import app

run = CliRunner().invoke


@pytest.fixture(scope="module")
def extract(tmp_path_factory):
    """A month-by-month extract of twelve sites, one with a threefold rise, with one bad row."""
    counts = country(sites=12, days=5 * 365, rises=[(3, 1100, 3.0)], delayed=False)
    path = tmp_path_factory.mktemp("extract") / "counts.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["site", "date", "term", "stillbirth"])
        for s, code in enumerate(counts.sites):
            for d in range(0, counts.births.shape[1] - 6, 7):
                day = counts.first_day.toordinal() + d
                when = type(counts.first_day).fromordinal(day)
                rows.writerow([code, when, counts.births[s, d : d + 7].sum(), counts.events[s, d : d + 7].sum()])
        rows.writerow(["S01", "31/02/2019", 3, 0])
    (path.parent / "mapping.yaml").write_text("rows: aggregated\nperiod: week\nweek-date: first\n")
    return path


def asked(extract, *arguments):
    return [arguments[0], str(extract), "--mapping", str(extract.parent / "mapping.yaml"), "-i", "term-stillbirth", *arguments[1:]]


def test_run_names_the_site_that_rose_and_tells_programs_by_its_exit_status(extract):
    answer = run(app, asked(extract, "run", "--json", "--false-reds", "0.01"))

    assert answer.exit_code == 1
    found = json.loads(answer.stdout)
    assert [s["site"] for s in found["run"]["streams"] if s["level"] == "red"] == ["S03"]
    assert found["reading"]["bad"] == 1
    assert (
        "'31/02/2019' is not a date" in extract.with_suffix(".quarantine.csv").read_text().replace(",", " ") or found["reading"]["problems"]
    )


def test_run_prints_a_table_for_people(extract):
    answer = run(app, asked(extract, "run"))

    assert "false red signal" in answer.stdout
    assert "S03" in answer.stdout


def test_explain_says_in_words_what_is_known_of_a_site(extract):
    assert "Red since" in run(app, asked(extract, "explain", "--site", "S03")).stdout
    assert run(app, asked(extract, "explain", "--site", "nowhere")).exit_code == 2


@pytest.mark.parametrize("what", ["cusum", "excess", "spc", "funnel"])
@pytest.mark.parametrize("form", ["svg", "png", "json"])
def test_charts_are_written_in_each_form(extract, tmp_path, what, form):
    out = tmp_path / f"chart.{form}"
    answer = run(app, asked(extract, "chart", "--what", what, "--site", "S03", "--out", str(out)))

    assert answer.exit_code == 0
    assert out.read_bytes()[:4] in (b"<svg", b"\x89PNG") or json.loads(out.read_text())["layer"]


def test_calibrate_prints_thresholds_that_keep_their_promise():
    found = json.loads(run(app, ["calibrate", "0.01", "--births", "1000", "--json"]).stdout)["thresholds"]

    assert [round(t["false_alarm_in_horizon"], 2) for t in found] == [0.05, 0.01]


def test_power_says_that_silence_is_not_safety():
    assert "Silence is not safety" in run(app, ["power", "0.5"]).stdout


@pytest.mark.parametrize(
    "question",
    [["run", "no-such-file.csv"], ["calibrate", "1.5"], ["power", "4", "--ratio", "0.5"], ["run", "x.csv", "-i", "no-such-indicator"]],
)
def test_a_question_that_cannot_be_answered_exits_with_2_and_a_reason(question):
    answer = run(app, question)

    assert answer.exit_code == 2
    assert answer.stderr.strip()
    assert "Traceback" not in answer.output
