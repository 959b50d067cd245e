"""Run lengths of the risk-adjusted CUSUM, for births whose risks are drawn from a given mix.

Where the CUSUM stands after a birth depends on where it stood and on the birth's risk and outcome. Between zero and the threshold its
place is taken on a fine grid; a step that ends between two places is shared between them so that its mean is kept, and what error is left
is read off from a grid of half as many places. A mix of one risk has its exact answer in `runlength`. Method: Markov chain of Brook &
Evans (Biometrika 59, 1972) as applied to risk-adjusted charts by Steiner et al. (Biostatistics 1, 2000); the sharing of steps is ours.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from tocsin.watch.runlength import _check_horizon, _check_threshold, _lowest, bernoulli_arl, bernoulli_false_alarm
from tocsin.watch.weights import llr_weights

_PLACES = 480
_CLASSES = 200
"""Different risks that are told apart; a larger mix is cut into so many classes of like risk, each with its mean."""


def risk_adjusted_arl(p: ArrayLike, ratio: float, threshold: float, *, true_ratio: float = 1.0) -> float:
    """Average run length of a risk-adjusted CUSUM from zero to the first value at or over `threshold`, in births.

    p: expected risks, in [0, 1], of births as they come, shape (births,): their mix is what counts. ratio: odds ratio that the CUSUM is
    set to detect, > 1. threshold: nats. true_ratio: odds ratio that prevails; 1 gives the in-control ARL. Raises ValueError.
    Accuracy: about one part in 1,000, and exact for a single risk.
    """
    risks, shares = _mix(p)
    _check(ratio, threshold, true_ratio)
    if risks.shape[0] == 1:
        return bernoulli_arl(float(risks[0]), ratio, threshold, rate=_raised(float(risks[0]), true_ratio))
    coarse, fine = (_mean(_moves(risks, shares, ratio, threshold, true_ratio, n)) for n in (_PLACES, 2 * _PLACES))
    return fine + (fine - coarse) / 2


def risk_adjusted_false_alarm(p: ArrayLike, ratio: float, threshold: float, horizon: int, *, true_ratio: float = 1.0) -> float:
    """Chance that a risk-adjusted CUSUM from zero reaches `threshold` within `horizon` births; otherwise as `risk_adjusted_arl`."""
    risks, shares = _mix(p)
    _check(ratio, threshold, true_ratio)
    return _chance(risks, shares, ratio, threshold, true_ratio, _check_horizon(horizon))


def risk_adjusted_threshold(
    p: ArrayLike, ratio: float, *, arl: float | None = None, false_alarm: float | None = None, horizon: int | None = None
) -> float:
    """Threshold of a risk-adjusted CUSUM that keeps a promise, as `bernoulli_threshold`, to a ten-thousandth of a nat."""
    risks, shares = _mix(p)
    if (arl is None) == (false_alarm is None and horizon is None) or (false_alarm is None) != (horizon is None):
        raise ValueError("give either arl, or false_alarm together with horizon")
    llr_weights(0.5, ratio)
    mean = float(risks @ shares)
    if arl is not None:
        if not arl >= 1:
            raise ValueError(f"arl must be at least 1 birth, got {arl!r}")
        target = float(arl)
        return _lowest(lambda h: math.log(target / risk_adjusted_arl(p, ratio, h)), math.log1p(target * mean / 3), 0.1)
    assert false_alarm is not None
    assert horizon is not None
    if not 0 < false_alarm < 1:
        raise ValueError(f"false_alarm must be a probability strictly between 0 and 1, got {false_alarm!r}")
    chance, births = float(false_alarm), _check_horizon(horizon)
    return _lowest(
        lambda h: math.log(max(_chance(risks, shares, ratio, h, 1.0, births), 1e-300) / chance),
        math.log1p(births * mean / chance / 3),
        0.1,
    )


def _raised(risk: float, true_ratio: float) -> float:
    return true_ratio * risk / (1 - risk + true_ratio * risk)


def _check(ratio: float, threshold: float, true_ratio: float) -> None:
    llr_weights(0.5, ratio)
    _check_threshold(threshold)
    if not (true_ratio > 0 and math.isfinite(true_ratio)):
        raise ValueError(f"true_ratio must be a finite number above 0, got {true_ratio!r}")


def _mix(p: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Different risks and their shares."""
    risks = np.sort(np.atleast_1d(np.asarray(p, dtype=np.float64)))
    if risks.ndim != 1 or risks.shape[0] == 0 or not (risks[0] >= 0 and risks[-1] <= 1):
        raise ValueError("p must hold at least one risk, each between 0 and 1")
    if risks[-1] == 0 or risks[0] == 1:
        raise ValueError("p must hold risks between 0 and 1, not only the ends")
    values, counts = np.unique(risks, return_counts=True)
    if values.shape[0] > _CLASSES:
        parts = np.array_split(risks, _CLASSES)
        values = np.array([part.mean() for part in parts])
        counts = np.array([part.shape[0] for part in parts])
    return values, counts / counts.sum()


@njit(cache=True)
def _moves(
    risks: NDArray[np.float64], shares: NDArray[np.float64], ratio: float, threshold: float, true_ratio: float, places: int
) -> NDArray[np.float64]:
    """Chances of going from place to place in one birth; place i stands for i * threshold / places, and those at the top are left out."""
    spacing = threshold / places
    moves = np.zeros((places, places))
    for k in range(risks.shape[0]):
        p = risks[k]
        event = true_ratio * p / (1.0 - p + true_ratio * p)
        down = -math.log1p(p * (ratio - 1.0))
        for outcome in range(2):
            chance = shares[k] * (event if outcome else 1.0 - event)
            step = (down + math.log(ratio) if outcome else down) / spacing
            whole = math.floor(step)
            part = step - whole
            for i in range(places):
                to = i + whole
                # a step that ends at zero or below ends at zero; one that ends at the threshold or above is gone
                if to < 0:
                    moves[i, 0] += chance
                else:
                    if to < places:
                        moves[i, to] += chance * (1.0 - part)
                    if to + 1 < places:
                        moves[i, to + 1] += chance * part
    return moves


def _mean(moves: NDArray[np.float64]) -> float:
    size = moves.shape[0]
    return float(np.linalg.solve(np.eye(size) - moves, np.ones(size))[0])


def _chance(
    risks: NDArray[np.float64], shares: NDArray[np.float64], ratio: float, threshold: float, true_ratio: float, horizon: int
) -> float:
    if risks.shape[0] == 1:
        return bernoulli_false_alarm(float(risks[0]), ratio, threshold, horizon, rate=_raised(float(risks[0]), true_ratio))
    coarse, fine = (_gone(_moves(risks, shares, ratio, threshold, true_ratio, n), horizon) for n in (_PLACES // 2, _PLACES))
    return min(max(fine + (fine - coarse) / 2, 0.0), 1.0)


def _gone(moves: NDArray[np.float64], births: int) -> float:
    """Chance of having left after so many births, by squaring."""
    still = np.ones(moves.shape[0])
    power = moves
    left = births
    while left:
        if left & 1:
            still = power @ still
        left >>= 1
        if left:
            power = power @ power
    return 1.0 - float(still[0])
