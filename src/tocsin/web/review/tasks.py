"""What the worker does for the room: it reads large files of cases, and works out what the gradings say."""

import logging

from django.db import close_old_connections
from procrastinate.contrib.django import app

from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.again import AGAIN, LOST
from tocsin.web.record.moment import now
from tocsin.web.review import figures, importing
from tocsin.web.review.models import Figures, Import

_log = logging.getLogger(__name__)


@app.task(name="review.read_file", retry=AGAIN)
def read_file(number: str) -> None:
    """A file of cases; what goes wrong is said on its page."""
    close_old_connections()
    try:
        importing.run(number)
    except LOST:
        raise
    except Exception:
        # the log may not hold what stood in the file
        _log.error("A file of cases could not be read to its end: import %s", number)
        words = "It could not be read to its end. What came in before is kept; give the file again, and take out what is there already."
        with acting_as(TOCSIN):
            Import.objects.filter(pk=number, ended=None).update(problem=words, ended=now())


@app.task(name="review.work_out", retry=AGAIN)
def work_out(number: str) -> None:
    """Figures of a panel; what goes wrong is said on their page."""
    close_old_connections()
    try:
        figures.run(number)
    except LOST:
        raise
    except Exception:
        _log.exception("The figures of a panel could not be worked out")
        with acting_as(TOCSIN):
            Figures.objects.filter(pk=number, ended=None).update(
                problem="They could not be worked out; those who run Tocsin find the reason in its log.", ended=now()
            )
