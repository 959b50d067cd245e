"""JUDGE: care against agreed standards. Gradings in; avoidability, with its uncertainty, out."""

from tocsin.review.agreement import Agreement, cohen, fleiss, gwet_ac2, krippendorff_alpha, with_interval
from tocsin.review.grades import Grade, Meaning, OutcomeKind, Scale, scales
from tocsin.review.table import PUBLISHED, Row, Table, exact_interval, published, tabulate

__all__ = [
    "PUBLISHED", "Agreement", "Grade", "Meaning", "OutcomeKind", "Row", "Scale", "Table", "cohen", "exact_interval", "fleiss", "gwet_ac2",
    "krippendorff_alpha", "published", "scales", "tabulate", "with_interval",
]  # fmt: skip
