"""Each choice of a reader, by each way of hearing, through a real mail server and a real receiver; and what is confided is in none of it."""

import base64
import hashlib
import hmac
import json
from datetime import date, timedelta

import icalendar
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.backends.utils import CursorWrapper
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from hall import MONDAY, enter, signal
from post_office import post_office, receiver
from tocsin.signal import ConcernKind
from tocsin.web.concerns import actions as hall_actions
from tocsin.web.concerns import closing, plan, raisers, takeover
from tocsin.web.feeds import actions, outbox
from tocsin.web.feeds.models import Delivery, Mark, Subscription
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def same_moment(moment, monkeypatch):
    for where in ("feeds.actions", "feeds.outbox", "feeds.views"):
        monkeypatch.setattr(f"tocsin.web.{where}.now", lambda: moment.at)
    execute = CursorWrapper.execute

    def as_if_ended(self, sql, params=None):
        # a test is one transaction, which does not end before it
        if "pg_snapshot_xmin" in sql:
            sql = "SELECT pg_current_xact_id()::text::bigint + 1"
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", as_if_ended)


@pytest.fixture
def mail(settings):
    with post_office() as office:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", office.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield office


@pytest.fixture
def hook(settings):
    settings.WEBHOOKS_TO_ANYWHERE = True
    with receiver() as found:
        yield found


def as_(someone, do, **given):
    with acting_as(someone.pk):
        return do(by=someone, **given)


def told():
    with acting_as(TOCSIN):
        Mark.objects.update(transaction=0)
    outbox.collect()
    return outbox.send()


PACES = {"at-once": timedelta(0), "daily": timedelta(days=1), "weekly": timedelta(days=7)}
SCOPES = (("all", ""), ("provider", "XAA"), ("kind", "outcome-signal"), ("body", "icb"), ("published", ""))


@pytest.mark.parametrize(("scope", "target"), SCOPES)
@pytest.mark.parametrize("pace", PACES)
@pytest.mark.parametrize("way", ["mail", "webhook"])
def test_one_hears_what_one_chose_when_one_chose_by_the_way_one_chose(hall, moment, mail, hook, scope, target, pace, way):
    about = hall_actions.raise_signal(signal(), by="the watch")
    subscribed, _ = as_(hall.region, actions.subscribe, pace=pace, scope=scope, target=target, url=hook.address if way == "webhook" else "")
    wait = PACES[pace] if way == "mail" else timedelta(0)

    def heard():
        return len(mail.letters) + len(hook.calls)

    def news(number):
        if scope == "published":
            as_(hall.icb, closing.publish, concern=about.pk, title=f"Plan {number}", words="What will change")
        else:
            as_(hall.icb, plan.plan_action, concern=about.pk, what=f"A{number}", owner="trust", strength="weak", measure="m",
                due=(MONDAY + timedelta(days=90)).date())  # fmt: skip

    moment.at += timedelta(minutes=1)
    other = hall_actions.raise_signal(signal("XAB", kind=ConcernKind.FAILED_CANDOUR), by="the watch")
    as_(hall.members[other.holder.kind], hall_actions.declare_conflict, concern=other.pk, reason="x")
    news(1)
    told()
    chosen = {"all": {about.pk, other.pk}}.get(scope, {about.pk})
    if way == "webhook":
        assert {json.loads(body)["data"]["concern"] for _, body in hook.calls} == chosen
    else:
        [(to, letter)] = mail.letters
        text = letter.get_body(("plain",)).get_content()
        assert to == [hall.region.email]
        assert letter.get_body(("html",)).get_content().count("<li>") == len(chosen)
        assert ("/published/" in text) if scope == "published" else all(f"/concerns/{n}/" in text for n in chosen)
    before = heard()
    news(2)
    told()
    assert (heard() > before) is (not wait)
    moment.at += wait
    told()
    assert heard() > before
    assert told() == 0, "what was told is told once"
    with acting_as(TOCSIN):
        assert Subscription.objects.get(pk=subscribed.pk).ended is None


def test_a_mail_that_is_not_taken_in_is_sent_again_after_growing_waits(hall, moment, mail):
    as_(hall.region, actions.subscribe, pace="at-once", scope="all")
    hall_actions.raise_signal(signal(), by="the watch")
    mail.refusals = ["451 not now"] * 5
    told()
    waits = []
    for _ in range(5):
        with acting_as(TOCSIN):
            following = min(Delivery.objects.filter(sent=None).values_list("next_try", flat=True))
        waits.append(following - moment.at)
        moment.at = following - timedelta(seconds=1)
        assert outbox.send() == 0
        assert mail.letters == []
        moment.at = following
        outbox.send()

    assert waits == sorted(set(waits)), "each wait is longer than the one before"
    assert len(mail.letters) == 1


def test_a_webhook_is_signed_over_what_it_says_and_tried_again_after_growing_waits(hall, moment, hook):
    _, secret = as_(hall.region, actions.subscribe, pace="weekly", scope="all", url=hook.address)
    hook.answers = [500, 302, 429, 503]
    hall_actions.raise_signal(signal(), by="the watch")
    told()
    waits = []
    while hook.answers:
        with acting_as(TOCSIN):
            following = min(Delivery.objects.filter(sent=None).values_list("next_try", flat=True))
        waits.append(following - moment.at)
        moment.at = following
        outbox.send()
    told()
    headers, body = hook.calls[-1]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode(), hashlib.sha256).digest()

    assert waits == sorted(set(waits))
    assert headers["webhook-signature"] == "v1," + base64.b64encode(signed).decode()
    assert int(headers["webhook-timestamp"]) == int(moment.at.timestamp())
    assert headers["content-type"] == "application/json"


def test_the_header_of_a_mail_ends_it_in_one_click_by_post_alone(hall, moment, mail):
    """RFC 8058: the mail program posts 'List-Unsubscribe=One-Click' to the address in the header, without cookies, and nobody signs in."""
    as_(hall.region, actions.subscribe, pace="at-once", scope="all")
    hall_actions.raise_signal(signal(), by="the watch")
    told()
    [(_, letter)] = mail.letters
    address = letter["List-Unsubscribe"].strip().strip("<>").removeprefix("http://localhost:8000")
    program = Client(enforce_csrf_checks=True)

    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert program.get(address).status_code == 200
    with acting_as(TOCSIN):
        assert Subscription.objects.get().ended is None, "a program that only looks ends nothing"
    assert program.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    hall_actions.raise_signal(signal(indicator="hie"), by="the watch")
    told()
    assert len(mail.letters) == 1


CONFIDED = st.text("abcdefghijklmnopqrstuvwxyzäöüéß0123456789", min_size=9, max_size=30).map(lambda word: f"zq{word}qz")


def test_nothing_that_is_confided_is_in_a_mail_a_webhook_a_feed_or_a_calendar(client, hall, moment, mail, hook, settings_of_files):
    everybody = [hall.icb, hall.region, hall.nhse, hall.trust]
    for someone in everybody:
        for scope, target in SCOPES:
            as_(someone, actions.subscribe, pace="at-once", scope=scope, target=target)
            as_(someone, actions.subscribe, pace="at-once", scope=scope, target=target, url=hook.address)

    @given(secret=CONFIDED)
    @tries(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def check(secret):
        with transaction.atomic():
            confide(hall, secret)
            moment.at += timedelta(hours=1)
            told()
            said = [part.get_content() for _, letter in mail.letters for part in letter.walk() if not part.is_multipart()]
            said += [str(letter.items()) for _, letter in mail.letters] + [str(call) for call in hook.calls]
            said.append(client.get("/feeds/published.atom").content.decode())
            said.append(client.get("/published/").content.decode())
            for someone in everybody:
                enter(client, someone)
                said.append(client.get("/feeds/mine.atom").content.decode())
                calendar = client.get("/feeds/deadlines.ics").content
                said.append(icalendar.Calendar.from_ical(calendar).to_ical().decode().replace("\r\n ", ""))
            transaction.set_rollback(True)
        assert len(mail.letters) >= 4
        assert len(hook.calls) >= 4
        assert [text for text in said if secret in text] == []

    check()


@pytest.fixture
def settings_of_files(settings, tmp_path):
    settings.DATA = tmp_path


def confide(hall, secret):
    """The secret in every field of a concern that somebody can fill in, but what is published."""
    receipt = raisers.raise_from_outside(
        provider=hall.providers["XAA"], kind="outcome-signal", group="family", account=secret, contact=f"{secret}@example.org"
    )
    n, soon = receipt.concern, (MONDAY + timedelta(days=60)).date()
    with acting_as(hall.region.pk):
        hall_actions.raise_concern(
            provider=hall.providers["XAB"], kind="failed-candour", title=secret, words=secret, by=hall.region, body=hall.bodies["region"]
        )
    as_(hall.icb, hall_actions.note, concern=n, words=secret)
    as_(hall.icb, hall_actions.give_evidence, concern=n, upload=SimpleUploadedFile(f"{secret}.txt", secret.encode()))
    action = as_(hall.icb, plan.plan_action, concern=n, what=secret, owner="trust", strength="weak", measure=secret, due=soon)
    as_(hall.trust, plan.report_action, concern=n, action=action.pk, state="begun", effect=secret)
    question = as_(hall.icb, plan.ask_information, concern=n, subject=secret, detail=secret, due=soon)
    as_(hall.trust, plan.answer_information, concern=n, question=question.pk, answer=secret)
    as_(hall.mnsi, closing.show_effect, concern=n, way="verification", what=secret, worked=False)
    as_(hall.icb, raisers.tell_raisers, concern=n, words=secret)
    raisers.answer(raiser=raisers.find(receipt.number, receipt.code).pk, resolved=False, words=secret)
    as_(hall.icb, closing.publish, concern=n, title="What will change", words="In plain words")
    as_(hall.icb, hall_actions.act, concern=n, words=secret)
    as_(hall.icb, hall_actions.declare_conflict, concern=n, reason=secret)
    as_(hall.nhse, takeover.take_over, concern=n, powers=["take-over-or-close"], scope=secret, criteria=[secret], reviews=[date(2026, 3, 1)])
