"""The register of recommendations and failings that comes with Tocsin: one YAML file a report, in our own words, each with its source."""

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
    "Accepted", "Action", "Evidence", "Family", "Grade", "Item", "ItemKind", "Nation", "Provider", "Register", "RegisterError", "Reply", "Report",
    "ReportKind", "Seen", "Source", "Status", "When", "read_register", "register",
]  # fmt: skip
