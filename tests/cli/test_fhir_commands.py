"""`tocsin fhir` on files: good ones go in, the others are named by their place and put aside."""

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from lfpse import event
from tocsin.cli.fhir import app
from tocsin.web.fhir.models import ReportedEvent
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall(db):
    from hall import build

    return build()


def run(*arguments, status):
    answer = CliRunner().invoke(app, [str(a) for a in arguments])
    assert answer.exit_code == status, (answer.output, answer.exception)
    return answer


def written(place, *lines):
    place.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines) + "\n")
    return place


def test_good_events_go_in_and_bad_ones_are_put_aside_with_place_and_reason(hall, tmp_path):
    no_day, nobody = event(number="2", date="2026-02-30"), event(number="3", provider="ZZZ")
    file = written(tmp_path / "events.ndjson", event(number="1"), "{broken", no_day, nobody, event(number="4"))

    answer = run("import", file, status=1)

    with acting_as(TOCSIN):
        assert sorted(ReportedEvent.objects.values_list("number", flat=True)) == ["1", "4"]
    assert "2 new, 0 told again with other content, 0 known, 3 refused" in answer.output
    assert "events.ndjson, line 3: AdverseEvent.date '2026-02-30' is no day of the calendar" in answer.output
    aside = [json.loads(line) for line in (tmp_path / "events.ndjson.refused.ndjson").read_text().splitlines()]
    assert [a["place"] for a in aside] == ["line 2", "line 3", "line 4"]
    assert aside[1]["resource"] == no_day
    assert aside[2]["faults"][0]["words"] == "names no provider that is known here: ZZZ"


def test_the_same_file_twice_changes_nothing_and_a_changed_one_is_said(hall, tmp_path):
    file = written(tmp_path / "events.json", {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": event(number=n)} for n in ("1", "")]})
    run("import", file, "--json", status=0)
    again = json.loads(run("import", file, "--json", status=0).output)
    changed = json.loads(run("import", written(tmp_path / "more.json", event(number="1", physical="1")), "--json", status=0).output)

    assert again == {"new": 0, "changed": 0, "known": 2, "refused": 0, "aside": []}
    assert changed["changed"] == 1


def test_what_was_taken_in_comes_out_and_is_counted(hall, tmp_path):
    run("import", written(tmp_path / "e.ndjson", event(number="1", physical="1"), event(number="2", physical="2"), event(number="3")), status=0)

    events = [json.loads(line) for line in run("export", "AdverseEvent", "--provider", "XAA", status=0).output.splitlines()]
    rows = list(csv.DictReader(io.StringIO(run("counts", status=0).output)))

    assert sorted(e["identifier"]["value"] for e in events) == ["1", "2", "3"]
    assert rows == [{"site": "XAA", "date": "2026-01-01", "events": "3", "grave": "2", "died": "1"}]


def test_checking_says_what_would_be_read_and_keeps_nothing(hall, tmp_path):
    file = written(tmp_path / "e.ndjson", event(physical="2"), event(actuality="maybe"))

    answer = run("check", file, status=1)

    assert "line 1: 2026-01-02, XAA, physical harm severe" in answer.output
    assert "line 2: AdverseEvent.actuality" in answer.output
    with acting_as(TOCSIN):
        assert not ReportedEvent.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("import", "bad.json"), "bad.json is not JSON at line 2"), (("import", "good.json", "--body", "nobody"), "no body with the code nobody"),
        (("export", "Patient"), "choose DetectedIssue"), (("erase", "0b6d2f3e-8f0a-4b52-9d6c-2d6c4f7f8a11", "--reason", "x"), "no event"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(hall, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "bad.json", "{")
    written(tmp_path / "good.json", event())

    assert words in run(*arguments, status=2).output


def test_an_event_is_erased(hall, tmp_path):
    run("import", written(tmp_path / "e.json", event()), status=0)
    with acting_as(TOCSIN):
        number = ReportedEvent.objects.get().pk

    run("erase", number, "--reason", "asked for by the family", status=0)

    assert run("export", "AdverseEvent", status=0).output == ""


@pytest.mark.parametrize("name", ["check", "import", "export", "counts", "erase"])
def test_each_command_shows_an_example(name):
    assert f"tocsin fhir {name}" in run(name, "--help", status=0).output
