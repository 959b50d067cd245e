"""FHIR over HTTP, as the app's role: in, out, and only what one may see."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import jsonschema_rs
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from hall import enter, member, signal
from lfpse import event, extension
from tocsin.signal import ConcernKind
from tocsin.web.concerns import actions as hall_actions
from tocsin.web.concerns.models import Concern, JoinedSignal
from tocsin.web.fhir import actions
from tocsin.web.fhir.models import EarlierVersion, ReportedEvent
from tocsin.web.people.actions import make_token
from tocsin.web.people.models import Membership
from tocsin.web.record import checkpoint, ledger
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db
BASE = "/api/v1/fhir"


@pytest.fixture
def call(client, hall):
    with acting_as(TOCSIN):
        texts = {
            n: make_token(body=hall.bodies[n], name="x", scopes=["read", "raise", "act"], by=hall.members[n.replace("-", "_")])[1]
            for n in ("icb", "trust", "trust-b", "cqc")
        }

    def calling(method, address, who="icb", body=None, **headers):
        more = ({"HTTP_AUTHORIZATION": f"Bearer {texts.get(who, who)}"} if who else {}) | headers
        if method == "get":
            return client.get(BASE + address, **more)
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        return client.post(BASE + address, data, content_type="application/fhir+json", **more)

    return calling


def test_an_event_is_taken_in_kept_and_given_back_as_it_came(call):
    sent = event()
    answer = call("post", "/AdverseEvent", "trust", sent)
    number = answer["Location"].rsplit("/", 1)[1]
    back = call("get", f"/AdverseEvent/{number}").json()

    assert answer.status_code == 201
    assert answer["Content-Type"].startswith("application/fhir+json")
    assert back.pop("id") == number
    assert back["meta"].pop("versionId") == "1"
    assert back["meta"].pop("lastUpdated")
    assert back == sent


def kept():
    with acting_as(TOCSIN):
        return list(ReportedEvent.objects.select_related("provider", "concern"))


def concerns():
    with acting_as(TOCSIN):
        return [(c.kind, c.level) for c in Concern.objects.order_by("pk")]


def test_sent_again_it_is_the_same_event(call):
    first, again = call("post", "/AdverseEvent", "trust", event()), call("post", "/AdverseEvent", "trust", event())
    unnumbered = [call("post", "/AdverseEvent", "trust", event(number="")) for _ in range(2)]
    twins = [call("post", "/AdverseEvent", "trust", event(number=""), HTTP_IDEMPOTENCY_KEY=str(uuid4())) for _ in range(2)]
    by_another = call("post", "/AdverseEvent", "icb", event())

    assert [a.status_code for a in (first, again, *unnumbered, *twins, by_another)] == [201, 200, 201, 200, 201, 201, 201]
    assert first["Location"] == again["Location"]
    assert len(kept()) == 5


def test_told_again_with_less_harm_the_earlier_version_stays(call):
    call("post", "/AdverseEvent", "trust", event(physical="1"))
    answer = call("post", "/AdverseEvent", "trust", event(physical="4"))

    assert (answer.status_code, answer["ETag"]) == (200, 'W/"2"')
    with acting_as(TOCSIN):
        assert EarlierVersion.objects.get().physical == 4
        assert [json.loads(e.payload)["physical"] for e in ledger.entries("events:XAA")] == [4, 1]
        assert checkpoint.verify()[1] == []


def test_one_death_opens_no_concern_and_joins_the_one_that_is_open(call, hall):
    call("post", "/AdverseEvent", "trust", event(number="1", physical="1"))
    assert concerns() == []

    hall_actions.raise_signal(signal(), by="the watch")
    answer = call("post", "/AdverseEvent", "trust", event(number="2", physical="1"), HTTP_PREFER="return=OperationOutcome")
    call("post", "/AdverseEvent", "trust", event(number="3", physical="4"))

    assert concerns() == [("outcome-signal", "red")]
    assert "belongs to concern" in answer.json()["issue"][-1]["diagnostics"]
    with acting_as(TOCSIN):
        joined = JoinedSignal.objects.exclude(level="red").get()
        assert joined.sentence == "Reported event of 2 January 2026; the patient died."
        assert joined.address == f"/events/{ReportedEvent.objects.get(number='2').pk}/"


@pytest.mark.parametrize("more", [{"governance": {"NeverEvent": True}}, {"risk": {"RiskImminent": "y"}, "actuality": "potential"}])
def test_what_must_never_happen_and_what_may_happen_at_any_moment_opens_a_concern(call, more):
    call("post", "/AdverseEvent", "trust", event(**more))

    assert concerns() == [("care-below-standard", "amber")]
    assert kept()[0].concern is not None


def test_where_no_map_is_in_force_the_event_is_kept_all_the_same(call, monkeypatch):
    monkeypatch.setattr("tocsin.web.concerns.actions.in_force", lambda: None)
    answer = call("post", "/AdverseEvent", "trust", event(governance={"NeverEvent": True}), HTTP_PREFER="return=OperationOutcome")

    assert answer.status_code == 201
    assert "No map is in force" in answer.json()["issue"][-1]["diagnostics"]
    assert len(kept()) == 1


def test_a_site_code_is_known_by_its_trusts(call):
    call("post", "/AdverseEvent", "icb", event(provider="XAA07"))

    assert (kept()[0].provider_id, kept()[0].site) == ("XAA", "XAA07")


@pytest.mark.parametrize(
    ("who", "body", "status", "place"),
    [
        ("icb", "{", 400, "$"), ("icb", [], 400, "AdverseEvent"), ("icb", {"resourceType": "Patient"}, 400, "$"),
        ("icb", event(actuality="maybe"), 400, "AdverseEvent.actuality"), ("icb", event(date="2026-02-30"), 400, "AdverseEvent.date"),
        ("icb", event(strange=1), 400, "AdverseEvent.strange"), ("icb", event(date="2031-01-01"), 400, "AdverseEvent.date"),
        ("icb", event(date="1066-10-14"), 400, "AdverseEvent.date"), ("icb", event(provider="ZZZ"), 422, "AdverseEvent.location"),
        ("icb", event(provider="ZZZ'; DROP"), 422, "AdverseEvent.location"), ("trust", event(provider="XAB"), 403, "$"),
        ("nobody", event(), 401, "$"), (None, event(), 401, "$"), ("icb", "9" * 3_000_000, 413, "$"),
        ("icb", json.dumps(event()).replace("LRMS-1", "\\ud800"), 400, "$"),
        ("icb", event(contained=[{"resourceType": "Location", "id": "place", "contained": [{}]}]), 400, "AdverseEvent.contained[0]"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_named_by_its_place_and_nothing_is_kept(call, who, body, status, place):
    answer = call("post", "/AdverseEvent", who, body)

    assert answer.status_code == status, answer.content
    assert answer["Content-Type"].startswith("application/fhir+json")
    said = answer.json()
    assert said["resourceType"] == "OperationOutcome"
    assert said["issue"][0]["expression"] == [place]
    assert said["issue"][0]["diagnostics"]
    assert kept() == []


def bundle(kind, *events):
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": e, "request": {"method": "POST", "url": "AdverseEvent"}} for e in events]}


def test_in_a_batch_the_good_ones_go_in_and_each_other_one_is_told_what_is_wrong(call):
    sent = bundle("batch", event(number="1"), event(number="2", actuality="maybe"), event(number="3", provider="XAB"), event(number="4"))
    answer = call("post", "/", "trust", sent)
    entries = answer.json()["entry"]

    assert answer.status_code == 200
    assert [e["response"]["status"] for e in entries] == ["201", "400", "403", "201"]
    assert entries[1]["response"]["outcome"]["issue"][0]["expression"] == ["Bundle.entry[1].resource.actuality"]
    assert sorted(e.number for e in kept()) == ["1", "4"]


def test_a_transaction_takes_all_or_none(call):
    bad = call("post", "/", "icb", bundle("transaction", event(number="1"), event(number="2", provider="ZZZ")))
    assert kept() == []
    good = call("post", "/", "icb", bundle("transaction", event(number="1"), event(number="2")))

    assert (bad.status_code, good.status_code) == (422, 200)
    assert bad.json()["issue"][0]["expression"] == ["Bundle.entry[1].resource.location"]
    assert good.json()["type"] == "transaction-response"
    assert len(kept()) == 2


@pytest.mark.parametrize("sent", [{"type": "history"}, {"type": "batch", "entry": [{"request": {"method": "DELETE", "url": "AdverseEvent/1"}}]}])
def test_a_bundle_does_nothing_but_report(call, sent):
    answer = call("post", "/", "icb", {"resourceType": "Bundle"} | sent)

    assert answer.status_code == 400 or answer.json()["entry"][0]["response"]["status"] == "400"


def test_signals_and_what_was_counted_are_read_and_found(call, hall):
    red = hall_actions.raise_signal(signal(), by="the watch")
    hall_actions.raise_signal(signal("XAB", indicator="hie"), by="the watch")
    issue = call("get", "/DetectedIssue?implicated=Organization/XAA").json()["entry"][0]["resource"]
    report = call("get", f"/{issue['evidence'][0]['detail'][0]['reference']}").json()

    assert issue["severity"] == "high"
    assert issue["reference"].endswith(f"/concerns/{red.pk}/")
    assert report["group"][0]["population"][0]["count"] == 12
    for question, found in {
        "DetectedIssue?severity=high": 2, "DetectedIssue?severity=moderate": 0, "DetectedIssue?identified=ge2026-01-05": 0,
        "DetectedIssue?identified=ge2026-01-01&identified=le2026-01-04": 2, "DetectedIssue?code=x|outcome-signal": 2,
        "MeasureReport?measure=hie": 1, "MeasureReport?reporter=Organization/XAB": 1, "MeasureReport?period=2026-01-04": 2,
        "Organization?identifier=https://fhir.nhs.uk/Id/ods-organization-code|XAB": 1, "Organization?name=Provider": 2, "Organization?_id=icb": 1,
        "AdverseEvent?organization=XAA": 0,
    }.items():
        assert len(call("get", f"/{question}").json().get("entry", [])) == found, question


def test_pages_follow_each_other_without_gap_or_repeat(call, client):
    for i in range(5):
        call("post", "/AdverseEvent", "trust", event(number=str(i)))
    seen, address = [], "/AdverseEvent?_count=2&date=ge2026-01-01"
    while address:
        page = call("get", address).json()
        seen += [e["resource"]["identifier"]["value"] for e in page["entry"]]
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        address = following[0].split("/api/v1/fhir")[1] if following else None

    assert sorted(seen) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("/AdverseEvent?patient=1", 400), ("/AdverseEvent?_count=100000", 400), ("/AdverseEvent?date=2026-02-30", 400), ("/AdverseEvent?date=0001-01-01", 400),
        ("/DetectedIssue?_lastUpdated=0001-01-01T00:00:00%2B14:00", 400), ("/DetectedIssue/99999", 404), ("/AdverseEvent/x", 400),
        ("/AdverseEvent/b9655055-9ebe-4cd4-8374-d4ede21ede22", 404),
        ("/Organization/nowhere", 404), ("/Organization/a.zz.b", 404), ("/MeasureReport?_format=xml", 400),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_answered_says_so(call, question, status):
    answer = call("get", question)

    assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")


def test_nobody_reads_of_what_their_bodies_do_not_answer_for(call, hall):
    hall_actions.raise_signal(signal("XAB"), by="the watch")
    restricted = hall_actions.raise_signal(signal("XAA", kind=ConcernKind.CONDUCT), by="the watch")
    number = call("post", "/AdverseEvent", "icb", event(provider="XAB"))["Location"].rsplit("/", 1)[1]
    with acting_as(TOCSIN):
        hidden = JoinedSignal.objects.get(concern=restricted).pk

    assert call("get", f"/AdverseEvent/{number}", "trust-b").status_code == 200
    assert call("get", f"/AdverseEvent/{number}", "trust").status_code == 404
    assert call("get", f"/DetectedIssue/{hidden}", "trust").status_code == 404
    assert "entry" not in call("get", "/DetectedIssue", "trust").json()
    assert "entry" not in call("get", "/AdverseEvent", "trust").json()


def test_the_database_itself_lets_nobody_write_an_event(call, hall):
    call("post", "/AdverseEvent", "trust", event())

    for statement in ("UPDATE fhir_event SET physical = 0", "DELETE FROM fhir_event", "DELETE FROM fhir_event_earlier"):
        with acting_as(hall.trust.pk), connection.cursor() as cursor, transaction.atomic():
            cursor.execute(statement)
            assert cursor.rowcount == 0
    with acting_as(TOCSIN), pytest.raises(DatabaseError, match="only added to"), connection.cursor() as cursor, transaction.atomic():
        cursor.execute("DELETE FROM fhir_event")


def test_what_was_told_stands_nowhere_in_the_open_and_is_gone_when_it_is_erased(call, hall):
    words = [extension("adverse-event-outcome", ImmediateActions="Unmistakable words")]
    number = call("post", "/AdverseEvent", "trust", event(extension=words))["Location"][-36:]
    call("post", "/AdverseEvent", "trust", event(physical="1"))
    with acting_as(TOCSIN), connection.cursor() as cursor:
        for table in ("fhir_event", "fhir_event_earlier", "record_entry", "record_seal_key"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%%Unmistakable%%'")
            assert cursor.fetchone() == (0,)

    actions.erase(event=number, reason="asked for by the family")

    assert call("get", f"/AdverseEvent/{number}", "trust").status_code == 404
    assert kept()[0].physical == 4
    with acting_as(TOCSIN):
        assert checkpoint.verify()[1] == []
        assert [e.what for e in ledger.entries("events:XAA")] == ["event-reported", "event-told-again", "event-erased"]


def test_the_number_of_queries_does_not_grow_with_what_is_shown(call, django_assert_max_num_queries):
    for i in range(12):
        call("post", "/AdverseEvent", "trust", event(number=str(i)))
        hall_actions.raise_signal(signal(indicator=f"i{i}"), by="the watch")

    for question in ("AdverseEvent", "DetectedIssue", "MeasureReport", "Organization"):
        with django_assert_max_num_queries(11):
            assert len(call("get", f"/{question}").json()["entry"]) >= 7


def test_the_pages_of_events_show_members_what_they_may_see(call, client, hall):
    words = [extension("a-risk", RiskDescription="<script>alert(1)</script> stood there")]
    number = call("post", "/AdverseEvent", "trust", event(physical="1", extension=words))["Location"][-36:]
    call("post", "/AdverseEvent", "trust", event(physical="2"))
    assert client.get(f"/events/{number}/").status_code == 302
    enter(client, hall.trust)

    page, listed = client.get(f"/events/{number}/").content.decode(), client.get("/events/?provider=XAA").content.decode()

    assert "Severe harm" in page
    assert "As it was told before" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "2 January 2026" in listed
    assert client.get("/events/?page=x").status_code == 404
    enter(client, hall.trust_b)
    assert client.get(f"/events/{number}/").status_code == 404
    assert "No event was reported" in client.get("/events/").content.decode()


def test_whoever_left_the_body_can_no_longer_report_for_it(call, hall):
    assert call("post", "/AdverseEvent", "trust", event()).status_code == 201
    with acting_as(TOCSIN):
        Membership.objects.filter(member=hall.trust).update(ended=timezone.now() - timedelta(seconds=1))

    assert call("post", "/AdverseEvent", "trust", event(number="2")).status_code == 401


def test_every_answer_fits_the_published_schema(call, hall):

    schema = json.loads((Path(__file__).parents[2] / "fhir" / "r4" / "schema.json").read_text())
    hall_actions.raise_signal(signal(), by="the watch")
    call("post", "/AdverseEvent", "trust", event(physical="1"))

    def good(said):
        valid = jsonschema_rs.validator_for({**schema, "$ref": f"#/definitions/{said['resourceType']}"})
        return [e.message for e in valid.iter_errors(said)]

    for question in ("/metadata", "/AdverseEvent", "/DetectedIssue", "/MeasureReport", "/Organization", "/DetectedIssue/0", "/AdverseEvent?x=1"):
        said = call("get", question).json()
        assert good(said) == []
        for entry in said.get("entry", []):
            assert good(entry["resource"]) == []
    assert good(call("post", "/", "icb", bundle("batch", event(), event(date="x"))).json()) == []


def test_an_administrator_who_does_not_work_for_the_body_reads_no_event(call, client, hall):
    call("post", "/AdverseEvent", "trust", event())
    with acting_as(TOCSIN):
        administrator = member(hall.bodies["trust"], "administrator")
    enter(client, administrator)

    assert "No event was reported" in client.get("/events/").content.decode()
