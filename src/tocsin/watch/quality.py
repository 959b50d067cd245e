"""Data that cannot be taken at face value: months that were not recorded, counted twice, or changed too abruptly to be care.

A flag stands beside a ring; it never hides or delays one. Each check asks how improbable a month is given the site's own other months and
how far those months vary; the promise is about one false flag a year in the whole country, over all checks, sites and months together.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom, poisson

from tocsin.watch.counts import Counts
from tocsin.watch.indicators import Indicator, Kind
from tocsin.watch.reference import month_starts, share_reported
from tocsin.watch.results import QualityFlag

_CHECKS = 4
_LEAST_MONTHS = 12


def quality_flags(counts: Mapping[str, Counts], indicators: Mapping[str, Indicator]) -> tuple[QualityFlag, ...]:
    """Flags of a country. counts: by indicator id, over the same sites and days. Oldest first within a site."""
    watched = {n: c for n, c in counts.items() if indicators[n].kind is not Kind.CONTINUOUS and indicators[n].denominator is not None}
    if not watched:
        return ()
    first = next(iter(watched.values()))
    months, edges = month_starts(first.first_day, first.births.shape[1])
    if len(months) < _LEAST_MONTHS:
        return ()
    # the widest denominator stands for births themselves
    widest = max(watched, key=lambda n: int(watched[n].births.sum()))
    site_months = int((np.add.reduceat(watched[widest].births, edges[:-1], axis=1) > 0).sum())
    chance = 12.0 / max(len(months), 12) / (_CHECKS * max(site_months, 1) * len(watched)) * (len(months) / 12.0)
    flags = _of_births(watched[widest], months, edges, chance)
    for name, c in watched.items():
        flags += _of_events(c, indicators[name], months, edges, chance)
    return tuple(sorted(flags, key=lambda f: (f.site, f.first_day, f.kind)))


def _of_births(counts: Counts, months: list[date], edges: NDArray[np.int64], chance: float) -> list[QualityFlag]:
    births = np.add.reduceat(counts.births, edges[:-1], axis=1).astype(float)
    full = np.array([edges[i + 1] - edges[i] >= 28 for i in range(len(months))])
    flags: list[QualityFlag] = []
    for s, code in enumerate(counts.sites):
        present = np.flatnonzero(births[s] > 0)
        if present.shape[0] < _LEAST_MONTHS:
            continue
        a, b = int(present[0]) + 1, int(present[-1])
        row = births[s]
        for kind, mask, words in (
            ("no-births", (row == 0) & full, "nothing was recorded"),
            ("births-doubled", _far_above(row, chance) & full, "far more was recorded than in a usual month"),
        ):
            inside = mask.copy()
            inside[:a], inside[b:] = False, False
            if kind == "no-births":
                usual = np.array([float(np.median(row[max(0, m - 12) : m + 13])) for m in range(len(months))])
                inside &= poisson.pmf(0, usual / 4) < chance
            flags += _merged(inside, months, edges, counts, code, None, kind, words)
    return flags


def _of_events(counts: Counts, indicator: Indicator, months: list[date], edges: NDArray[np.int64], chance: float) -> list[QualityFlag]:
    events = np.add.reduceat(counts.events, edges[:-1], axis=1).astype(float)
    reported = share_reported(indicator.lag, counts.births.shape[1])
    births = np.add.reduceat(counts.births * reported, edges[:-1], axis=1)
    flags: list[QualityFlag] = []
    for s, code in enumerate(counts.sites):
        e, n = events[s], births[s]
        if n.sum() <= 0 or e.sum() < 24:
            continue
        rates = np.array([_around(e, n, m) for m in range(len(months))])
        expected = rates * n
        gap = (e == 0) & _quiet_for_long(e, expected, chance)
        flags += _merged(gap, months, edges, counts, code, indicator.id, "not-recorded", f"no {indicator.events} were recorded")
        flags += _steps(e, n, months, edges, counts, code, indicator, chance)
    return flags


def _around(e: NDArray[np.float64], n: NDArray[np.float64], month: int) -> float:
    """Rate in the two years about a month, without the quarter about it."""
    near = np.arange(max(0, month - 13), min(e.shape[0], month + 14))
    near = near[np.abs(near - month) > 6] if near.shape[0] > 18 else near
    total = float(n[near].sum())
    return float(e[near].sum()) / total if total > 0 else 0.0


def _quiet_for_long(e: NDArray[np.float64], expected: NDArray[np.float64], chance: float) -> NDArray[np.bool_]:
    """Months of a stretch without events in which so many were expected that chance is no answer."""
    found = np.zeros(e.shape[0], bool)
    i = 0
    while i < e.shape[0]:
        j = i
        while j < e.shape[0] and e[j] == 0:
            j += 1
        # half of what was expected, so that a real and welcome fall is not taken for a gap
        if j > i and np.exp(-expected[i:j].sum() / 2) < chance:
            found[i:j] = True
        i = max(j, i + 1)
    return found


def _steps(
    e: NDArray[np.float64], n: NDArray[np.float64], months: list[date], edges: NDArray[np.int64], counts: Counts, code: str,
    indicator: Indicator, chance: float,
) -> list[QualityFlag]:  # fmt: skip
    """A change from one month to the next, of half a year against half a year, that is at least 1.7 times and beyond chance."""
    found = np.zeros(len(months), bool)
    for m in range(6, len(months) - 5):
        before, after = e[m - 6 : m].sum(), e[m : m + 6].sum()
        nb, na = n[m - 6 : m].sum(), n[m : m + 6].sum()
        if nb <= 0 or na <= 0 or before + after < 60:
            continue
        ratio = (after / na + 1e-12) / (before / nb + 1e-12)
        low = 1 / 1.7
        if ratio < 1.7 and ratio > low:
            continue
        # months themselves vary more than chance: a negative binomial with 10 % of its own about the expected count
        expected = before / nb * na if ratio > 1 else after / na * nb
        seen = after if ratio > 1 else before
        spread = 100.0
        tail = nbinom.sf(seen - 1, spread, spread / (spread + max(expected, 0.5)))
        # and the change must have come within the month: what lies just before must look like before
        sharp = abs(e[m - 1] / max(n[m - 1], 1) - before / nb) < abs(e[m] / max(n[m], 1) - before / nb)
        if tail < chance and sharp:
            found[m] = True
    flags = []
    places = np.flatnonzero(found)
    while places.shape[0]:
        cluster = places[places <= places[0] + 6]
        jump = [abs(e[m : m + 3].sum() / max(n[m : m + 3].sum(), 1) - e[m - 3 : m].sum() / max(n[m - 3 : m].sum(), 1)) for m in cluster]
        m = int(cluster[int(np.argmax(jump))])
        last = counts.first_day + timedelta(days=int(edges[min(m + 6, len(months))]) - 1)
        flags.append(
            QualityFlag(
                code, indicator.id, "abrupt-step", months[m], last,
                f"{indicator.name} at {code} changed abruptly in {months[m]:%B %Y}. Recording or coding may have changed then; it may "
                "also be care. Ask, before reading the chart either way.",
            )
        )  # fmt: skip
        places = places[places > cluster[-1]]
    return flags


def _far_above(row: NDArray[np.float64], chance: float) -> NDArray[np.bool_]:
    """Months with at least 1.6 times the births of the site's usual month and beyond chance."""
    usual = np.array([float(np.median(row[max(0, m - 12) : m + 13])) for m in range(row.shape[0])])
    # months of this site vary by more than chance; how much, its own months say
    excess = float(np.median((row - usual) ** 2) / 0.455 - np.median(usual)) / max(float(np.median(usual)) ** 2, 1e-9)
    spread = 1 / max(excess, 0.005)
    tail = nbinom.sf(row - 1, spread, spread / (spread + np.maximum(usual, 0.5)))
    return np.asarray((row > 1.6 * usual) & (tail < chance) & (usual > 5))


def _merged(
    mask: NDArray[np.bool_],
    months: list[date],
    edges: NDArray[np.int64],
    counts: Counts,
    code: str,
    indicator: str | None,
    kind: str,
    words: str,
) -> list[QualityFlag]:
    flags = []
    i = 0
    while i < mask.shape[0]:
        j = i
        while j < mask.shape[0] and mask[j]:
            j += 1
        if j > i:
            last = counts.first_day + timedelta(days=int(edges[j]) - 1)
            span = f"In {months[i]:%B %Y}" if j - i == 1 else f"From {months[i]:%B %Y} to {months[j - 1]:%B %Y}"
            flags.append(
                QualityFlag(
                    code, indicator, kind, months[i], last, f"{span} {words} at {code}. Check the data before reading them as care."
                )
            )
        i = max(j, i + 1)
    return flags
