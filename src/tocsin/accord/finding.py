"""What the checker says: a property that a map does not have, where, with a story that shows it and lines that would mend it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tocsin.accord.clock import Event
from tocsin.accord.model import Case, Place

PROPERTIES = {
    "A1": "every concern has a first holder",
    "A2": "there is always exactly one lead",
    "A3": "a body with binding power holds every concern in time",
    "A4": "it does so even if any one body stays silent",
    "A5": "it does so even if any two bodies stay silent",
    "A6": "no body holds its own cause, and there is a way round it",
    "A7": "no concern ends at a body with advisory power only",
    "A8": "no concern goes round in a circle without gaining power",
    "A9": "no wait is without end: each duty has a deadline and an else",
    "A10": "a power that is relied on is really held, and can be used by then",
    "A11": "no two bodies do the same work or ask for the same thing without an agreement",
    "A12": "those who raised it are told, within a time",
    "A13": "there is an end: somebody can take over, and hand back on stated criteria",
}
LAWS = frozenset(PROPERTIES) - {"A5", "A11"}
"""Properties without which a map must not be put in force; the others warn."""


class Severity(StrEnum):
    """error: a law is broken. warning: a risk."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """code: of PROPERTIES. what: one sentence. places: the lines that cause it. case, day: of the first counterexample, with `story`.

    events: the story as a history for the clock. cases: how many kinds of concern it is true of. since, until: for which days (until is the
    first day no longer). amendment: the smallest set of lines found that mends it, as YAML; '' where none was found.
    """

    code: str
    what: str
    places: tuple[Place, ...]
    case: Case
    day: date
    story: str
    events: tuple[Event, ...] = ()
    cases: int = 1
    since: date | None = None
    until: date | None = None
    amendment: str = ""

    @property
    def severity(self) -> Severity:
        return Severity.ERROR if self.code in LAWS else Severity.WARNING
