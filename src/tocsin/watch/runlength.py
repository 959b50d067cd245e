"""Exact run lengths of the CUSUM: how often it would ring if nothing were wrong, and how soon if something is.

Between two visits to zero a CUSUM is a walk with one step up for an event and one step down for a birth without, so where it stands
follows from two whole numbers: events and other births since it left zero. Summing the chances of all such pairs gives the chance that
one excursion ends at the threshold and the time that it takes; excursions are independent, so renewal theory gives the rest. Nothing is
rounded to a grid and nothing is simulated: this is the Markov chain of Brook & Evans (Biometrika 59, 1972) and of Reynolds & Stoumbos
(J Quality Technology 31, 1999) on the chain's own states, for any rate, ratio and threshold rather than for lattice values only.
"""

import itertools
import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import fftconvolve
from scipy.special import gammaln, pdtrc

from tocsin.watch.weights import llr_weights, poisson_weights

_RARE = 1e-5
"""Rates below this are read off by straight line from this rate and twice it; the error seen is below one part in 1e5."""
_WHOLE = 16384
"""Horizons up to twice this are gone through birth by birth."""
_NEGLIGIBLE = 1e-17
"""Share of an excursion's chances below which what is left of it is ignored."""


def bernoulli_arl(p0: float, ratio: float, threshold: float, *, rate: float | None = None) -> float:
    """Average run length of a Bernoulli CUSUM from zero to the first value at or over `threshold`, in births.

    p0: reference chance of an event per birth, in (0, 1). ratio: odds ratio that the CUSUM is set to detect, > 1. threshold: in nats, > 0.
    rate: the true chance of an event, p0 where not given (then the result is the in-control ARL).
    Raises ValueError outside those ranges. Source: Reynolds & Stoumbos, J Quality Technology 31 (1999).
    """
    down, up = llr_weights(p0, ratio)
    _check_threshold(threshold)
    true = _check_rate(p0 if rate is None else rate)
    if p0 < _RARE:
        # with so rare an event the run length counted in expected events hardly depends on the rate any more, and what is left is linear
        near, far = (bernoulli_arl(p, ratio, threshold, rate=true / p0 * p) * p for p in (_RARE, 2 * _RARE))
        return (near + (far - near) * (p0 / _RARE - 1)) / p0
    hit, visits = _bernoulli_excursion(true, down, up, threshold)
    return math.inf if hit == 0 else visits / hit


def bernoulli_false_alarm(p0: float, ratio: float, threshold: float, horizon: int, *, rate: float | None = None) -> float:
    """Chance that a Bernoulli CUSUM starting at zero reaches `threshold` within `horizon` births.

    Arguments as in `bernoulli_arl`; horizon: a whole number of births, >= 0. With `rate` set to the raised rate this is the chance of
    finding the rise in time.
    """
    llr_weights(p0, ratio)
    _check_threshold(threshold)
    births = _check_horizon(horizon)
    true = _check_rate(p0 if rate is None else rate)
    if p0 < _RARE:
        near, far = (_between(births * (p0 / p), lambda n, p=p: _hit_by(p, ratio, threshold, n, true / p0 * p)) for p in (_RARE, 2 * _RARE))  # type: ignore[misc]
        return min(max(near + (far - near) * (p0 / _RARE - 1), 0.0), 1.0)
    return _hit_by(p0, ratio, threshold, births, true)


def bernoulli_run_length_cdf(p0: float, ratio: float, threshold: float, horizon: int, *, rate: float | None = None) -> NDArray[np.float64]:
    """Chance that a Bernoulli CUSUM has reached `threshold` by birth 0, 1, ..., `horizon`; shape (horizon + 1,)."""
    down, up = llr_weights(p0, ratio)
    _check_threshold(threshold)
    back, hit = _bernoulli_excursion_times(_check_rate(p0 if rate is None else rate), down, up, threshold, _check_horizon(horizon))
    return _first_hit_cdf(back, hit)


def bernoulli_threshold(
    p0: float, ratio: float, *, arl: float | None = None, false_alarm: float | None = None, horizon: int | None = None
) -> float:
    """Lowest threshold of a Bernoulli CUSUM that keeps a promise.

    Either arl: the in-control average run length is at least so many births; or false_alarm and horizon: the chance of a false alarm
    within `horizon` births is at most `false_alarm`, in (0, 1). Returns nats. Raises ValueError unless exactly one promise is given.
    """
    down, _ = llr_weights(p0, ratio)
    if (arl is None) == (false_alarm is None and horizon is None) or (false_alarm is None) != (horizon is None):
        raise ValueError("give either arl, or false_alarm together with horizon")
    if arl is not None:
        if not arl >= 1:
            raise ValueError(f"arl must be at least 1 birth, got {arl!r}")
        target_arl = float(arl)
        return _lowest(lambda h: math.log(target_arl / bernoulli_arl(p0, ratio, h)), math.log1p(target_arl * p0 / 3), -down)
    assert false_alarm is not None
    assert horizon is not None
    if not 0 < false_alarm < 1:
        raise ValueError(f"false_alarm must be a probability strictly between 0 and 1, got {false_alarm!r}")
    if _check_horizon(horizon) == 0:
        raise ValueError("horizon must be at least one birth")
    return _bernoulli_threshold_for_horizon(float(p0), float(ratio), float(false_alarm), int(horizon))


def poisson_arl(mean: float, ratio: float, threshold: float, *, rate: float | None = None) -> float:
    """Average run length of a Poisson CUSUM from zero to the first value at or over `threshold`, in periods.

    mean: events expected in a period while all is well, > 0. ratio: rate ratio that the CUSUM is set to detect, > 1. threshold: in nats.
    rate: the true mean, `mean` where not given. Raises ValueError outside those ranges.
    """
    _, hit, visits = _poisson_excursion(mean, ratio, threshold, rate, 0)
    return math.inf if hit.sum() == 0 else visits / hit.sum()


def poisson_false_alarm(mean: float, ratio: float, threshold: float, horizon: int, *, rate: float | None = None) -> float:
    """Chance that a Poisson CUSUM starting at zero reaches `threshold` within `horizon` periods."""
    back, hit, _ = _poisson_excursion(mean, ratio, threshold, rate, int(horizon))
    return float(_first_hit_cdf(back[: int(horizon) + 1], hit[: int(horizon) + 1])[-1])


def poisson_threshold(
    mean: float, ratio: float, *, arl: float | None = None, false_alarm: float | None = None, horizon: int | None = None
) -> float:
    """Lowest threshold of a Poisson CUSUM that keeps a promise; arguments as in `bernoulli_threshold`, with periods for births."""
    poisson_weights(mean, ratio)
    if (arl is None) == (false_alarm is None and horizon is None) or (false_alarm is None) != (horizon is None):
        raise ValueError("give either arl, or false_alarm together with horizon")
    if arl is not None:
        target_arl = float(arl)
        return _lowest(lambda h: math.log(target_arl / poisson_arl(mean, ratio, h)), math.log1p(target_arl * mean / 3), 1e-6)
    assert false_alarm is not None
    assert horizon is not None
    chance, periods = float(false_alarm), int(horizon)
    return _lowest(
        lambda h: math.log(max(poisson_false_alarm(mean, ratio, h, periods), 1e-300) / chance),
        math.log1p(periods * mean / chance / 3),
        1e-6,
    )


def quantile(cdf: NDArray[np.float64], share: float) -> int | None:
    """First index at which a rising `cdf` reaches `share`; None where it never does."""
    index = int(np.searchsorted(cdf, share))
    return index if index < cdf.shape[0] else None


@lru_cache(maxsize=65536)
def _bernoulli_threshold_for_horizon(p0: float, ratio: float, false_alarm: float, horizon: int) -> float:
    down, _ = llr_weights(p0, ratio)
    # the run length is nearly exponential, so the ARL that would give the promise is a first guess a few per cent off
    arl = max(1.0, -horizon / math.log1p(-false_alarm))
    guess = math.log1p(arl * p0 * (ratio * math.log(ratio) - ratio + 1) ** 2 / (ratio - 1))
    return _lowest(lambda h: math.log(max(bernoulli_false_alarm(p0, ratio, h, horizon), 1e-300) / false_alarm), guess, -down)


def _lowest(excess: Callable[[float], float], guess: float, step: float) -> float:
    """Lowest threshold at which `excess` is 0 or below, to within a thousandth of `step`.

    `excess` is the log of a chance over its target (or of a target over a mean time), so it falls about as fast as the threshold rises:
    the secant through two guesses is nearly right, and halving does the rest.
    """
    tolerance = 1e-3 * step
    here = max(guess, 2 * step)
    before, value_before = math.nan, math.nan
    low, high = 0.0, math.inf

    def look(at: float) -> float:
        nonlocal low, high
        value = excess(at)
        low, high = (max(low, at), high) if value > 0 else (low, min(high, at))
        return value

    for _ in range(60):
        value = look(here)
        # seen closely, the chance falls in jumps, which no secant finds
        if abs(value) < 0.02 * step or high - low < step:
            break
        slope = (value - value_before) / (here - before) if not math.isnan(before) else -1.0
        before, value_before = here, value
        here -= value / slope if slope < -1e-3 else -value
        if not low < here < high:
            here = (low + high) / 2 if high < math.inf else low + 1.05 * max(value, 0.0) + 0.05
    move = 0.02 * step
    while not (high < math.inf and low > 0) and high > tolerance:
        look(max(high - move, tolerance / 2) if high < math.inf else low + move)
        move *= 4
    while high - low > tolerance and high > tolerance:
        look((low + high) / 2)
    return high


def _check_horizon(horizon: float) -> int:
    if not (math.isfinite(horizon) and horizon == int(horizon) and horizon >= 0):
        raise ValueError(f"horizon must be a whole number of births, 0 or more, got {horizon!r}")
    return int(horizon)


def _between(births: float, chance: Callable[[int], float]) -> float:
    """A chance by a number of births that need not be whole."""
    whole = math.floor(births)
    low = chance(whole)
    return low + (births - whole) * (chance(whole + 1) - low)


def _hit_by(p0: float, ratio: float, threshold: float, horizon: int, rate: float) -> float:
    """Chance of having hit by birth `horizon`.

    Once the excursion under way at the start is forgotten, the chance of not having hit falls by the same share in equal times. Where that
    is seen to hold to one part in 1e9 long before the horizon, the rest of the way is not gone through.
    """
    down, up = llr_weights(p0, ratio)
    length = _WHOLE
    while horizon > 2 * length:
        back, hit = _bernoulli_excursion_times(rate, down, up, threshold, length)
        cdf = _first_hit_cdf(back, hit)
        quarter = length // 4
        if cdf[length] >= 1 - 1e-12:
            return 1.0
        spent = np.log1p(-cdf[[2 * quarter, 3 * quarter, 4 * quarter]])
        first, second = spent[0] - spent[1], spent[1] - spent[2]
        if second > 0 and abs(first - second) <= 1e-9 * second:
            return float(-math.expm1(spent[2] - second * (horizon - 4 * quarter) / quarter))
        length *= 4
    back, hit = _bernoulli_excursion_times(rate, down, up, threshold, horizon)
    return _hit_chance(back, hit)


def _check_rate(rate: float) -> float:
    if not 0 < rate < 1:
        raise ValueError(f"rate must be a probability strictly between 0 and 1, got {rate!r}")
    return float(rate)


def _check_threshold(threshold: float) -> None:
    if not (threshold > 0 and math.isfinite(threshold)):
        raise ValueError(f"threshold must be a finite number of nats above 0, got {threshold!r}")


@njit(cache=True)
def _bernoulli_excursion(p: float, down: float, up: float, threshold: float) -> tuple[float, float]:
    """Chance that one excursion from zero ends at the threshold, and the expected number of births that it takes.

    Row k holds the chances of standing at k events and j other births since zero; a row follows from the one before.
    """
    q = 1.0 - p
    visits, hit = 1.0, 0.0
    if up >= threshold:
        return p, visits
    d = -down
    first, last = 0, int(math.ceil(up / d)) - 1
    row = np.empty(max(last + 1, 1))
    chance = p
    for j in range(last + 1):
        row[j] = chance
        chance *= q
    k = 1
    while True:
        total = 0.0
        reach = 0.0
        for i in range(row.shape[0]):
            total += row[i]
            if (k + 1) * up - (first + i) * d >= threshold:
                reach += row[i]
        visits += total
        hit += p * reach
        if total <= _NEGLIGIBLE * visits and p * total <= _NEGLIGIBLE * hit:
            return hit, visits
        k += 1
        # the next row starts where an event no longer crosses, and ends before zero
        next_first = max(first, int(math.floor((k * up - threshold) / d)) + 1)
        while k * up - next_first * d >= threshold:
            next_first += 1
        next_last = int(math.ceil(k * up / d)) - 1
        if next_last < next_first:
            return hit, visits
        new = np.empty(next_last - next_first + 1)
        chance = 0.0
        for j in range(next_first, next_last + 1):
            chance *= q
            if j - first < row.shape[0]:
                chance += p * row[j - first]
            new[j - next_first] = chance
        row, first = new, next_first


@njit(cache=True)
def _bernoulli_excursion_times(
    p: float, down: float, up: float, threshold: float, horizon: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Chance that an excursion is back at zero, or at the threshold, after exactly n births; two arrays of shape (horizon + 1,)."""
    q = 1.0 - p
    d = -down
    back = np.zeros(horizon + 1)
    hit = np.zeros(horizon + 1)
    if horizon == 0:
        return back, hit
    back[1] = q
    if up >= threshold:
        hit[1] = p
        return back, hit
    first, last = 0, min(int(math.ceil(up / d)) - 1, horizon)
    row = np.empty(max(last + 1, 1))
    chance = p
    for j in range(last + 1):
        row[j] = chance
        chance *= q
    k = 1
    while True:
        total = 0.0
        size = row.shape[0]
        for i in range(size):
            j = first + i
            n = k + j + 1
            if n > horizon:
                break
            total += row[i]
            if (k + 1) * up - j * d >= threshold:
                hit[n] += p * row[i]
            if k * up - (j + 1) * d <= 0.0:
                back[n] += q * row[i]
        if total <= _NEGLIGIBLE:
            return back, hit
        k += 1
        next_first = max(first, int(math.floor((k * up - threshold) / d)) + 1)
        while k * up - next_first * d >= threshold:
            next_first += 1
        next_last = min(int(math.ceil(k * up / d)) - 1, horizon - k)
        if next_last < next_first:
            return back, hit
        new = np.empty(next_last - next_first + 1)
        chance = 0.0
        for j in range(next_first, next_last + 1):
            chance *= q
            if j - first < size:
                chance += p * row[j - first]
            new[j - next_first] = chance
        row, first = new, next_first


def _poisson_excursion(
    mean: float, ratio: float, threshold: float, rate: float | None, horizon: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """As for births, with a Poisson number of steps up in each period. Also the expected length of an excursion."""
    drift, step = poisson_weights(mean, ratio)
    _check_threshold(threshold)
    true_mean = mean if rate is None else rate
    if not (true_mean > 0 and math.isfinite(true_mean)):
        raise ValueError(f"rate must be a finite mean above 0, got {rate!r}")
    if horizon < 0:
        raise ValueError(f"horizon must be 0 or more periods, got {horizon!r}")
    c = -drift
    back, hit, visits = [0.0], [0.0], 0.0
    chances, lowest = np.ones(1), 0
    n = 0
    while True:
        total = float(chances.sum())
        visits += total
        if total <= _NEGLIGIBLE * visits:
            break
        n += 1
        # events so far that leave the sum inside (0, threshold) after n periods
        inside_low = math.floor(n * c / step) + 1
        inside_high = math.ceil((n * c + threshold) / step) - 1
        width = max(inside_high - lowest + 1, 1)
        counts = np.arange(width)
        chance_of = np.exp(counts * math.log(true_mean) - true_mean - gammaln(counts + 1))
        spread = np.convolve(chances, chance_of)[:width]
        stays = max(0, inside_low - lowest)
        gone_back = float(spread[:stays].sum())
        inside = spread[stays:]
        back.append(gone_back)
        # what neither went back nor stayed has crossed; summed from its own tail so that small chances keep their digits
        hit.append(_crossed(chances, lowest, inside_high, true_mean))
        if inside.shape[0] == 0:
            break
        chances, lowest = inside, max(inside_low, lowest)
    size = max(len(back), horizon + 1)
    return np.pad(np.array(back), (0, size - len(back))), np.pad(np.array(hit), (0, size - len(hit))), visits


def _crossed(chances: NDArray[np.float64], lowest: int, inside_high: int, mean: float) -> float:
    room = inside_high - (lowest + np.arange(chances.shape[0]))
    return float((chances * np.where(room >= 0, pdtrc(np.maximum(room, 0), mean), 1.0)).sum())


def _first_hit_cdf(back: NDArray[np.float64], hit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chance of having hit by time n, when excursions follow one another: hit * (1 + back + back*back + ...), summed."""
    size = back.shape[0]
    renewals = _inverse_series(-back, size)
    cdf: NDArray[np.float64] = np.clip(np.cumsum(fftconvolve(renewals, hit)[:size]), 0.0, 1.0)
    return cdf


def _hit_chance(back: NDArray[np.float64], hit: NDArray[np.float64]) -> float:
    """The last value of `_first_hit_cdf` alone, for less than half the work.

    With g the first half of the series 1 / (1 - back) and (1 - back) g = 1 + rest, the whole series is g (1 - rest).
    """
    size = back.shape[0]
    total = np.cumsum(hit)
    if size < 4:
        return float(_first_hit_cdf(back, hit)[-1])
    half = (size + 1) // 2
    g = _inverse_series(-back, half)
    length = next_fast_len(size, real=True)
    spectrum = rfft(g, length)
    # the product is longer than `length`; what wraps round falls on the first half, which is known
    rest = irfft(spectrum * rfft(-back, length), length)[half:size]
    low = irfft(spectrum * rfft(total[: size - half], length), length)[: size - half]
    chance = float(g @ total[size - 1 - np.arange(half)]) - float(rest @ low[::-1])
    return min(max(chance, 0.0), 1.0)


def _inverse_series(minus: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """First `size` coefficients of 1 / (1 + minus(z)) by Newton's doubling; minus[0] is 0."""
    lengths = [size]
    while lengths[-1] > 1:
        lengths.append((lengths[-1] + 1) // 2)
    inverse = np.ones(size)
    for known, wanted in itertools.pairwise(reversed(lengths)):
        # a cyclic product suffices: what wraps round falls on the coefficients that are known
        length = next_fast_len(wanted, real=True)
        spectrum = rfft(inverse[:known], length)
        rest = irfft(spectrum * rfft(minus[:wanted], length), length)[known:wanted]
        inverse[known:wanted] = -irfft(spectrum * rfft(rest, length), length)[: wanted - known]
    return inverse
