"""Log-likelihood-ratio CUSUMs: Bernoulli, Poisson and risk-adjusted.

Every path starts from zero and gives the value after each birth (or period), so it is as long as what was put in. A chart rings when its
value is at or over the threshold; with `reset_at` the value goes back to zero after each such birth, whose own value is still shown.
Source: Steiner, Cook, Farewell & Treasure, Biostatistics 1 (2000); Page, Biometrika 41 (1954).
"""

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from tocsin.watch.checks import outcomes, probabilities
from tocsin.watch.weights import llr_weights, poisson_weights


def bernoulli_cusum(y: ArrayLike, p0: float, ratio: float, *, reset_at: float | None = None) -> NDArray[np.float64]:
    """Path of the CUSUM for single births with one reference rate.

    y: outcome of each birth in order, 0 or 1, shape (births,). p0: chance of an event while all is well, in (0, 1). ratio: odds ratio
    worth detecting, > 1. reset_at: threshold in nats, none where not given. Returns nats, shape (births,). Raises ValueError.
    """
    down, up = llr_weights(p0, ratio)
    events = outcomes(y)
    path = np.zeros(events.shape[0])
    _run(path, np.flatnonzero(events), down, up, _limit(reset_at))
    return path


def risk_adjusted_cusum(y: ArrayLike, p: ArrayLike, ratio: float, *, reset_at: float | None = None) -> NDArray[np.float64]:
    """Path of the CUSUM for single births, each with its own expected risk.

    y: 0 or 1, shape (births,). p: chance of an event by the risk model, in [0, 1], same shape. Otherwise as `bernoulli_cusum`.
    """
    llr_weights(0.5, ratio)
    events = outcomes(y)
    risks = probabilities(p, events.shape[0])
    path = np.empty(events.shape[0])
    _run_adjusted(path, events, risks, math.log(ratio), ratio - 1.0, _limit(reset_at))
    return path


def poisson_cusum(counts: ArrayLike, means: ArrayLike, ratio: float, *, reset_at: float | None = None) -> NDArray[np.float64]:
    """Path of the CUSUM for counts by period.

    counts: whole numbers, shape (periods,). means: events expected in each period, > 0, a number or shape (periods,). ratio: rate ratio
    worth detecting, > 1. Returns nats, shape (periods,). Raises ValueError.
    """
    x = np.atleast_1d(np.asarray(counts, dtype=np.float64))
    if x.ndim != 1 or not np.all((x >= 0) & (x == np.floor(x)) & np.isfinite(x)):
        raise ValueError("counts must be whole numbers, 0 or more, in one row")
    expected = np.broadcast_to(np.asarray(means, dtype=np.float64), x.shape)
    if not np.all((expected > 0) & np.isfinite(expected)):
        raise ValueError("means must be finite numbers above 0")
    poisson_weights(1.0, ratio)
    path = np.empty(x.shape[0])
    _run_counts(path, x, expected, math.log(ratio), ratio - 1.0, _limit(reset_at))
    return path


def risk_adjusted_scan(y: NDArray[np.int8], p: NDArray[np.float64], ratio: float, threshold: float) -> tuple[float, NDArray[np.int64]]:
    """Last value, in nats, and the births at which a risk-adjusted CUSUM that is reset at `threshold` rang.

    For long runs already in memory and known to be clean (int8 outcomes, float64 risks): nothing is checked, no path is kept and no
    logarithm is taken, because the sum of logs is kept as a product.
    """
    llr_weights(0.5, ratio)
    rung = np.empty(64, np.int64)
    last, count = _scan_adjusted(y, p, ratio, math.exp(threshold), rung)
    while count > rung.shape[0]:
        rung = np.empty(count, np.int64)
        last, count = _scan_adjusted(y, p, ratio, math.exp(threshold), rung)
    return math.log(last), rung[:count]


def _limit(reset_at: float | None) -> float:
    if reset_at is None:
        return math.inf
    if not reset_at > 0:
        raise ValueError(f"reset_at must be a threshold above 0, got {reset_at!r}")
    return float(reset_at)


@njit(cache=True)
def _run(path: NDArray[np.float64], events: NDArray[np.int64], down: float, up: float, limit: float) -> None:
    """Between events the path is a straight line that stops at zero: only events need work, the line is filled in."""
    value = 0.0
    here = 0
    for at in events:
        last = min(at, here + int(value / -down) + 1)
        for i in range(here, last):
            path[i] = max(0.0, value + (i - here + 1) * down)
        value = max(0.0, value + (at - here) * down) + up
        path[at] = value
        if value >= limit:
            value = 0.0
        here = at + 1
    last = min(path.shape[0], here + int(value / -down) + 1)
    for i in range(here, last):
        path[i] = max(0.0, value + (i - here + 1) * down)


@njit(cache=True)
def _run_adjusted(
    path: NDArray[np.float64], y: NDArray[np.int8], p: NDArray[np.float64], log_ratio: float, extra: float, limit: float
) -> None:
    value = 0.0
    for i in range(path.shape[0]):
        value = max(0.0, value + y[i] * log_ratio - math.log1p(p[i] * extra))
        path[i] = value
        if value >= limit:
            value = 0.0


@njit(cache=True)
def _run_counts(
    path: NDArray[np.float64], x: NDArray[np.float64], means: NDArray[np.float64], log_ratio: float, extra: float, limit: float
) -> None:
    value = 0.0
    for i in range(path.shape[0]):
        value = max(0.0, value + x[i] * log_ratio - means[i] * extra)
        path[i] = value
        if value >= limit:
            value = 0.0


@njit(cache=True)
def _scan_adjusted(y: NDArray[np.int8], p: NDArray[np.float64], ratio: float, limit: float, rung: NDArray[np.int64]) -> tuple[float, int]:
    value, count = 1.0, 0
    extra = ratio - 1.0
    for i in range(y.shape[0]):
        factor = 1.0 / (1.0 + p[i] * extra)
        value = max(1.0, value * (factor * ratio if y[i] else factor))
        if value >= limit:
            if count < rung.shape[0]:
                rung[count] = i
            count += 1
            value = 1.0
    return value, count
