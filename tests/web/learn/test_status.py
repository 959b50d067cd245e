"""Where a recommendation stands: every status, who may say it, every change, and that somebody's word never closes it."""

import json
from datetime import date, timedelta
from itertools import product

import pytest

from hall import enter
from tocsin.web.learn import outcomes, queries
from tocsin.web.learn.doing import Invalid, chain
from tocsin.web.learn.models import Item, Status, StatusEntry
from tocsin.web.learn.outcomes import CLOSING
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 4)


def say(item, status, by, on=DAY, evidence="Attendance was counted each week."):
    with acting_as(by.pk):
        return outcomes.say_status(item=now(item), status=status, on=on, evidence=evidence, by=by)


def now(item):
    return Item.objects.select_related("report").get(pk=item.pk)


@pytest.mark.parametrize("status", Status.values)
def test_each_status_is_said_by_an_independent_body_and_what_closes_never_by_who_was_asked(hall, recommendation, status):
    if status in CLOSING:
        with pytest.raises(NotPermitted, match="never by who was asked"):
            say(recommendation, status, hall.trust)
        assert now(recommendation).status == "unknown"
    else:
        say(recommendation, status, hall.trust)
        assert now(recommendation).status == status
    say(recommendation, status, hall.cqc)

    assert now(recommendation).status == status
    with acting_as(TOCSIN):
        told = [e for e in ledger.entries(chain(recommendation.report)) if e.what == "status-said"]
    assert json.loads(told[-1].payload)["evidence"] == "Attendance was counted each week."
    assert (told[-1].body, json.loads(told[-1].payload)["status"]) == ("cqc", status)


def test_every_change_from_one_to_another_is_kept_as_a_step_of_its_own(hall, recommendation):
    for n, (before, after) in enumerate(product(Status.values, Status.values)):
        say(recommendation, before, hall.cqc, on=DAY - timedelta(days=500 - 2 * n))
        say(recommendation, after, hall.cqc, on=DAY - timedelta(days=499 - 2 * n))
        assert now(recommendation).status == after

    assert StatusEntry.objects.filter(item=recommendation).count() == 2 * len(Status.values) ** 2


def test_what_is_said_for_an_earlier_day_does_not_undo_what_was_shown_since(hall, recommendation):
    say(recommendation, "shown-to-work", hall.cqc)
    say(recommendation, "acting", hall.trust, on=date(2025, 3, 1))

    assert now(recommendation).status == "shown-to-work"
    assert [s.status for s in queries.item(recommendation.code).statusentry_set.all()] == ["acting", "shown-to-work"]


def test_done_by_assertion_is_no_end_its_review_stays_due_and_the_page_says_that_nobody_has_shown_it(hall, recommendation, client):
    def page():
        return client.get(f"/learn/items/{recommendation.code}/").content.decode()

    with acting_as(hall.trust.pk):
        outcomes.answer(item=now(recommendation), reason="Our minutes.", next_review=date(2025, 12, 1), by=hall.trust)
    say(recommendation, "done-by-assertion", hall.trust)
    assert "nobody has shown that it works" in page()
    assert "It is overdue." in page()

    say(recommendation, "shown-to-work", hall.cqc)

    assert "It is overdue." not in page()
    assert Status.ASSERTED not in CLOSING
    assert "ActiveActionStatus" not in client.get(f"/learn/items/{recommendation.code}/record.jsonld").content.decode()


def test_whoever_has_an_interest_in_the_provider_does_not_say_that_it_works(hall, recommendation):
    from tocsin.web.people.models import Declaration

    with acting_as(TOCSIN):
        Item.objects.filter(pk=recommendation.pk).update(provider="XAA")
        Declaration.objects.create(member=hall.cqc, provider=hall.providers["XAA"], reason="I worked there.", began="2026-01-01T00:00Z")

    with pytest.raises(NotPermitted):
        say(recommendation, "shown-to-work", hall.cqc)


def test_owner_cost_actions_and_next_review_stand_on_the_page_with_who_said_it(hall, recommendation, client):
    enter(client, hall.trust)
    given = {
        "accepted": "accepted-in-part", "accepted_on": "2025-06-01", "says": "For nights only.", "owner": "The medical director",
        "action": "A second consultant is on the rota.", "cost": "120,000 pounds a year", "next_review": "2026-06-30", "reason": "Board paper 7",
    }  # fmt: skip
    assert client.post(f"/learn/items/{recommendation.code}/do/answer/", given).status_code == 302

    page = client.get(f"/learn/items/{recommendation.code}/").content.decode()
    for name in ("says", "owner", "action", "cost"):
        assert given[name] in page, name
    assert "Accepted in part" in page
    assert "30 June 2026" in page
    with acting_as(hall.trust.pk), pytest.raises(Invalid, match="Nothing was said"):
        outcomes.answer(item=now(recommendation), reason="x", by=hall.trust)
    with acting_as(hall.icb.pk), pytest.raises(NotPermitted):
        outcomes.answer(item=now(recommendation), reason="x", owner="We", by=hall.icb)
