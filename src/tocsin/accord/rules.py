"""What a map says on one day about one concern: who may hold it, what it must do, where it passes to. Clock and checker ask here."""

from dataclasses import dataclass
from datetime import date

from tocsin.accord.model import BINDING, AccordMap, Agreement, Body, Case, Conflict, Duty, Handover, Power, Reason, Role


@dataclass(frozen=True, slots=True)
class Step:
    """One passing from body to body. to: None where there is nowhere to go. line: the handover used, None where there was none.

    skipped: bodies that may not hold it and were passed by.
    """

    to: str | None
    line: Handover | None
    skipped: tuple[str, ...] = ()


def in_force(map_: AccordMap, body: str, day: date) -> str | None:
    """The body itself, or the one that took over its work, on that day; None where there is none."""
    seen: set[str] = set()
    at: str | None = body
    while at is not None and at not in seen:
        seen.add(at)
        found = map_.bodies[at]
        if found.dated(day):
            return at
        if found.since is not None and day < found.since:
            at = found.predecessor
        else:
            at = next((b.id for b in map_.bodies.values() if b.predecessor == at), None)
    return None


def same_line(map_: AccordMap, body: str) -> frozenset[str]:
    """A body with all those whose work it took over: what is written for them holds for it, while no line of its own is in force."""
    found, at = [body], map_.bodies[body].predecessor
    while at is not None:
        found.append(at)
        at = map_.bodies[at].predecessor
    return frozenset(found)


def barred(map_: AccordMap, case: Case, body: str, day: date) -> Body | Conflict | None:
    """Why a body may not hold such a concern: it is the subject, or a conflict is declared for it. None where it may."""
    if map_.bodies[body].subject:
        return map_.bodies[body]
    return next((c for c in map_.conflicts if c.body == body and c.holds(case, day)), None)


def duty_of(map_: AccordMap, case: Case, body: str, day: date) -> Duty | None:
    """What a body must do as holder: its lead duty for this concern."""
    return next((d for d in map_.duties if d.body == body and d.role is Role.LEAD and d.holds(case, day)), None)


def power_of(map_: AccordMap, case: Case, body: str, day: date) -> Power | None:
    """The strongest power that a body holds over such a provider."""
    return max((h.power for h in map_.powers if h.body == body and h.holds(case, day)), default=None)


def binding(map_: AccordMap, case: Case, body: str, day: date) -> bool:
    """Whether the provider must obey it."""
    power = power_of(map_, case, body, day)
    return power is not None and power >= BINDING


def agreement(map_: AccordMap, case: Case, bodies: frozenset[str], day: date) -> Agreement | None:
    """The agreement that says which of several bodies leads."""
    return next((a for a in map_.agreements if bodies <= a.between and a.lead in bodies and a.holds(case, day)), None)


def first_duties(map_: AccordMap, case: Case, day: date) -> list[Duty]:
    """Lead duties of those with whom such a concern begins."""
    return [d for d in map_.duties if d.first and d.role is Role.LEAD and d.holds(case, day) and map_.bodies[d.body].dated(day)]


def first_holder(map_: AccordMap, case: Case, day: date) -> Step:
    """With whom a concern begins on that day; one that is barred passes it on at once."""
    bodies = list(dict.fromkeys(d.body for d in first_duties(map_, case, day)))
    if not bodies:
        return Step(None, None)
    agreed = agreement(map_, case, frozenset(bodies), day) if len(bodies) > 1 else None
    begins = agreed.lead if agreed else bodies[0]
    if barred(map_, case, begins, day) is None:
        return Step(begins, None)
    step = passes(map_, case, begins, Reason.CONFLICT_OF_INTEREST, day)
    return Step(step.to, step.line, (begins, *step.skipped))


def lines_from(map_: AccordMap, case: Case, body: str, reason: Reason, day: date) -> list[Handover]:
    """Handovers of a body for a reason. A refusal, a conflict or nobody to reach goes, without a line of its own, the way of a passed deadline."""
    found = [h for h in map_.handovers if h.body == body and reason in h.when and h.holds(case, day)]
    if not found and reason in (Reason.REFUSAL, Reason.CONFLICT_OF_INTEREST, Reason.UNREACHABLE):
        return lines_from(map_, case, body, Reason.DEADLINE_PASSED, day)
    return found


def passes(map_: AccordMap, case: Case, body: str, reason: Reason, day: date) -> Step:
    """Where a concern goes from a body for a reason on a day. One that may not hold it is passed by, along its own way round a conflict."""
    skipped: list[str] = []
    at, why = body, reason
    while True:
        lines = lines_from(map_, case, at, why, day)
        targets = [t for t in (in_force(map_, h.to, day) for h in lines) if t is not None]
        if not targets:
            return Step(None, None, tuple(skipped))
        agreed = agreement(map_, case, frozenset(targets), day) if len(set(targets)) > 1 else None
        to = agreed.lead if agreed else targets[0]
        line = next(h for h in lines if in_force(map_, h.to, day) == to)
        if barred(map_, case, to, day) is None:
            return Step(to, line, tuple(skipped))
        if to in skipped:
            return Step(None, line, tuple(skipped))
        skipped.append(to)
        at, why = to, Reason.CONFLICT_OF_INTEREST
