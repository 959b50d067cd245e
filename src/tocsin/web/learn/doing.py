"""What the actions of the room share: who acts for which body, whether they may, and telling the record."""

from datetime import datetime
from typing import Any

from tocsin.web.learn.models import Addressee, Item, Report
from tocsin.web.people.models import Body, Member
from tocsin.web.people.permissions import AboutItem, Learn, NotPermitted, Who, may_learn, who_is
from tocsin.web.record import ledger


class Invalid(ValueError):
    """What was given cannot be taken. field: where; the message says what to do."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


def chain(report: Report | int) -> str:
    return f"learn:{report if isinstance(report, int) else report.pk}"


def tell(report: Report | int, what: str, *, at: datetime, by: Member | None, body: Body | None = None, **said: Any) -> None:
    """Add an entry to the record of a report. One query."""
    ledger.write(
        chain=chain(report),
        what=what,
        at=at,
        payload={k: v for k, v in said.items() if v not in (None, "", [], {})},
        member=by.pk if by else None,
        body=body.code if body else "Tocsin" if by is None else "",
    )


def about(item: Item) -> AboutItem:
    """One query."""
    asked = list(Addressee.objects.filter(item=item).values_list("body_id", "kind"))
    return AboutItem(
        item.body_id,
        item.open,
        item.provider_id,
        frozenset(b for b, _ in asked if b is not None),
        frozenset(k for b, k in asked if b is None and k),
    )


def permit(by: Member, act: Learn, item: Item, message: str) -> Who:
    """Raises NotPermitted with the message. Four queries."""
    who = who_is(by)
    if not may_learn(who, act, about(item)):
        raise NotPermitted(message)
    return who


def acts_for(who: Who, item: Item | None = None) -> Body | None:
    """The body for which a member acts here: the one that took the report in, else a national one, else their first. One query."""
    parts = [p for p in who.parts if p.role in ("lead", "member")]
    order = sorted(parts, key=lambda p: (item is None or p.body != item.body_id, p.role != "lead", p.covers is not None, p.body))
    return Body.objects.filter(pk=order[0].body).first() if order else None


def needed(field: str, words: str, message: str, most: int = 20_000) -> str:
    """The words without what cannot be kept. Raises Invalid where there are none or too many."""
    words = words.replace("\0", "").strip()
    if not words:
        raise Invalid(field, message)
    if len(words) > most:
        raise Invalid(field, f"That is too long: at most {most:,} characters.")
    return words
