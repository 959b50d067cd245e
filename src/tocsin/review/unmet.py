"""The same standard unmet again and again: in one provider more than in others, in the only one looked at, or in several of the country.

Each question is an exact test on counts, so that it holds for few cases; and the share of false findings among all that are named is kept
down over all the questions asked at once (Benjamini & Hochberg, JRSS B 57 (1995) 289-300; exact tests make it stricter still, and the
tests of one provider's cases rise and fall together, which that procedure bears: Benjamini & Yekutieli, Annals of Statistics 29 (2001)).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scipy.stats import binom, false_discovery_control, hypergeom

from tocsin.review.table import exact_interval

LEAST_CASES = 3
"""Unmet in fewer cases than this is not 'again and again'."""


@dataclass(frozen=True, slots=True)
class Met:
    """What a panel found of one standard in one case. met: None where it applied and could not be told; such are counted apart."""

    case: str
    provider: str
    standard: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Unmet:
    """One standard, in one provider (None: in all). unmet of applied cases, with an exact 95 % interval; not_told besides.

    providers, of_providers: in how many of those to whose cases it applied it went unmet. others_unmet, others_applied: in all other
    providers, for a provider; 0 of 0 nationally, and where only one was looked at. tolerated: share up to which it is not named. p: chance
    of so many if it were no worse than the others (or than tolerated). q: as in `Compared`. cases: those where unmet.
    """

    standard: str
    provider: str | None
    unmet: int
    applied: int
    not_told: int
    lower: float
    upper: float
    providers: int
    of_providers: int
    others_unmet: int
    others_applied: int
    tolerated: float
    p: float
    q: float
    cases: tuple[str, ...]


def unmet_again(found: Iterable[Met], *, tolerated: float = 0.05, level: float = 0.05) -> tuple[Unmet, ...]:
    """Standards unmet again and again, the least likely by chance first.

    A provider is held against the others; where cases of one alone were looked at, against `tolerated`. A national finding is one that at
    least two providers share. tolerated: share of cases in which a standard may go unmet without being named, in (0, 1). level: share of
    false findings allowed. Raises ValueError for a standard that stands twice for one case.
    """
    if not 0 < tolerated < 1 or not 0 < level < 1:
        raise ValueError("tolerated and level must be strictly between 0 and 1")
    table: dict[str, dict[str, list[Met]]] = {}
    seen = set()
    for m in found:
        if (m.case, m.standard) in seen:
            raise ValueError(f"case '{m.case}' has standard '{m.standard}' twice; give what was agreed, once")
        seen.add((m.case, m.standard))
        table.setdefault(m.standard, {}).setdefault(m.provider, []).append(m)
    # one question for each standard: of all together, which is that of the provider itself where there is one only
    national = [u for u in _named([_pooled(s, by, tolerated) for s, by in table.items()], level) if u.provider or u.providers > 1]
    local = _named([_local(s, p, by) for s, by in table.items() for p in by if len(by) > 1], level)
    return tuple(sorted([*national, *local], key=lambda u: (u.q, u.p, u.standard, u.provider or "")))


def _named(asked: list[Unmet], level: float) -> list[Unmet]:
    if not asked:
        return []
    qs = false_discovery_control([u.p for u in asked])
    return [replace(u, q=float(q)) for u, q in zip(asked, qs, strict=True) if q <= level and u.unmet >= LEAST_CASES]


def _pooled(standard: str, by: dict[str, list[Met]], tolerated: float) -> Unmet:
    unmet, applied, not_told, cases = _counts([m for rows in by.values() for m in rows])
    p = float(binom.sf(unmet - 1, applied, tolerated)) if applied else 1.0
    about = next(iter(by)) if len(by) == 1 else None
    return Unmet(
        standard, about, unmet, applied, not_told, *exact_interval(unmet, applied), *_shared(by), 0, 0, tolerated, min(p, 1.0), 1.0, cases
    )  # fmt: skip


def _local(standard: str, provider: str, by: dict[str, list[Met]]) -> Unmet:
    unmet, applied, not_told, cases = _counts(by[provider])
    others, all_others, _, _ = _counts([m for name, rows in by.items() if name != provider for m in rows])
    # Fisher's exact test, one-sided: given how many went unmet in all, the chance that so many are here
    p = float(hypergeom.sf(unmet - 1, applied + all_others, unmet + others, applied)) if applied and all_others else 1.0
    return Unmet(
        standard, provider, unmet, applied, not_told, *exact_interval(unmet, applied), *_shared(by), others, all_others, 0.0,
        min(max(p, 0.0), 1.0), 1.0, cases,
    )  # fmt: skip


def _shared(by: dict[str, list[Met]]) -> tuple[int, int]:
    """(providers in which it went unmet, providers to whose cases it applied)."""
    told = [{m.met for m in rows} - {None} for rows in by.values()]
    return sum(False in t for t in told), sum(bool(t) for t in told)


def _counts(rows: list[Met]) -> tuple[int, int, int, tuple[str, ...]]:
    cases = tuple(sorted(m.case for m in rows if m.met is False))
    return len(cases), sum(m.met is not None for m in rows), sum(m.met is None for m in rows), cases
