"""What a site of its size could have shown: months until a rise would ring red. Silence is not safety.

Found by letting the detector itself watch many imagined sites of each of a row of sizes, with the seed given, and reading between sizes.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tocsin.watch.results import Power
from tocsin.watch.rise import NO_DISPERSION, RISE_AGAIN, RISE_RED, RiseState, Streams, advance, design

RATES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)
"""Events a year for which sites are imagined."""
LIMIT_YEARS = 10
_HISTORY_YEARS = 4
_WEEKS = 52


@dataclass(frozen=True, slots=True)
class PowerTable:
    """months: median and 90th percentile months to red for each of RATES, shape (len(RATES), 2); inf beyond the limit."""

    ratio: float
    months: NDArray[np.float64]

    def at(self, events_per_year: float, event: str) -> Power:
        """For a site that expects `events_per_year`; `event` as in the sentence."""
        median, p90 = (self._read(events_per_year, column) for column in (0, 1))
        limit = LIMIT_YEARS * 12.0
        return Power(self.ratio, median, p90, limit, events_per_year, _sentence(self.ratio, median, p90, events_per_year, event))

    def _read(self, events_per_year: float, column: int) -> float | None:
        months = self.months[:, column]
        if events_per_year < RATES[0]:
            return None
        place = min(int(np.searchsorted(RATES, events_per_year)), len(RATES) - 1)
        if not np.isfinite(months[max(place - 1, 0)]) or not np.isfinite(months[place]):
            return None
        value = np.exp(np.interp(np.log(events_per_year), np.log(RATES), np.log(np.maximum(months, 0.1))))
        return round(float(value), 1)


@lru_cache(maxsize=256)
def power_table(shape: float, arl_days_red: float, arl_days_amber: float, ratio: float, *, sites: int = 200, seed: int = 1) -> PowerTable:
    """Let the rise detector watch `sites` imagined sites of each size from four years before a rise of `ratio` to ten years after.

    shape: Gamma shape by which sites differ. The rise starts at a random week of a year. Standard error of the median about 5 %.
    """
    if not ratio > 1:
        raise ValueError(f"ratio must be above 1, got {ratio!r}")
    random = np.random.default_rng(seed)
    months = np.full((len(RATES), 2), np.inf)
    for row, rate in enumerate(RATES):
        plan = design(rate, arl_days_red, arl_days_amber)
        streams = Streams.of([plan] * sites, [rate] * sites, ratio, [np.inf] * sites, [np.inf] * sites)
        streams.start_days[:] //= 7  # in weeks from here on
        streams.log_red[:] -= np.log(7)
        streams.log_amber[:] = streams.log_red
        state = RiseState.fresh(np.full(sites, shape))
        theta = random.gamma(shape, 1 / shape, sites) if shape < NO_DISPERSION else np.ones(sites)
        onset = _HISTORY_YEARS * _WEEKS + random.integers(0, _WEEKS, sites)
        waited = np.full(sites, np.inf)
        mean = rate / (365.25 / 7)
        for year in range(_HISTORY_YEARS + 1 + LIMIT_YEARS):
            weeks = np.arange(year * _WEEKS, (year + 1) * _WEEKS)
            raised = weeks[None, :] >= onset[:, None]
            events = random.poisson(mean * theta[:, None] * np.where(raised, ratio, 1.0)).astype(np.int32)
            expected = np.full(events.shape, mean)
            found, _, _ = advance(state, streams, np.full(events.shape, 100_000, np.int32), events, expected)
            for ring in found[(found["what"] == RISE_RED) | (found["what"] == RISE_AGAIN)]:
                stream, week = int(ring["stream"]), int(ring["day"])
                if week >= onset[stream]:
                    waited[stream] = min(waited[stream], (week + 1 - onset[stream]) * 12 / (365.25 / 7))
            if np.isfinite(waited).all():
                break
        months[row] = np.quantile(np.minimum(waited, 1e9), (0.5, 0.9), method="higher")
    return PowerTable(ratio, np.where(months > LIMIT_YEARS * 12, np.inf, months))


def _sentence(ratio: float, median: float | None, p90: float | None, events_per_year: float, event: str) -> str:
    rise = "a doubling" if ratio == 2 else f"a rise to {ratio:g} times the usual rate"
    size = f"about {events_per_year:.0f}" if events_per_year >= 10 else f"about {events_per_year:.1g}"
    opening = f"With {size} cases of {event} expected a year, "
    if median is None:
        return f"{opening}{rise} would more likely than not go unseen here for {LIMIT_YEARS} years. Silence is not safety."
    if p90 is None:
        return (
            f"{opening}{rise} would be found within {_months(median)} half of the time, and after more than {LIMIT_YEARS} years one time "
            "in ten. Silence is not safety."
        )
    return (
        f"{opening}{rise} would be found within {_months(median)} half of the time and within {_months(p90)} nine times in ten. "
        "A shorter silence says nothing."
    )


def _months(months: float) -> str:
    if months < 1:
        return "a month"
    return f"{months:.0f} months" if months >= 1.5 else "one month"
