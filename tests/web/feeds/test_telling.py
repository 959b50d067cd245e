import json
import re
import threading
import time
from base64 import b64encode
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import icalendar
import pytest
from django.core import mail
from django.db.backends.utils import CursorWrapper

from hall import MONDAY, enter, signal
from tocsin.signal import ConcernKind
from tocsin.web.concerns import actions as hall_actions
from tocsin.web.concerns import closing, plan
from tocsin.web.feeds import actions, outbox, webhook
from tocsin.web.feeds.models import Delivery, Mark, Subscription
from tocsin.web.people.actions import make_token
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def concern(hall):
    return hall_actions.raise_signal(signal(), by="the watch")


@pytest.fixture(autouse=True)
def same_moment(moment, monkeypatch):
    for where in ("feeds.actions", "feeds.outbox", "feeds.views"):
        monkeypatch.setattr(f"tocsin.web.{where}.now", lambda: moment.at)


def collected():
    """A test is one transaction, which does not end before it: it is gone through as if it had, and from the beginning each time."""
    with acting_as(TOCSIN):
        Mark.objects.update(transaction=0)
    return outbox.collect()


@pytest.fixture(autouse=True)
def entries_of_this_transaction_count(monkeypatch):
    execute = CursorWrapper.execute

    def as_if_ended(self, sql, params=None):
        if "pg_snapshot_xmin" in sql:
            sql = "SELECT pg_current_xact_id()::text::bigint + 1"
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", as_if_ended)


def subscribe(someone, **given):
    with acting_as(someone.pk):
        return actions.subscribe(**{"by": someone, "pace": "at-once", "scope": "all"} | given)


def test_news_comes_once_by_mail_that_says_nothing_of_what_it_is_about(hall, concern):
    subscribe(hall.region)
    with acting_as(hall.icb.pk):
        hall_actions.act(concern=concern.pk, words="Unmistakable words", by=hall.icb)
    assert collected() >= 1
    outbox.collect()
    assert outbox.send() == 1
    assert outbox.send() == 0

    [letter] = mail.outbox
    whole = letter.message().as_string()
    assert f"/concerns/{concern.pk}/" in letter.body
    assert "Unmistakable" not in whole
    assert "XAA" not in whole
    assert "One-Click" in letter.extra_headers["List-Unsubscribe-Post"]
    assert letter.alternatives


def test_nobody_hears_of_what_they_may_not_see(hall):
    for name in hall.members:
        subscribe(hall.members[name])
    conduct = hall_actions.raise_signal(signal(kind=ConcernKind.CONDUCT), by="the watch")
    collected()

    with acting_as(TOCSIN):
        told = set(Delivery.objects.values_list("subscription__member", flat=True))
    assert told == {hall.members[conduct.holder.kind].pk}


@pytest.mark.parametrize(
    ("scope", "target", "hears"),
    [
        ("provider", "XAB", 0),
        ("provider", "XAA", 1),
        ("kind", "outcome-signal", 1),
        ("kind", "conduct", 0),
        ("body", "icb", 1),
        ("body", "cqc", 0),
    ],
)
def test_one_hears_of_what_one_chose(hall, scope, target, hears):
    subscribe(hall.region, scope=scope, target=target)
    hall_actions.raise_signal(signal(), by="the watch")
    collected()
    outbox.send()

    assert len(mail.outbox) == hears


def test_a_daily_mail_waits_for_its_day_and_brings_all_in_one(hall, concern, moment):
    subscribe(hall.region, pace="daily")
    for n in range(3):
        with acting_as(hall.icb.pk):
            plan.plan_action(
                concern=concern.pk,
                what=f"A{n}",
                owner="trust",
                strength="weak",
                measure="m",
                due=(MONDAY + timedelta(days=90)).date(),
                by=hall.icb,
            )
        collected()
        outbox.send()
    assert len(mail.outbox) == 1
    moment.at += timedelta(days=1, minutes=1)
    outbox.send()

    assert len(mail.outbox) == 2


def test_one_click_stops_it_and_a_broken_link_says_so(client, hall, concern):
    made, _ = subscribe(hall.region)
    address = actions.stopping(made).removeprefix("http://localhost:8000")
    assert client.get(address).status_code == 200
    with acting_as(TOCSIN):
        assert Subscription.objects.get().ended is None
    assert client.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert client.post("/feeds/stop/nonsense/").status_code == 410

    with acting_as(TOCSIN):
        assert Subscription.objects.get().ended is not None


def test_the_public_hears_of_what_is_published_after_confirming_and_of_nothing_else(
    client, hall, concern, moment, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post("/feeds/hear/", {"email": "reader@example.org"}).status_code == 200
    link = re.search(r"/feeds/confirm/\S+", mail.outbox.pop().body)[0]
    with acting_as(hall.icb.pk):
        closing.publish(concern=concern.pk, title="Before", words="x", by=hall.icb)
    collected()
    moment.at += timedelta(hours=1)
    assert client.post(link).status_code == 200
    with acting_as(hall.icb.pk):
        hall_actions.acknowledge(concern=concern.pk, by=hall.icb)
        closing.publish(concern=concern.pk, title="A plan for night staffing", words="What will change", by=hall.icb)
    assert collected() == 1
    outbox.send()

    assert [m.to for m in mail.outbox] == [["reader@example.org"]]
    assert "A plan for night staffing" in client.get("/published/").content.decode()
    atom = client.get("/feeds/published.atom")
    assert b"A plan for night staffing" in atom.content
    assert client.get("/feeds/published.atom", HTTP_IF_MODIFIED_SINCE=atom["Last-Modified"]).status_code == 304


def test_feeds_and_deadlines_ask_for_a_token_and_show_only_what_its_owner_may_see(client, hall, concern):
    with acting_as(hall.icb.pk):
        _, token = make_token(body=hall.bodies["icb"], name="Calendar", scopes=["feeds"], by=hall.icb)
        _, other = make_token(body=hall.bodies["icb"], name="Reading", scopes=["read"], by=hall.icb)
    basic = {"HTTP_AUTHORIZATION": "Basic " + b64encode(f"me:{token}".encode()).decode()}
    assert client.get("/feeds/deadlines.ics").status_code == 401
    assert client.get("/feeds/deadlines.ics", HTTP_AUTHORIZATION=f"Bearer {other}").status_code == 401
    calendar = icalendar.Calendar.from_ical(client.get("/feeds/deadlines.ics", **basic).content)

    assert concern.due in [e.decoded("dtstart") for e in calendar.walk("VEVENT")]
    feed = client.get("/feeds/mine.atom", **basic).content.decode()
    assert f"Concern {concern.pk}: raised" in feed
    assert "A rise" not in feed


class Receiver(BaseHTTPRequestHandler):
    got, answers = [], []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.got.append((dict(self.headers), body))
        self.send_response(self.answers.pop(0) if self.answers else 204)
        self.end_headers()

    def log_message(self, *args):
        """Nothing is said."""


@pytest.fixture
def receiver():
    Receiver.got, Receiver.answers = [], []
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()


def test_a_webhook_is_signed_and_tried_again_and_says_nothing_of_what_it_is_about(hall, concern, receiver, settings, moment):
    settings.WEBHOOKS_TO_ANYWHERE = True
    _, secret = subscribe(hall.region, url=receiver)
    Receiver.answers = [500]
    with acting_as(hall.icb.pk):
        hall_actions.act(concern=concern.pk, words="Unmistakable words", by=hall.icb)
    collected()
    assert outbox.send() == 0
    assert outbox.send() == 0
    moment.at += timedelta(minutes=2)
    assert outbox.send() == 1

    headers, body = Receiver.got[-1]
    assert webhook.check(secret, headers, body)
    assert not webhook.check(secret, headers, body.replace("acted", "passed"))
    assert json.loads(body)["data"]["concern"] == concern.pk
    assert "Unmistakable" not in str(Receiver.got)


def test_a_webhook_that_never_answers_is_ended_after_days(hall, receiver, settings, moment):
    settings.WEBHOOKS_TO_ANYWHERE = True
    subscribe(hall.region, url=receiver)
    hall_actions.raise_signal(signal(), by="the watch")
    Receiver.answers = [500] * 99
    collected()
    for _ in range(12):
        outbox.send()
        moment.at += timedelta(days=1, minutes=1)

    with acting_as(TOCSIN):
        assert "did not answer" in Subscription.objects.get().why_ended


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://localhost/", "https://10.0.0.1/x", "https://[::1]/"])
def test_a_webhook_does_not_reach_inside(hall, url):
    made, _ = subscribe(hall.region, url=url)
    with acting_as(TOCSIN):
        delivery = Delivery(pk=1, subscription=made, entry=1, concern=1, what="acted", made=MONDAY, next_try=MONDAY)
    with pytest.raises(OSError, match=r"public|refused"):
        webhook.post(made, delivery, MONDAY)


def test_a_webhook_needs_https(hall):
    with pytest.raises(actions.Refused):
        subscribe(hall.region, url="http://example.org/")


def test_the_page_of_subscriptions_adds_and_stops(client, hall):
    enter(client, hall.region)
    assert client.post("/feeds/", {"scope": "provider", "provider": "XAA", "pace": "weekly"}).status_code == 302
    assert client.post("/feeds/", {"scope": "provider", "pace": "weekly"}).status_code == 422
    page = client.get("/feeds/").content.decode()
    number = re.search(r'name="stop" value="([^"]+)"', page)[1]
    client.post("/feeds/", {"stop": number})

    assert "Nothing yet." in client.get("/feeds/").content.decode()


def test_a_link_to_confirm_that_is_too_old_says_so_and_confirms_nothing(client, hall, monkeypatch, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        actions.subscribe_in_public(email="reader@example.org")
    path = re.search(r"/feeds/confirm/\S+", mail.outbox[-1].body)[0]
    real = time.time()
    with monkeypatch.context() as later:
        later.setattr("django.core.signing.time.time", lambda: real + 4 * 86400)
        answer = client.post(path)

    assert answer.status_code == 410
    assert "too old or not whole. Ask again." in answer.content.decode()
    with acting_as(TOCSIN):
        assert Subscription.objects.get().confirmed is None
