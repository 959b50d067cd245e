"""Which of a provider's cases to look at, how many, and what the ones looked at say of all.

Exact for a finite population throughout: the number of cases is known, each is drawn at most once. How many to draw, and from which
stratum, is in `design.py`.
Sources: Cochran, Sampling Techniques (1977), chapters 4 and 5; the exact interval inverts the hypergeometric test as Clopper & Pearson do
the binomial (Wright, Exact Confidence Bounds when Sampling from Small Finite Universes, 1991); the interval over strata sums each
stratum's beta-binomial law for the cases not looked at, begun from Jeffreys' prior (Ericson, JRSS B 31 (1969) 195-233).
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve
from scipy.stats import betabinom, hypergeom


@dataclass(frozen=True, slots=True)
class Sample:
    """Cases drawn. cases: by stratum, in the order drawn. population, weight: by stratum; a case stands for `weight` cases.

    seed: draws the same again from the same cases.
    """

    cases: Mapping[str, tuple[str, ...]]
    population: Mapping[str, int]
    weight: Mapping[str, float]
    seed: int


@dataclass(frozen=True, slots=True)
class Stratum:
    """What was found in one stratum: `found` of the `looked_at` cases, which were drawn at random from its `population`."""

    population: int
    looked_at: int
    found: int

    def __post_init__(self) -> None:
        if not 0 <= self.found <= self.looked_at <= self.population:
            raise ValueError(f"{self.found} found of {self.looked_at} looked at of {self.population} in all cannot be")


@dataclass(frozen=True, slots=True)
class Finding:
    """Share of the whole population, with its interval; and how many cases that whole is.

    error: standard error by the textbook, None where a stratum that is not known in full has fewer than two cases looked at.
    """

    share: float
    lower: float
    upper: float
    population: int
    error: float | None


def exact_finite_interval(found: int, looked_at: int, population: int, level: float = 0.95) -> tuple[int, int]:
    """Least and largest number of such cases in the population that go with what was found; covers at least as often as `level` says.

    Raises ValueError.
    """
    Stratum(population, looked_at, found)
    check_level(level)
    tail = (1 - level) / 2
    lowest, highest = found, population - (looked_at - found)
    low, high = lowest, highest
    while low < high:
        middle = (low + high) // 2
        if hypergeom.sf(found - 1, population, middle, looked_at) > tail:
            high = middle
        else:
            low = middle + 1
    least = low
    low, high = least, highest
    while low < high:
        middle = (low + high + 1) // 2
        if hypergeom.cdf(found, population, middle, looked_at) > tail:
            low = middle
        else:
            high = middle - 1
    return least, low


def sample(cases: Mapping[str, str], sizes: Mapping[str, int], *, seed: int) -> Sample:
    """Draw cases at random. cases: stratum by case. sizes: how many of each stratum.

    One stratum's draw depends on its own cases and the seed alone, and not on their order. Raises ValueError.
    """
    by: dict[str, list[str]] = {}
    for case in sorted(cases):
        by.setdefault(cases[case], []).append(case)
    for stratum, n in sizes.items():
        if not 0 <= n <= len(by.get(stratum, ())):
            raise ValueError(f"stratum '{stratum}' has {len(by.get(stratum, ()))} cases, so {n} cannot be drawn")
    drawn = {}
    for stratum, n in sorted(sizes.items()):
        own = int.from_bytes(hashlib.sha256(stratum.encode()).digest()[:8], "big")
        random = np.random.default_rng([seed, own])
        drawn[stratum] = tuple(by[stratum][i] for i in random.permutation(len(by.get(stratum, ())))[:n])
    population = {s: len(by.get(s, ())) for s in drawn}
    return Sample(drawn, population, {s: population[s] / len(c) if c else math.inf for s, c in drawn.items()}, seed)


def estimate(strata: Mapping[str, Stratum], level: float = 0.95) -> Finding:
    """Share of all cases of all strata, from what was found in those looked at, each with its weight. Raises ValueError.

    A stratum of which nothing was looked at counts as wholly unknown: it widens the interval and adds half of its cases to the share.
    """
    check_level(level)
    whole = sum(s.population for s in strata.values())
    if not whole:
        raise ValueError("there are no cases in the population")
    parts = [(s.population, s.looked_at, float(s.found)) for s in strata.values()]
    mean = sum(n * found / looked if looked else n / 2 for n, looked, found in parts) / whole
    # with none (or all) found, the end at what was found is what is known for certain
    none, every = all(s.found == 0 for s in strata.values()), all(s.found == s.looked_at for s in strata.values())
    lower, upper = bounds(parts, level)
    certain = sum(s.found for s in strata.values())
    if none:
        lower = certain
    if every:
        upper = whole - sum(s.looked_at - s.found for s in strata.values())
    return Finding(mean, lower / whole, upper / whole, whole, _error(strata, whole))


def bounds(parts: Sequence[tuple[int, int, float]], level: float) -> tuple[float, float]:
    """Least and largest number of such cases in all strata together. parts: (population, looked at, found) of each; found need not be whole."""
    law = np.ones(1)
    for population, looked, found in parts:
        rest = population - looked
        if rest:
            own = betabinom.pmf(np.arange(rest + 1), rest, found + 0.5, looked - found + 0.5)
            law = np.clip(fftconvolve(law, own) if min(len(law), len(own)) > 64 else np.convolve(law, own), 0, None)
    rising = np.cumsum(law) / law.sum()
    tail = (1 - level) / 2
    certain = sum(found for _, _, found in parts)
    lower, upper = (int(np.searchsorted(rising, p - 1e-12)) for p in (tail, 1 - tail))
    return certain + lower, certain + upper


def _error(strata: Mapping[str, Stratum], whole: int) -> float | None:
    """Standard error of the weighted share, Cochran's (5.53): each stratum's own, lowered by the part of it that was looked at."""
    variance = 0.0
    for s in strata.values():
        if s.looked_at == s.population:
            continue
        if s.looked_at < 2:
            return None
        p = s.found / s.looked_at
        variance += (s.population / whole) ** 2 * (1 - s.looked_at / s.population) * p * (1 - p) / (s.looked_at - 1)
    return math.sqrt(variance)


def check_level(level: float) -> None:
    """Raises ValueError for a level that is no chance."""
    if not 0 < level < 1:
        raise ValueError(f"level must be strictly between 0 and 1, got {level!r}")
