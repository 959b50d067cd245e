"""The accord's clock over a concern's record: what happened in, holder and days out, and each passing told once."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tocsin.accord import Case, Event, State, What, state
from tocsin.accord.clock import TELL
from tocsin.accord.model import AccordMap
from tocsin.web.accord.models import MapInForce
from tocsin.web.accord.queries import read_row
from tocsin.web.concerns import tenures
from tocsin.web.concerns.models import Concern, Owed, Passed
from tocsin.web.people.bodies import bodies_for
from tocsin.web.people.models import Body
from tocsin.web.people.permissions import Act
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Entry

EVENTS: dict[str, What] = {
    Act.RAISED: What.RAISED, Act.ACKNOWLEDGED: What.ACKNOWLEDGED, Act.ACTED: What.ACTED, Act.DONE: What.ACTED, Act.REFUSED: What.REFUSED,
    Act.CONFLICT: What.CONFLICT, Act.EXTENDED: What.EXTENDED, Act.HANDED_OVER: What.ESCALATED, Act.TAKEN_OVER: What.TAKEN_OVER,
    Act.UNREACHABLE: What.UNREACHABLE, Act.HANDED_BACK: What.HANDED_BACK, Act.CLOSED: What.STOOD_DOWN, Act.MERGED: What.STOOD_DOWN,
}  # fmt: skip
"""Entries that the clock knows, and as what."""
THE_CLOCK = "the clock"


def map_of(concern: Concern) -> AccordMap:
    """The map under which a concern runs: the one that was in force when it was opened, as it was then."""
    return map_from(concern.map)


def map_from(row: MapInForce) -> AccordMap:
    return read_row(row)


def case_of(concern: Concern) -> Case:
    return Case(concern.kind, concern.provider.kind, concern.place)


def chain(concern: Concern) -> str:
    return f"concern:{concern.pk}"


def events(entries: Iterable[Entry]) -> list[Event]:
    """What the clock is told, from the record."""
    found = []
    for entry in entries:
        what = EVENTS.get(entry.what)
        if what is not None:
            said = json.loads(entry.payload)
            found.append(event(str(entry.id), what, entry.at, said))
    return found


def event(id_: str, what: What, at: datetime, said: dict) -> Event:
    """One event, from an entry's payload."""
    return Event(
        id_, what, at, said.get("as"), said.get("reason") or "", _day(said.get("until")), said.get("to"), bool(said.get("severe")),
        _day(said.get("last")),
    )  # fmt: skip


def today(map_: AccordMap, now: datetime) -> date:
    return now.astimezone(ZoneInfo(map_.timezone)).date()


def standing(concern: Concern, now: datetime, entries: list[Entry] | None = None) -> State:
    """Where a concern stands by its record alone. One query unless its entries are given."""
    found = ledger.entries(chain(concern)) if entries is None else entries
    map_ = map_of(concern)
    return _told(state(map_, case_of(concern), events(found), now), found, map_)


def locked(number: int) -> Concern:
    """A concern, locked until the transaction ends. Raises Concern.DoesNotExist. Two queries.

    First locked, then read: what a locking query with joins returns after waiting may be a mixture of before and after.
    """
    Concern.objects.select_for_update().only("id").get(pk=number)
    return Concern.objects.select_related("provider", "map", "holder").defer("map__files").get(pk=number)


def reckon(concern: Concern, now: datetime) -> State:
    """As `_reckon`: the passing of time is Tocsin's own act, whoever looks."""
    with acting_as(TOCSIN):
        return _reckon(concern, now)


def _reckon(concern: Concern, now: datetime) -> State:
    """Bring a locked concern up to `now`: tell the record of each passing that it does not know of, in order, and keep where it stands.

    Each passing is told once, whoever comes first: its number is unique. Nothing is written where nothing passed or changed.
    """
    map_, entries = map_of(concern), ledger.entries(chain(concern))
    history = events(entries)
    found = _told(state(map_, case_of(concern), history, now), entries, map_)
    known = Passed.objects.filter(concern=concern).count()
    for number, passing in enumerate(found.passed[known:], known + 1):
        said = {
            "number": number, "day": passing.day.isoformat(), "from": passing.body, "to": passing.to, "why": passing.reason.value,
            "skipped": list(passing.skipped),
        }  # fmt: skip
        Passed.objects.create(
            concern=concern, number=number, day=passing.day, from_kind=passing.body, to_kind=passing.to or "", reason=passing.reason.value
        )
        ledger.write(chain=chain(concern), what=Act.PASSED, at=now, payload=said, body=THE_CLOCK)
    bodies = bodies_for(concern.provider)
    _keep_owed(concern, found, bodies)
    tenures.keep(concern, tenures.tenures(found, history, map_.timezone), bodies)
    before = (concern.holder_kind, concern.since)
    values = _kept(found, bodies)
    if before != (values["holder_kind"], values["since"]) and before[0]:
        values["acknowledged"] = None
    if any(getattr(concern, name) != value for name, value in values.items()) or len(found.passed) > known:
        for name, value in values.items():
            setattr(concern, name, value)
        concern.last_entry = ledger.head(chain(concern))
        concern.save()
    return found


def _told(found: State, entries: list[Entry], map_: AccordMap) -> State:
    """Whoever owes telling has done it by telling, the holder too; where nobody outside raised it, there is nobody to tell."""
    if not any(o.must == TELL for o in found.obligations):
        return found
    said = [(e, json.loads(e.payload)) for e in entries if e.what in (Act.TOLD, Act.NOTED, Act.LINKED)]
    days: dict[str, date] = {}
    for entry, payload in said:
        if entry.what == Act.TOLD:
            days.setdefault(payload.get("as", ""), today(map_, entry.at))
    anybody = any("raiser" in payload or "raisers" in payload for _, payload in said)
    owed = (replace(o, done=o.done or days.get(o.body)) if o.must == TELL else o for o in found.obligations if anybody or o.must != TELL)
    return replace(found, obligations=tuple(owed))


def _keep_owed(concern: Concern, found: State, bodies: dict[str, Body]) -> None:
    fields = ("kind", "must", "basis", "due", "done")
    wanted = [(o.body, o.must, o.basis, o.due, o.done) for o in found.obligations]
    if list(Owed.objects.filter(concern=concern).order_by("id").values_list(*fields)) == wanted:
        return
    Owed.objects.filter(concern=concern).delete()
    Owed.objects.bulk_create(Owed(concern=concern, body=bodies.get(o[0]), **dict(zip(fields, o, strict=True))) for o in wanted)


def _kept(found: State, bodies: dict[str, Body]) -> dict:
    holder = found.holder
    body = bodies.get(holder.body) if holder else None
    return {
        "holder_kind": holder.body if holder else "", "holder": body, "since": holder.since if holder else None,
        "phase": holder.phase.value if holder else "", "due": holder.due if holder else None,
        "leaves": found.ahead[0].day if found.ahead else None, "power": found.power.word if found.power else "", "binding": found.binding,
    }  # fmt: skip


def _day(word: str | None) -> date | None:
    return date.fromisoformat(word) if word else None
