"""Small numbers of people in words that are to be published: where they stand. Whoever knows one of three can name the others.

It reads English: figures, words and ordinals, at most 4 by default; before a word for people ('two very small babies'), after one ('deaths: 3'), as part of
a group ('3 of them died', 'both twins', 'a third death'), and where nothing but who is left out ('three died'). It would rather ask once too
often than publish one: whoever writes can say 'fewer than 5'.
"""

import re
from collections.abc import Iterator

BELOW = 5
"""Counts of people or events from 1 up to here, this one left out, are not published."""
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ORDINALS = ("second", "third", "fourth")
_GROUPS = {"a couple of": 2, "a pair of": 2, "both": 2, "both of": 2, "a single": 1, "a lone": 1, "an only": 1, "a trio of": 3}
_HARMED = (
    r"(?:bab(?:y|ies)|newborns?|neonates?|infants?|f(?:o)?etus(?:es)?|twins?|triplets?|boys?|girls?|sons?|daughters?|child(?:ren)?|siblings?|"
    r"mothers?|fathers?|parents?|couples?|wom[ae]n|m[ae]n|famil(?:y|ies)|widow(?:er)?s?|patients?|persons?|people|individuals?|members?|"
    r"births?|still[- ]?births?|miscarriages?|deaths?|losses|loss|cases?|injur(?:y|ies)|complaints?|incidents?|events?|admissions?|fatalit(?:y|ies)|"
    r"suicides?|h(?:a)?emorrhages?|seizures?|brain injuries|casualt(?:y|ies)|survivors?|victims?|complainants?|whistleblowers?|accounts?|claims?)"
)
_STAFF = (
    r"(?:midwi(?:fe|ves)|doctors?|consultants?|registrars?|nurses?|obstetricians?|an(?:a)?esthetists?|p(?:a)?ediatricians?|clinicians?|surgeons?|"
    r"colleagues?|managers?|employees?)"
)
_PEOPLE = rf"(?:{_HARMED}|{_STAFF})"
_FATE = (
    r"(?:died|die|dead|deceased|perished|passed away|was lost|were lost|were stillborn|was stillborn|stillborn|did not survive|survived|"
    r"(?:was|were|had been|have been|has been|are|is) (?:\w+ly )?(?:harmed|injured|affected|hurt|lost|dismissed|suspended|brain[- ]damaged|disabled|"
    r"admitted|transferred|born|stillborn)|suffered|lost (?:a|her|his|their)|needed cooling|had (?:a )?seizures?)"
)
_NUMBER = rf"(?:\d{{1,3}}|{'|'.join(_WORDS)})"
_GROUP = "|".join(sorted(map(re.escape, _GROUPS), key=len, reverse=True))
_BETWEEN = r"(?:(?!(?:in|per|of|to|out|and|or|weeks?|days?|hours?|months?|years?|minutes?|quarters?|times?|wards?|units?|sites?)\b)[a-z][a-z'-]*,?\s+){0,3}?"
"""Words that may stand between a number and whom it counts; not those that make it a number of something else."""
_OF_PEOPLE = r"(?:of\s+)?(?:the|these|those|our|its|their|whose|all)\s+"
_FOUND = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        # 3 stillbirths; two very small babies; four of the mothers; one of them; 3 (three) babies
        rf"\b(?P<n>{_NUMBER}|{_GROUP})\s+(?:\([^)]{{1,12}}\)\s+)?(?:{_OF_PEOPLE})?{_BETWEEN}{_PEOPLE}\b(?!-)",
        rf"\b(?P<n>{_NUMBER}|both)\s+of\s+(?:them|whom|us|these|those|its\b|\d[\d,]*\s+{_PEOPLE}|the\s+\w+\s+{_PEOPLE})",
        # three died; 2 were harmed; three have died; only one survived
        rf"\b(?P<n>{_NUMBER}|both)\s+(?:others?\s+|more\s+|later\s+|also\s+|have\s+|had\s+|has\s+|sadly\s+|then\s+){{0,2}}{_FATE}\b",
        # a third death; the second baby; a fourth case
        rf"\b(?:a|an|the|this|its|their|her|our)\s+(?P<o>\d(?:st|nd|rd|th)|{'|'.join(_ORDINALS)})\s+{_BETWEEN}{_HARMED}\b",
        # a baby died; the twins
        rf"\b(?P<s>an?)\s+{_BETWEEN}{_PEOPLE}\s+(?:has\s+|had\s+|also\s+|later\s+)?{_FATE}\b",
        r"\b(?P<s>the|both|our|her|his|their)\s+(?:twins|triplets)\b",
        # deaths: 3; stillbirths (n = 2); babies who died - 4; deaths | 3; number of deaths was three
        rf"\b{_PEOPLE}\s*(?:\(\s*(?:n\s*=\s*)?|\||:|=|\t|\s{2,}|\s[-–—]\s|,\s*n\s*=\s*)\s*(?P<n>{_NUMBER})\b(?!\s*(?:[.,]\d|%|per\b|in\s+\d|weeks?|days?|/))",
        rf"\bnumbers?\s+of\s+{_BETWEEN}{_PEOPLE}\s+(?:was|is|were|rose to|fell to|stood at|came to|reached)\s+(?P<n>{_NUMBER})\b",
        # there was one; there were two in 2024
        rf"\b(?:there\s+(?:was|were|has been|have been)|we\s+(?:lost|found|saw|know of))\s+(?:only\s+|just\s+)?(?P<n>{_NUMBER})\b"
        r"(?=\s*[.,;!?]|\s+in\s+\d{4}|\s*$)",
    )
)  # fmt: skip
_LARGER = re.compile(r"(?:[\d.,/:–-]|\b(?:step|ward|room|bay|theatre|level|grade|stage|phase|part|section|chapter|appendix|annex|table|figure|page|item|"
                     r"band|category|unit|line|question|recommendation|version|day|week|month|quarter|year|number|no|q|floor|building|block|bed|tier|"
                     r"standard|criterion|concern|action|action plan|article|paragraph|regulation|schedule|"
                     r"(?:\d|one|two|three|four|five|six|seven|eight|nine|ten)\s+"
                     r"in(?:\s+every)?)\.?\s*)$", re.IGNORECASE)  # fmt: skip
"""Before a number: that it is part of a larger one, or the name of something, or a bound ('fewer than 5')."""
_MEASURE = re.compile(
    r"^\s*(?:%|per cent|percent|in\s+(?:every\s+)?(?:1000|10000|\d{1,3}(?:,\d{3})*)\b|"
    r"in\s+(?:a|every)\s+(?:hundred|thousand)|(?:weeks?|days?|hours?|months?|years?|minutes?|quarters?|times)\b|"
    r"to[- ]one|[- ](?:thirds|quarters|fifths|tenths)\b|[-–]to[-–]|st\b|nd\b|rd\b|th\b|(?:st|nd|rd|th)?\s*"
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)\b|"
    r"per\s|-(?:day|week|month|year|hour|minute|point|page|bed|stage|part|tier|yearly|monthly|weekly))",
    re.IGNORECASE,
)  # fmt: skip
"""After a number: that it is a share, a length of time, a date."""
_RATE = re.compile(
    r"^[^.;]{0,40}?\b(?:per\b|(?:in|out of) (?:every )?"
    r"(?:10|100|1,?000|10,?000|100,?000|a hundred|a thousand|ten|one hundred|one thousand)\b)",
    re.IGNORECASE,
)
_NOT_ONE = re.compile(r"^one\s+(?:of the (?:reasons|causes|aims|things|ways|actions|findings|lessons)|more\s+time)", re.IGNORECASE)


def small_numbers(words: str, below: int = BELOW) -> list[str]:
    """Each phrase that gives a count from 1 to `below` - 1 of people or events, such as 'three stillbirths', in order; [] where there is none."""
    return [" ".join(words[start:end].split()) for start, end in _spans(words, below)]


def without_small_numbers(words: str, below: int = BELOW) -> str:
    """The words with each such phrase left out, and said to be."""
    for start, end in reversed(_spans(words, below)):
        words = f"{words[:start]}(a small number is left out here){words[end:]}"
    return words


def _spans(words: str, below: int) -> list[tuple[int, int]]:
    """Where the phrases begin and end, in order; what overlaps is one."""
    found = list(_cells(words, below))
    for pattern in _FOUND:
        for match in pattern.finditer(words):
            group = next(name for name in ("n", "o", "s") if match.groupdict().get(name))
            if 0 < _count(match[group], group) < below and not _something_else(words, match.start(group), match.end(group), match):
                found.append(match.span())
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _count(word: str, group: str) -> int:
    word = " ".join(word.lower().split())
    if group == "s":
        return 1
    if group == "o":
        return int(word[0]) if word[0].isdigit() else _ORDINALS.index(word) + 2
    return int(word) if word.isdigit() else _GROUPS[word] if word in _GROUPS else _WORDS.index(word) + 1


def _cells(words: str, below: int) -> Iterator[tuple[int, int]]:
    """Cells of a table that hold a small number, where a line above them in the table, or the row itself, names people."""
    at, of_people = 0, False
    for line in words.splitlines(keepends=True):
        cells = re.split(r"[|\t;]", line)
        if len(cells) < 2:
            of_people = False
        else:
            of_people = of_people or re.search(rf"\b{_PEOPLE}\b", line, re.IGNORECASE) is not None
            where = at
            for cell in cells:
                text = cell.strip().lower()
                if of_people and re.fullmatch(_NUMBER, text) and 0 < _count(text, "n") < below:
                    yield where + cell.lower().index(text), where + cell.lower().index(text) + len(text)
                where += len(cell) + 1
        at += len(line)


def _something_else(words: str, start: int, end: int, match: re.Match[str]) -> bool:
    """Whether a number counts something else than people: part of a larger number, a name, a share, a rate, a length of time, a day."""
    if _LARGER.search(words[:start]) or _MEASURE.match(words[end:]) or _NOT_ONE.match(words[start:]):
        return True
    return bool(_RATE.match(words[match.end() :]))
