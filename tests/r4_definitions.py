"""What HL7 publishes for R4."""

import json
from pathlib import Path

import jsonschema_rs

from tocsin.fhir import KNOWN

HERE = Path(__file__).parent / "fhir" / "r4"
DEFINITIONS = json.loads((HERE / "definitions.json").read_text())
SCHEMA = json.loads((HERE / "schema.json").read_text())
VALID = {n: jsonschema_rs.validator_for({**SCHEMA, "$ref": f"#/definitions/{n}"}) for n in [*KNOWN, "CapabilityStatement"]}
