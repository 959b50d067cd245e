"""What the watch says: plain values that a page, a table or another program can show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tocsin.signal import Level
from tocsin.watch.indicators import Indicator


class Detector(StrEnum):
    """By which method something was recognised."""

    RISE = "rise"
    """The mixture e-detector: above what this site's own past and the country would lead one to expect."""
    DOUBLING = "doubling"
    """The CUSUM for a given rate ratio against the reference rate, as national practice has it."""


@dataclass(frozen=True, slots=True)
class Ring:
    """One time that a detector crossed its threshold for one indicator at one site.

    first_day_over: the day whose data first carried the statistic over the threshold of `level`.
    onset, onset_low, onset_high: the most likely first day of the rise, and the ends of its 90 % interval.
    rate_ratio, rate_ratio_low, rate_ratio_high: rate since the onset over the expected rate, with its 95 % interval.
    events, expected, births: counts from the onset to the last day of data (or to the reset, for a past ring).
    value, threshold: of the statistic on its natural scale (log for the rise detector, CUSUM units in nats).
    ended: the day on which the detector was reset after red, None while it is still over or was never reset.
    promise: the false-alarm promise in words. sentence: the whole finding in plain English.
    """

    site: str
    indicator: str
    detector: Detector
    level: Level
    first_day_over: date
    amber_day: date
    red_day: date | None
    onset: date
    onset_low: date
    onset_high: date
    rate_ratio: float
    rate_ratio_low: float
    rate_ratio_high: float
    events: int
    expected: float
    births: int
    value: float
    threshold: float
    ended: date | None
    promise: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Power:
    """What a site of this size could have shown. Silence is not safety.

    months_median, months_p90: months from a rise of `ratio` to a red ring, half and nine tenths of the time; None where it takes
    longer than `limit_months`. events_per_year: expected while all is well.
    """

    ratio: float
    months_median: float | None
    months_p90: float | None
    limit_months: float
    events_per_year: float
    sentence: str


@dataclass(frozen=True, slots=True)
class QualityFlag:
    """Data that cannot be taken at face value: what, where, between which days, and the plain sentence."""

    site: str
    indicator: str | None
    kind: str
    first_day: date
    last_day: date
    sentence: str


@dataclass(frozen=True, slots=True)
class StreamResult:
    """One indicator at one site, as known on the day of the run.

    births: the denominator in all (births, operations, attendances ...). expected: events expected at the reference rate, allowing
    for reports still to come. settled_to: up to here practically all reports are in. rings: past and present, oldest first.
    level: of the ring that is open on `last_day`, None where nothing rings.
    reference_rate: events per birth, latest. adjusted_ratio: events / expected with risk adjustment, None where there is none.
    """

    site: str
    indicator: str
    first_day: date
    last_day: date
    settled_to: date
    births: int
    events: int
    expected: float
    reference_rate: float
    crude_ratio: float
    adjusted_ratio: float | None
    level: Level | None
    rings: tuple[Ring, ...]
    power: Power


@dataclass(frozen=True, slots=True)
class MonthPoint:
    """One calendar month of one stream. month: its first day. expected: allowing for reports still to come.

    rise: log of the rise detector's statistic at the month's end; cusum: the CUSUM's value then, in nats; both None before the first day
    of data. settled: whether practically all reports of that month are in.
    """

    month: date
    births: int
    events: int
    expected: float
    rise: float | None
    cusum: float | None
    settled: bool


@dataclass(frozen=True, slots=True)
class StreamPaths:
    """What the charts of one stream are drawn from: its months, and the thresholds on the scales of `MonthPoint`."""

    site: str
    indicator: str
    months: tuple[MonthPoint, ...]
    rise_amber: float
    rise_red: float
    cusum_amber: float
    cusum_red: float


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """A place of care, as the register of sites has it. Dates None where unknown; successor: the site that took over its work."""

    code: str
    name: str
    provider: str
    provider_name: str
    region: str | None = None
    opened: date | None = None
    closed: date | None = None
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """All that one run of the watch says about a country.

    as_of: last day of data. promise: the national false-alarm promise in words. reading: what was read, by name (files, rows, bad rows,
    duplicates ...). listed_today: (site, indicator) pairs on today's list by e-BH, strongest first, with false discovery share `list_fdr`.
    """

    as_of: date
    sites: tuple[SiteInfo, ...]
    indicators: tuple[Indicator, ...]
    streams: tuple[StreamResult, ...]
    paths: tuple[StreamPaths, ...]
    quality: tuple[QualityFlag, ...]
    promise: str
    reading: Mapping[str, int | str]
    listed_today: tuple[tuple[str, str], ...] = ()
    list_fdr: float = 0.1
