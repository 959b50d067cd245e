"""What the worker does by itself for the room: it reads reports, measures items, and rings the hall for failings that return."""

import logging

from django.db import close_old_connections
from procrastinate.contrib.django import app

from tocsin.web.learn import reading, ringing
from tocsin.web.record.again import AGAIN

_log = logging.getLogger(__name__)


@app.task(name="learn.read_report", retry=AGAIN)
def read_report(report: int) -> None:
    """Read a report that was taken in; what goes wrong is said on its page."""
    close_old_connections()
    reading.read(report)


@app.task(name="learn.measure_items", queueing_lock="learn-measure")
def measure_items_task() -> None:
    """Link and measure what has no vector yet, or one of another measure."""
    close_old_connections()
    reading.measure()


@app.periodic(cron="*/10 * * * *", periodic_id="unmeasured")
@app.task(queueing_lock="unmeasured", name="learn.measure_what_was_left")
def measure_what_was_left(timestamp: int) -> None:
    """Every ten minutes: what a lost database or a killed worker left behind."""
    close_old_connections()
    if reading.anything_to_measure():
        _Once.defer()


@app.task(name="learn.ring", retry=AGAIN)
def ring(report: int) -> None:
    """A failing that returns is told to the hall."""
    close_old_connections()
    ringing.ring_the_hall(report)


class _Once:
    """Asked for twice, it is done once."""

    @staticmethod
    def defer() -> None:
        from procrastinate.exceptions import AlreadyEnqueued

        try:
            measure_items_task.defer()
        except AlreadyEnqueued:
            _log.debug("items will be measured already")


measure_items = _Once
