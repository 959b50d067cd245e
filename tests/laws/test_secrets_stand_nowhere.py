"""Secrets are in no log, mail, address or record: a day at the gate is lived through, and everything that was written is searched."""

import logging
import re
import time
from pathlib import Path
from uuid import uuid4

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.test import Client

from hall import enter, member
from tocsin.web.people.models import Role
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Entry

PASSWORD, WRONG = "correct horse and a battery", "wrong horse and a staple"


@pytest.fixture
def heard(hall, caplog, django_capture_on_commit_callbacks):
    """Somebody is invited, joins, fails, signs in, makes a token and uses it; somebody tells and comes back. What was said, and the secrets."""
    caplog.set_level(logging.DEBUG)
    addresses, secrets = [], [PASSWORD, WRONG]

    def seen(answer):
        addresses.extend([answer.get("Location", ""), answer.request["PATH_INFO"], answer.request.get("QUERY_STRING", "")])
        return answer.content.decode()

    with acting_as(TOCSIN):
        administrator = member(hall.bodies["icb"], Role.ADMINISTRATOR)
    inviting = Client()
    enter(inviting, administrator)
    with django_capture_on_commit_callbacks(execute=True):
        page = seen(inviting.post("/people/bodies/icb/", {"what": "invite", "email": "new@example.org", "role": "lead"}))
    secrets.append(re.search(r'id="code"[^>]*>\s*([A-Z0-9-]{17})', page)[1])
    client = Client()
    seen(client.post("/join/", {"email": "new@example.org", "code": "AAAAA-BBBBB-CCCCC", "name": "New", "password": PASSWORD}))
    seen(client.post("/join/", {"email": "new@example.org", "code": secrets[-1], "name": "New", "password": PASSWORD}))
    seen(client.post("/account/reauthenticate/", {"password": PASSWORD}))
    key = re.search(r'value="([A-Z2-7]{16,})"', seen(client.get("/account/2fa/totp/activate/")))[1]
    code = format_hotp_value(hotp_value(key, int(time.time()) // 30))
    secrets += [key, client.cookies["sessionid"].value]
    seen(client.post("/account/2fa/totp/activate/", {"code": code}))
    secrets += re.findall(r"\b[0-9a-z]{8}\b(?=\s*$)", seen(client.get("/account/2fa/recovery-codes/")), re.M)[:2]
    page = seen(client.post("/people/", {"what": "token", "name": "x", "body": str(hall.bodies["icb"].pk), "scopes": ["read", "feeds"]}))
    secrets.append(re.search(r"tocsin_[\w-]{40,}", page)[0])
    program = Client()
    for text in (secrets[-1], "tocsin_" + "z" * 43):
        seen(program.get("/api/v1/concerns", headers={"Authorization": f"Bearer {text}"}))
        seen(program.get("/feeds/mine.atom", headers={"Authorization": f"Bearer {text}"}))
    seen(client.post("/sign-out/"))
    seen(client.post("/account/login/", {"login": "new@example.org", "password": WRONG}))
    seen(client.post("/account/login/", {"login": "new@example.org", "password": PASSWORD}))
    outside = Client()
    told = {"provider": "XAA", "kind": "outcome-signal", "group": "family", "account": "She was not heard", "contact": "07700 900123"}
    page = seen(outside.post("/tell-us/", told | {"request": str(uuid4()), "stamp": "0"}))
    number, receipt = (re.search(rf'id="{what}">([A-Z0-9-]+)<', page)[1] for what in ("number", "code"))
    seen(outside.post("/told/", {"number": number, "code": "WRONG-CODE"}))
    seen(outside.post("/told/", {"number": number, "code": receipt}))
    assert "She was not heard" in seen(outside.get("/told/"))
    secrets += [receipt, "She was not heard", "07700 900123", outside.cookies["sessionid"].value]
    return addresses, secrets


def found(secrets, text):
    return [s for s in secrets if s in text]


def test_no_secret_is_in_a_log_a_mail_an_address_or_the_record(heard, caplog):
    addresses, secrets = heard
    with acting_as(TOCSIN):
        record = "\n".join(f"{e.what} {e.payload}" for e in Entry.objects.all())
    mails = "\n".join(str(m.message()) for m in mail.outbox)

    assert len(secrets) >= 9
    assert "invited" in record
    assert "Invitation" in mails
    for text in (caplog.text, mails, "\n".join(addresses), record):
        assert found(secrets, text) == []


def test_what_is_kept_holds_each_secret_only_as_a_hash_or_sealed(heard):
    _, secrets = heard
    # whose sessions a member ends is a list of them, and Django keeps sessions by their key
    of_sessions = ("django_session", "usersessions_usersession")
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [t for (t,) in cursor.fetchall() if t not in of_sessions]
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            assert found(secrets, "\n".join(row[0] for row in cursor.fetchall())) == [], table
    assert len(tables) > 40


def test_a_statement_that_fails_leaves_nothing_of_what_it_said_in_the_servers_log(hall, settings):
    from tocsin.postgres import status

    with acting_as(TOCSIN), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO people_member (id, email, password) VALUES (%s, %s, 'x')", [hall.icb.pk, "confided-zyxwvut@example.org"])
    with acting_as(TOCSIN), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE people_member SET email = %s", ["confided-zyxwvut@example.org"])
    log = Path(status(settings.DATA)["log"]).read_text(errors="replace")

    assert "violates" in log
    assert "zyxwvut" not in log
