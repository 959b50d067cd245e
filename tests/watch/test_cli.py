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


def delivery(path, counts, days):
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["site", "date", "term", "stillbirth"])
        for s, code in enumerate(counts.sites):
            for d in days:
                when = type(counts.first_day).fromordinal(counts.first_day.toordinal() + d)
                rows.writerow([code, when, counts.births[s, d], counts.events[s, d]])
    return path


def test_a_kept_state_reads_only_new_files_and_says_what_a_whole_run_says(tmp_path):
    counts = country(sites=4, days=700, rises=[(1, 400, 4.0)], delayed=False)
    first, second = delivery(tmp_path / "a.csv", counts, range(690)), delivery(tmp_path / "b.csv", counts, range(690, 700))
    (tmp_path / "m.yaml").write_text("rows: aggregated\n")
    asked = ["-m", str(tmp_path / "m.yaml"), "-i", "term-stillbirth", "--json"]
    kept = ["--state", str(tmp_path / "kept")]

    run(app, ["run", str(first), *asked, *kept])
    answer = run(app, ["run", str(second), *asked, *kept])
    assert answer.stdout, answer.stderr
    night = json.loads(answer.stdout)
    again = json.loads(run(app, ["run", str(first), str(second), *asked, *kept]).stdout)
    whole = json.loads(run(app, ["run", str(first), str(second), *asked]).stdout)

    assert night["reading"]["rows"] == 40
    assert "Only the days since the last run were gone through." in night["reading"]["notes"]
    assert again["reading"]["rows"] == 0
    assert "2 files were read by an earlier run and not read again." in again["reading"]["notes"]
    assert night["run"]["streams"] == again["run"]["streams"]
    counted = [[s["site"], s["births"], s["events"]] for s in whole["run"]["streams"]]
    assert [[s["site"], s["births"], s["events"]] for s in night["run"]["streams"]] == counted


def test_a_kept_state_that_is_damaged_or_in_use_is_said(tmp_path):
    import fcntl

    counts = country(sites=2, days=400, delayed=False)
    path = delivery(tmp_path / "a.csv", counts, range(400))
    (tmp_path / "m.yaml").write_text("rows: aggregated\n")
    kept = tmp_path / "kept"
    kept.mkdir()
    asked = ["run", str(path), "-m", str(tmp_path / "m.yaml"), "-i", "term-stillbirth", "--state", str(kept)]
    (kept / "watch.npz").write_bytes(b"PK\x03\x04 cut short")
    damaged = run(app, asked)
    with (kept / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        busy = run(app, asked)

    assert damaged.exit_code == 2
    assert "cannot be read" in damaged.stderr
    assert busy.exit_code == 2
    assert "another run is using" in busy.stderr
