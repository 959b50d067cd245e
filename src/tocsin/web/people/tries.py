"""Wrong passwords and codes: the more, the longer one waits; and the wait ends by itself, so that nobody can lock another out for good.

Three things are counted: tries at one account from one address, tries at one account from everywhere, tries from one address at
everything, where one is forgiven each minute, because a whole hospital may share one address. The second and third do not bind where the
account was opened from that address before: whoever tries to lock a member or a family out does not reach those who come from where they
always come. A try is counted first and taken back where it was right, so that many at once are counted as many.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils.timezone import localtime

from tocsin.web.people.models import Tries
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now

FREE = {"pair": 5, "account": 20, "address": 60}
"""Wrong tries before one has to wait."""
LONGEST = {"pair": timedelta(hours=1), "account": timedelta(minutes=15), "address": timedelta(hours=1)}
FORGOTTEN = timedelta(hours=24)
"""After so long without a wrong try the count begins anew."""
KNOWN = timedelta(days=90)
"""For how long an address from which an account was opened is known."""

FORGIVEN = {"pair": timedelta(0), "account": timedelta(0), "address": timedelta(minutes=1)}
"""After how long one wrong try less is counted; 0: not before all are forgotten."""

_COUNT = """
INSERT INTO people_tries (key, wrong, last) VALUES (%s, 1, %s) ON CONFLICT (key) DO UPDATE SET last = excluded.last,
    wrong = 1 + CASE WHEN people_tries.last < %s THEN 0 WHEN %s = 0 THEN people_tries.wrong
        ELSE greatest(0, people_tries.wrong - floor(extract(epoch FROM excluded.last - people_tries.last) / nullif(%s, 0)))::integer END
"""


@dataclass(frozen=True, slots=True)
class Door:
    """Where somebody tries to come in. kind: 'sign-in', 'receipt', 'invitation'. account: e-mail or number. address: of the computer."""

    kind: str
    account: str
    address: str

    def keys(self) -> dict[str, str]:
        account = self.account.strip().lower()
        named = {"pair": (account, self.address), "account": (account,), "address": (self.address,), "known": (account, self.address)}
        return {n: hashlib.sha256("\0".join((settings.SECRET_KEY, self.kind, n, *of)).encode()).hexdigest() for n, of in named.items()}


def wait_after(which: str, wrong: int) -> timedelta:
    """How long one waits after so many wrong tries: none at first, then a minute, and twice as long each time, up to the longest."""
    beyond = wrong - FREE[which]
    return timedelta(0) if beyond < 0 else min(timedelta(minutes=1) * 2 ** min(beyond, 20), LONGEST[which])


def begin(door: Door) -> datetime | None:
    """Before a password or code is looked at: None where it may be, and the try is counted; else the moment from which one may try again."""
    at, keys = now(), door.keys()
    with acting_as(TOCSIN):
        rows = {t.key: t for t in Tries.objects.filter(key__in=keys.values())}
        known = keys["known"] in rows and rows[keys["known"]].last > at - KNOWN
        binding = [n for n in FREE if keys[n] in rows and (n == "pair" or not known)]
        until = max((rows[keys[n]].last + wait_after(n, _left(rows[keys[n]], n, at)) for n in binding), default=at)
        if until > at:
            return until
        _count(at, [(keys[n], n) for n in FREE])
    return None


def right(door: Door) -> None:
    """It was right: nothing is counted against the account, the address is known from now, and this one try of it is taken back."""
    at, keys = now(), door.keys()
    with acting_as(TOCSIN):
        Tries.objects.filter(key__in=[keys["pair"], keys["account"]]).delete()
        Tries.objects.filter(key=keys["address"], wrong__gt=0).update(wrong=F("wrong") - 1)
        Tries.objects.update_or_create(key=keys["known"], defaults={"wrong": 0, "last": at})


def words(until: datetime) -> str:
    """The time of day from which one may try again, to the next whole minute."""
    return f"{localtime(until + timedelta(seconds=59)):%H:%M}"


def forget(at: datetime) -> int:
    """Take out what is too old to bind anybody; the worker does it each day. Returns how many."""
    with acting_as(TOCSIN):
        return Tries.objects.filter(last__lt=at - KNOWN).delete()[0]


def _left(tries: Tries, which: str, at: datetime) -> int:
    if tries.last < at - FORGOTTEN:
        return 0
    return max(0, tries.wrong - (int((at - tries.last) / FORGIVEN[which]) if FORGIVEN[which] else 0))


def _count(at: datetime, of: list[tuple[str, str]]) -> None:
    with connection.cursor() as cursor:
        for key, which in of:
            seconds = FORGIVEN[which].total_seconds()
            cursor.execute(_COUNT, [key, at, at - FORGOTTEN, seconds, seconds])
