"""What may happen to a case before it is graded: it comes in, its facts and timeline are filled in, documents are given, it is known whose it is."""

import json
import secrets
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from tocsin.review import OutcomeKind
from tocsin.web.people.models import Member, Provider
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.files import keep
from tocsin.web.record.models import Attachment
from tocsin.web.record.moment import now
from tocsin.web.record.seal import opened, seal
from tocsin.web.review.doing import Doing, Invalid, PanelDoing, begin, begin_panel, chain, needed
from tocsin.web.review.models import CareEvent, Case, Frame, Panel
from tocsin.web.review.permissions import Act, NotPermitted, PanelAct, who_is
from tocsin.web.review.standards import facts_of, library_for

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
IDENTITY = {
    "reference": "Reference at the place of care", "name": "Name", "nhs_number": "NHS number", "date_of_birth": "Date of birth",
    "hospital_number": "Hospital number", "postcode": "Postcode", "address": "Address", "telephone": "Telephone", "email": "E-mail", "notes": "Anything else",
}  # fmt: skip
"""What says whose case it is; kept sealed."""


@transaction.atomic
def add_case(
    *, panel: int, provider: str, outcome: str, event_on: date | None, gestation_days: int | None, identity: dict[str, str], by: Member,
    also: list[str] | None = None, facts: dict[str, Any] | None = None, events: list[tuple[date | datetime, str]] | None = None,
    stratum: str = "", request: UUID | None = None,
) -> Case:  # fmt: skip
    """A case comes to a panel, under a pseudonym drawn at random. Raises Invalid, NotPermitted."""
    doing = begin_panel(panel, PanelAct.CASE_ADDED, by, request=request)
    return put_in(
        doing, provider=provider, outcome=outcome, event_on=event_on, gestation_days=gestation_days, identity=identity, also=also, facts=facts,
        events=events, stratum=stratum,
    )  # fmt: skip


def put_in(
    doing: PanelDoing, *, provider: str, outcome: str, event_on: date | None, gestation_days: int | None, identity: dict[str, str],
    also: list[str] | None = None, facts: dict[str, Any] | None = None, events: list[tuple[date | datetime, str]] | None = None,
    stratum: str = "",
) -> Case:  # fmt: skip
    """As `add_case`, within an action on the panel. Raises Invalid."""
    of = Provider.objects.filter(pk=provider).first()
    if of is None:
        raise Invalid("provider", "Choose the provider that gave the care.")
    if set(also or ()) - set(Provider.objects.filter(pk__in=also or ()).values_list("pk", flat=True)):
        raise Invalid("also", "One of the other providers is not known here.")
    if who_is(doing.by).ties & {of.pk, *(also or ())}:
        raise NotPermitted("You are tied to this provider, so somebody else brings its cases.")
    if outcome not in set(OutcomeKind):
        raise Invalid("outcome", "Choose what happened.")
    if event_on is None or event_on > now().date():
        raise Invalid("event_on", "Give the day of the event, such as 2018-03-14; it cannot lie ahead.")
    if gestation_days is not None and not 0 < gestation_days < 320:
        raise Invalid("gestation", "Give the gestation in weeks and days, such as 39+2.")
    stratum = _stratum(doing.panel, stratum)
    made = Case.objects.create(
        panel=doing.panel, pseudonym=_pseudonym(), provider=of, also=sorted(set(also or ()) - {of.pk}), outcome=outcome, event_on=event_on,
        gestation_days=gestation_days, facts=facts or {}, stratum=stratum, made=doing.at,
    )  # fmt: skip
    identity = {k: v.replace("\0", "").strip()[:2000] for k, v in identity.items() if k in IDENTITY and v.strip()}
    if identity:
        made.identity = seal(_key(made), json.dumps(identity))
    inner = Doing(made, Act.ADDED, doing.at, None, doing.by, doing.request)
    doing.request = None
    inner.tell(outcome=outcome, provider=of.pk, event_on=event_on.isoformat(), facts=facts or None, stratum=stratum)
    CareEvent.objects.bulk_create(_event(made, when, words) for when, words in events or ())
    inner.keep()
    return made


@transaction.atomic
def change_facts(*, case: int, given: dict[str, str | list[str]], by: Member, **more: Any) -> Case:
    """Facts of a case, each as its form has it; an empty one is not known. Raises Invalid with the fact's name."""
    doing = begin(case, Act.CHANGED, by, **more)
    facts = facts_of(library_for(doing.case.panel), given)
    before = doing.case.facts
    changed = {k: facts.get(k) for k in {*facts, *before} if facts.get(k) != before.get(k)}
    doing.tell(facts=changed)
    doing.keep(facts=facts)
    return doing.case


@transaction.atomic
def set_stratum(*, case: int, stratum: str, why: str, by: Member, **more: Any) -> Case:
    """From which stratum of the panel's list a case was drawn; '' for one that was not. Before it is graded by all. Raises Invalid."""
    doing = begin(case, Act.CHANGED, by, **more)
    if doing.case.blind_ended:
        raise Invalid("stratum", "It is graded. From where it was drawn is not changed now.")
    why = needed("why", why, "Say why.", 500)
    stratum = _stratum(doing.case.panel, stratum)
    doing.tell(stratum=stratum or "none", why=why)
    doing.keep(stratum=stratum)
    return doing.case


@transaction.atomic
def add_event(*, case: int, day: date | None, hour: time | None, words: str, source: str, standards: list[str], by: Member, **more: Any) -> CareEvent:
    """One thing that happened, on the timeline."""
    doing = begin(case, Act.EVENT_ADDED, by, **more)
    words = needed("words", words, "Say what happened.", 1000)
    if day is None or day > now().date():
        raise Invalid("day", "Give the day, such as 2018-03-14.")
    made = _event(doing.case, datetime.combine(day, hour) if hour else day, words)
    made.source, made.standards = source.replace("\0", "").strip()[:200], standards
    doing.tell(at=made.at.isoformat(), words=words, standards=standards)
    made.save()
    doing.keep()
    return made


@transaction.atomic
def strike_event(*, case: int, event: int, why: str, by: Member, **more: Any) -> None:
    """Something that should not stand on the timeline is taken off; the record keeps it."""
    doing = begin(case, Act.EVENT_STRUCK, by, **more)
    found = CareEvent.objects.filter(case=doing.case, pk=event, struck=None).first()
    if found is None:
        raise Invalid("event", "Choose what to take off.")
    doing.tell(event=found.pk, why=needed("why", why, "Say why.", 500))
    found.struck = doing.at
    found.save()
    doing.keep()


@transaction.atomic
def give_document(*, case: int, upload: UploadedFile | None, by: Member, **more: Any) -> Attachment:
    """A document for those on the case: notes, a guideline, a chart. It is kept encrypted. Raises FileRefused, Invalid."""
    doing = begin(case, Act.EVIDENCE_GIVEN, by, **more)
    if upload is None:
        raise Invalid("upload", "Choose a file.")
    file = keep(upload)
    entry = doing.tell(file=file.sha256, size=file.size)
    made = Attachment.objects.create(chain=chain(doing.case), file=file, name=(upload.name or "file")[-200:], entry_id=entry.id)
    doing.keep()
    return made


@transaction.atomic
def open_identity(*, case: int, by: Member, **more: Any) -> dict[str, str]:
    """Whose case it is, for somebody on it. Each opening is told to the record. Empty where nothing was given, or it was erased."""
    doing = begin(case, Act.IDENTITY_OPENED, by, **more)
    doing.tell()
    words = opened(doing.case.identity) if doing.case.identity else None
    doing.keep()
    return json.loads(words) if words else {}


def gestation(word: str) -> int | None:
    """'39+2' or '39' as completed days; None for ''. Raises Invalid."""
    word = word.strip()
    if not word:
        return None
    weeks, _, days = word.partition("+")
    if not (weeks.isascii() and weeks.isdigit() and (not days or (days.isascii() and days.isdigit() and int(days) < 7))) or len(weeks) > 2:
        raise Invalid("gestation", f"'{word[:20]}' is not a gestation. Give weeks and days, such as 39+2.")
    return int(weeks) * 7 + int(days or 0)


def panel_of(case: Case) -> Panel:
    return case.panel


def _stratum(panel: Panel, word: str) -> str:
    """A stratum of the panel's list with room for one more case, or ''. Two queries. Raises Invalid."""
    word = word.strip()
    if not word:
        return ""
    frame = Frame.objects.filter(panel=panel, ended=None).first()
    if frame is None or word not in frame.strata:
        raise Invalid("stratum", f"There is no stratum '{word[:40]}' on the panel's list.")
    with acting_as(TOCSIN):
        here = Case.objects.filter(panel=panel, stratum=word).count()
    if here >= frame.strata[word]:
        raise Invalid("stratum", f"All {here} cases of the stratum '{word}' are in the panel already.")
    return word


def _event(case: Case, when: date | datetime, words: str) -> CareEvent:
    exact = isinstance(when, datetime)
    at = when if exact else datetime.combine(when, time(12))
    return CareEvent(case=case, at=at if at.tzinfo else timezone.make_aware(at), about=not exact, words=words[:1000])


def _pseudonym() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(3)) for _ in range(2))


def _key(case: Case) -> str:
    return f"review-case:{case.pk}"
