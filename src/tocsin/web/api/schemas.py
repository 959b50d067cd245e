"""What goes in and out of the API."""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, StringConstraints

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
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
    last_entry: int


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
    site: str
    level: str
    raised_on: date
    since: date | None
    sentence: str
    address: str
    ended: date | None


class EntryOut(Schema):
    seq: int
    at: datetime
    body: str
    what: str
    hash: str


class WholeOut(Schema):
    concern: ConcernOut
    obligations: list[ObligationOut]
    ahead: list[AheadOut]
    signals: list[SignalOut]
    entries: list[EntryOut]


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
    kind: Code
    level: Literal["amber", "red"]
    raised_on: date
    since: date | None = None
    sentence: Words
    indicator: Code
    address: Annotated[str, StringConstraints(max_length=500, pattern=r"^(https://[\x21-\x7e]+)?$")] = ""


class ConcernIn(Given):
    provider: Code
    kind: Code
    title: Short
    words: Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")] = ""
    severe: bool = False


class WordsIn(Given):
    words: Words


class ReasonIn(Given):
    reason: Words


class UntilIn(ReasonIn):
    until: date


class ToIn(ReasonIn):
    to: Code


class QuestionIn(Given):
    subject: Short
    detail: Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")] = ""
    due: date


class AnswerIn(Given):
    answer: Words


class ActionIn(Given):
    what: Short
    owner: Code
    strength: Literal["strong", "intermediate", "weak"]
    measure: Short
    due: date
