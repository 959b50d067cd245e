"""For each body that is asked: what, how often the same, and what became of it. One body is one row, however reports spell its name."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count, Max, Min

from tocsin.web.learn.identity import Identity, before, identity, known
from tocsin.web.learn.models import Addressee, Item, Status
from tocsin.web.learn.queries import Wanted, items


@dataclass(frozen=True)
class Asked:
    """One body or group. key: as in its address. repeats: recommendations that it received more than once; most: the most often."""

    key: str
    name: str
    group: bool
    times: int
    first: date | None
    last: date | None
    repeats: int
    most: int


@dataclass(frozen=True)
class Again:
    """The same recommendation to one body, every time that it was made, oldest first."""

    items: list[Item]

    @property
    def first(self) -> date | None:
        return self.items[0].on

    @property
    def reports(self) -> int:
        return len({i.report_id for i in self.items})

    @property
    def done_before_last(self) -> bool:
        """Whether it was made again although it had been said to be done."""
        return any(i.status in (Status.ASSERTED, Status.WORKS) for i in self.items[:-1])


@dataclass(frozen=True)
class Page:
    """Everything that one body was asked. names: how reports call it; before, after: bodies whose work it took over, and who took over its own."""

    who: Identity
    names: list[str]
    again: list[Again]
    once: list[Item]
    before: list[Identity] = field(default_factory=list)
    after: Identity | None = None

    @property
    def times(self) -> int:
        return len(self.once) + sum(len(a.items) for a in self.again)


def asked() -> list[Asked]:
    """Every addressee, those first that were asked most often. Two queries."""
    asking = Addressee.objects.filter(item__withdrawn=None).exclude(who="").order_by()
    rows = asking.values("who").annotate(n=Count("item", distinct=True), first=Min("item__on"), last=Max("item__on"), name=Min("name"))
    counted: dict[str, Counter[int]] = {}
    for who, family, _ in asking.exclude(item__family=None).values_list("who", "item__family", "item").distinct():
        counted.setdefault(who, Counter())[family] += 1
    out = []
    for row in rows:
        who = known(row["who"]) or identity(row["name"])
        times = [n for n in counted.get(row["who"], {}).values() if n > 1]
        out.append(Asked(row["who"], who.name, who.group, row["n"], row["first"], row["last"], len(times), max(times, default=0)))
    return sorted(out, key=lambda a: (-a.times, a.name))


def of(key: str, as_of: date | None = None) -> Page | None:
    """What one body was asked: what more than once (most often first), and what once; None where nothing was. Three queries."""
    rows = Addressee.objects.filter(who=key, item__withdrawn=None)
    names = sorted(set(rows.values_list("name", flat=True)))
    if not names:
        return None
    found = items(Wanted(as_of=as_of)).filter(pk__in=rows.values("item")).order_by("on", "code")
    groups: dict[int, list[Item]] = {}
    once = []
    for item in found[:2000]:
        if item.family_id:
            groups.setdefault(item.family_id, []).append(item)
        else:
            once.append(item)
    again = [Again(g) for g in groups.values() if len(g) > 1]
    once += [g[0] for g in groups.values() if len(g) == 1]
    who = known(key) or identity(names[0])
    return Page(
        who,
        names,
        sorted(again, key=lambda a: (-len(a.items), a.items[0].code)),
        sorted(once, key=lambda i: (i.on or date.min, i.code), reverse=True),
        list(before(key)),
        known(who.became) if who.became else None,
    )


def moved(key: str) -> str:
    """Where an address that names a body otherwise leads now: by a spelling of its name, or by what the map calls it; empty for none. One query."""
    who = identity(key).id
    if who != key and Addressee.objects.filter(who=who).exists():
        return who
    found = Addressee.objects.filter(kind=key).exclude(who="").values("who").annotate(n=Count("pk")).order_by("-n", "who").first()
    return found["who"] if found else ""
