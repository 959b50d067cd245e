"""Panels whose truth is known: to try a method on, to plan a panel, to learn what its figures could show."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from tocsin.review.avoidability.gradings import Grading

Floats = NDArray[np.float64]


def simulated_panel(
    seed: int,
    cases: int,
    reviewers: int,
    per_case: int,
    shares: Sequence[float],
    sd_cases: float = 0.9,
    sd_reviewers: float = 0.4,
    groups: int | None = None,
    sd_groups: float = 0.0,
    moved: Mapping[int, float] | None = None,
) -> tuple[list[Grading], Floats, Floats]:
    """(gradings, severities, places of groups) of reviewers drawn at random, so that the typical one gives grades by `shares`.

    shares: of each grade, from the lowest, summing to 1. sd_*: in units of the play of chance in one grading. groups: cases are dealt to
    them in turn, 'g0', 'g1', ... moved: by group, how far it lies from where it was drawn, in the same units (see `move_to`). Reviewers
    are 'r00', 'r01', ...; each case is graded by `per_case` of them, drawn anew.
    """
    random = np.random.default_rng(seed)
    cuts = ndtri(np.cumsum(shares)[:-1]) * np.sqrt(1 + sd_cases**2)
    severity = random.normal(0, sd_reviewers, reviewers)
    place = random.normal(0, sd_groups, groups or 1)
    for group, far in (moved or {}).items():
        place[group] += far
    gradings = []
    for i in range(cases):
        at = sd_cases * random.normal() + place[i % (groups or 1)]
        for r in random.permutation(reviewers)[:per_case]:
            grade = int((at + severity[r] + random.normal() > cuts).sum())
            gradings.append(Grading(f"c{i}", f"r{r:02d}", grade, f"g{i % (groups or 1)}"))
    return gradings, severity, place


def move_to(share: float, before: float, sd_cases: float = 0.9) -> float:
    """How far a group must lie from the others for its share of a grade or above to be `share` where theirs is `before`; in (0, 1)."""
    return float((ndtri(share) - ndtri(before)) * np.sqrt(1 + sd_cases**2))
