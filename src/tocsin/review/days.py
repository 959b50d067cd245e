"""Days from the event to the finding: how long people wait to be told whether it had to happen."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.stats import CensoredData, ecdf


@dataclass(frozen=True, slots=True)
class Wait:
    """One case. days: from the event to the finding, or to the day asked about where there is none yet (`open`)."""

    case: str
    days: int
    open: bool


@dataclass(frozen=True, slots=True)
class Waits:
    """waits: every case, the longest first. median, lower, upper: days by which half had a finding, with a 95 % interval.

    quarter, three_quarters: days by which a quarter and three quarters had one. None where it is not reached yet. by_day: (days, share
    still without a finding), for the curve. Open cases count with the days they have waited so far (Kaplan & Meier, JASA 53 (1958)
    457-481; interval of the median after Brookmeyer & Crowley, Biometrics 38 (1982) 29-41, on the log-log scale).
    """

    waits: tuple[Wait, ...]
    median: int | None
    lower: int | None
    upper: int | None
    quarter: int | None
    three_quarters: int | None
    longest_open: int | None
    open: int
    by_day: tuple[tuple[int, float], ...]


def waits(cases: Iterable[tuple[str, date, date | None]], as_of: date) -> Waits:
    """From (case, day of the event, day of the finding or None) to the waits as of a day.

    Findings after that day are not known yet. Raises ValueError for a finding before its event, or an event after the day.
    """
    found = []
    for case, event, finding in cases:
        if event > as_of:
            raise ValueError(f"case '{case}': its event on {event.isoformat()} is after {as_of.isoformat()}")
        if finding is not None and finding < event:
            raise ValueError(f"case '{case}': its finding on {finding.isoformat()} is before the event on {event.isoformat()}")
        known = finding is not None and finding <= as_of
        found.append(Wait(case, ((finding if known and finding else as_of) - event).days, not known))
    found.sort(key=lambda w: (-w.days, w.case))
    open_days = [w.days for w in found if w.open]
    done = [w.days for w in found if not w.open]
    if not done:
        return Waits(tuple(found), None, None, None, None, None, max(open_days, default=None), len(open_days), ())
    curve = ecdf(CensoredData(uncensored=done, right=open_days)).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        between = curve.confidence_interval(method="log-log")
    reached = curve.quantiles
    at = np.asarray(curve.probabilities)
    # before the first finding and after the last, where no variance can be told, the bounds are the curve itself
    low, high = (np.where(np.isnan(b.probabilities), np.round(at), b.probabilities) for b in (between.low, between.high))
    return Waits(
        tuple(found),
        _first(reached, at <= 0.5 + 1e-12),
        _first(reached, low <= 0.5 + 1e-12),
        _first(reached, high <= 0.5 + 1e-12),
        _first(reached, at <= 0.75 + 1e-12),
        _first(reached, at <= 0.25 + 1e-12),
        max(open_days, default=None),
        len(open_days),
        tuple((int(d), float(p)) for d, p in zip(reached, at, strict=True)),
    )


def _first(days: NDArray[np.float64], reached: NDArray[np.bool_]) -> int | None:
    return int(days[reached][0]) if reached.any() else None
