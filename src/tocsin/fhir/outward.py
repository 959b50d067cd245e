"""Tocsin's signals and organisations as FHIR R4: a signal is a DetectedIssue, what was counted for it is a MeasureReport."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tocsin.fhir.reading import Fault
from tocsin.fhir.reported import ODS
from tocsin.fhir.resources import Bundle, DetectedIssue, MeasureReport, OperationOutcome, Organization
from tocsin.signal import Level, Signal

KIND = "concern-kind"
ORGANISATION_TYPE = "http://terminology.hl7.org/CodeSystem/organization-type"
POPULATION = "http://terminology.hl7.org/CodeSystem/measure-population"
IMPROVEMENT = "http://terminology.hl7.org/CodeSystem/measure-improvement-notation"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
SEVERITY = {Level.RED: "high", Level.AMBER: "moderate"}


@dataclass(frozen=True, slots=True)
class Known:
    """A signal as it stands. at: when it came last; ended: the first day on which it no longer rang; base: address of this Tocsin."""

    number: str
    signal: Signal
    at: datetime
    ended: date | None
    concern: int
    base: str


def organization(code: str, name: str, *, provider: bool, part_of: str | None = None, base: str) -> Organization:
    """A provider by its ODS code, or one of the bodies of this Tocsin."""
    system = ODS if provider else f"{base}/fhir/body"
    kind = ("prov", "Healthcare Provider") if provider else ("govt", "Government")
    said = {
        "resourceType": "Organization", "id": id_of(code), "identifier": [{"system": system, "value": code}], "active": True,
        "type": [{"coding": [{"system": ORGANISATION_TYPE, "code": kind[0], "display": kind[1]}]}], "name": name,
    }  # fmt: skip
    if part_of:
        said["partOf"] = {"reference": f"Organization/{id_of(part_of)}"}
    return Organization.model_validate(said)


def detected_issue(known: Known) -> DetectedIssue:
    """A signal: what it says, how strong, since when, about whom, and what was counted."""
    s = known.signal
    period = {"start": s.raised_on.isoformat()}
    if known.ended:
        period["end"] = known.ended.isoformat()
    said: dict[str, Any] = {
        "resourceType": "DetectedIssue", "id": known.number, "meta": {"lastUpdated": moment(known.at)},
        "identifier": [{"system": f"{known.base}/fhir/signal", "value": known.number}], "status": "final",
        "code": {"coding": [{"system": f"{known.base}/fhir/{KIND}", "code": str(s.kind)}], "text": str(s.kind).replace("-", " ")},
        "severity": SEVERITY[s.level], "identifiedPeriod": period, "author": {"reference": "#tocsin"},
        "contained": [{"resourceType": "Device", "id": "tocsin", "deviceName": [{"name": "Tocsin", "type": "user-friendly-name"}]}],
        "implicated": [{"reference": f"Organization/{id_of(s.provider.code)}", "display": s.provider.name}],
        "detail": s.sentence, "reference": f"{known.base}/concerns/{known.concern}/",
    }  # fmt: skip
    if s.provider.site:
        said["contained"].append(_place(s))
        said["implicated"].append({"reference": "#site"})
    if counts(s):
        said["evidence"] = [{"detail": [{"reference": f"MeasureReport/{known.number}"}]}]
    return DetectedIssue.model_validate(said)


def measure_report(known: Known, *, hide_below: int = 0) -> MeasureReport | None:
    """What was counted for a signal; None where it brought no counts. Counts from 1 up to below `hide_below` are held back, and so is the ratio."""
    s = known.signal
    found = counts(s)
    if not found:
        return None
    hidden = any(0 < n < hide_below for n in found.values() if isinstance(n, int))
    indicator = str(s.evidence.get("indicator") or s.kind)
    group: dict[str, Any] = {"code": {"coding": [{"system": f"{known.base}/fhir/indicator", "code": indicator}]}}
    populations = [
        _population("numerator", found.get("events"), hidden), _population("denominator", found.get("births"), hidden and "events" in found)
    ]  # fmt: skip
    group["population"] = [p for p in populations if p]
    score = s.evidence.get("rate_ratio")
    if isinstance(score, int | float) and not hidden:
        group["measureScore"] = {"value": score, "unit": "times the expected rate", "system": "http://unitsofmeasure.org", "code": "1"}
    expected = s.evidence.get("expected")
    if isinstance(expected, int | float) and not hidden:
        group["extension"] = [{"url": f"{known.base}/fhir/StructureDefinition/expected", "valueDecimal": expected}]
    start = min(s.since or s.raised_on, s.raised_on)
    said: dict[str, Any] = {
        "resourceType": "MeasureReport", "id": known.number, "meta": {"lastUpdated": moment(known.at)}, "status": "complete", "type": "summary",
        "measure": f"{known.base}/fhir/Measure/{indicator}", "date": moment(known.at),
        "reporter": {"reference": f"Organization/{id_of(s.provider.code)}", "display": s.provider.name},
        "period": {"start": start.isoformat(), "end": s.raised_on.isoformat()},
        "improvementNotation": {"coding": [{"system": IMPROVEMENT, "code": "decrease", "display": "Decreased score indicates improvement"}]},
        "group": [group],
    }  # fmt: skip
    if s.provider.site:
        said |= {"contained": [_place(s)], "subject": {"reference": "#site"}}
    return MeasureReport.model_validate(said)


def counts(signal: Signal) -> dict[str, int]:
    """Whole numbers that a signal brings as evidence, under 'events' and 'births'."""
    return {n: v for n in ("events", "births") if isinstance(v := signal.evidence.get(n), int) and not isinstance(v, bool) and v >= 0}


def outcome(faults: list[Fault], severity: str = "error") -> OperationOutcome:
    """What came of a call."""
    return OperationOutcome.model_validate({
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": f.code, "diagnostics": _shown(f.words) or f.code, "expression": [_shown(f.place) or "$"]}
                  for f in faults],
    })  # fmt: skip


def _shown(words: str) -> str:
    """Words that may repeat what was sent, without characters that a resource cannot hold."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in words)


def searchset(resources: list[Any], *, base: str, here: str, following: str | None) -> Bundle:
    """A page of what was found. here, following: addresses of this page and of the next."""
    links = [{"relation": "self", "url": here}, *([{"relation": "next", "url": following}] if following else [])]
    said: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "link": links}
    if resources:
        said["entry"] = [
            {"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r, "search": {"mode": "match"}} for r in (x.out() for x in resources)
        ]  # fmt: skip
    return Bundle.model_validate(said)


def id_of(code: str) -> str:
    """A code as a FHIR id, which has only letters, digits, '-' and '.': another character is written as '.' and its hexadecimal bytes."""
    return "".join(c if c.isascii() and (c.isalnum() or c == "-") else f".{c.encode().hex()}." for c in code)


def code_of(id_: str) -> str:
    """The code that a FHIR id stands for. Raises ValueError."""
    parts = id_.split(".")
    if len(parts) % 2 == 0:
        raise ValueError(f"{id_} is not an id of ours")
    return "".join(bytes.fromhex(p).decode() if i % 2 else p for i, p in enumerate(parts))


def moment(at: datetime) -> str:
    """A FHIR instant."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _place(s: Signal) -> dict[str, Any]:
    return {
        "resourceType": "Location", "id": "site", "identifier": [{"system": ODS, "value": s.provider.site}],
        "name": s.provider.site_name or s.provider.site, "managingOrganization": {"reference": f"Organization/{id_of(s.provider.code)}"},
    }  # fmt: skip


def _population(code: str, count: int | None, hidden: bool) -> dict[str, Any] | None:
    if count is None:
        return None
    said: dict[str, Any] = {"code": {"coding": [{"system": POPULATION, "code": code, "display": code.capitalize()}]}}
    return said | ({"_count": {"extension": [{"url": ABSENT, "valueCode": "masked"}]}} if hidden else {"count": count})
