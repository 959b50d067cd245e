"""Only in a demo: the ordinary concerns of some boards over half a year, so that one can see how bodies answer, and what is only chance.

Most boards are silent once or never in seven times; one of them always is. Played like the other stories of the demo, by the actions that members take.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from tocsin.accord.days import deadline
from tocsin.accord.model import Within
from tocsin.web.concerns import actions, closing
from tocsin.web.concerns.demo_people import all_done, as_, now_of, raised
from tocsin.web.people.models import Body, Provider
from tocsin.web.record.acting import TOCSIN, acting_as

Story = Iterator[date]
BOARDS = 8
EACH = 7
"""Concerns a board; fewer than five tell nothing of it."""
FIRST = date(2025, 6, 9)
_ABOUT = (
    ("failed-candour", "Families waited for an answer", "Of the letters of one quarter, half had no answer after eight weeks."),
    ("data-quality", "Births missing from the figures", "The counts of two months do not agree with the register of births."),
    ("hr-process-unfit", "A complaint about staff left lying", "What was to take four weeks took nine months."),
    ("leadership-governance", "Actions carried over from month to month", "The same three actions stand in six papers of the board."),
)
_ALWAYS_SILENT = 0
_ONCE_SILENT = {(1, 2), (3, 4), (4, 0), (6, 5)}
_COMES_BACK = {(2, 0), (5, 1)}


def stories(taken: set[str], boards: int = BOARDS) -> list[Story]:
    """One for each concern. taken: codes of providers of which other stories tell."""
    with acting_as(TOCSIN):
        every = Body.objects.filter(kind="icb").order_by("code").prefetch_related("coverage_set__provider")
        places = [[c.provider for c in b.coverage_set.all() if c.provider_id not in taken] for b in every]
    usable = [place for place in places if len(place) * len(_ABOUT) >= EACH][:boards]
    return [_one(place, board, at) for board, place in enumerate(usable) for at in range(EACH)]


def _one(place: list[Provider], board: int, at: int) -> Story:
    """Raised, answered in time or passed on by the clock; its effect measured by another body, and closed by a third."""
    provider, (kind, title, words) = place[at % len(place)], _ABOUT[at // len(place) % len(_ABOUT)]
    silent = board == _ALWAYS_SILENT or (board, at) in _ONCE_SILENT
    begins = FIRST + timedelta(days=14 * at + board)
    yield begins
    number = raised(provider, "mnsi" if at % 2 else "cqc", kind, title, words)
    yield _after(begins, 1 + (board + at) % 4)
    if not silent:
        as_(provider, now_of(number).holder_kind, actions.acknowledge, concern=number)
    first = now_of(number).holder_kind
    day = _after(begins, 4 + (2 * board + at) % 4)
    if silent:
        while now_of(number).holder_kind == first:
            day = _after(day, 2)
            yield day
        day = _after(day, 2)
    yield day
    _acts(provider, number)
    day += timedelta(days=21)
    yield day
    _acts(provider, number)
    as_(
        provider, "mnsi", closing.show_effect, concern=number, way="verification", worked=True,
        what="Looked at again after three weeks: it is as was agreed.",
    )  # fmt: skip
    all_done(provider, number, "Done as asked.")
    yield day + timedelta(days=2)
    _acts(provider, number)
    signs = "nhse" if at % 2 == 0 and now_of(number).holder_kind != "nhse" else "cqc"
    as_(provider, signs, closing.close, concern=number, words="It is as was agreed, and was looked at again.")
    if (board, at) in _COMES_BACK:
        yield day + timedelta(days=44)
        raised(provider, "mnsi", kind, title, "It is as it was before: " + words[0].lower() + words[1:])


def _acts(provider: Provider, number: int) -> None:
    """The holder acts, where it must; it is another one where what the last could do was not enough."""
    found = now_of(number)
    if found.phase == "to act":
        as_(provider, found.holder_kind, actions.act, concern=number, words="The trust has named who answers for it, and by when.")


def _after(day: date, working_days: int) -> date:
    return deadline(day, Within(working_days, True), frozenset())
