"""As many queries for many rows as for few; and what the database answers in one go, it answers only to those who may know."""

from datetime import date
from itertools import count
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hall import enter, member, signal
from tocsin.signal import ConcernKind
from tocsin.web.concerns import actions, clockwork, closing, plan, queries, raisers, relating
from tocsin.web.concerns.models import Concern, InformationRequest
from tocsin.web.people.bodies import reachable
from tocsin.web.people.permissions import Who, who_is
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, act_as, acting, acting_as

pytestmark = pytest.mark.django_db
_number = count()


def as_(someone):
    act_as(someone.pk)
    return someone


@pytest.fixture
def concern(hall):
    return actions.raise_signal(signal(kind=ConcernKind.CARE_BELOW_STANDARD), by="the watch").pk


def grow(hall, concern):
    """One more of everything that a concern's page shows in a list."""
    n = next(_number)
    actions.raise_signal(signal(kind=ConcernKind.CARE_BELOW_STANDARD, indicator=f"indicator-{n}"), by="the watch")
    actions.note(concern=concern, words=f"Note {n}", by=as_(hall.mnsi))
    plan.plan_action(
        concern=concern, what=f"Action {n}", owner="trust", strength="strong", measure="A count", due=date(2026, 2, 2), by=as_(hall.icb)
    )
    question = plan.ask_information(concern=concern, subject=f"Question {n}", detail="", due=date(2026, 2, 2), by=as_(hall.cqc))
    plan.join_information(concern=concern, question=question.pk, by=as_(hall.mnsi))
    plan.answer_information(concern=concern, question=question.pk, answer="Nine", by=as_(hall.trust))
    closing.show_effect(concern=concern, way="verification", what="Looked at", worked=False, by=as_(hall.mnsi))
    actions.give_evidence(concern=concern, upload=SimpleUploadedFile(f"{n}.txt", f"Words {n}".encode()), by=as_(hall.mnsi))
    act_as(None)
    told = raisers.raise_from_outside(
        provider=hall.providers["XAA"], kind="care-below-standard", group="family", account="What happened", request=uuid4()
    )
    assert told.concern == concern
    with acting_as(TOCSIN):
        other = actions.raise_signal(signal(kind=ConcernKind.DATA_QUALITY, provider="XAB", indicator=f"other-{n}"), by="the watch").pk
    if n < 1:
        relating.link(concern=concern, other=other, why="The same ward", by=as_(hall.icb))
    act_as(None)


def counted(someone, addresses):
    client = Client()
    enter(client, someone)
    found = {}
    for address in addresses:
        assert client.get(address).status_code == 200, address
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        found[address] = len(captured)
    return found


def test_with_two_rows_of_everything_and_with_six(hall, concern):
    addresses = ["/concerns/", "/concerns/mine/", f"/concerns/{concern}/", "/concerns/?state=all&text=Provider"]
    for _ in range(2):
        grow(hall, concern)
    with acting_as(TOCSIN):
        administers = member(hall.bodies["icb"])
    few = counted(administers, addresses)
    for _ in range(4):
        grow(hall, concern)
    page = Client()
    enter(page, hall.icb)
    shown = page.get(f"/concerns/{concern}/").content.decode()

    assert counted(administers, addresses) == few
    assert shown.count("What happened</p>") == 6, "each family's account is shown to the holder"
    assert InformationRequest.objects.filter(concern=concern).count() == 0, "nobody acts here now"


def test_the_page_of_one_who_raised_it_asks_as_much_for_many_letters_as_for_one(hall, concern):
    told = raisers.raise_from_outside(provider=hall.providers["XAA"], kind="care-below-standard", group="family", account="What happened")
    raiser = raisers.find(told.number, told.code)

    def asked():
        with CaptureQueriesContext(connection) as captured:
            found = raisers.letters(raiser)
        return len(captured), [words for _, words, _ in found]

    raisers.tell_raisers(concern=concern, words="First", by=as_(hall.icb))
    one, _ = asked()
    raisers.tell_raisers(concern=concern, words="Second", by=as_(hall.icb))
    raisers.answer(raiser=raiser.pk, resolved=None, words="Third")

    assert asked() == (one, ["First", "Second", "Third"])


def test_a_concern_of_which_little_is_known_asks_little(hall, concern):
    assert counted(hall.icb, [f"/concerns/{concern}/"])[f"/concerns/{concern}/"] <= 14


@pytest.mark.parametrize("restricted", [False, True])
def test_to_whom_may_not_see_a_concern_nothing_is_answered_and_nobody_acts_for_another_afterwards(hall, concern, restricted):
    raisers.raise_from_outside(provider=hall.providers["XAA"], kind="care-below-standard", group="family", account="What happened")
    if restricted:
        actions.restrict(concern=concern, reason="It is about people", by=as_(hall.icb))
    with acting_as(TOCSIN):
        stranger = member(hall.bodies["trust" if restricted else "trust-b"])
    act_as(stranger.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM concerns_kept(%s)", [concern])
        assert cursor.fetchall() == []
    with acting_as(TOCSIN):
        found = Concern.objects.get(pk=concern)
    assert closing.answers(found) == []
    assert ledger.entries(clockwork.chain(found)) == []
    assert acting() == str(stranger.pk)

    holder = as_(hall.icb)
    involved, kept = queries._kept(found)
    assert hall.bodies["icb"].pk in involved
    assert kept == {"raisers"}
    assert closing.answers(found) == [(None, "")]
    with acting_as(TOCSIN):
        every = ledger.entries(clockwork.chain(found))
    assert [e.hash for e in ledger.entries(clockwork.chain(found))] == [e.hash for e in every] != []
    assert acting() == str(holder.pk)


def test_who_one_is_and_who_can_be_reached_is_the_same_by_another_way(hall):
    """Second route: the rows of the models, one by one."""
    everybody = list(hall.members.values())
    with acting_as(TOCSIN):
        for someone in everybody:
            found = who_is(someone)
            rows = list(someone.membership_set.filter(ended=None).select_related("body").order_by("id"))
            assert [(p.body, p.role, p.kind, p.provider) for p in found.parts] == [(m.body_id, m.role, m.body.kind, m.body.provider_id) for m in rows]
            for part, row in zip(found.parts, rows, strict=True):
                own = {row.body.provider_id} - {None}
                covered = {c.provider_id for c in row.body.coverage_set.all()}
                assert part.covers == (None if row.body.national else covered | own)
            assert found.interests == {d.provider_id for d in someone.declaration_set.filter(ended=None)}
        everywhere = {b.pk for b in hall.bodies.values()}
        assert reachable(everywhere) == {m.body_id for s in everybody for m in s.membership_set.filter(ended=None, role="lead")}
        someone = everybody[0]
        someone.membership_set.update(ended=someone.membership_set.first().began)
        assert who_is(someone) == Who((), frozenset(), member=someone.pk), "whoever has no role any more is still somebody"
        assert reachable([]) == set()
