"""The longest time until a body with binding power holds a concern, exactly, for every day on which it could be raised.

A game on the clock's own rules. The map's bodies answer as badly as they may: each that is not silent acts or refuses, on whichever day
allowed is the worst, and its act never has the effect; up to `silent` of them never answer. What is asked is the latest day on which the
first body that the provider must obey comes to hold it; it is found for all days at once, as arrays, until nothing changes any more.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from tocsin.accord.clock import Event, What, begin
from tocsin.accord.days import is_working
from tocsin.accord.model import AccordMap, Case, Reason, Within
from tocsin.accord.rules import binding, first_holder, passes

NEVER = np.int32(2**30)
_PAD = 1200
"""Days after the map's last day for which its last rules are taken to go on, so that what was raised late can end."""
_NONE = -1
_WAYS = (Reason.DEADLINE_PASSED, Reason.REFUSAL, Reason.INSUFFICIENT_POWER)
_TOLD = 200


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst for so many silent bodies. days: calendar days from raising to binding power, None where it is never reached."""

    silent: int
    days: int | None
    raised: date
    events: tuple[Event, ...]
    path: tuple[tuple[date, str, str], ...]
    """(day, body that comes to hold it, what it then does)."""


class Calendar:
    """Days of a map as whole numbers from its first, and where each deadline falls."""

    def __init__(self, map_: AccordMap) -> None:
        self.first = map_.since
        self.days = (map_.until - map_.since).days
        self.size = self.days + _PAD
        every = [map_.since + timedelta(days=i) for i in range(self.size + _PAD)]
        self._working = np.flatnonzero([is_working(d, map_.extra_holidays) for d in every])
        self._last: dict[Within, NDArray[np.int32]] = {}

    def last_day(self, within: Within) -> NDArray[np.int32]:
        """For each day, the last day on which what begins on it may be done; shape (size,)."""
        if within not in self._last:
            days = np.arange(self.size)
            if within.working:
                place = np.searchsorted(self._working, days, side="right") + within.days - 1
                found = self._working[np.minimum(place, len(self._working) - 1)]
            else:
                found = days + within.days
            self._last[within] = found.astype(np.int32)
        return self._last[within]

    def date(self, day: int) -> date:
        return self.first + timedelta(days=int(day))


@dataclass(slots=True)
class Game:
    """One kind of concern over all days; arrays of shape (bodies, size).

    start: place of the first holder by day. binds: whether it binds. due: last day to act. seen: last day of the review of an act on that
    day. to_late, to_refused, to_weak: where it goes on that day by a passed deadline, a refusal, and power that was not enough; -1 nowhere.
    """

    bodies: list[str]
    start: NDArray[np.int32]
    binds: NDArray[np.bool_]
    due: NDArray[np.int32]
    review: list[list[tuple[int, int, Within | None]]]
    to_late: NDArray[np.int32]
    to_refused: NDArray[np.int32]
    to_weak: NDArray[np.int32]
    made: dict[int, "_Ways"] = field(default_factory=dict)

    def ways(self, calendar: Calendar, i: int) -> "_Ways":
        """What body `i` may do; worked out once."""
        if i not in self.made:
            self.made[i] = _ways(self, calendar, i)
        return self.made[i]


def changes(map_: AccordMap) -> list[date]:
    """The first days of the stretches in which no line of the map begins or ends."""
    days = {map_.since}
    for entry in map_.entries():
        days |= {d for d in (entry.since, entry.until) if d is not None and map_.since < d < map_.until}
    return sorted(days)


def game_of(map_: AccordMap, case: Case, calendar: Calendar) -> Game:
    """Read the rules of every stretch of days once."""
    starts = changes(map_)
    edges = [(d - map_.since).days for d in starts] + [calendar.size]
    bodies: list[str] = []
    place: dict[str, int] = {}

    def known(body: str | None) -> int:
        if body is None:
            return _NONE
        if body not in place:
            place[body] = len(bodies)
            bodies.append(body)
        return place[body]

    first = [known(first_holder(map_, case, d).to) for d in starts]
    rows: list[list[tuple[Any, ...]]] = []
    while len(rows) < len(bodies):
        body = bodies[len(rows)]
        row: list[tuple[Any, ...]] = []
        for d in starts:
            duty = begin(map_, case, body, d).duty
            ways = [known(passes(map_, case, body, why, d).to) for why in _WAYS]
            row.append((binding(map_, case, body, d), duty.within if duty else None, duty.review if duty else None, *ways))
        rows.append(row)
    shape = (len(bodies), calendar.size)
    late, refused, weak = (np.full(shape, _NONE, np.int32) for _ in range(3))
    start, binds, due = np.full(calendar.size, _NONE, np.int32), np.zeros(shape, bool), np.full(shape, NEVER, np.int32)
    game = Game(bodies, start, binds, due, [], late, refused, weak)
    for k, (a, b) in enumerate(pairwise(edges)):
        game.start[a:b] = first[k]
    for i, row in enumerate(rows):
        reviews = []
        # most changes of a map concern other lines than those of one body
        new = [k for k in range(len(row)) if k == 0 or row[k] != row[k - 1]]
        for k, end in pairwise([*new, len(row)]):
            a, b = edges[k], edges[end]
            game.binds[i, a:b], within, review, game.to_late[i, a:b], game.to_refused[i, a:b], game.to_weak[i, a:b] = row[k]
            if within is not None:
                game.due[i, a:b] = calendar.last_day(within)[a:b]
            reviews.append((a, b, review))
        game.review.append(reviews)
    return game


@dataclass(frozen=True, slots=True)
class _Ways:
    """Where a concern goes from a body, as places in the flat table of `latest`; arrays of shape (size,) by day.

    refused: if it refuses on that day. acted: by time of review, if it acts on that day and the effect does not come. late: if it came on
    that day and stays silent. level, second: the window from a day to the last on which it may act, as two stretches of 2**level days.
    """

    refused: NDArray[np.intp]
    acted: dict[Within, NDArray[np.intp]]
    late: NDArray[np.intp]
    open: NDArray[np.bool_]
    level: NDArray[np.intp]
    second: NDArray[np.intp]

    def worst(self, values: NDArray[np.int32]) -> NDArray[np.int32]:
        """Greatest of the values from each day to the last on which the body may act; NEVER where there is no last."""
        table = [values]
        for k in range(int(self.level.max())):
            # beyond the last day a stretch is shorter; no window reaches there
            later = np.concatenate([table[k][2**k :], table[k][-(2**k) :]])[: values.shape[0]]
            table.append(np.maximum(table[k], later))
        stacked = np.stack(table)
        days = np.arange(values.shape[0])
        best: NDArray[np.int32] = np.maximum(stacked[self.level, days], stacked[self.level, self.second])
        best[~self.open] = NEVER
        return best


def latest(game: Game, calendar: Calendar, silent: int) -> NDArray[np.int32]:
    """Latest day of binding power, for up to 0 .. `silent` silent bodies, by body and day of arrival; shape (silent + 1, bodies, size)."""
    bodies, size = game.binds.shape
    days = np.arange(size, dtype=np.int32)
    # one cell more than there are bodies and days: it stands for going nowhere
    found = np.full((silent + 1, bodies * size + 1), NEVER, np.int32)
    weak = [i for i in reversed(range(bodies)) if not game.binds[i].all()]
    for f in range(silent + 1):
        table = found[f, :-1].reshape(bodies, size)
        table[:] = np.where(game.binds, days, NEVER)
        while True:
            changed = False
            for i in weak:
                ways = game.ways(calendar, i)
                best = ways.worst(found[f].take(ways.refused))
                acted = {review: ways.worst(found[f].take(places)) for review, places in ways.acted.items()}
                for a, b, review in game.review[i]:
                    best[a:b] = NEVER if review is None else np.maximum(best[a:b], acted[review][a:b])
                if f:
                    np.maximum(best, found[f - 1].take(ways.late), out=best)
                best = np.where(game.binds[i], days, best)
                if not np.array_equal(best, table[i]):
                    table[i] = best
                    changed = True
            if not changed:
                break
    return found[:, :-1].reshape(silent + 1, bodies, size)


def _ways(game: Game, calendar: Calendar, i: int) -> _Ways:
    size = calendar.size
    days = np.arange(size, dtype=np.int32)
    due = game.due[i]
    bounded = due < size
    length = np.where(bounded, due - days + 1, 1)
    level = np.floor(np.log2(length)).astype(np.intp)
    second = np.where(bounded, due - 2**level + 1, days).astype(np.intp)
    acted = {review: _flat(game, calendar.last_day(review) + 1, game.to_weak[i]) for _, _, review in game.review[i] if review is not None}
    late = _flat(game, np.where(bounded, due + 1, NEVER).astype(np.int32), game.to_late[i])
    return _Ways(_flat(game, days + 1, game.to_refused[i]), acted, late, bounded, level, second)


def _flat(game: Game, leaves: NDArray[np.int32], to: NDArray[np.int32]) -> NDArray[np.intp]:
    """Place in the flat table for leaving on a day to whom one goes to on that day."""
    size = to.shape[0]
    at = np.minimum(leaves, size - 1)
    target = to[at].astype(np.intp)
    place: NDArray[np.intp] = np.where((leaves < size) & (target >= 0), target * size + at, len(game.bodies) * size)
    return place


def worst_of(map_: AccordMap, case: Case, calendar: Calendar, silent: int, game: Game | None = None) -> list[Worst]:
    """The worst for 0 .. `silent` silent bodies, over all days of the map on which somebody is named to begin; [] where nobody ever is."""
    game = game or game_of(map_, case, calendar)
    days = np.arange(calendar.days)
    begins = game.start[: calendar.days]
    open_ = np.flatnonzero(begins >= 0)
    if open_.shape[0] == 0:
        return []
    found = latest(game, calendar, silent)
    answer = []
    for f in range(silent + 1):
        reached = found[f, begins[open_], open_]
        waits = np.where(reached >= NEVER, NEVER, reached - days[open_])
        day = int(open_[int(np.argmax(waits))])
        wait = int(waits.max())
        events, path = _story(map_, game, calendar, found, f, day)
        answer.append(Worst(f, None if wait >= NEVER else wait, calendar.date(day), events, path))
    return answer


def _story(
    map_: AccordMap, game: Game, calendar: Calendar, found: NDArray[np.int32], silent: int, day: int
) -> tuple[tuple[Event, ...], tuple[tuple[date, str, str], ...]]:
    """The history that leads to the worst, as events for the clock and as what each body does."""
    zone = ZoneInfo(map_.timezone)

    def event(number: int, what: What, at: int, body: str | None) -> Event:
        return Event(f"e{number}", what, datetime.combine(calendar.date(at), time(12), zone) + timedelta(seconds=number), body)

    events = [event(0, What.RAISED, day, None)]
    path: list[tuple[date, str, str]] = []
    i, at, f = int(game.start[day]), day, silent
    seen: set[tuple[int, int]] = set()
    while not game.binds[i, at] and (i, at) not in seen:
        seen.add((i, at))
        value, does, when, flat, quiet = _worst_step(game, calendar, found, i, at, f)
        path.append((calendar.date(at), game.bodies[i], _said(does, when, at, int(game.due[i, at]), calendar)))
        if does is not None and when < calendar.size:
            events.append(event(len(events), does, when, game.bodies[i]))
        body, leaves = divmod(flat, calendar.size)
        if body >= len(game.bodies):
            return tuple(events), tuple(path)
        i, at, f = body, leaves, f - quiet
        # what never ends is told until the promise has long been broken
        if value >= NEVER and (at > day + 2 * map_.binding_days or len(path) > _TOLD):
            break
    if game.binds[i, at]:
        path.append((calendar.date(at), game.bodies[i], "holds it, and must be obeyed"))
    return tuple(events), tuple(path)


def _worst_step(
    game: Game, calendar: Calendar, found: NDArray[np.int32], i: int, at: int, silent: int
) -> tuple[int, What | None, int, int, int]:
    """(latest day, what the body does or None for silence, on which day, where that leads, 1 if silent) that is the worst."""
    ways, due = game.ways(calendar, i), int(game.due[i, at])
    nowhere = len(game.bodies) * calendar.size
    review = next(r for a, b, r in game.review[i] if a <= at < b)
    flat = found.reshape(found.shape[0], -1)

    def value(f: int, place: int) -> int:
        return int(flat[f, place]) if place < nowhere else int(NEVER)

    options: list[tuple[int, int, What | None, int, int, int]] = []
    for day in range(at, min(due, calendar.size - 1) + 1 if due < NEVER else at + 1):
        for does, place in (
            (What.REFUSED, int(ways.refused[day])),
            (What.ACTED, nowhere if review is None else int(ways.acted[review][day])),
        ):
            options.append((value(silent, place), day - at, does, day, place, 0))
    if silent:
        place = int(ways.late[at])
        # of equal evils, silence needs the fewest words
        options.append((value(silent - 1, place), calendar.size, None, at, place, 1))
    if due >= NEVER:
        return int(NEVER), None, at, nowhere, 0
    best = max(options, key=lambda o: (o[0], o[1]))
    return best[0], best[2], best[3], best[4], best[5]


def _said(does: What | None, when: int, at: int, due: int, calendar: Calendar) -> str:
    if does is None:
        return "stays silent" if due < NEVER else "need never answer"
    day = "at once" if when == at else "on its last day" if when == due else f"on {calendar.date(when).isoformat()}"
    return f"refuses {day}" if does is What.REFUSED else f"acts {day}, without effect"
