"""The watch over a country: calibrate once a calendar year, go through the days, say what rings and what could not have.

A run has two stretches. Up to `settled` practically all reports are in; the detectors' state there is kept. The days since are provisional:
they are gone through anew from that state whenever the watch runs, because their counts still grow. So a nightly update reads only what is
new, and its answer is bit for bit that of going through all days again under the same calibration.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from tocsin.signal import Level
from tocsin.watch.adjusted_runlength import risk_adjusted_threshold
from tocsin.watch.budget import DAYS_A_YEAR, Budget, e_bh
from tocsin.watch.counts import Counts
from tocsin.watch.evidence import today_e_value
from tocsin.watch.findings import Findings, rings_of
from tocsin.watch.indicators import Indicator, Kind
from tocsin.watch.power import PowerTable, power_table
from tocsin.watch.reference import dispersion_shape, expected_counts, month_starts, reference_rates, share_reported, year_starts
from tocsin.watch.results import MonthPoint, QualityFlag, RunResult, SiteInfo, StreamPaths, StreamResult
from tocsin.watch.rise import EVENT, RATIOS, RiseState, Streams, advance, design
from tocsin.watch.runlength import bernoulli_threshold

Progress = Callable[[str, int, int], None]
"""Told (what is being done, steps done, steps in all)."""

LIST_FDR = 0.1
_SLICES = 1_000_000
"""Into how many slices a period without a denominator is cut, so that the CUSUM's steps become those of a Poisson process."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is fixed for one indicator until the next calendar year.

    rates: reference rate by site and calendar year from that of the first day on, shape (sites, years). shape: Gamma shape of the site
    factor. yearly: events expected a year, by site. streams: the detectors' settings. power: what sites could show. countrywide: streams
    in all over which the budget is divided.
    """

    rates: NDArray[np.float64]
    shape: float
    yearly: NDArray[np.float64]
    streams: Streams
    power: PowerTable
    countrywide: int


@dataclass(slots=True)
class Settled:
    """Where one indicator's watch stands at the end of its settled days; all that the next night needs of the past.

    state: of the detectors before day `state.day`. happened: rows of EVENT so far. rise, cusum: statistics at month ends so far.
    """

    calibration: Calibration
    state: RiseState
    happened: NDArray[np.void]
    rise: NDArray[np.float64]
    cusum: NDArray[np.float64]


def calibrate(counts: Counts, indicator: Indicator, budget: Budget, countrywide: int, *, seed: int = 1) -> Calibration:
    """Reference, dispersion, thresholds and power from the calendar years that are complete, or from all days where none is.

    countrywide: streams (sites x indicators) among which the budget is divided. seed: for the imagined sites of the power table.
    """
    days = counts.births.shape[1]
    reported = share_reported(indicator.lag, days)
    rates = reference_rates(counts, indicator, reported)
    expected = expected_counts(counts, rates, reported)
    _, edges = year_starts(counts.first_day, days)
    # the year that is still running, and days still being reported, have no say in the calibration
    end = int(edges[-2]) if len(edges) > 2 and edges[-2] >= 365 else days
    begin = max(0, end - 3 * 366)
    shape = dispersion_shape(counts.events[:, begin:end].sum(axis=1, dtype=np.float64), expected[:, begin:end].sum(axis=1))
    active = (counts.births[:, begin:] > 0).any(axis=1)
    spans = np.maximum(days - begin - np.argmax(counts.births[:, begin:] > 0, axis=1), 1)
    full = np.where(reported > 0, reported, 1.0)
    yearly = np.where(active, (expected[:, begin:] / full[begin:]).sum(axis=1) / spans * DAYS_A_YEAR, 0.0)
    yearly = np.maximum(yearly, 1e-3)
    red, amber = budget.mean_days(Level.RED, countrywide), budget.mean_days(Level.AMBER, countrywide)
    designs = [design(float(rate), red, amber) for rate in yearly]
    births_a_year = np.where(active, counts.births[:, begin:].sum(axis=1) / spans * DAYS_A_YEAR, 1.0)
    chances = (budget.local_amber, budget.local_red)
    if counts.expected is None:
        thresholds = [
            [_cusum_threshold(indicator, float(n), float(y), chance) for n, y in zip(births_a_year, yearly, strict=True)]
            for chance in chances
        ]
    else:
        thresholds = [
            [_adjusted_threshold(indicator, counts.births[s], counts.expected[s], float(n), chance) for s, n in enumerate(births_a_year)]
            for chance in chances
        ]
    streams = Streams.of(designs, list(yearly), indicator.ratio, thresholds[0], thresholds[1])
    # two figures of the spread are more than the table can tell apart, and let like indicators share it
    power = power_table(float(f"{shape:.2g}"), red, amber, indicator.ratio, seed=seed)
    return Calibration(rates, shape, yearly, streams, power, countrywide)


def begin(calibration: Calibration) -> Settled:
    """Before the first day."""
    sites = calibration.yearly.shape[0]
    fresh = RiseState.fresh(np.full(sites, calibration.shape))
    return Settled(calibration, fresh, np.empty(0, EVENT), np.empty((sites, 0)), np.empty((sites, 0)))


def settle(settled: Settled, counts: Counts, indicator: Indicator, threads: int = 1) -> Settled:
    """Take the state on to the last day whose reports are practically all in. Only the days since `settled.state.day` are read."""
    days = counts.births.shape[1]
    target = max(settled.state.day, days - indicator.lag.days[-1])
    if target == settled.state.day:
        return settled
    state = settled.state.copy()
    happened, rise, cusum = _advance(settled, state, counts, indicator, np.ones(days), target, threads)
    return Settled(settled.calibration, state, happened, rise, cusum)


def look(settled: Settled, counts: Counts, indicator: Indicator, threads: int = 1) -> Findings:
    """From the settled state through the provisional days to the last. Leaves `settled` as it is."""
    days = counts.births.shape[1]
    state = settled.state.copy()
    reported = np.ones(days)
    reported[settled.state.day :] = share_reported(indicator.lag, days, settled.state.day)
    happened, rise, cusum = _advance(settled, state, counts, indicator, reported, days, threads)
    order = np.argsort(happened["stream"], kind="stable")
    return Findings(happened[order], rise, cusum, state)


def watch_indicator(counts: Counts, indicator: Indicator, budget: Budget, countrywide: int, threads: int = 1) -> tuple[Settled, Findings]:
    """Calibrate and go through all days."""
    settled = settle(begin(calibrate(counts, indicator, budget, countrywide)), counts, indicator, threads)
    return settled, look(settled, counts, indicator, threads)


def watch_country(
    counts: Mapping[str, Counts],
    indicators: Mapping[str, Indicator],
    sites: Sequence[SiteInfo],
    *,
    budget: Budget | None = None,
    quality: Sequence[QualityFlag] = (),
    reading: Mapping[str, int | str] | None = None,
    threads: int = 1,
    settled: dict[str, Settled] | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Everything that the watch says about a country.

    counts: by indicator id, all over the same sites and days. settled: states by indicator id from an earlier run with the same sites
    and calibration year; those given are taken on, the others are made, and the dictionary is brought up to date. Continuous indicators
    have no detector here; chart them. Raises ValueError where there is nothing to watch.
    """
    budget = budget or Budget()
    watched = {name: c for name, c in counts.items() if indicators[name].kind is not Kind.CONTINUOUS and c.births.shape[1]}
    if not watched:
        raise ValueError("there is nothing to watch: no indicator of the catalogue has its columns in the data, or no row was good")
    states = {} if settled is None else settled
    countrywide = sum(int((c.births.sum(axis=1) > 0).sum()) for c in watched.values())
    known = {site.code: site for site in sites}
    streams: list[StreamResult] = []
    paths: list[StreamPaths] = []
    e_values: list[float] = []
    as_of = date.min
    for number, (name, c) in enumerate(watched.items()):
        indicator = indicators[name]
        if progress:
            progress(indicator.name, number, len(watched))
        before = states.get(name) or begin(calibrate(c, indicator, budget, countrywide))
        states[name] = settle(before, c, indicator, threads)
        found = look(states[name], c, indicator, threads)
        as_of = max(as_of, c.first_day + timedelta(days=c.births.shape[1] - 1))
        fresh_streams, fresh_paths, fresh_values = _describe(c, indicator, states[name], found, budget, known)
        streams += fresh_streams
        paths += fresh_paths
        e_values += fresh_values
    if progress:
        progress("Done", len(watched), len(watched))
    listed = e_bh(e_values, LIST_FDR) if e_values else np.zeros(0, bool)
    strongest = sorted(np.flatnonzero(listed), key=lambda i: -e_values[i])
    return RunResult(
        as_of,
        tuple(known.get(code) or SiteInfo(code, code, code, code) for code in next(iter(watched.values())).sites),
        tuple(indicators[name] for name in watched),
        tuple(streams),
        tuple(paths),
        tuple(quality),
        budget.words(Level.RED, countrywide),
        dict(reading or {}),
        tuple((streams[i].site, streams[i].indicator) for i in strongest),
        LIST_FDR,
    )


def _advance(
    settled: Settled, state: RiseState, counts: Counts, indicator: Indicator, reported: NDArray[np.float64], target: int, threads: int
) -> tuple[NDArray[np.void], NDArray[np.float64], NDArray[np.float64]]:
    calibration, first = settled.calibration, state.day
    until = replace(
        counts,
        births=counts.births[:, :target],
        events=counts.events[:, :target],
        expected=None if counts.expected is None else counts.expected[:, :target],
    )
    expected = expected_counts(until, calibration.rates, reported[:target], first)
    _, edges = month_starts(counts.first_day, target)
    # a month that has not ended yet is shown as it stands today, but has no place in what is kept
    ends = edges[1:] - 1
    if target < counts.births.shape[1] and (counts.first_day + timedelta(days=target)).day != 1:
        ends = ends[:-1]
    new = ends[ends >= first].astype(np.int32)
    kept = ends.shape[0] - new.shape[0]
    births = np.ascontiguousarray(until.births[:, first:])
    if indicator.denominator is None:
        births = np.where(births > 0, _SLICES, 0).astype(np.int32)
    events = np.ascontiguousarray(until.events[:, first:])
    happened, rise, cusum = advance(state, calibration.streams, births, events, expected, new, threads)
    return (
        np.concatenate([settled.happened, happened]),
        np.concatenate([settled.rise[:, :kept], rise], axis=1),
        np.concatenate([settled.cusum[:, :kept], cusum], axis=1),
    )


def _cusum_threshold(indicator: Indicator, births_a_year: float, yearly: float, chance: float) -> float:
    """Exact threshold for 12 months of a site of at least this size; sizes are taken 10 % apart, so that a country needs only some."""
    if indicator.denominator is None:
        # events in continuous time: so many thin slices of time that hardly any holds two
        births_a_year = min(max(yearly * 500, 1000.0), 30_000.0)
    p0 = float(f"{min(max(yearly / max(births_a_year, 1.0), 1e-7), 0.5):.2g}")
    horizon = int(np.ceil(1.1 ** np.ceil(np.log(max(births_a_year, 2.0)) / np.log(1.1))))
    return bernoulli_threshold(p0, indicator.ratio, false_alarm=chance, horizon=horizon)


def _adjusted_threshold(
    indicator: Indicator, births: NDArray[np.int32], expected: NDArray[np.float64], births_a_year: float, chance: float
) -> float:
    """Threshold for 12 months of a site with this mix of risks: day by day as the CUSUM sees them, which is the mean of each day."""
    days = births > 0
    risks = np.repeat(expected[days] / births[days], births[days])
    if risks.shape[0] == 0 or not 0 < risks.mean() < 1:
        return math.inf
    return risk_adjusted_threshold(np.clip(risks, 0.0, 1.0), indicator.ratio, false_alarm=chance, horizon=max(int(births_a_year), 1))


def _describe(
    counts: Counts, indicator: Indicator, settled: Settled, found: Findings, budget: Budget, known: Mapping[str, SiteInfo]
) -> tuple[list[StreamResult], list[StreamPaths], list[float]]:
    calibration = settled.calibration
    days = counts.births.shape[1]
    reported = share_reported(indicator.lag, days)
    expected = expected_counts(counts, calibration.rates, reported)
    months, edges = month_starts(counts.first_day, days)
    by_month = [np.add.reduceat(a, edges[:-1], axis=1) for a in (counts.births, counts.events, expected)]
    settled_to = counts.first_day + timedelta(days=max(days - 1 - indicator.lag.days[-1], 0))
    window = 5 * 365
    crude_rate = counts.events.sum() / max(float((counts.births * reported).sum()), 1e-9)
    streams, paths, e_values = [], [], []
    for s, code in enumerate(counts.sites):
        present = np.flatnonzero(counts.births[s] > 0)
        if present.shape[0] == 0:
            continue
        site = known.get(code) or SiteInfo(code, code, code, code)
        rings = rings_of(s, counts, expected[s], indicator, calibration, found, budget, site, present)
        first, last = counts.first_day + timedelta(days=int(present[0])), counts.first_day + timedelta(days=days - 1)
        births, events, awaited = int(counts.births[s].sum()), int(counts.events[s].sum()), float(expected[s].sum())
        crude = float((counts.births[s] * reported).sum()) * crude_rate
        level = next((r.level for r in reversed(rings) if r.ended is None and r.detector == "rise"), None)
        streams.append(
            StreamResult(
                code, indicator.id, first, last, settled_to, births, events, awaited, float(calibration.rates[s, -1]),
                events / crude if crude > 0 else float("nan"),
                events / awaited if counts.expected is not None and awaited > 0 else None,
                level, tuple(rings), calibration.power.at(float(calibration.yearly[s]), indicator.event),
            )
        )  # fmt: skip
        points = []
        for m in range(int(np.searchsorted(edges, present[0], side="right")) - 1, len(months)):
            inside = int(edges[m + 1]) <= days - indicator.lag.days[-1]
            rise, cusum = float(found.rise[s, m]), float(found.cusum[s, m])
            points.append(
                MonthPoint(
                    months[m], int(by_month[0][s, m]), int(by_month[1][s, m]), float(by_month[2][s, m]),
                    rise if np.isfinite(rise) else None, cusum if np.isfinite(cusum) else None, inside,
                )
            )  # fmt: skip
        k = calibration.streams
        paths.append(
            StreamPaths(
                code,
                indicator.id,
                tuple(points),
                float(k.log_amber[s]),
                float(k.log_red[s]),
                float(k.cusum_amber[s]),
                float(k.cusum_red[s]),
            )
        )
        e_values.append(today_e_value(counts.events[s], expected[s], calibration.shape, window, np.array(RATIOS)))
    return streams, paths, e_values
