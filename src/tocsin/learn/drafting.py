"""Can this recommendation be acted on, and can anybody tell whether it was? Published criteria, decided by rules that show what they found.

Sources of the criteria: Health Services Safety Investigations Body and others, Recommendations but no action (2024), which asks that
recommendations be fewer, addressed, costed, measurable and not repeated; National Patient Safety Foundation, RCA2: Improving Root Cause
Analyses and Actions to Prevent Harm (2015), whose hierarchy of actions goes back to the US Department of Veterans Affairs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

HSSIB = (
    "HSSIB and others, Recommendations but no action, 2024",
    "https://hssib.org.uk/patient-safety-investigations/"
    "recommendations-but-no-action-improving-the-effectiveness-of-quality-and-safety-recommendations-in-healthcare/report",
)
RCA2 = (
    "National Patient Safety Foundation, RCA2, 2015: hierarchy of actions",
    "https://www.ihi.org/resources/tools/rca2-improving-root-cause-analyses-and-actions-prevent-harm",
)


class Strength(StrEnum):
    """How far an action stops the failing from happening again, whatever people remember or forget."""

    STRONG = "strong"
    INTERMEDIATE = "intermediate"
    WEAK = "weak"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Judged:
    """One criterion: whether it is met, why, the words that decided, and the source (title, address) that asks for it."""

    id: str
    asks: str
    met: bool
    why: str
    words: tuple[str, ...]
    source: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Quality:
    """All criteria of one draft, and the strength of what it asks for with the words that show it."""

    criteria: tuple[Judged, ...]
    strength: Strength
    strength_words: tuple[str, ...]


_VAGUE = re.compile(
    r"(?i)\b(?:consider(?:ation)?|lessons? (?:are|is|be|to be)? ?learn(?:t|ed)|appropriate(?:ly)?|robust(?:ly)?|where possible|as necessary|if necessary|"
    r"as far as practicable|rais(?:e|ing) awareness|strengthen(?:ed|ing)?|promot(?:e|ed|ing)|encourag(?:e|ed|ing)|continue to|work (?:together|with)|"
    r"improv(?:e|ed|ing) (?:culture|communication|care|quality|safety)|best practice|timely|adequate(?:ly)?|regular(?:ly)?|effective(?:ly)?|explore|reflect on|be mindful)\b"  # noqa: E501
)
_ASKS = re.compile(r"(?i)\b(?:should|must|needs? to|shall|is (?:asked|required) to|are (?:asked|required) to|recommends? that|will)\b")
_MEASURE = re.compile(
    r"(?i)\b(?:measured? by|rate of|proportion of|percentage|per cent|\d+ ?%|number of|audit(?:ed)?|indicator|baseline|target|published (?:monthly|quarterly|yearly|annually)|"  # noqa: E501
    r"within \d+ (?:minutes?|hours?|days?)|at least \d+|no (?:more|fewer|less) than \d+|\d+ in (?:every )?\d[\d,]*|per 1,?000|report(?:ed)? (?:monthly|quarterly|yearly|annually))\b"  # noqa: E501
)
_WHEN = re.compile(
    r"(?i)\b(?:within (?:\w+|\d+) (?:days?|weeks?|months?|years?)|by (?:the end of )?(?:\d{1,2} )?(?:January|February|March|April|May|June|July|August|September|October|"  # noqa: E501
    r"November|December)? ?20\d\d|immediately|at once|by (?:April|October) 20\d\d|from \d{1,2} \w+ 20\d\d)\b"
)
_COST = re.compile(r"(?i)£ ?\d|\b(?:cost(?:s|ed|ing)?|fund(?:ed|ing)|budget|no (?:extra|additional|further) (?:cost|money)|whole[- ]time equivalent|wte)\b")
_SEVERAL = re.compile(r"(?i)(?:;|\band (?:should|must|shall|will)\b|\bas well as\b|\(i\)|\(a\)|\b(?:firstly|secondly)\b|[.!?]\s+(?=\w))")
_WHO = re.compile(r"(?:^|[.]\s+)(?:Recommendation \S+:? )?((?:The |All |Every |Each )?[A-Z][\w'’,& -]{2,80}?) (?:should|must|shall|needs? to|will|is|are)\b")
_STRENGTHS: tuple[tuple[Strength, re.Pattern[str]], ...] = (
    (
        Strength.STRONG,
        re.compile(
            r"(?i)\b(?:forcing function|interlock|hard stop|cannot (?:be|proceed)|make it impossible|physically|built|rebuil[dt]|redesign(?:ed)?|new (?:unit|building|theatre|ward|equipment)|"  # noqa: E501
            r"standardis(?:e|ed|ing|ation) (?:of )?(?:the )?(?:equipment|process|devices?|pathway)|one (?:national|single) (?:standard|system|process|tool)|single (?:national )?(?:system|process)|"  # noqa: E501
            r"simplif(?:y|ied|ies)|remov(?:e|ed|al of) (?:the )?(?:hazard|step|equipment|from use)|automat(?:ic|ically|ed|ion)|barcode|chief executive (?:must|should) (?:attend|be present)|board members? (?:must|should) (?:attend|visit))\b"  # noqa: E501
        ),
    ),
    (
        Strength.INTERMEDIATE,
        re.compile(
            r"(?i)\b(?:staffing|more (?:midwives|doctors|nurses|consultants|staff)|(?:second|additional|extra) (?:consultant|midwife|doctor|registrar)|resident consultant|consultant presence|"  # noqa: E501
            r"workload|software|electronic (?:record|alert|system)|alert|checklists?|simulation|drills?|cognitive aid|read[- ]back|SBAR|structured handover|ward rounds?|second (?:opinion|person|review)|"  # noqa: E501
            r"independent (?:review|second)|redundan(?:t|cy)|interruptions?|distractions?|dedicated (?:time|theatre|team)|early warning (?:score|tool)|central monitoring)\b"  # noqa: E501
        ),
    ),
    (
        Strength.WEAK,
        re.compile(
            r"(?i)\b(?:train(?:ed|ing)?|educat(?:e|ed|ion)|remind(?:ed|er|ers)?|polic(?:y|ies)|procedures?|guidelines?|guidance|memo(?:randum)?|awareness|warning|poster|leaflet|double[- ]check|"  # noqa: E501
            r"newsletter|refresh(?:er)?|be told|circulat(?:e|ed)|share(?:d)? (?:the )?learning|learn(?:ing)? (?:lessons|from)|code of conduct|mandatory e-learning)\b"  # noqa: E501
        ),
    ),
)


def judge(text: str, *, addressees: Sequence[str] = (), measure: str = "", cost: str = "", by_when: str = "") -> Quality:
    """What a reader who must act on this draft would miss. measure, cost, by_when: said beside the text. Rules on words: they can err, and say why."""
    vague = tuple(dict.fromkeys(w.lower() for w in _VAGUE.findall(text)))
    asks = _ASKS.search(text)
    named = tuple(addressees) or tuple(m.strip() for m in _WHO.findall(text))
    several = len(_SEVERAL.findall(text.strip().rstrip(".!?;")))
    measured, timed, costed = (tuple(dict.fromkeys(m.group() for m in p.finditer(text))) for p in (_MEASURE, _WHEN, _COST))
    strength, words = strength_of(text)
    criteria = (
        Judged(
            "specific", "It says what is to be done, in words that two readers would understand alike.", bool(asks) and not vague,
            "No word says that something must be done." if not asks else
            "These words leave open what is to be done." if vague else "It says what must be done.", vague, HSSIB,
        ),
        Judged(
            "one", "It asks for one thing, so that it can be answered, costed and closed by itself.", several == 0,
            "It asks for one thing." if several == 0 else "It seems to ask for several things; write one recommendation for each.", (), HSSIB,
        ),
        Judged("addressed", "It says who must act.", bool(named), "Somebody is named." if named else "Nobody is named who must act.", named, HSSIB),
        Judged(
            "measurable", "It says how anybody will see that it was done and that it helped.", bool(measured or measure.strip()),
            "A measure is given." if measured or measure.strip() else "No measure is given: nobody could tell whether it worked.",
            measured or tuple(filter(None, [measure.strip()])), HSSIB,
        ),
        Judged(
            "timed", "It says by when.", bool(timed or by_when.strip()), "A time is given." if timed or by_when.strip() else "No time is given.",
            timed or tuple(filter(None, [by_when.strip()])), HSSIB,
        ),
        Judged(
            "costed", "It says what it will cost, or that it costs nothing more.", bool(costed or cost.strip()),
            "Cost is spoken of." if costed or cost.strip() else "Nothing is said of cost.", costed or tuple(filter(None, [cost.strip()])), HSSIB,
        ),
        Judged(
            "strong", "It changes the place, the equipment or the system rather than relying on people to remember.",
            strength in (Strength.STRONG, Strength.INTERMEDIATE), _STRENGTH_WORDS[strength], words, RCA2,
        ),
    )  # fmt: skip
    return Quality(criteria, strength, words)


def strength_of(text: str) -> tuple[Strength, tuple[str, ...]]:
    """The strongest kind of action that the words name, and those words."""
    for strength, pattern in _STRENGTHS:
        if found := tuple(dict.fromkeys(m.group().lower() for m in pattern.finditer(text))):
            return strength, found
    return Strength.UNCLEAR, ()


_STRENGTH_WORDS = {
    Strength.STRONG: "Strong: it changes the place, the equipment or the system.",
    Strength.INTERMEDIATE: "Intermediate: it helps people to do it right.",
    Strength.WEAK: "Weak: it relies on people remembering. Such actions seldom last by themselves.",
    Strength.UNCLEAR: "Its words do not show what kind of action it asks for.",
}
