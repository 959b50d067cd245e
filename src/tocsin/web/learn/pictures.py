"""The heat map and a failing's history as values for the page, for charts and for tables."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q

from tocsin.learn import change_point, fell_after
from tocsin.learn import load as taxonomy
from tocsin.learn.chart import Point, Spec, heat, timeline
from tocsin.learn.recurrence import BeforeAfter, Change
from tocsin.web.learn.models import Item, Link, Status, StatusEntry
from tocsin.web.learn.queries import COUNTED

SHADES = 5
WRITTEN = {"recommendation": "recommended against", "failing": "found"}


@dataclass(frozen=True)
class Heat:
    """rows: (key, name); columns: (key, name); cells: by (row key, column key)."""

    rows: list[tuple[str, str]]
    columns: list[tuple[str, str]]
    cells: dict[tuple[str, str], int]
    by: str
    family: str

    def shade(self, row: str, column: str) -> int:
        """0 where there is nothing, else 1 to SHADES."""
        most = max(self.cells.values(), default=1)
        n = self.cells.get((row, column), 0)
        return 0 if not n else max(1, -(-SHADES * n // most))

    def spec(self) -> Spec:
        names, heads = dict(self.rows), dict(self.columns)
        cells = {(names[r], heads[c]): n for (r, c), n in self.cells.items()}
        title = "Failings by " + ("year" if self.by == "year" else "report")
        return heat(cells, [n for _, n in self.rows], [n for _, n in self.columns], title)


def heat_map(by: str = "year", family: str = "", as_of: date | None = None, kind: str = "") -> Heat:
    """How many items stand against each family of failings (or each failing of one family), by year or by report. One query."""
    known = {f.id: f for f in taxonomy().failings}
    found = Link.objects.filter(COUNTED, item__withdrawn=None).exclude(item__on=None)
    if as_of:
        found = found.filter(item__on__lte=as_of)
    if kind in WRITTEN:
        found = found.filter(item__kind=kind)
    counted: dict[tuple[str, str], set[int]] = {}
    heads: dict[str, tuple[Any, str]] = {}
    for failing, item, on, slug, title in found.values_list("failing", "item_id", "item__on", "item__report__slug", "item__report__title"):
        if failing not in known or (family and known[failing].family.id != family):
            continue
        row = failing if family else known[failing].family.id
        column = str(on.year) if by == "year" else slug
        heads[column] = ((on.year,), column) if by == "year" else ((on, slug), f"{on.year} {_short(title)}")
        counted.setdefault((row, column), set()).add(item)
    if by == "year" and heads:
        years = [int(y) for y in heads]
        heads = {str(y): ((y,), str(y)) for y in range(min(years), max(years) + 1)}
    order = [(f.id, f.name) for f in (taxonomy().failings if family else taxonomy().families) if not family or f.family.id == family]  # type: ignore[union-attr]
    with_any = {r for r, _ in counted}
    return Heat(
        [r for r in order if r[0] in with_any],
        [(k, n) for k, (_, n) in sorted(heads.items(), key=lambda kv: kv[1][0])],
        {k: len(v) for k, v in counted.items()},
        by,
        family,
    )


def counts(as_of: date | None = None) -> dict[str, int]:
    """How many items stand against each failing. One query."""
    found = Link.objects.filter(COUNTED, item__withdrawn=None).exclude(item__on=None)
    if as_of:
        found = found.filter(item__on__lte=as_of)
    return dict(found.order_by().values_list("failing").annotate(n=Count("item", distinct=True)))


@dataclass(frozen=True)
class History:
    """One failing over the years. reports: how many reports spoke of it. fell: for each day on which something was said to be done."""

    items: list[Item]
    done: list[tuple[date, Item]]
    reports: int
    since: date
    until: date
    per_year: float
    change: Change | None
    fell: list[tuple[date, Item, BeforeAfter]]
    places: list[tuple[str, int]]

    def spec(self, name: str) -> Spec:
        points = [Point(i.on, i.report.title, WRITTEN.get(i.kind, i.kind)) for i in self.items if i.on]
        change = (self.change.low, self.change.most_likely, self.change.high) if self.change else None
        return timeline(points, [d for d, _ in self.done], change, self.until, name)


def history(failing: str, until: date) -> History | None:
    """Everything that was said of one failing up to a day; None where nothing was. Two queries.

    A return is a report: several items of one report are one return. The rate is reckoned from the first report on.
    """
    links = Link.objects.filter(COUNTED, failing=failing, item__withdrawn=None, item__on__lte=until)
    items = list(
        Item.objects.filter(pk__in=links.values("item")).select_related("report", "provider").defer("vector").order_by("on", "code")
    )
    if not items:
        return None
    by_id = {i.pk: i for i in items}
    done: dict[tuple[date, int], Item] = {}
    said = StatusEntry.objects.filter(Q(status=Status.ASSERTED) | Q(status=Status.WORKS), item__in=by_id, on__lte=until).order_by(
        "on", "pk"
    )
    for item, on in said.values_list("item_id", "on"):
        done.setdefault((on, by_id[item].report_id), by_id[item])
    days = sorted({(i.report_id, i.on) for i in items}, key=lambda r: r[1])
    returns = [d for _, d in days]
    since, end = returns[0], until + timedelta(days=1)
    years = max((end - since).days / 365.25, 1 / 12)
    change = change_point(returns, since=since, until=end) if len(returns) > 2 and (end - since).days > 365 else None
    fell = [(on, item, fell_after(returns, since=since, done=on, until=end)) for (on, _), item in done.items() if since < on < end]
    places = Counter(
        i.provider.name if i.provider else i.report.provider_name or "national" for i in {i.report_id: i for i in items}.values()
    )
    return History(
        items,
        [(on, item) for (on, _), item in done.items()],
        len(returns),
        since,
        until,
        len(returns) / years,
        change,
        fell,
        places.most_common(12),
    )


def _short(title: str) -> str:
    return title if len(title) <= 34 else title[:33].rsplit(" ", 1)[0] + " …"
