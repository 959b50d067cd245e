"""How many cases to draw, and from which stratum, for a share to be known as closely as is wanted.

Sources: Cochran, Sampling Techniques (1977): sizes 4.7 and 5.9, proportional and Neyman's division 5.5, error of a stratified mean 5.3.
"""

import math
from collections.abc import Mapping
from typing import Literal

from tocsin.review.sampling import bounds, check_level, exact_finite_interval

How = Literal["proportional", "equal", "neyman"]


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
    strata: Mapping[str, int],
    cases: int,
    how: How = "proportional",
    *,
    guesses: Mapping[str, float] | None = None,
    spreads: Mapping[str, float] | None = None,
    least: int = 2,
) -> dict[str, int]:
    """How many of `cases` to draw from each stratum, whose sizes `strata` gives.

    'proportional' to size; 'equal'; 'neyman' in proportion to size times sd, which follows from a guessed share of each (guesses) or is
    given (spreads). Each stratum gets at least `least`, or all it has. The sum is `cases`, or what the strata allow. Raises ValueError.
    """
    if any(n < 0 for n in strata.values()) or cases < 0 or least < 0:
        raise ValueError("sizes of strata, cases and least must not be negative")
    if how == "neyman":
        spreads = spreads or _spreads(guesses or {})
        if set(strata) - set(spreads):
            raise ValueError(f"'neyman' needs a guessed share of every stratum; there is none of '{min(set(strata) - set(spreads))}'")
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
            pull = {s: n * (spreads or {})[s] for s, n in strata.items()}
    given = dict(floor)
    for _ in range(min(cases, sum(strata.values())) - sum(given.values())):
        # the stratum that is furthest behind its due gets the next (Webster's rule)
        behind = max((s for s in sorted(strata) if given[s] < strata[s]), key=lambda s: pull[s] / (2 * given[s] + 1))
        given[behind] += 1
    return given


def size_for(
    strata: Mapping[str, int],
    half_width: float,
    how: How = "proportional",
    *,
    guesses: Mapping[str, float] | None = None,
    level: float = 0.95,
    least: int = 2,
) -> dict[str, int]:
    """Fewest cases of each stratum from which the interval of `estimate` is no wider than twice `half_width`, were the guesses true.

    guesses: share by stratum; 0.5, which needs most, where none is given. Raises ValueError.
    """
    if not 0 < half_width < 1:
        raise ValueError(f"half_width must be strictly between 0 and 1, got {half_width!r}")
    check_level(level)
    guessed = {s: (guesses or {}).get(s, 0.5) for s in strata}
    _spreads(guessed)
    whole = sum(strata.values())
    if not whole:
        raise ValueError("there are no cases in the population")
    low, high = sum(min(least, n) for n in strata.values()), whole
    while low < high:
        middle = (low + high) // 2
        wide = expected_half_width(strata, allocate(strata, middle, how, guesses=guessed, least=least), guessed, level) > half_width + 1e-9
        low, high = (middle + 1, high) if wide else (low, middle)
    return allocate(strata, low, how, guesses=guessed, least=least)


def expected_half_width(strata: Mapping[str, int], drawn: Mapping[str, int], guesses: Mapping[str, float], level: float = 0.95) -> float:
    """Half the width of the interval of `estimate`, in [0, 1], for so many drawn of each stratum and were the guessed shares true."""
    least, most = bounds([(n, drawn[s], guesses[s] * drawn[s]) for s, n in strata.items()], level)
    return (most - least) / (2 * sum(strata.values()))


def error_of(strata: Mapping[str, int], drawn: Mapping[str, int], spreads: Mapping[str, float]) -> float:
    """Standard error of the weighted mean over all strata, from the sd of what is measured within each (with n - 1 below)."""
    whole = sum(strata.values())
    return math.sqrt(sum((n / whole) ** 2 * (1 - drawn[s] / n) * spreads[s] ** 2 / drawn[s] for s, n in strata.items() if n))


def _spreads(guesses: Mapping[str, float]) -> dict[str, float]:
    for stratum, share in guesses.items():
        if not 0 <= share <= 1:
            raise ValueError(f"stratum '{stratum}': a guessed share must be from 0 to 1, got {share!r}")
    # a stratum thought to be all alike is still looked at
    return {s: math.sqrt(max(g * (1 - g), 1e-4)) for s, g in guesses.items()}
