"""Events in the shape of Learn From Patient Safety Events, made up."""

BASE = "https://psims-uat.azure-api.net/taxonomy/fhir/StructureDefinition"


def extension(name, version=5, **fields):
    def value(v):
        kind = {bool: "Boolean", int: "Integer"}.get(type(v), "Code" if len(str(v)) < 8 else "String")
        return {f"value{kind}": v}

    parts = [{"url": n, **value(one)} for n, v in fields.items() for one in (v if isinstance(v, list) else [v])]
    return {"url": f"{BASE}/{name}-{version}", "extension": parts}


def event(number="LRMS-1", provider="XAA", physical="3", version=5, harmed=1, governance=None, risk=None, **more):
    patients = [
        {
            "resourceType": "Patient", "id": f"patient{i}",
            "extension": [extension("patient-information", version, PatientSequence=i, PhysicalHarm=physical, AgeAtTimeOfIncidentDays=3)],
        }
        for i in range(1, harmed + 1)
    ]  # fmt: skip
    extensions = [extension("adverse-event-outcome", version, ImmediateActions="The team was called at once")]
    extensions += [extension("adverse-event-governance", version, **governance)] if governance else []
    extensions += [extension("adverse-event-risk-details", version, **risk)] if risk else []
    said = {
        "resourceType": "AdverseEvent", "meta": {"profile": [f"{BASE}/patient-safety-adverse-event-{version}"]},
        "contained": [
            *patients,
            {"resourceType": "Location", "id": "place", "extension": [extension("location-details", version, Organisation=[provider], ServiceArea=["19"])]},
            {"resourceType": "Practitioner", "id": "reporter", "extension": [extension("practitioner-details", version, ReporterOrganisation=provider)]},
        ],
        "extension": extensions, "actuality": "actual", "subject": {"reference": "#patient1"}, "date": "2026-01-02T03:04:00+00:00",
        "recordedDate": "2026-01-03T09:00:00Z", "location": {"reference": "#place"}, "recorder": {"reference": "#reporter"},
    }  # fmt: skip
    if number:
        said["identifier"] = {"system": "https://example.org/lrms", "value": number}
    return said | more
