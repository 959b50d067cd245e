"""Standards of care as data: dated, versioned, citable; listed beside a case's facts, never graded by the machine."""

from tocsin.review.standards.cells import StandardFault
from tocsin.review.standards.changes import Change, diff
from tocsin.review.standards.checking import check
from tocsin.review.standards.expression import FactError, evaluate
from tocsin.review.standards.facts import FactKind, FactType
from tocsin.review.standards.given import FactFault, read_facts
from tocsin.review.standards.model import AREAS, Library, Listed, Source, Standard, Standing, listed
from tocsin.review.standards.reading import library, read_standards
from tocsin.review.standards.reading_facts import fact_kinds, read_fact_kinds
from tocsin.review.standards.reference import reference_text
from tocsin.review.standards.syntax import ExpressionError
from tocsin.review.standards.truth import Truth

__all__ = [
    "AREAS",
    "Change",
    "ExpressionError",
    "FactError",
    "FactFault",
    "FactKind",
    "FactType",
    "Library",
    "Listed",
    "Source",
    "Standard",
    "StandardFault",
    "Standing",
    "Truth",
    "check",
    "diff",
    "evaluate",
    "fact_kinds",
    "library",
    "listed",
    "read_fact_kinds",
    "read_facts",
    "read_standards", "reference_text",
]  # fmt: skip
