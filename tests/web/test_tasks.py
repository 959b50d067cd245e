"""The worker's tasks: new files are found once, and what they say is shown."""

import csv

import pytest

from country import country
from tocsin.web.watch import tasks
from tocsin.web.watch.actions import keep_comparison
from tocsin.web.watch.models import Run, Stream

pytestmark = pytest.mark.django_db


def deliver(folder, name, counts, days):
    with (folder / name).open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["site", "date", "term", "stillbirth"])
        for s, code in enumerate(counts.sites):
            for d in days:
                when = type(counts.first_day).fromordinal(counts.first_day.toordinal() + d)
                rows.writerow([code, when, counts.births[s, d], counts.events[s, d]])


@pytest.fixture
def folder(tmp_path, settings):
    place = tmp_path / "births"
    place.mkdir()
    (place / "mapping.yaml").write_text("rows: aggregated\n")
    settings.WATCH_FOLDER, settings.WATCH_KEPT = place, tmp_path / "kept"
    return place


def test_new_files_are_watched_and_shown_and_old_ones_left_alone(folder):
    counts = country(sites=3, days=500, delayed=False)
    deliver(folder, "births-1.csv", counts, range(480))
    first = tasks.look()
    again = tasks.look()
    deliver(folder, "births-2.csv", counts, range(480, 500))
    second = tasks.look()

    assert first.startswith("run")
    assert again == "nothing new"
    assert second.startswith("run")
    assert Run.objects.count() == 2
    assert sum(Stream.objects.values_list("births", flat=True)) == counts.births.sum()


def test_without_a_folder_nothing_is_looked_for(settings):
    settings.WATCH_FOLDER = None

    assert "not set" in tasks.look()


def test_what_was_planted_is_shown_beside_what_was_found_only_where_something_was(client, loaded):
    assert client.get("/planted/").status_code == 404
    assert "synthetic" not in client.get("/").content.decode()

    row = {"kind": "rise", "site": "S03", "indicator": "stillbirth", "what": "a trebling", "first": loaded.as_of, "ratio": 3.0}
    keep_comparison(run=loaded, planted=[row | {"found": "red on x", "delay_days": 64, "estimated_ratio": 2.7}], unexplained=2, years=4)
    page = client.get("/planted/").content.decode()

    assert "a trebling, 3.0 times the usual rate" in page
    assert "Site S03" in page
    assert "2 in 4 years" in page
    assert "what was planted" in client.get("/").content.decode()


@pytest.fixture(autouse=True)
def files_are_settled_at_once(monkeypatch):
    monkeypatch.setattr("tocsin.web.watch.tasks.SETTLED", -1)


def test_a_file_that_is_still_being_written_waits(tmp_path, settings, monkeypatch):
    from tocsin.web.watch import tasks

    monkeypatch.setattr(tasks, "SETTLED", 60)
    settings.WATCH_FOLDER, settings.WATCH_KEPT = tmp_path, tmp_path / "kept"
    (tmp_path / "births.csv").write_text("site,date")

    assert tasks.look() == "a file is still being written"


def test_files_that_cannot_be_read_are_told_once(tmp_path, settings, caplog):
    from tocsin.web.watch import tasks

    settings.WATCH_FOLDER, settings.WATCH_KEPT = tmp_path, tmp_path / "kept"
    (tmp_path / "births.csv").write_text("nothing")
    (tmp_path / "mapping.yaml").write_text("nonsense: [")

    assert [tasks.look(), tasks.look()] == ["refused", "refused"]
    assert caplog.text.count("could not be read") == 1
