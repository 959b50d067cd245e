"""Only in a demo: what happened in the months before its first morning, so that a visitor finds concerns in every state.

Every step is one of the actions that members take, on a clock that only goes forward. Providers, people and what they say are made up.
"""

import heapq
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta

from django.db import transaction

from tocsin.web.concerns import actions, clockwork, closing, demo_year, plan, raisers, takeover
from tocsin.web.concerns.demo import FIRST_DAY
from tocsin.web.concerns.demo_people import all_done, as_, now_of, raised
from tocsin.web.concerns.models import Concern, Criterion, InformationRequest, PlannedAction
from tocsin.web.concerns.turning import ring_again, turn_the_clock
from tocsin.web.people.models import Provider
from tocsin.web.record import moment
from tocsin.web.record.acting import TOCSIN, acting_as

START = datetime(2025, 6, 2, 9, 0, tzinfo=FIRST_DAY.tzinfo)
"""The morning on which the first of them begins."""
Story = Iterator[date]


def play(progress: Callable[[int, int], None] | None = None, boards: int = demo_year.BOARDS) -> int:
    """Let the months pass from START to the demo's first morning. Returns how many concerns there are then. The clock must stand at START.

    progress: is told how many stories have ended, and how many there are. boards: of which half a year is told.
    """
    with acting_as(TOCSIN):
        providers = list(Provider.objects.order_by("code"))
    told = (_closed, _taken_over, _back_again, _conflicted, _silent, _acting, _restricted)
    places = [providers[(i * len(providers)) // len(told)] for i in range(len(told))]
    stories = [tell(provider) for tell, provider in zip(told, places, strict=True)] + demo_year.stories({p.code for p in places}, boards)
    waiting = [(next(story), at, story) for at, story in enumerate(stories)]
    heapq.heapify(waiting)
    while waiting:
        if progress:
            progress(len(stories) - len(waiting), len(stories))
        day, at, story = heapq.heappop(waiting)
        _morning(day)
        following = next(story, None)
        if following is not None:
            heapq.heappush(waiting, (following, at, story))
    with transaction.atomic():
        moment.move(FIRST_DAY)
    turn_the_clock()
    ring_again()
    with acting_as(TOCSIN):
        return Concern.objects.count()


def _morning(day: date) -> None:
    to = datetime.combine(day, time(9), FIRST_DAY.tzinfo)
    if to > moment.now():
        with transaction.atomic():
            moment.move(to)
    turn_the_clock()
    ring_again()


def _closed(p: Provider) -> Story:
    """Raised by a family, acted on in time, its effect measured, the family told; signed by the regulator."""
    yield date(2025, 6, 2)
    receipt = raisers.raise_from_outside(
        provider=p, kind="care-below-standard", group="family", contact="",
        account="I rang three times and was told to wait. Nobody looked at the notes from the day before.",
    )  # fmt: skip
    number = receipt.concern
    yield date(2025, 6, 4)
    holder = now_of(number).holder_kind
    as_(p, holder, actions.acknowledge, concern=number)
    as_(
        p, holder, plan.plan_action, concern=number, what="One telephone line, with the notes open, day and night", owner="trust", strength="strong",
        measure="Share of calls that were answered with the notes open", due=date(2025, 7, 14),
    )  # fmt: skip
    yield date(2025, 6, 10)
    as_(p, holder, actions.act, concern=number, words="The telephone line is agreed with the trust, with its own staff.")
    yield date(2025, 6, 30)
    with acting_as(TOCSIN):
        action = PlannedAction.objects.get(concern=number).pk
    as_(p, "trust", plan.report_action, concern=number, action=action, state="carried-out", effect="The line is open since 23 June.")
    as_(p, "mnsi", plan.check_action, concern=number, action=action, worked=True, effect="96 of 100 calls looked at, up from 41.")
    as_(
        p, "mnsi", closing.show_effect, concern=number, way="verification", worked=True,
        what="We listened to 100 calls of one week. In 96 of them the notes were open.",
    )  # fmt: skip
    all_done(p, number, "Done as asked.")
    as_(p, holder, raisers.tell_raisers, concern=number, words="The unit has one telephone line now. Whoever answers has your notes open.")
    yield date(2025, 7, 2)
    found = raisers.find(receipt.number, receipt.code)
    assert found is not None
    raisers.answer(raiser=found.pk, resolved=True, words="")
    as_(
        p, holder, closing.publish, concern=number, title="Calls to the maternity unit",
        words="Families told that their calls were not answered well. One line with the notes open is there since June, and was checked.",
    )  # fmt: skip
    yield date(2025, 7, 7)
    as_(p, "cqc", closing.close, concern=number, words="96 of 100 calls as agreed; the family says that it is resolved.")


def _taken_over(p: Provider) -> Story:
    """Silence, then help that was not enough, then a take-over with criteria of which one is met."""
    yield date(2025, 7, 28)
    number = raised(
        p, "mnsi", "care-below-standard", "Babies' heartbeats not watched as agreed",
        "In five of seven births that we looked at, nobody acted on a heartbeat that called for it.",
    )  # fmt: skip
    yield date(2025, 8, 11)
    as_(p, now_of(number).holder_kind, actions.act, concern=number, words="We offered the unit the help of another one.")
    yield date(2025, 8, 18)
    as_(p, "cqc", plan.ask_information, concern=number, subject="Midwives on each night of July", detail="", due=date(2025, 9, 8))
    with acting_as(TOCSIN):
        question = InformationRequest.objects.get(concern=number).pk
    as_(p, "mnsi", plan.join_information, concern=number, question=question)
    yield date(2025, 9, 4)
    as_(
        p, "trust", plan.answer_information, concern=number, question=question, answer="Nine of the eleven who were planned, on most nights.",
    )  # fmt: skip
    while not _can_take_over(number):
        yield moment.now().date() + timedelta(days=7)
    body, day = now_of(number).holder_kind, moment.now().date()
    with acting_as(TOCSIN):
        concern = now_of(number)
        held = takeover.powers_that_pass(clockwork.map_of(concern), clockwork.case_of(concern), body, day)
    as_(
        p, body, takeover.take_over, concern=number, powers=[h["power"] for h in held][-2:], scope="Maternity care at all its sites",
        criteria=["Two successive quarters at the usual rate", "A second consultant on the labour ward at night"],
        reviews=[day + timedelta(days=28), FIRST_DAY.date() + timedelta(days=14)],
    )  # fmt: skip
    as_(
        p, body, plan.plan_action, concern=number, what="A second consultant on the labour ward at night", owner="trust", strength="strong",
        measure="Nights with two consultants, of all nights", due=FIRST_DAY.date() + timedelta(days=30),
    )  # fmt: skip
    yield day + timedelta(days=28)
    as_(p, body, takeover.review, concern=number, words="The second consultant is there on five nights of seven.", following=None)
    with acting_as(TOCSIN):
        criterion = Criterion.objects.get(take_over__concern=number, what__startswith="A second").pk
    if moment.now() + timedelta(days=7) < FIRST_DAY:
        yield moment.now().date() + timedelta(days=7)
    as_(p, "mnsi", takeover.meet_criterion, concern=number, criterion=criterion, evidence="The rota of seven weeks, and three visits by night.")


def _can_take_over(number: int) -> bool:
    with acting_as(TOCSIN):
        concern = now_of(number)
        held = takeover.powers_that_pass(
            clockwork.map_of(concern), clockwork.case_of(concern), concern.holder_kind, moment.now().date()
        )  # fmt: skip
    return any(h["power"] == "take-over-or-close" for h in held)


def _back_again(p: Provider) -> Story:
    """Closed, and back within the year: that counts against the closing."""
    yield date(2025, 7, 14)
    number = raised(p, "mnsi", "failed-candour", "Families were not told", "In four of six cases nobody had spoken to the family.")
    yield date(2025, 7, 21)
    holder = now_of(number).holder_kind
    as_(p, holder, actions.act, concern=number, words="The board has named somebody who speaks to each family within ten days.")
    yield date(2025, 7, 30)
    as_(p, "mnsi", closing.show_effect, concern=number, way="verification", worked=True, what="Each family of June and July was spoken to.")
    all_done(p, number, "Done as asked.")
    yield date(2025, 8, 4)
    as_(p, "cqc", closing.close, concern=number, words="Each family of two months was spoken to.")
    yield date(2025, 12, 22)
    raised(p, "mnsi", "failed-candour", "Families are again not told", "Of the five families of November, two had heard nothing.")


def _conflicted(p: Provider) -> Story:
    """The first holder declares a conflict of interest, and the next one holds it."""
    yield date(2025, 12, 15)
    number = raised(p, "cqc", "leadership-governance", "The board does not see its unit", "Deaths were left out of its papers for a year.")
    yield date(2025, 12, 18)
    as_(
        p, now_of(number).holder_kind, actions.declare_conflict, concern=number, reason="Our chair sat on the trust's board in the year in question."
    )  # fmt: skip
    yield date(2025, 12, 19)
    as_(p, now_of(number).holder_kind, actions.acknowledge, concern=number)


def _silent(p: Provider) -> Story:
    """Nobody has answered; the clock has passed it on."""
    yield date(2025, 12, 15)
    raised(p, "mnsi", "care-below-standard", "Women wait for an operation that was called for", "Six of nine waited longer than agreed.")


def _acting(p: Provider) -> Story:
    """The holder has acted in time; the effect is awaited, and a question is open."""
    yield date(2025, 12, 8)
    number = raised(p, "mnsi", "care-below-standard", "Bleeding after birth found late", "In three of eight cases nobody weighed the blood.")
    yield date(2025, 12, 10)
    holder = now_of(number).holder_kind
    as_(p, holder, actions.acknowledge, concern=number)
    as_(
        p, holder, plan.plan_action, concern=number, what="Scales in every room, and a trigger at 500 ml", owner="trust", strength="strong",
        measure="Share of births where the blood was weighed", due=date(2026, 1, 19),
    )  # fmt: skip
    as_(
        p, holder, plan.plan_action, concern=number, what="Practising together each month", owner="trust", strength="weak",
        measure="Share of staff who took part", due=date(2026, 2, 2),
    )  # fmt: skip
    yield date(2025, 12, 16)
    as_(p, holder, actions.act, concern=number, words="The plan is agreed with the trust; the scales are bought.")
    yield date(2025, 12, 22)
    as_(p, "cqc", plan.ask_information, concern=number, subject="Births in which the blood was weighed", detail="", due=date(2026, 1, 12))


def _restricted(p: Provider) -> Story:
    """About people: others are shown only that it exists."""
    yield date(2025, 12, 9)
    raisers.raise_from_outside(
        provider=p, kind="bullying-harassment-discrimination", group="staff", contact="",
        account="Whoever asks for help at night is laughed at the next morning, before everybody.",
    )  # fmt: skip
