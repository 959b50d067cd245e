"""How much the register holds, how much of it was confirmed, and what of it is known."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tocsin.learn.recurrence import Item as Earlier
from tocsin.learn.register.model import Accepted, ItemKind, Register, Report, Seen, Status
from tocsin.learn.taxonomy import load

_DONE = (Status.DONE_BY_ASSERTION, Status.SHOWN_TO_WORK)


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of things in the register.

    with_page: a page or paragraph is known. repeated: items with an earlier or a later one that says the same; histories: chains of these.
    """

    reports: int
    maternity_reports: int
    items: int
    recommendations: int
    failings: int
    unconfirmed: int
    with_page: int
    sources: int
    sources_not_seen: int
    failings_used: int
    failings_named: int
    repeated: int
    histories: int
    first: str
    last: str
    by_nation: dict[str, int]
    by_report_kind: dict[str, int]
    by_reply: dict[str, int]
    by_status: dict[str, int]


def count(register: Register) -> Counts:
    """`by_reply` and `by_status` count recommendations; `by_nation` and `by_report_kind` count reports, one with two nations in both."""
    reports, items = register.reports, register.items
    asked = [item for item in items if item.kind is ItemKind.RECOMMENDATION]
    families = register.families()
    return Counts(
        reports=len(reports),
        maternity_reports=sum(report.maternity for report in reports),
        items=len(items),
        recommendations=len(asked),
        failings=len(items) - len(asked),
        unconfirmed=sum(item.unconfirmed for item in items),
        with_page=sum(item.page is not None or item.paragraph is not None for item in items),
        sources=sum(len(report.sources) for report in reports),
        sources_not_seen=sum(source.seen is Seen.NOT_SEEN for report in reports for source in report.sources),
        failings_used=len({failing for item in items for failing in item.failings}),
        failings_named=len(load().failings),
        repeated=len({item.id for family in families for item in family.items}),
        histories=len(families),
        first=str(min((report.published for report in reports), default="")),
        last=str(max((report.published for report in reports), default="")),
        by_nation=_ordered(nation.value for report in reports for nation in report.nations),
        by_report_kind=_ordered(report.kind.value for report in reports),
        by_reply={reply.value: sum(item.reply.accepted is reply for item in asked) for reply in Accepted},
        by_status={status.value: sum(item.evidence.status is status for item in asked) for status in Status},
    )


def earlier_items(reports: Iterable[Report]) -> tuple[Earlier, ...]:
    """The register as `tocsin.learn.recurs` takes it. A report of a whole year counts from that year's last day, so that none comes too early."""
    return tuple(
        Earlier(
            item.id,
            item.text,
            report.title,
            report.published.last,
            report.providers[0].ods if report.providers else None,
            item.evidence.on.last if item.evidence.status in _DONE and item.evidence.on else None,
        )
        for report in reports
        for item in report.items
    )


def _ordered(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))
