"""The clock's stated rules, one by one."""

import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps import small
from tocsin.accord.clock import Event, HistoryError, Phase, What, state
from tocsin.accord.model import Case, Power, Reason

LONDON = ZoneInfo("Europe/London")
CASE = Case("conduct", "nhs-trust")
MONDAY = date(2026, 6, 1)


def at(day, hour=12):
    return datetime(day.year, day.month, day.day, hour, tzinfo=LONDON)


def raised(day=MONDAY, **more):
    return Event("raised", What.RAISED, at(day), **more)


def event(what, day, body=None, id=None, **more):
    return Event(id or f"{what}-{day}", what, at(day), body, **more)


def stand(*events, on, map_=None):
    return state(map_ or small(), CASE, [raised(), *events], at(on))


def test_silence_moves_a_concern_to_a_body_with_more_power():
    before, after = stand(on=date(2026, 6, 11)), stand(on=date(2026, 6, 12))

    assert (before.holder.body, after.holder.body) == ("icb", "region")
    assert after.power > before.power
    assert after.passed[0].reason is Reason.DEADLINE_PASSED


def test_working_days_leave_out_weekends_and_bank_holidays():
    thursday_before_easter = date(2026, 4, 2)
    found = state(small(), CASE, [raised(thursday_before_easter)], at(thursday_before_easter))

    assert found.holder.due == date(2026, 4, 16)


def test_an_act_stops_the_first_deadline_and_starts_the_wait_for_its_effect():
    acted = stand(event(What.ACTED, date(2026, 6, 5), "icb"), on=date(2026, 6, 30))
    late = stand(event(What.ACTED, date(2026, 6, 5), "icb"), on=date(2026, 7, 4))

    assert (acted.holder.body, acted.holder.phase, acted.holder.due) == ("icb", Phase.UNDER_REVIEW, date(2026, 7, 3))
    assert late.holder.body == "region"
    assert late.passed[0].reason is Reason.INSUFFICIENT_POWER


def test_an_act_recorded_after_the_deadline_does_not_undo_the_passing():
    found = stand(event(What.ACTED, date(2026, 6, 15), "icb"), on=date(2026, 6, 16))

    assert found.holder.body == "region"


@given(st.randoms(use_true_random=False))
def test_the_order_in_which_events_come_and_their_coming_twice_change_nothing(rng):
    events = [
        raised(),
        event(What.ACTED, date(2026, 6, 5), "icb"),
        event(What.ACTED, date(2026, 7, 10), "region"),
        event(What.EXTENDED, date(2026, 7, 11), "nation", until=date(2026, 9, 1), reason="a plan is in hand"),
    ]
    mixed = [*events, *rng.sample(events, 2)]
    rng.shuffle(mixed)

    assert state(small(), CASE, mixed, at(date(2026, 8, 1))) == state(small(), CASE, events, at(date(2026, 8, 1)))


@pytest.mark.parametrize(
    ("who", "reason", "moves"),
    [("icb", "busy", False), ("trust", "busy", False), ("nation", "", False), ("nation", "a plan is in hand", True)],
)
def test_a_deadline_moves_only_by_another_with_a_reason(who, reason, moves):
    found = stand(event(What.EXTENDED, date(2026, 6, 3), who, until=date(2026, 6, 25), reason=reason), on=date(2026, 6, 4))

    assert (found.holder.due == date(2026, 6, 25)) is moves
    assert bool(found.notes) is not moves


def test_a_conflict_passes_it_on_at_once_and_a_refusal_with_the_next_day():
    conflict, refusal = (event(what, date(2026, 6, 2), "icb") for what in (What.CONFLICT, What.REFUSED))

    assert stand(conflict, on=date(2026, 6, 2)).holder.body == "region"
    assert stand(refusal, on=date(2026, 6, 2)).holder.body == "icb"
    assert stand(refusal, on=date(2026, 6, 3)).holder.body == "region"
    assert stand(refusal, on=date(2026, 6, 3)).passed[0].reason is Reason.REFUSAL


def test_a_holder_that_nobody_can_reach_is_passed_by_at_once_in_the_way_of_a_passed_deadline():
    nobody = event(What.UNREACHABLE, date(2026, 6, 2), "icb")

    found = stand(nobody, on=date(2026, 6, 2))

    assert found.holder.body == "region"
    assert found.passed[0].reason is Reason.UNREACHABLE
    assert stand(event(What.UNREACHABLE, date(2026, 6, 2), "trust"), on=date(2026, 6, 2)).holder.body == "icb"


def test_what_another_than_the_holder_sends_moves_nothing_and_is_noted():
    found = stand(event(What.STOOD_DOWN, date(2026, 6, 2), "trust"), on=date(2026, 6, 3))

    assert found.holder.body == "icb"
    assert "does not hold" in found.notes[0]


def test_only_a_body_that_can_take_over_takes_over_and_hands_back_with_a_reason():
    taken = event(What.TAKEN_OVER, date(2026, 6, 3), "nation")
    back = event(What.HANDED_BACK, date(2027, 1, 4), "nation", reason="two quarters at the usual rate")

    assert stand(event(What.TAKEN_OVER, date(2026, 6, 3), "region"), on=date(2026, 6, 4)).holder.body == "icb"
    found = stand(taken, on=date(2026, 12, 1))
    assert (found.holder.body, found.holder.phase, found.power) == ("nation", Phase.TAKEN_OVER, Power.TAKE_OVER_OR_CLOSE)
    assert stand(taken, back, on=date(2027, 1, 5)).holder.phase is Phase.UNDER_REVIEW


def test_a_duty_keeps_the_deadline_under_which_it_began_and_the_passing_follows_its_own_day():
    changed = small(
        ("{body: icb, to: region, when: [deadline-passed, insufficient-power], basis",
         "{body: icb, to: region, until: 2026-06-10, when: [deadline-passed, insufficient-power], basis: b, source: s}\n"
         "- {body: icb, to: nation, since: 2026-06-10, when: [deadline-passed, insufficient-power], basis"),
        ("within: 8 working days, review", "until: 2026-06-05, within: 8 working days, review"),
    )  # fmt: skip
    found = stand(on=date(2026, 6, 12), map_=changed)

    assert found.passed[0].day == date(2026, 6, 12)
    assert found.holder.body == "nation"


def test_a_day_is_a_local_day():
    just_before_midnight_in_london = datetime(2026, 6, 11, 22, 59, tzinfo=ZoneInfo("UTC"))
    just_after = just_before_midnight_in_london + timedelta(minutes=2)

    assert state(small(), CASE, [raised()], just_before_midnight_in_london).holder.body == "icb"
    assert state(small(), CASE, [raised()], just_after).holder.body == "region"


def test_severity_and_a_repeat_within_its_period_go_straight_to_more_power():
    straight = small(
        ("handovers:", "handovers:\n- {body: icb, to: nation, when: [severity], basis: b, source: s}\n"
         "- {body: icb, to: region, when: [repeat], period: 365 calendar days, basis: b, source: s}"),
    )  # fmt: skip

    def holder(**more):
        return state(straight, CASE, [raised(**more)], at(MONDAY, 13)).holder.body

    assert holder() == "icb"
    assert holder(severe=True) == "nation"
    assert holder(last=date(2025, 12, 1)) == "region"
    assert holder(last=date(2024, 12, 1)) == "icb"


def test_what_lies_ahead_is_what_comes_when_nobody_acts():
    ahead = stand(on=MONDAY).ahead

    for step in ahead:
        if step.to:
            assert stand(on=step.day).holder.body == step.to


def test_everyone_who_owes_something_is_named_with_its_day():
    owed = {(o.body, o.due) for o in stand(on=MONDAY).obligations}

    assert ("trust", date(2026, 6, 11)) in owed
    assert ("icb", date(2026, 6, 15)) in owed


@pytest.mark.parametrize("events", [[], [event(What.ACTED, MONDAY, "icb")], [Event("x", What.RAISED, datetime(2026, 6, 1))]])  # noqa: DTZ001
def test_a_history_without_a_beginning_or_a_time_without_a_zone_is_refused(events):
    with pytest.raises(HistoryError):
        state(small(), CASE, events, at(MONDAY))


@given(st.integers(0, 10**6))
def test_there_is_always_exactly_one_holder_and_it_is_never_the_subject(seed):
    rng = random.Random(seed)
    day, events = MONDAY, [raised()]
    for number in range(rng.randint(0, 8)):
        day += timedelta(days=rng.randint(0, 40))
        what = rng.choice([w for w in What if w is not What.RAISED])
        who = rng.choice(["trust", "icb", "region", "nation", None])
        until = day + timedelta(days=rng.randint(1, 60))
        events.append(
            event(what, day, who, id=str(number), reason="r", until=until, to=rng.choice(["trust", "icb", "region", "nation", None]))
        )
    found = state(small(), CASE, events, at(day + timedelta(days=rng.randint(0, 400))))

    assert found.holder is not None
    assert found.holder.body != "trust"
    assert all(a.to is None or a.to != "trust" for a in found.passed)
