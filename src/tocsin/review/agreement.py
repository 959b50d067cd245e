"""How far reviewers agree beyond chance. Gradings may be missing; any number of reviewers.

`gradings` is everywhere an array of cases by reviewers: the place of the grade on its scale from 0, NaN where a reviewer gave none.
Sources: Gwet, Handbook of Inter-Rater Reliability (AC2, Fleiss and Conger with weights); Krippendorff, Computing Krippendorff's
Alpha-Reliability (2011); Cohen, Psychological Bulletin 70 (1968) 213-220; Fleiss, Psychological Bulletin 76 (1971) 378-382.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Weights = Literal["identity", "linear", "quadratic"]
Metric = Literal["nominal", "ordinal", "interval", "ratio"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A coefficient, 1 for full agreement and 0 for chance, with a bootstrap interval over cases.

    value is NaN where it is not defined (all gave one grade, or no case has two gradings). cases: those with two gradings or more.
    """

    name: str
    value: float
    lower: float
    upper: float
    cases: int


def agreement_weights(grades: int, kind: Weights) -> Floats:
    """Credit for two grades on one case, grades by grades: 1 for the same grade."""
    apart = np.abs(np.subtract.outer(np.arange(grades), np.arange(grades))) / max(grades - 1, 1)
    return np.asarray({"identity": (apart == 0) * 1.0, "linear": 1 - apart, "quadratic": 1 - apart**2}[kind], dtype=np.float64)


def cohen(gradings: ArrayLike, grades: int, weights: Weights = "quadratic") -> float:
    """Cohen's weighted kappa of exactly two reviewers, over the cases that both graded. Raises ValueError."""
    x = _checked(gradings, grades)
    if x.shape[1] != 2:
        raise ValueError(f"Cohen's kappa is for two reviewers, got {x.shape[1]}; use gwet_ac2 or krippendorff_alpha")
    both = x[~np.isnan(x).any(axis=1)].astype(int)
    joint = np.zeros((grades, grades))
    np.add.at(joint, (both[:, 0], both[:, 1]), 1.0)
    if not len(both):
        return float("nan")
    joint /= joint.sum()
    w = agreement_weights(grades, weights)
    return _beyond(float((w * joint).sum()), float((w * np.outer(joint.sum(1), joint.sum(0))).sum()))


def fleiss(gradings: ArrayLike, grades: int, weights: Weights = "identity") -> float:
    """Fleiss' kappa, also with weights and with gradings missing."""
    counts = _counts(_checked(gradings, grades), grades)
    w = agreement_weights(grades, weights)
    share = _shares(counts)
    return _beyond(_observed(counts, w), float(share @ w @ share))


def gwet_ac2(gradings: ArrayLike, grades: int, weights: Weights = "quadratic") -> float:
    """Gwet's AC2 (AC1 with identity weights): stays sensible where nearly all cases get one grade."""
    counts = _counts(_checked(gradings, grades), grades)
    w = agreement_weights(grades, weights)
    share = _shares(counts)
    chance = float(w.sum() / (grades * (grades - 1)) * (share * (1 - share)).sum()) if grades > 1 else 1.0
    return _beyond(_observed(counts, w), chance)


def krippendorff_alpha(gradings: ArrayLike, grades: int, metric: Metric = "ordinal", first: float = 0.0) -> float:
    """Krippendorff's alpha. first: the number that the lowest grade stands for, which only the ratio metric asks."""
    counts = _counts(_checked(gradings, grades), grades)
    paired = counts[counts.sum(1) >= 2]
    if not len(paired):
        return float("nan")
    of = paired.sum(1, keepdims=True)
    coincide = (paired / (of - 1)).T @ paired - np.diag((paired / (of - 1)).sum(0))
    margin = coincide.sum(0)
    far = _distance(margin, metric, first)
    expected = float((np.outer(margin, margin) * far).sum()) / (margin.sum() - 1)
    return float("nan") if expected == 0 else 1 - float((coincide * far).sum()) / expected


def with_interval(
    name: str, coefficient: Callable[[Floats], float], gradings: ArrayLike, *, level: float = 0.95, draws: int = 1000, seed: int = 1
) -> Agreement:
    """A coefficient with the percentile interval of a bootstrap over cases. Draws for which it is not defined are left out."""
    x = np.asarray(gradings, dtype=np.float64)
    random = np.random.default_rng(seed)
    found = np.array([coefficient(x[random.integers(0, len(x), len(x))]) for _ in range(draws)]) if len(x) else np.array([np.nan])
    found = found[~np.isnan(found)]
    lower, upper = np.quantile(found, [(1 - level) / 2, (1 + level) / 2]) if len(found) else (float("nan"), float("nan"))
    return Agreement(name, coefficient(x), float(lower), float(upper), int(((~np.isnan(x)).sum(axis=1) >= 2).sum()))


def _checked(gradings: ArrayLike, grades: int) -> Floats:
    x = np.asarray(gradings, dtype=np.float64)
    if x.ndim != 2:
        raise ValueError(f"gradings must be cases by reviewers, got an array of {x.ndim} dimensions")
    given = x[~np.isnan(x)]
    if ((given < 0) | (given >= grades) | (given != np.round(given))).any():
        raise ValueError(f"a grading must be a whole number from 0 to {grades - 1}, or NaN where none was given")
    return x


def _counts(x: Floats, grades: int) -> Floats:
    return np.stack([(x == g).sum(axis=1) for g in range(grades)], axis=1).astype(np.float64)


def _shares(counts: Floats) -> Floats:
    graded = counts[counts.sum(1) > 0]
    return np.asarray((graded / graded.sum(1, keepdims=True)).mean(0) if len(graded) else np.full(counts.shape[1], np.nan))


def _observed(counts: Floats, w: Floats) -> float:
    paired = counts[counts.sum(1) >= 2]
    if not len(paired):
        return float("nan")
    of = paired.sum(1)
    return float(((paired * (paired @ w - 1)).sum(1) / (of * (of - 1))).mean())


def _beyond(observed: float, chance: float) -> float:
    return float("nan") if chance >= 1 else (observed - chance) / (1 - chance)


def _distance(margin: Floats, metric: Metric, first: float) -> Floats:
    n = len(margin)
    value = np.arange(n) + first
    a, b = np.meshgrid(value, value, indexing="ij")
    if metric == "nominal":
        return np.asarray(a != b, dtype=np.float64)
    if metric == "interval":
        return np.asarray((a - b) ** 2, dtype=np.float64)
    if metric == "ratio":
        return np.asarray(np.divide(a - b, a + b, out=np.zeros((n, n)), where=(a + b) != 0) ** 2, dtype=np.float64)
    middle = np.cumsum(margin) - margin / 2
    return np.asarray(np.subtract.outer(middle, middle) ** 2, dtype=np.float64)
