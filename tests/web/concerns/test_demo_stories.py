"""A visitor of the demo finds concerns in every state, each brought there by what members do."""

import pytest

from tocsin.accord import shipped
from tocsin.web.accord.actions import put_in_force
from tocsin.web.concerns import closing, demo, demo_stories, demo_year
from tocsin.web.concerns.models import Concern, InformationRequest, Passed, TakeOver
from tocsin.web.feeds import oversight
from tocsin.web.people.demo import make_country
from tocsin.web.record import checkpoint, moment
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db


def test_the_demo_begins_with_concerns_in_every_state_and_a_record_that_verifies(settings, monkeypatch):
    settings.DEMO = True
    put_in_force(files=shipped("tocsin-proposed"), by="A tester")
    assert demo.begin(demo_stories.START)
    make_country((f"X{n:02}", f"Provider {n}", "North" if n < 5 else "South") for n in range(9))

    assert demo_stories.play(boards=0) == 8

    with acting_as(TOCSIN):
        found = list(Concern.objects.order_by("id"))
        phases = {(c.phase if c.closed is None else "closed") for c in found}
        assert phases >= {"to act", "effect awaited", "taken over", "closed"}
        assert [c.kind for c in found if c.restricted] == ["bullying-harassment-discrimination"]
        assert [closing.reopened_soon(c) for c in found if c.closed] == [False, True]
        reasons = set(Passed.objects.values_list("reason", flat=True))
        assert reasons >= {"deadline-passed", "conflict-of-interest"}
        taken = TakeOver.objects.get(ended=None)
        assert [k.checked is not None for k in taken.criterion_set.order_by("id")] == [False, True]
        assert InformationRequest.objects.filter(answered=None).count() == 1
        assert checkpoint.verify()[1] == []
        assert abs((moment.now() - demo.FIRST_DAY).total_seconds()) < 120
        assert all(c.opened <= demo.FIRST_DAY for c in found)
    assert not demo.begin(demo_stories.START), "a second start finds the clock where it was"


def test_in_half_a_year_one_board_is_always_silent_and_the_others_seldom_and_two_concerns_come_back(settings):
    settings.DEMO = True
    put_in_force(files=shipped("tocsin-proposed"), by="A tester")
    assert demo.begin(demo_stories.START)
    make_country((f"X{n:02}", f"Provider {n}", "North") for n in range(20))
    told = []

    demo_stories.play(lambda done, of: told.append((done, of)), boards=3)

    boards = [r for r in oversight.look().rows if "board" in r.name and r.silence.of >= demo_year.EACH]
    assert [r.silence.events >= demo_year.EACH for r in boards] == [True, False, False]
    assert all(r.silence.events <= 2 for r in boards[1:])
    with acting_as(TOCSIN):
        assert sum(closing.reopened_soon(c) for c in Concern.objects.exclude(closed=None)) == 2, "one of these, and the one of which a story tells"
        assert checkpoint.verify()[1] == []
    assert told[0] == (0, 28)
    assert told == sorted(told)
