"""What the worker does by itself: it tells those who want to hear, and makes board packs."""

import logging

from django.db import close_old_connections
from procrastinate.contrib.django import app

from tocsin.web.feeds import outbox, pack
from tocsin.web.feeds.models import BoardPack
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.again import AGAIN, LOST
from tocsin.web.record.moment import now

_log = logging.getLogger(__name__)


@app.periodic(cron="* * * * *", periodic_id="news")
@app.task(queueing_lock="news", name="feeds.tell")
def tell(timestamp: int) -> int:
    """Each minute."""
    close_old_connections()
    outbox.collect()
    return outbox.send()


@app.task(name="feeds.make_pack", retry=AGAIN)
def make_pack(pack: str) -> None:
    """A board pack; what goes wrong is said on its page."""
    close_old_connections()
    _make(pack)


def _make(number: str) -> None:
    try:
        pack.make(number)
    except LOST:
        raise
    except Exception:
        _log.exception("A board pack could not be made")
        with acting_as(TOCSIN):
            BoardPack.objects.filter(pk=number).update(problem="It could not be made; those who run Tocsin find the reason in its log.")


@app.periodic(cron="17 3 * * *", periodic_id="old-packs")
@app.task(queueing_lock="old-packs", name="feeds.drop_old_packs")
def drop_old(timestamp: int) -> None:
    """Packs are dropped after thirty days."""
    close_old_connections()
    with acting_as(TOCSIN):
        BoardPack.objects.filter(expires__lt=now()).delete()
