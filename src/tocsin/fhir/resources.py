"""The FHIR R4 resources that Tocsin reads and writes, whole: every element that the specification gives them, with its number and type.

Two things that R4 allows are refused: a missing value with only a reason beside it where a value is required, and null in a list of
primitives. Source: HL7 FHIR R4 (4.0.1), https://hl7.org/fhir/R4/, released as CC0; tests compare with the published definitions.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from tocsin.fhir.base import (
    Base,
    Boolean,
    Code,
    CodeableConcept,
    Coding,
    DateTime,
    Element,
    Extension,
    Id,
    Identifier,
    Instant,
    Integer,
    Number,
    Period,
    Quantity,
    Reference,
    String,
    Unread,
    UnsignedInt,
    Uri,
    maybe,
)  # fmt: skip

MOST_ENTRIES = 1000
"""Entries of one bundle."""

Status = Literal["registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"]


def _a_resource(value: Any) -> Any:
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str) or not value["resourceType"].isalpha():
        raise PydanticCustomError("resource", "must be a resource with a resourceType")
    return value


Any_ = Annotated[Unread, BeforeValidator(_a_resource)]
"""A resource of any type, kept as it came."""


class Meta(Element):
    versionId: Id = maybe()
    lastUpdated: Instant = maybe()
    source: Uri = maybe()
    profile: Annotated[list[Uri], Field(min_length=1)] = maybe()
    security: Annotated[list[Coding], Field(min_length=1)] = maybe()
    tag: Annotated[list[Coding], Field(min_length=1)] = maybe()


class Narrative(Element):
    status: Literal["generated", "extensions", "additional", "empty"]
    div: String


class Resource(Base):
    """What all resources have."""

    id: Id = maybe()
    meta: Meta = maybe()
    implicitRules: Uri = maybe()
    language: Code = maybe()


class DomainResource(Resource):
    """What most of them have."""

    text: Narrative = maybe()
    contained: Annotated[list[Any_], Field(min_length=1)] = maybe()
    extension: Annotated[list[Extension], Field(min_length=1)] = maybe()
    modifierExtension: Annotated[list[Extension], Field(min_length=1)] = maybe()

    @model_validator(mode="after")
    def _contained_once(self) -> Self:
        for i, inner in enumerate(self.contained or []):
            if "contained" in inner:
                raise PydanticCustomError("dom-2", "contained[{i}] holds contained resources itself", {"i": i, "at": f"contained[{i}]"})
        return self


class Backbone(Element):
    """An element that only its resource has."""

    modifierExtension: Annotated[list[Extension], Field(min_length=1)] = maybe()


References = Annotated[list[Reference], Field(min_length=1)]
Concepts = Annotated[list[CodeableConcept], Field(min_length=1)]
SEVERITY = "http://terminology.hl7.org/CodeSystem/adverse-event-severity"
OUTCOME = "http://terminology.hl7.org/CodeSystem/adverse-event-outcome"
BOUND = {
    "severity": (SEVERITY, ("mild", "moderate", "severe")),
    "outcome": (OUTCOME, ("resolved", "recovering", "ongoing", "resolvedWithSequelae", "fatal", "unknown")),
}


class Causality(Backbone):
    assessment: CodeableConcept = maybe()
    productRelatedness: String = maybe()
    author: Reference = maybe()
    method: CodeableConcept = maybe()


class SuspectEntity(Backbone):
    instance: Reference
    causality: Annotated[list[Causality], Field(min_length=1)] = maybe()


class AdverseEvent(DomainResource):
    """An event in care that harmed, or could have."""

    resourceType: Literal["AdverseEvent"]
    identifier: Identifier = maybe()
    actuality: Literal["actual", "potential"]
    category: Concepts = maybe()
    event: CodeableConcept = maybe()
    subject: Reference
    encounter: Reference = maybe()
    date: DateTime = maybe()
    detected: DateTime = maybe()
    recordedDate: DateTime = maybe()
    resultingCondition: References = maybe()
    location: Reference = maybe()
    seriousness: CodeableConcept = maybe()
    severity: CodeableConcept = maybe()
    outcome: CodeableConcept = maybe()
    recorder: Reference = maybe()
    contributor: References = maybe()
    suspectEntity: Annotated[list[SuspectEntity], Field(min_length=1)] = maybe()
    subjectMedicalHistory: References = maybe()
    referenceDocument: References = maybe()
    study: References = maybe()

    @model_validator(mode="after")
    def _bound(self) -> Self:
        for name, (system, codes) in BOUND.items():
            found = getattr(self, name)
            if found is not None and found.coding and not set(found.codes(system)) & set(codes):
                words = {"name": name, "system": system, "codes": ", ".join(codes), "at": name}
                raise PydanticCustomError("bound", "{name} must have a code of {system}: {codes}", words)
        return self


class Population(Backbone):
    code: CodeableConcept = maybe()
    count: Integer = maybe()
    subjectResults: Reference = maybe()


class Component(Backbone):
    code: CodeableConcept
    value: CodeableConcept


class Stratum(Backbone):
    value: CodeableConcept = maybe()
    component: Annotated[list[Component], Field(min_length=1)] = maybe()
    population: Annotated[list[Population], Field(min_length=1)] = maybe()
    measureScore: Quantity = maybe()


class Stratifier(Backbone):
    code: Concepts = maybe()
    stratum: Annotated[list[Stratum], Field(min_length=1)] = maybe()


class Group(Backbone):
    code: CodeableConcept = maybe()
    population: Annotated[list[Population], Field(min_length=1)] = maybe()
    measureScore: Quantity = maybe()
    stratifier: Annotated[list[Stratifier], Field(min_length=1)] = maybe()


class MeasureReport(DomainResource):
    """What was counted."""

    resourceType: Literal["MeasureReport"]
    identifier: Annotated[list[Identifier], Field(min_length=1)] = maybe()
    status: Literal["complete", "pending", "error"]
    type: Literal["individual", "subject-list", "summary", "data-collection"]
    measure: Uri
    subject: Reference = maybe()
    date: DateTime = maybe()
    reporter: Reference = maybe()
    period: Period
    improvementNotation: CodeableConcept = maybe()
    group: Annotated[list[Group], Field(min_length=1)] = maybe()
    evaluatedResource: References = maybe()


class Evidence(Backbone):
    code: Concepts = maybe()
    detail: References = maybe()


class Mitigation(Backbone):
    action: CodeableConcept
    date: DateTime = maybe()
    author: Reference = maybe()


class DetectedIssue(DomainResource):
    """Something that was noticed and may need somebody to act."""

    resourceType: Literal["DetectedIssue"]
    identifier: Annotated[list[Identifier], Field(min_length=1)] = maybe()
    status: Status
    code: CodeableConcept = maybe()
    severity: Literal["high", "moderate", "low"] = maybe()
    patient: Reference = maybe()
    identifiedDateTime: DateTime = maybe()
    identifiedPeriod: Period = maybe()
    author: Reference = maybe()
    implicated: References = maybe()
    evidence: Annotated[list[Evidence], Field(min_length=1)] = maybe()
    detail: String = maybe()
    reference: Uri = maybe()
    mitigation: Annotated[list[Mitigation], Field(min_length=1)] = maybe()

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if self.identifiedDateTime is not None and self.identifiedPeriod is not None:
            raise PydanticCustomError("choice", "give identifiedDateTime or identifiedPeriod, not both")
        return self


class Contact(Backbone):
    purpose: CodeableConcept = maybe()
    name: Unread = maybe()
    telecom: Annotated[list[Unread], Field(min_length=1)] = maybe()
    address: Unread = maybe()


class Organization(DomainResource):
    """A body or a provider of care."""

    resourceType: Literal["Organization"]
    identifier: Annotated[list[Identifier], Field(min_length=1)] = maybe()
    active: Boolean = maybe()
    type: Concepts = maybe()
    name: String = maybe()
    alias: Annotated[list[String], Field(min_length=1)] = maybe()
    telecom: Annotated[list[Unread], Field(min_length=1)] = maybe()
    address: Annotated[list[Unread], Field(min_length=1)] = maybe()
    partOf: Reference = maybe()
    contact: Annotated[list[Contact], Field(min_length=1)] = maybe()
    endpoint: References = maybe()

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not (self.identifier or self.name):
            raise PydanticCustomError("org-1", "an organisation has a name or an identifier")
        return self


class Issue(Backbone):
    severity: Literal["fatal", "error", "warning", "information"]
    code: Literal[
        "invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired", "forbidden", "suppressed",
        "processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long", "code-invalid", "extension",
        "too-costly", "business-rule", "conflict", "transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled",
        "informational",
    ]  # fmt: skip
    details: CodeableConcept = maybe()
    diagnostics: String = maybe()
    location: Annotated[list[String], Field(min_length=1)] = maybe()
    expression: Annotated[list[String], Field(min_length=1)] = maybe()


class OperationOutcome(DomainResource):
    """What came of a call, in words and by place."""

    resourceType: Literal["OperationOutcome"]
    issue: Annotated[list[Issue], Field(min_length=1)]


class LinkOf(Backbone):
    relation: String
    url: Uri


class Search(Backbone):
    mode: Literal["match", "include", "outcome"] = maybe()
    score: Number = maybe()


class Request(Backbone):
    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]
    url: Uri
    ifNoneMatch: String = maybe()
    ifModifiedSince: Instant = maybe()
    ifMatch: String = maybe()
    ifNoneExist: String = maybe()


class Response(Backbone):
    status: String
    location: Uri = maybe()
    etag: String = maybe()
    lastModified: Instant = maybe()
    outcome: Any_ = maybe()


class Entry(Backbone):
    link: Annotated[list[LinkOf], Field(min_length=1)] = maybe()
    fullUrl: Uri = maybe()
    resource: Any_ = maybe()
    search: Search = maybe()
    request: Request = maybe()
    response: Response = maybe()


class Bundle(Resource):
    """Several resources in one envelope; each is looked at by itself."""

    resourceType: Literal["Bundle"]
    identifier: Identifier = maybe()
    type: Literal[
        "document", "message", "transaction", "transaction-response", "batch", "batch-response", "history", "searchset", "collection"
    ]
    timestamp: Instant = maybe()
    total: UnsignedInt = maybe()
    link: Annotated[list[LinkOf], Field(min_length=1)] = maybe()
    entry: Annotated[list[Entry], Field(min_length=1, max_length=MOST_ENTRIES)] = maybe()
    signature: Unread = maybe()


KNOWN = {m.__name__: m for m in (AdverseEvent, MeasureReport, DetectedIssue, Organization, OperationOutcome, Bundle)}
