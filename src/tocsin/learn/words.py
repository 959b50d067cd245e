"""Words of a passage: names, places, dates and numbers taken out; stems; weights that are fixed when the metric is built."""

import re
from collections import Counter
from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_matrix

_PEOPLE = re.compile(r"\b(Dr|Mr|Mrs|Ms|Miss|Prof|Professor|Sir|Dame|Baroness|Lord|Lady|Nurse|Sister|Baby)\.? (?:[A-Z][\w'’-]*\.? ?){1,3}")
_PLACES = re.compile(
    r"\b(?:[A-Z][\w'’-]+ (?:(?:and|of|the|NHS|upon) )*)+(Trust|Hospitals?|Infirmary|Foundation Trust|Health Board|University|Clinic|Surgery|Review|Inquiry)\b"
)
_DATES = re.compile(
    r"\b(?:\d{1,2}(?:st|nd|rd|th)? )?(?:January|February|March|April|June|July|August|September|October|November|December|May(?= \d))(?:,? \d{4})?\b"
)
_NUMBERS = re.compile(r"\b\d[\d.,:/%]*\b%?")
STOP = frozenset(
    re.findall(
        r"\w+",
        """
    a about after all also an and another any are as at be been before being between both but by can could did do does during each
    every for from had has have he her him his hospital how i if in into is it its may me might more most must my no not of on one
    only or other our out over own patient patients same she should so some such than that the their them then there these they
    this those through to too trust under until up upon us very was we were what when where which while who why will with woman
    women would you your
        """,
    )
)
_ENDINGS = ("ations", "ation", "ings", "ing", "ments", "ment", "edly", "ies", "ied", "es", "ed", "ly", "s")


def neutral(text: str) -> str:
    """The text with people, places, dates and numbers put in general words, so that they do not make two passages alike."""
    text = _PEOPLE.sub("the person ", text)
    text = _PLACES.sub(lambda found: "the " + found.group(1).lower(), text)
    text = _DATES.sub("that time", text)
    return _NUMBERS.sub("some", text)


def in_sentences(text: str) -> list[str]:
    """The sentences of four words or more; the text itself where there are not two of them."""
    found = [part for part in re.split(r"(?<=[.;!?]) +(?=[A-Z(“‘\"])", text) if len(part.split()) >= 4]
    return found if len(found) > 1 else [text]


def stems(text: str) -> list[str]:
    """Words in lower case without their endings and without the commonest ones."""
    return [_stem(word) for word in re.findall(r"[^\W\d_]+", text.lower()) if word not in STOP]


def weights_of(corpus: list[str]) -> dict[str, float]:
    """Inverse document frequency of every stem of a corpus; a stem not in it gets the weight under ''."""
    seen = Counter(stem for text in corpus for stem in set(stems(text)))
    n = len(corpus)
    found = {stem: float(np.log((1 + n) / (1 + count)) + 1) for stem, count in sorted(seen.items())}
    return found | {"": float(np.log(1 + n) + 1)}


def tfidf(texts: list[str], weights: Mapping[str, float], known: dict[str, int]) -> csr_matrix:
    """Rows of length 1 (or 0 for a text without words), one a text. `known` numbers the stems and grows."""
    data, columns, ends = [], [], [0]
    for text in texts:
        counts = Counter(stems(text))
        row = {stem: (1 + np.log(count)) * weights.get(stem, weights[""]) for stem, count in counts.items()}
        length = np.sqrt(sum(value * value for value in row.values())) or 1.0
        for stem, value in row.items():
            columns.append(known.setdefault(stem, len(known)))
            data.append(value / length)
        ends.append(len(data))
    return csr_matrix((data, columns, ends), shape=(len(texts), 1 << 22), dtype=np.float64)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
