"""What reading files gives: counts and cases, and what became of every row."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tocsin.watch.counts import Cases, Counts
from tocsin.watch.results import SiteInfo


@dataclass(frozen=True, slots=True)
class Problem:
    """One refused row. line: of the CSV file, or row of the Parquet file, from 1. column: the file's name, '' for the row."""

    file: str
    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        column = f", column '{self.column}'" if self.column else ""
        return (
            f"{self.file}:{self.line}{column}: '{self.value}' {self.reason}" if self.column else f"{self.file}:{self.line}: {self.reason}"
        )


@dataclass(slots=True)
class Report:
    """What became of every row: rows = good + bad + duplicates + left_out.

    left_out: rows that `where` does not ask for. incomplete: good rows left out of an indicator because a value that it needs is missing.
    notes: what a reader should know, in sentences. problems: the first bad rows.
    """

    files: int = 0
    rows: int = 0
    good: int = 0
    bad: int = 0
    duplicates: int = 0
    left_out: int = 0
    incomplete: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What earlier runs have counted. counts: by indicator id. counted: site-days that a file had rows for, shape (sites, days)."""

    counts: dict[str, Counts]
    counted: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reading:
    """counts: by indicator id, all over the same sites and days. cases: of risk-adjusted ones. sites: one a row of counts.

    counted: site-days that a file had rows for, where `read` was given what earlier runs have counted.
    """

    counts: dict[str, Counts]
    cases: dict[str, Cases]
    sites: tuple[SiteInfo, ...]
    report: Report
    counted: NDArray[np.bool_] | None = None


class TooManyBadRowsError(ValueError):
    """More rows were refused than the run may lose. `report` says which."""

    def __init__(self, report: Report, share: float) -> None:
        self.report = report
        first = f" The first: {report.problems[0]}." if report.problems else ""
        super().__init__(
            f"{report.bad:,} of {report.rows:,} rows ({100 * report.bad / report.rows:.1f} %) cannot be used, more than the "
            f"{100 * share:g} % allowed.{first} Mend the file or the mapping, or allow more."
        )
