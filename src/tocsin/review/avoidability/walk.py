"""Random walks over the posterior, for panels so small or so one-sided that a normal law at its mode is no fair picture of it.

Many short walks begin at draws of the approximation. Each step moves everything at once, along the directions in which the walks are
spread; then each spread alone; then each spread together with the effects that it governs, which keeps walks from sticking where it is
small (Roberts & Rosenthal, Statistical Science 16 (2001) 351-367).
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tocsin.review.avoidability.likelihood import FAR, between, log_likelihood, log_table, node_count

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@njit(cache=True)
def log_density(
    x: Floats,
    spreads: Floats,
    start: Integers,
    pair: Integers,
    grade: Integers,
    times: Floats,
    pair_reviewer: Integers,
    pair_group: Integers,
    sizes: Integers,
    prior: Floats,
) -> float:
    """Log posterior density of x and log spreads. sizes: (cuts, reviewers, groups, most). prior: (a grade, reviewers, groups)."""
    last, reviewers, groups, most = sizes
    sd = math.exp(min(x[last], 6.0))
    scale = math.sqrt(1 + sd * sd)
    cuts = np.empty(last)
    at = x[0]
    value = 0.0
    before = -np.inf
    for k in range(last):
        if k > 0:
            at += math.exp(min(x[k], 30.0))
            value += x[k]
        if not abs(at) < 35.0:
            return -np.inf
        value += (prior[0] - 1) * math.log(between(before, at)) - 0.5 * at * at
        before = at
        cuts[k] = at * scale
    value += (prior[0] - 1) * math.log(between(before, np.inf))
    of = 1 / (1 + math.exp(-2 * min(x[last], 6.0)))
    value += math.log(of) + math.log(max(1 - of, 1e-12))
    begins = last + 1
    for which in range(2):
        many = reviewers if which == 0 else groups
        if many > 0:
            precise = math.exp(-2 * spreads[which])
            total = 0.0
            for i in range(begins, begins + many):
                total += x[i] * x[i]
            value += -0.5 * precise * total - many * spreads[which] + spreads[which]
            value -= 0.5 * (math.exp(spreads[which]) / prior[1 + which]) ** 2
        begins += many
    shift = np.empty(pair_reviewer.shape[0])
    for p in range(shift.shape[0]):
        shift[p] = x[last + 1 + pair_reviewer[p]]
        if groups > 0:
            shift[p] += x[last + 1 + reviewers + pair_group[p]]
    half = node_count(sd, most)
    u = np.linspace(-FAR, FAR, 2 * half + 1)
    weight = -0.5 * u * u
    weight = weight - math.log(np.exp(weight).sum())
    found: float = value + log_likelihood(start, pair, grade, times, log_table(cuts, sd, shift, u), weight)
    return found


@njit(cache=True)
def walk(
    x: Floats,
    spreads: Floats,
    reach: Floats,
    normal: Floats,
    steps: Floats,
    chance: Floats,
    start: Integers,
    pair: Integers,
    grade: Integers,
    times: Floats,
    pair_reviewer: Integers,
    pair_group: Integers,
    sizes: Integers,
    prior: Floats,
) -> int:
    """Move every walk (row of x and spreads) in place, as often as `normal` has rows. Returns how many whole moves were taken.

    reach: Cholesky factor of how walks are spread, times a length. normal: by move, walk, place; steps: two by move, walk, spread;
    chance: logs of uniform numbers, five by move, walk.
    """
    last, reviewers, groups, _most = sizes
    taken = 0
    for w in range(x.shape[0]):
        here = log_density(x[w], spreads[w], start, pair, grade, times, pair_reviewer, pair_group, sizes, prior)
        for m in range(normal.shape[0]):
            tried = x[w] + reach @ normal[m, w]
            there = log_density(tried, spreads[w], start, pair, grade, times, pair_reviewer, pair_group, sizes, prior)
            if there - here > chance[m, w, 0]:
                x[w], here = tried, there
                taken += 1
            begins = last + 1
            for which in range(2):
                many = reviewers if which == 0 else groups
                if many > 0:
                    # the spread alone: the likelihood does not change
                    old = spreads[w, which]
                    new = old + steps[m, w, which, 0]
                    total = 0.0
                    for i in range(begins, begins + many):
                        total += x[w, i] * x[w, i]
                    change = -0.5 * total * (math.exp(-2 * new) - math.exp(-2 * old)) - (many - 1) * (new - old)
                    change -= 0.5 * (math.exp(2 * new) - math.exp(2 * old)) / prior[1 + which] ** 2
                    if change > chance[m, w, 1 + 2 * which]:
                        spreads[w, which] = new
                        here += change
                    # the spread and all that it governs
                    factor = steps[m, w, which, 1]
                    tried = x[w].copy()
                    tried[begins : begins + many] *= math.exp(factor)
                    moved = spreads[w].copy()
                    moved[which] += factor
                    there = log_density(tried, moved, start, pair, grade, times, pair_reviewer, pair_group, sizes, prior)
                    if there - here + many * factor > chance[m, w, 2 + 2 * which]:
                        x[w], here = tried, there
                        spreads[w] = moved
                begins += many
    return taken
