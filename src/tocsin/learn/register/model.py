"""What the register holds: reports, what each asked for or found wrong, what was answered, what was done, and what that has shown."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

T = TypeVar("T")
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Words = Annotated[str, Field(min_length=1)]
Address = Annotated[str, Field(pattern=r"^https?://[^\s]+\.[^\s]+$")]


def _some(given: tuple[T, ...]) -> tuple[T, ...]:
    if not given:
        raise ValueError("at least one is needed")
    return given


Many = Annotated[tuple[Words, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)]


class ReportKind(StrEnum):
    """Who spoke, and with what standing."""

    INQUIRY = "inquiry"
    INDEPENDENT_REVIEW = "independent-review"
    NATIONAL_INVESTIGATION = "national-investigation"
    REGULATOR = "regulator"
    CORONER = "coroner"
    AUDIT = "audit"
    PARLIAMENTARY = "parliamentary"
    STRATEGY = "strategy"
    CHARITY = "charity"


class Nation(StrEnum):
    ENGLAND = "England"
    WALES = "Wales"
    SCOTLAND = "Scotland"
    NORTHERN_IRELAND = "Northern Ireland"
    IRELAND = "Ireland"
    JERSEY = "Jersey"
    GUERNSEY = "Guernsey"
    ISLE_OF_MAN = "Isle of Man"
    UK = "United Kingdom"


class ItemKind(StrEnum):
    RECOMMENDATION = "recommendation"
    FAILING = "failing"


class Accepted(StrEnum):
    """What the body that was addressed answered. `no-reply`: that none came is known; `unknown`: nothing is known."""

    ACCEPTED = "accepted"
    IN_PART = "accepted-in-part"
    IN_PRINCIPLE = "accepted-in-principle"
    NOT_ACCEPTED = "not-accepted"
    NO_REPLY = "no-reply"
    UNKNOWN = "unknown"


class Grade(StrEnum):
    """What the one who recommended, or who follows it up in public, thinks of the reply. Words after the NTSB's status of recommendations."""

    ACCEPTABLE = "acceptable"
    ACCEPTABLE_ALTERNATE = "acceptable-alternate"
    UNACCEPTABLE = "unacceptable"
    UNACCEPTABLE_NO_RESPONSE = "unacceptable-no-response"
    EXCEEDS = "exceeds"
    AWAITED = "awaited"
    RECONSIDERED = "reconsidered"
    NO_LONGER_APPLICABLE = "no-longer-applicable"


class Status(StrEnum):
    """Where it stands, on evidence. Only `shown-to-work` is an end; `done-by-assertion` is somebody's word."""

    NOT_BEGUN = "not-begun"
    ACTING = "acting"
    DONE_BY_ASSERTION = "done-by-assertion"
    SHOWN_TO_WORK = "shown-to-work"
    SHOWN_NOT_TO_WORK = "shown-not-to-work"
    SUPERSEDED = "superseded"
    MERGED = "merged"
    UNKNOWN = "unknown"


class Seen(StrEnum):
    """How much of a document was read when it was entered. `not-seen`: named from another page or from memory."""

    WHOLE = "whole"
    PART = "part"
    NOT_SEEN = "not-seen"


@dataclass(frozen=True, slots=True, order=True)
class When:
    """A day, month or year as it is known: `2015-03-03`, `2015-03` or `2015`. first and last: the days that it may mean."""

    first: date
    last: date

    @classmethod
    def of(cls, given: object) -> "When":
        """Raises ValueError for what is no such date."""
        if isinstance(given, When):
            return given
        if isinstance(given, date):
            return cls(given, given)
        found = re.fullmatch(r"((?:19|20)\d\d)(?:-(\d\d)(?:-(\d\d))?)?", str(given))
        if not found:
            raise ValueError(f"{given!r} is not a date; write 2015, 2015-03 or 2015-03-03")
        year, month, day = (int(part) if part else None for part in found.groups())
        assert year is not None
        first = date(year, month or 1, day or 1)
        if day:
            return cls(first, first)
        after = date(year + (month == 12 or month is None), (month or 12) % 12 + 1, 1)
        return cls(first, after - timedelta(days=1))

    def __str__(self) -> str:
        if self.first == self.last:
            return self.first.isoformat()
        return f"{self.first:%Y}" if (self.last - self.first).days > 31 else f"{self.first:%Y-%m}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.of, serialization=core_schema.plain_serializer_function_ser_schema(str))


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, str_strip_whitespace=True)


class Source(_Entry):
    """A public document. seen: how much of it was read for this register."""

    id: Slug
    document: Words
    address: Address
    seen: Seen = Seen.PART
    note: str | None = None


class Provider(_Entry):
    """Whose care was looked at. ods: code of the NHS Organisation Data Service, where known."""

    name: Words
    ods: Annotated[str, Field(pattern=r"^[A-Z0-9]{3,9}$")] | None = None


class Reply(_Entry):
    """What was answered, when, by whom. grade: what somebody other than the one who replied thinks of it."""

    accepted: Accepted
    on: When | None = None
    by: Many = ()
    says: str | None = None
    source: str | None = None
    grade: Grade | None = None
    graded_by: str | None = None

    @model_validator(mode="after")
    def _grounded(self) -> "Reply":
        if self.accepted is not Accepted.UNKNOWN and self.source is None:
            raise ValueError(f"'source' is missing: where does it say {self.accepted.value!r}? Without a page it is 'unknown'")
        if (self.grade is None) != (self.graded_by is None):
            raise ValueError("'grade' and 'graded_by' go together")
        if self.graded_by in self.by:
            raise ValueError(f"{self.graded_by} replied and cannot grade its own reply")
        return self


class Action(_Entry):
    """Something that was done or begun because of the item, as far as is publicly known."""

    what: Words
    by: Many
    source: Words
    on: When | None = None


class Evidence(_Entry):
    """Where the item stands, and what that rests on."""

    status: Status
    why: Words
    on: When | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _grounded(self) -> "Evidence":
        if self.status is not Status.UNKNOWN and (self.source is None or self.on is None):
            raise ValueError(
                f"'source' and 'on' are needed: which page shows {self.status.value!r}, and as of when? Otherwise it is 'unknown'"
            )
        return self


class Item(_Entry):
    """One recommendation, or one failing that was found, in our own words.

    id: `<report>/<own id>`. number: as printed. page: of the report, or paragraph where it counts these;
    None with the reason in `page_why`. earlier: items of earlier reports that say
    the same. unconfirmed: no page that was seen says this.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9]+(-[a-z0-9]+)*$")]
    kind: ItemKind
    text: Annotated[str, Field(min_length=20)]
    source: Words
    failings: Annotated[tuple[Slug, ...], AfterValidator(_some)]
    addressees: Many = ()
    number: str | None = None
    page: Annotated[int, Field(ge=1)] | None = None
    paragraph: str | None = None
    page_why: str | None = None
    reply: Reply = Reply(accepted=Accepted.UNKNOWN)
    actions: tuple[Action, ...] = ()
    owner: str | None = None
    cost: str | None = None
    evidence: Evidence = Evidence(status=Status.UNKNOWN, why="No public evidence of effect was looked up or found.")
    next_review: When | None = None
    earlier: tuple[str, ...] = ()
    unconfirmed: bool = False

    @property
    def report(self) -> str:
        return self.id.partition("/")[0]

    @model_validator(mode="after")
    def _whole(self) -> "Item":
        if self.page is None and not self.paragraph and not self.page_why:
            raise ValueError(
                "'page' is missing; give it (or 'paragraph'), or say in 'page_why' (of the item or the report) why it is not known"
            )
        if self.kind is ItemKind.RECOMMENDATION and not self.addressees:
            raise ValueError("'addressees' is missing: whom does the recommendation ask? (Of the item, or of the report for all)")
        if self.evidence.on and self.next_review and self.next_review.last < self.evidence.on.first:
            raise ValueError(f"next_review {self.next_review} lies before the day of the evidence, {self.evidence.on}")
        return self


class Report(_Entry):
    """One report with its items. page_why, reply, evidence: what holds for those of its items that say nothing themselves."""

    id: Annotated[str, Field(pattern=r"^\d{4}-[a-z0-9]+(-[a-z0-9]+)*$")]
    title: Words
    body: Words
    published: When
    kind: ReportKind
    nations: Annotated[tuple[Nation, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)]
    sources: Annotated[tuple[Source, ...], AfterValidator(_some)]
    items: Annotated[tuple[Item, ...], AfterValidator(_some)]
    maternity: bool
    providers: tuple[Provider, ...] = ()
    addressees: Many = ()
    note: str | None = None
    page_why: str | None = None
    reply: Reply | None = None
    evidence: Evidence | None = None
    unconfirmed: bool = False

    def source(self, id: str) -> Source:
        for source in self.sources:
            if source.id == id:
                return source
        raise KeyError(f"report {self.id} has no source {id!r}")


@dataclass(frozen=True, slots=True)
class Family:
    """What was recommended or found about one failing, again and again: items that are linked by `earlier`, oldest first."""

    failing: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Register:
    """All reports, oldest first. Items are found by id: `register["2015-morecambe-bay/r1"]`."""

    reports: tuple[Report, ...]

    @cached_property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for report in self.reports for item in report.items)

    def __getitem__(self, id: str) -> Item:
        try:
            return self._by_id[id]
        except KeyError:
            raise KeyError(f"the register has no item {id!r}") from None

    def report(self, id: str) -> Report:
        """The report of this id, or the one that the item of this id belongs to."""
        for report in self.reports:
            if report.id == id.partition("/")[0]:
                return report
        raise KeyError(f"the register has no report {id!r}")

    def family(self, id: str) -> tuple[Item, ...]:
        """The item, what it repeats and what repeats it, through any number of steps that stay with one of its failings; oldest first."""
        found = {id}
        for failing in self[id].failings:
            found |= self._joined(id, failing)
        return tuple(item for item in self.items if item.id in found)

    def families(self) -> tuple[Family, ...]:
        """What was said more than once about each failing, the longest first."""
        found = []
        for failing in sorted({failing for item in self.items for failing in item.failings}):
            left = {item.id for item in self.items if failing in item.failings}
            while left:
                joined = self._joined(next(iter(left)), failing)
                left -= joined
                if len(joined) > 1:
                    found.append(Family(failing, tuple(item for item in self.items if item.id in joined)))
        return tuple(sorted(found, key=lambda family: (-len(family.items), family.failing, family.items[0].id)))

    def _joined(self, id: str, failing: str) -> set[str]:
        """Ids that are linked with this one, in any number of steps, by items that are all about the failing."""
        found, new = {id}, [id]
        while new:
            here = new.pop()
            near = {other for other in (*self[here].earlier, *self._later.get(here, ())) if failing in self[other].failings} - found
            found |= near
            new += near
        return found

    @cached_property
    def _by_id(self) -> dict[str, Item]:
        return {item.id: item for item in self.items}

    @cached_property
    def _later(self) -> dict[str, tuple[str, ...]]:
        later: dict[str, tuple[str, ...]] = {}
        for item in self.items:
            for id in item.earlier:
                later[id] = (*later.get(id, ()), item.id)
        return later
