"""How far reviewers agree beyond chance. Gradings may be missing; any number of reviewers.

`gradings` is everywhere an array of cases by reviewers: the place of the grade on its scale from 0, NaN where a reviewer gave none. `grades`
is how many the scale has, also where some were never given: what nobody gave still could have been, and AC2 counts it.
Sources: Gwet, Handbook of Inter-Rater Reliability (AC2, Fleiss and Conger with weights, and their intervals by linearisation); Krippendorff,
Computing Krippendorff's Alpha-Reliability (2011); Cohen, Psychological Bulletin 70 (1968) 213-220; Fleiss, Psychological Bulletin 76 (1971)
378-382; Fleiss, Cohen & Everitt, Psychological Bulletin 72 (1969) 323-327 (error of weighted kappa).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

Floats = NDArray[np.float64]
Weights = Literal["identity", "linear", "quadratic"]
Metric = Literal["nominal", "ordinal", "interval", "ratio"]
_STEP = 1e-6
NO_PAIRS = "No case has two gradings, so nothing is known of agreement."
ONE_GRADE = "Every grading is the same grade. What chance alone would give is full agreement, so nothing can be said beyond it."
ONE_CASE = "One case does not tell how others would be graded, so there is no interval."
ALWAYS = "Agreement is the same on every case, so the cases do not tell how far it may vary: there is no interval."


@dataclass(frozen=True, slots=True)
class Agreement:
    """A coefficient, 1 for full agreement and 0 for chance, with its standard error and interval over cases.

    value is NaN where it is not defined, error and interval where they are not; `why` then says why, in a sentence. cases: those with two
    gradings or more.
    """

    name: str
    value: float
    lower: float
    upper: float
    cases: int
    error: float = float("nan")
    why: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """A coefficient as a function of sums over cases. rows: what each case that counts brings to the sums. paired: cases with two gradings.

    Every coefficient here is one of a few sums; so its error follows from its slope in each of them (linearisation), and its bootstrap from
    sums over other cases. leaning: the function whose slope is taken, where it is not the coefficient's own.
    """

    rows: Floats
    of: Callable[[Floats], float]
    paired: int
    leaning: Callable[[Floats], float] | None = None

    @property
    def value(self) -> float:
        """NaN where it is not defined."""
        return self.of(self.rows.sum(axis=0)) if self.paired else float("nan")

    @property
    def error(self) -> float:
        """Standard error over cases; NaN for fewer than two, or where the coefficient is not defined. Gwet's, with n - 1 below."""
        n = len(self.rows)
        if n < 2 or np.isnan(self.value):
            return float("nan")
        total = self.rows.sum(axis=0)
        step = _STEP * max(total.max(), 1.0)
        of = self.leaning or self.of
        slope = np.array([(of(total + step * e) - of(total - step * e)) / (2 * step) for e in np.eye(len(total))])
        each = self.rows @ slope
        return float(np.sqrt(n * ((each - each.mean()) ** 2).sum() / (n - 1)))

    def bootstrap(self, draws: int = 1000, seed: int = 1) -> Floats:
        """The coefficient over other cases drawn from these; draws for which it is not defined are left out."""
        random = np.random.default_rng(seed)
        n = len(self.rows)
        found = np.array([self.of(self.rows[random.integers(0, n, n)].sum(axis=0)) for _ in range(draws)]) if n else np.empty(0)
        return np.asarray(found[~np.isnan(found)])


def agreement_weights(grades: int, kind: Weights) -> Floats:
    """Credit for two grades on one case, grades by grades: 1 for the same grade."""
    apart = np.abs(np.subtract.outer(np.arange(grades), np.arange(grades))) / max(grades - 1, 1)
    return np.asarray({"identity": (apart == 0) * 1.0, "linear": 1 - apart, "quadratic": 1 - apart**2}[kind], dtype=np.float64)


def of_cohen(gradings: ArrayLike, grades: int, weights: Weights = "quadratic") -> Parts:
    """See `cohen`."""
    x = _checked(gradings, grades)
    if x.shape[1] != 2:
        raise ValueError(f"Cohen's kappa is for two reviewers, got {x.shape[1]}; use gwet_ac2 or krippendorff_alpha")
    both = x[~np.isnan(x).any(axis=1)].astype(int)
    w = agreement_weights(grades, weights)

    def of(total: Floats) -> float:
        joint = total.reshape(grades, grades) / total.sum()
        return _beyond(float((w * joint).sum()), float((w * np.outer(joint.sum(1), joint.sum(0))).sum()))

    return Parts(np.eye(grades * grades)[both[:, 0] * grades + both[:, 1]], of, len(both))


def of_fleiss(gradings: ArrayLike, grades: int, weights: Weights = "identity") -> Parts:
    """See `fleiss`."""
    w = agreement_weights(grades, weights)
    return _pooled(_counts(_checked(gradings, grades), grades), w, lambda share: float(share @ w @ share))


def of_gwet(gradings: ArrayLike, grades: int, weights: Weights = "quadratic") -> Parts:
    """See `gwet_ac2`."""
    w = agreement_weights(grades, weights)
    return _pooled(
        _counts(_checked(gradings, grades), grades), w, lambda share: float(w.sum() / (grades * (grades - 1)) * (share * (1 - share)).sum())
    )


def of_krippendorff(gradings: ArrayLike, grades: int, metric: Metric = "ordinal", first: float = 0.0) -> Parts:
    """See `krippendorff_alpha`."""
    counts = _counts(_checked(gradings, grades), grades)
    paired = counts[counts.sum(1) >= 2]
    share = paired / np.maximum(paired.sum(1, keepdims=True) - 1, 1)
    # by case, grades by grades: each pair of its gradings once either way
    coincide = paired[:, :, None] * share[:, None, :]
    coincide[:, np.arange(grades), np.arange(grades)] -= share

    def of(total: Floats) -> float:
        seen = total.reshape(grades, grades)
        margin = seen.sum(0)
        far = _distance(margin, metric, first)
        expected = float((np.outer(margin, margin) * far).sum()) / (margin.sum() - 1)
        return float("nan") if expected <= 1e-12 else 1 - float((seen * far).sum()) / expected

    return Parts(coincide.reshape(len(paired), grades * grades), of, len(paired))


def cohen(gradings: ArrayLike, grades: int, weights: Weights = "quadratic") -> float:
    """Cohen's weighted kappa of exactly two reviewers, over the cases that both graded. Raises ValueError."""
    return of_cohen(gradings, grades, weights).value


def fleiss(gradings: ArrayLike, grades: int, weights: Weights = "identity") -> float:
    """Fleiss' kappa, also with weights and with gradings missing."""
    return of_fleiss(gradings, grades, weights).value


def gwet_ac2(gradings: ArrayLike, grades: int, weights: Weights = "quadratic") -> float:
    """Gwet's AC2 (AC1 with identity weights): stays sensible where nearly all cases get one grade."""
    return of_gwet(gradings, grades, weights).value


def krippendorff_alpha(gradings: ArrayLike, grades: int, metric: Metric = "ordinal", first: float = 0.0) -> float:
    """Krippendorff's alpha. first: the number that the lowest grade stands for, which only the ratio metric asks."""
    return of_krippendorff(gradings, grades, metric, first).value


def with_interval(name: str, parts: Parts, *, level: float = 0.95) -> Agreement:
    """A coefficient with its error and interval: Student's t on the error over cases, ended at 1. What is not defined is NaN, and `why` says why."""
    if not 0 < level < 1:
        raise ValueError(f"level must be strictly between 0 and 1, got {level!r}")
    value, error, nothing = parts.value, parts.error, float("nan")
    if np.isnan(value):
        return Agreement(name, nothing, nothing, nothing, parts.paired, nothing, ONE_GRADE if parts.paired else NO_PAIRS)
    if len(parts.rows) < 2 or error < 1e-9:
        return Agreement(name, value, nothing, nothing, parts.paired, nothing, ALWAYS if len(parts.rows) > 1 else ONE_CASE)
    reach = float(student.ppf((1 + level) / 2, len(parts.rows) - 1)) * error
    return Agreement(name, value, value - reach, min(value + reach, 1.0), parts.paired, error)


def _pooled(counts: Floats, w: Floats, chance: Callable[[Floats], float]) -> Parts:
    """Coefficients whose chance follows from the shares of grades over all cases. rows: shares, graded, agreement, paired."""
    graded = counts[counts.sum(1) > 0]
    of_each = graded.sum(1)
    two = of_each >= 2
    agree = np.where(two, (graded * (graded @ w - 1)).sum(1) / np.maximum(of_each * (of_each - 1), 1), 0.0)
    rows = np.column_stack([graded / of_each[:, None], np.ones(len(graded)), agree, two.astype(np.float64)])
    k = counts.shape[1]

    def of(total: Floats) -> float:
        return _beyond(total[k + 1] / total[k + 2], chance(total[:k] / total[k])) if total[k + 2] > 0 else float("nan")

    whole = rows.sum(axis=0)
    part, before = (two.mean(), chance(whole[:k] / whole[k])) if two.any() else (1.0, 0.0)

    def leaning(total: Floats) -> float:
        # Gwet's error takes the share of cases with two gradings as given, so that cases with one make it larger and not smaller
        now = chance(total[:k] / total[k])
        return float(((total[k + 1] - before * total[k + 2]) / (total[k] * part) + before - now) / (1 - now))

    return Parts(rows, of, int(two.sum()), leaning)


def _checked(gradings: ArrayLike, grades: int) -> Floats:
    x = np.asarray(gradings, dtype=np.float64)
    if grades < 2:
        raise ValueError(f"a scale has at least two grades, got {grades}")
    if x.ndim != 2:
        raise ValueError(f"gradings must be cases by reviewers, got an array of {x.ndim} dimensions")
    given = x[~np.isnan(x)]
    if ((given < 0) | (given >= grades) | (given != np.round(given))).any():
        raise ValueError(f"a grading must be a whole number from 0 to {grades - 1}, or NaN where none was given")
    return x


def _counts(x: Floats, grades: int) -> Floats:
    return np.stack([(x == g).sum(axis=1) for g in range(grades)], axis=1).astype(np.float64)


def _beyond(observed: float, chance: float) -> float:
    return float("nan") if chance >= 1 - 1e-12 else (observed - chance) / (1 - chance)


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
