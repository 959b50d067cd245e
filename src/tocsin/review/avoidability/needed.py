"""How many more cases or reviewers would settle it: what an interval would come to in a larger panel, and the least that is enough.

The interval as it stands is carried over to another panel by the ratio of the variances that generalizability theory gives to the two
(Cronbach and others, 1972; Brennan, Generalizability Theory, 2001): that of cases over cases, that of reviewers over reviewers, and the
play of chance over gradings; each from the draws of the model. Cases out of a counted whole are drawn without putting back.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tocsin.review.avoidability.fit import Avoidability, cuts_of

Floats = NDArray[np.float64]
Measure = Literal["would", "might_or_would"]
MOST = 1_000_000
"""Cases or reviewers beyond which a question counts as not to be settled."""
LEAST_HALF_WIDTH = 0.005


@dataclass(frozen=True, slots=True)
class Needed:
    """What would settle a question. half_width: that which settles it. now: that of the interval as it stands. settled: it is already.

    more_cases: with the same reviewers, each case graded as often as now; more_reviewers: for the same cases, graded as often as now;
    both: (cases, reviewers) more, if each reviewer takes as many cases as now. None where no number is enough. sentence: in words.
    """

    measure: Measure
    half_width: float
    now: float
    settled: bool
    more_cases: int | None
    more_reviewers: int | None
    both: tuple[int, int] | None
    sentence: str


def half_width_of(fit: Avoidability, *, cases: int, reviewers: int, per_case: float, measure: Measure = "might_or_would") -> float:
    """Half the width that the interval of the typical share would have in another panel, as far as this one tells. Raises ValueError."""
    if cases < 1 or reviewers < 1 or not 1 <= per_case <= reviewers:
        raise ValueError("cases and reviewers must be at least 1, and per_case between 1 and the number of reviewers")
    return _reach(fit, measure)(cases, reviewers, per_case)


def needed(
    fit: Avoidability, *, half_width: float | None = None, threshold: float | None = None, measure: Measure = "might_or_would"
) -> Needed:
    """What it takes until the interval of the typical share is within `half_width` either way, or no longer holds `threshold`.

    For a threshold the share is taken to stay where it is. Give one of the two. Raises ValueError.
    """
    if (half_width is None) == (threshold is None):
        raise ValueError("give half_width or threshold, one of the two")
    found = getattr(fit.typical, measure)
    now = (found.upper - found.lower) / 2
    if half_width is not None:
        if not LEAST_HALF_WIDTH <= half_width < 0.5:
            raise ValueError(f"half_width must be from {LEAST_HALF_WIDTH} to under 0.5, got {half_width!r}")
        settled, aim = now <= half_width, half_width
        aim_said = f"known within {100 * half_width:.3g} in 100 either way"
    else:
        assert threshold is not None
        if not 0 < threshold < 1:
            raise ValueError(f"threshold must be strictly between 0 and 1, got {threshold!r}")
        settled = not found.lower <= threshold <= found.upper
        aim = found.value - threshold if found.value > threshold else threshold - found.value
        side = "above" if found.value > threshold else "below"
        aim_said = f"told from {100 * threshold:.3g} in 100 ({side} it, if it stays at {100 * found.value:.0f})"
    if settled:
        return Needed(measure, aim, now, True, 0, 0, (0, 0), f"The share is {aim_said} already.")
    if aim < LEAST_HALF_WIDTH:
        return Needed(measure, aim, now, False, None, None, None, f"The share lies too near {100 * (threshold or 0):.3g} in 100 to be told from it.")
    reach = _reach(fit, measure)
    per_case, load = fit.gradings / fit.cases, fit.gradings / fit.reviewers
    whole = int(sum(fit.population.values())) if fit.population else MOST
    cases = _least(lambda n: reach(n, fit.reviewers, per_case) <= aim, fit.cases, whole)
    reviewers = _least(lambda r: reach(fit.cases, r, per_case) <= aim, fit.reviewers, MOST)
    both = _least(lambda n: reach(n, _staff(n, per_case, load, fit.reviewers), per_case) <= aim, fit.cases, whole)
    pair = None if both is None else (both - fit.cases, _staff(both, per_case, load, fit.reviewers) - fit.reviewers)
    more_cases, more_reviewers = (None if x is None else x - y for x, y in ((cases, fit.cases), (reviewers, fit.reviewers)))
    return Needed(measure, aim, now, False, more_cases, more_reviewers, pair, _said(aim_said, more_cases, more_reviewers, pair))


def _reach(fit: Avoidability, measure: Measure) -> Callable[[int, int, float], float]:
    """Half-width by cases, reviewers, gradings of a case."""
    d = fit.draws
    cut = d.cuts[:, cuts_of(fit.scale)[0 if measure == "would" else 1]]
    total = np.sqrt(1 + d.sd_cases**2)
    share = ndtr(-cut / total)
    u = np.linspace(-5, 5, 41)
    weight = np.exp(-0.5 * u * u) / np.exp(-0.5 * u * u).sum()
    of_cases = np.maximum(ndtr(d.sd_cases[:, None] * u - cut[:, None]) ** 2 @ weight - share**2, 0)
    of_chance = np.maximum(share * (1 - share) - of_cases, 0)
    slope = np.exp(-0.5 * (cut / total) ** 2) / (math.sqrt(2 * math.pi) * total)
    parts = [float(d.weight @ part) for part in (of_cases, (slope * d.sd_reviewers) ** 2, of_chance)]
    whole = sum(fit.population.values()) if fit.population else math.inf

    def variance(cases: int, reviewers: int, per_case: float) -> float:
        return parts[0] * max(1 / cases - 1 / whole, 0) + parts[1] / reviewers + parts[2] / (cases * per_case)

    found = getattr(fit.typical, measure)
    now, stands = (found.upper - found.lower) / 2, variance(fit.cases, fit.reviewers, fit.gradings / fit.cases)
    return lambda cases, reviewers, per_case: now * math.sqrt(variance(cases, reviewers, per_case) / stands)


def _staff(cases: int, per_case: float, load: float, now: int) -> int:
    return max(now, math.ceil(cases * per_case / load - 1e-9))


def _least(enough: Callable[[int], bool], low: int, most: int) -> int | None:
    """Smallest number from low to most that is enough, where more is never less than enough; None if even most is not."""
    if low > most or not enough(most):
        return None
    high = most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def _said(aim: str, cases: int | None, reviewers: int | None, both: tuple[int, int] | None) -> str:
    ways = []
    if cases is not None:
        ways.append(f"{cases:,} more {'case' if cases == 1 else 'cases'} with the same reviewers")
    if reviewers is not None:
        ways.append(f"{reviewers:,} more {'reviewer' if reviewers == 1 else 'reviewers'} for the same cases")
    if both is not None and both[1] and cases != both[0]:
        ways.append(f"{both[0]:,} more cases and {both[1]:,} more reviewers, each with as many cases as now")
    if not ways:
        return f"The share cannot be {aim}, however many cases or reviewers there are; grade each case more often as well."
    without = []
    if cases is None:
        without.append("More cases alone would not do.")
    if reviewers is None:
        without.append("More reviewers alone would not do.")
    return " ".join([f"For the share to be {aim} it would take about {', or '.join(ways)}.", *without])
