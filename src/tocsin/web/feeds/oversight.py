"""Oversight of the overseers: how fast each body acknowledges and acts, how often it stays silent, and what comes back."""

import json
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from tocsin.watch import funnel
from tocsin.web.concerns.models import Concern
from tocsin.web.people.models import Body
from tocsin.web.people.permissions import Act
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Entry

_WHATS = (Act.RAISED, Act.PASSED, Act.ACKNOWLEDGED, Act.ACTED, Act.REFUSED, Act.CONFLICT, Act.HANDED_OVER, Act.TAKEN_OVER, Act.CLOSED)


@dataclass
class Row:
    """One body over its times as holder. days: in days, from becoming holder. outside: of the funnel for silence: 1 above, -1 below, 0."""

    name: str
    times: int = 0
    acknowledged: list[float] = field(default_factory=list)
    acted: list[float] = field(default_factory=list)
    silent: int = 0
    refused: int = 0
    conflicts: int = 0
    handed_on: int = 0
    taken_over: int = 0
    closed: int = 0
    came_back: int = 0
    outside: int = 0
    low: float = 0.0
    high: float = 1.0

    @property
    def share_silent(self) -> float:
        return self.silent / self.times if self.times else 0.0

    @property
    def days_to_acknowledge(self) -> float | None:
        return statistics.median(self.acknowledged) if self.acknowledged else None

    @property
    def days_to_act(self) -> float | None:
        return statistics.median(self.acted) if self.acted else None


def rows() -> list[Row]:
    """One row a body that has held a concern. Four queries, however many concerns there are; restricted ones are counted, not shown."""
    with acting_as(TOCSIN):
        names, where = _bodies()
        concerns = {c[0]: c for c in Concern.objects.values_list("id", "provider_id", "holder_kind", "opened", "closed", "reopens_id")}
        entries = Entry.objects.filter(chain__startswith="concern:", what__in=_WHATS).order_by("chain", "seq")
        found: dict[str, Row] = {}
        at_chain, holder, since = "", None, None
        for chain, what, at, payload in entries.values_list("chain", "what", "at", "payload").iterator(chunk_size=5000):
            concern = concerns.get(int(chain[8:]))
            if concern is None:
                continue
            said = json.loads(payload)
            if chain != at_chain:
                # who held it first: the one from whom it first passed, or else who holds it still
                at_chain, holder, since = chain, None, at
            if what == Act.RAISED:
                continue
            holder, since = _count(found, names, where, concern, what, said, at, holder, since)
        _never_passed(found, names, where, concerns)
    for concern in concerns.values():
        if concern[5] in concerns and concerns[concern[5]][4] and (concern[3] - concerns[concern[5]][4]).days <= 365:
            row = found.get(_key(where, concerns[concern[5]][2], concerns[concern[5]][1]) or "")
            if row:
                row.came_back += 1
    return _funnelled(sorted(found.values(), key=lambda r: r.name))


def _count(found, names, where, concern, what, said, at, holder, since):
    kind = said.get("from") if what == Act.PASSED else said.get("as")
    key = _key(where, kind, concern[1])
    if key is None:
        return holder, since
    row = found.setdefault(key, Row(names[key]))
    if what == Act.PASSED:
        row.times += 1
        row.silent += said["why"] == "deadline-passed"
        row.handed_on += 1
        return said.get("to"), datetime.fromisoformat(said["day"]).replace(tzinfo=at.tzinfo)
    days = (at - since).total_seconds() / 86400 if since else 0.0
    match what:
        case Act.ACKNOWLEDGED:
            row.acknowledged.append(max(days, 0.0))
        case Act.ACTED:
            row.acted.append(max(days, 0.0))
        case Act.REFUSED:
            row.refused += 1
        case Act.CONFLICT:
            row.conflicts += 1
        case Act.TAKEN_OVER:
            row.taken_over += 1
        case Act.CLOSED:
            row.closed += 1
    return holder, since


def _never_passed(found, names, where, concerns) -> None:
    """The time of the present holder, which has not ended by passing."""
    for concern in concerns.values():
        key = _key(where, concern[2], concern[1])
        if key is not None:
            found.setdefault(key, Row(names[key])).times += 1


def _bodies() -> tuple[dict[str, str], dict[tuple[str, str | None], str]]:
    """Names by code, and the code of the body of a kind that answers for a provider (None: for all)."""
    names, where = {}, {}
    for body in Body.objects.prefetch_related("coverage_set"):
        names[body.code] = body.name
        if body.national:
            where[body.kind, None] = body.code
        for provider in [c.provider_id for c in body.coverage_set.all()] + ([body.provider_id] if body.provider_id else []):
            where.setdefault((body.kind, provider), body.code)
    return names, where


def _key(where: dict[tuple[str, str | None], str], kind: str | None, provider: str) -> str | None:
    return where.get((kind or "", provider)) or where.get((kind or "", None))


def _funnelled(found: list[Row]) -> list[Row]:
    """Whether a body is silent more often than chance would have it, by the watch's own exact limits (95 % and 99.8 %)."""
    usable = [r for r in found if r.times]
    if not usable:
        return found
    silent, times = np.array([r.silent for r in usable]), np.array([r.times for r in usable])
    if 0 < silent.sum() < times.sum():
        plot = funnel(silent, times, overdispersion="additive")
        for i, row in enumerate(usable):
            row.outside = int(plot.outside[1][i])
            row.low, row.high = float(plot.limits[1].lower[i]), float(plot.limits[1].upper[i])
    return found


def groups(found: list[Row]) -> dict[str, int]:
    """How many bodies lie above, within and below the outer limits."""
    counted: dict[str, int] = defaultdict(int)
    for row in found:
        counted[{1: "above", 0: "within", -1: "below"}[row.outside]] += 1
    return counted
