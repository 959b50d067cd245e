"""Cases out of a FHIR R4 bundle: one AdverseEvent is one case, and what refers to it or to its Encounter tells its story.

The profile: AdverseEvent.identifier or id is the reference; .event says the outcome (a code of `urn:tocsin:outcome`, ICD-10 P95 or Z37.1
for a stillbirth, P91.6 for brain injury, O95 for maternal death, or one of Tocsin's names as text); .date is the day of the event;
.encounter gives the time of care (Encounter.period) and the provider (Encounter.serviceProvider: an Organization, or an identifier, with
an ODS code); .subject is the Patient, whose identifier, name, birthDate, address and telecom are kept apart. Observations, Conditions and
Procedures of that Encounter, or of that Patient within the time of care, are the timeline; those coded in `urn:tocsin:fact` are facts, a
boolean, number or text; LOINC 18185-9 or 11884-4 is the gestation, in weeks or days. Communications about the AdverseEvent whose category
is `account` or `question` are the family's words. All other resources are passed over.
Source: HL7 FHIR Release 4 (4.0.1), https://hl7.org/fhir/R4/.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.review.cases import values
from tocsin.review.cases.build import Raw
from tocsin.review.cases.model import MOST_CASES, CasesError, Fault, Moment
from tocsin.review.cases.values import BadValueError

OUTCOMES = "urn:tocsin:outcome"
FACTS = "urn:tocsin:fact"
FAMILY = "urn:tocsin:family"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
_ICD10 = {"P95": "stillbirth", "Z37.1": "stillbirth", "P91.6": "brain-injury", "O95": "maternal-death"}
_GESTATION = ("18185-9", "11884-4")
_TOLD = ("Observation", "Condition", "Procedure")

Resource = Mapping[str, Any]


def raws(text: str, source: str, zone: ZoneInfo) -> tuple[list[Raw], list[Fault]]:
    """Cases of a bundle, not yet interpreted, and faults of entries. Raises CasesError."""
    bundle = _json(text, source)
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise CasesError(f"{source}: is not a FHIR bundle: an object with resourceType 'Bundle' is expected")
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise CasesError(f"{source}: the bundle's 'entry' is not a list")
    held, faults = _Held(), []
    for number, entry in enumerate(entries, 1):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            faults.append(Fault(source, number, "", "", "the entry holds no resource"))
            continue
        held.add(number, resource, entry.get("fullUrl"))
    events = [(n, r) for n, r in held.all if r["resourceType"] == "AdverseEvent"]
    if not events:
        faults.append(Fault(source, 1, "", "", "the bundle has no AdverseEvent, so it has no case", False))
    if len(events) > MOST_CASES:
        raise CasesError(f"{source}: has more than {MOST_CASES:,} cases; split it")
    return [_case(number, event, held, source, zone) for number, event in events], faults


class _Held:
    """Resources by the ways in which others refer to them."""

    def __init__(self) -> None:
        self.all: list[tuple[int, Resource]] = []
        self.by: dict[str, Resource] = {}
        self.pointing: dict[int, list[tuple[int, Resource]]] = {}

    def add(self, number: int, resource: Resource, url: object) -> None:
        self.all.append((number, resource))
        if isinstance(url, str):
            self.by.setdefault(url, resource)
        if isinstance(resource.get("id"), str):
            self.by.setdefault(f"{resource['resourceType']}/{resource['id']}", resource)

    def get(self, reference: object) -> Resource | None:
        to = _of(reference, "reference")
        return self.by.get(to) if isinstance(to, str) else None

    def refer_to(self, target: Resource) -> list[tuple[int, Resource]]:
        """Observations, Conditions, Procedures and Communications that refer to a resource."""
        if not self.pointing:
            for number, r in self.all:
                if r["resourceType"] in (*_TOLD, "Communication"):
                    for at in [r.get("encounter"), r.get("subject"), *_list(r.get("about"))]:
                        found = self.get(at)
                        if found is not None:
                            self.pointing.setdefault(id(found), []).append((number, r))
        return self.pointing.get(id(target), [])


def _case(number: int, event: Resource, held: _Held, source: str, zone: ZoneInfo) -> Raw:
    texts = {
        "reference": _text(_of(event.get("identifier"), "value")) or _text(event.get("id")),
        "outcome": _outcome(event.get("event")),
        "event_date": _text(event.get("date")),
    }
    raw = Raw(number, texts, column={"reference": "identifier", "outcome": "event", "event_date": "date", "provider": "encounter"})
    encounter, patient = held.get(event.get("encounter")), held.get(event.get("subject"))
    for name, found in (("encounter", encounter), ("subject", patient)):
        if event.get(name) and found is None and _text(_of(event[name], "reference")):
            raw.faults.append(Fault(source, number, name, "", "refers to a resource that is not in the bundle", name == "encounter"))
    if encounter is not None:
        period = encounter.get("period")
        texts["care_from"], texts["care_to"] = _text(_of(period, "start")), _text(_of(period, "end"))
        texts["provider"] = _ods(encounter.get("serviceProvider"), held)
    if patient is not None:
        texts.update(_identifiers(patient))
    for at, told in _story(encounter, patient, texts, held):
        _tell(raw, at, told, source, zone)
    for _, said in held.refer_to(event):
        if said["resourceType"] == "Communication":
            _listen(raw, said)
    return raw


def _story(encounter: Resource | None, patient: Resource | None, texts: Mapping[str, str], held: _Held) -> Iterator[tuple[int, Resource]]:
    """What is told of the encounter, and of the patient in the time of care without naming another encounter."""
    seen = set()
    for at, told in held.refer_to(encounter) if encounter is not None else ():
        if told["resourceType"] in _TOLD:
            seen.add(at)
            yield at, told
    first, last = texts.get("care_from", "")[:10], texts.get("care_to", "")[:10] or texts.get("event_date", "")[:10]
    for at, told in held.refer_to(patient) if patient is not None else ():
        if at not in seen and told["resourceType"] in _TOLD and not told.get("encounter"):
            when = _when(told)[:10]
            if not when or (first <= when <= last if first else when <= last):
                yield at, told


def _tell(raw: Raw, at: int, told: Resource, source: str, zone: ZoneInfo) -> None:
    code = told.get("code")
    codes = {(_text(_of(c, "system")), _text(_of(c, "code"))) for c in _list(_of(code, "coding"))}
    path = f"{told['resourceType']} (entry {at})"
    if any(c in _GESTATION for s, c in codes if s == "http://loinc.org"):
        raw.texts["gestation"] = _gestation(told)
        raw.column = {**raw.column, "gestation": path}
        return
    facts = [c for s, c in codes if s == FACTS]
    if facts:
        raw.facts.append((path, facts[0], _value(told) or ("yes" if told["resourceType"] == "Condition" else "")))
    name = _text(_of(code, "text")) or next((_text(_of(c, "display")) for c in _list(_of(code, "coding")) if _of(c, "display")), "")
    when = _when(told)
    if name and when:
        try:
            value = _value(told)
            raw.moments.append(Moment(values.moment(when, zone=zone), f"{name}: {value}" if value else name))
        except BadValueError as error:
            raw.faults.append(Fault(source, raw.line, path, when[:40], str(error), False))


def _listen(raw: Raw, said: Resource) -> None:
    words = [w for p in _list(said.get("payload")) if (w := _text(_of(p, "contentString")).strip())]
    kinds = {_text(_of(c, "code")) for k in _list(said.get("category")) for c in _list(_of(k, "coding")) if _of(c, "system") == FAMILY}
    if "question" in kinds:
        raw.questions.extend(words)
    if "account" in kinds:
        raw.texts["account"] = "\n\n".join([w for w in [raw.texts.get("account", ""), *words] if w])


def _outcome(event: object) -> str:
    for coding in _list(_of(event, "coding")):
        system, code = _text(_of(coding, "system")), _text(_of(coding, "code"))
        if system == OUTCOMES:
            return code
        if "icd-10" in system.lower() and code in _ICD10:
            return _ICD10[code]
    return _text(_of(event, "text"))


def _ods(reference: object, held: _Held) -> str:
    organisation = held.get(reference)
    identifiers = [_of(reference, "identifier"), *_list(organisation.get("identifier") if organisation else None)]
    return next((_text(_of(i, "value")) for i in identifiers if _of(i, "system") == ODS), "")


def _identifiers(patient: Resource) -> dict[str, str]:
    found = {"date_of_birth": _text(patient.get("birthDate"))}
    for i in _list(patient.get("identifier")):
        found.setdefault("nhs_number" if _of(i, "system") == NHS_NUMBER else "hospital_number", _text(_of(i, "value")))
    for name in _list(patient.get("name"))[:1]:
        parts = [*(_text(g) for g in _list(_of(name, "given"))), _text(_of(name, "family"))]
        found["name"] = _text(_of(name, "text")) or " ".join(p for p in parts if p)
    for address in _list(patient.get("address"))[:1]:
        found["postcode"] = _text(_of(address, "postalCode"))
        found["address"] = _text(_of(address, "text")) or ", ".join(
            _text(x) for x in [*_list(_of(address, "line")), _of(address, "city")] if x
        )
    for telecom in _list(patient.get("telecom")):
        found.setdefault("email" if _of(telecom, "system") == "email" else "telephone", _text(_of(telecom, "value")))
    return found


def _gestation(told: Resource) -> str:
    quantity = told.get("valueQuantity")
    value, unit = _of(quantity, "value"), _text(_of(quantity, "code")) or _text(_of(quantity, "unit"))
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1000:
        days = round(value * 7) if unit in ("wk", "weeks", "week", "w") else round(value) if unit in ("d", "days", "day") else -1
        if days >= 0:
            return f"{days // 7}+{days % 7}"
    return _value(told) or "no value"


def _value(told: Resource) -> str:
    for name, value in told.items():
        if name in ("valueString", "valueDateTime"):
            return _text(value)
        if name == "valueBoolean":
            return "yes" if value is True else "no" if value is False else ""
        if name == "valueInteger":
            return str(value) if isinstance(value, int) else ""
        if name == "valueQuantity":
            number, unit = _of(value, "value"), _text(_of(value, "unit"))
            facts = any(_of(c, "system") == FACTS for c in _list(_of(told.get("code"), "coding")))
            return f"{number:.15g}{f' {unit}' if unit and not facts else ''}" if isinstance(number, int | float) else ""
        if name == "valueCodeableConcept":
            coding = _list(_of(value, "coding"))
            return _text(_of(value, "text")) or (_text(_of(coding[0], "display")) or _text(_of(coding[0], "code")) if coding else "")
    return ""


def _when(told: Resource) -> str:
    for name in ("effectiveDateTime", "onsetDateTime", "performedDateTime", "issued", "recordedDate"):
        if _text(told.get(name)):
            return _text(told[name])
    return next((_text(_of(told.get(n), "start")) for n in ("effectivePeriod", "performedPeriod", "onsetPeriod") if told.get(n)), "")


def _json(text: str, source: str) -> object:
    try:
        return json.loads(text, parse_constant=lambda word: None)
    except ValueError as error:
        raise CasesError(f"{source}: is not JSON: {error}") from None
    except RecursionError:
        raise CasesError(f"{source}: is nested deeper than any FHIR bundle is") from None


def _of(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
