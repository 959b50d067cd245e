"""What is read for the pages. Each says how many queries it makes; row-level security leaves out what the reader may not see."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Count, Q

from tocsin.accord import State
from tocsin.accord.model import AccordMap
from tocsin.web.concerns import clockwork, closing, plain
from tocsin.web.concerns.doing import about
from tocsin.web.concerns.models import (
    Concern,
    Effect,
    InformationRequest,
    JoinedSignal,
    Link,
    Owed,
    PlannedAction,
    Publication,
    Raiser,
    TakeOver,
)
from tocsin.web.people.bodies import bodies_for, reachable
from tocsin.web.people.models import Body
from tocsin.web.people.permissions import About
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Attachment
from tocsin.web.record.moment import now

T = TypeVar("T")
PAGE = 25
SORTS = {"due": ("leaves", "id"), "newest": ("-opened", "-id"), "provider": ("provider__name", "id")}


@dataclass(frozen=True)
class Wanted:
    """What a reader asks of the list."""

    text: str = ""
    kind: str = ""
    holder: str = ""
    state: str = "open"
    sort: str = "due"


def listed(wanted: Wanted, page: int) -> tuple[list[Concern], int]:
    """One page of concerns, and how many there are in all. Two queries."""
    found = Concern.objects.select_related("provider", "holder").filter(merged_into=None)
    if wanted.state != "all":
        found = found.filter(closed__isnull=wanted.state != "closed")
    if wanted.text:
        found = found.filter(
            Q(provider__name__icontains=wanted.text) | Q(provider__code__iexact=wanted.text) | Q(title__icontains=wanted.text)
        )
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.holder:
        found = found.filter(holder_kind=wanted.holder)
    total = found.count()
    rows = found.order_by(*SORTS.get(wanted.sort, SORTS["due"]))[(page - 1) * PAGE : page * PAGE]
    return list(rows), total


def counted() -> dict[str, int]:
    """How many open concerns there are: in all, overdue or nobody's, and taken over. One query."""
    found = Concern.objects.filter(closed=None)
    return found.aggregate(
        open=Count("id"), red=Count("id", filter=Q(level="red")), nobody=Count("id", filter=Q(holder=None)),
        taken=Count("id", filter=Q(phase="taken over")), binding=Count("id", filter=Q(binding=True)),
    )  # fmt: skip


def hidden() -> list[tuple[str, date, bool]]:
    """Restricted concerns of which one may know only that they exist: provider, day, whether open. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.name, h.opened, h.open FROM tocsin_hidden_concerns() h JOIN people_provider p ON p.code = h.provider ORDER BY 2 DESC LIMIT 50"
        )
        return cursor.fetchall()


def of_bodies(bodies: Iterable[int]) -> dict[str, Any]:
    """What these bodies hold, owe and are asked. Four queries."""
    ids = list(bodies)
    held = Concern.objects.filter(holder__in=ids, closed=None).select_related("provider", "holder").order_by("leaves", "id")
    owed = (
        Owed.objects.filter(body__in=ids, done=None, concern__closed=None).exclude(concern__holder__in=ids)
        .select_related("concern__provider", "body").order_by("due", "id")
    )  # fmt: skip
    asked = InformationRequest.objects.filter(answered=None, concern__provider__body__in=ids).select_related(
        "concern__provider", "asked_by"
    )
    actions = (
        PlannedAction.objects.filter(owner__in=ids, state__in=["planned", "begun"])
        .select_related("concern__provider", "owner")
        .order_by("due")
    )
    return {"held": list(held[:100]), "owed": list(owed[:100]), "asked": list(asked[:100]), "actions": list(actions[:100])}


@dataclass(frozen=True)
class Whole:
    """Everything that a concern's page shows."""

    concern: Concern
    map: AccordMap
    standing: State
    today: date
    lines: list[plain.Line]
    bodies: dict[str, Body]
    names: dict[str, str]
    signals: list[JoinedSignal]
    actions: list[PlannedAction]
    questions: list[InformationRequest]
    take_overs: list[TakeOver]
    effects: list[Effect]
    links: list[Link]
    files: list[Attachment]
    publications: list[Publication]
    accounts: list[tuple[Raiser, str]]
    unreachable: frozenset[str]
    merged: list[int]
    merged_into: Concern | None
    reopens: Concern | None
    burden: dict[str, int]
    about: About
    conditions: list[closing.Condition]


def whole(number: int) -> Whole:
    """A concern with all that belongs to it. Ten queries, and one or two for each kind of thing that there is. Raises Concern.DoesNotExist.

    The database is asked once in which tables there is anything; most concerns have little, and a query that finds nothing takes as long.
    """
    from tocsin.web.concerns.raisers import accounts_of

    concern = Concern.objects.select_related("provider", "map", "holder").defer("map__files").get(pk=number)
    moment = now()
    involved, kept = _kept(concern)
    others = {i for i in (concern.merged_into_id, concern.reopens_id) if i}
    seen = Concern.objects.in_bulk(others) if others else {}
    entries = ledger.entries(clockwork.chain(concern))
    map_ = clockwork.map_of(concern)
    bodies = bodies_for(concern.provider)
    names = names_of(map_, bodies)
    standing = clockwork.standing(concern, moment, entries)

    def if_any(what: str, rows: Callable[[], Iterable[T]]) -> list[T]:
        return list(rows()) if what in kept else []

    signals = list(JoinedSignal.objects.filter(concern=concern).order_by("-level", "-raised_on"))
    actions = if_any(
        "actions", lambda: PlannedAction.objects.filter(concern=concern).select_related("owner", "checked_by").order_by("due")
    )
    questions = if_any("questions", lambda: (
        InformationRequest.objects.filter(concern=concern).select_related("asked_by").prefetch_related("joined_by").order_by("id")
    ))  # fmt: skip
    take_overs = if_any("take-overs", lambda: (
        TakeOver.objects.filter(concern=concern).select_related("body").prefetch_related("criterion_set__checked_by").order_by("id")
    ))  # fmt: skip
    effects = if_any("effects", lambda: Effect.objects.filter(concern=concern).select_related("by_body").order_by("id"))
    found = closing.Evidence(signals, actions, questions, take_overs, effects, closing.answers(concern) if "raisers" in kept else [])
    return Whole(
        concern, map_, standing, clockwork.today(map_, moment), plain.timeline(entries, names), bodies, names,
        signals, actions, questions, take_overs, effects,
        if_any("links", lambda: Link.objects.filter(Q(one=concern) | Q(other=concern)).select_related("one__provider", "other__provider")),
        if_any("files", lambda: Attachment.objects.filter(chain=clockwork.chain(concern)).select_related("file")),
        if_any("publications", lambda: Publication.objects.filter(concern=concern).order_by("id")),
        if_any("raisers", lambda: accounts_of(Raiser.objects.filter(concern=concern).order_by("raised"))),
        _unreachable(concern, standing, bodies),
        if_any("merged", lambda: Concern.objects.filter(merged_into=concern).order_by("id").values_list("id", flat=True)),
        seen.get(concern.merged_into_id), seen.get(concern.reopens_id),
        burden(concern.provider_id) if "asked" in kept else {"asked": 0, "open": 0, "spared": 0},
        about(concern, involved), [] if concern.closed else closing.conditions(found, standing, moment, names),
    )  # fmt: skip


def _kept(concern: Concern) -> tuple[frozenset[int], frozenset[str]]:
    """Bodies that take part in a concern, and the kinds of things that are kept of it. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT parts, kept FROM concerns_kept(%s)", [concern.pk])
        parts, kept = cursor.fetchone()
    return frozenset(parts), frozenset(kept)


def alike(concern: Concern) -> list[Concern]:
    """Other open concerns about the provider with the same holder, into which this one can be merged: the first 50. One query."""
    if concern.holder_id is None:
        return []
    found = Concern.objects.filter(provider=concern.provider_id, closed=None, restricted=concern.restricted, holder=concern.holder_id)
    return list(found.exclude(pk=concern.pk).order_by("leaves", "id")[:50])


def _unreachable(concern: Concern, standing: State, bodies: dict[str, Body]) -> frozenset[str]:
    """Of the holder and those that follow if nobody acts: the ones where nobody who may act can be reached. One query."""
    if concern.closed:
        return frozenset()
    kinds = {concern.holder_kind, *(p.to for p in standing.ahead if p.to)} - {""}
    found = reachable(bodies[k].pk for k in kinds if k in bodies)
    return frozenset(k for k in kinds if k not in bodies or bodies[k].pk not in found)


def burden(provider: str) -> dict[str, int]:
    """What asking has cost a provider, on whichever concern one may see: questions put, open, and asking that was spared. One query."""
    found = InformationRequest.objects.filter(provider=provider)
    return found.aggregate(
        asked=Count("id", distinct=True), open=Count("id", filter=Q(answered=None), distinct=True), spared=Count("joined_by"),
    )  # fmt: skip


def names_of(map_: AccordMap, bodies: dict[str, Body]) -> dict[str, str]:
    """Names of bodies by id in the map and by code: of the body that is known here, else as the map calls it."""
    return (
        {k: b.name for k, b in map_.bodies.items()} | {b.kind: b.name for b in bodies.values()} | {b.code: b.name for b in bodies.values()}
    )


@dataclass(frozen=True)
class ForRaiser:
    """What one who raised a concern sees: plain words, and nothing of anybody else who raised it."""

    provider: str
    about: str
    holder: str
    phase: str
    due: date | None
    next: list[tuple[date, str]]
    closed: bool
    lines: list[plain.Line]


def for_raiser(raiser: Raiser) -> ForRaiser:
    """How things stand, for somebody outside: the story of the concern and of those that were merged into it."""
    with acting_as(TOCSIN):
        found = Concern.objects.select_related("provider", "map", "holder")
        concern = found.get(pk=raiser.concern_id)
        while concern.merged_into_id:
            concern = found.get(pk=concern.merged_into_id)
        entries = ledger.entries(clockwork.chain(concern))
        story = sorted([*entries, *(e for number in merged_into(concern.pk) for e in ledger.entries(f"concern:{number}"))], key=lambda e: e.id)
        map_ = clockwork.map_of(concern)
        names = names_of(map_, bodies_for(concern.provider))
    standing = clockwork.standing(concern, now(), entries)
    holder = standing.holder
    return ForRaiser(
        concern.provider.name, plain.kind(concern.kind), names.get(holder.body, holder.body) if holder else "Nobody",
        plain.PHASES.get(holder.phase.value, holder.phase.value) if holder else "", holder.due if holder else None,
        [(p.day, names.get(p.to, p.to)) for p in standing.ahead if p.to], concern.closed is not None,
        plain.timeline(story, names, for_raiser=True),
    )  # fmt: skip


def merged_into(number: int) -> list[int]:
    """Every concern that was merged into one, or into one of those. One query for each step of merging, and one more."""
    found: list[int] = []
    step = [number]
    while step:
        step = list(Concern.objects.filter(merged_into__in=step).order_by("id").values_list("id", flat=True))
        found += step
    return found
