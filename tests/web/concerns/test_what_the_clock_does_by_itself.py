"""Passing by whom nobody can reach, ringing again, and catching up after the clock stood still."""

from datetime import date, timedelta

import pytest

from hall import MONDAY, signal
from tocsin.web.concerns import actions, takeover, turning
from tocsin.web.concerns.models import Concern, Passed
from tocsin.web.people.models import Membership
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from tocsin.web.record.models import Entry

pytestmark = pytest.mark.django_db


def as_(member):
    act_as(member.pk)
    return member


def reminders(concern):
    with acting_as(TOCSIN):
        return list(Entry.objects.filter(chain=f"concern:{concern}", what="reminded").order_by("id").values_list("payload", flat=True))


def left(body):
    with acting_as(TOCSIN):
        Membership.objects.filter(body=body).update(ended=MONDAY)


def test_a_holder_where_nobody_is_left_is_passed_by_on_the_day_it_is_found_and_once(hall, moment):
    concern = actions.raise_signal(signal(), by="the watch").pk
    left(hall.bodies["icb"])

    assert turning.turn_the_clock() == 1
    assert turning.turn_the_clock() == 0

    with acting_as(TOCSIN):
        assert list(Passed.objects.values_list("from_kind", "to_kind", "reason", "day")) == [("icb", "region", "unreachable", MONDAY.date())]
        assert Concern.objects.get(pk=concern).holder == hall.bodies["region"]


def test_what_is_about_the_whole_country_lies_with_a_body_from_its_first_moment(hall, moment):
    concern = actions.raise_signal(signal(provider="ALL"), by="review").pk

    with acting_as(TOCSIN):
        found = Concern.objects.get(pk=concern)
        passed = list(Passed.objects.order_by("number").values_list("from_kind", "to_kind", "reason"))
    assert found.holder == hall.bodies["nhse"]
    assert passed == [("icb", "region", "unreachable"), ("region", "nhse", "unreachable")]


def test_several_in_a_row_where_nobody_is_left_are_passed_by_in_one_turn_and_the_last_one_keeps_it(hall, moment):
    actions.raise_signal(signal(), by="the watch")
    for name in ("icb", "region", "nhse"):
        left(hall.bodies[name])

    turning.turn_the_clock()
    entries = Entry.objects.count
    with acting_as(TOCSIN):
        before = entries()
        holder = Concern.objects.get().holder_kind
    turning.turn_the_clock()

    with acting_as(TOCSIN):
        assert Concern.objects.get().holder_kind == holder != ""
        assert entries() == before


def test_the_holder_is_reminded_once_at_half_time_and_once_on_the_last_day(hall, moment):
    concern = actions.raise_signal(signal(), by="the watch").pk
    for _ in range(11):
        turning.ring_again()
        turning.ring_again()
        moment.at += timedelta(days=1)

    told = reminders(concern)

    assert len(told) == 2
    assert '"not-acknowledged"' in told[0]
    assert '"last-day"' in told[1]
    with acting_as(TOCSIN):
        assert Concern.objects.get().due == date(2026, 1, 15), "a reminder moves no deadline"


def test_whoever_acknowledged_is_reminded_on_the_last_day_only(hall, moment):
    concern = actions.raise_signal(signal(), by="the watch").pk
    actions.acknowledge(concern=concern, by=as_(hall.icb))
    for _ in range(11):
        turning.ring_again()
        moment.at += timedelta(days=1)

    assert [('"last-day"' in t) for t in reminders(concern)] == [True]


def test_a_review_of_a_take_over_that_is_not_held_is_rung_for_and_the_last_one_needs_a_next(hall, moment):
    concern = actions.raise_signal(signal(), by="the watch").pk
    moment.at = MONDAY + timedelta(days=25)
    turning.turn_the_clock()
    takeover.take_over(
        concern=concern, powers=["take-over-or-close"], scope="Maternity", criteria=["The usual rate for two quarters"],
        reviews=[date(2026, 3, 2)], by=as_(hall.nhse),
    )  # fmt: skip
    moment.at = MONDAY + timedelta(days=60)
    turning.ring_again()
    turning.ring_again()

    assert ['"review"' in t for t in reminders(concern)] == [True]
    as_(hall.nhse)
    with pytest.raises(takeover.Invalid, match="next day of review"):
        takeover.review(concern=concern, words="Two posts are still open.", following=None, by=hall.nhse)
    with pytest.raises(takeover.Invalid, match="within three months"):
        takeover.review(concern=concern, words="Two posts are still open.", following=date(2027, 1, 1), by=hall.nhse)
    made = takeover.review(concern=concern, words="Two posts are still open.", following=date(2026, 5, 4), by=hall.nhse)
    assert (takeover.next_review(made), made.reviewed[0]["for"]) == ("2026-05-04", "2026-03-02")
    turning.ring_again()
    assert len(reminders(concern)) == 1


@pytest.mark.parametrize("stops", [(1, 60), (3, 17, 30, 60), (60,)])
def test_however_often_the_clock_stood_still_the_same_passings_are_told_as_of_the_same_days(hall, moment, stops):
    first = actions.raise_signal(signal(), by="the watch").pk
    second = actions.raise_signal(signal("XAB"), by="the watch").pk
    for day in stops:
        moment.at = MONDAY + timedelta(days=day)
        turning.turn_the_clock()

    with acting_as(TOCSIN):
        for concern in (first, second):
            found = list(Passed.objects.filter(concern=concern).order_by("number").values_list("number", "day", "from_kind"))
            assert found == [(1, date(2026, 1, 16), "icb"), (2, date(2026, 1, 24), "region")]
