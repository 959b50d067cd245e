"""Births and events by site and day: the one form in which the detectors take a country's data."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Counts:
    """One indicator in a whole country.

    sites: site codes, one a row. first_day: the day of column 0; every column is one day.
    births: the denominator (births, operations, attendances), int32, shape (sites, days).
    events: of those births, how many had the outcome so far reported, int32, same shape.
    expected: events expected by each birth's own risk, summed, float64, same shape; None where there is no risk adjustment.
    """

    indicator: str
    sites: tuple[str, ...]
    first_day: date
    births: NDArray[np.int32]
    events: NDArray[np.int32]
    expected: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Cases:
    """Single births (operations, attendances) in order, where each has its own risk.

    site: index into `sites`, int32. day: days since `first_day`, int32. event: 0 or 1, int8. risk: chance of the event, float64.
    All of shape (cases,), sorted by site, then day, then the order in which they were read.
    """

    indicator: str
    sites: tuple[str, ...]
    first_day: date
    site: NDArray[np.int32]
    day: NDArray[np.int32]
    event: NDArray[np.int8]
    risk: NDArray[np.float64]
