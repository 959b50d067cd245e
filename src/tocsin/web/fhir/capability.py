"""What this server says of itself."""

from importlib.metadata import version
from typing import Any

_READ = [{"code": "read"}, {"code": "search-type"}]
_RESOURCES: tuple[tuple[str, list[dict[str, str]], dict[str, tuple[str, str]]], ...] = (
    ("AdverseEvent", [*_READ, {"code": "create"}], {
        "date": ("date", "day on which it happened; with ge, gt, le, lt"), "actuality": ("token", "actual or potential"),
        "identifier": ("token", "the sender's own number: system|value"), "organization": ("reference", "the provider: Organization/CODE"),
    }),
    ("DetectedIssue", _READ, {
        "implicated": ("reference", "the provider: Organization/CODE"), "identified": ("date", "day of the signal; with ge, gt, le, lt"),
        "code": ("token", "kind of concern"), "severity": ("token", "high (red) or moderate (amber)"),
    }),
    ("MeasureReport", _READ, {
        "reporter": ("reference", "the provider: Organization/CODE"), "period": ("date", "last day of the period; with ge, gt, le, lt"),
        "measure": ("reference", "address of the measure, or the indicator's key"),
    }),
    ("Organization", _READ, {"identifier": ("token", "ODS code: system|value"), "name": ("string", "how the name begins"), "_id": ("token", "")}),
)  # fmt: skip
_EVERYWHERE = {"_count": ("number", "resources of one page, at most 200")}


def capability(base: str) -> dict[str, Any]:
    """A CapabilityStatement."""
    return {
        "resourceType": "CapabilityStatement", "status": "active", "date": "2026-11-25", "kind": "instance", "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"], "software": {"name": "Tocsin", "version": version("tocsin")},
        "implementation": {"description": "Tocsin: signals of avoidable harm, and reported events", "url": f"{base}/api/v1/fhir"},
        "rest": [{
            "mode": "server",
            "security": {
                "cors": False,
                "description": "A bearer token that a member makes for one body, with the scopes read and raise. Unknown parameters are refused.",
            },
            "resource": [_resource(*r) for r in _RESOURCES], "interaction": [{"code": "batch"}, {"code": "transaction"}],
        }],
    }  # fmt: skip


def _resource(type_: str, interactions: list[dict[str, str]], parameters: dict[str, tuple[str, str]]) -> dict[str, Any]:
    known = parameters | _EVERYWHERE | ({} if type_ == "Organization" else {"_lastUpdated": ("date", "changed since; a moment")})
    return {
        "type": type_, "interaction": interactions, "versioning": "versioned" if type_ == "AdverseEvent" else "no-version",
        "searchParam": [{"name": n, "type": t} | ({"documentation": d} if d else {}) for n, (t, d) in known.items()],
    }  # fmt: skip
