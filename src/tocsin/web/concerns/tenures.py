"""Each body's tenures as holder, as rows that are written with the entries: what the oversight of the bodies counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from tocsin.accord import Event, State
from tocsin.accord.clock import Phase, What
from tocsin.accord.model import Reason
from tocsin.web.concerns.models import Concern, Tenure
from tocsin.web.people.models import Body

_UNANSWERED = (Reason.DEADLINE_PASSED, Reason.UNREACHABLE)


@dataclass(frozen=True, slots=True)
class Kept:
    """One tenure, in local days. until: day on which another became holder, or on which it was closed; None while it holds.

    acknowledged, acted: first day of each, None where it never did; whoever acts or takes over has acknowledged. silent: its time to act was
    over without an act, or nobody there could be reached. reason: why it passed on, also where nobody followed ('refusal'); 'closed'; '' where
    another body took over, or while it holds.
    """

    kind: str
    since: date
    until: date | None
    acknowledged: date | None
    acted: date | None
    silent: bool
    reason: str


def tenures(found: State, history: Iterable[Event], timezone: str) -> list[Kept]:
    """Every tenure, in order; a holder that takes over itself goes on with the same one."""
    zone = ZoneInfo(timezone)
    spans: list[tuple[str, date]] = []
    for tenure in found.tenures:
        if not spans or spans[-1][0] != tenure.body:
            spans.append((tenure.body, tenure.since))
    told = [(e.what, e.body, e.at.astimezone(zone).date()) for e in sorted(history, key=lambda e: (e.at, e.id))]
    closed = next((day for what, _, day in told if what is What.STOOD_DOWN), None)
    ended = closed if found.holder is not None and found.holder.phase is Phase.CLOSED else None
    made = []
    for at, (body, since) in enumerate(spans):
        following = spans[at + 1][1] if at + 1 < len(spans) else None
        until = following or ended

        def first(*whats: What, body: str = body, since: date = since, until: date | None = until) -> date | None:
            return next((d for w, b, d in told if w in whats and b == body and since <= d and (until is None or d <= until)), None)

        acted = first(What.ACTED, What.TAKEN_OVER)
        seen = first(What.ACKNOWLEDGED)
        passings = [p for p in found.passed if p.body == body and since <= p.day and (until is None or p.day <= until)]
        reason = next((p.reason.value for p in reversed(passings)), "closed" if until and not following else "")
        made.append(Kept(
            body, since, until, min((d for d in (seen, acted) if d), default=None), acted, any(p.reason in _UNANSWERED for p in passings), reason,
        ))  # fmt: skip
    return made


def keep(concern: Concern, found: list[Kept], bodies: dict[str, Body]) -> None:
    """Keep the tenures of a locked concern; nothing is written where none changed. One query, or three."""
    fields = ("kind", "since", "until", "acknowledged", "acted", "silent", "reason")
    wanted = [tuple(getattr(t, f) for f in fields) for t in found]
    if list(Tenure.objects.filter(concern=concern).order_by("number").values_list(*fields)) == wanted:
        return
    Tenure.objects.filter(concern=concern).delete()
    Tenure.objects.bulk_create(
        Tenure(concern=concern, number=at, body=bodies.get(row[0]), **dict(zip(fields, row, strict=True)))
        for at, row in enumerate(wanted, 1)
    )
