"""A map as values: bodies, powers, duties, handovers and the rest, each dated and with its place in the file."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum


class Power(IntEnum):
    """The one ladder of powers, weakest first."""

    INFORM = 1
    ADVISE = 2
    REQUIRE_INFORMATION = 3
    INSPECT = 4
    REQUIRE_ACTION = 5
    IMPOSE_CONDITIONS = 6
    SUSPEND_OR_REMOVE_PEOPLE = 7
    REPLACE_LEADERSHIP = 8
    TAKE_OVER_OR_CLOSE = 9

    @property
    def word(self) -> str:
        """As the map writes it."""
        return self.name.lower().replace("_", "-")


BINDING = Power.REQUIRE_ACTION
"""The weakest power that a provider must obey."""


class Reason(StrEnum):
    """Why a concern passes to another body."""

    DEADLINE_PASSED = "deadline-passed"
    REFUSAL = "refusal"
    CONFLICT_OF_INTEREST = "conflict-of-interest"
    INSUFFICIENT_POWER = "insufficient-power"
    REPEAT = "repeat"
    SEVERITY = "severity"
    UNREACHABLE = "unreachable"


WRITTEN = tuple(r for r in Reason if r is not Reason.UNREACHABLE)
"""Reasons that a line can name. A holder that nobody can reach is passed by in the way of a passed deadline; no line says otherwise."""


class Role(StrEnum):
    """A body's part in a duty."""

    LEAD = "lead"
    TAKE_PART = "take-part"
    BE_INFORMED = "be-informed"


@dataclass(frozen=True, slots=True)
class Within:
    """A length of time in days; working days leave out weekends and the jurisdiction's public holidays."""

    days: int
    working: bool

    def __str__(self) -> str:
        return f"{self.days} {'working' if self.working else 'calendar'} days"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which file something is written; line counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Case:
    """What a concern is about: kind of concern, kind of provider, place ('' where the map names none)."""

    concern: str
    provider: str
    place: str = ""

    def __str__(self) -> str:
        where = f" in {self.place}" if self.place else ""
        return f"{_words(self.concern)} at {_words(self.provider)}{where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What every dated line of a map has.

    An empty set of concerns, providers or places means all. until: the first day on which it no longer holds.
    """

    place: Place
    since: date | None = None
    until: date | None = None
    concerns: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    basis: str = ""
    source: str = ""
    unconfirmed: bool = False

    def holds(self, case: "Case", day: date) -> bool:
        """Whether this line applies to such a concern on that day."""
        return self.dated(day) and self.concerns_case(case)

    def concerns_case(self, case: "Case") -> bool:
        """Whether this line applies to such a concern on some day."""
        return (
            (not self.concerns or case.concern in self.concerns)
            and (not self.providers or case.provider in self.providers)
            and (not self.places or case.place in self.places)
        )

    def dated(self, day: date) -> bool:
        """Whether this line is in force on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body(Entry):
    """A body; `subject` marks the provider that concerns are about, which may never hold one."""

    id: str
    name: str
    tier: int
    kind: str = ""
    subject: bool = False
    predecessor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Entry):
    """A power that a body holds, on what condition; `notice` is the time that must pass before it can bite."""

    body: str
    power: Power
    condition: str = ""
    notice: Within | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty(Entry):
    """What a body must do, from the day on which the concern reaches it (or, where it does not hold it, from the day it was raised).

    trigger: what calls for it, in words. first: it is the first holder of a new concern. within: the act is due. review: after the act, the
    effect must be seen within this time, or its power was not enough. uses: the power on which the act relies. task: a name for work that
    only one body should do. asks: information that the provider must give for it.
    """

    body: str
    role: Role
    must: str
    trigger: str = ""
    first: bool = False
    within: Within | None = None
    review: Within | None = None
    uses: Power | None = None
    task: str | None = None
    asks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover(Entry):
    """To whom a concern passes, and when. period: how long after the last like concern ended its rule of repeats holds; None for ever."""

    body: str
    to: str
    when: frozenset[Reason]
    period: Within | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict(Entry):
    """A body that may not hold such a concern, and why."""

    body: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement(Entry):
    """Who leads where several bodies could."""

    between: frozenset[str]
    lead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling(Entry):
    """Who tells those who raised a concern, and within what time."""

    body: str
    within: Within


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending(Entry):
    """How a service that was taken over is handed back, and on what criteria."""

    body: str
    criteria: str


@dataclass(frozen=True, slots=True)
class AccordMap:
    """One or several files, read and joined. since, until: the days for which it is meant to hold.

    binding_days: calendar days within which a body that a provider must obey holds a concern. told_days: within which those who raised it
    are told.
    """

    name: str
    place: Place
    since: date
    until: date
    timezone: str
    binding_days: int
    told_days: int
    concerns: tuple[str, ...]
    providers: tuple[str, ...]
    places: tuple[str, ...]
    extra_holidays: frozenset[date]
    bodies: dict[str, Body]
    powers: tuple[Held, ...]
    duties: tuple[Duty, ...]
    handovers: tuple[Handover, ...]
    conflicts: tuple[Conflict, ...]
    agreements: tuple[Agreement, ...]
    tellings: tuple[Telling, ...]
    endings: tuple[Ending, ...]

    def entries(self) -> tuple[Entry, ...]:
        """Every dated line, bodies first."""
        return (
            *self.bodies.values(), *self.powers, *self.duties, *self.handovers, *self.conflicts, *self.agreements, *self.tellings,
            *self.endings,
        )  # fmt: skip

    def cases(self) -> tuple[Case, ...]:
        """Every kind of concern at every kind of provider in every place that the map names."""
        return tuple(Case(c, p, w) for c in self.concerns for p in self.providers for w in self.places or ("",))


def _words(name: str) -> str:
    return name.replace("-", " ").replace("nhs", "NHS").replace("hr ", "HR ")
