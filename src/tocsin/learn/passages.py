"""Pages into paragraphs, and what each paragraph is: a transparent score by rules, with corrections by hand above it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tocsin.learn.sections import Section, heading, own_number, starts_item, unnumbered
from tocsin.learn.words import stems


class Kind(StrEnum):
    """What a passage is."""

    RECOMMENDATION = "recommendation"
    FAILING = "failing"
    EVIDENCE = "evidence"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Correction:
    """A person says what a passage is. Kept beside the report; never changes the report."""

    text: str
    kind: Kind
    by: str = ""


@dataclass(frozen=True, slots=True)
class Classed:
    """A kind and why."""

    kind: Kind
    why: str


_R, _F, _E, _B = Kind.RECOMMENDATION, Kind.FAILING, Kind.EVIDENCE, Kind.BACKGROUND
RULES: tuple[tuple[str, Kind, float, re.Pattern[str]], ...] = tuple(
    (name, kind, weight, re.compile(pattern))
    for name, kind, weight, pattern in (
        ("says recommend", _R, 2.0, r"(?i)\b(?:we|I|panel|inquiry|review|it is) (?:therefore )?recommend(?:s|ed)?\b|^recommendations? [A-Z]?\d"),
        ("asks or advises", _R, 1.5, r"(?i)\b(?:is|are) asked to\b|\bcalls? on\b|\bit may be beneficial (?:if|for)\b|\b(?:is|are) recommended to\b|\brecommend(?:s|ed)? that\b"),  # noqa: E501
        ("begins with what to do", _R, 1.3, r"^(?:Ensure|Establish|Review|Develop|Implement|Introduce|Appoint|Provide|Publish|Audit|Agree|Require|Create|Strengthen|Improve|"  # noqa: E501
         r"Undertake|Commission|Set|Make|Adopt|Record|Train|Stop|Write|Pay|Produce|Apologise|Fund|Give|Separate|Monitor|Extend|Share|Increase|Remove|Replace)\b (?!of\b)"),  # noqa: E501
        ("says must or should", _R, 1.5, r"(?i)\b(?:must|should|needs? to|is required to|ought to)\b(?!(?: not)? have\b(?! (?:an?|the|access|at least|enough|no|one|two)\b))"),  # noqa: E501
        ("says should have", _F, 1.5, r"(?i)\b(?:should|ought to) (?:not )?have\b(?! (?:an?|the|access|at least|enough|no|one|two)\b)"),
        ("says failure", _F, 2.0, r"(?i)\bfail(?:ed|ure|ures|ing|ings)\b|\bmissed opportunit|\bshortcoming|\binadequate|\bpoor\b|\bunsafe\b"),
        ("says not done", _F, 1.2, r"(?i)\b(?:did not|was not|were not|had not|never|no one|nobody|too few|too late|there was no|lack of|without)\b"),
        ("says a lack or a concern", _F, 1.2, r"(?i)\bI am concerned\b|\bthere is no\b|\bnot (?:always|all|enough|routinely)\b|\b(?:un|in)(?:clear|consistent|sufficient|appropriate)\b|"  # noqa: E501
         r"\bmissed\b|\brarely\b|\blate\b|\bdoes not\b|\bhave no\b|\bcursory\b|\bwrong\b"),
        ("says delay or ignoring", _F, 1.2, r"(?i)\bdelay(?:ed|s)?\b|\bignored\b|\bdismissed\b|\bunable to\b|\boverlooked\b"),
        ("tells of a witness", _E, 1.8, r"(?i)\b(?:told (?:us|me|the)|gave evidence|in evidence|witness|statement|interview|said that|described)\b|[“\"].{20,}[”\"]"),  # noqa: E501
        ("gives figures", _E, 1.0, r"(?i)\b\d+(?:\.\d+)? ?(?:%|per cent|of the \d+|deaths|cases|women|babies)"),
        ("tells of a time", _E, 0.8, r"\b\d{1,2}[.:]\d{2}\b|\bOn \d{1,2} [A-Z][a-z]+"),
        ("tells of the report", _B, 1.6, r"(?i)\bterms of reference\b|\bthis (?:report|chapter|section|review)\b|\bmethodology\b|\bpublished\b|\bcopyright\b|\bISBN\b"),  # noqa: E501
        ("is said in every such report", _B, 2.5, r"(?i)\bin my opinion action should be taken\b|\byou have the power to take such action\b|\bunder a duty to respond\b|\bsend(?:ing)? (?:you )?a copy of (?:your response|this report)\b"),  # noqa: E501
        ("describes the place", _B, 1.2, r"(?i)\b(?:serves a population|is located|was established|provides services|was appointed|employs)\b"),
        ("anything", _B, 0.9, r""),
    )
)  # fmt: skip
_SUBJECT = {_R: "recommendations", _F: "findings", _B: "something else"}
_LISTED = {_R: 1.6, _F: 1.0, _B: 1.0}  # what a heading above lends to an item of a list, and to running text
_RUNNING = {_R: 0.6, _F: 1.0, _B: 1.0}


def classify(text: str, corrections: Sequence[Correction] = (), section: Section | None = None) -> Classed:
    """What the passage is. A correction of the same or much the same words decides; otherwise the rules' weights, shifted by corrections.

    section: what the heading above says, if anything.
    """
    mine = set(stems(text))
    for correction in reversed(corrections):
        theirs = set(stems(correction.text))
        if correction.text == text or (mine and len(mine & theirs) >= 0.7 * len(mine | theirs)):
            return Classed(correction.kind, "corrected by hand" if correction.text == text else "like a passage corrected by hand")
    weights = {name: weight for name, _, weight, _ in RULES}
    for _ in range(3):
        for correction in corrections:
            fired, scores = _scores(correction.text, weights)
            if (guess := max(scores, key=lambda k: scores[k])) is not correction.kind:
                for name, kind in fired:
                    weights[name] += 0.15 if kind is correction.kind else -0.15 if kind is guess else 0.0
    fired, scores = _scores(text, weights)
    if section is not None and section.says:
        said = Kind(section.says)
        scores[said] += (_LISTED if section.listed else _RUNNING)[said]
        fired.append((f"stands under a heading on {_SUBJECT[said]}", said))
    best = max(scores, key=lambda k: scores[k])
    return Classed(best, "; ".join(name for name, kind in fired if kind is best))


def recommendation_number(text: str) -> str | None:
    """The number that a recommendation carries at its head, or None."""
    return own_number(text)


def paragraphs(pages: Sequence[str], longest_words: int = 150) -> list[tuple[int, str]]:
    """(page, paragraph) in order: running heads and feet removed, words broken at line ends joined, very long ones cut at sentences."""
    sheets = [[line.strip() for line in page.replace("\r", "").splitlines()] for page in pages]
    edges = Counter(key for sheet in sheets for key in {_shape(line) for line in _edge(sheet)})
    repeated = {key for key, count in edges.items() if count >= 3 and count >= 0.4 * len(sheets)}
    out: list[tuple[int, str]] = []
    for number, sheet in enumerate(sheets, 1):
        edge = {id(line) for line in _edge(sheet)}
        kept = [line for line in sheet if not (id(line) in edge and (_shape(line) in repeated or re.fullmatch(r"(?:Page )?\d{1,4}", line)))]
        widths = sorted(len(line) for line in kept if line)
        wide = widths[int(0.8 * (len(widths) - 1))] if widths else 0
        for text in _joined(kept, wide):
            out += [(number, piece) for piece in _cut(text, longest_words) if len(re.findall(r"[^\W\d_]{2,}", piece)) >= 3 or heading(piece)]
    return out


def _scores(text: str, weights: dict[str, float]) -> tuple[list[tuple[str, Kind]], dict[Kind, float]]:
    plain = unnumbered(text)
    fired = [(name, kind) for name, kind, _, pattern in RULES if pattern.search(text if name == "says recommend" else plain)]
    scores = dict.fromkeys(Kind, 0.0)
    for name, kind in fired:
        scores[kind] += weights[name]
    return fired, scores


def _edge(sheet: list[str]) -> list[str]:
    lines = [line for line in sheet if line]
    return lines[:2] + lines[-2:] if len(lines) > 4 else lines[:1] + lines[-1:]


def _shape(line: str) -> str:
    return re.sub(r"\d+", "#", line.lower())


def _joined(lines: list[str], wide: int) -> list[str]:
    out: list[str] = []
    open_ = False
    for line in lines:
        if not line:
            open_ = False
            continue
        starts = starts_item(line) or heading(line) is not None
        if open_ and not starts:
            before = out[-1]
            if before.endswith(("-", "\u00ad", "\ufffe", "\x02")) and line[:1].islower():
                out[-1] = before[:-1] + line
            else:
                out[-1] = f"{before} {line}"
        else:
            out.append(line)
        # a short line that ends a sentence ends its paragraph
        open_ = not (line.endswith((".", "?", "!", ".”")) and len(line) < 0.75 * wide) and heading(line) is None
    return [re.sub(r"\s+", " ", text).strip() for text in out]


def _cut(text: str, longest: int) -> list[str]:
    out, size = [""], 0
    for sentence in re.split(r"(?<=[.!?]) +(?=[A-Z“‘\"])", text):
        n = len(sentence.split())
        if size and size + n > longest:
            out.append("")
            size = 0
        out[-1] = f"{out[-1]} {sentence}".strip()
        size += n
    return out
