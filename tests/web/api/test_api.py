import json
from uuid import uuid4

import pytest

from hall import signal
from tocsin.signal import ConcernKind
from tocsin.web.concerns import actions
from tocsin.web.concerns.models import Concern
from tocsin.web.people.actions import end_token, make_token
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db


def token(hall, name, *scopes):
    with acting_as(TOCSIN):
        return make_token(body=hall.bodies[name], name="x", scopes=list(scopes or ("read", "raise", "act")), by=hall.members[name])


@pytest.fixture
def call(client, hall):
    texts = {name: token(hall, name)[1] for name in ("icb", "region", "trust", "cqc")}

    def calling(method, address, who="icb", body=None, key=None, **headers):
        more = {"HTTP_AUTHORIZATION": f"Bearer {texts.get(who, who)}", "HTTP_IDEMPOTENCY_KEY": str(key or uuid4())} | headers
        data = json.dumps(body) if body is not None else None
        return (
            getattr(client, method)(f"/api/v1{address}", data, content_type="application/json", **more)
            if method == "post"
            else client.get(f"/api/v1{address}", **more)
        )

    return calling


@pytest.fixture
def concern(hall):
    return actions.raise_signal(signal(), by="the watch")


def test_a_concern_is_read_with_what_is_owed_and_what_follows(call, concern):
    said = call("get", f"/concerns/{concern.pk}").json()

    assert said["concern"]["holder"] == "icb"
    assert said["ahead"][0] == {"day": "2026-01-16", "body": "icb", "to": "region", "why": "deadline-passed"}
    assert said["signals"][0]["level"] == "red"
    assert [e["what"] for e in said["entries"]] == ["raised", "signal-joined"]


def test_pages_follow_each_other_without_gap_or_repeat(call, hall):
    for kind in ("outcome-signal", "care-below-standard", "failed-candour"):
        for provider in ("XAA", "XAB"):
            actions.raise_signal(signal(provider, kind=ConcernKind(kind)), by="the watch")
    seen, after = [], 0
    while after is not None:
        page = call("get", f"/concerns?limit=2&after={after}").json()
        seen += [c["id"] for c in page["items"]]
        after = page["next"]

    assert seen == sorted(set(seen))
    assert len(seen) == 6


def test_acting_by_a_token_is_done_once_for_one_key(call, concern):
    key = uuid4()
    first = call("post", f"/concerns/{concern.pk}/act", body={"words": "A plan"}, key=key)
    again = call("post", f"/concerns/{concern.pk}/act", body={"words": "A plan"}, key=key)
    stranger = call("post", f"/concerns/{concern.pk}/note", "region", {"words": "x"}, key=key)

    assert first.status_code == again.status_code == 200
    assert first.json()["phase"] == "effect awaited"
    assert stranger.status_code == 409
    with acting_as(TOCSIN):
        assert [e.what for e in ledger.entries(f"concern:{concern.pk}")].count("acted") == 1


@pytest.mark.parametrize(
    ("who", "address", "body", "status"),
    [
        ("nonsense", "/concerns/{}/act", {"words": "x"}, 401),
        ("region", "/concerns/{}/act", {"words": "x"}, 403),
        ("trust", "/concerns/{}/refuse", {"reason": "x"}, 403),
        ("icb", "/concerns/99999/act", {"words": "x"}, 404), ("icb", "/concerns/{}/act", {"words": " "}, 422),
        ("icb", "/concerns/{}/act", {"words": "x", "more": 1}, 422),
        ("icb", "/concerns/{}/hand-over", {"to": "trust", "reason": "x"}, 409), ("icb", "/concerns/{}/ask-time", {"until": "2025-01-01", "reason": "x"}, 409),
        ("icb", "/concerns/{}/note", {"words": "a\0b"}, 422), ("icb", "/concerns/{}/note", {"words": "x" * 30_000}, 422),
    ],
)  # fmt: skip
def test_each_error_is_a_problem_that_says_why_and_changes_nothing(call, concern, who, address, body, status):
    answer = call("post", address.format(concern.pk), who, body)

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status
    assert answer.json()["detail"]
    with acting_as(TOCSIN):
        assert Concern.objects.get().last_entry == concern.last_entry


def test_a_stale_call_is_refused(call, concern):
    call("post", f"/concerns/{concern.pk}/note", "region", {"words": "News"})

    assert call("post", f"/concerns/{concern.pk}/acknowledge", body={}, HTTP_IF_MATCH=str(concern.last_entry)).status_code == 412


def test_what_one_may_not_see_is_as_if_it_were_not_there(call, hall):
    conduct = actions.raise_signal(signal(kind=ConcernKind.CONDUCT), by="the watch")

    assert call("get", f"/concerns/{conduct.pk}", "trust").json()["detail"] == call("get", "/concerns/88888", "trust").json()["detail"]
    assert call("get", "/concerns", "trust").json()["items"] == []


def test_a_token_does_only_what_its_scopes_say_until_it_is_ended(call, hall, concern):
    made, text = token(hall, "icb", "read")
    assert call("get", "/concerns", text).status_code == 200
    assert call("post", f"/concerns/{concern.pk}/note", text, {"words": "x"}).status_code == 401
    with acting_as(TOCSIN):
        end_token(token=made.pk, by=hall.icb)

    assert call("get", "/concerns", text).status_code == 401


def test_a_signal_of_another_system_joins_once_and_only_about_ones_own_providers(call, hall):
    body = {
        "provider": "XAA",
        "site": "XAA01",
        "kind": "outcome-signal",
        "level": "red",
        "raised_on": "2026-01-02",
        "sentence": "A rise",
        "indicator": "hie",
    }
    first, again = call("post", "/signals", "icb", body), call("post", "/signals", "icb", body)

    assert first.status_code == again.status_code == 201
    assert first.json()["id"] == again.json()["id"]
    assert call("post", "/signals", "trust", body | {"provider": "XAB"}).status_code == 403
    assert call("post", "/signals", "icb", body | {"kind": "gossip"}).status_code == 422
    assert call("post", "/concerns", "cqc", {"provider": "XAB", "kind": "failed-candour", "title": "Letters"}).status_code == 201


def test_after_a_call_nobody_is_acting(call, concern):
    from tocsin.web.record.acting import acting

    call("get", "/concerns")

    assert acting() == ""
