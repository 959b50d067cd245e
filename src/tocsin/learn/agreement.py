"""How far two or more people agree in linking passages to failings, beyond what chance would give."""

from collections import Counter
from collections.abc import Hashable, Sequence


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Agreement of two coders who each coded every passage; 1 is perfect, 0 is chance. Source: Cohen, Educ Psychol Meas 1960;20:37-46.

    Raises ValueError where the lengths differ, nothing was coded, or both used one and the same code throughout (then it has no value).
    """
    if len(first) != len(second) or not first:
        raise ValueError(f"two codings of the same passages are needed, got {len(first)} and {len(second)}")
    n = len(first)
    seen = sum(a == b for a, b in zip(first, second, strict=True)) / n
    one, two = Counter(first), Counter(second)
    chance = sum(one[code] * two[code] for code in one) / n**2
    if chance == 1:
        raise ValueError("both coders used a single code; agreement beyond chance cannot be measured")
    return (seen - chance) / (1 - chance)


def krippendorff_alpha(codings: Sequence[Sequence[Hashable | None]]) -> float:
    """Agreement of any number of coders over nominal codes; None where a coder did not code the passage.

    codings: one sequence a coder, all of one length. Source: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011).
    Raises ValueError where no passage was coded twice, lengths differ, or a single code was used.
    """
    if len({len(coder) for coder in codings}) != 1:
        raise ValueError("each coder needs one code (or None) for each passage")
    units = [[code for code in unit if code is not None] for unit in zip(*codings, strict=True)]
    units = [unit for unit in units if len(unit) > 1]
    total = Counter(code for unit in units for code in unit)
    n = sum(total.values())
    expected = n * n - sum(count * count for count in total.values())
    if not expected:
        raise ValueError("agreement needs passages coded by two people at least, and more than one code in use")
    disagreed = sum((len(u) ** 2 - sum(c * c for c in Counter(u).values())) / (len(u) - 1) for u in units)
    return 1 - (n - 1) * disagreed / expected
