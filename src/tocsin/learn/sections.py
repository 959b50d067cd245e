"""Headings, list marks and own numbers: what the layout of a report says of a passage, whatever its words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_BEFORE = r"(?:(?:chapter|part|section)? ?\d+(?:\.\d+)*[.:)]? |[A-Z][.)] )?(?:our |key |main |local |national |safety |urgent |summary of |list of |the )*"
_AFTER = r"(?: (?:and|for|to|on|of|from|take)\b.{0,60})?:?"
RECOMMENDING = re.compile(
    rf"(?i){_BEFORE}(?:recommendations?|(?:immediate and essential )?actions? for learning|actions? plan|areas? for improvement|requirements?|"
    rf"actions? the \w+ (?:must|should) take|what (?:must|should|needs to) (?:change|happen|be done))(?: made)?{_AFTER}"
)
FINDING = re.compile(
    rf"(?i){_BEFORE}(?:findings?|what we found|what went wrong|(?:coroner['’]s |matters of )?concerns?|conclusions?|failings|failures|themes|"
    rf"(?:care and )?service delivery problems|contributory factors|root causes?|missed opportunities){_AFTER}"
)
OTHER = re.compile(
    rf"(?i:{_BEFORE}(?:introduction|background|methods?|methodology|scope|terms of reference|acknowledge?ments?|glossary|references|contents|"
    r"foreword|preface|about this report|circumstances of the death|formal minutes|action should be taken|your response|copies and publication|"
    rf"investigation and inquest|abbreviations|chronology|executive summary){_AFTER})"
    r"|(?i:chapter|appendix|annex|part) [A-Z0-9]{1,4}(?:[:.–-] ?.{0,80}| [A-Z].{0,80})?"
)
_REACH = 30  # passages after its heading that a section lends its meaning to: a long chapter wanders off
BULLET = re.compile(r"^[•●▪◦‣–·o-] +(?=\S)")
_STARTS = re.compile(
    r"(?i:(?:safety |key )?recommendations?\b|safety observation\b)|[•●▪◦‣–-] |R\d+[.:) ]|"
    r"\(?(?:\d{1,3}(?:\.\d+)*|[a-z]|[ivx]{1,4})[.)] +\S|\d+(?:\.\d+)* +[A-Z]"
)
_NUMBERED = re.compile(
    r"^(?:(?i:(?:safety |key )?rec(?:ommendation|\.)s?(?: no\.?| number)?) *(?P<said>\(?[A-Za-z]{0,4}[/ -]?\d+(?:[./-]\d+)*\)?)"
    r"|(?P<letters>R ?/?\d+(?:[./-]\d+)*)|\(?(?P<plain>\d{1,3}(?:\.\d+)*)(?:[.)]+|(?= +[A-Z]))|\(?(?P<letter>[a-z]|[ivx]{1,4})\))[.:)]*\s+"
)


@dataclass(frozen=True, slots=True)
class Section:
    """What the nearest heading above a passage says: 'recommendation', 'failing', 'background', or '' where it says nothing any more."""

    says: str
    listed: bool


def heading(line: str) -> str | None:
    """What a line that is a heading announces; None for a line that is none that is known."""
    if len(line) > 100 or line.endswith((".", ";", ",")):
        return None
    for says, pattern in (("recommendation", RECOMMENDING), ("failing", FINDING), ("background", OTHER)):
        if pattern.fullmatch(line):
            return says
    return None


def starts_item(line: str) -> bool:
    """Whether a line begins an item of a list or a numbered paragraph."""
    return bool(_STARTS.match(line))


def own_number(text: str) -> str | None:
    """The number that a recommendation carries at its head (4, 4.1, R2, R/2021/104, a), or None."""
    found = _NUMBERED.match(BULLET.sub("", text))
    return next((part.strip("()").replace(" ", "") for part in found.groups() if part), None) if found else None


def unnumbered(text: str) -> str:
    """The text without bullet and number at its head."""
    plain = BULLET.sub("", text)
    rest = _NUMBERED.sub("", plain, count=1)
    return rest or plain


def sections(texts: Sequence[str]) -> list[Section]:
    """For each passage, in order, what stands above it."""
    out: list[Section] = []
    says, since = "", 0
    for text in texts:
        if (found := heading(text)) is not None:
            says, since = found, 0
            out.append(Section("background", False))
            continue
        since += 1
        out.append(Section(says if since <= _REACH else "", starts_item(text)))
    return out
