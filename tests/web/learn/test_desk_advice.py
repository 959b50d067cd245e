"""What the desk says of a draft: each criterion with a draft that meets it and one that does not; whether the addressee has the power, by the map."""

import re
from datetime import date

import pytest

from hall import enter
from tocsin.web.concerns import powers
from tocsin.web.learn import desk
from tocsin.web.learn.models import Addressee, Draft, DraftVersion, Item
from tocsin.web.learn.outcomes import push
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db
CALL = "The trust must call a consultant when the heart rate falls."
ANSWER = "The trust must answer."
CRITERIA = [
    ("in words that two readers", {"text": CALL}, {"text": "Consider appropriate escalation as necessary."}),
    ("It asks for one thing", {"text": CALL}, {"text": "The trust must call a consultant; and must write to the family."}),
    ("It says who must act", {"text": "Call a consultant.", "addressee": "trust"}, {"text": "Answer each letter."}),
    ("how anybody will see", {"text": ANSWER, "measure": "Share answered within 25 days"}, {"text": ANSWER}),
    ("It says by when", {"text": ANSWER, "by_when": "30 June 2026"}, {"text": ANSWER}),
    ("what it will cost", {"text": ANSWER, "cost": "Nothing more"}, {"text": ANSWER}),
    ("rather than relying on", {"text": "The pump must be redesigned."}, {"text": "Staff should be reminded of the policy."}),
]


@pytest.fixture
def draft(hall, client):
    enter(client, hall.icb)
    with acting_as(hall.icb.pk):
        return desk.begin(body=hall.bodies["icb"], by=hall.icb)


def advice(client, draft, **words):
    with acting_as(TOCSIN):
        version = Draft.objects.get(pk=draft.pk).version
    answer = client.post(f"/learn/desk/{draft.pk}/save/", {**words, "version": version}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(("asks", "good", "bad"), CRITERIA)
def test_each_criterion_is_met_by_a_good_draft_and_missing_in_a_bad_one(client, draft, asks, good, bad):
    for words, said in ((good, "Met"), (bad, "Missing")):
        page = advice(client, draft, **words)
        line = next(li for li in re.findall(r"<li class=\"learn-(?:met|missing)\">.*?</li>", page, re.S) if asks in li)
        assert f"<strong>{said}:</strong>" in line, (words, line)
        assert 'href="https://' in line


def test_whether_the_addressee_has_the_power_is_asked_of_the_map(client, draft):
    text = "The trust must be made to change its rota."
    cannot = advice(client, draft, text=text, addressee="trust", power="take-over-or-close")
    holders = re.findall(r"<li>([^:<]+):", cannot[cannot.index("power-answer") :])
    kind = {v: k for k, v in powers.bodies(date(2026, 1, 5)).items()}[holders[0]]

    assert "cannot take over or close a service" in cannot
    assert "can take over or close a service" in advice(client, draft, text=text, addressee=kind, power="take-over-or-close")
    assert "no power over others is needed" in advice(client, draft, text=text, addressee="trust", power="")


def test_what_is_saved_twice_alike_is_one_version_and_what_was_typed_is_never_lost(client, draft, hall):
    advice(client, draft, text="One")
    advice(client, draft, text="One")
    advice(client, draft, text="Two")

    with acting_as(hall.icb.pk):
        assert [v.words["text"] for v in DraftVersion.objects.filter(draft=draft).order_by("version")] == ["One", "Two"]


def test_another_body_neither_reads_nor_saves_nor_ends_a_draft(client, draft, hall):
    enter(client, hall.trust)
    for method, address in (("get", ""), ("post", "save/"), ("post", "end/drop/"), ("post", "end/enter/")):
        assert getattr(client, method)(f"/learn/desk/{draft.pk}/{address}").status_code == 404, address
    with acting_as(hall.trust.pk), pytest.raises(NotPermitted):
        desk.save(draft=draft.pk, words={"text": "x"}, version=0, by=hall.trust)


def test_a_draft_is_entered_seen_by_its_body_alone_and_asks_whom_it_names(client, draft, hall):
    advice(client, draft, text="The trust must answer each letter.", addressee="trust", measure="Letters answered", by_when="30 June 2026", cost="Nothing")
    answer = client.post(f"/learn/desk/{draft.pk}/end/enter/", {"title": "A letter", "on": "2026-01-05"})

    assert answer.status_code == 302
    with acting_as(hall.icb.pk):
        item = Item.objects.get()
        assert "To be measured by: Letters answered." in item.text
        assert Addressee.objects.get(item=item).kind == "trust"
    with acting_as(hall.cqc.pk):
        assert not Item.objects.exists()
    assert client.post(f"/learn/desk/{draft.pk}/end/enter/", {"title": "A letter", "on": "2026-01-05"}).status_code == 422


def test_taking_up_an_earlier_one_ends_the_draft_and_is_pushed_by_a_lead_alone(client, draft, hall, recommendation):
    with acting_as(hall.trust_b.pk), pytest.raises(NotPermitted):
        push(item=recommendation, body=hall.bodies["icb"], words="x", by=hall.trust_b)
    enter(client, hall.icb)
    assert client.post(f"/learn/desk/{draft.pk}/end/adopt/", {"item": recommendation.code, "words": ""}).status_code == 422
    assert client.post(f"/learn/desk/{draft.pk}/end/adopt/", {"item": "none/such", "words": "x"}).status_code == 422
    assert client.post(f"/learn/desk/{draft.pk}/end/adopt/", {"item": recommendation.code, "words": "We will ask each month."}).status_code == 302

    assert "We will ask each month." in client.get(f"/learn/items/{recommendation.code}/").content.decode()
    with acting_as(hall.icb.pk):
        assert Draft.objects.get(pk=draft.pk).ended == "adopted"
