"""Statistical process control charts: run, XmR, P, P', U, U', C, G and T, with the rules of two schools.

Sources: Shewhart (1931); Montgomery, Introduction to Statistical Quality Control; Provost & Murray, The Health Care Data Guide; Laney,
Quality Engineering 14 (2002) 531-537 for P' and U'; Benneyan, Health Care Management Science 4 (2001) for G; Nelson, J Quality Technology
26 (1994) for T; NHS England, Making Data Count; Anhoej & Olesen, PLoS ONE 9 (2014) e113825 for the rules of runs.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
SpcKind = Literal["run", "xmr", "p", "pp", "u", "up", "c", "g", "t"]

KINDS: tuple[str, ...] = ("run", "xmr", "p", "pp", "u", "up", "c", "g", "t")
_NAMES = {"i": "xmr", "p'": "pp", "u'": "up"}
_D2 = 1.128
"""Mean range of two values of a normal distribution, in standard deviations (2 / sqrt(pi), as tables round it)."""
_MOVING_RANGE_LIMIT = 3.267
"""Upper limit of moving ranges of two, as a multiple of their mean (D4 of the tables)."""
_XMR_LIMIT = 2.66
"""Half the width of natural process limits, in mean moving ranges: 3 / 1.128, as tables and the NHS round it."""
_T_POWER = 3.6


@dataclass(frozen=True, slots=True)
class Anhoej:
    """Runs about the centre line. useful: points not on the line. signal: whether either limit is passed.

    longest_run, longest_run_limit: a run longer than the limit signals. crossings, crossings_limit: fewer than the limit signal.
    """

    useful: int
    longest_run: int
    longest_run_limit: int
    crossings: int
    crossings_limit: int
    signal: bool


@dataclass(frozen=True, slots=True)
class Spc:
    """A chart as numbers. Arrays have one element a point; NaN where there is nothing to plot.

    values: what is plotted. centre, lower, upper: the lines (lower, upper NaN on a run chart). sigma: one standard deviation of a point.
    part: number of the phase that each point belongs to. outside: beyond a limit. shift: in a run of `shift_length` or more on one side of
    the centre. trend: in a run of `trend_length` or more rising or falling points. two_of_three: in the outer third within a limit, as two
    or more are of three points in a row on one side. anhoej: one a phase.
    """

    kind: str
    values: Floats
    centre: Floats
    lower: Floats
    upper: Floats
    sigma: Floats
    part: NDArray[np.int64]
    outside: Flags
    shift: Flags
    trend: Flags
    two_of_three: Flags
    anhoej: tuple[Anhoej, ...]

    @property
    def rules(self) -> dict[str, Flags]:
        """Rules by name: which points break them."""
        return {"outside": self.outside, "shift": self.shift, "trend": self.trend, "two-of-three": self.two_of_three}

    @property
    def special_cause(self) -> Flags:
        """Points that break any of the Making Data Count rules."""
        return np.asarray(self.outside | self.shift | self.trend | self.two_of_three)


def spc(
    kind: str,
    values: ArrayLike,
    sizes: ArrayLike | None = None,
    *,
    freeze: int | None = None,
    phases: Sequence[int] = (),
    exclude: Sequence[int] = (),
    screen_moving_ranges: bool | None = None,
    shift_length: int = 7,
    trend_length: int = 7,
) -> Spc:
    """Chart of `values`.

    kind: run (median, no limits), xmr (or i), p, pp (P'), u, up (U'), c, g, t. values: for p and pp events (numerators), for u and up
    events, for c counts, for g cases between events, for t times between events (> 0 or 0), else measurements; shape (points,), NaN where
    missing. sizes: denominators for p, pp, u, up. freeze: only the first so many points of the first phase make its lines. phases: indices
    at which new lines begin. exclude: indices that do not make the lines but are judged by them. screen_moving_ranges: leave moving ranges
    of 3.267 times their mean or more out of the sigma of xmr, pp and up (once); where not given, so on xmr, as NHS England's tools do.
    shift_length, trend_length: points that make a shift or a trend; Making Data Count has seven for both.

    A missing value is no point: it neither breaks a run nor joins one, and no moving range reaches across it. Limits of xmr are 2.66 mean
    moving ranges from the mean. Lower limits below 0 are 0, and P limits above 1 are 1, except on
    xmr. Raises ValueError where the numbers cannot be of the kind asked for.
    """
    name = _NAMES.get(str(kind).lower(), str(kind).lower())
    if name not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    y = np.asarray(values, dtype=np.float64)
    n = _sizes(name, y, sizes)
    _check(name, y, n, freeze, phases, exclude)
    plotted = y / n if name in ("p", "pp", "u", "up") else y
    plotted = np.where(np.isfinite(plotted), plotted, np.nan)
    count = y.shape[0]
    edges = [0, *sorted(set(phases) - {0, count}), count]
    centre, lower, upper, sigma = (np.full(count, np.nan) for _ in range(4))
    part = np.zeros(count, np.int64)
    shift, trend, two_of_three = (np.zeros(count, bool) for _ in range(3))
    anhoej = []
    left_out = np.zeros(count, bool)
    left_out[list(exclude)] = True
    for number, (a, b) in enumerate(itertools.pairwise(edges)):
        of = slice(a, b)
        part[of] = number
        base = ~left_out[of]
        if freeze is not None and number == 0:
            base[freeze:] = False
        if np.isfinite(plotted[of][base]).any():
            screen = name == "xmr" if screen_moving_ranges is None else screen_moving_ranges
            centre[of], lower[of], upper[of], sigma[of] = _lines(name, plotted[of], y[of], n[of], base, screen)
        shift[of] = _shift(plotted[of], centre[of], shift_length)
        trend[of] = _trend(plotted[of], trend_length)
        two_of_three[of] = _two_of_three(plotted[of], centre[of], lower[of], upper[of])
        anhoej.append(_anhoej(plotted[of], centre[of]))
    with np.errstate(invalid="ignore"):
        outside = (plotted > upper) | (plotted < lower)
    return Spc(name, plotted, centre, lower, upper, sigma, part, outside, shift, trend, two_of_three, tuple(anhoej))


def _sizes(name: str, y: Floats, sizes: ArrayLike | None) -> Floats:
    if name not in ("p", "pp", "u", "up"):
        if sizes is not None:
            raise ValueError(f"a {name} chart has no sizes")
        return np.ones_like(y)
    if sizes is None:
        raise ValueError(f"a {name} chart needs sizes (denominators), one a point")
    n = np.broadcast_to(np.asarray(sizes, dtype=np.float64), y.shape)
    with np.errstate(invalid="ignore"):
        return np.where(n > 0, n, np.nan)


def _check(name: str, y: Floats, n: Floats, freeze: int | None, phases: Sequence[int], exclude: Sequence[int]) -> None:
    if y.ndim != 1:
        raise ValueError(f"values must be one row of numbers, got shape {y.shape}")
    if np.isinf(y).any():
        raise ValueError("values must be finite, or NaN where missing")
    with np.errstate(invalid="ignore"):
        if name not in ("run", "xmr") and (y < 0).any():
            raise ValueError(f"a {name} chart takes no values below 0; the first is at index {int(np.flatnonzero(y < 0)[0])}")
        if name in ("p", "pp") and (y > n).any():
            raise ValueError(f"events cannot be more than their denominator; see index {int(np.flatnonzero(y > n)[0])}")
    count = y.shape[0]
    if freeze is not None and not 1 <= freeze <= max(count, 1):
        raise ValueError(f"freeze must be between 1 and {count}, the number of points; got {freeze}")
    for index in (*phases, *exclude):
        if not 0 <= index < max(count, 1):
            raise ValueError(f"there is no point {index}; indices run from 0 to {count - 1}")


def _lines(
    name: str, plotted: Floats, y: Floats, n: Floats, base: Flags, screen: bool
) -> tuple[Floats | float, Floats | float, Floats | float, Floats | float]:
    """Centre, lower, upper and sigma of one phase, from the points of `base`."""
    nothing = math.nan
    match name:
        case "run":
            return float(np.nanmedian(plotted[base])), nothing, nothing, nothing
        case "xmr":
            middle = float(np.nanmean(plotted[base]))
            reach = _XMR_LIMIT * _mean_moving_range(plotted[base], screen)
            return middle, middle - reach, middle + reach, reach / 3
        case "c":
            middle = float(np.nanmean(plotted[base]))
            one = math.sqrt(middle)
            return middle, max(0.0, middle - 3 * one), middle + 3 * one, one
        case "g":
            # the median would split the points in half; the mean is that of a geometric distribution counted from 0
            middle = float(np.nanmean(plotted[base]))
            one = math.sqrt(middle * (middle + 1))
            return middle, max(0.0, middle - 3 * one), middle + 3 * one, one
        case "t":
            changed = plotted[base] ** (1 / _T_POWER)
            middle, one = float(np.nanmean(changed)), _mean_moving_range(changed, False) / _D2
            low, high = max(0.0, middle - 3 * one), middle + 3 * one
            return middle**_T_POWER, low**_T_POWER, high**_T_POWER, nothing
    known = base & np.isfinite(plotted)
    middle = float(y[known].sum() / n[known].sum())
    proportion = name in ("p", "pp")
    each = np.sqrt((middle * (1 - middle) if proportion else middle) / n)
    if name in ("pp", "up") and each.max() > 0:  # where nothing, or everything, is an event, there is no spread to widen
        with np.errstate(invalid="ignore", divide="ignore"):
            z = (plotted[base] - middle) / each[base]
        each = each * (_mean_moving_range(z, screen) / _D2)
    upper = middle + 3 * each
    return middle, np.maximum(middle - 3 * each, 0.0), np.minimum(upper, 1.0) if proportion else upper, each


def _mean_moving_range(values: Floats, screen: bool) -> float:
    ranges = np.abs(np.diff(values))
    ranges = ranges[np.isfinite(ranges)]
    if ranges.shape[0] == 0:
        return math.nan
    mean = float(ranges.mean())
    if screen:
        kept = ranges[ranges < _MOVING_RANGE_LIMIT * mean]
        mean = float(kept.mean()) if kept.shape[0] else mean
    return mean


def _shift(values: Floats, centre: Floats, length: int) -> Flags:
    """Points of runs of `length` or more on one side; a point on the line ends a run."""
    return _runs(np.where(np.isfinite(values), np.sign(values - centre), np.nan), length, 0)


def _trend(values: Floats, length: int) -> Flags:
    """Points of `length` or more that each lie above (or below) the one before."""
    present = np.flatnonzero(np.isfinite(values))
    steps = np.sign(np.diff(values[present]))
    found = np.zeros(values.shape[0], bool)
    i = 0
    while i < steps.shape[0]:
        j = i
        while j < steps.shape[0] and steps[j] == steps[i]:
            j += 1
        # n steps one way join n + 1 points
        if steps[i] != 0 and j - i + 1 >= length:
            found[present[i : j + 1]] = True
        i = j
    return found


def _runs(sides: Floats, length: int, skip: float) -> Flags:
    present = np.flatnonzero(np.isfinite(sides))
    found = np.zeros(sides.shape[0], bool)
    i = 0
    while i < present.shape[0]:
        j = i
        while j < present.shape[0] and sides[present[j]] == sides[present[i]]:
            j += 1
        if sides[present[i]] != skip and j - i >= length:
            found[present[i:j]] = True
        i = j
    return found


def _two_of_three(values: Floats, centre: Floats, lower: Floats, upper: Floats) -> Flags:
    """Points in the outer third within a limit, where two or more are so of three points in a row that all lie on one side."""
    present = np.flatnonzero(np.isfinite(values) & np.isfinite(upper))
    found = np.zeros(values.shape[0], bool)
    v, c, low, high = values[present], centre[present], lower[present], upper[present]
    near = ((v > c + (high - c) * 2 / 3) & (v <= high)) | ((v < c - (c - low) * 2 / 3) & (v >= low))
    side = np.sign(v - c)
    for i in range(near.shape[0] - 2):
        if near[i : i + 3].sum() >= 2 and abs(side[i : i + 3].sum()) == 3:
            found[present[i : i + 3][near[i : i + 3]]] = True
    return found


def _anhoej(values: Floats, centre: Floats) -> Anhoej:
    sides = np.sign(values - centre)
    sides = sides[np.isfinite(sides) & (sides != 0)]
    useful = int(sides.shape[0])
    if useful == 0:
        return Anhoej(0, 0, 0, 0, 0, False)
    changes = np.flatnonzero(np.diff(sides)) + 1
    longest = int(np.diff(np.concatenate([[0], changes, [useful]])).max())
    run_limit = round(math.log2(useful) + 3)
    crossing_limit = int(binom.ppf(0.05, useful - 1, 0.5)) if useful > 1 else 0
    crossings = int(changes.shape[0])
    return Anhoej(useful, longest, run_limit, crossings, crossing_limit, longest > run_limit or crossings < crossing_limit)
