"""What is read for the pages. Each says how many queries it makes; row-level security leaves out what the reader may not see."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, F, Max, Min, OuterRef, Prefetch, Q, QuerySet, Subquery

from tocsin.learn import krippendorff_alpha
from tocsin.learn import load as taxonomy
from tocsin.web.learn import search
from tocsin.web.learn.models import Accepted, Addressee, Coding, Item, Link, LinkState, Passage, Push, Relation, Report, Status, StatusEntry
from tocsin.web.people.names import put_names

PAGE = 25
COUNT_TO = 10_000
COMPARED = 4_000
"""So few items are compared one by one; among more the indexes are asked."""
LIKELY = 0.5
"""From this probability on a link that nobody has confirmed yet is counted."""
COUNTED = Q(state=LinkState.CONFIRMED) | Q(state=LinkState.DISPUTED) | Q(state=LinkState.PROPOSED, score__gte=LIKELY)


@dataclass(frozen=True)
class Wanted:
    """What a reader asks of the register. as_of: only what was known on that day."""

    text: str = ""
    kind: str = ""
    status: str = ""
    accepted: str = ""
    failing: str = ""
    family: str = ""
    report: str = ""
    addressee: str = ""
    year: str = ""
    as_of: date | None = None
    sort: str = "newest"


SORTS = {"newest": ("-on", "code"), "oldest": ("on", "code")}


@dataclass
class Row:
    """An item as a list shows it."""

    item: Item
    failings: list[str] = field(default_factory=list)
    status: str = ""


def items(wanted: Wanted) -> QuerySet[Item]:
    """The items that fit all but the words. No query yet."""
    found = Item.objects.filter(withdrawn=None).select_related("report", "provider").defer("vector")
    if wanted.as_of:
        found = found.filter(on__lte=wanted.as_of)
    if wanted.kind in ("recommendation", "failing"):
        found = found.filter(kind=wanted.kind)
    if wanted.accepted in Accepted.values:
        found = found.filter(accepted=wanted.accepted)
    if wanted.failing:
        found = found.filter(pk__in=Link.objects.filter(COUNTED, failing=wanted.failing).values("item"))
    if wanted.family:
        here = [f.id for f in taxonomy().failings if f.family.id == wanted.family]
        found = found.filter(pk__in=Link.objects.filter(COUNTED, failing__in=here).values("item"))
    if wanted.report:
        found = found.filter(report__slug=wanted.report)
    if wanted.addressee:
        found = found.filter(pk__in=Addressee.objects.filter(Q(who=wanted.addressee) | Q(kind=wanted.addressee)).values("item"))
    if wanted.year.isascii() and wanted.year.isdigit() and len(wanted.year) == 4:
        found = found.filter(on__year=int(wanted.year))
    if wanted.as_of:
        then = StatusEntry.objects.filter(item=OuterRef("pk"), on__lte=wanted.as_of).order_by("-on", "-pk")
        found = found.annotate(then=Subquery(then.values("status")[:1]))
        if wanted.status in Status.values:
            unknown = Q(then=None) if wanted.status == Status.UNKNOWN else Q(pk=None)
            found = found.filter(Q(then=wanted.status) | unknown)
    elif wanted.status in Status.values:
        found = found.filter(status=wanted.status)
    return found


@dataclass(frozen=True)
class Listed:
    """One page of items. total: how many there are, at most `most`; whole: whether that is all; more: whether a next page follows."""

    rows: list[Row]
    total: int
    whole: bool
    more: bool
    read_as: dict[str, list[str]] = field(default_factory=dict)


def listed(wanted: Wanted, page: int = 1, size: int = PAGE) -> Listed:
    """One page of items. Four queries; up to four more where words are rare or misspelt, stand among other choices, or on late pages.

    Nothing is counted beyond COUNT_TO, so that a page of a large register is as quick as one of a small one.
    """
    found = items(wanted)
    if wanted.text.strip():
        within, choices = _chosen(wanted, found)
        hits = search.page_of(wanted.text, page, size, within=within, choices=choices)
        by_id = {i.pk: i for i in found.filter(pk__in=hits.items)}
        rows = _rows([by_id[i] for i in hits.items if i in by_id])
        return Listed(rows, hits.total, hits.whole, hits.more, hits.read_as)
    total = found.order_by()[: COUNT_TO + 1].count()
    first = (page - 1) * size
    here = list(found.order_by(*SORTS.get(wanted.sort, SORTS["newest"]))[first : first + size + 1])
    return Listed(_rows(here[:size]), min(total, COUNT_TO), total <= COUNT_TO, len(here) > size)


def _chosen(wanted: Wanted, found: QuerySet[Item]) -> tuple[list[int] | None, search.Choices]:
    """What a reader's other choices leave: the items themselves where they are few, else conditions for the search."""
    then = bool(wanted.as_of and wanted.status)
    same = {name: value for name in search.COLUMNS if (value := getattr(wanted, name)) and not (then and name == "status")}
    known = {"kind": ("recommendation", "failing"), "status": Status.values, "accepted": Accepted.values}
    same = {name: value for name, value in same.items() if value in known[name]}
    since, until = None, wanted.as_of
    if (year := wanted.year).isascii() and year.isdigit() and len(year) == 4 and year > "0000":
        since, end = date(int(year), 1, 1), date(int(year), 12, 31)
        until = min(until, end) if until else end
    if not (then or wanted.failing or wanted.family or wanted.report or wanted.addressee):
        return None, search.Choices(same, since, until)
    ids = found.order_by().values("pk")
    few = list(ids.values_list("pk", flat=True)[: COMPARED + 1])
    if len(few) <= COMPARED:
        return few, search.NONE
    sql, values = ids.query.sql_with_params()
    return None, search.Choices(narrow=(sql, values))


def _rows(found: list[Item]) -> list[Row]:
    names = names_of_failings()
    links: dict[int, list[str]] = {}
    for item, failing in Link.objects.filter(COUNTED, item__in=[i.pk for i in found]).order_by("-score").values_list("item_id", "failing"):
        links.setdefault(item, []).append(failing)
    return [
        Row(i, [f for f in links.get(i.pk, []) if f in names], getattr(i, "then", None) or ("unknown" if hasattr(i, "then") else i.status))
        for i in found
    ]


def names_of_failings() -> dict[str, str]:
    """No query."""
    return {f.id: f.name for f in taxonomy().failings}


def item(code: str) -> Item | None:
    """One query, and three more when its parts are looked at."""
    return (
        Item.objects.select_related("report__body", "provider", "family", "body", "passage")
        .filter(code=code)
        .prefetch_related(
            "addressee_set__body",
            Prefetch("statusentry_set", StatusEntry.objects.select_related("by_body").order_by(F("on").asc(nulls_first=True), "pk")),
            Prefetch("push_set", Push.objects.select_related("body").order_by("at")),
        )
        .first()
    )


def history_of_family(found: Item, as_of: date | None = None) -> list[Item]:
    """The same recommendation or failing over the years, oldest first, with what became of each. Four queries."""
    if found.family_id is None:
        return []
    members = (
        Item.objects.filter(family=found.family_id, withdrawn=None)
        .select_related("report")
        .defer("vector")
        .prefetch_related(
            "addressee_set",
            Prefetch("statusentry_set", StatusEntry.objects.order_by(F("on").asc(nulls_first=True), "pk")),
            Prefetch("push_set", Push.objects.select_related("body").order_by("at")),
        )
    )
    return list((members.filter(on__lte=as_of) if as_of else members).order_by(F("on").asc(nulls_last=True), "code"))


def relations(found: Item, as_of: date | None = None) -> list[tuple[str, Item, str]]:
    """What else was said of it and others: (same, conflict, replaces, replaced), the other item, why. One query."""
    rows = Relation.objects.filter(Q(one=found) | Q(other=found)).select_related("one__report", "other__report").order_by("at", "pk")
    return [
        (
            ("replaced" if r.kind == "replaces" else r.kind) if r.other_id == found.pk else r.kind,
            r.one if r.other_id == found.pk else r.other,
            r.why,
        )
        for r in rows
        if as_of is None or all(i.on and i.on <= as_of for i in (r.one, r.other))
    ]


def codings(found: list[int], member: Any) -> dict[int, list[tuple[Link, dict[str, Any]]]]:
    """Links of items by item, each with what was said of it; what others said is shown only once the reader has coded it too. Three queries."""
    out: dict[int, list[tuple[Link, dict[str, Any]]]] = {}
    links = (
        Link.objects.filter(item__in=found)
        .order_by(F("score").desc(nulls_first=True), "pk")
        .prefetch_related(Prefetch("coding_set", Coding.objects.order_by("at")))
    )
    put_names(([c for link in links for c in link.coding_set.all()], "member"))
    for link in links:
        said = list(link.coding_set.all())
        mine = next((c for c in said if member is not None and c.member_id == member.pk), None)
        others = [c for c in said if c is not mine]
        out.setdefault(link.item_id, []).append(
            (link, {"mine": mine, "others": others if mine else [], "hidden": bool(others) and not mine, "times": len(said)})
        )
    return out


@dataclass(frozen=True)
class Agreement:
    """How far coders agree over the links that at least two of them coded. alpha: Krippendorff's; None where it cannot be reckoned."""

    coders: int
    twice: int
    same: int
    alpha: float | None


def agreement(report: Report) -> Agreement:
    """One query."""
    rows = list(Coding.objects.filter(link__item__report=report).values_list("member_id", "link_id", "says"))
    coders, links = sorted({r[0] for r in rows}), sorted({r[1] for r in rows})
    said = {(m, link): says for m, link, says in rows}
    by_link = [[said[m, link] for m in coders if (m, link) in said] for link in links]
    twice = [s for s in by_link if len(s) > 1]
    try:
        alpha = krippendorff_alpha([[said.get((m, link)) for link in links] for m in coders]) if len(coders) > 1 else None
    except ValueError:
        alpha = None
    return Agreement(len(coders), len(twice), sum(len(set(s)) == 1 for s in twice), alpha)


def passages(report: Report, kind: str = "") -> QuerySet[Passage]:
    found = Passage.objects.filter(report=report).select_related("item").defer("item__vector").order_by("at")
    return found.filter(kind=kind) if kind else found


def reports(as_of: date | None = None) -> QuerySet[Report]:
    """With how many items each has. One query."""
    found = Report.objects.select_related("body", "provider").annotate(
        recommendations=Count("item", filter=Q(item__kind="recommendation", item__withdrawn=None)),
        failings=Count("item", filter=Q(item__kind="failing", item__withdrawn=None)),
    )
    return (found.filter(on__lte=as_of) if as_of else found).order_by(F("on").desc(nulls_first=True), "slug")


def counted(as_of: date | None = None) -> dict[str, Any]:
    """The register in numbers: reports, items, years, where they stand. Two queries."""
    found = items(Wanted(as_of=as_of)).order_by()
    numbers = found.aggregate(
        items=Count("pk"),
        recommendations=Count("pk", filter=Q(kind="recommendation")),
        reports=Count("report", distinct=True),
        first=Min("on"),
        last=Max("on"),
    )
    name = "then" if as_of else "status"
    stands = Counter(dict(found.filter(kind="recommendation").values_list(name).annotate(n=Count("pk"))))
    unknown = stands.pop(None, 0)
    stands[Status.UNKNOWN] += unknown
    return numbers | {"stands": [(s, Status(s).label, stands[s]) for s in Status.values if stands[s]]}
