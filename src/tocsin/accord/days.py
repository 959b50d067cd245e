"""Days and deadlines. Day 0 is the local day on which an obligation begins; a deadline of n days ends with the end of day n."""

from collections.abc import Collection
from datetime import date, timedelta
from functools import lru_cache

import holidays

from tocsin.accord.model import Within


def deadline(start: date, within: Within, extra_holidays: Collection[date] = ()) -> date:
    """The last day on which an obligation that began on `start` may still be met.

    England's bank holidays, and `extra_holidays`, are no working days. Source of the rule for day 0: the notice of a signal counts as
    day 0, as in Clear days of the Civil Procedure Rules, r 2.8.
    """
    if not within.working:
        return start + timedelta(days=within.days)
    day, left = start, within.days
    while left:
        day += timedelta(days=1)
        left -= is_working(day, extra_holidays)
    return day


def is_working(day: date, extra_holidays: Collection[date] = ()) -> bool:
    """Whether it is neither a Saturday, a Sunday, a bank holiday of England, nor one of `extra_holidays`."""
    return day.weekday() < 5 and day not in extra_holidays and day not in _bank_holidays(day.year)


@lru_cache(maxsize=256)
def _bank_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))
