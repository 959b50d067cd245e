"""The rise detector: a mixture Shiryaev-Roberts e-detector that knows the country, the site's own past and what is still unreported.

A site's rate is the reference rate times a factor of its own, theta, which varies between sites as Gamma(shape a, rate a): mean 1,
variance 1/a, both learned from the country. Against 'nothing changed at this site' stands, for each
possible first day and each of several rate ratios r, 'from that day on the rate is r times what it was'. With theta integrated out the
likelihood ratio has a closed form:

    r ** x2 * ((b + E1 + E2) / (b + E1 + r * E2)) ** (s + x1 + x2)

where x1, E1 are events and expected events before that day, x2, E2 since, and s, b the Gamma parameters. The statistic R sums it over first
days (each weighted by the days it stands for) and averages it over ratios. While nothing changes, R minus elapsed days is a martingale,
so the mean time to a false alarm at threshold A is at least A days, whatever the rate, the size, or the moment of looking: no tuning, no
simulation. It is in fact A / zeta days, zeta (below 1) being the mean of exp(-overshoot), which is known in closed form.

Sources: Shin, Ramdas & Rinaldo, E-detectors (2023); Pollak, Annals of Statistics 15 (1987); Siegmund, Sequential Analysis (1985), ch. 8.
"""

import itertools
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.stats import invgauss, poisson

RATIOS = (1.25, 1.5, 2.0, 3.0, 5.0)
WEIGHTS = (0.15, 0.25, 0.3, 0.2, 0.1)
STARTS = 130
"""How many possible first days are kept: five years of fortnights, or ten of four weeks."""
NO_DISPERSION = 1e7
"""Shape of the Gamma when sites do not differ: so large that theta is 1."""
_DAYS_A_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class RiseDesign:
    """How one stream is watched.

    ratios, weights: the mixture, of the rises that a stream of this size could show at all. start_days: days between possible first
    days. log_amber, log_red: thresholds of log R.
    """

    ratios: tuple[float, ...]
    weights: tuple[float, ...]
    start_days: int
    log_amber: float
    log_red: float


def overshoot_factor(ratio: float, mean: float = 0.0) -> float:
    """Mean of exp(-overshoot) when the log-likelihood-ratio walk for `ratio` first passes a far threshold, in (0, 1).

    ratio: rate ratio, > 1. mean: events expected between two looks; 0 for a look after every event. In that limit the ladder heights have
    density exp(y) / (ratio - 1) on (0, log ratio), which gives a closed form; otherwise Siegmund (1985), eq. 8.49, summed over looks.
    """
    if not ratio > 1:
        raise ValueError(f"ratio must be above 1, got {ratio!r}")
    information = ratio * math.log(ratio) - ratio + 1
    closed = (ratio - 1 - math.log(ratio)) / information
    if mean * information < 2e-3:
        return closed
    looks = np.arange(1, int(60 / (mean * information)) + 50)
    # the walk is at or below zero after n looks when events <= n * mean * (ratio - 1) / log(ratio)
    line = looks * mean * (ratio - 1) / math.log(ratio)
    above_if_well = poisson.sf(np.floor(line), looks * mean)
    below_if_raised = poisson.cdf(np.floor(line), looks * mean * ratio)
    return math.exp(-float(((above_if_well + below_if_raised) / looks).sum())) / (mean * information)


def design(events_per_year: float, arl_days_red: float, arl_days_amber: float) -> RiseDesign:
    """The design for a stream that expects `events_per_year` and may ring falsely once in `arl_days_...` days on average.

    Small ratios that this stream would need more than the kept first days to show are left out of the mixture, so that the promise is
    spent on what can be seen. Raises ValueError where an argument is not above 0.
    """
    if not (events_per_year > 0 and arl_days_red > 0 and arl_days_amber > 0):
        raise ValueError("events_per_year, arl_days_red and arl_days_amber must be above 0")
    start_days = 28 if events_per_year < 60 else 14
    window_days = STARTS * start_days
    shares = np.array([_share_in_time(r, events_per_year, arl_days_red, window_days) for r in RATIOS])
    kept = [i for i in range(len(RATIOS)) if shares[i] > 0.2] or [len(RATIOS) - 1]
    total = sum(WEIGHTS[i] for i in kept)
    weights = tuple(WEIGHTS[i] / total for i in kept)
    daily = events_per_year / _DAYS_A_YEAR
    spent = sum(w * overshoot_factor(RATIOS[i], daily) * shares[i] for w, i in zip(weights, kept, strict=True))
    return RiseDesign(tuple(RATIOS[i] for i in kept), weights, start_days, math.log(arl_days_amber * spent), math.log(arl_days_red * spent))


def _share_in_time(ratio: float, events_per_year: float, arl_days: float, window_days: int) -> float:
    """Share of rises of `ratio` that would be found before they are older than the window, by the inverse Gaussian passage time."""
    per_day = events_per_year / _DAYS_A_YEAR
    drift = per_day * (ratio * math.log(ratio) - ratio + 1)
    spread = per_day * ratio * math.log(ratio) ** 2
    # all the days near the true first day add their evidence: R is larger than the one best term by about this many days
    height = max(1.0, math.log(arl_days) - math.log(1.0 + 1.0 / drift))
    mean, shape = height / drift, height**2 / spread
    return float(invgauss.cdf(window_days, mean / shape, scale=shape))


@dataclass(frozen=True, slots=True)
class Streams:
    """Settings of many streams as arrays, one row a stream, as the kernel wants them."""

    ratios: NDArray[np.float64]
    weights: NDArray[np.float64]
    mixed: NDArray[np.int32]
    start_days: NDArray[np.int32]
    log_amber: NDArray[np.float64]
    log_red: NDArray[np.float64]
    recovery_events: NDArray[np.float64]
    cusum_ratio: NDArray[np.float64]
    cusum_amber: NDArray[np.float64]
    cusum_red: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        designs: Sequence[RiseDesign],
        events_per_year: Sequence[float],
        cusum_ratio: float,
        cusum_amber: Sequence[float],
        cusum_red: Sequence[float],
    ) -> "Streams":
        ratios = np.full((len(designs), len(RATIOS)), 2.0)
        weights = np.zeros((len(designs), len(RATIOS)))
        for i, d in enumerate(designs):
            ratios[i, : len(d.ratios)] = d.ratios
            weights[i, : len(d.ratios)] = d.weights
        return cls(
            ratios,
            weights,
            np.array([len(d.ratios) for d in designs], np.int32),
            np.array([d.start_days for d in designs], np.int32),
            np.array([d.log_amber for d in designs], np.float64),
            np.array([d.log_red for d in designs], np.float64),
            # while the raised rate lasts, a ring should not be taken for ended more than about once in ten years
            10.0 * np.asarray(events_per_year, np.float64),
            np.full(len(designs), cusum_ratio),
            np.asarray(cusum_amber, np.float64),
            np.asarray(cusum_red, np.float64),
        )


@dataclass(slots=True)
class RiseState:
    """Where every stream's detectors stand before `day` (counted from the first); arrays with one row a stream.

    starts_x, starts_e: running totals of events and expected events at each kept possible first day. integers: how many are kept, total
    of events, epoch (the day on which the statistic began again), day of amber, day of the red ring that is still open, day of the
    CUSUM's amber; -1 where there is none. numbers: total expected, Gamma shape and rate of theta (with the counts before the last
    reset's onset taken in), an upper bound of log R, ratio and theta of the open ring, its recovery CUSUM, the doubling CUSUM.
    """

    starts_x: NDArray[np.int32]
    starts_e: NDArray[np.float64]
    integers: NDArray[np.int64]
    numbers: NDArray[np.float64]
    day: int

    @classmethod
    def fresh(cls, dispersion_shape: NDArray[np.float64]) -> "RiseState":
        """Before the first day. dispersion_shape: Gamma shape of theta for each stream, shape (streams,)."""
        streams = dispersion_shape.shape[0]
        integers = np.zeros((streams, 6), np.int64)
        integers[:, 3:] = -1
        numbers = np.zeros((streams, 8))
        numbers[:, 1] = numbers[:, 2] = dispersion_shape
        numbers[:, 3] = -np.inf
        return cls(np.zeros((streams, STARTS), np.int32), np.zeros((streams, STARTS)), integers, numbers, 0)

    def copy(self) -> "RiseState":
        return RiseState(self.starts_x.copy(), self.starts_e.copy(), self.integers.copy(), self.numbers.copy(), self.day)


RISE_AMBER, RISE_CLEAR, RISE_RED, RISE_AGAIN, RISE_OVER, CUSUM_AMBER, CUSUM_CLEAR, CUSUM_RED = range(8)
"""What can happen to a stream on a day: rows of `advance` carry one of these.

Amber is cleared when R has fallen to about a third of its threshold. Red while an earlier ring is still open is RISE_AGAIN.
"""

EVENT = np.dtype([("stream", np.int32), ("day", np.int32), ("what", np.int8), ("onset", np.int32), ("value", np.float64)])
"""onset: day with which the evidence is greatest, for RISE_AMBER and RISE_RED, else -1. value: log R, or the CUSUM, that day."""


@njit(cache=True)
def log_statistic(
    x: int,
    e: float,
    starts_x: NDArray[np.int32],
    starts_e: NDArray[np.float64],
    count: int,
    shape: float,
    rate: float,
    ratios: NDArray[np.float64],
    weights: NDArray[np.float64],
    days: float,
) -> tuple[float, int]:
    """Log of R with x events and e expected since the epoch, and the place of the first day that carries most of it."""
    power = shape + x
    base = rate + e
    total, most, best = 0.0, -1.0, -1
    for i in range(count):
        x2 = x - starts_x[i]
        share = (e - starts_e[i]) / base
        term = 0.0
        for k in range(ratios.shape[0]):
            # 500 nats are far past any threshold and far from overflow
            term += weights[k] * math.exp(min(x2 * math.log(ratios[k]) - power * math.log1p((ratios[k] - 1.0) * share), 500.0))
        total += term
        if term > most:
            most, best = term, i
    return (math.log(total * days) if total > 0 else -math.inf), best


@njit(cache=True)
def _cusum_day(value: float, births: int, events: int, expected: float, ratio: float, limit: float) -> tuple[float, float]:
    """CUSUM after a day whose events lie evenly among its births, and its highest value on the way. Stops at `limit`."""
    if births <= 0:
        return value, value
    down = -math.log1p(min(expected / births, 1.0) * (ratio - 1.0))
    if events == 0:
        return max(0.0, value + births * down), value
    up = math.log(ratio)
    top, before = 0.0, 0
    for j in range(events):
        at = ((2 * j + 1) * births) // (2 * events)
        value = max(0.0, value + (at - before) * down) + up + down
        before = at + 1
        top = max(top, value)
        if value >= limit:
            return value, top
    return max(0.0, value + max(births - before, 0) * down), top


def advance(
    state: RiseState,
    streams: Streams,
    births: NDArray[np.int32],
    events: NDArray[np.int32],
    expected: NDArray[np.float64],
    month_ends: NDArray[np.int32] | None = None,
    threads: int = 1,
) -> tuple[NDArray[np.void], NDArray[np.float64], NDArray[np.float64]]:
    """Take every stream of `state`, which is changed in place, over the days that follow `state.day`.

    births, events, expected: shape (streams, days); expected counts only what should have been reported by now. month_ends: days (from
    the very first) at whose end the statistics are wanted. Returns what happened (rows of EVENT, by stream and then day), and log R and
    the doubling CUSUM at each month's end, shape (streams, month_ends); NaN for a month's end outside the days given.
    """
    ends = np.empty(0, np.int32) if month_ends is None else month_ends.astype(np.int32)
    size, days = births.shape
    rise = np.full((size, ends.shape[0]), np.nan)
    cusum = np.full((size, ends.shape[0]), np.nan)

    def part(of: slice) -> NDArray[np.void]:
        return _advance(
            of.start, state.day, births[of], events[of], expected[of],
            streams.ratios[of], streams.weights[of], streams.mixed[of], streams.start_days[of], streams.log_amber[of],
            streams.log_red[of], streams.recovery_events[of], streams.cusum_ratio[of], streams.cusum_amber[of], streams.cusum_red[of],
            state.starts_x[of], state.starts_e[of], state.integers[of], state.numbers[of], ends, rise[of], cusum[of],
        )  # fmt: skip

    edges = np.linspace(0, size, 4 * threads + 1 if threads > 1 else 2).astype(int)
    parts = [slice(int(a), int(b)) for a, b in itertools.pairwise(edges) if b > a]
    with ThreadPoolExecutor(max(1, threads)) as pool:
        found = list(pool.map(part, parts))
    state.day += days
    return (np.concatenate(found) if found else np.empty(0, EVENT)), rise, cusum


@njit(cache=True, nogil=True)
def _advance(
    first_stream: int,
    first_day: int,
    births: NDArray[np.int32],
    events: NDArray[np.int32],
    expected: NDArray[np.float64],
    all_ratios: NDArray[np.float64],
    all_weights: NDArray[np.float64],
    mixed: NDArray[np.int32],
    all_start_days: NDArray[np.int32],
    all_log_amber: NDArray[np.float64],
    all_log_red: NDArray[np.float64],
    recovery_events: NDArray[np.float64],
    cusum_ratio: NDArray[np.float64],
    cusum_amber_at: NDArray[np.float64],
    cusum_red_at: NDArray[np.float64],
    all_starts_x: NDArray[np.int32],
    all_starts_e: NDArray[np.float64],
    integers: NDArray[np.int64],
    numbers: NDArray[np.float64],
    month_ends: NDArray[np.int32],
    month_rise: NDArray[np.float64],
    month_cusum: NDArray[np.float64],
) -> NDArray[np.void]:
    """Take every stream over the days given, changing its state in place. Returns what happened, rows of EVENT."""
    out = np.empty(256, EVENT)
    written = 0
    for s in range(births.shape[0]):
        out, written = _advance_stream(
            first_stream + s, first_day, births[s], events[s], expected[s],
            all_ratios[s, : mixed[s]], all_weights[s, : mixed[s]], all_start_days[s], all_log_amber[s], all_log_red[s],
            recovery_events[s], cusum_ratio[s], cusum_amber_at[s], cusum_red_at[s],
            all_starts_x[s], all_starts_e[s], integers[s], numbers[s],
            month_ends, month_rise[s], month_cusum[s], out, written,
        )  # fmt: skip
    return out[:written]


@njit(cache=True, nogil=True)
def _advance_stream(  # type: ignore[no-untyped-def]
    s, first_day, births, events, expected, ratios, weights, start_days, log_amber, log_red, recovery_events,
    cusum_ratio, cusum_amber_at, cusum_red_at, starts_x, starts_e, integers, numbers,
    month_ends, month_rise, month_cusum, out, written,
):  # fmt: skip
    """One stream; arguments are rows of those of `_advance`."""
    count, total_x, epoch, amber_day, open_day, cusum_amber = (
        integers[0], integers[1], integers[2], integers[3], integers[4], integers[5],
    )  # fmt: skip
    total_e, shape, rate, bound, open_ratio, open_theta, recovery, cusum = (
        numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6], numbers[7],
    )  # fmt: skip
    steepest = math.log(ratios.max())
    days = float(start_days)
    keep = starts_x.shape[0]
    month = 0
    for i in range(births.shape[0]):
        day = first_day + i
        if (day - epoch) % start_days == 0:
            if count == keep:
                for j in range(1, keep):
                    starts_x[j - 1] = starts_x[j]
                    starts_e[j - 1] = starts_e[j]
                count -= 1
            starts_x[count] = total_x
            starts_e[count] = total_e
            count += 1
            bound = np.logaddexp(bound, math.log(days))
            if amber_day >= 0:
                value, _ = log_statistic(total_x, total_e, starts_x, starts_e, count, shape, rate, ratios, weights, days)
                if value < log_amber - 1.0:
                    amber_day = -1
                    out, written = _write(out, written, s, day, RISE_CLEAR, -1, value)
        x, e = events[i], expected[i]
        total_e += e
        if open_day >= 0:
            recovery = max(0.0, recovery - x * math.log(open_ratio) + (open_ratio - 1.0) * open_theta * e)
            if recovery >= math.log(20.0 + recovery_events * open_ratio):
                out, written = _write(out, written, s, day, RISE_OVER, -1, recovery)
                # what came while the ring was open says nothing of the site's usual
                open_day, amber_day = -1, -1
                total_x, total_e, count = 0, 0.0, 0
                epoch, bound = day + 1, -math.inf
        if x > 0 and epoch <= day:
            total_x += x
            bound += steepest * x
            if bound >= (log_amber if amber_day < 0 else log_red):
                value, best = log_statistic(total_x, total_e, starts_x, starts_e, count, shape, rate, ratios, weights, days)
                bound = value
                onset = epoch_start(day, epoch, count, best, start_days)
                if value >= log_amber and amber_day < 0:
                    amber_day = day
                    out, written = _write(out, written, s, day, RISE_AMBER, onset, value)
                if value >= log_red:
                    out, written = _write(out, written, s, day, RISE_RED if open_day < 0 else RISE_AGAIN, onset, value)
                    if open_day < 0:
                        # what came before the rise is the site's usual; what came since is not
                        shape += starts_x[best]
                        rate += starts_e[best]
                        open_theta = shape / rate
                        # a rise looks larger than it is on the day that it is found; too large a ratio would end the ring too soon
                        seen = (total_x - starts_x[best]) / max(open_theta * (total_e - starts_e[best]), 1e-9)
                        open_ratio = max(1.25, seen**0.75)
                        open_day = day
                    recovery = 0.0
                    total_x, total_e, count = 0, 0.0, 0
                    epoch, amber_day, bound = day + 1, -1, -math.inf
        cusum, top = _cusum_day(cusum, births[i], x, e, cusum_ratio, cusum_red_at)
        if top >= cusum_amber_at and cusum_amber < 0:
            cusum_amber = day
            out, written = _write(out, written, s, day, CUSUM_AMBER, -1, top)
        if top >= cusum_red_at:
            out, written = _write(out, written, s, day, CUSUM_RED, -1, top)
            cusum, cusum_amber = 0.0, -1
        elif cusum_amber >= 0 and cusum < cusum_amber_at and x == 0:
            out, written = _write(out, written, s, day, CUSUM_CLEAR, -1, cusum)
            cusum_amber = -1
        while month < month_ends.shape[0] and month_ends[month] < day:
            month += 1
        if month < month_ends.shape[0] and month_ends[month] == day:
            value, _ = log_statistic(total_x, total_e, starts_x, starts_e, count, shape, rate, ratios, weights, days)
            month_rise[month] = value
            month_cusum[month] = cusum
    integers[0], integers[1], integers[2], integers[3], integers[4], integers[5] = (
        count, total_x, epoch, amber_day, open_day, cusum_amber,
    )  # fmt: skip
    numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6], numbers[7] = (
        total_e, shape, rate, bound, open_ratio, open_theta, recovery, cusum,
    )  # fmt: skip
    return out, written


@njit(cache=True)
def epoch_start(day: int, epoch: int, count: int, place: int, start_days: int) -> int:
    """The day of the first day kept at `place`, when `count` are kept on `day`."""
    latest = epoch + (day - epoch) // start_days * start_days
    return latest - (count - 1 - place) * start_days


@njit(cache=True)
def _write(  # type: ignore[no-untyped-def]
    out: NDArray[np.void], written: int, stream: int, day: int, what: int, onset: int, value: float
):
    if written == out.shape[0]:
        larger = np.empty(2 * out.shape[0], EVENT)
        larger[:written] = out
        out = larger
    out[written]["stream"] = stream
    out[written]["day"] = day
    out[written]["what"] = what
    out[written]["onset"] = onset
    out[written]["value"] = value
    return out, written + 1
