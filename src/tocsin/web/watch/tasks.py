"""What the worker does by itself: it looks for new files of births, and takes up jobs whose worker was lost."""

import json
import logging
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from tocsin.watch.nightly import births_in, run_folder
from tocsin.web.watch.actions import load_run
from tocsin.web.watch.ringing import ring_the_hall

_log = logging.getLogger(__name__)
SETTLED = 5
"""Seconds for which a file must not have changed, so that no half-written copy is read."""
_refused: dict[str, list[list[Any]]] = {}


@app.periodic(cron="* * * * *", periodic_id="births")
@app.task(queueing_lock="births", lock="births", name="watch.look_for_new_births")
def look_for_new_births(timestamp: int) -> str:
    """As `look`, each minute."""
    close_old_connections()
    return look()


def look() -> str:
    """Run the watch and show what it says where the folder has files that the last run did not have."""
    folder = settings.WATCH_FOLDER
    if folder is None:
        return "TOCSIN_WATCH_FOLDER is not set"
    now = signature(folder)
    if _seen() == now:
        return "nothing new"
    if any(changed > (time.time() - SETTLED) * 1e9 for _, _, changed in now):
        return "a file is still being written"
    try:
        result = run_folder(folder, settings.WATCH_KEPT, as_of=datetime.now(UTC).date())
    except (ValueError, OSError) as error:
        # said once: the same files would fail in the same way each minute
        if _refused.get("files") != now:
            _refused["files"] = now
            _log.warning("New births could not be read, and the pages still show the run before: %s", error)
        return "refused"
    run = load_run(result)
    ring_the_hall(run)
    mark_seen(now)
    _log.warning("New births were read: the pages now show them up to %s.", run.as_of)
    return f"run {run.pk}"


@app.periodic(cron="* * * * *", periodic_id="stalled")
@app.task(queueing_lock="stalled", name="watch.take_up_stalled_jobs", pass_context=True)
async def take_up_stalled_jobs(context: JobContext, timestamp: int) -> int:
    """Jobs whose worker no longer says that it lives are done again. Returns how many."""
    again = 0
    for job in list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=30)):
        try:
            await app.job_manager.retry_job(job)
            again += 1
        except UniqueViolation:
            # the same is waiting already, as with what is done each minute: that one will do it, and this one must not stop the others
            await app.job_manager.finish_job(job, Status.ABORTED, delete_job=False)
    return again


def mark_seen(found: list[list[Any]]) -> None:
    """What `signature` said of the files that the pages now show."""
    settings.WATCH_KEPT.mkdir(parents=True, exist_ok=True)
    fresh = settings.WATCH_KEPT / "seen.json.new"
    fresh.write_text(json.dumps(found))
    fresh.replace(settings.WATCH_KEPT / "seen.json")


def _seen() -> list[list[Any]] | None:
    try:
        found: list[list[Any]] = json.loads((settings.WATCH_KEPT / "seen.json").read_text())
        return found
    except FileNotFoundError:
        return None


def signature(folder: Path) -> list[list[Any]]:
    """Name, size and time of change of each file that a run depends on."""
    files = [*births_in(folder), folder / "mapping.yaml", folder / "sites.csv"]
    return [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files if path.exists()]
