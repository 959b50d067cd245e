"""Only in a demo: time that a visitor lets pass, and concerns from the signals of the demo country."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from tocsin.accord.days import deadline
from tocsin.accord.model import Within
from tocsin.web.concerns.turning import ring_again, turn_the_clock
from tocsin.web.record import moment

_ZONE = ZoneInfo("Europe/London")
FIRST_DAY = datetime(2026, 1, 5, 9, 0, tzinfo=_ZONE)
"""The Monday after the last births of the demo country, so that the demo is the same in any year."""


@transaction.atomic
def begin(at: datetime = FIRST_DAY) -> bool:
    """Set the demo's clock to its first morning, if it has not been set. Returns whether it was set now."""
    if moment.offset():
        return False
    moment.move(at)
    return True


def let_pass(working_days: int) -> datetime:
    """Move the demo's clock by working days, to the morning after them, and let the clock of the concerns catch up."""
    now = moment.now().astimezone(_ZONE)
    day = deadline(now.date(), Within(working_days, True), frozenset()) + timedelta(days=1)
    with transaction.atomic():
        moment.move(datetime.combine(day, time(9), _ZONE))
    turn_the_clock()
    ring_again()
    return moment.now()
