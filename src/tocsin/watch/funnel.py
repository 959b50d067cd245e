"""Funnel plots: many sites beside one reference, with limits that widen as a site gets smaller.

Source: Spiegelhalter, 'Funnel plots for comparing institutional performance', Statistics in Medicine 24 (2005) 1185-1202.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from scipy.stats import binom, chi2, norm, poisson

from tocsin.watch.overdispersion import overdispersion as measure_overdispersion

Floats = NDArray[np.float64]
FunnelKind = Literal["proportion", "rate", "ratio"]
Transform = Literal["none", "logit", "arcsine", "log", "sqrt"]
Method = Literal["exact", "quantile", "chi-squared", "normal"]

TRANSFORMS: dict[str, tuple[str, ...]] = {
    "proportion": ("none", "logit", "arcsine"),
    "rate": ("none", "log", "sqrt"),
    "ratio": ("none", "log", "sqrt"),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """One pair of limits. level: central coverage, such as 0.95. lower, upper: on the scale of the points, NaN where undefined."""

    level: float
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True)
class Funnel:
    """A funnel plot as numbers. Arrays have one element a site, in the order given.

    values: events per denominator (or observed over expected); NaN where undefined. denominators: the precision axis.
    centre: the reference. limits: in force, one a level, in the order asked for; quantile_limits: plain exact quantiles divided by
    the denominator, always there for comparison. z: naive z scores on the transformed scale. phi, tau2: over-dispersion as
    measured (also where it was not asked for). adjusted_z: z after the adjustment in force, z itself where there is none.
    adjusted: whether over-dispersion was asked for and found. outside: one int8 array a level: -1 below the lower limit, +1 above the
    upper, 0 within, on or undefined. curve_denominators, curve: the limits on a grid of denominators, for drawing.
    """

    kind: FunnelKind
    centre: float
    values: Floats
    denominators: Floats
    limits: tuple[Limits, ...]
    quantile_limits: tuple[Limits, ...]
    z: Floats
    adjusted_z: Floats
    phi: float
    tau2: float
    adjusted: bool
    outside: tuple[NDArray[np.int8], ...]
    curve_denominators: Floats
    curve: tuple[Limits, ...]


def funnel(
    events: ArrayLike,
    denominators: ArrayLike,
    *,
    expected: ArrayLike | None = None,
    reference: float | None = None,
    kind: FunnelKind = "proportion",
    limits: tuple[float, ...] = (0.95, 0.998),
    method: Method = "exact",
    overdispersion: Literal["multiplicative", "additive"] | None = None,
    winsorise: float | None = 0.1,
    truncate: float | None = None,
    transform: Transform = "none",
    points: int = 200,
) -> Funnel:
    """Compare sites with a reference.

    events: whole numbers, one a site. denominators: births (proportion, whole numbers), exposure (rate) or expected events (ratio).
    expected: expected events for kind 'ratio', instead of the denominators. reference: the centre; without it the sum of events
    over the sum of denominators, or 1 for a ratio. limits: central coverages.

    method: 'exact' are binomial or Poisson limits with the interpolation of Spiegelhalter 2005, A.1.1: with r the smallest count
    whose distribution function F(r) is at least p, the limit is (r - (F(r) - p) / (F(r) - F(r-1))) / n, not below 0. 'quantile' is
    r / n. 'chi-squared' (rate and ratio) is the exact Poisson interval about the expected count, which some published dashboards
    draw. 'normal' is centre -+ z s on the scale of `transform`.

    overdispersion: 'multiplicative' widens s to s sqrt(phi), 'additive' to sqrt(s^2 + tau2), always with normal limits on the
    scale of `transform`; where none is found (phi <= 1, tau2 = 0) the limits of `method` stand. winsorise, truncate: see
    `overdispersion.overdispersion`. transform and s: proportion: 'none' sqrt(c(1-c)/n), 'logit' 1/sqrt(n c(1-c)), 'arcsine' of the square
    root 1/(2 sqrt n); rate and ratio: 'none' sqrt(c/n), 'log' 1/sqrt(c n), 'sqrt' 1/(2 sqrt n). Only where a logit or log would be
    infinite, half an event is added (and half a non-event). Limits are cut at 0 and, for proportions, at 1.

    A site with NaN or a denominator of 0 has NaN values and limits, lies nowhere outside, and counts in nothing. Raises ValueError
    for negative, infinite or fractional events, more events than births, events with a denominator of 0, or unlike lengths.
    """
    n = np.asarray(denominators if expected is None else expected, dtype=np.float64)
    if expected is not None and kind != "ratio":
        raise ValueError(f"expected events belong to kind 'ratio', got kind {kind!r}")
    r = np.asarray(events, dtype=np.float64)
    _check(r, n, kind, limits, method, overdispersion, transform)
    usable = np.isfinite(r) & np.isfinite(n) & (n > 0)
    r, size = np.where(usable, r, np.nan), np.where(usable, n, np.nan)
    centre = _centre(r, size, kind, reference)
    values = r / size
    z, error = _scores(r, size, centre, kind, transform)
    spread = measure_overdispersion(z, error, winsorise=winsorise, truncate=truncate)
    found = {None: False, "multiplicative": spread.phi > 1, "additive": spread.tau2 > 0}[overdispersion]

    widened, tau2 = 1.0, 0.0
    if found:
        widened, tau2 = (float(np.sqrt(spread.phi)), 0.0) if overdispersion == "multiplicative" else (1.0, spread.tau2)
    used: Method = "normal" if found else method

    def bounds(at: Floats, how: Method) -> tuple[Limits, ...]:
        return tuple(_limits(at, centre, kind, level, how, transform, widened, tau2) for level in limits)

    drawn = bounds(size, used)
    grid = _grid(size[usable], kind, points)
    return Funnel(
        kind=kind,
        centre=centre,
        values=values,
        denominators=n,
        limits=drawn,
        quantile_limits=bounds(size, "quantile"),
        z=z,
        adjusted_z=z * error / np.sqrt((error * widened) ** 2 + tau2),
        phi=spread.phi,
        tau2=spread.tau2,
        adjusted=found,
        outside=tuple((np.where(values > pair.upper, 1, 0) - np.where(values < pair.lower, 1, 0)).astype(np.int8) for pair in drawn),
        curve_denominators=grid,
        curve=bounds(grid, used),
    )


def _check(r: Floats, n: Floats, kind: str, levels: tuple[float, ...], method: str, overdispersion: str | None, transform: str) -> None:
    if kind not in TRANSFORMS:
        raise ValueError(f"kind must be one of {', '.join(TRANSFORMS)}, got {kind!r}")
    if transform not in TRANSFORMS[kind]:
        raise ValueError(f"transform for a {kind} must be one of {', '.join(TRANSFORMS[kind])}, got {transform!r}")
    if method not in ("exact", "quantile", "chi-squared", "normal") or (method == "chi-squared" and kind == "proportion"):
        raise ValueError(f"method {method!r} is not known for a {kind}")
    if overdispersion not in (None, "multiplicative", "additive"):
        raise ValueError(f"overdispersion must be None, 'multiplicative' or 'additive', got {overdispersion!r}")
    if any(not 0 < level < 1 for level in levels):
        raise ValueError(f"limits are coverages strictly between 0 and 1, got {levels!r}")
    if r.ndim != 1 or r.shape != n.shape:
        raise ValueError(f"events and denominators must be 1-D of one length, got shapes {r.shape} and {n.shape}")
    if np.isinf(r).any() or np.isinf(n).any() or (r < 0).any() or (n < 0).any():
        raise ValueError("events and denominators must be finite and not negative")
    if (np.isfinite(r) & (r != np.floor(r))).any():
        raise ValueError("events must be whole numbers")
    if ((n == 0) & (r > 0)).any():
        raise ValueError(f"site {int(np.argmax((n == 0) & (r > 0)))} has events but a denominator of 0")
    if kind == "proportion":
        if (np.isfinite(n) & (n != np.floor(n))).any():
            raise ValueError("the denominators of proportions must be whole numbers")
        if (r > n).any():
            raise ValueError(f"site {int(np.argmax(r > n))} has more events than births")


def _centre(r: Floats, n: Floats, kind: str, reference: float | None) -> float:
    if reference is not None:
        if not 0 <= reference < np.inf or (kind == "proportion" and reference > 1):
            raise ValueError(f"reference is not possible for a {kind}: {reference!r}")
        return float(reference)
    if kind == "ratio":
        return 1.0
    total = float(np.nansum(n))
    return float(np.nansum(r)) / total if total > 0 else float("nan")


def _scores(r: Floats, n: Floats, centre: float, kind: str, transform: str) -> tuple[Floats, Floats]:
    rate = r / n
    if transform == "logit":
        edge = np.where((r == 0) | (r == n), 0.5, 0.0)
        rate = (r + edge) / (n + 2 * edge)
    elif transform == "log":
        rate = np.where(r == 0, 0.5, r) / n
    error = _error(n, centre, kind, transform)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = _forward(rate, transform) - _forward(np.float64(centre), transform)
        # A centre of exactly 0 (or 1) leaves no variation: a site that agrees with it is not unusual.
        z = np.where(difference == 0, 0.0, difference / error)
    return np.where(np.isfinite(z) | np.isnan(rate), z, np.nan), error


def _error(n: Floats, centre: float, kind: str, transform: str) -> Floats:
    variance = centre * (1 - centre) if kind == "proportion" else centre
    with np.errstate(divide="ignore", invalid="ignore"):
        if transform == "none":
            return np.asarray(np.sqrt(variance / n), dtype=np.float64)
        if transform in ("logit", "log"):
            return np.asarray(1 / np.sqrt(variance * n), dtype=np.float64)
        return np.asarray(0.5 / np.sqrt(n), dtype=np.float64)


def _forward(y: Floats | np.float64, transform: str) -> Floats:
    result: Floats | np.float64
    with np.errstate(divide="ignore", invalid="ignore"):
        match transform:
            case "logit":
                result = np.log(y / (1 - y))
            case "log":
                result = np.log(y)
            case "arcsine":
                result = np.arcsin(np.sqrt(y))
            case "sqrt":
                result = np.sqrt(y)
            case _:
                result = y
    return np.asarray(result, dtype=np.float64)


def _back(y: Floats, transform: str) -> Floats:
    result: Floats
    match transform:
        case "logit":
            result = expit(y)
        case "log":
            result = np.exp(y)
        case "arcsine":
            # Beyond the quarter circle the sine turns back; the limit has reached 0 or 1 by then.
            result = np.sin(np.clip(y, 0, np.pi / 2)) ** 2
        case "sqrt":
            result = np.maximum(y, 0) ** 2
        case _:
            result = y
    return np.asarray(result, dtype=np.float64)


def _limits(
    n: Floats, centre: float, kind: FunnelKind, level: float, method: Method, transform: Transform, widened: float, tau2: float
) -> Limits:
    low, high = (1 - level) / 2, (1 + level) / 2
    if method == "normal":
        spread = float(norm.ppf(high)) * np.sqrt((_error(n, centre, kind, transform) * widened) ** 2 + tau2)
        middle = _forward(np.float64(centre), transform)
        lower, upper = _back(middle - spread, transform), _back(middle + spread, transform)
    elif method == "chi-squared":
        mean = centre * n
        lower, upper = chi2.ppf(low, 2 * mean) / 2 / n, chi2.ppf(high, 2 * (mean + 1)) / 2 / n
    else:
        interpolate = method == "exact"
        lower, upper = (_quantile(p, n, centre, kind, interpolate) / n for p in (low, high))
    ceiling = 1.0 if kind == "proportion" else np.inf
    return Limits(level, np.clip(lower, 0, ceiling), np.clip(upper, 0, ceiling))


def _quantile(p: float, n: Floats, centre: float, kind: str, interpolate: bool) -> Floats:
    law = binom(n, centre) if kind == "proportion" else poisson(centre * n)
    # scipy answers -1 for a mean of 0 in some versions; no count lies below 0.
    r = np.maximum(law.ppf(p), 0)
    if not interpolate:
        return np.asarray(r, dtype=np.float64)
    reached, before = law.cdf(r), law.cdf(r - 1)
    return np.asarray(r - (reached - p) / (reached - before), dtype=np.float64)


def _grid(n: Floats, kind: str, points: int) -> Floats:
    if n.size == 0:
        return np.empty(0)
    grid = np.geomspace(max(n.min() * 0.5, 1.0 if kind == "proportion" else n.min() * 0.5), n.max(), points)
    return np.unique(np.round(grid)) if kind == "proportion" else grid
