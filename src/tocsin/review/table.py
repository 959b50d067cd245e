"""The table that inquiries publish: outcomes by grade, with exact intervals for 'would' and for 'might or would'."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

import yaml
from scipy.stats import beta

from tocsin.review.grades import Meaning, Scale

PUBLISHED = ("east-kent-2022",)
"""Published tables that come with Tocsin."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of outcome. cases: how many were graded. would, might_or_would: how many of them; None where no source gives it.

    by_grade: cases by code of the grade, empty where only the sums are published. Raises ValueError for counts that cannot be.
    """

    label: str
    cases: int
    would: int | None
    might_or_would: int
    by_grade: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= (self.would or 0) <= self.might_or_would <= self.cases:
            raise ValueError(f"row '{self.label}': {self.would} 'would', {self.might_or_would} 'might or would' of {self.cases} cannot be")


@dataclass(frozen=True, slots=True)
class Waited:
    """How long the families of a published table waited for its report, as far as years of birth tell it.

    first, last: least and most days that somebody waited who gave birth in the first, in the last year looked at. source: of the dates.
    """

    births_from: int
    births_to: int
    reported: date
    first: tuple[int, int]
    last: tuple[int, int]
    source: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by kind of outcome, their total, and what a reader must know beside the numbers. led_by, waited: of a published one."""

    name: str
    rows: tuple[Row, ...]
    total: Row
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    led_by: str = ""
    waited: Waited | None = None


def exact_interval(count: int, of: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of a proportion that covers the truth at least as often as `level` says, whatever the truth.

    Returns (lower, upper) in [0, 1]; (0, 1) for no cases. Raises ValueError. Source: Clopper & Pearson, Biometrika 26 (1934) 404-413.
    """
    if not 0 <= count <= of:
        raise ValueError(f"a count must be between 0 and the number of cases, got {count} of {of}")
    if not 0 < level < 1:
        raise ValueError(f"level must be strictly between 0 and 1, got {level!r}")
    tail = (1 - level) / 2
    lower = float(beta.ppf(tail, count, of - count + 1)) if count else 0.0
    upper = float(beta.ppf(1 - tail, count + 1, of - count)) if count < of else 1.0
    return lower, upper


def tabulate(name: str, graded: Iterable[tuple[str, str]], scale: Scale) -> Table:
    """Table of agreed grades, one (kind of outcome, code of the grade) a case; rows in the order of appearance. Raises ValueError."""
    counts: dict[str, list[int]] = {}
    for kind, code in graded:
        counts.setdefault(kind, [0] * len(scale.grades))[scale.position(code)] += 1
    rows = tuple(_row(kind, of, scale) for kind, of in counts.items())
    total = _row("All", [sum(column) for column in zip(*counts.values(), strict=True)] or [0] * len(scale.grades), scale)
    notes = (f"The words of the scale '{scale.id}' could not be confirmed against its published form.",) if scale.unconfirmed else ()
    return Table(name, rows, total, notes)


def published(name: str, as_in: str = "summary") -> Table:
    """A published table as one of its sources prints it ('report' or 'summary'). Raises ValueError for names that are not known."""
    if name not in PUBLISHED:
        raise ValueError(f"there is no published table '{name}'; known: {', '.join(PUBLISHED)}")
    read: dict[str, Any] = yaml.safe_load((files("tocsin.review") / "inquiries" / f"{name}.yaml").read_text("utf-8"))
    if as_in not in read["sources"]:
        raise ValueError(f"'{name}' has no source '{as_in}'; known: {', '.join(read['sources'])}")
    rows = [Row(r["label"], r.get("differ", {}).get(as_in, r["cases"]), r["would"], r["might_or_would"]) for r in read["rows"]]
    total = Row("All", **read["total"])
    known = [r.would for r in rows if r.would is not None]
    rest_would = total.would - sum(known) if total.would is not None and len(known) == len(rows) else None
    cases, either = total.cases - sum(r.cases for r in rows), total.might_or_would - sum(r.might_or_would for r in rows)
    rows.append(Row(read["rest"], cases, rest_would, either))
    notes = tuple(" ".join(n.split()) for n in read["notes"])
    return Table(read["name"], tuple(rows), total, notes, tuple(read["sources"].values()), read["led_by"], _waited(read))


def _waited(read: dict[str, Any]) -> Waited:
    births, reported = read["births"], read["reported"]

    def days(year: int) -> tuple[int, int]:
        return (reported - date(year, 12, 31)).days, (reported - date(year, 1, 1)).days

    return Waited(births["from"], births["to"], reported, days(births["from"]), days(births["to"]), read["dated_by"])


def _row(label: str, counts: list[int], scale: Scale) -> Row:
    would = sum(n for n, g in zip(counts, scale.grades, strict=True) if g.meaning is Meaning.WOULD)
    might = sum(n for n, g in zip(counts, scale.grades, strict=True) if g.meaning is Meaning.MIGHT)
    return Row(label, sum(counts), would, would + might, tuple((g.code, n) for g, n in zip(scale.grades, counts, strict=True)))
