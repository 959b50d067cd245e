"""Likelihood of a panel's gradings, each case's own effect integrated out, with its gradient and curvature.

A reviewer with severity s puts a case with effect u (standard normal) of group h into a grade above cut k with chance
Phi(sd u + s + b_h - cut_k): cumulative probit, cases and reviewers crossed. Given severities and groups, cases are independent and each
integral has one dimension; it is summed on an even grid, which for functions of this kind converges faster than any power of the step
(Trefethen & Weideman, SIAM Review 56 (2014) 385-458). A grade's chance depends on the case only through u, so it is looked up by
(reviewer, group), grade and node.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FAR = 5.5
_LEAST = 1e-290


@njit(cache=True)
def node_count(sd: float, most: int) -> int:
    """Nodes on either side of the middle on which a case's effect is summed."""
    step = min(0.55, 1.3 / math.sqrt(1 + 0.7 * most * sd * sd))
    return min(int(math.ceil(FAR / step)), 60)  # noqa: RUF046


def nodes(sd: float, most: int) -> tuple[Floats, Floats]:
    """Places of u and logarithms of their weights. most: gradings of one case; the more and the larger sd, the finer."""
    half = node_count(sd, most)
    u = np.linspace(-FAR, FAR, 2 * half + 1)
    weight = -0.5 * u * u
    return u, weight - np.log(np.exp(weight).sum())


@njit(cache=True)
def above(x: float) -> float:
    return 0.5 * math.erfc(x * 0.7071067811865476)


@njit(cache=True)
def _density(x: float) -> float:
    return 0.3989422804014327 * math.exp(-0.5 * x * x) if abs(x) < 37.0 else 0.0


@njit(cache=True)
def between(low: float, high: float) -> float:
    """Chance of a standard normal between two places, without loss of digits in either tail."""
    p = above(low) - above(high) if low > 0 else above(-high) - above(-low)
    return max(p, _LEAST)


@njit(cache=True)
def log_table(cuts: Floats, sd: float, shift: Floats, u: Floats) -> Floats:
    """Log chance of each grade, by pair of reviewer and group, grade, node."""
    grades = cuts.shape[0] + 1
    table = np.empty((shift.shape[0], grades, u.shape[0]))
    for p in range(shift.shape[0]):
        for q in range(u.shape[0]):
            at = sd * u[q] + shift[p]
            for k in range(grades):
                low = cuts[k - 1] - at if k > 0 else -np.inf
                high = cuts[k] - at if k < grades - 1 else np.inf
                table[p, k, q] = math.log(between(low, high))
    return table


@njit(cache=True)
def log_likelihood(start: Integers, pair: Integers, grade: Integers, times: Floats, table: Floats, weight: Floats) -> float:
    """Sum over cases of the log chance of their gradings."""
    n = weight.shape[0]
    line = np.empty(n)
    total = 0.0
    for i in range(times.shape[0]):
        line[:] = weight
        for o in range(start[i], start[i + 1]):
            row = table[pair[o], grade[o]]
            for q in range(n):
                line[q] += row[q]
        top = line.max()
        s = 0.0
        for q in range(n):
            s += math.exp(line[q] - top)
        total += times[i] * (top + math.log(s))
    return total


@njit(cache=True)
def with_shares(
    start: Integers,
    pair: Integers,
    grade: Integers,
    times: Floats,
    group: Integers,
    table: Floats,
    weight: Floats,
    share: Floats,
    each: Floats,
) -> tuple[float, Floats, Floats]:
    """The log likelihood; and by group and question, the sum over its cases of the mean and of the variance of their share.

    share: by group, question, node: the chance that a typical reviewer answers the question yes. each: filled with the mean by pattern
    and question.
    """
    n, questions = weight.shape[0], share.shape[1]
    mean, variance = np.zeros(share.shape[:2]), np.zeros(share.shape[:2])
    line = np.empty(n)
    total = 0.0
    for i in range(times.shape[0]):
        line[:] = weight
        for o in range(start[i], start[i + 1]):
            row = table[pair[o], grade[o]]
            for q in range(n):
                line[q] += row[q]
        top = line.max()
        s = 0.0
        for q in range(n):
            line[q] = math.exp(line[q] - top)
            s += line[q]
        total += times[i] * (top + math.log(s))
        for a in range(questions):
            first, second = 0.0, 0.0
            for q in range(n):
                p = share[group[i], a, q]
                first += line[q] * p
                second += line[q] * p * p
            first /= s
            each[i, a] = first
            mean[group[i], a] += times[i] * first
            variance[group[i], a] += times[i] * max(second / s - first * first, 0.0)
    return total, mean, variance


@njit(cache=True)
def curvature(
    start: Integers,
    pair: Integers,
    grade: Integers,
    times: Floats,
    pair_reviewer: Integers,
    pair_group: Integers,
    reviewers: int,
    groups: int,
    cuts: Floats,
    sd: float,
    shift: Floats,
    u: Floats,
    weight: Floats,
) -> tuple[float, Floats, Floats]:
    """Log likelihood, gradient and Hessian in (cuts, log sd, severities, groups); after Louis, JRSS B 44 (1982) 226-233."""
    last = cuts.shape[0]
    size, n = last + 1 + reviewers + groups, u.shape[0]
    table = log_table(cuts, sd, shift, u)
    upper, lower = np.zeros(table.shape), np.zeros(table.shape)
    for p in range(shift.shape[0]):
        for q in range(n):
            at = sd * u[q] + shift[p]
            for k in range(last + 1):
                chance = math.exp(table[p, k, q])
                if k < last:
                    upper[p, k, q] = _density(cuts[k] - at) / chance
                if k > 0:
                    lower[p, k, q] = -_density(cuts[k - 1] - at) / chance
    gradient, hessian = np.zeros(size), np.zeros((size, size))
    most = 0
    for i in range(times.shape[0]):
        most = max(most, start[i + 1] - start[i])
    wide = 3 * most + 1
    line = np.empty(n)
    mean, outer, own = np.empty(wide), np.empty((wide, wide)), np.empty(wide)
    one, two = np.empty(wide, np.int64), np.empty(wide, np.int64)
    total = 0.0
    for i in range(times.shape[0]):
        first, m = start[i], start[i + 1] - start[i]
        line[:] = weight
        for o in range(first, first + m):
            row = table[pair[o], grade[o]]
            for q in range(n):
                line[q] += row[q]
        top = line.max()
        s = 0.0
        for q in range(n):
            line[q] = math.exp(line[q] - top)
            s += line[q]
        total += times[i] * (top + math.log(s))
        # of each grading its upper cut, its lower cut, its place; last, the log of sd
        w = 3 * m + 1
        mean[:w], outer[:w, :w] = 0.0, 0.0
        for j in range(m):
            p, k = pair[first + j], grade[first + j]
            one[3 * j], two[3 * j] = (k if k < last else -1), -1
            one[3 * j + 1], two[3 * j + 1] = (k - 1 if k > 0 else -1), -1
            one[3 * j + 2] = last + 1 + pair_reviewer[p]
            two[3 * j + 2] = last + 1 + reviewers + pair_group[p] if groups > 0 else -1
        one[w - 1], two[w - 1] = last, -1
        for q in range(n):
            chance = line[q] / s
            if chance < 1e-14:
                continue
            scaled = sd * u[q]
            own[w - 1] = 0.0
            for j in range(m):
                p, k = pair[first + j], grade[first + j]
                at = scaled + shift[p]
                a, b = upper[p, k, q], lower[p, k, q]
                own[3 * j], own[3 * j + 1], own[3 * j + 2] = a, b, -(a + b)
                own[w - 1] -= (a + b) * scaled
                # second derivatives of one log chance, in its two cuts
                aa = -(cuts[k] - at) * a - a * a if k < last else 0.0
                bb = -(cuts[k - 1] - at) * b - b * b if k > 0 else 0.0
                ab = -a * b
                x, y, z = 3 * j, 3 * j + 1, 3 * j + 2
                far = aa + bb + 2 * ab
                outer[x, x] += chance * aa
                outer[y, y] += chance * bb
                outer[y, x] += chance * ab
                outer[z, x] -= chance * (aa + ab)
                outer[z, y] -= chance * (bb + ab)
                outer[z, z] += chance * far
                outer[w - 1, x] -= chance * (aa + ab) * scaled
                outer[w - 1, y] -= chance * (bb + ab) * scaled
                outer[w - 1, z] += chance * far * scaled
                outer[w - 1, w - 1] += chance * (far * scaled * scaled - (a + b) * scaled)
            for x in range(w):
                mean[x] += chance * own[x]
                for y in range(x + 1):
                    outer[x, y] += chance * own[x] * own[y]
        for x in range(w):
            for of_x in (one[x], two[x]):
                if of_x < 0:
                    continue
                gradient[of_x] += times[i] * mean[x]
                for y in range(w):
                    value = times[i] * ((outer[x, y] if y <= x else outer[y, x]) - mean[x] * mean[y])
                    if one[y] >= 0:
                        hessian[of_x, one[y]] += value
                    if two[y] >= 0:
                        hessian[of_x, two[y]] += value
    return total, gradient, hessian
