"""Law 4, by attack: ids in every address, another body's token, forged forms, planted sessions, led-away links, guessing."""

import re
from itertools import product
from uuid import uuid4

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from hall import enter, member, signal
from tocsin.signal import ConcernKind
from tocsin.web.concerns import actions, raisers
from tocsin.web.feeds.actions import ask_for_pack, subscribe
from tocsin.web.feeds.models import BoardPack
from tocsin.web.people.actions import make_token
from tocsin.web.people.models import Role
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from tocsin.web.record.models import Attachment, Entry

CONFIDED = "Zyxwvut"
"""A word that only those who may see the restricted concern ever read."""
PASSWORD = "a long password"


@pytest.fixture
def kept(hall, settings, tmp_path):
    """A restricted concern of trust XAA with a note, a file, an account from outside, and things of its holder's."""
    settings.DATA = tmp_path
    concern = actions.raise_signal(signal(kind=ConcernKind.CONDUCT), by="the watch")
    holder = hall.members[concern.holder.kind]
    with acting_as(holder.pk):
        actions.note(concern=concern.pk, words=f"{CONFIDED} noted", by=holder)
        upload = SimpleUploadedFile(f"{CONFIDED}.txt", f"{CONFIDED} in a file".encode())
        actions.give_evidence(concern=concern.pk, upload=upload, by=holder)
        ask_for_pack(provider=hall.providers["XAA"], by=holder)
        subscribe(by=holder, pace="daily", scope="body", target=CONFIDED)
        make_token(body=concern.holder, name=CONFIDED, scopes=["read"], by=holder)
    raisers.raise_from_outside(provider=hall.providers["XAA"], kind="conduct", group="staff", account=f"{CONFIDED} told")
    act_as(None)
    concern.keeper = holder
    return concern


def addresses(resolver=None, before=""):
    """Every address of the pages and the API: its pattern with <kind:name> parts, as Django holds it."""
    for part in (resolver or get_resolver()).url_patterns:
        route = before + str(part.pattern).lstrip("^").rstrip("$")
        if isinstance(part, URLResolver):
            yield from addresses(part, route)
        elif isinstance(part, URLPattern):
            yield route


def filled(route, values):
    """The address with each of the values in each of its places."""
    places = re.findall(r"<(?:(\w+):)?(\w+)>", route)
    for choice in product(*(values.get(name) or values[kind or "str"] for kind, name in places)):
        address = "/" + route
        for value in choice:
            address = re.sub(r"<[^>]+>", str(value), address, count=1)
        yield address


@pytest.fixture
def tried(hall, kept):
    """Each address with ids of what exists and may not be seen, and of what does not."""
    with acting_as(TOCSIN):
        attachment = Attachment.objects.get().pk
        pack = BoardPack.objects.get().pk
    values = {
        "int": [kept.pk, attachment, 1], "uuid": [pack, kept.keeper.pk, uuid4()], "str": ["XAA", kept.keeper.pk],
        "slug": ["act", "note", "close"], "code": ["XAA", kept.holder.code], "form": ["svg", "json"], "token": ["made:up:token"],
        "path": ["2015-one/r1", "../../concerns/1"],
    }  # fmt: skip
    routes = [r for r in addresses() if "<" in r and "(?P" not in r]
    assert len(routes) > 30
    return [a for r in routes for a in filled(r, values)]


@pytest.mark.parametrize("who", ["nobody", "trust_b", "trust", "administrator"])
def test_whatever_id_stands_in_an_address_nobody_reads_or_changes_what_they_may_not(hall, kept, tried, who):
    client = Client(raise_request_exception=False)
    if who != "nobody":
        enter(client, member(hall.bodies["icb"], Role.ADMINISTRATOR) if who == "administrator" else hall.members[who])
    with acting_as(TOCSIN):
        before = Entry.objects.count()
    codes = set()

    for address in tried:
        for ask in (client.get, client.post):
            answer = ask(address)
            said = answer.getvalue() if answer.streaming else answer.content
            codes.add(answer.status_code)
            assert CONFIDED.encode() not in said, address
            assert CONFIDED not in str(answer.headers), address
            assert answer.status_code < 500, (address, answer.status_code)
            if address.startswith("/concerns/") and f"/{kept.pk}/" in address:
                assert answer.status_code in (302, 404, 405), (address, answer.status_code)

    with acting_as(TOCSIN):
        assert Entry.objects.filter(chain=f"concern:{kept.pk}", member__isnull=False).exclude(member=kept.keeper.pk).count() == 0
        assert Entry.objects.count() == before
    assert 404 in codes or who == "nobody"


def test_whoever_may_see_it_does_so_by_the_same_addresses(kept, tried):
    client = Client()
    enter(client, kept.keeper)

    seen = [a for a in tried if CONFIDED.encode() in b"".join([client.get(a).getvalue()])]

    assert f"/concerns/{kept.pk}/" in seen
    assert any("/evidence/" in a for a in seen)


@pytest.mark.parametrize("body", ["trust-b", "region", "trust"])
def test_another_bodys_token_of_every_scope_reads_and_does_nothing(hall, kept, body):
    with acting_as(TOCSIN):
        someone = hall.members[body.replace("-", "_")]
        text = make_token(body=hall.bodies[body], name="x", scopes=["read", "raise", "act", "feeds"], by=someone)[1]
    assert kept.holder.code != body
    client = Client(headers={"Authorization": f"Bearer {text}", "Idempotency-Key": str(uuid4())})

    answers = [client.get(f"/api/v1/concerns/{kept.pk}"), client.get("/api/v1/concerns"), client.get("/feeds/mine.atom"), client.get("/feeds/deadlines.ics")]
    for name in ("acknowledge", "act", "done", "refuse", "conflict", "note", "questions", "actions", "hand-over", "ask-time", "give-time"):
        given = {"words": "x", "reason": "x", "until": "2026-02-01", "to": "nhse", "subject": "x", "detail": "x", "due": "2026-02-01"}
        done = client.post(f"/api/v1/concerns/{kept.pk}/{name}", given, content_type="application/json")
        assert done.status_code in (403, 404, 422), (name, done.status_code)
        answers.append(done)

    assert [a for a in answers if CONFIDED.encode() in a.content] == []
    assert answers[0].status_code == 404


def test_a_form_of_another_site_is_refused_everywhere_and_a_cookie_is_no_token(hall, kept):
    client = Client(enforce_csrf_checks=True)
    values = {"int": [kept.pk], "uuid": [uuid4()], "str": ["XAA"], "slug": ["note"], "form": ["svg"], "path": ["2015-one/r1"]}
    # mail programs post the link that can only stop a mail; the API takes no cookie
    free = ("feeds/stop/", "api/")
    refused = set()

    for route in addresses():
        if "(?P" in route or route.startswith(free):
            continue
        for address in filled(route, values):
            enter(client, hall.icb)
            answer = client.post(address)
            assert answer.status_code in (403, 404, 405), (address, answer.status_code)
            refused |= {address} if answer.status_code == 403 else set()

    assert {"/concerns/raise/", "/people/", "/people/bodies/XAA/", f"/concerns/{kept.pk}/do/note/", "/account/login/", "/join/", "/tell-us/", "/told/",
            "/feeds/", "/feeds/hear/", "/sign-out/", "/account/sessions/", "/account/2fa/totp/deactivate/"} <= refused  # fmt: skip
    assert client.get("/api/v1/concerns").status_code == 401
    assert client.post(f"/api/v1/concerns/{kept.pk}/note", {"words": "x"}, content_type="application/json").status_code == 401


def test_a_session_that_was_planted_is_not_the_one_that_is_signed_in(hall, kept):
    client = Client()
    client.cookies["sessionid"] = "planted0planted0planted0planted0"
    client.get("/account/login/")
    client.post("/account/login/", {"login": hall.icb.email, "password": PASSWORD})
    signed_in = client.cookies["sessionid"].value

    assert signed_in != "planted0planted0planted0planted0"
    assert client.cookies["sessionid"]["httponly"]
    assert client.cookies["sessionid"]["samesite"] == "Lax"
    client.post("/sign-out/")
    client.cookies["sessionid"] = signed_in
    assert client.get("/people/").status_code == 302


def test_a_receipt_opened_on_a_planted_session_moves_to_a_new_one(hall):
    receipt = raisers.raise_from_outside(provider=hall.providers["XAA"], kind="conduct", group="staff", account="What I saw")
    planted, victim = Client(), Client()
    session = planted.session
    session["seen"] = 1
    session.save()
    planted.cookies["sessionid"] = session.session_key
    victim.cookies["sessionid"] = session.session_key

    assert victim.post("/told/", {"number": receipt.number, "code": receipt.code}).status_code == 302

    assert "What I saw" in victim.get("/told/").content.decode()
    assert "What I saw" not in planted.get("/told/").content.decode()


AWAY = ["https://evil.example/", "//evil.example/", "/\\evil.example/", "https:evil.example", "javascript:alert(1)", "/\r\nSet-Cookie: a=b", "\t//evil.example"]


@pytest.mark.parametrize("place", AWAY)
def test_no_sign_in_leads_away_from_tocsin_or_writes_a_header(hall, place):
    client = Client()

    first = client.get("/sign-in/", {"next": place})
    answer = client.post("/account/login/", {"login": hall.icb.email, "password": PASSWORD, "next": place})

    assert first["Location"].startswith("/account/login/?next=")
    assert answer.status_code == 302
    assert "evil" not in answer["Location"]
    assert answer["Location"].startswith("/")
    assert not {"\r", "\n"} & set(first["Location"] + answer["Location"])
    assert "a" not in client.cookies


def test_a_name_of_a_file_writes_no_header(hall, settings, tmp_path):
    settings.DATA = tmp_path
    concern = actions.raise_signal(signal(), by="the watch")
    with acting_as(hall.icb.pk):
        upload = SimpleUploadedFile("x.txt", b"words")
        upload._name = 'a"\r\nSet-Cookie: b=c\r\n.txt'
        given = actions.give_evidence(concern=concern.pk, upload=upload, by=hall.icb)
    client = Client()
    enter(client, hall.icb)

    answer = client.get(f"/concerns/{concern.pk}/evidence/{given.pk}/")

    assert answer.status_code == 200
    assert "Set-Cookie: b" not in str(answer.headers).replace("%3A%20", "")
    assert "\n" not in answer["Content-Disposition"]


def test_a_made_up_host_is_refused_and_stands_in_no_mail(hall, settings, django_capture_on_commit_callbacks):
    settings.ALLOWED_HOSTS = ["testserver"]
    with django_capture_on_commit_callbacks(execute=True):
        refused = Client().post("/feeds/hear/", {"email": "a@example.org"}, headers={"Host": "evil.example"})
        led = Client().post("/feeds/hear/", {"email": "a@example.org"}, headers={"X-Forwarded-Host": "evil.example"})

    assert refused.status_code == 400
    assert led.status_code == 200
    assert len(mail.outbox) == 1
    assert "evil" not in mail.outbox[0].body


def test_an_address_writes_no_header_of_a_mail(hall, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = Client().post("/feeds/hear/", {"email": "a@example.org\r\nBcc: b@example.org"})

    assert answer.status_code == 422
    assert mail.outbox == []


def test_guessing_passwords_of_many_from_one_place_is_stopped(hall):
    client = Client()
    for number in range(60):
        client.post("/account/login/", {"login": f"guess{number}@example.org", "password": "wrong"})

    answer = client.post("/account/login/", {"login": hall.icb.email, "password": PASSWORD})

    assert "too many wrong tries" in answer.content.decode()
    assert client.get("/people/").status_code == 302


def test_guessing_a_second_factor_is_stopped(hall):
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    with acting_as(hall.icb.pk):
        TOTP.activate(hall.icb, generate_totp_secret())
    client = Client()
    client.post("/account/login/", {"login": hall.icb.email, "password": PASSWORD})
    for number in range(11):
        answer = client.post("/account/2fa/authenticate/", {"code": f"{number:06}"})

    assert answer.status_code in (200, 429)
    assert "Too many" in answer.content.decode()
    assert client.get("/people/").status_code == 302
