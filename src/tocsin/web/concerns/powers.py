"""A question that other rooms may ask of the accord: which bodies hold which power today. Plain values in and out."""

from dataclasses import dataclass
from datetime import date

from tocsin.accord.model import Power
from tocsin.web.accord.queries import in_force
from tocsin.web.concerns import clockwork

WORDS = {
    Power.INFORM: "be told", Power.ADVISE: "advise others", Power.REQUIRE_INFORMATION: "require others to give information",
    Power.INSPECT: "inspect others", Power.REQUIRE_ACTION: "require others to act", Power.IMPOSE_CONDITIONS: "impose conditions on others",
    Power.SUSPEND_OR_REMOVE_PEOPLE: "suspend or remove people", Power.REPLACE_LEADERSHIP: "replace the leadership of others",
    Power.TAKE_OVER_OR_CLOSE: "take over or close a service",
}  # fmt: skip
"""What each power is good for, in the order of the ladder."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A body holds a power over providers. basis: the law or arrangement; condition: when it may be used."""

    kind: str
    name: str
    power: str
    basis: str
    condition: str


def bodies(day: date) -> dict[str, str]:
    """Kinds of bodies that the map in force names on a day, with their names; none where no map is in force. One query."""
    current = in_force()
    return {} if current is None else {k: b.name for k, b in clockwork.map_from(current).bodies.items() if b.dated(day)}


def holders(power: str, day: date) -> list[Holding]:
    """Every body that holds this power, or a stronger one, over some provider on a day; the weakest that suffices first. One query.

    power: as the map writes it ('require-action'). Raises ValueError for a word that is no power.
    """
    wanted = next((p for p in Power if p.word == power), None)
    if wanted is None:
        raise ValueError(f"{power!r} is no power; one of {', '.join(p.word for p in Power)} is expected")
    current = in_force()
    if current is None:
        return []
    map_ = clockwork.map_from(current)
    found = sorted((h for h in map_.powers if h.power >= wanted and h.dated(day)), key=lambda h: (h.power, h.body))
    return [Holding(h.body, map_.bodies[h.body].name, h.power.word, h.basis, h.condition) for h in found if h.body in map_.bodies]


def ladder() -> list[tuple[str, str]]:
    """Every power, weakest first: as the map writes it, and in plain words."""
    return [(p.word, WORDS[p]) for p in Power]
