import json
from datetime import date, timedelta

import numpy as np
import pytest
from django.db import DatabaseError, transaction

from hall import enter, member
from tocsin.learn import similarity
from tocsin.web.concerns.models import JoinedSignal
from tocsin.web.learn import actions, addressees, harvest, measuring, near, outcomes, pictures, queries, ringing, shipped
from tocsin.web.learn.doing import Invalid, chain
from tocsin.web.learn.models import Item, Link, Push, Relation, Report, StatusEntry
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from two_reports import EARLY, FAILING, LATE, read
from web.learn.conftest import REPORT, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def register():
    def made(early=EARLY, late=LATE):
        return read(early, late)

    made.failing = FAILING
    return made


@pytest.fixture
def loaded_register(hall, register):
    shipped.load(register())
    return register


def one(code):
    return Item.objects.select_related("report", "family", "provider").get(code=code)


def test_the_shipped_register_is_brought_in_once_and_open_to_all(hall, register):
    assert shipped.load(register()) == 2
    assert shipped.load(register()) == 0

    act_as(None)
    item = one("2001-early-review/r1")
    assert (item.page, item.status, item.accepted, item.provider_id) == (7, "done-by-assertion", "accepted", "XAA")
    assert item.on == date(2001, 5, 1)
    assert [a.kind for a in item.addressee_set.all()] == ["trust"]
    assert item.family_id == one("2012-late-review/f1").family_id is not None
    assert Relation.objects.get().kind == "same"


def test_a_new_version_updates_what_nobody_touched_and_leaves_the_rest(loaded_register, hall):
    with acting_as(hall.nhse.pk):
        outcomes.answer(item=one("2001-early-review/r1"), accepted="not-accepted", reason="The department's letter of 2004.", by=hall.nhse)

    changed = EARLY.replace("whenever a colleague asks", "each time that a colleague asks").replace(
        "accepted: accepted", "accepted: accepted-in-part"
    )
    assert shipped.load(loaded_register(changed)) == 1

    item = one("2001-early-review/r1")
    assert "each time" in item.text
    assert item.accepted == "not-accepted"


def test_an_item_that_a_new_version_no_longer_has_is_withdrawn(loaded_register, hall):
    more = EARLY + EARLY[EARLY.index("- id: r1") :].replace("id: r1", "id: r2").replace("Consultants should", "All consultants should")
    shipped.load(loaded_register(more))
    assert one("2001-early-review/r2").withdrawn is None

    shipped.load(loaded_register())

    assert one("2001-early-review/r2").withdrawn is not None
    assert queries.listed(queries.Wanted(text="all consultants")).total == 2


def test_earlier_ones_are_ranked_by_the_measure_itself(loaded_register, opened):
    item = Item.objects.select_related("report").get(report=opened, number="1")
    found = near.earlier([item])[item.pk]

    again = similarity([item.text], [n.item.text for n in found])[0]
    assert [n.item.code for n in found][:1] in (["2001-early-review/r1"], ["2012-late-review/f1"])
    # half precision in the database costs the third digit
    assert [n.similarity for n in found] == pytest.approx(list(again), abs=5e-3)
    assert found[0].after_done or found[1].after_done


def test_nothing_later_and_nothing_of_the_same_report_counts_as_earlier(loaded_register, opened):
    items = list(Item.objects.filter(report=opened).select_related("report"))
    for item in items:
        assert all(n.item.on < item.on and n.item.report_id != opened.pk for n in near.earlier(items, top=50)[item.pk])
    early = one("2001-early-review/r1")
    assert near.earlier([early])[early.pk] == []
    assert near.earlier([early], later=True)[early.pk] != []


def test_how_many_questions_are_asked_does_not_grow_with_the_items(loaded_register, opened, django_assert_max_num_queries):
    items = list(Item.objects.filter(report=opened).select_related("report"))
    with django_assert_max_num_queries(10):
        near.earlier(items)


def test_a_failing_that_returns_rings_the_hall_once_people_have_confirmed_it(loaded_register, hall, draft_report):
    failing = loaded_register.failing
    with acting_as(hall.trust.pk):
        item = Item.objects.get(report=draft_report, number="1")
        actions.correct_report(report=draft_report, field="provider", value="XAA", by=hall.trust)
        opened = actions.open_report(report=draft_report, by=hall.trust)
    assert ringing.ring_the_hall(opened.pk) == 0

    with acting_as(hall.trust.pk):
        actions.code(item=item, failing=failing, says=True, by=hall.trust)
    assert ringing.ring_the_hall(opened.pk) == 1
    assert ringing.ring_the_hall(opened.pk) == 1

    with acting_as(TOCSIN):
        signal = JoinedSignal.objects.get()
        assert signal.level == "red"
        assert "after it was marked as done" in signal.sentence
        assert signal.address == f"/learn/items/{item.code}/"
        assert signal.concern.kind == "recurrence"
        assert signal.concern.provider_id == "XAA"


def test_a_closed_report_never_rings(loaded_register, hall, draft_report):
    with acting_as(hall.trust.pk):
        for item in Item.objects.filter(report=draft_report):
            actions.code(item=item, failing=loaded_register.failing, says=True, by=hall.trust)

    assert ringing.ring_the_hall(draft_report.pk) == 0


def test_whoever_is_asked_says_that_it_is_done_and_never_that_it_works(hall, recommendation):
    yesterday = date(2026, 1, 4)
    with acting_as(hall.trust.pk):
        outcomes.say_status(item=recommendation, status="done-by-assertion", on=yesterday, evidence="The rota has changed.", by=hall.trust)
        with pytest.raises(NotPermitted, match="never by who was asked"):
            outcomes.say_status(item=recommendation, status="shown-to-work", on=yesterday, evidence="We looked.", by=hall.trust)
    with acting_as(hall.cqc.pk):
        outcomes.say_status(
            item=one(recommendation.code),
            status="shown-to-work",
            on=yesterday,
            evidence="Attendance rose from 40 to 95 in 100.",
            by=hall.cqc,
        )

    assert one(recommendation.code).status == "shown-to-work"
    assert [s.by_body.code for s in StatusEntry.objects.filter(item=recommendation).order_by("pk")] == ["trust", "cqc"]
    with acting_as(TOCSIN):
        assert [e.what for e in ledger.entries(chain(recommendation.report))][-2:] == ["status-said", "status-said"]


def test_the_database_refuses_a_recipients_closing_even_past_the_module(hall, recommendation, moment):
    with acting_as(hall.trust.pk):
        for status in ("shown-to-work", "superseded"):
            with pytest.raises(DatabaseError), transaction.atomic():
                StatusEntry.objects.create(
                    item=recommendation, status=status, on=date(2026, 1, 4), evidence="x", by=hall.trust, at=moment.at
                )
            with pytest.raises(DatabaseError), transaction.atomic():
                Item.objects.filter(pk=recommendation.pk).update(status=status)
    with acting_as(hall.cqc.pk), pytest.raises(DatabaseError), transaction.atomic():
        Item.objects.filter(pk=recommendation.pk).update(text="Other words")


def test_who_also_belongs_to_the_asked_body_does_not_close_it_through_another(hall, recommendation):
    both = member(hall.bodies["cqc"])
    from tocsin.web.people.models import Membership

    with acting_as(TOCSIN):
        Membership.objects.create(member=both, body=hall.bodies["trust"], role="auditor", began="2026-01-01T00:00Z")

    with acting_as(both.pk), pytest.raises(NotPermitted):
        outcomes.say_status(item=recommendation, status="shown-to-work", on=date(2026, 1, 4), evidence="x", by=both)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"evidence": " "}, "what evidence"),
        ({"on": date(2027, 1, 1)}, "not come yet"),
        ({"on": date(2018, 1, 1)}, "since then"),
        ({"status": "splendid"}, "Choose where"),
    ],
)
def test_a_status_without_evidence_or_with_an_impossible_day_is_refused(hall, recommendation, given, says):
    values = {"status": "acting", "on": date(2026, 1, 4), "evidence": "They began."} | given
    with acting_as(hall.trust.pk), pytest.raises(Invalid, match=says):
        outcomes.say_status(item=recommendation, by=hall.trust, **values)


def test_as_of_a_past_day_only_what_was_known_then_is_shown(loaded_register, hall, client):
    with acting_as(hall.cqc.pk):
        outcomes.say_status(
            item=one("2001-early-review/r1"), status="shown-not-to-work", on=date(2010, 6, 1), evidence="Nobody came.", by=hall.cqc
        )

    def stands(day):
        return {r.item.code: r.status for r in queries.listed(queries.Wanted(as_of=day)).rows}

    assert stands(date(2001, 1, 1)) == {}
    assert stands(date(2002, 1, 1)) == {"2001-early-review/r1": "unknown"}
    assert stands(date(2005, 1, 1)) == {"2001-early-review/r1": "done-by-assertion"}
    assert stands(date(2011, 1, 1)) == {"2001-early-review/r1": "shown-not-to-work"}
    page = client.get("/learn/items/2001-early-review/r1/?as_of=2005-01-01").content.decode()
    assert "Nobody came." not in page
    assert "A late review" not in page
    assert client.get("/learn/items/2012-late-review/f1/?as_of=2005-01-01").status_code == 404


def test_the_same_recommendations_join_one_history_and_conflicts_are_shown_on_both(loaded_register, hall, recommendation, client):
    early = one("2001-early-review/r1")
    with acting_as(hall.nhse.pk):
        outcomes.relate(one=recommendation, other=early, kind="same", why="Both want consultants to come.", by=hall.nhse)
        outcomes.relate(one=early, other=recommendation, kind="conflict", why="One leaves it to trusts.", by=hall.nhse)
        with pytest.raises(Invalid, match="said already"):
            outcomes.relate(one=early, other=one(recommendation.code), kind="conflict", why="Again.", by=hall.nhse)

    assert [i.code for i in queries.history_of_family(one(recommendation.code))] == [
        "2001-early-review/r1",
        "2012-late-review/f1",
        recommendation.code,
    ]
    for code in (early.code, recommendation.code):
        assert "One leaves it to trusts." in client.get(f"/learn/items/{code}/").content.decode()


def test_a_body_is_shown_how_often_it_was_asked_the_same(loaded_register, hall, recommendation):
    from tocsin.web.learn.models import Addressee

    with acting_as(TOCSIN):
        Addressee.objects.filter(item=recommendation).update(kind="trust", body=None, who="trusts")
    with acting_as(hall.nhse.pk):
        outcomes.relate(one=recommendation, other=one("2001-early-review/r1"), kind="same", why="The same.", by=hall.nhse)

    again = addressees.of("trusts").again

    assert [[i.code for i in g.items] for g in again] == [["2001-early-review/r1", recommendation.code]]
    assert again[0].done_before_last
    assert next((a.repeats, a.most) for a in addressees.asked() if a.key == "trusts") == (1, 2)


def test_the_heat_map_counts_what_a_hand_count_gives(loaded_register, opened):
    found = pictures.heat_map("year")
    rows = Link.objects.filter(queries.COUNTED, item__withdrawn=None).values_list("failing", "item", "item__on__year")
    from tocsin.learn import load as taxonomy

    by_hand = {}
    for failing, item, year in rows:
        by_hand.setdefault((taxonomy()[failing].family.id, str(year)), set()).add(item)

    assert found.cells == {k: len(v) for k, v in by_hand.items()}
    assert [c for c, _ in found.columns] == [str(y) for y in range(2001, 2020)]


def test_exports_hold_every_item_and_the_schema_record_never_calls_an_assertion_completed(loaded_register, hall, client):
    with acting_as(TOCSIN):
        found = list(Item.objects.select_related("report"))
    rows = client.get("/learn/register.json").json()["items"]
    graph = client.get("/learn/register.jsonld").json()["@graph"]
    text = client.get("/learn/register.csv").content.decode()

    assert {r["code"] for r in rows} == {i.code for i in found}
    asserted = next(g for g in graph if g.get("identifier") == "2001-early-review/r1")
    assert asserted["potentialAction"]["actionStatus"] == "https://schema.org/ActiveActionStatus"
    assert asserted["pagination"] == "7"
    assert text.splitlines()[0].split(",") == list(harvest.COLUMNS)


def test_a_closed_report_is_in_no_export_and_no_feed(loaded_register, draft_report, client):
    exports = ("/learn/register.json", "/learn/register.csv", "/learn/register.jsonld", "/learn/register.atom?text=consultants")
    for address in (*exports, "/learn/", "/learn/reports/"):
        page = client.get(address).content.decode()
        assert draft_report.slug not in page
        assert "asks them to come" not in page
    for address in ("", "file/", "beside-its-ancestors/", "progress/"):
        assert client.get(f"/learn/reports/{draft_report.slug}/{address}").status_code == 404
    assert client.get(f"/learn/items/{draft_report.slug}/p5/").status_code == 404


def test_misspelt_words_and_beginnings_of_words_find_it_too(loaded_register):
    for typed in ("consult", "consultant lab", "consultents", "senior doctors who do not attend when called"):
        found = queries.listed(queries.Wanted(text=typed))
        assert found.total >= 1, typed
        assert found.rows[0].item.report.slug in ("2001-early-review", "2012-late-review")


@pytest.mark.parametrize("typed", ["'; drop table learn_item; --", "a & | ! ()", "%", "\\", "   ", "😀", "x" * 5000, ":*", "<->"])
def test_whatever_is_typed_search_answers(loaded_register, client, typed):
    assert client.get("/learn/register/", {"text": typed}).status_code == 200


def test_a_body_takes_up_a_recommendation_once(hall, recommendation):
    with acting_as(hall.icb.pk):
        outcomes.push(item=recommendation, body=hall.bodies["icb"], words="We will ask each quarter.", by=hall.icb)
        with pytest.raises(Invalid, match="already"):
            outcomes.push(item=recommendation, body=hall.bodies["icb"], words="We will ask each quarter.", by=hall.icb)
        with pytest.raises(NotPermitted):
            outcomes.push(item=recommendation, body=hall.bodies["cqc"], words="They will.", by=hall.icb)
    assert Push.objects.get().body.code == "icb"


def test_a_failings_history_says_how_uncertain_a_change_is(loaded_register, opened, client):
    found = pictures.history(loaded_register.failing, date(2026, 1, 5))

    assert found.reports >= 2
    assert [i.code for i in found.items][:2] == ["2001-early-review/r1", "2012-late-review/f1"]
    on, item, fell = found.fell[0]
    assert (on, item.code) == (date(2003, 4, 1), "2001-early-review/r1")
    assert fell.before + fell.after == found.reports
    page = client.get(f"/learn/failings/{loaded_register.failing}/").content.decode()
    assert "Neither shows that a recommendation was the cause." in page


def test_forms_of_an_item_answer_bad_input_clearly(hall, recommendation, client):
    enter(client, hall.trust)
    for what, values, status in (
        ("status", {"status": "acting", "on": "soon", "evidence": "x"}, 422),
        ("status", {"status": "shown-to-work", "on": "2026-01-04", "evidence": "x"}, 403),
        ("answer", {"reason": ""}, 422),
        ("code", {"failing": "nonsense", "says": "yes"}, 422),
        ("relate", {"other": "nowhere/r1", "kind": "same", "why": "x"}, 422),
        ("push", {"body": "x", "words": "y"}, 422),
        ("nonsense", {}, 404),
    ):
        answer = client.post(f"/learn/items/{recommendation.code}/do/{what}/", values)
        assert answer.status_code == status, (what, answer.status_code)


def test_stored_vectors_have_the_measures_own_cosine():
    texts = ["Nobody called the consultant.", "The consultant was not called in time.", "The roof leaked."]
    vectors = measuring.vectors(texts)

    lexical = [measuring.words_alike(t, texts) for t in texts]
    found = np.array([measuring.whole(vectors[i] @ vectors.T, lexical[i]) for i in range(3)])
    assert found == pytest.approx(similarity(texts, texts), abs=1e-3)
    assert found[0][1] == pytest.approx(similarity(texts[:1], texts[1:2])[0, 0], abs=1e-3)


def test_the_page_of_a_report_beside_its_ancestors_names_them(loaded_register, opened, client):
    page = client.get(f"/learn/reports/{opened.slug}/beside-its-ancestors/").content.decode()

    assert "An early review" in page
    assert "had been said before" in page


def test_an_unknown_day_of_the_report_leaves_it_without_ancestors(hall):
    report = take_in(hall, REPORT.replace("14 May 2019", "some day").encode(), "undated.txt")
    with acting_as(hall.trust.pk):
        assert Report.objects.get(pk=report.pk).on is None
        items = list(Item.objects.filter(report=report).select_related("report"))
        assert all(n == [] for n in near.earlier(items).values())


def test_json_of_the_record_names_no_member(hall, recommendation):
    with acting_as(hall.trust.pk):
        outcomes.say_status(
            item=recommendation, status="acting", on=date(2026, 1, 5) - timedelta(days=1), evidence="They began.", by=hall.trust
        )
        entries = ledger.entries(chain(recommendation.report))
    assert all(hall.trust.name not in json.dumps(e.payload) for e in entries)
