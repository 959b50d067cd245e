"""For each body that is asked: what, how often the same, and what became of it."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Min, Q

from tocsin.web.learn.models import Addressee, Item, Status
from tocsin.web.learn.queries import Wanted, items


@dataclass(frozen=True)
class Asked:
    """One body or kind of body. key: as in its address."""

    key: str
    name: str
    times: int
    first: date | None
    last: date | None
    repeats: int


@dataclass(frozen=True)
class Again:
    """The same recommendation to one body, every time that it was made, oldest first."""

    items: list[Item]

    @property
    def first(self) -> date | None:
        return self.items[0].on

    @property
    def done_before_last(self) -> bool:
        """Whether it was made again although it had been said to be done."""
        return any(i.status in (Status.ASSERTED, Status.WORKS) for i in self.items[:-1])


def asked(names: dict[str, str]) -> list[Asked]:
    """Every addressee, those first that were asked most often. Two queries. names: of kinds of bodies."""
    rows = (
        Addressee.objects.filter(item__withdrawn=None)
        .values("kind", "name")
        .order_by()
        .annotate(n=Count("item", distinct=True), first=Min("item__on"), last=Max("item__on"))
    )
    repeated = Counter(
        (r["kind"] or r["name"], r["item__family"])
        for r in Addressee.objects.filter(item__withdrawn=None).exclude(item__family=None).values("kind", "name", "item__family", "item")
    )
    again = Counter(key for (key, _), n in repeated.items() if n > 1)
    merged: dict[str, Asked] = {}
    for r in rows:
        key = r["kind"] or r["name"]
        known = merged.get(key)
        days = [d for d in (r["first"], r["last"], known and known.first, known and known.last) if d]
        merged[key] = Asked(
            key,
            names.get(key, r["name"]),
            r["n"] + (known.times if known else 0),
            min(days, default=None),
            max(days, default=None),
            again[key],
        )
    return sorted(merged.values(), key=lambda a: (-a.times, a.name))


def of(key: str, as_of: date | None = None) -> tuple[list[Again], list[Item]]:
    """What one body was asked: what more than once (longest history first), and what once. Two queries."""
    ids = Addressee.objects.filter(Q(kind=key) | Q(kind="", name=key)).values("item")
    found = items(Wanted(as_of=as_of)).filter(pk__in=ids).order_by("on", "code")
    groups: dict[int, list[Item]] = {}
    once = []
    for item in found[:2000]:
        if item.family_id:
            groups.setdefault(item.family_id, []).append(item)
        else:
            once.append(item)
    again = [Again(g) for g in groups.values() if len(g) > 1]
    once += [g[0] for g in groups.values() if len(g) == 1]
    return sorted(again, key=lambda a: -len(a.items)), sorted(once, key=lambda i: (i.on or date.min, i.code), reverse=True)
