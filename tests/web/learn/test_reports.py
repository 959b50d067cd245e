from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction

import reports as files_to_read
from hall import enter, member
from tocsin import learn
from tocsin.web.learn import actions, queries, reading
from tocsin.web.learn.doing import Invalid, chain
from tocsin.web.learn.models import Addressee, Item, Link, Passage, Report
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.record import files, ledger
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from web.learn.conftest import REPORT, take_in

pytestmark = pytest.mark.django_db


def test_a_report_is_read_into_passages_items_links_and_what_it_says_of_itself(hall, draft_report):
    with acting_as(hall.trust.pk):
        items = list(Item.objects.filter(report=draft_report).order_by("pk"))

        assert draft_report.state == "read"
        assert draft_report.title == "Review of maternity care at Provider XAA"
        assert draft_report.on_words == "2019-05-14"
        assert {i.number for i in items if i.kind == "recommendation"} == {"1", "2"}
        assert sum(i.kind == "failing" for i in items) == 2
        assert all(i.vector is not None and i.open is False for i in items)
        assert Link.objects.filter(item=items[0]).count() == 3
        assert set(Addressee.objects.filter(item__number="2").values_list("kind", flat=True)) == {""}
        assert [e.what for e in ledger.entries(chain(draft_report))] == ["taken-in", "read"]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [("a.pdf", files_to_read.pdf(), "pdf"), ("a.docx", files_to_read.docx(), "docx"), ("a.html", files_to_read.html(), "html")],
)
def test_pdf_word_and_html_are_read(hall, name, content, kind):
    report = take_in(hall, content, name)

    with acting_as(hall.trust.pk):
        assert report.state == "read", report.problem
        assert Item.objects.filter(report=report, kind="recommendation").count() == 1


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("locked.pdf", files_to_read.pdf(password="secret"), "encrypted"),
        ("broken.pdf", files_to_read.pdf()[:600], "broken"),
        ("pictures.pdf", files_to_read.pictures_only(), "picture"),
        ("noise.docx", b"PK\x03\x04" + bytes(range(256)) * 8, "not a readable DOCX"),
        ("empty-words.txt", b"   .\n", "no text"),
    ],
)
def test_a_file_that_cannot_be_read_is_kept_and_its_page_says_why(hall, client, name, content, says):
    report = take_in(hall, content, name)

    assert report.state == "unreadable"
    assert says in report.problem
    assert report.problem.startswith(name)
    with acting_as(TOCSIN):
        assert files.read(Report.objects.select_related("file").get(pk=report.pk).file) == content


def test_pages_whose_words_were_recognised_are_named_so_that_somebody_checks_them(hall, client, monkeypatch):
    plain = learn.read
    monkeypatch.setattr(learn, "read", lambda *given, **more: replace(plain(*given, **more), recognised_pages=(2, 5)))
    report = take_in(hall, files_to_read.pdf(), "half-scanned.pdf")
    enter(client, hall.trust)

    page = client.get(f"/learn/reports/{report.slug}/").content.decode()

    assert report.recognised == [2, 5]
    assert "read by character recognition: 2, 5. Check their words against the file." in page


def test_a_reading_that_goes_over_its_limits_is_ended_and_said(hall, monkeypatch):
    from tocsin.learn import Limits

    monkeypatch.setattr(reading, "LIMITS", Limits(pages=2))

    report = take_in(hall, files_to_read.pdf(pages=5), "long.pdf")

    assert report.state == "unreadable"
    assert "5 pages, more than the 2 allowed" in report.problem


def test_nobody_outside_the_body_sees_a_report_before_it_is_open(hall, draft_report):
    with acting_as(TOCSIN):
        item = Item.objects.filter(report=draft_report)[0].pk
    for who in (None, hall.trust_b.pk, hall.icb.pk, hall.cqc.pk):
        act_as(who)

        assert not Report.objects.filter(pk=draft_report.pk).exists()
        assert not Item.objects.filter(pk=item).exists()
        assert not Passage.objects.exists()
        assert not Link.objects.exists()
        assert ledger.entries(chain(draft_report)) == []
    act_as(None)


def test_once_open_everybody_sees_it_and_search_finds_it(hall, opened):
    act_as(None)
    found = queries.listed(queries.Wanted(text="consultants attend"))

    assert Report.objects.filter(pk=opened.pk).exists()
    assert found.total >= 1
    assert found.rows[0].item.number == "1"


def test_search_finds_a_draft_for_its_own_body_alone(hall, draft_report):
    with acting_as(hall.trust.pk):
        assert queries.listed(queries.Wanted(text="consultants attend")).rows[0].item.number == "1"
    with acting_as(hall.icb.pk):
        assert queries.listed(queries.Wanted(text="consultants attend")).rows == []


def test_only_who_leads_for_the_body_opens_it_and_the_database_refuses_others(hall, draft_report):
    clerk = member(hall.bodies["trust"], role="member")
    for someone in (clerk, hall.cqc):
        with acting_as(someone.pk), pytest.raises(NotPermitted):
            actions.open_report(report=draft_report, by=someone)
    with acting_as(clerk.pk), pytest.raises(DatabaseError), transaction.atomic():
        Report.objects.filter(pk=draft_report.pk).update(opened=draft_report.taken_in)
    with acting_as(hall.cqc.pk):
        assert Report.objects.filter(pk=draft_report.pk).update(title="mine now") == 0


def test_a_report_without_a_day_is_not_opened(hall):
    report = take_in(hall, b"A short note\n\nThe Trust must employ enough midwives on every shift.")

    with acting_as(hall.trust.pk), pytest.raises(Invalid, match="on which day"):
        actions.open_report(report=report, by=hall.trust)


def test_what_it_says_of_itself_is_corrected_and_the_reading_kept_beside_it(hall, draft_report):
    with acting_as(hall.trust.pk):
        actions.correct_report(report=draft_report, field="on", value="3 March 2015", by=hall.trust)
        actions.correct_report(report=draft_report, field="provider", value="XAB", by=hall.trust)
        again = Report.objects.get(pk=draft_report.pk)

        assert (again.on_words, again.provider_id) == ("2015-03-03", "XAB")
        assert again.found["date"]["value"] == "14 May 2019"
        assert set(Item.objects.filter(report=again).values_list("on", "provider")) == {(again.on, "XAB")}
        with pytest.raises(Invalid, match="is not a day"):
            actions.correct_report(report=draft_report, field="on", value="yesterday", by=hall.trust)


def test_a_corrected_passage_becomes_an_item_or_stops_being_one(hall, draft_report):
    with acting_as(hall.trust.pk):
        told = Passage.objects.get(report=draft_report, text__contains="told us")
        first = Passage.objects.get(report=draft_report, number="1")
        actions.correct_passage(passage=told, kind="failing", by=hall.trust)
        actions.correct_passage(passage=first, kind="background", by=hall.trust)
        reading.measure()

        assert Item.objects.get(passage=told).vector is not None
        assert Item.objects.get(passage=first).withdrawn is not None
        assert Passage.objects.get(pk=told.pk).kind_read == "evidence"


def test_corrections_teach_the_next_reading(hall, draft_report):
    with acting_as(hall.trust.pk):
        told = Passage.objects.get(report=draft_report, text__contains="told us")
        actions.correct_passage(passage=told, kind="failing", by=hall.trust)

    second = take_in(hall, REPORT.replace("14 May 2019", "20 May 2020").encode(), "second.txt")

    with acting_as(hall.trust.pk):
        learnt = Passage.objects.get(report=second, text__contains="told us")
        assert learnt.kind == "failing"
        assert "corrected by hand" in learnt.why


def test_others_corrections_of_closed_reports_teach_nothing(hall, draft_report):
    with acting_as(hall.trust.pk):
        told = Passage.objects.get(report=draft_report, text__contains="told us")
        actions.correct_passage(passage=told, kind="failing", by=hall.trust)

    theirs = take_in(hall, REPORT.encode(), "theirs.txt", who="trust_b", body="trust-b")

    with acting_as(hall.trust_b.pk):
        assert Passage.objects.get(report=theirs, text__contains="told us").kind == "evidence"


def test_two_coders_code_blind_and_their_agreement_is_reckoned(hall, draft_report):
    second = member(hall.bodies["trust"], role="member")
    with acting_as(hall.trust.pk):
        links = list(Link.objects.filter(item__report=draft_report).select_related("item").order_by("pk")[:8])
        for n, link in enumerate(links):
            actions.code(item=link.item, failing=link.failing, says=n % 2 == 0, by=hall.trust)
    with acting_as(second.pk):
        shown = queries.codings([links[0].item_id], second)[links[0].item_id]
        assert any(said["hidden"] for _, said in shown)
        assert not any(said["others"] for _, said in shown)
        for n, link in enumerate(links):
            actions.code(item=link.item, failing=link.failing, says=n % 2 == 0 or n == 1, by=second)
        found = queries.agreement(draft_report)

        assert (found.coders, found.twice, found.same) == (2, 8, 7)
        # by hand: 16 values, 9 yes and 7 no; one pair disagrees: 1 - 15 * 2 / (2 * 9 * 7)
        assert found.alpha == pytest.approx(1 - 15 * 2 / (2 * 9 * 7))
        assert Link.objects.get(pk=links[1].pk).state == "disputed"


def test_nothing_of_a_report_is_deleted(hall, draft_report):
    with acting_as(hall.trust.pk):
        before = [model.objects.count() for model in (Report, Item, Passage)]
        with connection.cursor() as cursor:
            for table in ("learn_passage", "learn_item", "learn_report"):
                cursor.execute(f"DELETE FROM {table}")

        assert [model.objects.count() for model in (Report, Item, Passage)] == before


def test_a_change_that_the_record_is_not_told_of_is_refused(hall, draft_report):
    with acting_as(hall.trust.pk), transaction.atomic(), connection.cursor() as cursor:
        Report.objects.filter(pk=draft_report.pk).update(title="Changed unseen")
        # a test is one transaction, which told the record before: as if that had been another
        cursor.execute("RESET ROLE")
        cursor.execute("UPDATE record_told SET transaction = 0")
        cursor.execute("SET ROLE tocsin_app")
        with pytest.raises(DatabaseError, match="without an entry"), transaction.atomic():
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def test_a_file_that_is_too_large_is_refused(hall, monkeypatch):
    monkeypatch.setattr(files, "LIMIT", 100)
    with acting_as(hall.trust.pk), pytest.raises(files.FileRefused, match="larger than"):
        actions.take_in(upload=SimpleUploadedFile("a.txt", b"x" * 101), body=hall.bodies["trust"], by=hall.trust)
