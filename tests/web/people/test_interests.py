"""Nobody judges what is about their own: an interest or a role in the provider's own body stops a member of two bodies, through whichever they act.

The module, the database and the page are asked in turn, while the tie lasts and once it is over.
"""

import re

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from hall import MONDAY, enter, member, sent_with, signal
from tocsin.web.concerns import actions as hall_actions
from tocsin.web.concerns import clockwork
from tocsin.web.concerns.doing import about_of
from tocsin.web.concerns.forms import FORMS
from tocsin.web.people import actions
from tocsin.web.people.models import Declaration, Membership
from tocsin.web.people.permissions import HOLDER, INDEPENDENT, Act, NotPermitted, may, who_is
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db
STOPPED = HOLDER | INDEPENDENT | {Act.TAKEN_OVER}
"""What is holding, grading, closing or delaying."""
AS_HOLDER, AS_ANOTHER = HOLDER | {Act.TAKEN_OVER}, INDEPENDENT | {Act.TAKEN_OVER}
"""What of it is open to whoever leads the holder, or another body that answers for the provider, with no tie."""
TIED = {
    "leads the holder, and the provider's own": (("icb", "trust"), None, AS_HOLDER),
    "leads the holder, and lets people into the provider's own": (("icb", "trust"), "administrator", AS_HOLDER),
    "leads another body, and the provider's own": (("region", "trust"), None, AS_ANOTHER),
    "leads another body, and reads for the provider's own": (("nhse", "trust"), "auditor", AS_ANOTHER),
    "leads the holder and one more, and declared an interest": (("icb", "region"), None, AS_HOLDER),
    "leads two others, and declared an interest": (("region", "nhse"), None, AS_ANOTHER),
}
ANY_VALUES = {
    "reason": "x", "words": "x", "until": "2026-03-01", "to": "region", "powers": "take-over-or-close", "scope": "x", "criteria": "x", "reviews": "2026-03-01",
    "criterion": "1", "evidence": "x", "following": "2026-03-01", "what": "x", "owner": "icb", "strength": "strong", "measure": "x", "due": "2026-03-01",
    "action": "1", "state": "done", "effect": "x", "worked": "yes", "way": "verification", "title": "x", "kind": "conduct", "signals": "1", "into": "1",
    "other": "1", "why": "x",
}  # fmt: skip


@pytest.fixture
def concern(hall):
    return hall_actions.raise_signal(signal(), by="the watch")


def tied(hall, how):
    """A member of two bodies with a tie to the provider. Returns them, how the tie ends, and what is open to them without it."""
    (first, second), role, free = TIED[how]
    someone = member(hall.bodies[first])
    with acting_as(TOCSIN):
        other = Membership.objects.create(member=someone, body=hall.bodies[second], role=role or "lead", began=MONDAY)
    with acting_as(someone.pk):
        if second == "trust":
            return someone, lambda: actions.end_membership(membership=other.pk, by=someone), free
        made = actions.declare_interest(provider=hall.providers["XAA"], reason="A sister works there", by=someone)
    return someone, lambda: actions.end_interest(declaration=made.pk, by=someone), free


def by_module(someone, concern):
    with acting_as(someone.pk):
        who, about = who_is(someone), about_of(concern)
        return {act for act in Act if may(who, act, about)}


def by_database(someone, concern):
    with acting_as(someone.pk), connection.cursor() as cursor:
        cursor.execute("SELECT w FROM unnest(%s::text[]) w WHERE tocsin_may(w, %s)", [[str(a) for a in Act], concern.pk])
        return {Act(word) for (word,) in cursor.fetchall()}


def written(someone, concern, act):
    """Whether the database takes the bare entry, as from a program that asks no module."""
    try:
        with acting_as(someone.pk), transaction.atomic():
            ledger.write(chain=clockwork.chain(concern), what=act, at=MONDAY, payload={"as": "icb"}, member=someone.pk, body="icb")
            transaction.set_rollback(True)
    except DatabaseError:
        return False
    return True


def offered(client, concern):
    page = client.get(f"/concerns/{concern.pk}/").content.decode()
    return {FORMS[slug].act for slug in re.findall(rf"/concerns/{concern.pk}/do/([a-z-]+)/", page)}


def send(client, concern, slug, **values):
    return client.post(f"/concerns/{concern.pk}/do/{slug}/", sent_with(concern.pk) | values)


def entries(concern):
    with acting_as(TOCSIN):
        return [e.what for e in ledger.entries(clockwork.chain(concern))]


@pytest.mark.parametrize("how", TIED)
def test_module_and_database_stop_the_same_until_the_tie_is_over(hall, concern, how):
    someone, end, free = tied(hall, how)

    tied_now = by_module(someone, concern), by_database(someone, concern)
    with acting_as(someone.pk):
        end()

    assert tied_now[0] == tied_now[1]
    assert not tied_now[0] & STOPPED
    # they still read it, and may say what they know
    assert Act.NOTED in tied_now[0]
    after = by_module(someone, concern)
    assert after == by_database(someone, concern)
    assert after & STOPPED == free


@pytest.mark.parametrize("how", TIED)
def test_the_database_refuses_the_bare_entry_until_the_tie_is_over(hall, concern, how):
    someone, end, free = tied(hall, how)

    assert not [act for act in STOPPED if written(someone, concern, act)]

    with acting_as(someone.pk):
        end()
    assert {act for act in STOPPED if written(someone, concern, act)} == free


@pytest.mark.parametrize("how", TIED)
def test_the_page_offers_no_form_and_one_sent_anyway_is_refused_until_the_tie_is_over(hall, concern, how):
    someone, end, free = tied(hall, how)
    client = Client()
    enter(client, someone)
    before = entries(concern)

    assert not offered(client, concern) & STOPPED
    for form in FORMS.values():
        if form.act in STOPPED:
            answer = send(client, concern, form.slug, **ANY_VALUES)
            assert answer.status_code == 403, form.slug
            assert "so somebody else must do this" in answer.content.decode()
    assert entries(concern) == before

    with acting_as(someone.pk):
        end()
    assert offered(client, concern) & free
    slug, what = ("acknowledge", "acknowledged") if Act.ACKNOWLEDGED in free else ("give-time", "extended")
    assert send(client, concern, slug, until="2026-02-02", reason="Their files were in another hospital.").status_code == 302
    assert entries(concern) == [*before, what]


def test_of_two_ties_each_stops_alone(hall, concern):
    someone, end_role, _ = tied(hall, "leads the holder, and the provider's own")
    with acting_as(someone.pk):
        declared = actions.declare_interest(provider=hall.providers["XAA"], reason="A brother works there", by=someone)
        end_role()
        assert not by_module(someone, concern) & STOPPED
        with pytest.raises(NotPermitted, match="declared an interest"):
            hall_actions.acknowledge(concern=concern.pk, by=someone)

    with acting_as(TOCSIN):
        Membership.objects.create(member=someone, body=hall.bodies["trust"], role="lead", began=MONDAY)
    with acting_as(someone.pk):
        actions.end_interest(declaration=declared.pk, by=someone)
        assert not by_module(someone, concern) & STOPPED
        with pytest.raises(NotPermitted, match="the provider's own body"):
            hall_actions.acknowledge(concern=concern.pk, by=someone)
    assert not by_database(someone, concern) & STOPPED


def test_one_who_declares_anew_is_stopped_anew_and_each_time_stays_in_the_record(hall, concern):
    someone, end, _ = tied(hall, "leads the holder and one more, and declared an interest")
    with acting_as(someone.pk):
        end()
        actions.declare_interest(provider=hall.providers["XAA"], reason="She works there again", by=someone)

    assert not by_module(someone, concern) & STOPPED
    assert not by_database(someone, concern) & STOPPED
    with acting_as(TOCSIN):
        assert [e.what for e in ledger.entries("people")] == ["interest-declared", "interest-ended", "interest-declared"]
        assert Declaration.objects.filter(member=someone).count() == 2


def test_a_tie_to_one_provider_stops_nothing_about_another(hall):
    someone, _, free = tied(hall, "leads the holder, and the provider's own")

    other = hall_actions.raise_signal(signal("XAB"), by="the watch")

    assert by_module(someone, other) & STOPPED == free
    assert by_database(someone, other) & STOPPED == free


def test_nobody_ends_or_takes_back_what_another_declared(hall):
    someone, _, _ = tied(hall, "leads the holder and one more, and declared an interest")
    with acting_as(TOCSIN):
        made = Declaration.objects.get(member=someone)

    with acting_as(hall.icb.pk):
        with pytest.raises(actions.Refused):
            actions.end_interest(declaration=made.pk, by=hall.icb)
        assert Declaration.objects.filter(pk=made.pk).update(ended=MONDAY) == 0
    with acting_as(someone.pk), pytest.raises(DatabaseError), transaction.atomic():
        Declaration.objects.filter(pk=made.pk).update(reason="None")
