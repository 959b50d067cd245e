import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from hall import MONDAY, enter, member, sent_with, signal
from tocsin.signal import ConcernKind
from tocsin.web.concerns import actions, clockwork
from tocsin.web.concerns.doing import about_of
from tocsin.web.concerns.forms import FORMS
from tocsin.web.concerns.models import Concern, Raiser
from tocsin.web.people.permissions import may, who_is
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, act_as, acting_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def concern(hall):
    return actions.raise_signal(signal(), by="the watch")


def send(client, concern, slug, **values):
    return client.post(f"/concerns/{concern.pk}/do/{slug}/", sent_with(concern.pk) | values)


def entries(concern):
    with acting_as(TOCSIN):
        return [e.what for e in ledger.entries(clockwork.chain(concern))]


def test_whoever_is_not_signed_in_is_led_to_sign_in(client, concern):
    for address in (
        "/concerns/",
        "/concerns/mine/",
        f"/concerns/{concern.pk}/",
        f"/concerns/{concern.pk}/do/act/",
        f"/concerns/{concern.pk}/history.zip",
    ):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/?next=")


def test_the_page_says_who_must_act_by_when_with_what_power_and_what_follows(client, hall, concern):
    enter(client, hall.icb)
    page = client.get(f"/concerns/{concern.pk}/").content.decode()

    assert "Board of the North" in page
    assert "by 15 January 2026" in page
    assert "10 days left" in page
    assert "16 January 2026: it passes to <strong>Region of the North</strong>, because it did not act in time." in page
    assert "Not acknowledged" in page
    assert "which the provider must obey" not in page


def test_each_form_opens_and_an_empty_one_is_answered_clearly_and_changes_nothing(client, hall, concern):
    with acting_as(TOCSIN):
        everything = member(hall.bodies["icb"])
    enter(client, everything)
    before = entries(concern)
    act_as(everything.pk)
    offered_by_right = {slug for slug, form in FORMS.items() if may(who_is(everything), form.act, about_of(concern))}
    act_as(None)
    assert 5 < len(offered_by_right) < len(FORMS)
    for slug, form in FORMS.items():
        page = client.get(f"/concerns/{concern.pk}/do/{slug}/")
        allowed = slug in offered_by_right
        assert page.status_code == (200 if allowed else 403), slug
        assert ('name="stamp"' in page.content.decode()) == allowed, "whoever may not send it is told why, and is shown no form"
        if form.fields:
            answer = send(client, concern, slug)
            assert answer.status_code in (403, 409, 422), (slug, answer.status_code)
            assert "There is a problem" in answer.content.decode(), slug

    assert entries(concern) == before


def test_acting_by_the_page_moves_the_concern_and_is_told(client, hall, concern):
    enter(client, hall.icb)

    answer = send(client, concern, "act", words="One plan was agreed")

    assert answer.status_code == 302
    assert entries(concern)[-1] == "acted"
    page = client.get(f"/concerns/{concern.pk}/").content.decode()
    assert "One plan was agreed" in page
    assert "has acted; its effect is awaited" in page


def test_a_form_sent_twice_is_done_once_and_says_so(client, hall, concern):
    enter(client, hall.icb)
    values = {"request": str(uuid4()), "stamp": str(concern.last_entry), "words": "Seen"}
    client.post(f"/concerns/{concern.pk}/do/note/", values)
    again = client.post(f"/concerns/{concern.pk}/do/note/", values, follow=True)

    assert entries(concern).count("noted") == 1
    assert "not done again" in again.content.decode()


def test_a_stale_page_is_answered_with_how_it_stands_now(client, hall, concern):
    enter(client, hall.icb)
    old = {"request": str(uuid4()), "stamp": str(concern.last_entry)}
    with acting_as(hall.region.pk):
        actions.note(concern=concern.pk, words="News", by=hall.region)

    answer = client.post(f"/concerns/{concern.pk}/do/acknowledge/", old)

    assert answer.status_code == 409
    assert "Something has happened since you opened this page" in answer.content.decode()
    assert "News" in answer.content.decode()


def test_what_one_may_not_see_is_not_found_whatever_the_address(client, hall):
    concern = actions.raise_signal(signal(kind=ConcernKind.CONDUCT), by="the watch")
    enter(client, hall.trust)
    for address in ("", "do/act/", "ladder.svg", "history.zip", "evidence/1/"):
        assert client.get(f"/concerns/{concern.pk}/{address}").status_code == 404
    assert send(client, concern, "act", words="x", request=str(uuid4()), stamp="1").status_code == 404
    assert "may know only that they exist" in client.get("/concerns/").content.decode()


def test_a_member_of_another_body_does_not_act_for_the_holder(client, hall, concern):
    enter(client, hall.region)

    answer = send(client, concern, "act", words="x")

    assert answer.status_code == 403
    assert "Only somebody who acts for the holder may do this." in answer.content.decode()
    assert "acted" not in entries(concern)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.exe", b"MZ" + b"\0" * 200, "Tocsin takes"), ("a.pdf", b"", "empty"), ("a.txt", b"<html><script>alert(1)</script>", "text/html"),
        ("a.svg", b"<svg xmlns='x'><script/></svg>", "of no known kind"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_taken_is_answered_and_changes_nothing(client, hall, concern, name, content, says):
    enter(client, hall.icb)
    answer = send(client, concern, "evidence", upload=SimpleUploadedFile(name, content))

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert "evidence-given" not in entries(concern)


def test_a_file_is_kept_encrypted_once_and_given_back_whole(client, hall, concern, settings, tmp_path):
    settings.DATA = tmp_path
    enter(client, hall.icb)
    content = b"words that are confided " * 99
    for _ in range(2):
        assert send(client, concern, "evidence", upload=SimpleUploadedFile("a/../b\u202e.txt", content)).status_code == 302
    page = client.get(f"/concerns/{concern.pk}/").content.decode()
    address = re.search(rf"/concerns/{concern.pk}/evidence/\d+/", page)[0]

    assert client.get(address).content == content
    kept = [p for p in (tmp_path / "files").rglob("*") if p.is_file()]
    assert len(kept) == 1
    assert b"confided" not in kept[0].read_bytes()


def test_script_in_every_text_field_comes_back_as_text(client, hall, concern, settings, tmp_path):
    """Every form of a concern's page, by everybody, with a script in each field that can be written in; and the doors for those outside."""
    settings.DATA = tmp_path
    bad = "<script>alert('x')</script>"
    own = {"owner": "trust", "strength": "weak", "way": "verification", "worked": "no", "to": "nhse", "kind": "care-below-standard"}
    days = {"due": "2026-05-01", "until": "2026-02-20", "reviews": "2026-03-01", "following": "2026-03-20"}
    client.post("/tell-us/", {"request": str(uuid4()), "stamp": "0", "group": "family", "provider": "XAA", "kind": "outcome-signal",
                             "account": bad, "contact": bad})  # fmt: skip
    enter(client, hall.region)
    client.post("/concerns/raise/", {"request": str(uuid4()), "stamp": "0", "body": str(hall.bodies["region"].pk), "provider": "XAA", "kind": "failed-candour",
                                     "title": bad, "words": bad})  # fmt: skip
    taken, filled = set(), set()
    with acting_as(TOCSIN):
        another = Concern.objects.exclude(pk=concern.pk).get().pk
    order = [s for s in FORMS if s not in ("take-over", "hand-back", "refuse", "conflict", "restrict", "close", "merge", "hand-over", "split")]
    for slug in [*order, "take-over", *order, "split", "refuse"]:
        form = FORMS[slug]
        for name in ("icb", "nhse", "mnsi", "trust"):
            enter(client, hall.members[name])
            page = client.get(f"/concerns/{concern.pk}/do/{slug}/").content.decode()
            assert "<script>alert" not in page
            values = {}
            for f in form.fields:
                chosen = re.search(rf'<select[^>]* name="{f.name}"[^>]*><option value="([^"]+)"', page)
                power = re.search(r'name="powers" value="(take-over-or-close)"', page)
                if f.kind == "file":
                    values[f.name] = SimpleUploadedFile(f"{bad}.txt", b"words")
                elif f.name == "powers":
                    values[f.name] = power[1] if power else ""
                elif f.name in own | days:
                    values[f.name] = (own | days)[f.name]
                elif f.kind == "select":
                    values[f.name] = chosen[1] if chosen else ""
                elif f.kind in ("text", "area", "lines"):
                    values[f.name] = str(another) if f.name == "other" else bad
                    filled.add((slug, f.name))
            answer = send(client, concern, slug, **values)
            assert "<script>alert" not in answer.content.decode(), slug
            if answer.status_code == 302:
                taken.add(slug)
    enter(client, hall.icb)
    pages = [
        f"/concerns/{concern.pk}/", "/concerns/", "/concerns/mine/", f"/concerns/?text={bad}", "/published/", "/providers/XAA/board-pack/",
        "/feeds/published.atom",
    ]  # fmt: skip
    said = [client.get(a).content.decode() for a in pages]

    assert {"note", "act", "plan", "ask", "answer", "evidence", "effect", "tell", "take-over", "criterion", "review", "link"} <= taken
    assert {f for f in filled if f[0] in taken} >= {("note", "words"), ("plan", "measure"), ("take-over", "criteria"), ("effect", "what"), ("link", "why")}
    assert not [a for a, p in zip(pages, said, strict=True) if "<script>alert" in p]
    assert sum("&lt;script&gt;" in p for p in said) >= 4


def test_the_list_makes_as_many_queries_for_one_concern_as_for_many(client, hall, concern, django_assert_num_queries):
    enter(client, hall.icb)
    client.get("/concerns/")
    with django_assert_num_queries(9) as few:
        client.get("/concerns/")
    for kind in ("care-below-standard", "failed-candour", "leadership-governance"):
        actions.raise_signal(signal(kind=ConcernKind(kind)), by="the watch")
        actions.raise_signal(signal("XAB", kind=ConcernKind(kind)), by="the watch")
    with django_assert_num_queries(len(few)):
        client.get("/concerns/")


def test_a_concerns_page_makes_as_many_queries_with_a_long_history_as_with_a_short_one(
    client, hall, concern, django_assert_max_num_queries
):
    enter(client, hall.icb)
    client.get(f"/concerns/{concern.pk}/")
    with django_assert_max_num_queries(60) as few:
        client.get(f"/concerns/{concern.pk}/")
    for n in range(12):
        with acting_as(hall.icb.pk):
            actions.note(concern=concern.pk, words=f"Note {n}", by=hall.icb)
        actions.raise_signal(signal(indicator=f"i{n}"), by="the watch")
    with django_assert_max_num_queries(len(few)):
        client.get(f"/concerns/{concern.pk}/")


def test_a_family_raises_it_comes_back_with_the_receipt_and_says_that_it_is_not_resolved(client, hall):
    form = {
        "request": str(uuid4()),
        "stamp": "0",
        "group": "family",
        "provider": "XAA",
        "kind": "outcome-signal",
        "account": "Our daughter died.",
    }
    page = client.post("/tell-us/", form).content.decode()
    number, code = re.search(r'id="number">([^<]+)', page)[1], re.search(r'id="code">([^<]+)', page)[1]
    assert client.post("/tell-us/", form | {"account": "Other words"}).status_code == 409

    assert client.post("/told/", {"number": number, "code": "WRONG"}).status_code == 403
    told = client.post("/told/", {"number": number.lower(), "code": code.lower()}, follow=True).content.decode()
    assert "Our daughter died." in told
    assert "Board of the North" in told
    client.post("/told/", {"answer": "not-resolved", "words": "Nobody has called.", "request": str(uuid4())})

    with acting_as(TOCSIN):
        assert Raiser.objects.get().answer == "not-resolved"
    assert "Nobody has called." in client.get("/told/").content.decode()
    client.post("/told/leave/")
    assert "Number on your receipt" in client.get("/told/").content.decode()


def test_a_family_whose_answer_was_lost_sends_it_again_and_gets_a_receipt_that_opens_it(client, hall):
    form = {"request": str(uuid4()), "stamp": "0", "group": "family", "provider": "XAA", "kind": "outcome-signal", "account": "Our daughter died."}
    receipts = []
    for _ in range(2):
        page = client.post("/tell-us/", form).content.decode()
        receipts.append((re.search(r'id="number">([^<]+)', page)[1], re.search(r'id="code">([^<]+)', page)[1]))

    assert "it was kept once" in page
    assert receipts[0][0] == receipts[1][0]
    assert client.post("/told/", dict(zip(("number", "code"), receipts[0], strict=True))).status_code == 403
    assert client.post("/told/", dict(zip(("number", "code"), receipts[1], strict=True))).status_code == 302
    with acting_as(TOCSIN):
        assert Raiser.objects.count() == 1


def test_the_providers_own_people_do_not_read_what_a_family_told(client, hall):
    form = {
        "request": str(uuid4()),
        "stamp": "0",
        "group": "family",
        "provider": "XAA",
        "kind": "outcome-signal",
        "account": "Unmistakable words",
    }
    client.post("/tell-us/", form)
    with acting_as(TOCSIN):
        concern = Concern.objects.get()
    for name, reads in (("trust", False), ("region", False), ("icb", True)):
        enter(client, hall.members[name])
        assert ("Unmistakable words" in client.get(f"/concerns/{concern.pk}/").content.decode()) is reads


@pytest.mark.parametrize("missing", ["provider", "kind", "group", "account"])
def test_a_form_from_outside_that_is_not_complete_says_what_is_missing_and_keeps_what_was_written(client, hall, missing):
    form = {
        "request": str(uuid4()),
        "stamp": "0",
        "group": "family",
        "provider": "XAA",
        "kind": "outcome-signal",
        "account": "Our daughter died.",
    }
    answer = client.post("/tell-us/", form | {missing: ""})

    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert missing == "account" or "Our daughter died." in answer.content.decode()
    with acting_as(TOCSIN):
        assert not Raiser.objects.exists()


def test_the_picture_and_the_history_are_given(client, hall, concern, moment):
    moment.at = MONDAY + timedelta(days=20)
    enter(client, hall.icb)

    assert b"<svg" in client.get(f"/concerns/{concern.pk}/ladder.svg").content
    assert client.get(f"/concerns/{concern.pk}/history.zip").content[:2] == b"PK"
    assert b"PUBLIC KEY" in client.get("/record/public-key.pem").content


def test_a_member_raises_a_concern_by_the_page(client, hall):
    enter(client, hall.cqc)
    form = {
        "request": str(uuid4()),
        "stamp": "0",
        "body": str(hall.bodies["cqc"].pk),
        "provider": "XAB",
        "kind": "failed-candour",
        "title": "Letters",
        "words": "x",
    }
    answer = client.post("/concerns/raise/", form)

    assert answer.status_code == 302
    with acting_as(TOCSIN):
        assert Concern.objects.get().title == "Letters"
    assert client.post("/concerns/raise/", form | {"request": str(uuid4()), "provider": "NOWHERE"}).status_code == 422


def test_two_hundred_megabytes_are_answered_before_they_are_read(client, hall, concern):
    enter(client, hall.icb)
    answer = client.post(f"/concerns/{concern.pk}/do/evidence/", CONTENT_LENGTH=str(200 * 1024**2))

    assert answer.status_code == 413
    assert "at most 25 MB" in answer.content.decode()
    assert "evidence-given" not in entries(concern)


def test_a_map_in_force_is_not_changed_afterwards(hall):
    from django.db import DatabaseError, transaction

    from tocsin.web.accord.models import MapInForce

    with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
        MapInForce.objects.update(name="another")
