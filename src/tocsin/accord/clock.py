"""The clock: (map, history, now) in; who holds the concern, what is owed by when, and what comes next if nobody acts, out.

Rules that the map's text leaves open, stated here and tested:
- A day is a local day of the map's time zone. What begins on a day is due by the end of its last day; with the next day the concern passes.
- An event counts from when it was recorded, not from when it is said to have happened, so no late paper undoes a passing. An event that is
  recorded twice (same id) counts once. The order in which events are given does not matter.
- When a map changes while a concern runs, a duty keeps the deadline under which it began; each passing follows the lines of its own day.
- Only the holder acts, refuses, declares a conflict or stands down. What another body sends is kept and noted, and moves nothing.
- A refusal passes the concern on with the next day, so that nobody can send it round within one; a declared conflict passes it at once, and
  so does it that nobody can be reached there, which whoever runs the clock says.
- A deadline moves only by another body than the one that it binds, never by the subject, and only with a reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from tocsin.accord.days import deadline
from tocsin.accord.model import AccordMap, Case, Duty, Power, Reason, Role, Within
from tocsin.accord.rules import barred, binding, duty_of, first_holder, in_force, lines_from, passes, power_of

TELL = "tell those who raised it what happened"
"""What a body owes by a line of tellings."""


class What(StrEnum):
    """What can happen to a concern."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    ACTED = "acted"
    REFUSED = "refused"
    CONFLICT = "conflict-declared"
    UNREACHABLE = "unreachable"
    EXTENDED = "extended"
    ESCALATED = "escalated"
    TAKEN_OVER = "taken-over"
    HANDED_BACK = "handed-back"
    STOOD_DOWN = "stood-down"


@dataclass(frozen=True, slots=True)
class Event:
    """id: the same for the same event told twice. at: when it was recorded, with a time zone. body: who did it, None for those outside.

    until: the new last day (extended). to: the body that it goes to (escalated). severe: of a concern that is raised. last: likewise, the
    day on which the last like concern about the provider ended, None where there was none.
    """

    id: str
    what: What
    at: datetime
    body: str | None = None
    reason: str = ""
    until: date | None = None
    to: str | None = None
    severe: bool = False
    last: date | None = None


class Phase(StrEnum):
    """Where the holder stands."""

    TO_ACT = "to act"
    UNDER_REVIEW = "effect awaited"
    REFUSED = "refused"
    TAKEN_OVER = "taken over"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Tenure:
    """One body's time as holder. due: last day of what it must do now, None where no line sets one."""

    body: str
    since: date
    phase: Phase
    due: date | None
    duty: Duty | None


@dataclass(frozen=True, slots=True)
class Obligation:
    """What a body owes. done: the day on which it was done, None while it is open."""

    body: str
    must: str
    due: date | None
    basis: str
    done: date | None = None


@dataclass(frozen=True, slots=True)
class Passing:
    """The concern went from one body to another. to: None where it had nowhere to go and stays, overdue, where it was."""

    day: date
    body: str
    to: str | None
    reason: Reason
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """holder: None only where the map names nobody. binding: whether the provider must obey the holder. ahead: what follows if nobody acts.

    notes: events that moved nothing, and why.
    """

    holder: Tenure | None
    power: Power | None
    binding: bool
    obligations: tuple[Obligation, ...]
    passed: tuple[Passing, ...]
    tenures: tuple[Tenure, ...]
    ahead: tuple[Passing, ...]
    notes: tuple[str, ...]

    def first_binding_day(self, map_: AccordMap, case: Case) -> date | None:
        """The first day on which a body whom the provider must obey held it."""
        return next((t.since for t in self.tenures if binding(map_, case, t.body, t.since)), None)


class HistoryError(ValueError):
    """A history that has no beginning, or whose times have no zone."""


def state(map_: AccordMap, case: Case, history: Iterable[Event], now: datetime) -> State:
    """Where a concern stands at `now`. Raises HistoryError where the history does not hold one raising before `now`."""
    zone = ZoneInfo(map_.timezone)
    events: dict[str, Event] = {}
    for event in history:
        if event.at.tzinfo is None:
            raise HistoryError(f"event '{event.id}' has a time without a zone; give one, such as +00:00")
        events.setdefault(event.id, event)
    if now.tzinfo is None:
        raise HistoryError("now has no time zone; give one, such as +00:00")
    in_order = sorted((e for e in events.values() if e.at <= now), key=lambda e: (e.at, e.what is not What.RAISED, e.id))
    if not in_order or in_order[0].what is not What.RAISED:
        raise HistoryError("the history does not begin with the raising of the concern")
    run = _Run(map_, case, in_order[0].at.astimezone(zone).date(), in_order[0])
    for event in in_order[1:]:
        day = event.at.astimezone(zone).date()
        run.roll(day)
        run.take(event, day)
    today = now.astimezone(zone).date()
    run.roll(today)
    return run.state(today)


def begin(map_: AccordMap, case: Case, body: str, day: date) -> Tenure:
    """A body becomes holder on a day."""
    duty = duty_of(map_, case, body, day)
    due = deadline(day, duty.within, map_.extra_holidays) if duty and duty.within else None
    return Tenure(body, day, Phase.TO_ACT, due, duty)


def acted(map_: AccordMap, tenure: Tenure, day: date) -> Tenure:
    """The holder acts; from then its effect is awaited."""
    review = tenure.duty.review if tenure.duty else None
    return replace(tenure, phase=Phase.UNDER_REVIEW, due=_due(map_, day, review))


_WHY = {
    Phase.TO_ACT: Reason.DEADLINE_PASSED,
    Phase.UNDER_REVIEW: Reason.INSUFFICIENT_POWER,
    Phase.REFUSED: Reason.REFUSAL,
}


def leaving(tenure: Tenure) -> tuple[date, Reason] | None:
    """The day on which a concern leaves its holder if nothing happens, and why; None where it never does."""
    if tenure.due is None or tenure.phase in (Phase.CLOSED, Phase.TAKEN_OVER):
        return None
    return tenure.due + timedelta(days=1), _WHY[tenure.phase]


def _due(map_: AccordMap, day: date, within: Within | None) -> date | None:
    return deadline(day, within, map_.extra_holidays) if within else None


class _Run:
    def __init__(self, map_: AccordMap, case: Case, day: date, raised: Event) -> None:
        self.map, self.case, self.raised = map_, case, day
        self.passed: list[Passing] = []
        self.tenures: list[Tenure] = []
        self.notes: list[str] = []
        self.done: dict[str, date] = {}
        self.stuck = False
        step = first_holder(map_, case, day)
        self.holder = begin(map_, case, step.to, day) if step.to else None
        if self.holder:
            self.tenures.append(self.holder)
            if raised.severe and lines_from(map_, case, self.holder.body, Reason.SEVERITY, day):
                self._pass(day, Reason.SEVERITY)
            if raised.last is not None and self._repeats(raised.last, day):
                self._pass(day, Reason.REPEAT)

    def _repeats(self, last: date, day: date) -> bool:
        assert self.holder is not None
        lines = lines_from(self.map, self.case, self.holder.body, Reason.REPEAT, day)
        return any(line.period is None or deadline(last, line.period, self.map.extra_holidays) >= day for line in lines)

    def roll(self, day: date) -> None:
        """Let the time pass until the beginning of `day`."""
        while self.holder is not None and not self.stuck and (next_ := leaving(self.holder)) is not None and next_[0] <= day:
            self._pass(*next_)

    def _pass(self, day: date, reason: Reason) -> None:
        assert self.holder is not None
        step = passes(self.map, self.case, self.holder.body, reason, day)
        self.passed.append(Passing(day, self.holder.body, step.to, reason, step.skipped))
        if step.to is None:
            # it stays where it is, and stays overdue, for all to see
            self.stuck = True
            return
        self._hold(begin(self.map, self.case, step.to, day))

    def _hold(self, tenure: Tenure) -> None:
        self.holder, self.stuck = tenure, False
        self.tenures.append(tenure)

    def take(self, event: Event, day: date) -> None:
        """What an event changes."""
        holder = self.holder
        body = in_force(self.map, event.body, day) if event.body in self.map.bodies and event.body is not None else None
        if holder is None or body is None:
            return self._note(event, "no body of the map did it" if body is None else "nobody holds the concern")
        if holder.phase is Phase.CLOSED:
            return self._note(event, "the concern was closed")
        if event.what in (What.ACTED, What.ACKNOWLEDGED) and body != holder.body:
            self.done.setdefault(body, day)
            return None
        if holder.phase is Phase.REFUSED and event.what not in (What.RAISED, What.ESCALATED, What.TAKEN_OVER):
            return self._note(event, f"{holder.body} has refused, and it passes on with the next day")
        match event.what:
            case What.RAISED:
                return self._note(event, "the concern was raised before")
            case What.EXTENDED:
                return self._extend(event, body, holder)
            case What.ESCALATED:
                return self._escalate(event, body, holder, day)
            case What.TAKEN_OVER:
                if power_of(self.map, self.case, body, day) != Power.TAKE_OVER_OR_CLOSE or barred(self.map, self.case, body, day):
                    return self._note(event, f"{body} may not take over")
                return self._hold(Tenure(body, day, Phase.TAKEN_OVER, None, duty_of(self.map, self.case, body, day)))
        if body != holder.body:
            return self._note(event, f"{body} does not hold the concern, {holder.body} does")
        match event.what:
            case What.ACTED if holder.phase is not Phase.TAKEN_OVER:
                self.stuck = False
                self._replace(acted(self.map, holder, day))
            case What.REFUSED if holder.phase is Phase.TAKEN_OVER:
                return self._note(event, "it has taken over, and hands back when its criteria are met")
            case What.REFUSED:
                self.stuck = False
                self._replace(replace(holder, phase=Phase.REFUSED, due=day))
            case What.CONFLICT:
                self._pass(day, Reason.CONFLICT_OF_INTEREST)
            case What.UNREACHABLE if holder.phase is not Phase.TAKEN_OVER:
                self._pass(day, Reason.UNREACHABLE)
            case What.HANDED_BACK if holder.phase is Phase.TAKEN_OVER:
                ending = next((e for e in self.map.endings if e.body == body and e.holds(self.case, day)), None)
                if ending is None or not event.reason:
                    return self._note(event, "it was handed back without criteria in the map or without a reason")
                self._replace(
                    replace(holder, phase=Phase.UNDER_REVIEW, due=_due(self.map, day, holder.duty.review if holder.duty else None))
                )
            case What.STOOD_DOWN:
                self._replace(replace(holder, phase=Phase.CLOSED, due=None))
        return None

    def _extend(self, event: Event, body: str, holder: Tenure) -> None:
        if body == holder.body or self.map.bodies[body].subject:
            return self._note(event, "a deadline is not moved by whom it binds, nor by whom the concern is about")
        if not event.reason or event.until is None or (holder.due is not None and event.until <= holder.due):
            return self._note(event, "a deadline moves only with a reason, and to a later day")
        self.stuck = False
        self._replace(replace(holder, due=event.until))
        return None

    def _escalate(self, event: Event, body: str, holder: Tenure, day: date) -> None:
        to = in_force(self.map, event.to, day) if event.to in self.map.bodies and event.to is not None else None
        if to is None or to == holder.body or barred(self.map, self.case, to, day):
            return self._note(event, "it names no body that may hold the concern")
        now, then = power_of(self.map, self.case, holder.body, day) or 0, power_of(self.map, self.case, to, day) or 0
        if then <= now or body not in (holder.body, to):
            return self._note(event, "a concern is passed up only by its holder, or by a body with more power that takes it")
        self.passed.append(Passing(day, holder.body, to, Reason.INSUFFICIENT_POWER))
        self._hold(begin(self.map, self.case, to, day))
        return None

    def _replace(self, tenure: Tenure) -> None:
        self.holder = tenure
        self.tenures[-1] = replace(tenure, since=self.tenures[-1].since)

    def _note(self, event: Event, why: str) -> None:
        self.notes.append(f"{event.at.date()}: '{event.what.value}' by {event.body or 'nobody named'} moved nothing: {why}")

    def state(self, today: date) -> State:
        holder = self.holder
        power = power_of(self.map, self.case, holder.body, today) if holder else None
        return State(
            holder, power, binding(self.map, self.case, holder.body, today) if holder else False, tuple(self._obligations()),
            tuple(self.passed), tuple(self.tenures), tuple(self._ahead()), tuple(self.notes),
        )  # fmt: skip

    def _obligations(self) -> Iterable[Obligation]:
        if self.holder and self.holder.phase is not Phase.CLOSED:
            duty = self.holder.duty
            must = duty.must if duty else "act; the map sets no duty"
            if self.holder.phase in (Phase.UNDER_REVIEW, Phase.TAKEN_OVER):
                must = f"show the effect of: {must}"
            yield Obligation(self.holder.body, must, self.holder.due, duty.basis if duty else "")
        for duty in self.map.duties:
            if duty.role is not Role.LEAD and duty.holds(self.case, self.raised):
                yield self._owed(duty.body, duty.must, duty.within, duty.basis)
        for telling in self.map.tellings:
            if telling.holds(self.case, self.raised):
                yield self._owed(telling.body, TELL, telling.within, telling.basis)

    def _owed(self, body: str, must: str, within: Within | None, basis: str) -> Obligation:
        return Obligation(body, must, _due(self.map, self.raised, within), basis, self.done.get(body))

    def _ahead(self) -> Iterable[Passing]:
        holder, seen = self.holder, set[str]()
        while holder is not None and not self.stuck and (next_ := leaving(holder)) is not None and len(seen) <= len(self.map.bodies):
            day, reason = next_
            step = passes(self.map, self.case, holder.body, reason, day)
            yield Passing(day, holder.body, step.to, reason, step.skipped)
            seen.add(holder.body)
            if step.to is None or step.to in seen:
                return
            holder = begin(self.map, self.case, step.to, day)
