"""What is watched: the catalogue of indicators."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How an indicator's numbers arise."""

    BERNOULLI = "bernoulli"
    POISSON = "poisson"
    CONTINUOUS = "continuous"


@dataclass(frozen=True, slots=True)
class FixedReference:
    """A rate set from outside. rate: events per birth. citation: where it was published."""

    rate: float
    citation: str


@dataclass(frozen=True, slots=True)
class NationalReference:
    """The rate of all other sites together (leave one site out) over the `years` calendar years before."""

    years: int = 3


@dataclass(frozen=True, slots=True)
class Lag:
    """How long after the birth an event's report arrives.

    days: ages in days, rising from 0. reported: share of events reported by that age, not falling, last 1. Straight lines between.
    """

    days: tuple[int, ...]
    reported: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Indicator:
    """One kind of harm that is counted.

    id: short name in files and addresses. name: for headings. event, events: one or several of them in a sentence ('term stillbirth').
    birth, births: what the denominator counts, in a sentence. numerator, denominator: columns after the mapping.
    ratio: the rate ratio worth detecting, > 1. per: the number of births that rates are shown for. source: definition and citation.
    exclusions: conditions on columns under which a birth is left out of the denominator, in words and as written in the catalogue.
    """

    id: str
    name: str
    event: str
    events: str
    birth: str
    births: str
    kind: Kind
    numerator: str
    denominator: str | None
    reference: FixedReference | NationalReference
    ratio: float
    lag: Lag
    per: int
    source: str
    exclusions: tuple[str, ...] = ()
    risk_adjusted: bool = False
