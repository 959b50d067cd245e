"""What FHIR shows. Row-level security decides what there is; no answer asks more often the more it shows."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncMonth

from tocsin import fhir
from tocsin.fhir import AdverseEvent, Harm, Known
from tocsin.signal import ConcernKind, Level, ProviderRef, Signal
from tocsin.web.concerns.models import JoinedSignal
from tocsin.web.fhir.models import EarlierVersion, ReportedEvent
from tocsin.web.people.models import Body, Provider
from tocsin.web.record.seal import all_opened


@dataclass(frozen=True, slots=True)
class Between:
    """A period in which something lies, both days included; None: no bound."""

    first: date | None = None
    last: date | None = None


def events(*, provider: str = "", happened: Between = Between(), changed_since: datetime | None = None, number: tuple[str, str] | None = None,
           actual: bool | None = None, after: UUID | None = None, limit: int) -> tuple[list[AdverseEvent], UUID | None]:  # fmt: skip
    """A page of reported events that were not erased, and the id after which the next begins. Two queries."""
    found = ReportedEvent.objects.filter(erased=None).order_by("id")
    if provider:
        found = found.filter(provider=provider)
    if number:
        found = found.filter(number=number[1], **({"system": number[0]} if number[0] else {}))
    if actual is not None:
        found = found.filter(actual=actual)
    if changed_since:
        found = found.filter(changed__gte=changed_since)
    found = _between(found, "happened", happened)
    rows = list(found.filter(id__gt=after)[: limit + 1] if after else found[: limit + 1])
    return as_told(rows[:limit]), rows[limit - 1].pk if len(rows) > limit else None


def event(number: UUID) -> tuple[ReportedEvent, AdverseEvent | None]:
    """One event and what was told of it; None where that was erased. Raises ReportedEvent.DoesNotExist. Two queries."""
    found = ReportedEvent.objects.select_related("provider", "sent_by").get(pk=number)
    return found, (as_told([found]) or [None])[0]


def earlier(of: ReportedEvent) -> list[tuple[EarlierVersion, AdverseEvent | None]]:
    """How an event was told before, newest first. Two queries."""
    rows = list(EarlierVersion.objects.filter(event=of).order_by("-version"))
    return [(r, _read(text)) for r, text in zip(rows, all_opened([r.told for r in rows]), strict=True)]


def as_told(rows: list[ReportedEvent]) -> list[AdverseEvent]:
    """What was told, each with its id and version; without those that were erased. One query."""
    found = []
    for row, text in zip(rows, all_opened([r.told for r in rows]), strict=True):
        if text is not None:
            said = fhir.from_json(text)
            meta = said.pop("meta", {}) | {"versionId": str(row.version), "lastUpdated": _moment(row.changed)}
            found.append(AdverseEvent.model_validate({"resourceType": "AdverseEvent", "id": str(row.pk), "meta": meta} | said))
    return found


def signals(
    *, provider: str = "", when: Between = Between(), kind: str = "", level: str = "", measure: str = "", changed_since: datetime | None = None,
    counted: bool = False, after: int = 0, limit: int,
) -> tuple[list[Known], int | None]:  # fmt: skip
    """A page of signals, and the number after which the next begins. counted: only those that brought counts. One query."""
    found = JoinedSignal.objects.select_related("concern__provider").filter(pk__gt=after).order_by("pk")
    if provider:
        found = found.filter(concern__provider=provider)
    if kind:
        found = found.filter(concern__kind=kind)
    if level:
        found = found.filter(level=level)
    if measure:
        found = found.filter(evidence__indicator=measure)
    if counted:
        found = found.filter(Q(evidence__has_key="events") | Q(evidence__has_key="births"))
    if changed_since:
        found = found.filter(joined__gte=changed_since)
    rows = list(_between(found, "raised_on", when)[: limit + 1])
    return [_known(r) for r in rows[:limit]], rows[limit - 1].pk if len(rows) > limit else None


def signal(number: int) -> Known:
    """Raises JoinedSignal.DoesNotExist. One query."""
    return _known(JoinedSignal.objects.select_related("concern__provider").get(pk=number))


def organizations(*, code: str = "", name: str = "", after: str = "", limit: int) -> tuple[list[fhir.Organization], str | None]:
    """A page of providers and bodies, by code. Two queries."""
    providers = _named(Provider.objects.filter(code__gt=after).order_by("code"), code, name)
    bodies = _named(Body.objects.filter(code__gt=after, provider=None).order_by("code"), code, name)
    rows = sorted([*((p.code, p.name, True) for p in providers[: limit + 1]), *((b.code, b.name, False) for b in bodies[: limit + 1])])
    rows = [r for r in rows if len(fhir.id_of(r[0])) <= 64]
    made = [fhir.organization(c, n, provider=p, base=settings.TOCSIN_URL) for c, n, p in rows[:limit]]
    return made, rows[limit - 1][0] if len(rows) > limit else None


def counts(*, first: date | None = None) -> list[dict[str, Any]]:
    """Events by site (or provider where no site is named) and month, for the watch. One query."""
    found = ReportedEvent.objects.exclude(happened=None).filter(actual=True)
    if first:
        found = found.filter(happened__gte=first)
    grave = Q(physical__gte=Harm.SEVERE) | Q(psychological__gte=Harm.SEVERE)
    rows = (
        found.annotate(month=TruncMonth("happened")).values("provider", "site", "month")
        .annotate(events=Count("id"), grave=Count("id", filter=grave), died=Count("id", filter=Q(physical=Harm.FATAL)))
        .order_by("provider", "site", "month")
    )  # fmt: skip
    return [
        {"site": r["site"] or r["provider"], "date": r["month"].isoformat(), "events": r["events"], "grave": r["grave"], "died": r["died"]}
        for r in rows
    ]


def _named(found: QuerySet[Any], code: str, name: str) -> QuerySet[Any]:
    if code:
        found = found.filter(code=code)
    return found.filter(name__istartswith=name) if name else found


def _between(found: QuerySet[Any], field: str, between: Between) -> QuerySet[Any]:
    if between.first:
        found = found.filter(**{f"{field}__gte": between.first})
    return found.filter(**{f"{field}__lte": between.last}) if between.last else found


def _known(row: JoinedSignal) -> Known:
    provider = row.concern.provider
    said = Signal(
        ProviderRef(provider.code, provider.name, row.site or None, row.site_name or None), _kind(row.concern.kind), Level(row.level),
        row.raised_on, row.since, row.sentence, row.address, row.evidence,
    )  # fmt: skip
    return Known(str(row.pk), said, row.joined, row.ended, row.concern_id, settings.TOCSIN_URL)


def _kind(word: str) -> ConcernKind:
    """A map may name kinds of its own."""
    return ConcernKind(word) if word in set(ConcernKind) else word  # type: ignore[return-value]


def _read(text: str | None) -> AdverseEvent | None:
    return None if text is None else AdverseEvent.model_validate({"resourceType": "AdverseEvent"} | fhir.from_json(text))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")




def page(*, provider: str, page: int, size: int) -> tuple[list[ReportedEvent], bool]:
    """A page of events for people, the one that happened last first, and whether there are more. One query."""
    found = ReportedEvent.objects.select_related("provider").order_by(F("happened").desc(nulls_last=True), "-received", "id")
    if provider:
        found = found.filter(provider=provider)
    rows = list(found[(page - 1) * size : page * size + 1])
    return rows[:size], len(rows) > size


def providers_with_events() -> list[tuple[str, str]]:
    """Code and name of providers of which events were reported. One query."""
    return list(Provider.objects.filter(reportedevent__isnull=False).order_by("name").distinct().values_list("code", "name"))
