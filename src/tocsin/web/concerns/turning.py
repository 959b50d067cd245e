"""What the clock does by itself: it passes on, passes by whom nobody can reach, and rings again before it is too late."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from tocsin.accord.clock import What, state
from tocsin.web.concerns import clockwork
from tocsin.web.concerns.models import Concern, TakeOver
from tocsin.web.people.bodies import reachable
from tocsin.web.people.models import Membership, Role
from tocsin.web.people.permissions import Act
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now

EFFECT_BEFORE = timedelta(days=7)
"""How long before the effect must be shown the holder is reminded of it."""


def turn_the_clock() -> int:
    """Pass on every concern whose time is over, in the order of their days, each in a transaction of its own. Returns how many passed.

    It may be run by several workers at once and after any time of standing still: what is due follows from the record alone.
    """
    with acting_as(TOCSIN):
        at = now()
        due = list(Concern.objects.filter(closed=None, leaves__lte=at.date()).order_by("leaves", "id").values_list("id", flat=True))
    passed = sum(_each(number, clockwork.reckon) for number in due)
    with acting_as(TOCSIN):
        somebody = Membership.objects.filter(body=OuterRef("holder"), role=Role.LEAD, ended=None, member__is_active=True)
        lost = Concern.objects.filter(closed=None).exclude(phase="taken over").filter(~Exists(somebody)).exclude(holder_kind="")
        alone = list(lost.order_by("id").values_list("id", flat=True))
    return passed + sum(_each(number, pass_by) for number in alone)


def ring_again() -> int:
    """Remind holders, once for each reason and day: of what nobody has acknowledged when half its time is over, of the last day whether or not
    it was acknowledged, of an effect to be shown, of a review of what was taken over. Returns how many were reminded.
    """
    with acting_as(TOCSIN):
        today = now().date()
        near = Q(due__lte=today + timedelta(days=60)) | Q(phase="taken over")
        waiting = list(
            Concern.objects.filter(near, closed=None).order_by("id").values_list("id", "since", "due", "phase", "acknowledged", "reminded")
        )
        reviews = _reviews(today)
    told = 0
    for number, since, due, phase, acknowledged, reminded in waiting:
        why = _why(since, due, phase, acknowledged is not None, today) or reviews.get(number, "")
        if why and why != reminded:
            told += _each(number, lambda concern, at, why=why: _remind(concern, at, why))
    return told


def _why(since: date | None, due: date | None, phase: str, acknowledged: bool, today: date) -> str:
    """Of what a holder is to be reminded on a day, with the day that it is about; '' where of nothing."""
    if due is None or since is None or today > due:
        return ""
    if phase == "to act":
        if today == due:
            return f"last-day:{due}"
        return f"not-acknowledged:{due}" if not acknowledged and today - since >= (due - since) / 2 else ""
    return f"effect:{due}" if phase == "effect awaited" and due - today <= EFFECT_BEFORE else ""


def _reviews(today: date) -> dict[int, str]:
    """Of take-overs whose day of review has come and has not been held: the concern's number, and that day."""
    found = {}
    for concern, days, held in TakeOver.objects.filter(ended=None).values_list("concern", "reviews", "reviewed"):
        open_ = [d for d in days if d <= today.isoformat() and d not in {h["for"] for h in held}]
        if open_:
            found[concern] = f"review:{open_[0]}"
    return found


@transaction.atomic
def _each(number: int, do: Callable[[Concern, datetime], object]) -> int:
    """Lock one concern, do what is to be done, and say whether its record grew."""
    with acting_as(TOCSIN):
        concern = clockwork.locked(number)
        before = concern.last_entry
        if not concern.closed:
            do(concern, now())
        return int(concern.last_entry != before)


def pass_by(concern: Concern, at: datetime) -> None:
    """Nobody who may act for the holder can be reached: it goes on, as if the holder stayed silent, to the first body that can be."""
    clockwork.reckon(concern, at)
    seen: set[str] = set()
    while concern.holder_kind not in seen and (concern.holder_id is None or not reachable([concern.holder_id])):
        seen.add(concern.holder_kind)
        said = {"as": concern.holder_kind, "reason": "nobody who may act for it can be reached"}
        history = clockwork.events(ledger.entries(clockwork.chain(concern)))
        asked = clockwork.event("asked", What.UNREACHABLE, at, said)
        after = state(clockwork.map_of(concern), clockwork.case_of(concern), [*history, asked], at).holder
        if after is None or after.body == concern.holder_kind:
            return  # the map names nobody after it; the page says that nobody can be reached
        ledger.write(chain=clockwork.chain(concern), what=Act.UNREACHABLE, at=at, payload=said, body=clockwork.THE_CLOCK)
        clockwork.reckon(concern, at)


def _remind(concern: Concern, at: datetime, why: str) -> None:
    clockwork.reckon(concern, at)
    if concern.reminded == why or concern.closed:
        return
    word, _, day = why.partition(":")
    said = {"why": word, "day": day, "holder": concern.holder_kind}
    ledger.write(chain=clockwork.chain(concern), what=Act.REMINDED, at=at, payload=said, body=clockwork.THE_CLOCK)
    concern.reminded = why
    concern.last_entry = ledger.head(clockwork.chain(concern))
    concern.save()
