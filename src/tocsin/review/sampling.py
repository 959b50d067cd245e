"""Which of a provider's cases to look at, how many, and what the ones looked at say of all.

Exact for a finite population throughout: the number of cases is known, each is drawn at most once.
Sources: Cochran, Sampling Techniques (1977), chapters 4 and 5; the exact interval inverts the hypergeometric test as Clopper & Pearson do
the binomial (Wright, Exact Confidence Bounds when Sampling from Small Finite Universes, 1991); the interval over strata sums each
stratum's beta-binomial law for the cases not looked at, begun from Jeffreys' prior (Ericson, JRSS B 31 (1969) 195-233).
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.signal import fftconvolve
from scipy.stats import betabinom, hypergeom

How = Literal["proportional", "equal", "neyman"]


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
    """Share of the whole population, with its interval; and what that is in cases."""

    share: float
    lower: float
    upper: float
    population: int


def exact_finite_interval(found: int, looked_at: int, population: int, level: float = 0.95) -> tuple[int, int]:
    """Least and largest number of such cases in the population that go with what was found; covers at least as often as `level` says.

    Raises ValueError.
    """
    Stratum(population, looked_at, found)
    _check_level(level)
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


def cases_for(population: int, half_width: float, guess: float = 0.5, level: float = 0.95) -> int:
    """Fewest cases to draw from which the exact interval is no wider than twice `half_width`, where the share is about `guess`.

    No larger draw is wider either. guess: 0.5 needs most. Raises ValueError.
    """
    if population < 1 or not 0 < half_width < 1 or not 0 <= guess <= 1:
        raise ValueError("population must be at least 1, half_width strictly between 0 and 1, guess between 0 and 1")

    def wide(n: int) -> bool:
        least, most = exact_finite_interval(round(guess * n), n, population, level)
        return most - least > 2 * half_width * population + 1e-9

    low, high = 1, population
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if wide(middle) else (low, middle)
    # the width steps up and down a little from one size to the next
    for n in range(min(population, math.ceil(low * 1.25) + 12), 0, -1):
        if wide(n):
            return n + 1
    return 1


def allocate(
    strata: Mapping[str, int], cases: int, how: How = "proportional", *, guesses: Mapping[str, float] | None = None, least: int = 2
) -> dict[str, int]:
    """How many of `cases` to draw from each stratum, whose sizes `strata` gives.

    'proportional' to size; 'equal'; 'neyman' in proportion to size times sd, from a guessed share of each. Each stratum gets at least
    `least`, or all it has. The sum is `cases`, or what the strata allow. Raises ValueError.
    """
    if any(n < 0 for n in strata.values()) or cases < 0 or least < 0:
        raise ValueError("sizes of strata, cases and least must not be negative")
    if how == "neyman" and (guesses is None or set(strata) - set(guesses)):
        raise ValueError("'neyman' needs a guessed share of every stratum")
    floor = {s: min(least, n) for s, n in strata.items()}
    if sum(floor.values()) > cases:
        raise ValueError(
            f"{cases} cases are too few for {len(strata)} strata with at least {least} each; take {sum(floor.values())} or more"
        )
    match how:
        case "proportional":
            pull = {s: float(n) for s, n in strata.items()}
        case "equal":
            pull = dict.fromkeys(strata, 1.0)
        case "neyman":
            pull = {s: n * math.sqrt(max((guesses or {})[s] * (1 - (guesses or {})[s]), 1e-4)) for s, n in strata.items()}
    given = dict(floor)
    for _ in range(min(cases, sum(strata.values())) - sum(given.values())):
        # the stratum that is furthest behind its due gets the next (Webster's rule)
        behind = max((s for s in sorted(strata) if given[s] < strata[s]), key=lambda s: pull[s] / (2 * given[s] + 1))
        given[behind] += 1
    return given


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
    _check_level(level)
    whole = sum(s.population for s in strata.values())
    if not whole:
        raise ValueError("there are no cases in the population")
    law = np.ones(1)
    mean, certain = 0.0, 0
    for s in strata.values():
        rest = s.population - s.looked_at
        certain += s.found
        mean += s.population * s.found / s.looked_at if s.looked_at else s.population / 2
        if rest:
            own = betabinom.pmf(np.arange(rest + 1), rest, s.found + 0.5, s.looked_at - s.found + 0.5)
            law = np.clip(fftconvolve(law, own) if min(len(law), len(own)) > 64 else np.convolve(law, own), 0, None)
    rising = np.cumsum(law) / law.sum()
    tail = (1 - level) / 2
    lower, upper = (int(np.searchsorted(rising, p - 1e-12)) for p in (tail, 1 - tail))
    # with none (or all) found, the end at what was found is what is known for certain
    if all(s.found == 0 for s in strata.values()):
        lower = 0
    if all(s.found == s.looked_at for s in strata.values()):
        upper = len(law) - 1
    return Finding(mean / whole, (certain + lower) / whole, (certain + upper) / whole, whole)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must be strictly between 0 and 1, got {level!r}")
