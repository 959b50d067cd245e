"""How avoidable: a model of graded cases, with cases and reviewers as crossed random effects, and what it leaves open."""

from tocsin.review.avoidability.compare import LEAST_PROVIDERS, Compared, compare
from tocsin.review.avoidability.fit import Avoidability, CaseView, Estimate, Group, Severity, Shares, avoidability
from tocsin.review.avoidability.gradings import Grading
from tocsin.review.avoidability.needed import Needed, half_width_of, needed

__all__ = [
    "LEAST_PROVIDERS",
    "Avoidability",
    "CaseView",
    "Compared",
    "Estimate",
    "Grading",
    "Group",
    "Needed",
    "Severity",
    "Shares",
    "avoidability",
    "compare",
    "half_width_of",
    "needed",
]
