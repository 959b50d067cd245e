"""The worker's tasks: new files are found once, and what they say is shown."""

import asyncio
import csv
from types import SimpleNamespace

import pytest
from django.db import InterfaceError, OperationalError
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status

from country import country
from tocsin.web.feeds import tasks as feeds
from tocsin.web.learn import tasks as learn
from tocsin.web.review import tasks as review
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


def test_a_stalled_job_of_which_the_same_waits_already_does_not_keep_the_others_from_being_taken_up(monkeypatch):
    again, ended = [], []

    class Manager:
        async def get_stalled_jobs(self, seconds_since_heartbeat):
            return ["clock", "pack", "report"]

        async def retry_job(self, job):
            if job == "clock":
                raise UniqueViolation(constraint_name="procrastinate_jobs_queueing_lock_idx", queueing_lock="clock")
            again.append(job)

        async def finish_job(self, job, status, delete_job):
            ended.append((job, status, delete_job))

    monkeypatch.setattr(tasks, "app", SimpleNamespace(job_manager=Manager()))

    assert asyncio.run(tasks.take_up_stalled_jobs.func(None, 0)) == 2
    assert again == ["pack", "report"]
    assert ended == [("clock", Status.ABORTED, False)]


@pytest.mark.parametrize("lost", [OperationalError("the connection is gone"), InterfaceError("connection already closed")])
@pytest.mark.parametrize(
    ("task", "where"),
    [
        (feeds.make_pack, "feeds.pack.make"), (review.read_file, "review.importing.run"), (review.work_out, "review.figures.run"),
        (learn.read_report, "learn.reading.read"), (learn.ring, "learn.ringing.ring_the_hall"),
    ],
)  # fmt: skip
def test_what_was_asked_for_is_done_again_where_the_database_was_lost_and_given_up_where_the_work_itself_fails(monkeypatch, task, where, lost):
    def fails(*given):
        raise lost

    monkeypatch.setattr(f"tocsin.web.{where}", fails)
    with pytest.raises(type(lost)):
        task.func("6a1f3a1e-0000-4000-8000-000000000000")

    job = Job(id=1, lock=None, queueing_lock=None, task_name=task.name, queue="default", attempts=5, status="doing", priority=0)
    assert task.get_retry_exception(lost, job) is not None
    assert task.get_retry_exception(ValueError("something else"), job) is None


def test_what_was_left_unmeasured_is_measured_within_ten_minutes(monkeypatch):
    asked = []
    monkeypatch.setattr(learn.measure_items_task, "defer", lambda: asked.append(1))
    monkeypatch.setattr("tocsin.web.learn.reading.anything_to_measure", lambda: False)
    learn.measure_what_was_left.func(0)
    monkeypatch.setattr("tocsin.web.learn.reading.anything_to_measure", lambda: True)
    learn.measure_what_was_left.func(0)

    assert asked == [1]
