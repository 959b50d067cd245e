"""What goes in and out of the API."""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints

from tocsin.signal import ConcernKind

_BLANK = r"\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f\u3000\ufeff"
_SAID = rf"^[^\x00]*[^{_BLANK}][^\x00]*$"
"""Something stands there besides spaces. Written out, so that every reader of the description means the same by it."""
_YEARS = r"^(199\d|20\d\d|21\d\d)-\d\d-\d\d$"


def _a_word(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("give a day such as 2026-03-31")
    return value


def _a_number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("give a whole number")
    return value


def _usual(day: date) -> date:
    if not 1990 <= day.year < 2200:
        raise ValueError("give a day between 1990 and 2199")
    return day


Day = Annotated[date, BeforeValidator(_a_word), AfterValidator(_usual), Field(json_schema_extra={"pattern": _YEARS})]
Id = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(_a_number)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=_SAID)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_SAID)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_SAID)]
Maybe = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]


class Given(Schema):
    """Nothing is taken that is not known."""

    model_config = ConfigDict(extra="forbid")


class Problem(Schema):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, str]] | None = None


class ConcernOut(Schema):
    id: int
    provider: str
    kind: str
    title: str
    restricted: bool
    level: str
    holder: str | None
    phase: str
    power: str
    binding: bool
    due: date | None
    passes_on: date | None
    acknowledged: datetime | None
    opened: datetime
    closed: datetime | None
    merged_into: int | None
    last_entry: int


class DoneOut(ConcernOut):
    """A concern as it stands after an act. made: the number of what was made or changed by it (an action, a question, a take-over, ...)."""

    made: int | None


class Page(Schema):
    """next: give it as 'after' for the page that follows; null on the last."""

    items: list[ConcernOut]
    next: int | None


class ObligationOut(Schema):
    body: str
    must: str
    due: date | None
    done: date | None
    basis: str


class AheadOut(Schema):
    day: date
    body: str
    to: str | None
    why: str


class SignalOut(Schema):
    id: int
    site: str
    level: str
    raised_on: date
    since: date | None
    sentence: str
    address: str
    ended: date | None


class ActionOut(Schema):
    """owner: the body's id in the map. checked_by: who said whether it worked."""

    id: int
    what: str
    owner: str
    strength: str
    measure: str
    due: date
    state: str
    effect: str
    checked_by: str | None


class QuestionOut(Schema):
    id: int
    subject: str
    detail: str
    asked_by: str
    joined_by: list[str]
    due: date
    answer: str | None
    answered: datetime | None


class CriterionOut(Schema):
    id: int
    what: str
    evidence: str | None
    checked_by: str | None
    checked: datetime | None


class ReviewOut(Schema):
    day: date
    planned_for: date
    words: str


class TakeOverOut(Schema):
    id: int
    body: str
    powers: list[str]
    scope: str
    began: date
    ended: date | None
    reviews: list[date]
    reviewed: list[ReviewOut]
    criteria: list[CriterionOut]


class EffectOut(Schema):
    id: int
    way: str
    what: str
    worked: bool
    body: str
    at: datetime


class FileOut(Schema):
    id: int
    name: str
    size: int
    kind: str
    sha256: str


class LinkOut(Schema):
    other: int
    why: str


class ConditionOut(Schema):
    """missing: null where the condition holds."""

    what: str
    missing: str | None


class EntryOut(Schema):
    seq: int
    at: datetime
    body: str
    what: str
    sentence: str
    words: str | None
    hash: str


class EntryPage(Schema):
    """next: give it as 'after' for the page that follows; null on the last."""

    items: list[EntryOut]
    next: int | None


class BodyOut(Schema):
    code: str
    kind: str
    name: str
    national: bool


class PublicationOut(Schema):
    id: int
    provider: str
    title: str
    words: str
    at: datetime


class WholeOut(Schema):
    concern: ConcernOut
    obligations: list[ObligationOut]
    ahead: list[AheadOut]
    signals: list[SignalOut]
    actions: list[ActionOut]
    questions: list[QuestionOut]
    take_overs: list[TakeOverOut]
    effects: list[EffectOut]
    files: list[FileOut]
    links: list[LinkOut]
    merged: list[int]
    published: list[PublicationOut]
    before_closing: list[ConditionOut]
    entries: list[EntryOut]


class CheckpointOut(Schema):
    at: datetime
    last_entry: int
    chains: int
    root: str
    previous: str
    signature: str


class SignalIn(Given):
    """indicator: what is counted; with site and day it makes the signal the same when it is told twice."""

    provider: Code
    site: Code | None = None
    site_name: Short | None = None
    kind: ConcernKind
    level: Literal["amber", "red"]
    raised_on: Day
    since: Day | None = None
    sentence: Words
    indicator: Code
    address: Annotated[str, StringConstraints(max_length=500, pattern=r"^(https://[\x21-\x7e]+)?$")] = ""


class ConcernIn(Given):
    provider: Code
    kind: ConcernKind
    title: Short
    words: Maybe = ""
    severe: StrictBool = False


class Nothing(Given):
    """Nothing needs to be said."""


class WordsIn(Given):
    words: Words


class ReasonIn(Given):
    reason: Words


class UntilIn(ReasonIn):
    until: Day


class ToIn(ReasonIn):
    to: Code


class TakeOverIn(Given):
    """powers: as the map writes them, among those that it gives the body over this provider. reviews: days, the first within three months."""

    powers: Annotated[list[Code], Field(min_length=1, max_length=20)]
    scope: Line
    criteria: Annotated[list[Line], Field(min_length=1, max_length=50)]
    reviews: Annotated[list[Day], Field(min_length=1, max_length=50)]


class EvidenceIn(Given):
    evidence: Words


class ReviewIn(Given):
    """following: the next day of review, within three months."""

    words: Words
    following: Day | None = None


class QuestionIn(Given):
    """read: what the provider answered to the like before has been read, and is not what is needed."""

    subject: Short
    detail: Maybe = ""
    due: Day
    read: StrictBool = False


class AnswerIn(Given):
    answer: Words


class ActionIn(Given):
    """owner: id in the map of a body that answers for the provider."""

    what: Line
    owner: Code
    strength: Literal["strong", "intermediate", "weak"]
    measure: Line
    due: Day


class ActionStateIn(Given):
    """effect: what there is to say; why, if it is dropped."""

    state: Literal["planned", "begun", "carried-out", "dropped"]
    effect: Maybe = ""


class ActionReportIn(Given):
    state: Literal["begun", "carried-out"]
    effect: Maybe = ""


class ActionCheckIn(Given):
    """effect: what the measure showed, over what time."""

    worked: StrictBool
    effect: Words


class EffectIn(Given):
    """way: the watch's indicator, or that the body looked for itself."""

    way: Literal["indicator", "verification"]
    worked: StrictBool
    what: Words


class PublishIn(Given):
    title: Short
    words: Words


class SplitIn(Given):
    """signals: numbers of the signals that go with it."""

    kind: ConcernKind
    title: Short
    signals: Annotated[list[Id], Field(max_length=200, default_factory=list)]


class MergeIn(ReasonIn):
    into: Id


class LinkIn(Given):
    other: Id
    why: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=_SAID)]
