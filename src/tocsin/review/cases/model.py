"""A case as it comes in, and what can be wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from tocsin.review.grades import OutcomeKind

FactValue = bool | int | float | str
"""A fact that is not known is not there at all."""

IDENTIFIERS = ("nhs_number", "name", "date_of_birth", "postcode", "address", "telephone", "email", "hospital_number")
"""What says who somebody is. Kept apart from all the rest, and never repeated in a message."""

MOST_BYTES = 50_000_000
MOST_CASES = 100_000
MOST_TEXT = 100_000
"""Letters of one account."""
MOST_MOMENTS = 2_000


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened in the course of care. when: a date where the time of day is not known; times are local and carry no zone."""

    when: datetime | date
    what: str

    @property
    def day(self) -> date:
        return self.when.date() if isinstance(self.when, datetime) else self.when


@dataclass(frozen=True, slots=True)
class CaseIn:
    """A case to be reviewed. Everything but `identifiers` is kept free of what says who it is about, as far as its sender kept it so.

    reference: the sender's own pseudonym for it. gestation_days: completed days of pregnancy at the event, None if unknown. provider: code
    in the register of organisations. line: where it stood, from 1: line of a CSV file, entry of a bundle. stratum: of the list from which
    it was drawn, '' if it was not.
    """

    reference: str
    kind: OutcomeKind
    event: date
    provider: str
    care_from: date | None = None
    care_to: date | None = None
    gestation_days: int | None = None
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    timeline: tuple[Moment, ...] = ()
    account: str = ""
    questions: tuple[str, ...] = ()
    identifiers: Mapping[str, str] = field(default_factory=dict, repr=False)
    line: int = 0
    stratum: str = ""

    @property
    def gestation(self) -> str:
        """Weeks and days as clinicians write them, '39+2'; '' if unknown."""
        return "" if self.gestation_days is None else f"{self.gestation_days // 7}+{self.gestation_days % 7}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place. line: as in CaseIn. column: of the file, or path in the resource; '' for the whole row.

    aside: whether the case was put aside for it; if not, it came in and a person should look. row: what stood there, for the quarantine,
    without identifiers.
    """

    source: str
    line: int
    column: str
    value: str
    reason: str
    aside: bool = True
    row: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}" + (f", column '{self.column}'" if self.column else "")
        return f"{place}: '{self.value}' {self.reason}" if self.value else f"{place}: {self.reason}"


class CasesError(ValueError):
    """A file that cannot be read at all: which, why, and what to do."""
