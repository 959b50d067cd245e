"""Who would hold a concern one after another, when some bodies stay silent and the others act on their last day without effect."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tocsin.accord.clock import Event, Phase, What, state
from tocsin.accord.model import AccordMap, Case, Duty, Power, Reason


@dataclass(frozen=True, slots=True)
class Rung:
    """One body's time as holder.

    due: last day to act, None where no line sets one. until, why: the day on which the concern leaves it and for what reason, None where it
    never does. silent: whether it is taken to stay silent.
    """

    body: str
    name: str
    since: date
    due: date | None
    duty: Duty | None
    power: Power | None
    binding: bool
    silent: bool
    until: date | None
    why: Reason | None


def ladder(map_: AccordMap, case: Case, day: date, silent: Collection[str] = ()) -> list[Rung]:
    """From the day on which a concern is raised up to a body that can take over, or to where it stays; by the clock, event by event."""
    zone = ZoneInfo(map_.timezone)

    def at(when: date, hour: int = 12) -> datetime:
        return datetime.combine(when, time(hour), zone)

    history = [Event("raised", What.RAISED, at(day))]
    rungs: list[Rung] = []
    now = state(map_, case, history, at(day, 13))
    while now.holder is not None and len(rungs) <= len(map_.bodies):
        holder, power, binds = now.holder, now.power, now.binding
        quiet = holder.body in silent
        if power is not Power.TAKE_OVER_OR_CLOSE and not quiet and holder.phase is Phase.TO_ACT and holder.due is not None:
            history.append(Event(f"act-{len(rungs)}", What.ACTED, at(holder.due, 14), holder.body))
            now = state(map_, case, history, at(holder.due, 15))
        top = power is Power.TAKE_OVER_OR_CLOSE and not quiet
        waits = now.holder.due if now.holder and not top else None
        leaves = waits + timedelta(days=1) if waits else None
        after = state(map_, case, history, at(leaves)) if leaves else now
        moved = after.holder is not None and after.holder.body != holder.body
        why = after.passed[-1].reason if moved else None
        name = map_.bodies[holder.body].name
        rungs.append(Rung(holder.body, name, holder.since, holder.due, holder.duty, power, binds, quiet, leaves if moved else None, why))
        if not moved:
            break
        now = after
    return rungs
