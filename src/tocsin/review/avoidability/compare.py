"""One provider's share of avoidable outcomes beside the others', corrected for who graded and for how providers differ anyhow.

A plain funnel would take each share as counted. Here each provider's place comes from the same model as avoidability, so a severe reviewer
who saw one provider's cases only does not make it look worse; and it is held against what the *other* providers lead one to expect of one
more like them, their spread included (prediction in a random-effects meta-analysis with k - 2 degrees of freedom: Higgins, Thompson &
Spiegelhalter, JRSS A 172 (2009) 137-159; their spread after Paule & Mandel, 1982). That the provider itself is left out of its own
yardstick keeps one very bad provider from hiding behind the spread that it makes.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import false_discovery_control
from scipy.stats import t as student

from tocsin.review.avoidability.fit import Avoidability, cuts_of
from tocsin.review.avoidability.posterior import Posterior, mode_at

Floats = NDArray[np.float64]
LEAST_PROVIDERS = 5
_FREE = 2.5
"""Spread of groups so large that their places are practically not drawn together."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One provider. cases: graded. share: 'might or would' as a typical reviewer would grade it, not drawn towards the others.

    expected, lower, upper: the share that the others lead one to expect of one more provider, with a 95 % interval for one with as many
    cases. p: chance of a share at least so high if it is like the others. q: share of false findings if all with this q or lower are taken.
    """

    provider: str
    cases: int
    share: float
    expected: float
    lower: float
    upper: float
    p: float
    q: float


def compare(fit: Avoidability) -> tuple[Compared, ...]:
    """Every provider beside the others, the most unusual first. The groups of the gradings must be providers.

    Raises ValueError for fewer than five providers: their spread could not be told from one that stands out.
    """
    data = fit.data
    if len(data.groups) < LEAST_PROVIDERS:
        raise ValueError(f"to compare providers takes at least {LEAST_PROVIDERS}, got {len(data.groups)}")
    place, spread, cut, total = _places(fit)
    held = data.in_group()
    rows = []
    for h, name in enumerate(data.groups):
        others = np.delete(np.arange(len(data.groups)), h)
        centre, of_centre, between = _meta(place[others], spread[others])
        wide = math.sqrt(spread[h] ** 2 + between + of_centre)
        freedom = len(others) - 2
        reach = float(student.ppf(0.975, freedom)) * wide
        p = float(student.sf((place[h] - centre) / wide, freedom))
        low, middle, high, own = ((float(ndtr((x - cut) / total))) for x in (centre - reach, centre, centre + reach, place[h]))
        rows.append((name, int(held[h]), own, middle, low, high, p))
    qs = false_discovery_control([r[-1] for r in rows])
    found = [Compared(*row, float(q)) for row, q in zip(rows, qs, strict=True)]
    return tuple(sorted(found, key=lambda c: (c.p, c.provider)))


def _places(fit: Avoidability) -> tuple[Floats, Floats, float, float]:
    """(places of providers about their middle, their standard errors, the cut of 'might' from that middle, sd of one grading of any case).

    Each place rests on its provider's own cases. Errors are those of the place less the middle: what all share cancels.
    """
    post = Posterior(fit.data)
    mode, bend = mode_at(post, fit.sd_reviewers.value, _FREE)
    cuts, sd, _ = post.natural(mode)
    begins, many = post.last + 1 + post.reviewers, post.groups
    about = np.eye(many) - 1 / many
    cover = about @ np.linalg.inv(bend)[begins:, begins:] @ about
    middle = float(mode[begins:].mean())
    return mode[begins:] - middle, np.sqrt(np.diag(cover)), float(cuts[cuts_of(fit.scale)[1]]) - middle, math.sqrt(1 + sd * sd)


def _meta(y: Floats, error: Floats) -> tuple[float, float, float]:
    """(centre, variance of the centre, variance between) after Paule and Mandel."""

    def excess(between: float) -> float:
        w = 1 / (error**2 + between)
        centre = float((w * y).sum() / w.sum())
        return float((w * (y - centre) ** 2).sum()) - (len(y) - 1)

    between = 0.0 if excess(0.0) <= 0 else float(brentq(excess, 0.0, 100.0))
    w = 1 / (error**2 + between)
    return float((w * y).sum() / w.sum()), float(1 / w.sum()), between
