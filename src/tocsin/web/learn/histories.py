"""One history of the same recommendation over the years: when it was made, to whom, what was answered, done and shown, and when it was made again."""

from dataclasses import dataclass
from datetime import date

from tocsin.web.learn.days import day_of
from tocsin.web.learn.models import Accepted, Item, Status


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one of the same recommendations. on: None where the day is not known."""

    on: date | None
    what: str
    words: str
    item: Item
    again: int = 0
    """Which time it was made, from 1; 0 for what is no making."""


def history(family: list[Item], as_of: date | None = None) -> list[Event]:
    """Events of items that are the same, oldest first. The items come with their addressees, statuses and pushes. No query."""
    out: list[Event] = []
    for number, item in enumerate(family, 1):
        whom = ", ".join(a.name for a in item.addressee_set.all())
        said = "Made" if item.kind == "recommendation" else "Found"
        again = " again" if number > 1 else ""
        out.append(Event(item.on, "made", f"{said}{again}{f', asked of {whom}' if whom else ''}", item, number))
        if item.accepted != Accepted.UNKNOWN:
            out.append(Event(item.accepted_on, "answered", f"Answered: {Accepted(item.accepted).label.lower()}", item))
        for action in item.actions:
            day = day_of(action.get("on") or "")
            out.append(Event(day[0] if day else None, "done", f"Done: {action['what']}", item))
        for status in item.statusentry_set.all():
            if status.status != Status.UNKNOWN:
                out.append(Event(status.on, "status", f"{Status(status.status).label}: {status.evidence}", item))
        for push in item.push_set.all():
            out.append(Event(push.at.date(), "taken up", f"Taken up by {push.body.name}: {push.words}", item))
    if as_of:
        out = [e for e in out if e.on and e.on <= as_of]
    return sorted(out, key=lambda e: (e.on or date.max, e.what != "made", e.item.code))


def returned_after_done(events: list[Event]) -> bool:
    """Whether it was made again after it had been said to be done."""
    said = [e.on for e in events if e.what == "status" and e.on and e.words.startswith((Status.ASSERTED.label, Status.WORKS.label))]
    return bool(said) and any(e.again > 1 and e.on and e.on > min(said) for e in events)
