"""The shapes in which health systems speak to each other (HL7 FHIR R4): events in, signals out, organisations by their code."""

from tocsin.fhir.outward import Known, code_of, detected_issue, id_of, measure_report, organization, outcome, searchset
from tocsin.fhir.reading import Fault, Found, Refused, events, faults, from_json, in_file, read, to_json
from tocsin.fhir.reported import ODS, Harm, Reported, reported, sentence, without_names
from tocsin.fhir.resources import KNOWN, AdverseEvent, Bundle, DetectedIssue, MeasureReport, OperationOutcome, Organization

__all__ = [
    "KNOWN", "ODS", "AdverseEvent", "Bundle", "DetectedIssue", "Fault", "Found", "Harm", "Known", "MeasureReport", "OperationOutcome", "Organization",
    "Refused", "Reported", "code_of", "detected_issue", "events", "faults", "from_json", "id_of", "in_file", "measure_report", "organization", "outcome",
    "read", "reported", "searchset", "sentence", "to_json", "without_names",
]  # fmt: skip
