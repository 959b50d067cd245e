import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.test import Client, override_settings

from hall import member
from tocsin.web.people import actions
from tocsin.web.people.models import Member, Membership, Role
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db
PASSWORD = "a long password"


def code_now(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(client, someone, password=PASSWORD):
    return client.post("/account/login/", {"login": someone.email, "password": password})


def set_up_second_factor(client):
    page = client.get("/account/2fa/totp/activate/").content.decode()
    secret = re.search(r'value="([A-Z2-7]{16,})"', page)[1]
    assert client.post("/account/2fa/totp/activate/", {"code": code_now(secret)}).status_code == 302
    return secret


def test_a_second_factor_is_set_up_before_anything_else_and_asked_for_from_then_on(hall):
    client = Client()
    assert sign_in(client, hall.icb).status_code == 302
    assert client.get("/concerns/")["Location"] == "/account/2fa/"
    secret = set_up_second_factor(client)
    assert client.get("/concerns/").status_code == 200

    other = Client()
    sign_in(other, hall.icb)
    assert other.get("/concerns/").status_code == 302
    assert other.get("/people/").status_code == 302
    stage = other.get("/account/2fa/authenticate/")
    assert stage.status_code == 200
    assert other.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert other.get("/concerns/").status_code == 302
    # a code works once
    from django.core.cache import cache

    cache.clear()
    assert other.post("/account/2fa/authenticate/", {"code": code_now(secret)}).status_code == 302
    assert other.get("/concerns/").status_code == 200


def test_the_authenticators_secret_is_not_kept_in_the_open(hall):
    client = Client()
    sign_in(client, hall.icb)
    secret = set_up_second_factor(client)

    with acting_as(TOCSIN):
        kept = [a.data for a in Authenticator.objects.all()]
    assert kept
    assert secret not in str(kept)


def test_a_passkey_can_be_begun(hall):
    client = Client()
    sign_in(client, hall.icb)
    client.post("/account/reauthenticate/", {"password": PASSWORD})

    page = client.get("/account/2fa/webauthn/add/").content.decode()

    assert "challenge" in page


def test_nobody_makes_an_account_or_gets_a_password_by_mail(hall):
    client = Client()

    assert client.get("/account/signup/").status_code == 302
    assert "sends no secret by mail" in client.get("/account/password/reset/").content.decode()
    client.post("/account/password/reset/", {"email": hall.icb.email})
    assert mail.outbox == []


def test_whoever_left_is_out_at_the_next_click(hall):
    client = Client()
    sign_in(client, hall.icb)
    set_up_second_factor(client)
    assert client.get("/concerns/").status_code == 200

    actions.erase_member(member=hall.icb.pk)

    assert client.get("/concerns/").status_code == 302
    with acting_as(TOCSIN):
        assert Member.objects.get(pk=hall.icb.pk).name == "erased"
        assert not Authenticator.objects.filter(user=hall.icb.pk).exists()


def test_outside_a_demo_nobody_becomes_somebody_by_a_click(hall):
    with acting_as(TOCSIN):
        someone = Member.objects.create_user("d@demo.invalid", PASSWORD, name="Demo", demo=True)
    client = Client()

    assert client.get("/demo/people/").status_code == 404
    assert client.post(f"/demo/people/{someone.pk}/").status_code == 404
    sign_in(client, someone)
    assert client.get("/people/").status_code == 302
    with acting_as(TOCSIN):
        client.force_login(someone, "tocsin.web.people.signin.Backend")
    assert client.get("/people/").status_code == 302
    with override_settings(DEMO=True):
        assert client.get("/people/").status_code == 200


def test_a_token_acts_for_its_body_until_it_is_ended(hall):
    with acting_as(hall.icb.pk):
        token, text = actions.make_token(body=hall.bodies["icb"], name="Reports", scopes=["read"], by=hall.icb)

    assert actions.member_of(text, "read") == (hall.icb, hall.bodies["icb"])
    assert actions.member_of(text, "act") is None
    assert actions.member_of(text + "x", "read") is None
    with acting_as(hall.region.pk), pytest.raises(actions.Refused):
        actions.end_token(token=token.pk, by=hall.region)
    assert actions.member_of(text, "read") is not None
    with acting_as(hall.icb.pk):
        actions.end_token(token=token.pk, by=hall.icb)
    assert actions.member_of(text, "read") is None


def test_an_administrator_ends_the_token_of_somebody_who_left(hall):
    administrator = member(hall.bodies["icb"], Role.ADMINISTRATOR)
    with acting_as(hall.icb.pk):
        token, text = actions.make_token(body=hall.bodies["icb"], name="Reports", scopes=["read"], by=hall.icb)

    with acting_as(administrator.pk):
        actions.end_token(token=token.pk, by=administrator)

    assert actions.member_of(text, "read") is None


def test_the_pages_of_people_show_and_change_what_they_may(hall):
    administrator = member(hall.bodies["icb"], Role.ADMINISTRATOR, "<script>alert(1)</script>")
    client = Client()
    sign_in(client, administrator)
    set_up_second_factor(client)

    page = client.post("/people/bodies/icb/", {"what": "invite", "email": "new@example.org", "role": "lead"}).content.decode()
    assert 'id="code"' in page
    assert "<script>alert" not in page
    assert client.post("/people/bodies/region/", {"what": "invite", "email": "new@example.org", "role": "lead"}).status_code == 422
    assert client.post("/people/", {"what": "declare", "provider": "XAA", "reason": "My sister works there"}).status_code == 302
    assert "My sister works there" in client.get("/people/").content.decode()
    assert client.post("/people/", {"what": "token", "name": "x", "body": str(hall.bodies["icb"].pk), "scopes": "read"}).status_code == 422
    assert "as good as silent" not in client.get("/people/bodies/").content.decode()


def test_the_first_administrator_of_a_new_installation_joins_with_a_code_from_the_machine(hall):
    codes = actions.first_of(kind="sos", name="The minister", email="first@example.org", code="sos", provider="", covers=[])
    for code in codes.values():
        joined = actions.join(email="first@example.org", code=code, name="First", password="a long password")

    with acting_as(TOCSIN):
        assert {m.role for m in Membership.objects.filter(member=joined, ended=None)} == {Role.ADMINISTRATOR, Role.LEAD}
        assert not Membership.objects.filter(member__email="installer@tocsin.invalid", ended=None).exists()
    with pytest.raises(actions.Refused, match="no provider XZZ"):
        actions.first_of(kind="icb", name="A board", email="a@example.org", code="board", provider="", covers=["XZZ"])
