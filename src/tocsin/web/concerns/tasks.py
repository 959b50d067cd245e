"""What the worker does by itself: the clock passes on what is due, and the record is signed."""

import logging

from django.db import close_old_connections
from procrastinate.contrib.django import app

from tocsin.web.concerns.turning import ring_again, turn_the_clock
from tocsin.web.record import checkpoint
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now

_log = logging.getLogger(__name__)


@app.periodic(cron="* * * * *", periodic_id="clock")
@app.task(queueing_lock="clock", name="concerns.turn_the_clock")
def clock(timestamp: int) -> int:
    """Each minute. What is due follows from the record, so nothing is lost while no worker runs."""
    close_old_connections()
    passed = turn_the_clock()
    ring_again()
    if passed:
        _log.warning("The clock passed on %s concerns.", passed)
    return passed


@app.periodic(cron="*/10 * * * *", periodic_id="checkpoint")
@app.task(queueing_lock="checkpoint", name="record.checkpoint")
def sign(timestamp: int) -> None:
    """Every ten minutes a signed checkpoint, where something was written."""
    close_old_connections()
    with acting_as(TOCSIN):
        checkpoint.take(now())
