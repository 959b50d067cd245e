"""Whatever a member can do on a concern's page, a program can do with the body's token; a whole story goes by the API alone."""

import json
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

import papers
from hall import signal
from tocsin.web.api.acts import OPERATIONS
from tocsin.web.concerns import actions, raisers
from tocsin.web.concerns.forms import FORMS
from tocsin.web.concerns.models import Concern, JoinedSignal, Link, Publication
from tocsin.web.people.actions import make_token
from tocsin.web.people.permissions import Act
from tocsin.web.record import checkpoint, ledger
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db


def test_every_act_of_the_page_has_its_operation():
    assert {f.act for f in FORMS.values()} == {o.act for o in OPERATIONS} | {Act.EVIDENCE_GIVEN}


@pytest.fixture
def do(client, hall):
    tokens = {}

    def doing(who, concern, address, status=200, key=None, **body):
        if who not in tokens:
            with acting_as(TOCSIN):
                tokens[who] = make_token(body=hall.bodies[who], name="x", scopes=["read", "act", "raise"], by=hall.members[who])[1]
        more = {"HTTP_AUTHORIZATION": f"Bearer {tokens[who]}", "HTTP_IDEMPOTENCY_KEY": str(key or uuid4())}
        if "file" in body:
            answer = client.post(f"/api/v1/concerns/{concern}/{address}", body, **more)
        elif address:
            answer = client.post(f"/api/v1/concerns/{concern}/{address}", json.dumps(body), content_type="application/json", **more)
        else:
            answer = client.get(f"/api/v1/concerns/{concern}", **more)
        assert answer.status_code == status, answer.content
        return answer.json()

    return doing


def test_a_whole_story_by_the_api(hall, moment, do, settings, tmp_path):
    settings.DATA = tmp_path
    receipt = raisers.raise_from_outside(provider=hall.providers["XAA"], kind="outcome-signal", group="family", account="x")
    n = actions.raise_signal(signal(), by="the watch").pk
    other = actions.raise_signal(signal("XAB"), by="the watch").pk
    do("icb", n, "acknowledge")
    do("icb", n, "link", other=other, why="One rota")
    action = do("icb", n, "actions", what="A second consultant", owner="trust", strength="strong", measure="Deaths", due="2026-05-01")["made"]
    do("icb", n, f"actions/{action}/change", state="begun", effect="The post is agreed")
    do("trust", n, f"actions/{action}/report", state="carried-out", effect="It is filled")
    do("mnsi", n, f"actions/{action}/check", worked=True, effect="Fell to 2.0 in 1,000 births")
    question = do("icb", n, "questions", subject="Rotas", due="2026-02-01")["made"]
    do("cqc", n, f"questions/{question}/join")
    do("trust", n, f"questions/{question}/answer", answer="Here they are")
    do("cqc", n, "questions", status=409, subject="The rotas", due="2026-02-01")
    do("cqc", n, "note", words="Seen")
    do("cqc", n, "evidence", file=SimpleUploadedFile("rota.pdf", papers.pdf()))
    do("cqc", n, "evidence", status=409, file=SimpleUploadedFile("a.exe", b"MZ" + b"\0" * 200))
    do("icb", n, "ask-time", until="2026-02-20", reason="One week more")
    do("region", n, "give-time", until="2026-02-10", reason="Until the board meets")
    do("icb", n, "publish", title="What will change", words="A second consultant is there at night.")
    do("icb", n, "publish", status=409, title="What will change", words="3 of them died.")
    do("icb", n, "hand-over", to="nhse", reason="Our powers do not suffice")
    over = do("nhse", n, "take-over", powers=["take-over-or-close"], scope="Maternity", criteria=["Two quiet quarters"], reviews=["2026-03-01"])["made"]
    do("nhse", n, "review", words="Not yet", following="2026-04-01")
    [criterion] = do("nhse", n, "")["take_overs"][0]["criteria"]
    do("nhse", n, "hand-back", status=409, reason="better")
    do("mnsi", n, f"criteria/{criterion['id']}/met", evidence="12 in 6,104 births")
    assert do("nhse", n, "hand-back", reason="Every criterion is met")["made"] == over
    with acting_as(TOCSIN):
        for key in JoinedSignal.objects.filter(concern=n).values_list("key", flat=True):
            actions.signal_ended(key=key, day=moment.at.date())
    do("mnsi", n, "effect", way="indicator", worked=True, what="The usual rate for two quarters")
    do("nhse", n, "tell", words="Others run the unit since March.")
    raisers.answer(raiser=raisers.find(receipt.number, receipt.code).pk, resolved=True, words="")
    for who in ("trust", "mnsi", "icb"):
        do(who, n, "done", words="Done")
    said = do("cqc", n, "")

    assert [a["state"] for a in said["actions"]] == ["shown-to-work"]
    assert said["questions"][0]["joined_by"] == ["cqc"]
    assert [t["ended"] is not None for t in said["take_overs"]] == [True]
    assert [f["name"] for f in said["files"]] == ["rota.pdf"]
    assert {c["what"]: c["missing"] for c in said["before_closing"]}["Those who raised it were told, and asked"] is None
    assert said["entries"][-1]["seq"] == said["concern"]["last_entry"]
    with acting_as(TOCSIN):
        assert Link.objects.count() == Publication.objects.count() == 1
        assert checkpoint.verify()[1] == []


def test_relating_and_restricting_by_the_api(hall, do):
    first = actions.raise_signal(signal(), by="the watch").pk
    split = do("icb", first, "split", kind="care-below-standard", title="Nights")["made"]
    merged = do("icb", split, "merge", into=first, reason="The same after all")
    restricted = do("icb", first, "restrict", reason="It is about one person")

    assert (merged["id"], merged["merged_into"], merged["made"]) == (split, first, first)
    assert restricted["restricted"]
    do("cqc", first, "note", status=404, words="x")
    with acting_as(TOCSIN):
        assert Concern.objects.get(pk=split).merged_into_id == first


def test_refusing_and_a_conflict_by_the_api(hall, do, moment):
    first, second = (actions.raise_signal(signal(p), by="the watch").pk for p in ("XAA", "XAB"))

    assert do("icb", first, "refuse", reason="Not ours")["phase"] == "refused"
    assert do("icb", second, "conflict", reason="Our chair sits on its board")["holder"] == "region"
    do("region", second, "act", words="One plan")


def test_one_key_is_one_act_and_for_anything_else_it_is_refused(hall, do):
    n = actions.raise_signal(signal(), by="the watch").pk
    key = uuid4()
    plan = {"what": "A", "owner": "trust", "strength": "weak", "measure": "m", "due": "2026-05-01"}
    first, again = do("icb", n, "actions", key=key, **plan), do("icb", n, "actions", key=key, **plan)

    assert first["made"] == again["made"]
    do("icb", n, "actions", key=key, status=409, **plan | {"what": "B"})
    do("icb", n, "note", key=key, status=409, words="x")
    do("region", n, "note", key=key, status=409, words="x")
    with acting_as(TOCSIN):
        assert [e.what for e in ledger.entries(f"concern:{n}")].count("action-planned") == 1
