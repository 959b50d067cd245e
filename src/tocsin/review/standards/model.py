"""Nationally agreed standards as dated versions. The one in force on the day of care is the one that counts."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cached_property

from tocsin.review.standards.expression import Facts, settle
from tocsin.review.standards.facts import FactKind
from tocsin.review.standards.truth import Truth

AREAS = {
    "antenatal": "Care in pregnancy", "reduced-movements": "Reduced movements", "growth": "Growth of the baby", "induction": "Induction of labour",
    "intrapartum": "Care in labour", "fetal-monitoring": "Monitoring of the baby in labour", "escalation": "Escalation and handover",
    "consultant-attendance": "Attendance of the consultant", "staffing": "Staffing and training", "caesarean": "Caesarean and assisted birth",
    "maternal-emergency": "Emergencies of the mother", "sepsis": "Infection and sepsis", "resuscitation": "Resuscitation of the newborn",
    "neonatal": "Care of the newborn", "postnatal": "Care after birth", "bereavement": "Care after a death", "candour": "Openness and candour",
    "review": "Review and reporting of harm", "other": "Other",
}  # fmt: skip
"""Areas of care, code to words, in the order of the pages."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a standard is published: who by, in which document, where in it, the page, and the day of publication if known."""

    body: str
    document: str
    section: str
    address: str
    published: date | None = None

    def __str__(self) -> str:
        return ", ".join(part for part in (self.body, self.document, self.section) if part)


@dataclass(frozen=True, slots=True)
class Standard:
    """One version of one standard, in our own words.

    applies: condition over a case's facts under which it applies, '' for always. met: condition that shows that it was met, '' where only a
    person can say. evidence: what in the record shows it. In force from in_force_from up to the day before in_force_to; None: still.
    supersedes: 'id@version' or None. unconfirmed: a date, number or wording was not confirmed from a page that was read; note says what.
    """

    id: str
    version: int
    area: str
    title: str
    statement: str
    source: Source
    in_force_from: date
    in_force_to: date | None = None
    applies: str = ""
    met: str = ""
    evidence: str = ""
    supersedes: str | None = None
    unconfirmed: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", self.id) or len(self.id) > 100:
            raise ValueError(f"'{self.id}' cannot be an id; expected small letters and digits with '.' or '-' between them")
        if self.version < 1:
            raise ValueError(f"'{self.id}': version {self.version}; expected 1 or more")
        if self.in_force_to is not None and self.in_force_to <= self.in_force_from:
            raise ValueError(f"'{self.key}': in_force_to {self.in_force_to}; expected a day after in_force_from, {self.in_force_from}")

    @property
    def key(self) -> str:
        """'id@version'."""
        return f"{self.id}@{self.version}"

    def in_force(self, day: date) -> bool:
        return self.in_force_from <= day and (self.in_force_to is None or day < self.in_force_to)


class Standing(StrEnum):
    """What the facts say of a standard, before any person has judged."""

    MET = "met"
    NOT_MET = "not met"
    TO_JUDGE = "applies; whether it was met is not settled by the facts"
    MAY_APPLY = "not known whether it applies"
    DOES_NOT_APPLY = "does not apply"


@dataclass(frozen=True, slots=True)
class Listed:
    """A standard beside a case: whether it applies and was met as far as the facts say, and the facts that would settle it. Never a grade."""

    standard: Standard
    applies: Truth
    met: Truth
    missing: tuple[str, ...]

    @property
    def standing(self) -> Standing:
        if self.applies is Truth.NO:
            return Standing.DOES_NOT_APPLY
        if self.applies is Truth.UNKNOWN:
            return Standing.MAY_APPLY
        return {Truth.YES: Standing.MET, Truth.NO: Standing.NOT_MET}.get(self.met, Standing.TO_JUDGE)


@dataclass(frozen=True)
class Library:
    """Standards with the facts they ask for. Raises ValueError where a key comes twice, periods of one id overlap or `supersedes` is amiss."""

    standards: tuple[Standard, ...]
    facts: Mapping[str, FactKind]

    def __post_init__(self) -> None:
        wrong = [words for _, words in conflicts(self.standards, whole=True)]
        if wrong:
            raise ValueError("; ".join(wrong))

    @cached_property
    def by_key(self) -> Mapping[str, Standard]:
        """Standards by 'id@version'."""
        return {s.key: s for s in self.standards}

    def __getitem__(self, key: str) -> Standard:
        """'id@version', or an id for its latest version. Raises KeyError with words."""
        found = self.by_key.get(key) or next(reversed(self.versions(key)), None)
        if found is None:
            raise KeyError(f"there is no standard '{key}'")
        return found

    def on(self, day: date) -> tuple[Standard, ...]:
        """Standards in force on a day, by area in the order of AREAS, then by id."""
        order = list(AREAS)
        return tuple(sorted((s for s in self.standards if s.in_force(day)), key=lambda s: (order.index(s.area), s.id)))

    def versions(self, id: str) -> tuple[Standard, ...]:
        """All versions of an id, oldest first."""
        return tuple(sorted((s for s in self.standards if s.id == id), key=lambda s: s.version))

    def line(self, key: str) -> tuple[Standard, ...]:
        """A standard with all that it superseded, whatever their ids, oldest first."""
        out = [self[key]]
        while out[-1].supersedes:
            out.append(self.by_key[out[-1].supersedes])
        return tuple(reversed(out))

    def merged(self, other: "Library") -> "Library":
        """Both beside each other. Raises ValueError for a key, a period or the name of a fact that both have."""
        clash = sorted(name for name in self.facts.keys() & other.facts.keys() if self.facts[name] != other.facts[name])
        if clash:
            raise ValueError(f"fact '{clash[0]}' is declared twice, differently; expected another name for one of them")
        return Library(self.standards + other.standards, {**self.facts, **other.facts})

    def revised(self, new: Standard) -> "Library":
        """With a new version of a standard, whose latest version ends on the day on which the new one begins.

        Version and supersedes of `new` are set here. Raises ValueError where it begins no later than the one before.
        """
        before = self.versions(new.id)
        if not before:
            raise ValueError(f"there is no standard '{new.id}' to revise")
        last = before[-1]
        if new.in_force_from <= last.in_force_from:
            raise ValueError(
                f"'{new.id}': in_force_from {new.in_force_from}; expected a day after {last.in_force_from}, when {last.key} began"
            )
        ends = new.in_force_from if last.in_force_to is None else min(last.in_force_to, new.in_force_from)
        others = tuple(s for s in self.standards if s.key != last.key)
        added = replace(new, version=last.version + 1, supersedes=last.key)
        return Library((*others, replace(last, in_force_to=ends), added), self.facts)


def listed(library: Library, facts: Facts, day: date, by_area: Mapping[str, date] | None = None) -> tuple[Listed, ...]:
    """Every standard in force on the day of care, with what the facts say of it. Raises FactError for a value of the wrong kind.

    by_area: day of care for areas in which it is another one; care in pregnancy was given months before the birth.
    missing: told all of these, it is settled whether the standard applies, and if it does whether it was met, unless only a person can say.
    """
    days = by_area or {}
    unknown = sorted(days.keys() - AREAS.keys())
    if unknown:
        raise ValueError(f"there is no area '{unknown[0]}'; expected one of {', '.join(AREAS)}")
    in_force = {on: library.on(on) for on in {day, *days.values()}}
    return tuple(_beside(s, facts) for area in AREAS for s in in_force[days.get(area, day)] if s.area == area)


def conflicts(standards: Iterable[Standard], *, whole: bool) -> list[tuple[Standard, str]]:
    """Standards that cannot stand beside the others, with the reason. whole: what is superseded must be among them."""
    out: list[tuple[Standard, str]] = []
    by_key: dict[str, Standard] = {}
    by_id: dict[str, list[Standard]] = {}
    for s in standards:
        if s.key in by_key:
            out.append((s, f"'{s.key}' a second time; expected each version once"))
            continue
        by_key[s.key] = s
        by_id.setdefault(s.id, []).append(s)
    for versions in by_id.values():
        a, *later = sorted(versions, key=lambda s: s.version)
        for b in later:
            if a.in_force_to is not None and a.in_force_to <= b.in_force_from:
                a = b
                continue
            until = f"to {a.in_force_to}" if a.in_force_to else "with no end"
            out.append((b, f"'{b.key}' from {b.in_force_from} while '{a.key}' is in force {until}; expected one version at a time"))
    for s in by_key.values():
        if s.supersedes is None:
            continue
        older = by_key.get(s.supersedes)
        if older is None:
            if whole:
                out.append((s, f"'{s.key}' supersedes '{s.supersedes}', which is not there; expected the key of a standard, as id@1"))
            continue
        if older.in_force_to is None or older.in_force_to > s.in_force_from:
            out.append((s, f"'{s.key}' supersedes '{older.key}' but begins before that ends; expected '{older.key}' to end first"))
        seen, at = {s.key}, s.supersedes
        while at in by_key and at not in seen:
            seen.add(at)
            at = by_key[at].supersedes or ""
        if at == s.key:
            out.append((s, f"'{s.key}' supersedes itself by way of '{s.supersedes}'; expected a line with a beginning"))
    return out


def _beside(standard: Standard, facts: Facts) -> Listed:
    applies, missing = settle(standard.applies, facts)
    if applies is Truth.NO:
        return Listed(standard, applies, Truth.UNKNOWN, ())
    met, more = settle(standard.met, facts) if standard.met else (Truth.UNKNOWN, ())
    return Listed(standard, applies, met, tuple(dict.fromkeys((*missing, *more))))
