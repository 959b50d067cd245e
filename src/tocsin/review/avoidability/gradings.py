"""Gradings of a panel, one a row, made ready for the model: who graded what how, in which group, and which cases look alike."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Grading:
    """One reviewer's grade of one case, given before they saw any other. grade: its place on the scale, from 0. group: of the case."""

    case: str
    reviewer: str
    grade: int
    group: str = ""


@dataclass(frozen=True, slots=True)
class Gradings:
    """Gradings as the model reads them.

    Cases that are alike (same group, same grades from the same reviewers) are one pattern: pattern i has the gradings start[i] to
    start[i + 1] and stands for times[i] cases. pair: place of (reviewer, group) in pair_reviewer and pair_group. pattern_of: by case.
    """

    cases: tuple[str, ...]
    reviewers: tuple[str, ...]
    groups: tuple[str, ...]
    grades: int
    start: Integers
    pair: Integers
    grade: Integers
    times: Floats
    group: Integers
    pair_reviewer: Integers
    pair_group: Integers
    pattern_of: Integers
    by_case: tuple[tuple[int, ...], ...]
    counts: Integers
    given: Integers

    @property
    def most(self) -> int:
        """Gradings of the case that has most."""
        return int(np.diff(self.start).max())

    def in_group(self) -> Integers:
        """Cases of each group."""
        return np.asarray(np.bincount(self.group, weights=self.times, minlength=len(self.groups)).astype(np.int64))


def gather(gradings: Iterable[Grading], grades: int) -> Gradings:
    """Gradings in the model's form. grades: how many the scale has. Raises ValueError for what cannot be."""
    by_case: dict[str, dict[str, int]] = {}
    group_of: dict[str, str] = {}
    for g in gradings:
        if not 0 <= g.grade < grades:
            raise ValueError(f"case '{g.case}', reviewer '{g.reviewer}': a grade must be from 0 to {grades - 1}, got {g.grade}")
        held = by_case.setdefault(g.case, {})
        if g.reviewer in held:
            raise ValueError(f"reviewer '{g.reviewer}' has graded case '{g.case}' twice; give one grading each")
        if group_of.setdefault(g.case, g.group) != g.group:
            raise ValueError(f"case '{g.case}' stands in two groups, '{group_of[g.case]}' and '{g.group}'")
        held[g.reviewer] = g.grade
    if not by_case:
        raise ValueError("there are no gradings")
    cases = tuple(sorted(by_case))
    reviewers = tuple(sorted({r for held in by_case.values() for r in held}))
    groups = tuple(sorted(set(group_of.values())))
    place, where = {r: i for i, r in enumerate(reviewers)}, {g: i for i, g in enumerate(groups)}
    keys = [(where[group_of[c]], tuple(sorted((place[r], grade) for r, grade in by_case[c].items()))) for c in cases]
    alike = Counter(keys)
    patterns = {key: i for i, key in enumerate(alike)}
    pairs = {p: i for i, p in enumerate(sorted({(r, group) for group, row in patterns for r, _ in row}))}
    return Gradings(
        cases, reviewers, groups, grades,
        np.concatenate([[0], np.cumsum([len(row) for _, row in patterns])]).astype(np.int64),
        np.array([pairs[r, group] for group, row in patterns for r, _ in row], np.int64),
        np.array([grade for _, row in patterns for _, grade in row], np.int64),
        np.array(list(alike.values()), np.float64),
        np.array([group for group, _ in patterns], np.int64),
        np.array([r for r, _ in pairs], np.int64),
        np.array([group for _, group in pairs], np.int64),
        np.array([patterns[key] for key in keys], np.int64),
        tuple(tuple(sorted(by_case[c].values())) for c in cases),
        np.bincount([grade for held in by_case.values() for grade in held.values()], minlength=grades).astype(np.int64),
        np.bincount([place[r] for held in by_case.values() for r in held], minlength=len(reviewers)).astype(np.int64),
    )  # fmt: skip
