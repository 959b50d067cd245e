"""What would be expected: reference rates without the site itself, reports still to come, and how far sites differ anyway."""

import itertools
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from tocsin.watch.counts import Counts
from tocsin.watch.indicators import FixedReference, Indicator, Lag
from tocsin.watch.rise import NO_DISPERSION

_SMALLEST_SHAPE = 1.0
"""A Gamma shape below 1 (sites differ by more than 100 %) would let any rate pass for usual."""


def year_starts(first_day: date, days: int) -> tuple[list[int], NDArray[np.int64]]:
    """Calendar years that `days` days from `first_day` touch, and the column at which each begins, with `days` at the end."""
    last = first_day + timedelta(days=max(days - 1, 0))
    years = list(range(first_day.year, last.year + 1))
    edges = [max(0, (date(year, 1, 1) - first_day).days) for year in years]
    return years, np.array([*edges, days], np.int64)


def month_starts(first_day: date, days: int) -> tuple[list[date], NDArray[np.int64]]:
    """First days of the calendar months touched, and the column at which each begins, with `days` at the end."""
    months, edges = [], []
    month = first_day.replace(day=1)
    while (month - first_day).days < days:
        months.append(month)
        edges.append(max(0, (month - first_day).days))
        month = (month + timedelta(days=32)).replace(day=1)
    return months, np.array([*edges, days], np.int64)


def share_reported(lag: Lag, days: int, first: int = 0) -> NDArray[np.float64]:
    """Share of the events of days `first` .. `days` - 1 that should have been reported by the end of the last; shape (days - first,).

    Under-reporting only thins the events, so a detector that is given expected x share keeps its promise while reports come in.
    """
    ages = days - 1 - np.arange(first, days)
    return np.interp(ages, lag.days, lag.reported)


def reference_rates(counts: Counts, indicator: Indicator, reported: NDArray[np.float64]) -> NDArray[np.float64]:
    """Reference rate (events per birth) of each site in each calendar year; shape (sites, years).

    A fixed reference is that rate. A national one is the rate of all other sites over the years before; the first year has no year
    before it and takes its own. A country of one site is its own reference. Half an event is added where others had none.
    """
    years, edges = year_starts(counts.first_day, counts.births.shape[1])
    if isinstance(indicator.reference, FixedReference):
        return np.full((len(counts.sites), len(years)), indicator.reference.rate)
    events = np.add.reduceat(counts.events, edges[:-1], axis=1, dtype=np.float64)
    births = np.stack([counts.births[:, a:b] @ reported[a:b] for a, b in itertools.pairwise(edges)], axis=1)
    if len(counts.sites) > 1:
        events, births = events.sum(axis=0) - events, births.sum(axis=0) - births
    rates = np.empty_like(births)
    for place in range(len(years)):
        before = slice(max(0, place - indicator.reference.years), place) if place else slice(0, 1)
        seen, among = events[:, before].sum(axis=1), births[:, before].sum(axis=1)
        rates[:, place] = np.where(among > 0, np.maximum(seen, 0.5) / np.maximum(among, 1e-9), np.nan)
    # a year before the first births of others takes the first rate that is known
    for place in range(len(years) - 2, -1, -1):
        rates[:, place] = np.where(np.isnan(rates[:, place]), rates[:, place + 1], rates[:, place])
    return np.where(np.isnan(rates), 1e-9, rates)


def expected_counts(counts: Counts, rates: NDArray[np.float64], reported: NDArray[np.float64], first: int = 0) -> NDArray[np.float64]:
    """Events that should have been reported by now, by site and day from column `first` on; shape (sites, days - first).

    With risk adjustment the expected events of `counts` are used and `rates` are not.
    """
    days = counts.births.shape[1]
    if counts.expected is not None:
        return np.asarray(counts.expected[:, first:] * reported[first:], dtype=np.float64)
    years, edges = year_starts(counts.first_day, days)
    result = np.empty((len(counts.sites), days - first))
    for place in range(len(years)):
        a, b = max(int(edges[place]), first), int(edges[place + 1])
        if b > a:
            result[:, a - first : b - first] = counts.births[:, a:b] * rates[:, place : place + 1] * reported[a:b]
    return result


def dispersion_shape(events: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Shape a of the Gamma (mean 1, variance 1/a) by which sites differ from the reference while nothing is wrong.

    events, expected: one of each a site. Maximum likelihood of the negative binomial that results; `NO_DISPERSION` where sites differ no
    more than chance explains. With fewer than five sites there is no saying, and a variance of 0.04 (20 % either way) is assumed.
    """
    present = expected > 0
    x, e = events[present], expected[present]
    if x.shape[0] < 5:
        return 25.0

    def loss(log_shape: float) -> float:
        a = np.exp(log_shape)
        return -float((gammaln(a + x) - gammaln(a) + a * np.log(a / (a + e)) + x * np.log(e / (a + e))).sum())

    found = minimize_scalar(loss, bounds=(np.log(_SMALLEST_SHAPE), np.log(1e5)), method="bounded", options={"xatol": 1e-3})
    poisson = -float((x * np.log(e) - e).sum())
    # the boundary of no dispersion is kept unless the data speak against it
    return float(np.exp(found.x)) if found.fun < poisson - 1e-3 and found.x < np.log(9e4) else NO_DISPERSION
