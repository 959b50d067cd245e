"""Letting people in: who invites, what a faulty joining is told, and that an invitation can be taken back."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from hall import enter, member
from tocsin.web.people import actions
from tocsin.web.people.models import Invitation, Member, Membership, Role
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db
NEW = {"email": "new@example.org", "name": "Somebody new", "password": "a long password"}


@pytest.fixture
def administrator(hall):
    return member(hall.bodies["icb"], Role.ADMINISTRATOR)


def invite(hall, administrator, **more):
    with acting_as(administrator.pk):
        return actions.invite(**({"body": hall.bodies["icb"], "email": NEW["email"], "role": Role.LEAD, "by": administrator} | more))


def of(someone):
    with acting_as(TOCSIN):
        return [m.role for m in Membership.objects.filter(member=someone, ended=None)]


def test_an_invitation_lets_somebody_in_once_and_its_mail_holds_no_secret(hall, administrator, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        _, code = invite(hall, administrator, email="New@Example.org")
    assert code not in mail.outbox[0].body

    joined = actions.join(**NEW, code=code.lower())

    assert of(joined) == [Role.LEAD]
    with pytest.raises(actions.Refused, match="taken up already"):
        actions.join(**NEW, code=code)
    with acting_as(TOCSIN):
        said = [e.payload for e in ledger.entries("people")]
    assert not [p for p in said if "example.org" in p or "Somebody" in p]


FAULTS = {
    "a wrong code": ({"code": "AAAAA-AAAAA-AAAAA"}, "do not fit together"),
    "another address": ({"email": "other@example.org"}, "do not fit together"),
    "a short password": ({"password": "short"}, "too short"),
    "no name": ({"name": " "}, "Give your name"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_joining_lets_nobody_in_and_says_what_to_do(hall, administrator, fault):
    given, words = FAULTS[fault]
    _, code = invite(hall, administrator)
    with acting_as(TOCSIN):
        before = Member.objects.count()

    with pytest.raises(actions.Refused, match=words):
        actions.join(**NEW | {"code": code} | given)

    with acting_as(TOCSIN):
        assert Member.objects.count() == before
    assert of(actions.join(**NEW, code=code)) == [Role.LEAD]


def test_an_invitation_that_is_too_old_says_until_when_it_held(hall, moment, administrator):
    _, code = invite(hall, administrator)
    moment.at += timedelta(days=7, minutes=1)

    with pytest.raises(actions.Refused, match="held until 12 January 2026"):
        actions.join(**NEW, code=code)


def test_an_invitation_that_was_withdrawn_lets_nobody_in(hall, administrator):
    made, code = invite(hall, administrator)
    other = member(hall.bodies["region"], Role.ADMINISTRATOR)
    for wrong in (hall.icb, other):
        with acting_as(wrong.pk), pytest.raises((NotPermitted, actions.Refused)):
            actions.withdraw_invitation(invitation=made.pk, by=wrong)

    with acting_as(administrator.pk):
        actions.withdraw_invitation(invitation=made.pk, by=administrator)

    with pytest.raises(actions.Refused, match="was withdrawn"):
        actions.join(**NEW, code=code)
    with acting_as(administrator.pk), pytest.raises(actions.Refused, match="withdrawn already"):
        actions.withdraw_invitation(invitation=made.pk, by=administrator)
    with acting_as(TOCSIN):
        assert [e.what for e in ledger.entries("people")] == ["invited", "invitation-withdrawn"]


def test_one_that_was_taken_up_cannot_be_withdrawn(hall, administrator):
    made, code = invite(hall, administrator)
    joined = actions.join(**NEW, code=code)

    with acting_as(administrator.pk), pytest.raises(actions.Refused, match="taken up already"):
        actions.withdraw_invitation(invitation=made.pk, by=administrator)

    assert of(joined) == [Role.LEAD]


def test_only_an_administrator_of_that_body_invites(hall, administrator):
    for wrong, body in ((hall.icb, "icb"), (administrator, "region")):
        with acting_as(wrong.pk), pytest.raises(NotPermitted):
            actions.invite(body=hall.bodies[body], email="a@example.org", role=Role.LEAD, by=wrong)


def test_the_page_lists_open_invitations_for_the_administrator_alone_and_withdraws_one(hall, administrator):
    made, code = invite(hall, administrator)
    inside, outside, mine = Client(), Client(), Client()
    enter(mine, administrator)
    enter(inside, hall.icb)
    enter(outside, hall.region)

    page = mine.get("/people/bodies/icb/").content.decode()
    assert NEW["email"] in page
    assert code not in page
    assert hall.icb.email in page
    for other, sees_who in ((inside, True), (outside, False)):
        seen = other.get("/people/bodies/icb/").content.decode()
        assert NEW["email"] not in seen
        assert hall.icb.email not in seen
        assert (f"<strong>{hall.icb.name}" in seen) is sees_who
        assert other.post("/people/bodies/icb/", {"what": "withdraw", "invitation": str(made.pk)}).status_code == 422
    assert mine.post("/people/bodies/icb/", {"what": "withdraw", "invitation": str(made.pk)}).status_code == 302
    assert "Withdraw<" not in mine.get("/people/bodies/icb/").content.decode()
    assert mine.post("/people/bodies/icb/", {"what": "withdraw", "invitation": "not-a-number"}).status_code == 422


def test_a_forgotten_password_is_chosen_anew_with_a_code_and_the_second_factor_is_still_asked_for(hall, administrator):
    with acting_as(TOCSIN):
        role = Membership.objects.get(member=hall.icb)
        from allauth.mfa.models import Authenticator

        Authenticator.objects.create(user=hall.icb, type="totp", data={"secret": "x"})
    old = Client()
    enter(old, hall.icb)
    with acting_as(administrator.pk):
        made, code = actions.renew_password(membership=role.pk, by=administrator)
    assert made.renews

    _, other_code = invite(hall, administrator, email=hall.icb.email)
    with pytest.raises(actions.Refused, match="give the password that you have"):
        actions.join(email=hall.icb.email, code=other_code, name="Another", password="another long password")
    client = Client()
    answer = client.post("/join/", {"email": hall.icb.email, "code": code, "name": "Me", "password": "another long password"})

    assert answer["Location"] == "/sign-in/"
    assert client.get("/people/").status_code == 302
    with acting_as(TOCSIN):
        assert Member.objects.get(pk=hall.icb.pk).check_password("another long password")
    assert old.get("/people/").status_code == 302
    assert not Invitation.objects.exists()
    with acting_as(hall.region.pk), pytest.raises((NotPermitted, actions.Refused)):
        actions.renew_password(membership=role.pk, by=hall.region)
