"""What the worker does by itself: wrong tries that bind nobody any more are forgotten."""

from django.db import close_old_connections
from procrastinate.contrib.django import app

from tocsin.web.people import tries
from tocsin.web.record.moment import now


@app.periodic(cron="41 3 * * *", periodic_id="old-tries")
@app.task(queueing_lock="old-tries", name="people.forget_tries")
def forget_tries(timestamp: int) -> int:
    """Each day."""
    close_old_connections()
    return tries.forget(now())
