"""The vocabulary that every room shares. No logic.

A room that sees, hears, judges or remembers emits a `Signal`; the hall gathers the signals about one provider into a concern.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class ConcernKind(StrEnum):
    """What a concern is about."""

    OUTCOME_SIGNAL = "outcome-signal"
    CARE_BELOW_STANDARD = "care-below-standard"
    CONDUCT = "conduct"
    BULLYING_HARASSMENT_DISCRIMINATION = "bullying-harassment-discrimination"
    SPEAK_UP_DETRIMENT = "speak-up-detriment"
    FAILED_CANDOUR = "failed-candour"
    LEADERSHIP_GOVERNANCE = "leadership-governance"
    HR_PROCESS_UNFIT = "hr-process-unfit"
    RECURRENCE = "recurrence"
    DATA_QUALITY = "data-quality"


class Level(StrEnum):
    """How strong a signal is. Red is the stronger."""

    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class ProviderRef:
    """A provider of care and, where the signal is about one of its places, the site.

    code, site: as in the country's register of organisations (in England, the Organisation Data Service).
    """

    code: str
    name: str
    site: str | None = None
    site_name: str | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """Which provider, which kind, how strong, since when, with what evidence.

    since: the day on which the trouble most likely began; None where that is unknown.
    raised_on: the day on which the signal was first given.
    sentence: what it says, in plain words. address: the page that shows the evidence.
    evidence: values that another room may show or store, by name.
    """

    provider: ProviderRef
    kind: ConcernKind
    level: Level
    raised_on: date
    since: date | None
    sentence: str
    address: str
    evidence: Mapping[str, str | int | float | None] = field(default_factory=dict)
