"""JUDGE: care against agreed standards. Gradings in; avoidability, with its uncertainty, out."""

from tocsin.review.agreement import Agreement, cohen, fleiss, gwet_ac2, krippendorff_alpha, with_interval
from tocsin.review.assign import Assignment, Reviewer, ToGrade, Unassigned, Why, assign, barred
from tocsin.review.cases import CaseIn, CasesError, Fault, Moment, read_cases
from tocsin.review.grades import Grade, Meaning, OutcomeKind, Scale, scales
from tocsin.review.table import PUBLISHED, Row, Table, exact_interval, published, tabulate

__all__ = [
    "PUBLISHED",
    "Agreement",
    "Assignment",
    "CaseIn",
    "CasesError",
    "Fault",
    "Grade",
    "Meaning",
    "Moment",
    "OutcomeKind",
    "Reviewer",
    "Row",
    "Scale",
    "Table",
    "ToGrade",
    "Unassigned",
    "Why",
    "assign",
    "barred",
    "cohen",
    "exact_interval",
    "fleiss",
    "gwet_ac2",
    "krippendorff_alpha",
    "published",
    "read_cases",
    "scales",
    "tabulate",
    "with_interval",
]
