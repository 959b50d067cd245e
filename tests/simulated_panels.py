"""Panels whose truth is known."""

import numpy as np
from scipy.special import ndtri

from tocsin.review import Grading


def panel(seed, cases, reviewers, per_case, shares, sd_cases=0.9, sd_reviewers=0.4, groups=None, sd_groups=0.0):
    """(gradings, severities, places of groups): what reviewers drawn at random grade, so that the typical one gives grades by `shares`."""
    random = np.random.default_rng(seed)
    cuts = ndtri(np.cumsum(shares)[:-1]) * np.sqrt(1 + sd_cases**2)
    severity = random.normal(0, sd_reviewers, reviewers)
    place = random.normal(0, sd_groups, groups or 1)
    gradings = []
    for i in range(cases):
        at = sd_cases * random.normal() + place[i % (groups or 1)]
        for r in random.permutation(reviewers)[:per_case]:
            grade = int((at + severity[r] + random.normal() > cuts).sum())
            gradings.append(Grading(f"c{i}", f"r{r:02d}", grade, f"g{i % (groups or 1)}"))
    return gradings, severity, place
