"""Variable life-adjusted display: expected minus observed events, added up case by case.

Source: Lovegrove, Valencia, Treasure, Sherlaw-Johnson & Gallivan, Lancet 350 (1997) 1128-1130.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import fftconvolve

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FinalSum:
    """Where the sum stands after the last case. value: `vlad` at the end, lives saved.

    lower, upper: it ends strictly below `lower` with probability at most (1 - level) / 2 if each risk is right, and likewise above `upper`.
    chance_as_many: chance of at least the observed number of events. chance_as_few: of at most that number.
    """

    value: float
    lower: float
    upper: float
    chance_as_many: float
    chance_as_few: float


def vlad(y: ArrayLike, p: ArrayLike) -> Floats:
    """Cumulative p - y: lives saved beyond expectation; it falls by 1 - p with an event and rises by p without.

    y: outcomes, 0 or 1. p: each case's own risk in [0, 1]; one number for all is allowed. Both 1-D of one length; the path has that
    length, its first element after the first case. Raises ValueError otherwise, also on NaN: a case without outcome or risk must be left
    out by the caller, who then knows how many there were.
    """
    outcome, risk = _cases(y, p)
    # Apart: observed events add up without rounding, so a long path is exact but for the risks.
    return np.asarray(np.cumsum(risk) - np.cumsum(outcome), dtype=np.float64)


def excess(y: ArrayLike, p: ArrayLike) -> Floats:
    """Cumulative y - p: events beyond expectation, the mirror of `vlad`."""
    return -vlad(y, p)


def final_sum(y: ArrayLike, p: ArrayLike, level: float = 0.95) -> FinalSum:
    """Compare the end of the path with its exact distribution, the Poisson-binomial of the risks. level: central coverage."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie strictly between 0 and 1, got {level!r}")
    outcome, risk = _cases(y, p)
    law = poisson_binomial(risk)
    at_most = np.minimum(np.cumsum(law), 1.0)
    at_least = np.minimum(np.cumsum(law[::-1])[::-1], 1.0)
    tail = (1 - level) / 2
    most = int(np.argmax(at_most >= 1 - tail))
    least = law.size - 1 - int(np.argmax(at_least[::-1] >= 1 - tail))
    expected, seen = float(risk.sum()), int(outcome.sum())
    return FinalSum(expected - seen, expected - most, expected - least, float(at_least[seen]), float(at_most[seen]))


def poisson_binomial(p: ArrayLike) -> Floats:
    """Chances of 0, 1, ..., n events among n cases with risks p; shape (n + 1,).

    Small blocks by recursion, joined by convolution (fast Fourier above a few hundred cases; absolute error near 1e-15).
    """
    risk = np.asarray(p, dtype=np.float64)
    if risk.ndim != 1 or np.isnan(risk).any() or (risk < 0).any() or (risk > 1).any():
        raise ValueError("p must be a 1-D array of probabilities")
    laws = [_recursion(risk[start : start + 256]) for start in range(0, risk.size, 256)] or [np.ones(1)]
    while len(laws) > 1:
        pairs = zip(laws[::2], laws[1::2], strict=False)
        joined = [np.maximum(fftconvolve(a, b), 0.0) for a, b in pairs]
        laws = joined + ([laws[-1]] if len(laws) % 2 else [])
    return np.asarray(laws[0] / laws[0].sum(), dtype=np.float64)


def _recursion(p: Floats) -> Floats:
    law = np.zeros(p.size + 1)
    law[0] = 1.0
    for count, chance in enumerate(p, start=1):
        law[1 : count + 1] = law[1 : count + 1] * (1 - chance) + law[:count] * chance
        law[0] *= 1 - chance
    return law


def _cases(y: ArrayLike, p: ArrayLike) -> tuple[Floats, Floats]:
    outcome = np.asarray(y, dtype=np.float64)
    risk = np.asarray(p, dtype=np.float64)
    if risk.ndim == 0:
        risk = np.full(outcome.shape, float(risk))
    if outcome.ndim != 1 or outcome.shape != risk.shape:
        raise ValueError(f"y and p must be 1-D of one length, got shapes {outcome.shape} and {risk.shape}")
    wrong = ~((outcome == 0) | (outcome == 1))
    if wrong.any():
        raise ValueError(f"y must be 0 or 1, got {float(outcome[wrong][0])!r} at index {int(np.argmax(wrong))}")
    wrong = ~((risk >= 0) & (risk <= 1))
    if wrong.any():
        raise ValueError(f"p must be probabilities, got {float(risk[wrong][0])!r} at index {int(np.argmax(wrong))}")
    return outcome, risk
