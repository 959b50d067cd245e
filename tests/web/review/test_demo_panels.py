"""The panels of the demo country stand in every state that the pages show."""

import pytest

from hall import enter
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.review import demo, frames
from tocsin.web.review.models import Case, Frame, Panel, Question

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(hall):
    with acting_as(TOCSIN):
        hall.mnsi.demo = True
        hall.mnsi.save()
    made = demo.make_panel()
    with acting_as(TOCSIN):
        # people of the demo are let in only where a demo runs
        hall.mnsi.demo = False
        hall.mnsi.save()
    return made


def test_the_demo_has_cases_in_every_state_and_a_family_that_was_answered(client, hall, made):
    with acting_as(TOCSIN):
        cases = list(Case.objects.filter(panel=made).order_by("id"))
        answered = Question.objects.filter(state="answered").count()
    assert (len(cases), sum(c.blind_ended is not None for c in cases), sum(c.agreed is not None for c in cases)) == (10, demo.GRADED, demo.AGREED)
    assert answered >= 1
    enter(client, hall.mnsi)
    for page in ("", "table/", "figures/", "sample/"):
        assert client.get(f"/review/panels/{made.pk}/{page}").status_code == 200
    assert "days" in client.get("/review/").content.decode()


def test_the_panel_that_draws_has_a_sample_and_a_second_time_nothing_is_made(hall, made):
    with acting_as(hall.mnsi.pk):
        found = Frame.objects.get()
        assert {d.stratum: len(d.references) for d in frames.drawn(found)} == found.sizes
    assert 30 < sum(found.sizes.values()) < 250
    with acting_as(TOCSIN):
        hall.mnsi.demo = True
        hall.mnsi.save()
    assert demo.make_panel() is None
    with acting_as(TOCSIN):
        assert Panel.objects.count() == 2
