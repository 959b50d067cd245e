"""What gradings say of cuts, spread of cases, severities and groups: a nested approximation, corrected by its own weights.

Given the spread of reviewers (and of groups), the posterior of all the rest is approximated by a normal law at its mode (Laplace), which
is integrated over a grid of those spreads (Rue, Martino & Chopin, JRSS B 71 (2009) 319-392). Draws from it are then weighted by the exact
posterior density, so that what the approximation gets wrong is put right; where they are worth too few even draws, random walks go on from
them. `effective` says how many even draws the answer rests on.

What is thought beforehand: each division of the shares of the grades about as likely (Dirichlet with PRIOR_GRADE a grade); each share of
cases in the variance of one grading as likely; the spreads of reviewers and groups half-normal.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve, cholesky, eigvalsh, solve_triangular
from scipy.special import logsumexp, ndtr, ndtri

from tocsin.review.avoidability.gradings import Gradings
from tocsin.review.avoidability.likelihood import curvature, log_likelihood, log_table, node_count, nodes, with_shares
from tocsin.review.avoidability.walk import walk

Floats = NDArray[np.float64]

PRIOR_GRADE = 0.5
PRIOR_REVIEWERS = 0.75
PRIOR_GROUPS = 0.5
_LEAST, _MOST = math.log(0.02), math.log(4.0)
_HEAVY = 8.0
"""Degrees of freedom of the tails from which cuts and the spread of cases are drawn."""
_FAIR = 0.3
"""Draws that are worth less than this share of their number are walked on from."""
_WALKS, _WALK_SECONDS = 100, 4.0
"""How many walks, and about how long they may take together."""


@dataclass(frozen=True, slots=True)
class Draws:
    """Weighted draws from the posterior; every array has one row a draw. weight: sums to 1. effective: even draws that they are worth.

    cuts: on the scale on which one grading's own chance has sd 1. severity: by reviewer. group: by group (0 where there is one).
    graded_mean, graded_variance: by group and question, sums over the graded cases. each: mean by pattern and question over all draws.
    """

    weight: Floats
    cuts: Floats
    sd_cases: Floats
    sd_reviewers: Floats
    sd_groups: Floats
    severity: Floats
    group: Floats
    graded_mean: Floats
    graded_variance: Floats
    each: Floats
    effective: float


class Posterior:
    """Log posterior density of x = (first cut, log gaps, log sd of cases, severities, groups), given the two spreads.

    Cuts in x are divided by the sd of one grading of one case by a typical reviewer, so that they speak of shares directly.
    """

    def __init__(self, data: Gradings) -> None:
        self.data = data
        self.last = data.grades - 1
        self.reviewers = len(data.reviewers)
        self.groups = len(data.groups) if len(data.groups) > 1 else 0
        self.size = self.last + 1 + self.reviewers + self.groups

    def natural(self, x: Floats) -> tuple[Floats, float, Floats]:
        """(cuts, sd of cases, shift of each pair) of x."""
        sd = math.exp(min(x[self.last], 6.0))
        severity = x[self.last + 1 : self.last + 1 + self.reviewers]
        shift = severity[self.data.pair_reviewer]
        if self.groups:
            shift = shift + x[self.last + 1 + self.reviewers :][self.data.pair_group]
        return _scaled_cuts(x, self.last) * math.sqrt(1 + sd * sd), sd, shift

    def begin(self) -> Floats:
        """A place to begin from: the shares as counted, half of the variance that of cases."""
        share = (self.data.counts + 0.5) / (self.data.counts.sum() + 0.5 * self.data.grades)
        cuts = ndtri(np.cumsum(share)[:-1])
        x = np.zeros(self.size)
        x[0], x[1 : self.last] = cuts[0], np.log(np.diff(cuts))
        x[self.last] = math.log(0.8)
        return x

    def density(self, x: Floats, spreads: Floats) -> float:
        """Log posterior density at x, up to a constant, given log spreads (reviewers, groups)."""
        cuts, sd, shift = self.natural(x)
        if not np.isfinite(cuts).all():
            return -math.inf
        u, weight = nodes(sd, self.data.most)
        found = log_likelihood(self.data.start, self.data.pair, self.data.grade, self.data.times, log_table(cuts, sd, shift, u), weight)
        return float(found) + self.prior(x, spreads)[0]

    def shares(self, x: Floats, questions: Floats, each: Floats) -> tuple[float, Floats, Floats]:
        """Log likelihood, and by group and question the sums of means and variances over graded cases. questions: cuts asked about."""
        cuts, sd, shift = self.natural(x)
        u, weight = nodes(sd, self.data.most)
        of_group = x[self.last + 1 + self.reviewers :] if self.groups else np.zeros(1)
        share = ndtr(sd * u[None, None, :] + of_group[:, None, None] - cuts[questions.astype(int)][None, :, None])
        table = log_table(cuts, sd, shift, u)
        d = self.data
        found, mean, variance = with_shares(d.start, d.pair, d.grade, d.times, d.group, table, weight, share, each)
        return float(found), mean, variance

    def climb(self, x: Floats, spreads: Floats, steps: int = 60) -> tuple[Floats, float, Floats]:
        """(mode, log density there, curvature there: the negative Hessian, positive definite), from x by damped Newton steps."""
        value, gradient, bend = self._bend(x, spreads)
        for _ in range(steps):
            step = cho_solve(cho_factor(_definite(bend)), gradient)
            if float(gradient @ step) < 1e-8:
                break
            step *= min(1.0, 3.0 / max(float(np.abs(step[: self.last + 1]).max()), 1e-12))
            for _halving in range(30):
                tried = x + step
                if self.density(tried, spreads) > value - 1e-12:
                    break
                step = step / 2
            else:
                break
            x = tried
            value, gradient, bend = self._bend(x, spreads)
        return x, value, bend

    def _bend(self, x: Floats, spreads: Floats) -> tuple[float, Floats, Floats]:
        cuts, sd, shift = self.natural(x)
        u, weight = nodes(sd, self.data.most)
        d = self.data
        value, gradient, hessian = curvature(
            d.start, d.pair, d.grade, d.times, d.pair_reviewer, d.pair_group, self.reviewers, self.groups, cuts, sd, shift, u, weight
        )  # fmt: skip
        turn, second = self._turn(x, sd)
        head = self.last + 1
        whole = np.eye(self.size)
        whole[:head, :head] = turn
        g = whole.T @ gradient
        h = whole.T @ hessian @ whole
        h[:head, :head] += np.einsum("k,kij->ij", gradient[:head], second)
        prior, of_gradient, of_hessian = self.prior(x, spreads)
        return float(value) + prior, g + of_gradient, -(h + of_hessian)

    def _turn(self, x: Floats, sd: float) -> tuple[Floats, Floats]:
        """First and second derivatives of (cuts, log sd) in (first scaled cut, log gaps, log sd)."""
        last = self.last
        c, gaps = _scaled_cuts(x, last), np.exp(x[1:last])
        m, v = math.sqrt(1 + sd * sd), sd * sd
        m1, m2 = v / m, v * (2 + v) / m**3
        turn, second = np.zeros((last + 1, last + 1)), np.zeros((last + 1, last + 1, last + 1))
        turn[last, last] = 1.0
        for k in range(last):
            turn[k, 0] = m
            turn[k, 1 : k + 1] = gaps[:k] * m
            turn[k, last] = c[k] * m1
            for j in range(1, k + 1):
                second[k, j, j] = gaps[j - 1] * m
                second[k, j, last] = second[k, last, j] = gaps[j - 1] * m1
            second[k, 0, last] = second[k, last, 0] = m1
            second[k, last, last] = c[k] * m2
        return turn, second

    def prior(self, x: Floats, spreads: Floats) -> tuple[float, Floats, Floats]:
        last = self.last
        value, g, h = 0.0, np.zeros(self.size), np.zeros((self.size, self.size))
        # shares of the grades: Dirichlet, turned into cuts
        c = _scaled_cuts(x, last)
        by_c, in_c, bend_c = _dirichlet(c, PRIOR_GRADE)
        turn = np.zeros((last, last))
        turn[:, 0] = 1.0
        for k in range(last):
            turn[k, 1 : k + 1] = np.exp(x[1 : k + 1])
        value += by_c + float(x[1:last].sum())
        g[:last] += turn.T @ in_c
        g[1:last] += 1.0
        h[:last, :last] += turn.T @ bend_c @ turn
        for j in range(1, last):
            h[j, j] += float(in_c[j:].sum()) * math.exp(x[j])
        # share of cases in the variance of one grading: even
        of = 1 / (1 + math.exp(-2 * min(x[last], 6.0)))
        value += math.log(of) + math.log(max(1 - of, 1e-12))
        g[last] += 2 * (1 - 2 * of)
        h[last, last] -= 8 * of * (1 - of)
        for begins, many, spread in ((last + 1, self.reviewers, spreads[0]), (last + 1 + self.reviewers, self.groups, spreads[1])):
            precise = math.exp(-2 * spread)
            part = x[begins : begins + many]
            value -= 0.5 * precise * float(part @ part) + many * spread
            g[begins : begins + many] -= precise * part
            h[np.arange(begins, begins + many), np.arange(begins, begins + many)] -= precise
        return value, g, h


def draw(data: Gradings, questions: tuple[int, ...], draws: int, seed: int, walk_seconds: float | None = None) -> Draws:
    """Weighted draws. questions: cuts (from 0) above which a grade answers a question with yes. walk_seconds: see `avoidability`."""
    post = Posterior(data)
    cells = _grid(post)
    log_chance = np.array([c.log_mass for c in cells])
    chance = np.exp(log_chance - logsumexp(log_chance))
    random = np.random.default_rng(seed)
    drawn = np.searchsorted(np.cumsum(chance), (np.arange(draws) + random.random()) / draws).clip(0, len(cells) - 1)
    x, log_weight = np.empty((draws, post.size)), np.empty(draws)
    spreads = np.array([cells[at].spreads for at in drawn])
    summed = _Summed(post, questions, draws)
    for i, at in enumerate(drawn):
        x[i], log_drawn = cells[at].draw(random)
        log_weight[i] = summed.add(i, x[i]) + post.prior(x[i], spreads[i])[0] - cells[at].value - log_drawn
    log_weight[~np.isfinite(log_weight)] = -np.inf
    weight = np.exp(log_weight - logsumexp(log_weight))
    effective = float(1 / (weight**2).sum())
    if effective < _FAIR * draws:
        x, spreads, effective = _walked(post, x, spreads, weight, draws, random, walk_seconds or _WALK_SECONDS)
        weight = np.full(draws, 1 / draws)
        for i in range(draws):
            summed.add(i, x[i])
    sd, head = np.exp(x[:, post.last]), post.last + 1
    return Draws(
        weight,
        np.array([_scaled_cuts(row, post.last) for row in x]) * np.sqrt(1 + sd * sd)[:, None],
        sd,
        np.exp(spreads[:, 0]),
        np.exp(spreads[:, 1]) if post.groups else np.zeros(draws),
        x[:, head : head + post.reviewers],
        x[:, head + post.reviewers :] if post.groups else np.zeros((draws, 1)),
        summed.mean,
        summed.variance,
        np.einsum("d,dpq->pq", weight, summed.each),
        effective,
    )


class _Summed:
    """What the graded cases say, by draw."""

    def __init__(self, post: Posterior, questions: tuple[int, ...], draws: int) -> None:
        self.post, self.asked = post, np.array(questions, np.float64)
        shape = (draws, len(post.data.groups), len(questions))
        self.mean, self.variance = np.empty(shape), np.empty(shape)
        self.each = np.empty((draws, len(post.data.times), len(questions)))

    def add(self, i: int, x: Floats) -> float:
        """The log likelihood at x; the rest is kept as draw i."""
        value, self.mean[i], self.variance[i] = self.post.shares(x, self.asked, self.each[i])
        return value


def _walked(
    post: Posterior, x: Floats, spreads: Floats, weight: Floats, draws: int, random: np.random.Generator, seconds: float
) -> tuple[Floats, Floats, float]:
    """(x, log spreads, even draws that they are worth) after walks from where the approximation drew."""
    d = post.data
    sizes = np.array([post.last, post.reviewers, post.groups, d.most])
    prior = np.array([PRIOR_GRADE, PRIOR_REVIEWERS, PRIOR_GROUPS])
    fixed = (d.start, d.pair, d.grade, d.times, d.pair_reviewer, d.pair_group, sizes, prior)
    # seconds that one density takes: looking up chances, summing over gradings, exponentials of patterns
    cost = 1e-5 + (5e-8 * len(d.pair_reviewer) * d.grades + 1e-9 * len(d.grade) + 8e-9 * len(d.times)) * (2 * node_count(1.0, d.most) + 1)
    moves = int(np.clip(seconds / (cost * _WALKS * (3 if post.groups else 2)), 80, 1200))
    tame = weight**0.25 / (weight**0.25).sum()
    begin = random.choice(len(x), _WALKS, p=tame)
    at, of = x[begin].copy(), spreads[begin].copy()
    kept: list[tuple[Floats, Floats]] = []
    length, blocks = 2.38 / math.sqrt(post.size), 8
    spread_of = np.cov(x.T, aweights=tame)
    for block in range(blocks):
        reach = cholesky(_definite(spread_of + 1e-6 * np.eye(post.size)), lower=True) * length
        each = moves // blocks
        # a large block is walked in pieces, so that its random numbers need little room
        taken = 0
        for _ in range(each):
            normal = random.standard_normal((1, _WALKS, post.size))
            steps = random.standard_normal((1, _WALKS, 2, 2)) * np.array([1.0, 0.6])
            taken += walk(at, of, reach, normal, steps, np.log(random.random((1, _WALKS, 5))), *fixed)
            if block >= blocks // 2:
                kept.append((at.copy(), of.copy()))
        length *= math.exp(1.5 * (taken / (each * _WALKS) - 0.25))
        if block < blocks // 2:
            spread_of = np.cov(at.T)
    every = np.array([a for a, _ in kept])
    means = every.mean(axis=0)
    worth = _WALKS * every.reshape(-1, post.size).var(axis=0) / np.maximum(means.var(axis=0), 1e-12)
    pick = random.permutation(len(kept) * _WALKS)[:draws] if len(kept) * _WALKS >= draws else random.integers(0, len(kept) * _WALKS, draws)
    flat, flat_of = every.reshape(-1, post.size), np.array([o for _, o in kept]).reshape(-1, 2)
    return flat[pick], flat_of[pick], float(min(np.median(worth), draws))


class _Cell:
    """One place of the grid of spreads: the normal law at the mode there, and how much of the whole lies in it."""

    def __init__(self, post: Posterior, spreads: Floats, near: Floats) -> None:
        self.spreads, self.head = spreads, post.last + 1
        self.mode, self.value, bend = post.climb(near, spreads)
        self.bend = _definite(bend)
        half_volume = float(np.log(np.diag(cholesky(self.bend, lower=True))).sum())
        head = self.head
        self.of_rest = cholesky(self.bend[head:, head:], lower=True)
        self.follow = cho_solve((self.of_rest, True), self.bend[head:, :head])
        self.of_head = cholesky(self.bend[:head, :head] - self.bend[:head, head:] @ self.follow, lower=True)
        before = -0.5 * (math.exp(spreads[0]) / PRIOR_REVIEWERS) ** 2 + spreads[0]
        if post.groups:
            before += -0.5 * (math.exp(spreads[1]) / PRIOR_GROUPS) ** 2 + spreads[1]
        self.height = self.log_mass = self.value - half_volume + before

    def draw(self, random: np.random.Generator) -> tuple[Floats, float]:
        """A draw of x, and its log density less that of the volume: cuts and spread of cases with heavy tails, the rest normal, given them."""
        head = self.head
        z = random.standard_normal(head) / math.sqrt(random.chisquare(_HEAVY) / _HEAVY)
        w = random.standard_normal(self.of_rest.shape[0])
        step = solve_triangular(self.of_head.T, z)
        other = solve_triangular(self.of_rest.T, w) - self.follow @ step
        log_density = -0.5 * (_HEAVY + head) * math.log1p(float(z @ z) / _HEAVY) - 0.5 * float(w @ w)
        return self.mode + np.concatenate([step, other]), log_density


def _grid(post: Posterior) -> list[_Cell]:
    """Cells that hold practically all of the posterior of the spreads, as fine as it is sharp."""
    groups = math.log(0.3)
    near = post.climb(post.begin(), np.array([math.log(0.4), groups]))[0]
    reviewers = _axis(post, near, lambda r: np.array([r, groups]), post.reviewers)
    if not post.groups:
        return _cells(post, near, [np.array([r, 0.0]) for r in reviewers], [reviewers])
    middle = reviewers[len(reviewers) // 2]
    groups_axis = _axis(post, near, lambda g: np.array([middle, g]), post.groups)
    return _cells(post, near, [np.array([r, g]) for r in reviewers for g in groups_axis], [reviewers, groups_axis])


def _axis(post: Posterior, near: Floats, at: Callable[[float], Floats], many: int) -> Floats:
    """Even places along one spread, where its posterior is not negligible."""
    rough = np.linspace(_LEAST, _MOST, 12)
    heights, begin = [], near
    for place in rough:
        cell = _Cell(post, at(place), begin)
        begin = cell.mode
        heights.append(cell.height)
    held = np.flatnonzero(np.array(heights) > max(heights) - 7)
    low, high = rough[max(held[0] - 1, 0)], rough[min(held[-1] + 1, len(rough) - 1)]
    step = min(max(1.3 / math.sqrt(2 * many), 0.08), 0.4)
    return np.linspace(low, high, max(math.ceil((high - low) / step) + 1, 5))


def _cells(post: Posterior, near: Floats, places: list[Floats], axes: list[Floats]) -> list[_Cell]:
    cells, begin = [], near
    for place in places:
        cell = _Cell(post, place, begin)
        begin = cell.mode
        for axis, of in zip(axes, place, strict=False):
            if of in (axis[0], axis[-1]):
                cell.log_mass -= math.log(2)
        cells.append(cell)
    top = max(c.log_mass for c in cells)
    return [c for c in cells if c.log_mass > top - 12]


def _scaled_cuts(x: Floats, last: int) -> Floats:
    return np.asarray(x[0] + np.concatenate([[0.0], np.cumsum(np.exp(np.minimum(x[1:last], 30.0)))]))


def _dirichlet(c: Floats, each: float) -> tuple[float, Floats, Floats]:
    """Log density in cuts c of shares that are Dirichlet (`each` a grade), with gradient and Hessian; after Betancourt's induced law."""
    n = len(c)
    value, g, h = float(-0.5 * (c @ c)), -c.copy(), -np.eye(n)
    edge = np.concatenate([[-np.inf], c, [np.inf]])
    density = np.exp(-0.5 * np.minimum(edge**2, 1400.0)) / math.sqrt(2 * math.pi)
    for k in range(n + 1):
        low, high = edge[k], edge[k + 1]
        p = max(ndtr(high) - ndtr(low) if low < 0 else ndtr(-low) - ndtr(-high), 1e-300)
        value += (each - 1) * math.log(p)
        a, b = density[k + 1] / p, -density[k] / p
        if k < n:
            g[k] += (each - 1) * a
            h[k, k] += (each - 1) * (-high * a - a * a)
        if k > 0:
            g[k - 1] += (each - 1) * b
            h[k - 1, k - 1] += (each - 1) * (-low * b - b * b)
        if 0 < k < n:
            h[k, k - 1] -= (each - 1) * a * b
            h[k - 1, k] -= (each - 1) * a * b
    return value, g, h


def _definite(bend: Floats) -> Floats:
    """The same matrix, with as much added to its diagonal as makes it positive definite."""
    bend = (bend + bend.T) / 2
    lowest = float(eigvalsh(bend, subset_by_index=[0, 0])[0]) if not _is_definite(bend) else 1.0
    return bend if lowest > 1e-8 else bend + (1e-3 - min(lowest, 0.0) * 1.5) * np.eye(len(bend))


def _is_definite(bend: Floats) -> bool:
    try:
        cholesky(bend, lower=True)
    except LinAlgError:
        return False
    return True


def mode_at(post: Posterior, sd_reviewers: float, sd_groups: float) -> tuple[Floats, Floats]:
    """(mode, curvature) given the spreads themselves."""
    x, _, bend = post.climb(post.begin(), np.log([sd_reviewers, sd_groups]))
    return x, _definite(bend)
