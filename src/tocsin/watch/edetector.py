"""E-detectors: a false-alarm promise that needs no tuning and holds at any stopping time.

While nothing is wrong the mean time to a value of A or more is at least A births, whatever the moments at which one looks.
Source: Shin, Ramdas & Rinaldo, E-detectors: a nonparametric framework for sequential change detection (2023), sections 2 and 4.
"""

import math
from enum import StrEnum

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from tocsin.watch.checks import outcomes
from tocsin.watch.weights import llr_weights


class Form(StrEnum):
    """How evidence for a change at each past moment is put together: added up, or the largest."""

    SHIRYAEV_ROBERTS = "sr"
    CUSUM = "cusum"


RATIOS = (1.25, 1.5, 2.0, 3.0, 5.0)


def e_detector(
    y: ArrayLike,
    p0: float,
    ratios: ArrayLike = RATIOS,
    weights: ArrayLike | None = None,
    *,
    form: Form | str = Form.SHIRYAEV_ROBERTS,
    log: bool = False,
) -> NDArray[np.float64]:
    """Path of a mixture e-detector for single births.

    y: 0 or 1, shape (births,). p0: largest chance of an event that counts as 'all is well', in (0, 1). ratios: odds ratios mixed, each > 1.
    weights: of the ratios, summing to 1; equal where not given. form: 'sr' (Shiryaev-Roberts) or 'cusum'.
    Returns the e-detector's value after each birth, shape (births,); its logarithm with log=True, which never overflows.
    Ring at 1 / a for a mean time to a false alarm of at least 1 / a births. Raises ValueError.
    """
    events = outcomes(y)
    odds_ratios = np.atleast_1d(np.asarray(ratios, dtype=np.float64))
    if odds_ratios.ndim != 1 or odds_ratios.shape[0] == 0:
        raise ValueError("ratios must be one row of at least one odds ratio")
    mix = np.full(odds_ratios.shape, 1 / odds_ratios.shape[0]) if weights is None else np.asarray(weights, dtype=np.float64)
    if mix.shape != odds_ratios.shape or not np.all(mix >= 0) or not math.isclose(mix.sum(), 1, rel_tol=1e-9):
        raise ValueError("weights must be one share for each ratio, none below 0, summing to 1")
    steps = np.array([llr_weights(p0, float(r)) for r in odds_ratios])
    path = np.empty(events.shape[0])
    with np.errstate(divide="ignore"):
        _run(path, events, steps[:, 0].copy(), steps[:, 1].copy(), np.log(mix), Form(form) is Form.SHIRYAEV_ROBERTS)
    if log:
        return path
    with np.errstate(over="ignore"):
        return np.exp(path)


@njit(cache=True)
def _run(
    path: NDArray[np.float64],
    y: NDArray[np.int8],
    down: NDArray[np.float64],
    up: NDArray[np.float64],
    log_mix: NDArray[np.float64],
    adds: bool,
) -> None:
    logs = np.full(down.shape[0], -np.inf)
    for i in range(y.shape[0]):
        top = -np.inf
        for k in range(logs.shape[0]):
            before = logs[k]
            fresh = _after_a_new_start(before, adds)
            logs[k] = fresh + (up[k] if y[i] else down[k])
            top = max(top, logs[k] + log_mix[k])
        total = 0.0
        for k in range(logs.shape[0]):
            total += math.exp(logs[k] + log_mix[k] - top)
        path[i] = top + math.log(total)


@njit(cache=True)
def _after_a_new_start(before: float, adds: bool) -> float:
    """Log of 1 + R (Shiryaev-Roberts) or of max(1, R) (CUSUM); 1 is lost in R long before the exponential overflows."""
    if not adds:
        return max(0.0, before)
    return math.log1p(math.exp(before)) if before < 700.0 else before
