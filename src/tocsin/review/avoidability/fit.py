"""Avoidability: what share of cases would have ended otherwise, corrected for who graded and for how cases were chosen."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tocsin.review.avoidability.gradings import Grading, Gradings, gather
from tocsin.review.avoidability.posterior import Draws, draw
from tocsin.review.grades import Meaning, Scale

Floats = NDArray[np.float64]
MOST_STRATA = 400


@dataclass(frozen=True, slots=True)
class Estimate:
    """The middle of what is likely, and the ends of an interval that holds the truth with the chance that `level` of the whole says."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Shares:
    """Share of cases whose outcome would, and might or would, have been different; each in [0, 1]."""

    would: Estimate
    might_or_would: Estimate


@dataclass(frozen=True, slots=True)
class Severity:
    """One reviewer beside the typical one.

    severity: in units of the play of chance in one grading, above 0 for one who finds care more often avoidable. gives: share of these
    cases of which they would say 'might' or 'would'; the typical reviewer's is `Avoidability.typical`.
    """

    reviewer: str
    gradings: int
    severity: Estimate
    gives: Estimate


@dataclass(frozen=True, slots=True)
class Group:
    """One stratum or provider: cases graded, cases in all (None where not said), and its share."""

    name: str
    graded: int
    population: float | None
    shares: Shares


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case: never to be shown without the number of its graders and how far apart they were.

    grades: as given, in rising order. would, might_or_would: chance that a typical reviewer would say so.
    """

    case: str
    grades: tuple[int, ...]
    would: float
    might_or_would: float


@dataclass(frozen=True, slots=True)
class Avoidability:
    """What a panel's gradings say.

    counted: shares of gradings, as they stand. typical: of all cases that the graded ones stand for, as a typical reviewer would grade
    them: the headline. graded: of the graded cases alone. panel: of all cases, by the average of these very reviewers. settled: of all
    cases, those on which the middle grade of a very large panel would say so. reliability: of the mean of one, two, three reviewers'
    gradings: the share of its variance that lies in the cases. sd_*: in units of the play of chance in one grading. effective: even draws
    that the answer rests on. draws, data: for further questions (see `needed`, `compare`).
    """

    scale: Scale
    level: float
    cases: int
    gradings: int
    reviewers: int
    counted: tuple[float, float]
    typical: Shares
    graded: Shares
    panel: Shares
    settled: Shares
    severity: tuple[Severity, ...]
    groups: tuple[Group, ...]
    reliability: tuple[Estimate, Estimate, Estimate]
    sd_cases: Estimate
    sd_reviewers: Estimate
    sd_groups: Estimate | None
    by_case: tuple[CaseView, ...]
    notes: tuple[str, ...]
    effective: float
    draws: Draws
    data: Gradings
    population: Mapping[str, float] | None


def avoidability(
    gradings: Iterable[Grading],
    scale: Scale,
    *,
    population: Mapping[str, float] | None = None,
    weights: Mapping[str, float] | None = None,
    level: float = 0.95,
    draws: int = 1000,
    seed: int = 1,
    walk_seconds: float | None = None,
) -> Avoidability:
    """Fit the model to the gradings that reviewers gave before they saw each other's.

    population: cases in all of each group (stratum), when the graded ones are a random sample of each. weights: by case, how many cases
    of the whole it stands for; cases of one group with one weight are then a stratum. With neither, the answer speaks of cases like those
    graded. walk_seconds: about how long random walks may take where weighted draws are worth too little; their number follows from the size
    of the panel, not from the clock, so the same arguments give the same answer. Raises ValueError, which says what cannot be.
    """
    if not 0.5 <= level < 1:
        raise ValueError(f"level must be from 0.5 to under 1, got {level!r}")
    if not 200 <= draws <= 100_000:
        raise ValueError(f"draws must be between 200 and 100,000, got {draws}")
    if population is not None and weights is not None:
        raise ValueError("give population or weights, not both")
    rows = list(gradings)
    of: dict[str, str] = {}
    if weights is not None:
        rows, population, of = _strata_of_weights(rows, weights)
    data = gather(rows, len(scale.grades))
    size = _sizes(data, population)
    questions = cuts_of(scale)
    found = draw(data, questions, draws, seed, walk_seconds)
    whole = _whole(data, found, size, questions, seed)
    q = _Quantiles(found.weight, level)
    names, held = data.groups, data.in_group()
    groups = tuple(
        Group(of.get(name, name), int(held[h]), None if population is None else float(size[h]), q.shares(whole.by_group[:, h]))
        for h, name in enumerate(names)
    )
    one = found.sd_cases**2
    noise = found.sd_reviewers**2 + 1
    return Avoidability(
        scale,
        level,
        len(data.cases),
        int(data.given.sum()),
        len(data.reviewers),
        (
            float(data.counts[questions[0] + 1 :].sum() / data.counts.sum()),
            float(data.counts[questions[1] + 1 :].sum() / data.counts.sum()),
        ),
        q.shares(whole.all),
        q.shares(found.graded_mean.sum(1) / len(data.cases) + _play(found.graded_variance.sum(1), len(data.cases), seed)),
        q.shares(whole.panel),
        q.shares(whole.settled),
        tuple(
            Severity(name, int(data.given[r]), q.of(found.severity[:, r]), q.of(whole.gives[:, r])) for r, name in enumerate(data.reviewers)
        ),
        groups,
        (q.of(one / (one + noise)), q.of(one / (one + noise / 2)), q.of(one / (one + noise / 3))),
        q.of(found.sd_cases),
        q.of(found.sd_reviewers),
        q.of(found.sd_groups) if len(names) > 1 else None,
        tuple(
            CaseView(c, data.by_case[i], float(found.each[data.pattern_of[i], 0]), float(found.each[data.pattern_of[i], 1]))
            for i, c in enumerate(data.cases)
        ),
        _notes(data, found),
        found.effective,
        found,
        data,
        None if population is None else dict(zip(names, size.tolist(), strict=True)),
    )


def cuts_of(scale: Scale) -> tuple[int, int]:
    """Cuts of a scale above which a grade says 'would', and 'might or would'. Raises ValueError for a scale that has not both sides."""
    would = sum(g.meaning is not Meaning.WOULD for g in scale.grades) - 1
    might = sum(g.meaning not in (Meaning.MIGHT, Meaning.WOULD) for g in scale.grades) - 1
    if might < 0 or would > len(scale.grades) - 2:
        raise ValueError(f"scale '{scale.id}' needs a grade that says 'would' and one that says neither 'might' nor 'would'")
    return would, might


@dataclass(frozen=True, slots=True)
class _Whole:
    """By draw (and question): shares of all cases; by group; by this panel; by a very large panel; and what each reviewer would give."""

    all: Floats
    by_group: Floats
    panel: Floats
    settled: Floats
    gives: Floats


def _whole(data: Gradings, found: Draws, size: Floats, questions: tuple[int, int], seed: int) -> _Whole:
    """Shares of all cases by draw. size: cases of each group in all; infinite where only their proportion, that of the sample, is known."""
    held = data.in_group().astype(np.float64)
    total = np.sqrt(1 + found.sd_cases**2)
    cuts = found.cuts[:, list(questions)]
    # by draw, group, question
    own = ndtr((found.group[:, :, None] - cuts[:, None, :]) / total[:, None, None])
    portion = (size if np.isfinite(size).all() else held) / (size if np.isfinite(size).all() else held).sum()
    by_group = own.copy()
    if np.isfinite(size).all():
        random = np.random.default_rng(seed + 1)
        rest = size - held
        spread = _spread_of_shares(found, cuts)
        unseen = own * rest[None, :, None] + random.standard_normal(own.shape) * np.sqrt(np.maximum(spread, 0) * rest[None, :, None])
        seen = found.graded_mean + random.standard_normal(own.shape) * np.sqrt(found.graded_variance)
        by_group = np.clip((np.clip(seen, 0, held[None, :, None]) + np.clip(unseen, 0, rest[None, :, None])) / size[None, :, None], 0, 1)
    told = data.given / data.given.sum()
    each = ndtr((found.group[:, :, None, None] + found.severity[:, None, None, :] - cuts[:, None, :, None]) / total[:, None, None, None])
    gives = np.einsum("dhr,h->dr", each[:, :, 1, :], portion)
    panel = np.einsum("dhqr,h,r->dq", each, portion, told)
    with np.errstate(divide="ignore"):
        settled = ndtr((found.group[:, :, None] - cuts[:, None, :]) / found.sd_cases[:, None, None])
    return _Whole(
        np.einsum("dhq,h->dq", by_group, portion), by_group, panel, np.einsum("dhq,h->dq", settled, portion), gives
    )  # fmt: skip


def _spread_of_shares(found: Draws, cuts: Floats) -> Floats:
    """Variance between cases of a group of the chance that a typical reviewer says yes; by draw, group, question."""
    u = np.linspace(-5, 5, 41)
    weight = np.exp(-0.5 * u * u)
    weight /= weight.sum()
    at = found.sd_cases[:, None, None, None] * u + found.group[:, :, None, None] - cuts[:, None, :, None]
    p = ndtr(at)
    return np.asarray((p**2 @ weight) - (p @ weight) ** 2)


def _play(variance: Floats, cases: int, seed: int) -> Floats:
    return np.asarray(np.random.default_rng(seed + 2).standard_normal(variance.shape) * np.sqrt(variance) / cases)


class _Quantiles:
    def __init__(self, weight: Floats, level: float) -> None:
        self.weight, self.level = weight, level

    def of(self, values: Floats) -> Estimate:
        order = np.argsort(values)
        rising = np.cumsum(self.weight[order]) - self.weight[order] / 2
        lower, middle, upper = np.interp([(1 - self.level) / 2, 0.5, (1 + self.level) / 2], rising, values[order])
        return Estimate(float(middle), float(lower), float(upper))

    def shares(self, values: Floats) -> Shares:
        clipped = np.clip(values, 0, 1)
        return Shares(self.of(clipped[:, 0]), self.of(clipped[:, 1]))


def _sizes(data: Gradings, population: Mapping[str, float] | None) -> Floats:
    if population is None:
        return np.full(len(data.groups), np.inf)
    lacking = sorted(set(data.groups) - set(population)) or sorted(g for g, n in population.items() if n and g not in data.groups)
    if lacking:
        raise ValueError(f"stratum '{lacking[0]}' is either not in the population or has cases there of which none was graded")
    size: Floats = np.array([float(population[g]) for g in data.groups])
    held = data.in_group()
    for name, all_, graded in zip(data.groups, size, held, strict=True):
        if not math.isfinite(all_) or all_ < graded - 1e-6:
            raise ValueError(f"stratum '{name}' has {graded} graded cases but only {all_:g} in all")
    return np.asarray(np.maximum(size, held), dtype=np.float64)


def _strata_of_weights(rows: list[Grading], weights: Mapping[str, float]) -> tuple[list[Grading], dict[str, float], dict[str, str]]:
    """Gradings with a stratum for each group and weight, the cases that each stands for, and what to call it."""
    population: dict[str, float] = {}
    called: dict[str, str] = {}
    seen: set[str] = set()
    out = []
    for g in rows:
        weight = weights.get(g.case)
        if weight is None or not 1 <= weight < math.inf:
            raise ValueError(f"case '{g.case}': its weight must be a number from 1, how many cases it stands for, got {weight!r}")
        name = f"{g.group}\x1f{weight:.9g}"
        called[name] = f"{g.group} (weight {weight:.4g})".strip()
        if g.case not in seen:
            population[name] = population.get(name, 0.0) + weight
            seen.add(g.case)
        out.append(replace(g, group=name))
    if len(population) > MOST_STRATA:
        raise ValueError(f"there are {len(population)} different weights; put cases into at most {MOST_STRATA} strata and give population")
    return out, population, called


def _notes(data: Gradings, found: Draws) -> tuple[str, ...]:
    notes = []
    used = int((data.counts > 0).sum())
    if data.most == 1:
        notes.append(
            "No case has two gradings, so nothing in them tells cases from reviewers: reliability rests on what was thought beforehand."
        )
    if len(data.reviewers) < 5:
        notes.append(
            f"There are {len(data.reviewers)} reviewers. How others would grade is known only roughly, and the interval is wide for it."
        )
    if used == 1:
        notes.append("Every grading is the same grade. The interval says how far other grades may still be expected.")
    if found.effective < 150:
        notes.append(f"The answer rests on {found.effective:.0f} even draws only; the ends of its intervals are rough.")
    return tuple(notes)
