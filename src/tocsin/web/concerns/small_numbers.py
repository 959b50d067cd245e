"""Small numbers of people in words that are to be published: where they stand. Whoever knows one of three can name the others."""

import re

BELOW = 5
"""Counts of people or events from 1 up to here, this one left out, are not published."""
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ABOUT = (
    r"(?:bab(?:y|ies)|birth|stillbirth|death|mother|wom[ae]n|famil(?:y|ies)|child(?:ren)?|patient|case|infant|injur(?:y|ies)|midwi(?:fe|ves)|doctor|"
    r"consultant|nurse|member|person|people|parent|father|complaint|loss|losses)s?"
)
_FOUND = re.compile(rf"\b(\d{{1,3}}|{'|'.join(_WORDS)})\s+(?:[a-z-]+\s+){{0,2}}?{_ABOUT}\b", re.IGNORECASE)


def small_numbers(words: str, below: int = BELOW) -> list[str]:
    """Each phrase that gives a count from 1 to `below` - 1 of people or events, such as 'three stillbirths'; [] where there is none."""
    found = []
    for match in _FOUND.finditer(words):
        word = match[1].lower()
        count = int(word) if word.isdigit() else _WORDS.index(word) + 1
        before = words[: match.start()].rstrip()
        part_of_larger = re.search(r"[\d.,/]$", before) is not None and before == words[: match.start()]
        if 0 < count < below and not part_of_larger:
            found.append(match[0])
    return found
