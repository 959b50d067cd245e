"""The joint plan, one question at a time, merging and splitting, and what those who raised it say after the closing."""

from datetime import date, timedelta

import pytest

from hall import MONDAY, signal
from tocsin.signal import ConcernKind, Level
from tocsin.web.concerns import actions, closing, plan, raisers, relating
from tocsin.web.concerns.doing import AccordRefuses, Invalid
from tocsin.web.concerns.models import Concern, InformationRequest, JoinedSignal, PlannedAction, Raiser
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from tocsin.web.record.models import Entry

pytestmark = pytest.mark.django_db
SOON = date(2026, 2, 2)


def as_(member):
    act_as(member.pk)
    return member


@pytest.fixture
def two(hall):
    """Two concerns about one provider with one holder."""
    first = actions.raise_signal(signal(), by="the watch").pk
    second = actions.raise_signal(signal(kind=ConcernKind.CARE_BELOW_STANDARD, indicator="midwives"), by="the watch").pk
    with acting_as(TOCSIN):
        assert len(set(Concern.objects.values_list("holder", flat=True))) == 1
    return first, second


def planned(hall, concern, owner="trust"):
    return plan.plan_action(
        concern=concern, what="A second consultant at night", owner=owner, strength="strong", measure="Stillbirths in 1,000 births",
        due=SOON, by=as_(hall.icb),
    ).pk  # fmt: skip


def test_whether_an_action_worked_is_not_said_by_whoever_leads_the_plan_or_did_it(hall):
    concern = actions.raise_signal(signal(), by="the watch").pk
    action = planned(hall, concern)

    with pytest.raises(Invalid, match="how far"):
        plan.change_action(concern=concern, action=action, state="shown-to-work", effect="It fell", by=as_(hall.icb))
    with pytest.raises(NotPermitted):
        plan.check_action(concern=concern, action=action, worked=True, effect="It fell", by=as_(hall.icb))
    with pytest.raises(NotPermitted):
        plan.check_action(concern=concern, action=action, worked=True, effect="It fell", by=as_(hall.trust))
    with pytest.raises(AccordRefuses, match="Only it"):
        plan.report_action(concern=concern, action=action, state="begun", effect="", by=as_(hall.mnsi))
    plan.report_action(concern=concern, action=action, state="carried-out", effect="Since Monday", by=as_(hall.trust))
    plan.check_action(concern=concern, action=action, worked=True, effect="From 7.9 to 2.0", by=as_(hall.mnsi))

    found = PlannedAction.objects.select_related("checked_by").get(pk=action)
    assert (found.state, found.checked_by.kind, found.effect) == ("shown-to-work", "mnsi", "From 7.9 to 2.0")


def test_a_provider_is_asked_one_question_at_a_time_on_whichever_concern_and_the_burden_is_counted(hall, two):
    from tocsin.web.concerns.queries import burden

    first, second = two
    asked = plan.ask_information(concern=first, subject="Midwives on nights in December", detail="", due=SOON, by=as_(hall.icb)).pk
    with pytest.raises(AccordRefuses, match=f"on concern {first}"):
        plan.ask_information(concern=second, subject="Training records", detail="", due=SOON, by=as_(hall.mnsi))
    plan.join_information(concern=first, question=asked, by=as_(hall.mnsi))
    plan.answer_information(concern=first, question=asked, answer="Nine of eleven", by=as_(hall.trust))

    with pytest.raises(AccordRefuses, match="Nine of eleven"):
        plan.ask_information(concern=second, subject="How many midwives on nights?", detail="", due=SOON, read=False, by=as_(hall.cqc))
    plan.ask_information(concern=second, subject="How many midwives on nights?", detail="", due=SOON, read=True, by=as_(hall.cqc))

    as_(hall.cqc)
    assert burden("XAA") == {"asked": 2, "open": 1, "spared": 1}


def test_the_database_itself_holds_a_provider_to_one_open_question(hall, two):
    from django.db import IntegrityError, transaction

    first, second = two
    plan.ask_information(concern=first, subject="x", detail="", due=SOON, by=as_(hall.icb))
    with acting_as(TOCSIN):
        one = InformationRequest.objects.get()
        one.pk, one.concern_id = None, second
        with pytest.raises(IntegrityError, match="one_question_a_provider"), transaction.atomic():
            one.save(force_insert=True)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Midwives on nights in December", "How many midwives work nights?", True), ("Training records", "Records of training", True),
        ("Midwives on nights", "Fetal monitoring policy", False), ("", "Midwives", False), ("the and for", "the and for", False),
    ],
)  # fmt: skip
def test_questions_that_ask_for_the_same_are_recognised(one, other, same):
    assert plan.alike(one, other) is plan.alike(other, one) is same


def test_merging_takes_along_signals_raisers_plan_and_question_and_keeps_the_earlier_deadline(hall, two, moment):
    with acting_as(TOCSIN):
        first, second = sorted(two, key=lambda n: (Concern.objects.get(pk=n).leaves, n), reverse=True)
        kind = Concern.objects.get(pk=first).kind
    raisers.raise_from_outside(
        provider=hall.providers["XAA"], kind=kind, group="family", account="She moved less.", contact=""
    )  # fmt: skip
    planned(hall, first)
    plan.ask_information(concern=first, subject="x", detail="", due=SOON, by=as_(hall.icb))
    with acting_as(TOCSIN):
        leaves = Concern.objects.get(pk=second).leaves

    relating.merge(concern=first, into=second, reason="One cause", by=as_(hall.icb))

    with acting_as(TOCSIN):
        into = Concern.objects.get(pk=second)
        assert (into.leaves, into.level) == (leaves, "red")
        for part in (JoinedSignal, Raiser, PlannedAction, InformationRequest):
            assert set(part.objects.values_list("concern", flat=True)) == {second}, part
        assert Concern.objects.get(pk=first).merged_into_id == second


def test_splitting_gives_each_the_level_of_its_own_signals(hall):
    concern = actions.raise_signal(signal(), by="the watch").pk
    actions.raise_signal(signal(indicator="midwives", level=Level.AMBER), by="the watch")
    with acting_as(TOCSIN):
        red = list(JoinedSignal.objects.filter(level="red").values_list("pk", flat=True))

    made = relating.split(concern=concern, kind="care-below-standard", title="Nights", signals=red, by=as_(hall.icb))

    with acting_as(TOCSIN):
        assert (Concern.objects.get(pk=made.pk).level, Concern.objects.get(pk=concern).level) == ("red", "amber")


def test_a_weaker_signal_is_told_to_the_record_and_takes_nothing_from_the_concern(hall):
    concern = actions.raise_signal(signal(), by="the watch", key="k").pk
    actions.raise_signal(signal(level=Level.AMBER), by="the watch", key="k")
    actions.raise_signal(signal(level=Level.AMBER), by="the watch", key="k")

    with acting_as(TOCSIN):
        told = list(Entry.objects.filter(chain=f"concern:{concern}", what="signal-joined").order_by("id").values_list("payload", flat=True))
        assert len(told) == 2
        assert '"was":"red"' in told[1].replace(" ", "")
        assert JoinedSignal.objects.get().level == "amber"
        assert Concern.objects.get(pk=concern).level == "red", "what was red once stays visible until the concern is closed"


def test_nothing_joins_a_restricted_concern(hall):
    first = actions.raise_signal(signal(kind=ConcernKind.CONDUCT), by="conduct", key="a").pk
    second = actions.raise_signal(signal(kind=ConcernKind.CONDUCT), by="conduct", key="b").pk

    assert first != second


def test_not_resolved_after_the_closing_opens_it_again_and_counts_against_the_closing(hall, moment):
    receipt = raisers.raise_from_outside(
        provider=hall.providers["XAA"], kind="outcome-signal", group="family", account="She moved less.", contact=""
    )
    with acting_as(TOCSIN):
        closed = Concern.objects.get()
        Concern.objects.filter(pk=closed.pk).update(closed=MONDAY + timedelta(days=30), leaves=None)
    moment.at = MONDAY + timedelta(days=90)
    found = raisers.find(receipt.number, receipt.code)

    raisers.answer(raiser=found.pk, resolved=False, words="It happened again next door.")

    with acting_as(TOCSIN):
        again = Concern.objects.exclude(pk=closed.pk).get()
        assert (again.reopens_id, again.closed, Raiser.objects.get().concern_id) == (closed.pk, None, again.pk)
        assert closing.reopened_soon(Concern.objects.get(pk=closed.pk))
