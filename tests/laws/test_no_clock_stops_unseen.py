"""Law 3, and the clock's worker: each due passing fires once, whatever dies when; a deadline moves only by a recorded reason of another."""

import os
import random
import signal as signals
import subprocess
import sys
import threading
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import connection, connections

from hall import MONDAY, Moment, build, signal
from tocsin.signal import ConcernKind
from tocsin.web.concerns import actions, relating, takeover
from tocsin.web.concerns.doing import AccordRefuses
from tocsin.web.concerns.models import Concern, Passed
from tocsin.web.people.models import Member
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.record import checkpoint, ledger
from tocsin.web.record.acting import TOCSIN, act_as, acting_as

KINDS = ("outcome-signal", "care-below-standard", "failed-candour", "leadership-governance")


def as_(someone):
    act_as(someone.pk)
    return someone


def test_acknowledging_moves_no_deadline(hall):
    concern = actions.raise_signal(signal(), by="the watch")

    acknowledged = actions.acknowledge(concern=concern.pk, by=as_(hall.icb))

    assert acknowledged.due == concern.due
    assert acknowledged.leaves == concern.leaves


def test_asking_for_time_moves_nothing_and_the_holder_cannot_grant_it_to_itself(hall):
    concern = actions.raise_signal(signal(), by="the watch")
    asked = actions.ask_extension(concern=concern.pk, until=date(2026, 3, 1), reason="Leave", by=as_(hall.icb))
    assert asked.due == concern.due

    for name in ("icb", "trust"):
        with pytest.raises(NotPermitted):
            actions.extend(concern=concern.pk, until=date(2026, 3, 1), reason="Leave", by=as_(hall.members[name]))
    granted = actions.extend(concern=concern.pk, until=date(2026, 1, 20), reason="The board meets on that day", by=as_(hall.region))

    assert granted.due == date(2026, 1, 20)


def test_a_deadline_is_not_moved_backwards_nor_without_a_reason(hall):
    concern = actions.raise_signal(signal(), by="the watch")
    with pytest.raises(AccordRefuses):
        actions.extend(concern=concern.pk, until=date(2026, 1, 6), reason="Sooner", by=as_(hall.region))
    with pytest.raises(ValueError, match="reason"):
        actions.extend(concern=concern.pk, until=date(2026, 3, 1), reason=" ", by=as_(hall.region))


def test_a_holder_who_stays_silent_is_passed_by_even_if_it_acts_one_day_late(hall, moment):
    concern = actions.raise_signal(signal(), by="the watch")
    moment.at = MONDAY + timedelta(days=11)

    with pytest.raises(NotPermitted):
        actions.act(concern=concern.pk, words="Late", by=as_(hall.icb))


def test_merging_does_not_move_a_deadline(hall, moment):
    early = actions.raise_signal(signal(), by="the watch")
    moment.at += timedelta(days=2)
    late = actions.raise_signal(signal(kind=ConcernKind.CARE_BELOW_STANDARD), by="the watch")
    with pytest.raises(AccordRefuses, match="must not move a deadline"):
        relating.merge(concern=early.pk, into=late.pk, reason="The same", by=as_(hall.icb))

    kept = relating.merge(concern=late.pk, into=early.pk, reason="The same", by=as_(hall.icb))

    assert kept.due == early.due


def test_what_is_taken_over_is_not_refused_and_stays_where_nobody_comes_next_after_a_conflict(hall, moment):
    concern = actions.raise_signal(signal(), by="the watch")
    taken = {"powers": ["take-over-or-close"], "scope": "Maternity", "criteria": ["Safe"], "reviews": [date(2026, 2, 2)]}
    made = takeover.take_over(concern=concern.pk, by=as_(hall.cqc), **taken)
    with pytest.raises(AccordRefuses, match="hands back"):
        actions.refuse(concern=concern.pk, reason="Too hard", by=as_(hall.cqc))

    after = actions.declare_conflict(concern=concern.pk, reason="A director sat on its board", by=as_(hall.cqc))

    # the shipped map names nobody after one that has taken over, so nothing is let go
    assert (after.holder.kind, after.phase) == ("cqc", "taken over")
    with acting_as(TOCSIN):
        made.refresh_from_db()
        assert made.ended is None
        assert ledger.entries(f"concern:{concern.pk}")[-1].what == "passed"


def test_a_concern_that_comes_back_within_a_year_counts_against_its_closing(hall, moment):
    from django.db import transaction

    from tocsin.web.concerns.closing import reopened_soon

    first = actions.raise_signal(signal(), by="the watch")
    with acting_as(TOCSIN), transaction.atomic():
        first.closed = moment.at
        first.save()
        ledger.write(chain=f"concern:{first.pk}", what="closed", at=moment.at, payload={"as": "icb"})
    moment.at += timedelta(days=100)
    again = actions.raise_signal(signal(raised_on=date(2026, 4, 1)), by="the watch")

    assert again.pk != first.pk
    assert again.reopens_id == first.pk
    with acting_as(TOCSIN):
        assert reopened_soon(first)


CLOCK = """
import sys
from datetime import datetime
import django
django.setup()
from tocsin.web.concerns import actions, turning
moment = datetime.fromisoformat(sys.argv[1])
for where in ("concerns.doing", "concerns.actions", "concerns.turning", "record.moment"):
    setattr(sys.modules["tocsin.web." + where], "now", lambda: moment)
print("began", flush=True)
print(turning.turn_the_clock(), flush=True)
"""


def worker(at):
    env = os.environ | {"PGTEST": connection.settings_dict["NAME"], "DJANGO_SETTINGS_MODULE": "settings_for_a_process"}
    tests = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-c", CLOCK, at.isoformat()]
    path = os.pathsep.join([str(tests), *filter(None, [env.get("PYTHONPATH")])])
    return subprocess.Popen(command, env=env | {"PYTHONPATH": path}, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def crowd(transactional_db, monkeypatch):
    """Eight concerns with five signals each, whose time is over long ago when the workers come."""
    moment = Moment(monkeypatch)
    build()
    for n in range(5):
        for kind in KINDS:
            for provider in ("XAA", "XAB"):
                moment.at = MONDAY + timedelta(hours=n)
                actions.raise_signal(signal(provider, kind=ConcernKind(kind), indicator=f"i{n}"), by="the watch")
    return moment


def fired():
    with acting_as(TOCSIN):
        rows = list(Passed.objects.order_by("concern", "number").values_list("concern", "number", "day", "from_kind", "to_kind"))
        told = sum(e.what == "passed" for c in Concern.objects.all() for e in ledger.entries(f"concern:{c.pk}"))
    return rows, told


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_fire_each_passing_once(crowd):
    late = MONDAY + timedelta(days=40)
    both = [worker(late), worker(late), worker(late)]
    for one in both:
        assert one.wait(60) == 0

    rows, told = fired()

    assert len(rows) == told == 16
    assert {r[2:4] for r in rows} == {(date(2026, 1, 16), "icb"), (date(2026, 1, 24), "region")}
    with acting_as(TOCSIN):
        assert checkpoint.verify()[1] == []


@pytest.mark.django_db(transaction=True)
def test_workers_that_are_killed_at_any_moment_lose_nothing_and_repeat_nothing(crowd):
    random_, late = random.Random(7), MONDAY + timedelta(days=40)
    for _ in range(8):
        one = worker(late)
        assert one.stdout.readline() == "began\n"
        time.sleep(random_.random() * 0.06)
        one.send_signal(signals.SIGKILL)
        one.wait()
        rows, told = fired()
        assert len(rows) == told
    last = worker(late)
    assert last.wait(60) == 0

    rows, told = fired()

    assert len(rows) == told == 16
    with acting_as(TOCSIN):
        assert checkpoint.verify()[1] == []
        assert {c.holder_kind for c in Concern.objects.all()} == {"nhse"}


@pytest.mark.django_db(transaction=True)
def test_two_members_who_act_at_the_same_moment_are_answered_one_after_the_other(crowd):
    crowd.at = MONDAY + timedelta(hours=6)
    with acting_as(TOCSIN):
        concern = Concern.objects.order_by("id")[0]
        member = Member.objects.get(membership__body__kind="icb")
    stamp, answers = concern.last_entry, []

    def act_now():
        try:
            act_as(member.pk)
            actions.acknowledge(concern=concern.pk, by=member, stamp=stamp)
            answers.append("done")
        except Exception as error:
            answers.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act_now) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()

    assert sorted(answers) == ["Stale"] * 5 + ["done"]
