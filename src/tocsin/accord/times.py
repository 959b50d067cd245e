"""The longest time until a body with binding power holds a concern, exactly, for every day on which it could be raised.

A game on the clock's own rules. The map's bodies answer as badly as they may: each that is not silent acts or refuses, on the first or on
the last day allowed, and its act never has the effect; up to `silent` of them never answer. What is asked is the latest day on which the
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
_DOES = (
    "acts at once, without effect",
    "refuses at once",
    "acts on its last day, without effect",
    "refuses on its last day",
    "stays silent",
)


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
    found: dict[int, "list[_Choice]"] = field(default_factory=dict)

    def choices(self, calendar: Calendar, i: int) -> "list[_Choice]":
        """What body `i` may do; worked out once."""
        if i not in self.found:
            self.found[i] = _choices(self, calendar, i)
        return self.found[i]


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
class _Choice:
    """What a body may do with a concern that comes to it on each day; arrays of shape (size,).

    leaves: day on which it leaves. to: whom it would go to on any day. then: where in the flat table of `latest` that leads. quiet: 1 if it
    was silent.
    """

    leaves: NDArray[np.int32]
    to: NDArray[np.int32]
    then: NDArray[np.intp]
    quiet: int


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
                best = np.zeros(size, np.int32)
                for choice in game.choices(calendar, i):
                    if choice.quiet <= f:
                        np.maximum(best, found[f - choice.quiet].take(choice.then), out=best)
                best = np.where(game.binds[i], days, best)
                if not np.array_equal(best, table[i]):
                    table[i] = best
                    changed = True
            if not changed:
                break
    return found[:, :-1].reshape(silent + 1, bodies, size)


def _choices(game: Game, calendar: Calendar, i: int) -> list[_Choice]:
    size = calendar.size
    days = np.arange(size, dtype=np.int32)
    due = game.due[i]
    found = []

    def choice(leaves: NDArray[np.int32], to: NDArray[np.int32], quiet: int) -> None:
        at = np.minimum(leaves, size - 1)
        target = to[at].astype(np.intp)
        somewhere = (leaves < size) & (target >= 0)
        found.append(_Choice(leaves, to, np.where(somewhere, target * size + at, len(game.bodies) * size), quiet))

    for at in (days, due):
        # an act, whose effect does not come; then a refusal
        seen = np.full(size, NEVER, np.int32)
        for a, b, review in game.review[i]:
            if review is not None:
                stretch = at[a:b]
                last = calendar.last_day(review)[np.minimum(stretch, size - 1)]
                seen[a:b] = np.where(stretch < size, last + 1, NEVER)
        choice(seen, game.to_weak[i], 0)
        choice(at, game.to_refused[i], 0)
    choice(np.where(due < NEVER, due + 1, NEVER).astype(np.int32), game.to_late[i], 1)
    return found


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
        return Event(f"e{number}", what, datetime.combine(calendar.date(at), time(12, 0, number % 60), zone), body)

    events = [event(0, What.RAISED, day, None)]
    path: list[tuple[date, str, str]] = []
    i, at, f = int(game.start[day]), day, silent
    seen: set[tuple[int, int]] = set()
    while not game.binds[i, at] and (i, at) not in seen:
        seen.add((i, at))
        options = []
        for k, choice in enumerate(game.choices(calendar, i)):
            if choice.quiet <= f:
                body, day_ = divmod(int(choice.then[at]), calendar.size)
                value = int(found[f - choice.quiet, body, day_]) if body < len(game.bodies) else int(NEVER)
                options.append((value, k, int(choice.leaves[at]), choice.to, choice.quiet))
        # of equal evils, silence needs the fewest words
        value, k, leaves, to, quiet = max(options, key=lambda o: (o[0], o[1]))
        path.append((calendar.date(at), game.bodies[i], _DOES[k]))
        due = int(game.due[i, at])
        when = at if k in (0, 1) else due
        if k < 4 and when < calendar.size:
            events.append(event(len(events), What.ACTED if k in (0, 2) else What.REFUSED, when, game.bodies[i]))
        if leaves >= calendar.size or to[leaves] < 0:
            return tuple(events), tuple(path)
        i, at, f = int(to[leaves]), leaves, f - quiet
        # what never ends is told until the promise has long been broken
        if value >= NEVER and (at > day + 2 * map_.binding_days or len(path) > _TOLD):
            break
    if game.binds[i, at]:
        path.append((calendar.date(at), game.bodies[i], "holds it, and must be obeyed"))
    return tuple(events), tuple(path)
