"""What each map would have required of whom, by when, had it been in force when something became known: set beside what happened.

What this can show: whom a map names, what it asks, and what follows in it when nobody acts. What it cannot show: that a body would have
acted, that its act would have helped, or that any one outcome would have differed.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tocsin.accord.clock import Event, Passing, What, state
from tocsin.accord.days import deadline
from tocsin.accord.model import AccordMap, Case
from tocsin.signal import ConcernKind

_DISTANT = date(2200, 1, 1)
_SILENT_YEARS = 5


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fact(_Part):
    """Something that happened or became known. concern: the kind of concern that it should have raised, None where it is told only.

    precision: how exactly the date is known. acted: on that day a body with binding power used it.
    """

    date: date
    precision: str = Field("day", pattern="^(day|month|year)$")
    what: str
    known_by: tuple[str, ...] = Field((), alias="known-by")
    concern: ConcernKind | None = None
    acted: bool = False
    source: str
    unconfirmed: bool = False

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Burden(_Part):
    """births_a_year: as published, for the days from since up to until."""

    since: date
    until: date
    births_a_year: int | None = Field(None, alias="births-a-year")
    source: str

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Harms(_Part):
    """What a review counted in all."""

    what: str
    number: int
    source: str


class History(_Part):
    """A dated history, as data."""

    history: int
    name: str
    provider: str
    facts: tuple[Fact, ...]
    burden: tuple[Burden, ...] = ()
    harms: tuple[Harms, ...] = ()
    differ: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What one map says of one fact.

    holder: who would have held it at first, None where the map names nobody. must, due: what it had to do, by when (None: no day is set).
    silent: what would have followed had every body stayed silent. binding: first day on which a body that the provider must obey would have
    held it, were all silent; None where never. births_after: births from that day to the end of the history, where births are published.
    """

    map: str
    holder: str | None
    must: str
    due: date | None
    silent: tuple[Passing, ...]
    binding: date | None
    binding_body: str | None
    births_after: int | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """One fact with each map's answer."""

    fact: Fact
    answers: tuple[Answer, ...]


def read_history(text: str, name: str = "history") -> History:
    """Raises ValueError that says which entry and field is wrong."""
    try:
        raw: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{name}: is not YAML: {error}") from None
    try:
        found = History.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    days = [f.date for f in found.facts]
    if days != sorted(days):
        late = next(b for a, b in pairwise(days) if b < a)
        raise ValueError(f"{name}: the fact of {late} stands after a later one; put the facts in the order of their dates")
    return found


def as_if_always(map_: AccordMap) -> AccordMap:
    """The map as it stands on its first day, held to be in force at all times: for asking what it would have required in other years."""
    day = map_.since
    kept: Any = {
        name: tuple(replace(e, since=None, until=None) for e in getattr(map_, name) if e.dated(day))
        for name in ("powers", "duties", "handovers", "conflicts", "agreements", "tellings", "endings")
    }
    bodies = {b.id: replace(b, since=None, until=None) for b in map_.bodies.values() if b.dated(day)}
    used = {e.body for name in ("powers", "duties", "handovers", "conflicts", "tellings", "endings") for e in kept[name]}
    bodies |= {b: replace(map_.bodies[b], since=_DISTANT) for b in used - bodies.keys()}
    return replace(map_, since=date(1990, 1, 1), until=date(2100, 1, 1), bodies=bodies, **kept)


def replay(history: History, maps: dict[str, AccordMap]) -> list[Replayed]:
    """Every fact that should have raised a concern, under every map."""
    always = {name: as_if_always(m) for name, m in maps.items()}
    return [Replayed(f, tuple(_answer(name, m, history, f) for name, m in always.items())) for f in history.facts if f.concern is not None]


def _answer(name: str, map_: AccordMap, history: History, fact: Fact) -> Answer:
    assert fact.concern is not None
    case = Case(fact.concern.value, history.provider)
    zone = ZoneInfo(map_.timezone)
    raised = Event("0", What.RAISED, datetime.combine(fact.date, time(12), zone))
    first = state(map_, case, [raised], raised.at)
    if first.holder is None:
        return Answer(name, None, "", None, (), None, None, None)
    later = datetime.combine(fact.date.replace(year=fact.date.year + _SILENT_YEARS, day=min(fact.date.day, 28)), time(12), zone)
    silent = state(map_, case, [raised], later)
    binding = silent.first_binding_day(map_, case)
    body = next((t.body for t in silent.tenures if t.since == binding), None)
    duty = first.holder.duty
    due = deadline(fact.date, duty.within, map_.extra_holidays) if duty and duty.within else None
    births = None if binding is None else births_between(history, binding, max(f.date for f in history.facts))
    holder, must = map_.bodies[first.holder.body].name, duty.must if duty else ""
    return Answer(name, holder, must, due, silent.passed, binding, map_.bodies[body].name if body else None, births)


def births_between(history: History, first: date, last: date) -> int | None:
    """Births from one day to another at the published yearly numbers; None where none are published for those days."""
    total, covered = 0.0, False
    for b in history.burden:
        start, end = max(first, b.since), min(last, b.until)
        if b.births_a_year is not None and start < end:
            total += (end - start).days / 365.25 * b.births_a_year
            covered = True
    return int(round(total, -2)) if covered else None
