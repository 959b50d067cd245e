"""Exponentially weighted moving average charts, with exact limits and run lengths.

Sources: Roberts, Technometrics 1 (1959); Lucas & Saccucci, Technometrics 32 (1990), whose tables the run lengths reproduce.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import roots_legendre
from scipy.stats import norm

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ewma:
    """path: the average after each value. lower, upper: limits at each. Arrays of shape (values,); NaN values leave the path as it was."""

    path: Floats
    lower: Floats
    upper: Floats
    outside: NDArray[np.bool_]


def ewma(y: ArrayLike, mean: ArrayLike, sigma: ArrayLike, *, weight: float = 0.2, width: float = 3.0) -> Ewma:
    """EWMA of y about what is expected of each value.

    y: values, shape (values,). mean, sigma: expected value and standard deviation of each (one number for all, or one a value), so that
    rates, counts (mean E, sigma sqrt E) and risk-adjusted outcomes (p, sqrt p(1 - p)) are charted alike. weight: of the newest value, in
    (0, 1]. width: of the limits, in standard deviations of the average. Limits are exact for each point, not those of the far future.
    """
    _check(weight, width)
    values = np.asarray(y, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"y must be one row of numbers, got shape {values.shape}")
    means, sigmas = (np.broadcast_to(np.asarray(a, dtype=np.float64), values.shape) for a in (mean, sigma))
    if (sigmas < 0).any():
        raise ValueError("sigma must not be below 0")
    path, centre, variance = (np.empty(values.shape[0]) for _ in range(3))
    at, middle, spread = (float(means[0]) if values.shape[0] else 0.0), (float(means[0]) if values.shape[0] else 0.0), 0.0
    for i in range(values.shape[0]):
        if np.isfinite(values[i]):
            at = (1 - weight) * at + weight * values[i]
            middle = (1 - weight) * middle + weight * means[i]
            spread = (1 - weight) ** 2 * spread + weight**2 * sigmas[i] ** 2
        path[i], centre[i], variance[i] = at, middle, spread
    half = width * np.sqrt(variance)
    return Ewma(path, centre - half, centre + half, (path > centre + half) | (path < centre - half))


def ewma_arl(weight: float, width: float, shift: float = 0.0, *, nodes: int = 120) -> float:
    """Average run length of a two-sided EWMA of independent normal values with limits fixed at their far-future width.

    shift: of the mean, in standard deviations of one value. Solved as an integral equation by Gauss-Legendre quadrature (Crowder,
    Technometrics 29 (1987)); checked against Lucas & Saccucci (1990).
    """
    _check(weight, width)
    limit = width * math.sqrt(weight / (2 - weight))
    at, heights = roots_legendre(nodes)
    at, heights = at * limit, heights * limit
    kernel = norm.pdf((at[None, :] - (1 - weight) * at[:, None]) / weight - shift) * heights[None, :] / weight
    lengths = np.linalg.solve(np.eye(nodes) - kernel, np.ones(nodes))
    from_zero = norm.pdf(at / weight - shift) * heights / weight
    return float(1 + from_zero @ lengths)


def _check(weight: float, width: float) -> None:
    if not 0 < weight <= 1:
        raise ValueError(f"weight must be above 0 and at most 1, got {weight!r}")
    if not width > 0:
        raise ValueError(f"width must be above 0, got {width!r}")
