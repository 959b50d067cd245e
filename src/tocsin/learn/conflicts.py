"""Do two recommendations pull against each other? Rules on words that show what they found; a person decides.

They look for three things: the same thing wanted more and less, kept and ended, national and local, public and confidential, bound and free, joined
and apart; terms that cannot both hold (30 minutes and 60 minutes for the same); and two days by which the same must be done.
"""

import re
from dataclasses import dataclass
from itertools import product

from tocsin.learn.words import stems

NEAR = 7
"""Words on either side of a term that say what it is about."""
SHARED = 2
"""So many of these must be the same before two terms are about one thing."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """kind: direction, term or date. one, other: the words of each text that decided. about: what both are about."""

    kind: str
    one: str
    other: str
    about: tuple[str, ...]

    @property
    def why(self) -> str:
        said = f'one says "{self.one}", the other "{self.other}"'
        on = f" of {', '.join(self.about)}" if self.about else ""
        return {
            "direction": f"They may want opposite things{on}: {said}.",
            "term": f"Their terms cannot both hold{on}: {said}.",
            "date": f"They set different days{on}: {said}.",
        }[self.kind]


_AXES: tuple[tuple[str, str], ...] = (
    (
        r"increas(?:e|ed|ing)|rais(?:e|ed|ing)|expand(?:ed|ing)?|extend(?:ed|ing)?|more",
        r"reduc(?:e|ed|ing)|decreas(?:e|ed|ing)|lower(?:ed|ing)?|fewer|less|cut",
    ),
    (
        r"introduc(?:e|ed|ing)|establish(?:ed|ing)?|set up|creat(?:e|ed|ing)|keep|kept|retain(?:ed|ing)?|continue(?:d)?|open(?:ed)?",
        r"abolish(?:ed|ing)?|remov(?:e|ed|ing)|end(?:ed|ing)?|stop(?:ped|ping)?|ceas(?:e|ed)|clos(?:e|ed|ing)|withdrawn?|disband(?:ed)?|"
        r"discontinu(?:e|ed)|scrap(?:ped)?",
    ),
    (r"mandatory|compulsory|obligatory|statutory", r"voluntary|optional|discretionary|at (?:its|their) discretion"),
    (r"national(?:ly)?|central(?:ly|ised)?", r"local(?:ly)?|each trust|delegated"),
    (r"publish(?:ed|ing)?|made public|public(?:ly)?|disclos(?:e|ed|ing)", r"confidential(?:ly)?|anonymous(?:ly)?|kept private|withheld"),
    (r"merg(?:e|ed|ing)|join(?:ed|ing)?|combin(?:e|ed|ing)|integrat(?:e|ed|ing)", r"separat(?:e|ed|ing|ely)|split|apart|demerg(?:e|ed)"),
)
_DIRECTIONS = tuple(tuple(re.compile(rf"\b(?:{side})\b", re.I) for side in axis) for axis in _AXES)
_NOT = re.compile(r"\b(?:not|never|no longer|no)\b(?:\W+\w+){0,2}\W*$", re.I)
_DUTY = re.compile(r"\b(?:should|must|shall) (not |never |no longer )?(?:be )?([a-z]{4,})", re.I)
_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "twenty": 20,
    "thirty": 30, "sixty": 60, "ninety": 90, "daily": 1, "weekly": 7, "monthly": 30, "quarterly": 91, "yearly": 365, "annually": 365, "annual": 365,
}  # fmt: skip
_UNITS = {
    "minute": "minutes", "hour": "hours", "day": "days", "week": "weeks", "month": "months", "year": "years", "%": "per cent",
    "per cent": "per cent", "percent": "per cent",
}  # fmt: skip
_WORDS = "|".join(w for w in _NUMBERS if not w.endswith(("ly", "al")))
_TERM = re.compile(rf"\b(\d+(?:\.\d+)?|{_WORDS})[ -]*(%|minutes?|hours?|days?|weeks?|months?|years?|per ?cent)(?![a-z])", re.I)
_RATIO = re.compile(r"\b(?:one|1)(?: midwife| doctor| nurse)? (?:to|for|in)(?: every)? (\d+)\b", re.I)
_OFTEN = re.compile(r"\b(daily|weekly|monthly|quarterly|yearly|annually|annual)\b", re.I)
_BY = re.compile(
    r"\bby (?:the end of )?((?:\d{1,2} )?(?:(?:January|February|March|April|May|June|July|August|September|October|November|December) )?(?:19|20)\d\d)\b", re.I
)  # fmt: skip


def conflicts(one: str, other: str) -> tuple[Conflict, ...]:
    """What in two texts pulls against each other; none for texts that do not. Symmetric but for which comes first."""
    found = [*_opposite(one, other), *_terms(one, other), *_dates(one, other)]
    return tuple(dict.fromkeys(found))


def _opposite(one: str, other: str) -> list[Conflict]:
    out = []
    for axis in _DIRECTIONS:
        here, there = (list(_directions(text, axis)) for text in (one, other))
        for (sign, words, about), (sign_, words_, about_) in product(here, there):
            if sign != sign_ and (both := _both(about, about_)):
                out.append(Conflict("direction", words, words_, both))
    for (denied, verb, words, about), (denied_, verb_, words_, about_) in product(_duties(one), _duties(other)):
        if denied != denied_ and verb == verb_ and (both := _both(about, about_)):
            out.append(Conflict("direction", words, words_, both))
    return out


def _directions(text: str, axis: tuple[re.Pattern[str], ...]) -> list[tuple[bool, str, tuple[str, ...]]]:
    """(which side, the words, stems of what follows or stands near) for each word of an axis; 'not' before it turns it round."""
    out = []
    for side, pattern in enumerate(axis):
        for found in pattern.finditer(text):
            denied = _NOT.search(text[: found.start()])
            words = text[denied.start() : found.end()] if denied else found.group()
            out.append((bool(side) is not bool(denied), words.lower(), _around(text, found)))
    return out


def _duties(text: str) -> list[tuple[bool, str, str, tuple[str, ...]]]:
    return [
        (bool(m.group(1)), stems(m.group(2))[0], m.group().lower(), _around(text, m)) for m in _DUTY.finditer(text) if stems(m.group(2))
    ]


def _terms(one: str, other: str) -> list[Conflict]:
    out = []
    for reading in (_lengths, _ratios, _often):
        for (value, unit, words, about), (value_, unit_, words_, about_) in product(reading(one), reading(other)):
            if unit == unit_ and value != value_ and (both := _both(about, about_)):
                out.append(Conflict("term", words, words_, both))
    return out


def _lengths(text: str) -> list[tuple[float, str, str, tuple[str, ...]]]:
    out = []
    for m in _TERM.finditer(text):
        number = m.group(1).lower()
        unit = _UNITS[re.sub(r"s$", "", m.group(2).lower()) if m.group(2) != "%" else "%"]
        out.append((float(_NUMBERS.get(number, 0) or number), unit, m.group().lower(), _around(text, m)))
    return out


def _ratios(text: str) -> list[tuple[float, str, str, tuple[str, ...]]]:
    return [(float(m.group(1)), "ratio", m.group().lower(), _around(text, m)) for m in _RATIO.finditer(text)]


def _often(text: str) -> list[tuple[float, str, str, tuple[str, ...]]]:
    return [(float(_NUMBERS[m.group().lower()]), "often", m.group().lower(), _around(text, m)) for m in _OFTEN.finditer(text)]


def _dates(one: str, other: str) -> list[Conflict]:
    here, there = (sorted({m.group(1) for m in _BY.finditer(text)}) for text in (one, other))
    both = tuple(dict.fromkeys(s for s in stems(_BY.sub("", one)) if s in set(stems(_BY.sub("", other)))))
    if here and there and not set(here) & set(there) and len(both) >= 2 * SHARED:
        return [Conflict("date", f"by {here[0]}", f"by {there[0]}", both[:4])]
    return []


def _around(text: str, found: re.Match[str]) -> tuple[str, ...]:
    """Stems of the words near a match, within its sentence."""
    before = re.split(r"[.;!?]\s", text[: found.start()])[-1].split()[-NEAR:]
    after = re.split(r"[.;!?]\s", text[found.end() :])[0].split()[:NEAR]
    return tuple(stems(" ".join([*before, *after])))


def _both(about: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    both = tuple(dict.fromkeys(s for s in about if s in other and s not in _GENERAL))
    return both if len(both) >= SHARED else ()


_GENERAL = frozenset(
    stems("should must shall service services care health ensure provide trust board staff national england review make made need needs")
)
