"""What an AdverseEvent says that Tocsin acts on, as plain values; and what names a person, taken out before anything is kept.

It reads the shape that NHS England's Learn From Patient Safety Events service uses (profile patient-safety-adverse-event, versions 4 to 6:
contained Patient, Location and Practitioner with extensions) and plain R4. Extensions are known by the last part of their address without its
version, since that service has one address for testing and one for use. Source: the service's taxonomy API, as published at
https://github.com/cuperman007/lfpse-taxonomy (from its StructureDefinitions), and sample requests at https://docs.qms.megit.com/apps/lfpse/.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any

from pydantic import ValidationError

from tocsin.fhir.base import Extension, Identifier, Reference
from tocsin.fhir.resources import OUTCOME, SEVERITY, AdverseEvent

ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
"""System of codes that the Organisation Data Service gives to organisations and sites."""
MATERNITY = "19"
"""Service area 'Maternity services (inpatient or community)' of Learn From Patient Safety Events."""


class Harm(IntEnum):
    """How bad it was for the patient, as Learn From Patient Safety Events grades it. Psychological harm has no FATAL."""

    NONE = 0
    LOW = 1
    MODERATE = 2
    SEVERE = 3
    FATAL = 4


@dataclass(frozen=True, slots=True)
class Reported:
    """A reported event. None: not said.

    organisations: codes that may name the provider or its site, the likeliest first. happened, recorded: first day of what was given.
    """

    system: str
    number: str
    actual: bool
    organisations: tuple[str, ...]
    happened: date | None
    recorded: date | None
    physical: Harm | None
    psychological: Harm | None
    maternity: bool | None
    never_event: bool | None
    candour: bool | None
    imminent: bool | None

    @property
    def rings(self) -> bool:
        """Whether it is a signal by itself: what must never happen did happen, or death or severe harm may come at any moment."""
        return bool(self.actual and self.never_event) or bool(self.imminent)

    @property
    def grave(self) -> bool:
        """Whether it adds to a concern about outcomes that is open: somebody died or was severely harmed."""
        return self.actual and max((h for h in (self.physical, self.psychological) if h is not None), default=Harm.NONE) >= Harm.SEVERE


def reported(event: AdverseEvent) -> Reported:
    """What Tocsin acts on."""
    contained = {f"#{c.get('id')}": c for c in event.contained or []}
    everywhere = [*_extensions(event.extension), *(e for c in contained.values() for e in _of(c))]
    governance = _fields(everywhere, "adverse-event-governance")
    risk = _fields(everywhere, "adverse-event-risk-details")
    areas = _fields(everywhere, "location-details").get("ServiceArea", [])
    identifier = event.identifier
    return Reported(
        system=(identifier.system or "") if identifier else "", number=(identifier.value or "").strip() if identifier else "",
        actual=event.actuality == "actual", organisations=tuple(dict.fromkeys(_organisations(event, contained, everywhere))),
        happened=_day(event.date) or _day(_first(_fields(everywhere, "adverse-event-estimated-date").get("ApproximateDate"))),
        recorded=_day(event.recordedDate) or _day(event.detected),
        physical=_physical(event, everywhere), psychological=_graded(everywhere, "PsychologicalHarm", 4),
        maternity=(MATERNITY in areas) if areas else None, never_event=_first(governance.get("NeverEvent")),
        candour=_first(governance.get("DutyOfCandour")), imminent=_yes(_first(risk.get("RiskImminent"))),
    )  # fmt: skip


PERSONS = ("Patient", "Person", "RelatedPerson", "Practitioner")
NAMES = (
    "identifier", "name", "telecom", "address", "birthDate", "photo", "contact", "deceasedDateTime", "communication", "generalPractitioner",
    "managingOrganization", "link", "multipleBirthInteger", "qualification", "text",
)  # fmt: skip
"""Elements that name a person or help to find one. What such a resource says of harm and age stands in extensions, and stays."""

WORDS = ("valueString", "valueMarkdown", "text", "display", "description", "productRelatedness")
"""Elements in which people write freely."""
MASKED = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}


def without_names(event: AdverseEvent) -> tuple[AdverseEvent, list[str]]:
    """The same without what names a person, and the places of what was taken out.

    In free text only NHS numbers are looked for: ten digits whose last one is the check digit of the others.
    """
    said, taken = event.out(), []
    if said.pop("text", None) is not None:
        taken.append("AdverseEvent.text")
    contained = []
    for i, inner in enumerate(said.get("contained", [])):
        gone = [n for n in inner if n.lstrip("_") in NAMES and (inner["resourceType"] in PERSONS or n == "text")]
        taken += [f"AdverseEvent.contained[{i}].{n}" for n in gone]
        contained.append({k: v for k, v in inner.items() if k not in gone})
    if contained:
        said["contained"] = contained
    for name in ("subject", "recorder"):
        for part in ("display", "identifier"):
            if name in said and part in said[name]:
                said[name] = {k: v for k, v in said[name].items() if k not in (part, f"_{part}")} or {"extension": [MASKED]}
                taken.append(f"AdverseEvent.{name}.{part}")
    return AdverseEvent.model_validate(_without_numbers(said, "AdverseEvent", taken)), taken


def sentence(event: Reported) -> str:
    """What is known of it, in plain words."""
    when = f"of {event.happened.day} {event.happened:%B %Y}" if event.happened else "without a date"
    words = [f"Reported event {when}"]
    if event.never_event:
        words.append("of a kind that must never happen (never event)")
    if event.imminent:
        words.append("death or severe harm may come at any moment")
    grave = {Harm.FATAL: "the patient died", Harm.SEVERE: "severe harm to the patient"}
    worst = max((h for h in (event.physical, event.psychological) if h is not None), default=None)
    if worst in grave:
        words.append(grave[worst] if event.actual else f"it could have come to this: {grave[worst]}")
    return "; ".join(words) + "."


def _without_numbers(value: Any, place: str, taken: list[str], name: str = "") -> Any:
    if isinstance(value, dict):
        return {k: _without_numbers(v, f"{place}.{k}", taken, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_numbers(v, f"{place}[{i}]", taken, name) for i, v in enumerate(value)]
    if isinstance(value, str) and name in WORDS:
        masked = re.sub(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)", lambda m: "[number taken out]" if _nhs_number(m[0]) else m[0], value)
        if masked != value:
            taken.append(place)
        return masked
    return value


def _nhs_number(word: str) -> bool:
    """Whether the last of ten digits is the check digit of the others (NHS Data Dictionary, 'NHS number', modulus 11)."""
    digits = [int(c) for c in word if c.isdigit()]
    return (11 - sum(d * (10 - i) for i, d in enumerate(digits[:9])) % 11) % 11 == digits[9]


def _physical(event: AdverseEvent, everywhere: list[Extension]) -> Harm | None:
    """The worst that is said: physical harm of any patient, or R4's own outcome and severity."""
    found = [h for h in (_graded(everywhere, "PhysicalHarm", 5),) if h is not None]
    if event.outcome is not None and "fatal" in event.outcome.codes(OUTCOME):
        found.append(Harm.FATAL)
    if event.severity is not None:
        grades = {"mild": Harm.LOW, "moderate": Harm.MODERATE, "severe": Harm.SEVERE}
        found += [grades[c] for c in event.severity.codes(SEVERITY) if c in grades]
    return max(found, default=None)


def _graded(everywhere: list[Extension], name: str, codes: int) -> Harm | None:
    """The worst grade of all patients. The service counts down: 1 is the worst, `codes` is no harm."""
    given = [int(v) for v in _fields(everywhere, "patient-information").get(name, []) if str(v).isdigit() and 1 <= int(v) <= codes]
    return Harm(codes - min(given)) if given else None


def _organisations(event: AdverseEvent, contained: dict[str, Any], everywhere: list[Extension]) -> Iterator[str]:
    """Codes: of the place where it happened, then of the organisation that reports."""
    place = contained.get(event.location.reference or "") if event.location else None
    for location in [place, *(c for c in contained.values() if c["resourceType"] == "Location" and c is not place)]:
        if isinstance(location, dict):
            yield from (str(v) for v in _fields(_of(location), "location-details").get("Organisation", []))
            yield from _coded(location.get("identifier"))
            yield from _referred(location.get("managingOrganization"), contained)
    if event.location:
        yield from _coded([event.location.identifier.out()] if event.location.identifier else [])
    yield from (str(v) for v in _fields(everywhere, "practitioner-details").get("ReporterOrganisation", []))
    for inner in contained.values():
        if inner["resourceType"] == "Organization":
            yield from _coded(inner.get("identifier"))
    if event.recorder:
        yield from _referred(event.recorder.out(), contained)


def _coded(identifiers: Any) -> Iterator[str]:
    for one in identifiers if isinstance(identifiers, list) else []:
        try:
            identifier = Identifier.model_validate(one)
        except ValidationError:
            continue
        if identifier.system == ODS and identifier.value:
            yield identifier.value.strip()


def _referred(reference: Any, contained: dict[str, Any]) -> Iterator[str]:
    try:
        found = Reference.model_validate(reference)
    except ValidationError:
        return
    if found.identifier is not None:
        yield from _coded([found.identifier.out()])
    target = found.reference or ""
    inner = contained.get(target)
    if inner is not None and inner["resourceType"] == "Organization":
        yield from _coded(inner.get("identifier"))
    named = re.fullmatch(r"(?:https?://\S+/)?Organization/([A-Za-z0-9.-]{1,64})", target)
    if named:
        yield named[1]


def _of(resource: dict[str, Any]) -> list[Extension]:
    """Extensions of a contained resource; one that is not valid is left out, since the resource is kept as it came."""
    found = []
    for one in resource.get("extension", []) if isinstance(resource.get("extension"), list) else []:
        try:
            found.append(Extension.model_validate(one))
        except ValidationError:
            continue
    return found


def _extensions(given: list[Extension] | None) -> list[Extension]:
    return list(given or [])


def _fields(extensions: list[Extension], name: str) -> dict[str, list[Any]]:
    """Values of one complex extension by their name, over all its repetitions."""
    found: dict[str, list[Any]] = {}
    for extension in extensions:
        if re.sub(r"-\d+$", "", extension.url.rstrip("/").split("/")[-1]) == name:
            for part in extension.extension or []:
                value = part.value()
                if value is not None:
                    found.setdefault(part.url, []).append(value)
    return found


def _first(values: Any) -> Any:
    return values[0] if values else None


def _yes(word: Any) -> bool | None:
    return {"y": True, "n": False}.get(word) if isinstance(word, str) else word if isinstance(word, bool) else None


def _day(word: Any) -> date | None:
    """First day of what is given: a day, a month, a year, or a moment."""
    found = re.match(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", word) if isinstance(word, str) else None
    try:
        return date(int(found[1]), int(found[2] or 1), int(found[3] or 1)) if found else None
    except ValueError:
        return None
