"""From the texts of one case to a case, with every fault that it has: what CSV and FHIR share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from tocsin.review.cases import values
from tocsin.review.cases.model import IDENTIFIERS, MOST_MOMENTS, MOST_TEXT, CaseIn, FactValue, Fault, Moment
from tocsin.review.cases.values import BadValueError, DateOrder

T = TypeVar("T")
_SHOWN = 60


@dataclass(slots=True)
class Raw:
    """One case as texts. column: what the file calls each field, for messages. facts: (column, name, text)."""

    line: int
    texts: dict[str, str]
    facts: list[tuple[str, str, str]] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    column: Mapping[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


class Builder:
    """Builds the cases of one source, one after the other; knows what it has seen, so that it can name what comes twice."""

    def __init__(self, source: str, today: date, order: DateOrder, known: frozenset[str], zone: ZoneInfo) -> None:
        self.source, self.today, self.order, self.known, self.zone = source, today, order, known, zone
        self.seen: dict[str, int] = {}
        self.people: dict[tuple[str, date, str], int] = {}

    def build(self, raw: Raw) -> tuple[CaseIn | None, list[Fault]]:
        """The case, None if it is put aside; and its faults."""
        of = _Reading(self, raw)
        reference = of.text("reference", needed=True)
        kind = of.read("outcome", values.outcome, needed=True)
        event = of.past("event_date", needed=True)
        code = of.read("provider", values.provider, needed=True)
        care_from, care_to = of.past("care_from"), of.past("care_to")
        gestation = of.read("gestation", values.gestation_days)
        if care_from and care_to and care_to < care_from:
            of.fault("care_to", f"is before care began on {care_from.isoformat()}")
        if care_from and event and event < care_from:
            of.fault("event_date", f"is before care began on {care_from.isoformat()}")
        if kind and gestation is not None:
            of.check("gestation", lambda: values.fits(kind, gestation))
        facts = of.facts()
        moments = of.moments()
        account = of.text("account", most=MOST_TEXT)
        stratum = of.text("stratum", most=100)
        identifiers = of.identifiers()
        if len(raw.questions) > 200 or any(len(q) > MOST_TEXT or values.unreadable(q) for q in raw.questions):
            of.fault("questions", "holds more than 200 questions, or one that is too long or cannot be read", shown=False)
        if not any(f.aside for f in of.faults) and reference and event and kind:
            self._twice(of, reference, event, kind.value, identifiers)
        if any(f.aside for f in of.faults) or not (reference and kind and event and code):
            return None, of.faults
        return CaseIn(
            reference, kind, event, code, care_from, care_to, gestation, facts, moments, account, tuple(raw.questions), identifiers, raw.line,
            stratum,
        ), of.faults  # fmt: skip

    def _twice(self, of: "_Reading", reference: str, event: date, kind: str, identifiers: Mapping[str, str]) -> None:
        if reference in self.known:
            of.fault("reference", "is the reference of a case that is here already")
            return
        if reference in self.seen:
            of.fault("reference", f"is the reference of the case on line {self.seen[reference]} too")
            return
        self.seen[reference] = of.raw.line
        if "nhs_number" in identifiers:
            person = (identifiers["nhs_number"], event, kind)
            if person in self.people:
                at = self.people[person]
                of.fault("nhs_number", f"with this outcome and day is on line {at} too; twins need a number each", aside=False)
            self.people.setdefault(person, of.raw.line)


class _Reading:
    def __init__(self, builder: Builder, raw: Raw) -> None:
        self.builder, self.raw = builder, raw
        self.faults = list(raw.faults)

    def fault(self, name: str, reason: str, *, aside: bool = True, shown: bool = True) -> None:
        hidden = name in IDENTIFIERS or not shown
        value = "" if hidden else self.raw.texts.get(name, "").strip()[:_SHOWN]
        self._fault(self.raw.column.get(name, name), value, reason, aside)

    def text(self, name: str, *, needed: bool = False, most: int = 200) -> str:
        value = self.raw.texts.get(name, "").strip()
        if needed and not value:
            self.fault(name, "is empty; every case needs it")
        if len(value) > most:
            self.fault(name, f"is longer than {most:,} letters", shown=False)
            return ""
        if values.unreadable(value):
            self.fault(name, "has letters that are not UTF-8, or control characters; save the file as UTF-8", shown=False)
            return ""
        return value

    def read(self, name: str, how: Callable[[str], T], *, needed: bool = False) -> T | None:
        value = self.text(name, needed=needed)
        return self.check(name, lambda: how(value)) if value else None

    def check(self, name: str, how: Callable[[], T]) -> T | None:
        try:
            return how()
        except BadValueError as error:
            self.fault(name, str(error))
            return None

    def past(self, name: str, *, needed: bool = False) -> date | None:
        """A day that is not after today; a time of day beside it is let go."""

        def read(text: str) -> date:
            found = values.moment(text, self.builder.order, self.builder.zone)
            of = found.date() if isinstance(found, datetime) else found
            if of > self.builder.today:
                raise BadValueError(f"is after today, {self.builder.today.isoformat()}")
            return of

        return self.read(name, read, needed=needed)

    def facts(self) -> dict[str, FactValue]:
        found: dict[str, FactValue] = {}
        for column, name, text in self.raw.facts:
            value = text.strip()
            try:
                key = values.fact_name(name)
                if len(value) > 500 or values.unreadable(value):
                    raise BadValueError("is longer than 500 letters or has letters that cannot be read")
                known = values.fact(value)
                if known is not None and key in found and found[key] != known:
                    raise BadValueError(f"tells another value of '{key}' than before in this case: {found[key]!r}")
            except BadValueError as error:
                self._fault(column, value[:_SHOWN], str(error), True)
                continue
            if known is not None:
                found[key] = known
        return found

    def moments(self) -> tuple[Moment, ...]:
        text = self.text("timeline", most=MOST_TEXT)
        try:
            found = [*self.raw.moments, *values.timeline(text, self.builder.order, self.builder.zone)]
            if len(found) > MOST_MOMENTS:
                raise BadValueError(f"has more than {MOST_MOMENTS:,} entries")
            if any(len(m.what) > 5_000 or values.unreadable(m.what) for m in found):
                raise BadValueError("has an entry of more than 5,000 letters, or with letters that cannot be read")
            late = [m for m in found if m.day > self.builder.today]
            if late:
                raise BadValueError(f"has an entry of {late[0].day.isoformat()}, which is after today")
        except BadValueError as error:
            self.fault("timeline", str(error), shown=False)
            return ()
        return values.in_order(found)

    def identifiers(self) -> dict[str, str]:
        found = {}
        for name in IDENTIFIERS:
            value: object = self.text(name)
            if value and name == "nhs_number":
                value = self.read(name, values.nhs_number)
            elif value and name == "date_of_birth":
                value = self.past(name)
            if value:
                found[name] = value.isoformat() if isinstance(value, date) else str(value)
        return found

    def _fault(self, column: str, value: str, reason: str, aside: bool) -> None:
        plain = value.encode("utf-8", "replace").decode()
        row = {
            self.raw.column.get(k, k): v[:500].encode("utf-8", "replace").decode()
            for k, v in self.raw.texts.items()
            if k not in IDENTIFIERS
        }
        self.faults.append(Fault(self.builder.source, self.raw.line, column, plain, reason, aside, row))
