"""Who grades which case: random, even, and nobody in their own cause.

Loads are as even as conflicts allow: the sum of load squared over share is the least that any assignment of these cases has (Harvey,
Ladner, Lovasz & Tamir, Journal of Algorithms 59 (2006) 53-78: it is least when no chain of exchanges from a fuller to an emptier
reviewer is left). Pairs of reviewers then meet as evenly as exchanges can make them, and the design is joined up where it can be, so
that one reviewer's severity can be told from another's.
"""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations, product

import numpy as np

MOST_PER_CASE = 15


class Why(StrEnum):
    """Why a reviewer may not grade a case."""

    EMPLOYER = "employer"
    OWN_CARE = "own-care"
    INTEREST = "interest"


@dataclass(frozen=True, slots=True)
class ToGrade:
    """A case as the assignment sees it. providers: codes of all that gave the care. carers: reviewers who took part in the care."""

    id: str
    providers: frozenset[str] = frozenset()
    carers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Somebody who grades. employers: codes of providers, now or at the time of the care. interests: codes of providers or ids of cases.

    share: of a full load, above 0; a reviewer with 0.5 gets half as many. most: cases that they can take, None for no limit.
    """

    id: str
    employers: frozenset[str] = frozenset()
    interests: frozenset[str] = frozenset()
    share: float = 1.0
    most: int | None = None

    def __post_init__(self) -> None:
        if not 0.01 <= self.share <= 100:
            raise ValueError(f"reviewer '{self.id}': share must be between 0.01 and 100 of a full load, got {self.share!r}")
        if self.most is not None and self.most < 0:
            raise ValueError(f"reviewer '{self.id}': most must not be negative, got {self.most}")


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A case that could not be given enough reviewers. reason: in words. barred: reviewers who may not, and why."""

    case: str
    reason: str
    barred: Mapping[str, Why]


@dataclass(frozen=True, slots=True)
class Assignment:
    """graders: reviewers of each case, in random order. load: cases of each reviewer. together: cases that two reviewers share.

    apart: groups of reviewers between whom no case makes a link, so that their severities cannot be compared; one group when joined up.
    """

    graders: Mapping[str, tuple[str, ...]]
    load: Mapping[str, int]
    together: Mapping[tuple[str, str], int]
    unassigned: tuple[Unassigned, ...]
    apart: tuple[tuple[str, ...], ...]
    seed: int
    notes: tuple[str, ...] = field(default=())


def barred(case: ToGrade, reviewer: Reviewer) -> Why | None:
    """Why this reviewer may not grade this case; None if they may."""
    if reviewer.id in case.carers:
        return Why.OWN_CARE
    if case.providers & reviewer.employers:
        return Why.EMPLOYER
    if case.providers & reviewer.interests or case.id in reviewer.interests:
        return Why.INTEREST
    return None


def assign(
    cases: Sequence[ToGrade],
    reviewers: Sequence[Reviewer],
    per_case: int = 2,
    *,
    seed: int,
    already: Mapping[str, Sequence[str]] | None = None,
) -> Assignment:
    """Give each case `per_case` reviewers. The same arguments give the same answer, whatever the order of cases and reviewers.

    already: reviewers whom cases have by now; they stay unless they may not grade the case (a note says so), count as load, and a case is
    filled up to `per_case`. A case gets all its
    reviewers or is named in `unassigned`; none of those could be added to what is assigned. Raises ValueError for ids that stand twice
    or are not known, and for numbers that cannot be.
    """
    work = _Work(cases, reviewers, per_case, seed, already or {})
    work.fill()
    work.even_loads()
    work.even_pairs()
    work.join_up()
    return work.done()


class _Work:
    """Cases and reviewers by place; `has[c]` are the reviewers of case c that may still be exchanged, `kept[c]` those that may not."""

    def __init__(
        self, cases: Sequence[ToGrade], reviewers: Sequence[Reviewer], per_case: int, seed: int, already: Mapping[str, Sequence[str]]
    ) -> None:
        if not 1 <= per_case <= MOST_PER_CASE:
            raise ValueError(f"per_case must be between 1 and {MOST_PER_CASE}, got {per_case}")
        for what, ids in (("case", [c.id for c in cases]), ("reviewer", [r.id for r in reviewers])):
            twice = [i for i, n in Counter(ids).items() if n > 1]
            if twice:
                raise ValueError(f"{what} '{twice[0]}' stands there twice")
        self.cases = sorted(cases, key=lambda c: c.id)
        self.reviewers = sorted(reviewers, key=lambda r: r.id)
        self.per_case, self.seed = per_case, seed
        self.random = np.random.default_rng(seed)
        self.share = [r.share for r in self.reviewers]
        self.most = [len(cases) if r.most is None else r.most for r in self.reviewers]
        self.why = [[barred(c, r) for r in self.reviewers] for c in self.cases]
        self.may = [frozenset(j for j, w in enumerate(row) if w is None) for row in self.why]
        place = {r.id: j for j, r in enumerate(self.reviewers)}
        unknown = sorted(set(already) - {c.id for c in cases}) or sorted({r for rs in already.values() for r in rs} - set(place))
        if unknown:
            raise ValueError(f"already: there is no case or reviewer '{unknown[0]}'")
        held = [[place[r] for r in dict.fromkeys(already.get(c.id, ()))] for c in self.cases]
        self.kept = [tuple(j for j in row if j in self.may[c]) for c, row in enumerate(held)]
        self.taken_off = [(c, j) for c, row in enumerate(held) for j in row if j not in self.may[c]]
        self.has: list[set[int]] = [set() for _ in self.cases]
        self.holds: list[set[int]] = [set() for _ in self.reviewers]
        self.load = [0] * len(self.reviewers)
        for row in self.kept:
            for j in row:
                self.load[j] += 1
        self.met = [[0] * len(self.reviewers) for _ in self.reviewers]
        self.refused: list[Unassigned] = []

    def fill(self) -> None:
        """Each case in random order takes the emptiest who may, making room along a chain of exchanges where nobody has any."""
        for c in self.random.permutation(len(self.cases)):
            needs = self.per_case - len(self.kept[c])
            able = self.may[c] - set(self.kept[c])
            if needs <= 0:
                continue
            if len(able) < needs:
                self._refuse(c, f"needs {needs} more and only {len(able)} of {len(self.reviewers)} reviewers may grade it")
                continue
            jitter = self.random.random(len(self.reviewers))
            while len(self.has[c]) < needs:
                free = [j for j in able - self.has[c] if self.load[j] < self.most[j]]
                if free:
                    self._give(c, min(free, key=lambda j: ((self.load[j] + 1) / self.share[j], jitter[j])))
                elif not self._make_room(c, able - self.has[c]):
                    break
            if len(self.has[c]) < needs:
                for j in tuple(self.has[c]):
                    self._take(c, j)
                self._refuse(c, f"needs {needs} more and the reviewers who may grade it have no room left")

    def even_loads(self) -> None:
        """Move cases along chains from fuller to emptier reviewers while that lowers the sum of load squared over share."""
        while (chain := self._better_chain()) is not None:
            for c, giver, taker in chain:
                self._take(c, giver)
                self._give(c, taker)

    def even_pairs(self) -> None:
        """Exchange reviewers between two cases while that lowers the sum of squares of the numbers of cases that pairs share."""
        for c in range(len(self.cases)):
            self._count_pairs(c, 1)
        movable = [c for c in range(len(self.cases)) if self.has[c]]
        if self.per_case < 2 or len(self.reviewers) < 3 or len(movable) < 2:
            return
        idle = 0
        for first, second in self.random.integers(0, len(movable), (30 * len(movable) + 500, 2)).tolist():
            idle = 0 if self._exchange(movable[first], movable[second]) else idle + 1
            if idle > 8 * len(movable) + 200:
                return

    def join_up(self) -> None:
        """Exchange reviewers between cases of two groups that no case links, where conflicts let it."""
        while len(groups := self._groups()) > 1:
            if not any(self._bridge(a, b) for a, b in combinations(groups, 2)):
                return

    def done(self) -> Assignment:
        names = [r.id for r in self.reviewers]
        graders = {}
        out = {u.case for u in self.refused}
        for c, case in enumerate(self.cases):
            chosen = sorted(set(self.kept[c]) | self.has[c])
            if chosen and case.id not in out:
                graders[case.id] = tuple(names[chosen[i]] for i in self.random.permutation(len(chosen)))
        groups = tuple(tuple(names[j] for j in sorted(g)) for g in self._groups())
        together = {(names[a], names[b]): self.met[a][b] for a, b in combinations(range(len(names)), 2)}
        notes = [
            f"'{names[j]}' was taken off case '{self.cases[c].id}': {_WORDS[why]}."
            for c, j in self.taken_off
            if (why := self.why[c][j]) is not None
        ]
        if self.per_case == 1:
            notes.append("With one reviewer a case, nothing can be said of agreement or severity. Take two or more.")
        elif len(groups) > 1:
            notes.append(f"There are {len(groups)} groups of reviewers that share no case, so severity cannot be compared between them.")
        return Assignment(
            graders, dict(zip(names, self.load, strict=True)), together, tuple(sorted(self.refused, key=lambda u: u.case)), groups,
            self.seed, tuple(notes),
        )  # fmt: skip

    def _refuse(self, c: int, reason: str) -> None:
        kept = set(self.kept[c])
        why = {self.reviewers[j].id: w for j, w in enumerate(self.why[c]) if w is not None and j not in kept}
        counts = Counter(why.values())
        said = ", ".join(f"{n} {_WORDS[w]}" for w, n in sorted(counts.items()))
        self.refused.append(Unassigned(self.cases[c].id, f"{reason}{f' ({said})' if said else ''}", why))

    def _give(self, c: int, j: int) -> None:
        self.has[c].add(j)
        self.holds[j].add(c)
        self.load[j] += 1

    def _take(self, c: int, j: int) -> None:
        self.has[c].remove(j)
        self.holds[j].remove(c)
        self.load[j] -= 1

    def _reach(self, starts: Sequence[int]) -> tuple[dict[int, tuple[int, int] | None], list[int]]:
        """Reviewers to whom a case can be passed on from `starts`, in the order found; by each, (case, from whom)."""
        came: dict[int, tuple[int, int] | None] = dict.fromkeys(starts)
        order, queue = list(starts), deque(starts)
        while queue and len(came) < len(self.reviewers):
            j = queue.popleft()
            for c in sorted(self.holds[j]):
                for k in sorted(self.may[c] - self.has[c] - set(self.kept[c]) - came.keys()):
                    came[k] = (c, j)
                    order.append(k)
                    queue.append(k)
                if len(came) == len(self.reviewers):
                    break
        return came, order

    def _chain(self, came: Mapping[int, tuple[int, int] | None], end: int) -> list[tuple[int, int, int]]:
        """Exchanges (case, giver, taker), to be made in this order, that pass a load on from a start to `end`."""
        chain = []
        while (step := came[end]) is not None:
            chain.append((step[0], step[1], end))
            end = step[1]
        return chain

    def _make_room(self, c: int, able: frozenset[int] | set[int]) -> bool:
        came, order = self._reach(sorted(able))
        for end in order:
            if self.load[end] < self.most[end]:
                chain = self._chain(came, end)
                for moved, giver, taker in chain:
                    self._take(moved, giver)
                    self._give(moved, taker)
                self._give(c, chain[-1][1] if chain else end)
                return True
        return False

    def _better_chain(self) -> list[tuple[int, int, int]] | None:
        fullest = sorted(range(len(self.reviewers)), key=lambda j: -(2 * self.load[j] - 1) / self.share[j])
        for start in fullest:
            saved = (2 * self.load[start] - 1) / self.share[start]
            came, order = self._reach([start])
            ends = [j for j in order if self.load[j] < self.most[j] and j != start]
            if ends:
                end = min(ends, key=lambda j: (2 * self.load[j] + 1) / self.share[j])
                if (2 * self.load[end] + 1) / self.share[end] < saved - 1e-9:
                    return self._chain(came, end)
        return None

    def _all(self, c: int) -> set[int]:
        return self.has[c] | set(self.kept[c])

    def _count_pairs(self, c: int, by: int) -> None:
        for a, b in combinations(sorted(self._all(c)), 2):
            self.met[a][b] += by
            self.met[b][a] += by

    def _exchange(self, first: int, second: int) -> bool:
        """Exchange one reviewer of each case for one of the other, the best such exchange if it makes pairs more even."""
        one, two = self._all(first), self._all(second)
        best, gain = None, 0
        for a in self.has[first] - two:
            if a not in self.may[second]:
                continue
            of_a = self.met[a]
            for b in self.has[second] - one:
                if b not in self.may[first]:
                    continue
                of_b = self.met[b]
                change = len(one) + len(two) - 2 - 2 * len(one & two)
                for x in one:
                    if x != a:
                        change += of_b[x] - of_a[x]
                for x in two:
                    if x != b:
                        change += of_a[x] - of_b[x]
                if change < gain:
                    best, gain = (a, b), change
        if best is None:
            return False
        self._swap(first, best[0], second, best[1])
        return True

    def _swap(self, first: int, a: int, second: int, b: int) -> None:
        for c, out, into in ((first, a, b), (second, b, a)):
            self._count_pairs(c, -1)
            self._take(c, out)
            self._give(c, into)
            self._count_pairs(c, 1)

    def _groups(self) -> list[set[int]]:
        left = {j for j in range(len(self.reviewers)) if self.load[j]}
        groups = []
        while left:
            found, queue = set(), [min(left)]
            while queue:
                j = queue.pop()
                if j not in found:
                    found.add(j)
                    queue.extend(k for k, n in enumerate(self.met[j]) if n and k not in found)
            groups.append(found)
            left -= found
        return groups

    def _bridge(self, one: set[int], other: set[int]) -> bool:
        """One exchange that leaves fewer groups, if a few tries for each two reviewers find any."""
        before = len(self._groups())
        for a in sorted(one):
            for b in sorted(other):
                firsts = [c for c in sorted(self.holds[a]) if b in self.may[c]][:_TRIES]
                seconds = [c for c in sorted(self.holds[b]) if a in self.may[c]][:_TRIES]
                for first, second in product(firsts, seconds):
                    self._swap(first, a, second, b)
                    if len(self._groups()) < before:
                        return True
                    self._swap(first, b, second, a)
        return False


_TRIES = 4
_WORDS = {Why.EMPLOYER: "employed there", Why.OWN_CARE: "took part in the care", Why.INTEREST: "declared an interest"}
