"""Oversight of the overseers: how fast each body acknowledges and acts, how often it stays silent, and what comes back.

Counted in the database from the tenures that are kept with the record, so that it takes as long for many entries as for few.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from django.db import connection

from tocsin.watch import funnel
from tocsin.watch.funnel import Funnel
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.ui.body_funnel import Edge, Point, Spec, spec

FEW = 5
"""With fewer tenures that were answered or are over (or closings), nothing is said of a body: chance alone decides, and one could tell which they were."""
LEVELS = (0.95, 0.998)
What = Literal["silence", "return"]
TITLES: dict[What, tuple[str, str, str]] = {
    "silence": ("How often bodies stayed silent", "Times as holder that were answered or are over", "Silent, in 100"),
    "return": ("How often a concern came back within twelve months", "Closings that the body signed", "Came back, in 100"),
}
"""Of each picture: its title, and its two axes."""

_TENURES = """
SELECT b.id, b.name, f.* FROM people_body b JOIN (
    SELECT t.body_id, count(*), count(*) FILTER (WHERE t.acted IS NOT NULL OR t.until IS NOT NULL OR t.silent), count(*) FILTER (WHERE t.silent),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY t.acknowledged - t.since) FILTER (WHERE t.acknowledged IS NOT NULL),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY t.acted - t.since) FILTER (WHERE t.acted IS NOT NULL),
           count(*) FILTER (WHERE t.reason = 'refusal'), count(*) FILTER (WHERE t.reason = 'conflict-of-interest'),
           count(*) FILTER (WHERE t.until IS NOT NULL AND t.reason <> 'closed')
      FROM concerns_tenure t JOIN concerns_concern c ON c.id = t.concern_id WHERE c.merged_into_id IS NULL GROUP BY t.body_id) f ON f.body_id = b.id
"""
_CLOSINGS = """
SELECT b.id, b.name, f.* FROM people_body b JOIN (
    SELECT c.closed_by_id, count(*), count(*) FILTER (WHERE EXISTS (
               SELECT FROM concerns_concern r WHERE r.reopens_id = c.id AND r.opened <= c.closed + interval '365 days'))
      FROM concerns_concern c WHERE c.closed_by_id IS NOT NULL GROUP BY c.closed_by_id) f ON f.closed_by_id = b.id
"""
_TAKEN = "SELECT t.body_id, count(*) FROM concerns_takeover t GROUP BY t.body_id"


@dataclass
class Against:
    """So many of so many, beside what chance allows. low, high: outer limits of the funnel, as shares. outside: 1 above, -1 below, 0 within.

    few: too few to say.
    """

    events: int = 0
    of: int = 0
    low: float = 0.0
    high: float = 1.0
    outside: int = 0

    @property
    def few(self) -> bool:
        return self.of < FEW

    @property
    def share(self) -> float:
        return self.events / self.of if self.of else 0.0


@dataclass
class Row:
    """One body. times: tenures. answered: those in which it acted, or that are over. days: median, in whole days from becoming holder."""

    body: int
    name: str
    silence: Against
    back: Against
    times: int = 0
    days_to_acknowledge: float | None = None
    days_to_act: float | None = None
    refused: int = 0
    conflicts: int = 0
    handed_on: int = 0
    taken_over: int = 0

    def of(self, what: What) -> Against:
        return self.silence if what == "silence" else self.back


@dataclass(frozen=True)
class Oversight:
    """Bodies by name, and the two funnels; None where fewer than two bodies can be compared, or nothing varies."""

    rows: list[Row]
    funnels: dict[What, Funnel | None]


def look() -> Oversight:
    """How the bodies answer. Three queries, however many concerns and entries there are; restricted ones are counted, not shown."""
    found: dict[int, Row] = {}
    with acting_as(TOCSIN), connection.cursor() as cursor:
        cursor.execute(_TENURES)
        for body, name, _, times, answered, silent, acknowledge, act, refused, conflicts, handed_on in cursor.fetchall():
            found[body] = Row(body, name, Against(silent, answered), Against(), times, acknowledge, act, refused, conflicts, handed_on)
        cursor.execute(_CLOSINGS)
        for body, name, _, closed, came_back in cursor.fetchall():
            found.setdefault(body, Row(body, name, Against(), Against())).back = Against(came_back, closed)
        cursor.execute(_TAKEN)
        for body, taken in cursor.fetchall():
            if body in found:
                found[body].taken_over = taken
    rows = sorted(found.values(), key=lambda r: r.name)
    return Oversight(rows, {what: _funnelled([r.of(what) for r in rows]) for what in TITLES})


def _funnelled(found: list[Against]) -> Funnel | None:
    """Limits by the watch's own funnel, exact, or widened where bodies differ more than chance anyway; over the bodies of which one can say."""
    usable = [a for a in found if not a.few]
    events, of = np.array([a.events for a in usable]), np.array([a.of for a in usable])
    if len(usable) < 2 or not 0 < events.sum() < of.sum():
        return None
    plot = funnel(events, of, overdispersion="additive", limits=LEVELS)
    for at, one in enumerate(usable):
        one.outside = int(plot.outside[-1][at])
        one.low, one.high = float(plot.limits[-1].lower[at]), float(plot.limits[-1].upper[at])
    return plot


def picture(found: Oversight, what: What) -> Spec | None:
    """One specification for the page, for SVG and for PNG; None where there is nothing to compare."""
    plot = found.funnels[what]
    if plot is None:
        return None
    shown = [r for r in found.rows if not r.of(what).few]
    points = [Point(r.name, r.of(what).of, 100 * r.of(what).share, r.of(what).outside > 0) for r in shown]
    edges = [
        Edge(float(n), f"{100 * pair.level:g} in 100", 100 * float(low), 100 * float(high))
        for pair in plot.curve
        for n, low, high in zip(plot.curve_denominators, pair.lower, pair.upper, strict=True)
    ]
    return spec(points, edges, 100 * plot.centre, *TITLES[what])


def in_words(found: Oversight, what: What) -> str:
    """What the picture shows, for those who do not see it."""
    plot = found.funnels[what]
    shown = [r for r in found.rows if not r.of(what).few]
    if plot is None:
        return "There is nothing to compare yet."
    above = [r.name for r in shown if r.of(what).outside > 0]
    below = [r.name for r in shown if r.of(what).outside < 0]
    return (
        f"{TITLES[what][0]}: {len(shown)} bodies, {100 * plot.centre:.0f} in 100 over all of them. "
        f"Above the outer limit: {', '.join(above) or 'none'}. Below it: {', '.join(below) or 'none'}. The table has the numbers."
    )
