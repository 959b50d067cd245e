"""The register of recommendations and failings that comes with Tocsin: one YAML file a report, in our own words, each with its source."""

from tocsin.learn.register.counting import Counts, count, earlier_items
from tocsin.learn.register.export import as_csv, as_json, as_jsonld
from tocsin.learn.register.model import (
    Accepted,
    Action,
    Evidence,
    Family,
    Grade,
    Item,
    ItemKind,
    Nation,
    Provider,
    Register,
    Reply,
    Report,
    ReportKind,
    Seen,
    Source,
    Status,
    When,
)
from tocsin.learn.register.reading import RegisterError, read_register, register

__all__ = [
    "Accepted", "Action", "Counts", "Evidence", "Family", "Grade", "Item", "ItemKind", "Nation", "Provider", "Register", "RegisterError", "Reply",
    "Report", "ReportKind", "Seen", "Source", "Status", "When", "as_csv", "as_json", "as_jsonld", "count", "earlier_items", "read_register",
    "register",
]  # fmt: skip
