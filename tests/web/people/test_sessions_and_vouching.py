"""One's own sessions, which end at once; and when the organisation's word stands for Tocsin's second factor."""

from types import SimpleNamespace

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from hall import enter
from tocsin.web.people import actions
from tocsin.web.people.signin import vouched
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db


def signed_in(someone, agent="Firefox/150 Linux"):
    client = Client(headers={"user-agent": agent})
    enter(client, someone)
    with acting_as(TOCSIN):
        UserSession.objects.create(user=someone, ip="192.0.2.1", session_key=client.session.session_key, user_agent=agent)
    return client


def test_a_member_sees_their_own_sessions_and_ends_one_at_once(hall):
    here, there, other = signed_in(hall.icb), signed_in(hall.icb, "Chrome/150 Windows"), signed_in(hall.region)
    with acting_as(TOCSIN):
        number = UserSession.objects.get(session_key=there.session.session_key).pk
    page = here.get("/people/sessions/").content.decode()
    assert "Firefox on Linux" in page
    assert "Chrome on Windows" in page
    assert there.session.session_key not in page

    assert other.post("/people/sessions/", {"what": "one", "number": number}).status_code == 422
    assert there.get("/people/").status_code == 200
    assert here.post("/people/sessions/", {"what": "one", "number": number}).status_code == 302

    assert there.get("/people/").status_code == 302
    assert here.get("/people/").status_code == 200
    with acting_as(TOCSIN):
        assert [e.what for e in ledger.entries("people")] == ["session-ended"]


def test_all_others_are_ended_and_this_one_and_other_peoples_stay(hall):
    here, *others = [signed_in(hall.icb) for _ in range(3)]
    stranger = signed_in(hall.region)

    assert here.post("/people/sessions/", {"what": "others"}).status_code == 302

    assert [c.get("/people/").status_code for c in (here, stranger, *others)] == [200, 200, 302, 302]
    with acting_as(hall.icb.pk):
        assert actions.end_other_sessions(key=here.session.session_key, by=hall.icb) == 0


def login(**claims):
    return SimpleNamespace(account=SimpleNamespace(extra_data=claims))


@pytest.mark.parametrize(
    ("claims", "stands"),
    [
        ({"id_token": {"amr": ["pwd", "mfa"]}}, True), ({"id_token": {"acr": "AAL2"}}, True), ({"id_token": {"amr": ["pwd"], "acr": "AAL1"}}, False),
        ({"id_token": {}}, False), ({}, False), ({"id_token": None}, False), ({"id_token": {"amr": "mfa"}}, False), ({"id_token": {"amr": [["mfa"]]}}, False),
        # what is not in the ID token was not said when they signed in
        ({"userinfo": {"amr": ["mfa"], "acr": "AAL2"}, "id_token": {}}, False),
    ],
)  # fmt: skip
def test_only_a_claim_that_the_settings_name_stands_for_a_second_factor(settings, claims, stands):
    settings.OIDC_AMR, settings.OIDC_ACR = {"mfa"}, {"AAL2"}
    assert vouched(login(**claims)) is stands

    settings.OIDC_AMR, settings.OIDC_ACR = set(), set()
    assert not vouched(login(**claims))
    assert not vouched(None)
