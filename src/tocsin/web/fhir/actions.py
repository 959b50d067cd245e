"""What may happen to a reported event: it is taken in, told again, erased. Each is one transaction with its entry in the record.

A reported event is evidence, not a verdict. Every one is kept and counted. One opens a concern by itself only where it must never happen, or
where death or severe harm may come at any moment; one in which somebody died or was severely harmed joins the concern about outcomes that is
open (docs/adr: what a reported event does).
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.urls import reverse

from tocsin import fhir
from tocsin.fhir import AdverseEvent, Fault, Refused, Reported
from tocsin.signal import ConcernKind, Level, ProviderRef, Signal
from tocsin.web.concerns.actions import raise_signal
from tocsin.web.concerns.doing import AccordRefuses
from tocsin.web.concerns.models import Concern
from tocsin.web.fhir.models import EarlierVersion, ReportedEvent
from tocsin.web.people.models import Body, Member, Provider
from tocsin.web.people.permissions import NotPermitted, Who, may_raise, who_is
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now
from tocsin.web.record.seal import seal, throw_away

BY = "reported events"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an event. taken_out: places of what named a person; said: in words, what else happened."""

    event: ReportedEvent
    new: bool
    taken_out: tuple[str, ...]
    said: tuple[str, ...]


@transaction.atomic
def take_in(*, event: AdverseEvent, key: UUID | None = None, body: Body | None, by: Member | None) -> Taken:
    """A body reports an event, or tells a known one again. by: None where it is read on the machine itself.

    The sender's own number makes it the same event when it is sent again; without one, the same content does, or the same key. Told again with
    other content it becomes the next version, and the earlier ones are kept. Raises Refused, NotPermitted.
    """
    said = fhir.reported(event)
    provider, site = _whose(said)
    who = Who(itself=True) if by is None else _for_body(who_is(by), body)
    if not may_raise(who, provider.code):
        raise NotPermitted("A body reports events about providers for which it answers.")
    at = now()
    for name, day in (("date", said.happened), ("recordedDate", said.recorded)):
        if (day is not None and not day.year >= 1990) or (day is not None and day > at.date() + timedelta(days=1)):
            raise Refused([Fault(f"AdverseEvent.{name}", "value", f"{day} is before 1990 or in the future")])
    kept, taken_out = fhir.without_names(event)
    plain = _plain(kept)
    fingerprint = hashlib.sha256(f"{key or ''}\n{plain}".encode()).hexdigest()
    with acting_as(TOCSIN):
        found = _known(said, provider, fingerprint, body)
        if found is not None and found.fingerprint == fingerprint:
            return Taken(found, False, tuple(taken_out), ("It was reported before, in the same words.",))
        if found is None:
            made = ReportedEvent(provider=provider, sent_by=body, system=said.system[:500], number=said.number[:200], received=at)
        else:
            made = found
            EarlierVersion.objects.create(
                event=made, version=made.version, physical=made.physical, psychological=made.psychological, told=made.told, until=at
            )
            made.version += 1
        new = found is None
        made.site, made.fingerprint, made.changed = site, fingerprint, at
        made.actual, made.happened, made.maternity = said.actual, said.happened, said.maternity
        made.never_event, made.imminent, made.physical, made.psychological = said.never_event, said.imminent, said.physical, said.psychological
        made.told = seal(f"event:{made.pk}", plain)
        try:
            with transaction.atomic():
                made.save(force_insert=new)
        except IntegrityError:
            # the same was sent twice at one moment; the other call was first
            first = _known(said, provider, fingerprint, body)
            if first is None or first.fingerprint != fingerprint:
                raise
            return Taken(first, False, tuple(taken_out), ("It was reported before, in the same words.",))
        ledger.write(
            chain=f"events:{provider.code}", what="event-reported" if new else "event-told-again", at=at,
            payload={
                "event": str(made.pk), "version": made.version, "sha256": hashlib.sha256(plain.encode()).hexdigest(), "actual": said.actual,
                "physical": said.physical, "psychological": said.psychological,
            },
            member=by.pk if by else None, body=body.code if body else "Tocsin",
        )  # fmt: skip
        words = _ring(made, said, provider)
    return Taken(made, new, tuple(taken_out), tuple(words))


@transaction.atomic
def erase(*, event: UUID, reason: str, by: Member | None = None) -> None:
    """What was told of an event can never be read again; that there was one, its day and its harm stay, and the record still verifies."""
    if by is not None:
        raise NotPermitted("Reported events are erased on the machine itself: tocsin fhir erase.")
    with acting_as(TOCSIN):
        found = ReportedEvent.objects.select_for_update().get(pk=event)
        if not throw_away(f"event:{found.pk}"):
            return
        found.told, found.erased, found.system, found.number = {}, now(), "", ""
        found.fingerprint = hashlib.sha256(f"erased\n{found.pk}".encode()).hexdigest()
        found.save()
        EarlierVersion.objects.filter(event=found).update(told={})
        ledger.write(
            chain=f"events:{found.provider_id}", what="event-erased", at=now(), payload={"event": str(found.pk), "reason": reason}, body="Tocsin"
        )


def _whose(said: Reported) -> tuple[Provider, str]:
    """The provider, and the site where a code names one. An NHS trust's site code begins with the three characters of the trust's own."""
    codes = said.organisations
    known = {p.code: p for p in Provider.objects.filter(code__in=[*codes, *(c[:3] for c in codes if len(c) == 5)])}
    for code in codes:
        if code in known:
            site = next((c for c in codes if c != code and c.startswith(code)), "")
            return known[code], site[:60]
        if len(code) == 5 and code[:3] in known:
            return known[code[:3]], code
    words = f"names no provider that is known here: {', '.join(c[:20] for c in codes[:5])}" if codes else (
        "must name the provider by its ODS code: in the contained Location's details (Organisation), in its identifier or managingOrganization"
    )  # fmt: skip
    raise Refused([Fault("AdverseEvent.location", "business-rule", words)])


def _known(said: Reported, provider: Provider, fingerprint: str, body: Body | None) -> ReportedEvent | None:
    found = ReportedEvent.objects.select_for_update().filter(sent_by=body)
    if said.number:
        return found.filter(provider=provider, system=said.system[:500], number=said.number[:200]).first()
    return found.filter(number="", fingerprint=fingerprint, erased=None).first()


def _ring(event: ReportedEvent, said: Reported, provider: Provider) -> list[str]:
    """Rings the hall by the rule above. Returns what came of it, in words."""
    kind = ConcernKind.CARE_BELOW_STANDARD if said.rings else ConcernKind.OUTCOME_SIGNAL
    joins = said.grave and Concern.objects.filter(provider=provider, kind=kind, place="", closed=None).exists()
    if not (said.rings or joins or event.concern_id):
        return []
    given = Signal(
        ProviderRef(provider.code, provider.name, event.site or None), kind, Level.AMBER, said.recorded or event.received.date(),
        said.happened, fhir.sentence(said), reverse("fhir:event", args=[event.pk]), {"indicator": "reported-event"},
    )  # fmt: skip
    try:
        concern = raise_signal(given, by=BY, key=f"{BY}|{event.pk}")
    except AccordRefuses:
        return ["It is kept. No map is in force, so that it could not be given to anybody as a concern."]
    event.concern = concern
    event.save(update_fields=["concern"])
    return [f"It belongs to concern {concern.pk}."]


def _for_body(who: Who, body: Body | None) -> Who:
    """As somebody who acts for this body alone."""
    return Who(tuple(p for p in who.parts if body is not None and p.body == body.pk), who.interests)


def _plain(event: AdverseEvent) -> str:
    """One text for one content: without the sender's own versions and times, which change with each sending."""
    said = event.out()
    said.pop("id", None)
    meta = {k: v for k, v in said.pop("meta", {}).items() if k not in ("versionId", "lastUpdated")}
    return fhir.to_json(said | ({"meta": meta} if meta else {}))
