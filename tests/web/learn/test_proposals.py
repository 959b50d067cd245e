"""What may be the same, or in conflict, is proposed with its reason, and a person decides."""

import pytest
from django.db import DatabaseError, transaction

from hall import enter
from tocsin.web.learn import actions, outcomes, proposing, queries, shipped
from tocsin.web.learn.doing import Invalid
from tocsin.web.learn.models import Item, Proposal, Relation
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from two_reports import EARLY, FAILING, LATE, read
from web.learn.conftest import take_in

pytestmark = pytest.mark.django_db
LATER = LATE.replace("kind: failing", "kind: recommendation").replace("page: 9", "page: 9\n  addressees: [Trusts]").replace(
    "  earlier: [2001-early-review/r1]\n", ""
)  # fmt: skip
SAME = LATER.replace(
    "Consultants did not come to the labour ward when they were asked to attend by colleagues.",
    "Consultants should come to the labour ward in person whenever a colleague asks for them.",
)
APART = SAME.replace("should come to the labour ward in person", "should come to the labour ward within 60 minutes")
EARLY_30 = EARLY.replace("should come to the labour ward in person", "should come to the labour ward within 30 minutes")


def one(code):
    return Item.objects.select_related("report", "family").get(code=code)


def load(early, late):
    shipped.load(read(early, late))
    act_as(None)
    return {p.kind: p for p in proposing.undecided()}


def test_what_says_the_same_is_proposed_and_joins_one_history_once_a_person_says_so(hall):
    found = load(EARLY, SAME)

    assert set(found) == {"same"}
    assert "both ask the same body" in found["same"].why
    assert (found["same"].one.code, found["same"].other.code) == ("2012-late-review/f1", "2001-early-review/r1")
    with acting_as(hall.nhse.pk):
        outcomes.relate(one=found["same"].one, other=found["same"].other, kind="same", why="Both.", by=hall.nhse)
    assert list(proposing.undecided()) == []
    assert [i.code for i in queries.history_of_family(one("2012-late-review/f1"))] == ["2001-early-review/r1", "2012-late-review/f1"]


def test_terms_that_cannot_both_hold_are_proposed_as_a_conflict_with_the_words(hall, client):
    found = load(EARLY_30, APART)

    assert 'one says "30 minutes", the other "60 minutes"' in found["conflict"].why
    for code in ("2001-early-review/r1", "2012-late-review/f1"):
        assert "May be in conflict" in client.get(f"/learn/items/{code}/").content.decode()
    assert "30 minutes" in client.get("/learn/proposals/?kind=conflict").content.decode()


def test_what_differs_is_not_proposed(hall):
    asks = "Consultants should come to the labour ward in person whenever a colleague asks for them."

    assert load(EARLY, SAME.replace(asks, "The roof should be mended before winter.")) == {}


def test_a_proposal_that_was_refused_does_not_come_back(hall):
    found = load(EARLY, SAME)["same"]
    with acting_as(hall.nhse.pk):
        outcomes.relate(one=found.one, other=found.other, kind="not-same", why="The one is about wards at night.", by=hall.nhse)

    with acting_as(TOCSIN):
        assert proposing.propose([found.one_id, found.other_id]) == 1
    assert list(proposing.undecided()) == []
    assert Item.objects.filter(family=None).count() == 2
    with acting_as(hall.nhse.pk), pytest.raises(Invalid, match="not the same"):
        outcomes.relate(one=one(found.other.code), other=one(found.one.code), kind="same", why="They are.", by=hall.nhse)


def test_a_person_decides_on_the_page_and_only_who_may(hall, client):
    found = load(EARLY, SAME)["same"]
    address = f"/learn/proposals/{found.pk}/"

    assert client.post(address, {"says": "yes"}).status_code == 302
    assert not Relation.objects.filter(kind="same").exists()
    enter(client, hall.icb)
    assert client.post(address, {"says": "yes"}).status_code == 403
    enter(client, hall.nhse)
    assert client.post(address, {"says": "perhaps"}).status_code == 422
    assert client.post(address, {"says": "yes"}).status_code == 302
    assert Relation.objects.get(kind="same").why == found.why
    assert client.post("/learn/proposals/999999/", {"says": "yes"}).status_code == 404


def test_a_closed_report_is_compared_and_only_its_body_sees_what_was_found(hall):
    shipped.load(read(EARLY, SAME))
    asked = b"Consultants should come to the labour ward in person whenever a colleague asks them to attend."
    report = take_in(hall, b"Review of maternity care at Provider XAA\n\n14 May 2019\n\nRecommendation 1 " + asked + b"\n")

    with acting_as(hall.trust.pk):
        mine = [p for p in proposing.undecided("same") if p.one.report_id == report.pk]
        assert mine
    for other in (hall.trust_b, hall.nhse, None):
        with acting_as(other.pk if other else None):
            assert not Proposal.objects.filter(one__report=report.pk).exists()
            assert not Proposal.objects.filter(pk__in=[p.pk for p in mine]).exists()


def test_nobody_but_tocsin_makes_or_changes_a_proposal(hall):
    found = load(EARLY, SAME)["same"]
    with acting_as(hall.nhse.pk):
        assert Proposal.objects.filter(pk=found.pk).update(why="x") == 0
        with pytest.raises(DatabaseError), transaction.atomic():
            Proposal.objects.create(one=found.other, other=found.one, kind="same", why="x", likeness=1, at=found.at)
        assert Proposal.objects.filter(pk=found.pk).delete()[0] == 0


def test_how_many_questions_are_asked_does_not_grow_with_the_items(hall, django_assert_max_num_queries):
    load(EARLY, SAME)
    with acting_as(TOCSIN), django_assert_max_num_queries(14):
        proposing.propose(Item.objects.values_list("pk", flat=True))


def test_who_may_not_relate_is_refused_whatever_was_proposed(hall):
    found = load(EARLY, SAME)["same"]
    with acting_as(hall.trust.pk), pytest.raises(NotPermitted):
        outcomes.relate(one=found.one, other=found.other, kind="not-same", why="x", by=hall.trust)
    with acting_as(hall.nhse.pk):
        actions.code(item=found.one, failing=FAILING, says=True, by=hall.nhse)
