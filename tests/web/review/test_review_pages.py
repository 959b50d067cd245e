"""The room's pages, as those see them who sit in a panel, and as those who do not."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from hall import enter, member
from panels import graders_of
from tocsin.web.people.models import Role
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Entry
from tocsin.web.review import consensus, families, figures, publishing
from tocsin.web.review.models import Case, Figures, Findings, Grading, Question, StandardVersion

pytestmark = pytest.mark.django_db
NAME = "Unmistakable Name"


def text(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.content.decode()


def send(client, address, **values):
    hidden = dict(re.findall(r'name="(request|stamp|version)" value="([^"]*)"', client.get(address).content.decode()))
    return client.post(address, hidden | values)


@pytest.fixture
def given(table):
    """A case that all three reviewers have, and its family."""
    case = table.case()
    table.deal()
    family, code = table.family(case.pk)
    return table, case, family, code


def graded(table, case, grades=("2", "2", "3")):
    for seat, grade in zip(graders_of(case), grades, strict=True):
        table.grade(seat.member, case.pk, grade, standards={"uk.made-up@1": {"verdict": "not-met", "words": "late", "bears": True}})


def agreed(table, case, grade="2"):
    graded(table, case, (grade,) * 3)
    for seat in graders_of(case):
        with acting_as(seat.member_id):
            consensus.take_position(case=case.pk, grade=grade, why="", by=seat.member)
    with acting_as(table.convener.pk):
        consensus.agree(
            case=case.pk, grade=grade, words="Found", by=table.convener, factors={"seips.tasks": {"bears": True}},
            standards={"north.standard@1": {"verdict": "not-met", "bears": True, "words": "late", "title": "A standard"}},
        )  # fmt: skip


def pages(table, case):
    return [
        "/review/", "/review/panels/new/", f"/review/panels/{table.panel}/", f"/review/panels/{table.panel}/declare/", f"/review/panels/{table.panel}/table/",
        f"/review/panels/{table.panel}/table.csv", f"/review/panels/{table.panel}/figures/", f"/review/cases/{case.pk}/",
        f"/review/cases/{case.pk}/facts/",
        *(f"/review/panels/{table.panel}/do/{s}/" for s in ("case", "import", "deal", "seat", "unseat", "lift", "publish")),
        *(f"/review/cases/{case.pk}/do/{s}/" for s in ("event", "strike", "document", "family", "answer", "one-more", "withdraw", "erase-family")),
    ]  # fmt: skip


def test_the_convener_opens_every_page_and_no_page_names_whose_case_it_is(client, given):
    table, case, *_ = given
    enter(client, table.convener)
    for address in pages(table, case):
        assert NAME not in text(client, address), address


def test_whoever_does_not_sit_in_the_panel_finds_neither_it_nor_its_cases(client, given):
    table, case, *_ = given
    enter(client, table.hall.icb)
    for address in pages(table, case)[2:]:
        assert client.get(address).status_code == 404, address
    assert client.post(f"/review/cases/{case.pk}/whose/").status_code == 404
    assert client.post(f"/review/cases/{case.pk}/grade/save/", {"grade": "1"}).status_code in (403, 404)


def test_whoever_is_not_signed_in_is_led_to_sign_in(client, given):
    table, case, *_ = given
    for address in pages(table, case):
        assert client.get(address)["Location"].startswith("/sign-in/?next="), address


def test_opening_whose_case_it_is_shows_it_once_and_stands_in_the_record(client, given):
    _table, case, *_ = given
    enter(client, graders_of(case)[0].member)
    assert NAME in client.post(f"/review/cases/{case.pk}/whose/").content.decode()
    page = text(client, f"/review/cases/{case.pk}/")

    assert NAME not in page
    assert "Opened on" in page
    with acting_as(TOCSIN):
        assert Entry.objects.filter(chain=f"review:case:{case.pk}", what="identity-opened").count() == 1


def test_a_draft_is_saved_as_it_is_written_and_a_late_saving_does_not_overwrite_a_later_one(client, given):
    _table, case, *_ = given
    enter(client, graders_of(case)[0].member)
    address = f"/review/cases/{case.pk}/grade/"
    text(client, address)
    first = client.post(address + "save/", {"words": "one", "version": 0, "tab": "a", "count": 1})
    late = client.post(address + "save/", {"words": "zero", "version": 0, "tab": "a", "count": 1})
    other = client.post(address + "save/", {"words": "two", "version": 0, "tab": "b", "count": 1})

    with connection.cursor() as cursor:
        # what the database asks when the work is over
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert first.json()["version"] == 1
    assert late.json()["version"] == 1
    assert other.status_code == 409
    assert other.json()["content"]["words"] == "one"
    assert client.post(address + "save/", {"words": "x", "version": "not a number"}).status_code == 422
    assert "one" in text(client, address)


def test_the_plain_form_grades_for_good_and_says_what_is_missing(client, given):
    _table, case, *_ = given
    who = graders_of(case)[0].member
    enter(client, who)
    address = f"/review/cases/{case.pk}/grade/"
    missing = send(client, address, do="finish", grade="2", words="Because")
    assert missing.status_code == 422
    assert "Name at least one standard" in missing.content.decode()
    done = send(client, address, do="finish", grade="2", words="Because", **{"f:seips.tasks:found": "yes", "f:seips.tasks:bears": "yes"})
    assert done.status_code == 302
    assert "Your grading is final" in text(client, address)
    with acting_as(who.pk):
        assert Grading.objects.get(case=case).content["factors"]["seips.tasks"]["bears"] is True
    assert client.post(address + "save/", {"words": "later", "version": 9}).status_code == 403


def test_no_page_shows_anothers_grading_before_all_are_final(client, given):
    table, case, *_ = given
    seats = graders_of(case)
    for seat in seats[:2]:
        table.grade(seat.member, case.pk, words="An unmistakable reason")
    for who in (table.convener, seats[2].member):
        enter(client, who)
        for address in (f"/review/cases/{case.pk}/", f"/review/panels/{table.panel}/table/", f"/review/panels/{table.panel}/figures/"):
            assert "An unmistakable reason" not in text(client, address)
        assert "An unmistakable reason" not in text(client, f"/review/cases/{case.pk}/talk/", 403)
    assert "An unmistakable reason" not in text(client, f"/review/cases/{case.pk}/grade/", 200)


def test_the_talk_keeps_who_moved_and_why_and_the_convener_records_what_is_agreed(client, given):
    table, case, *_ = given
    graded(table, case)
    address = f"/review/cases/{case.pk}/talk/"
    for seat in graders_of(case):
        enter(client, seat.member)
        with acting_as(seat.member_id):
            own = Grading.objects.get(case=case, member=seat.member).content["grade"]
        if own == "3":
            assert send(client, address, do="position", mine="2").status_code == 422
        assert send(client, address, do="position", mine="2", why="The trace" if own == "3" else "").status_code == 302
    page = text(client, address)
    assert "moves from 3 to 2" in page
    assert "The trace" in page
    enter(client, table.convener)
    assert send(client, address, do="agree", grade="0", words="x").status_code == 422
    met = {"s:uk.made-up@1:verdict": "not-met", "s:uk.made-up@1:words": "late"}
    done = send(client, address, do="agree", grade="2", words="It might have ended otherwise", **met)
    assert done.status_code == 302
    assert "It might have ended otherwise" in text(client, f"/review/cases/{case.pk}/")


def test_a_family_opens_its_page_with_its_code_asks_and_says_whether_it_is_resolved(client, given):
    table, case, family, code = given
    assert client.post("/answered/", {"number": family.receipt, "code": "wrong"}).status_code == 403
    assert client.post("/answered/", {"number": family.receipt, "code": code}).status_code == 302
    page = text(client, "/answered/")
    assert "Why did nobody come?" in page
    assert "What we lived through" in page
    assert send(client, "/answered/", do="ask", question="").status_code == 422
    assert send(client, "/answered/", do="ask", question="Who was on call?").status_code == 302
    with acting_as(TOCSIN):
        asked = Question.objects.filter(case=case).order_by("asked", "id").first()
    with acting_as(table.convener.pk):
        families.answer(case=case.pk, question=asked.pk, words="Two others were ill", by=table.convener)
    assert "Two others were ill" in text(client, "/answered/")
    assert send(client, "/answered/", do="not-resolved", of=str(asked.pk), words="And then?").status_code == 302
    with acting_as(TOCSIN):
        assert Question.objects.get(pk=asked.pk).state == "not-resolved"
    client.post("/answered/leave/")
    assert "Why did nobody come?" not in text(client, "/answered/")


def test_wrong_codes_make_one_wait_and_lock_no_family_out(client, given, moment):
    _table, _case, family, code = given
    wrong = [client.post("/answered/", {"number": family.receipt, "code": "wrong"}).status_code for _ in range(8)]
    assert wrong[0] == 403
    assert wrong[-1] == 429
    assert client.post("/answered/", {"number": family.receipt, "code": code}).status_code == 429
    moment.at += timedelta(hours=2)
    assert client.post("/answered/", {"number": family.receipt, "code": code}).status_code == 302


def test_a_file_brings_good_cases_and_puts_bad_rows_aside_with_their_line(client, table):
    enter(client, table.convener)
    lines = "reference,outcome,event_date,provider,name\n"
    lines += "A1,stillbirth,2018-03-14,XAA,Unmistakable Name\nA2,stillbirth,2018-13-41,XAA,x\nA3,stillbirth,2018-03-15,NOWHERE,y\n"
    answer = send(client, f"/review/panels/{table.panel}/do/import/", upload=SimpleUploadedFile("cases.csv", lines.encode()))
    assert answer.status_code == 302, answer.content.decode()
    from tocsin.web.review import importing

    number = answer["Location"].rstrip("/").rpartition("/")[2]
    importing.run(number)
    page = text(client, answer["Location"])
    assert "1 case came in; 2 rows were put aside." in page
    assert NAME not in page
    rows = list(csv.DictReader(io.StringIO(text(client, answer["Location"] + "aside.csv"))))
    assert [r["line"] for r in rows] == ["3", "4"]


def test_the_table_is_a_page_a_csv_and_a_pdf_that_say_the_same(client, given):
    table, case, *_ = given
    agreed(table, case)
    enter(client, table.convener)
    page = text(client, f"/review/panels/{table.panel}/table/")
    assert "Death of a newborn baby" in page
    row = list(csv.DictReader(io.StringIO(text(client, f"/review/panels/{table.panel}/table.csv"))))[-1]
    assert (row["outcome"], row["cases"], row["grade_2"], row["might_or_would_count"], row["would_count"]) == ("All", "1", "1", "1", "0")
    assert client.get(f"/review/panels/{table.panel}/table.pdf").content.startswith(b"%PDF-")
    assert "2,854 days" in page or "days" in page


def test_what_east_kents_panel_found_is_shown_with_its_sums_and_where_its_sources_differ(client, db):
    page = re.sub(r"<[^>]+>|\s+", " ", text(client, "/review/published/east-kent-2022/"))
    for row in (r"Deaths of babies\s+64\b", r"Brain injuries of babies\s+17\b", r"mothers\s+32\b", r"All\s+202\b"):
        assert re.search(row, page), row
    for count in ("97 (48%)", "45 (70%)", "12 (71%)", "23 (72%)"):
        assert count in page
    assert re.search(r"Deaths of babies\s+65\b", re.sub(r"<[^>]+>|\s+", " ", text(client, "/review/published/east-kent-2022/?as=report")))
    rows = list(csv.DictReader(io.StringIO(text(client, "/review/published/east-kent-2022.csv"))))
    assert sum(int(r["cases"]) for r in rows[:-1]) == int(rows[-1]["cases"]) == 202
    assert sum(int(r["might_or_would_count"]) for r in rows[:-1]) == 97


def test_figures_are_worked_out_with_names_for_the_convener_alone(client, table):
    for _ in range(3):
        table.case()
    table.deal()
    for number, case in enumerate(table.cases):
        graded(table, Case(pk=case), (str(number), str(number), "3"))
    with acting_as(table.convener.pk):
        job = figures.ask(panel=table.panel, by=table.convener)
        assert figures.ask(panel=table.panel, by=table.convener).pk == job.pk
    figures.run(str(job.pk))
    with acting_as(TOCSIN):
        found = Figures.objects.get(pk=job.pk)
    assert found.progress == 100
    assert found.result["cases"] == 3
    json.dumps(found.result, allow_nan=False)
    address = f"/review/panels/{table.panel}/figures/"
    enter(client, table.convener)
    assert "Reviewer 0" in text(client, address)
    assert "AC2" in text(client, address)
    enter(client, table.reviewers[0])
    assert "Gwet" in text(client, address)
    assert not re.search(r'row">Reviewer 0<', text(client, address))


def test_publishing_rings_the_hall_where_a_standard_is_unmet_again_and_again(client, table):
    for _ in range(3):
        table.case()
    table.deal()
    for case in table.cases:
        agreed(table, Case(pk=case))
    with acting_as(table.convener.pk):
        table.case("XAB")
        from tocsin.web.review.models import Panel

        again = publishing.again(Panel.objects.get(pk=table.panel))
    assert [(u.provider, u.unmet, u.applied, u.others_applied) for u in again] == [("XAA", 3, 3, 0)]
    enter(client, table.convener)
    assert send(client, f"/review/panels/{table.panel}/do/publish/", words="").status_code == 422
    assert send(client, f"/review/panels/{table.panel}/do/publish/", words="The same again").status_code == 302
    from tocsin.web.concerns.models import JoinedSignal

    with acting_as(TOCSIN):
        assert Findings.objects.get().signals == 1
        rung = JoinedSignal.objects.select_related("concern").get(key__startswith="the review|")
        assert (rung.concern.provider_id, rung.evidence["unmet"]) == ("XAA", 3)
        assert "no other provider was looked at" in rung.sentence


def test_a_bodys_own_standard_is_proposed_signed_by_a_second_person_and_shown_with_what_it_changed(client, hall):
    second = member(hall.bodies["mnsi"], Role.LEAD)
    values = {
        "body": hall.bodies["mnsi"].pk, "id": "mnsi.second-opinion", "area": "intrapartum", "title": "A second opinion", "statement": "Ask a colleague.",
        "in_force_from": "2020-01-01", "source_body": "The investigators", "source_document": "Handbook", "source_section": "1",
        "source_address": "https://example.org/handbook",
    }  # fmt: skip
    enter(client, hall.mnsi)
    assert send(client, "/review/standards/propose/", **values | {"statement": ""}).status_code == 422
    assert send(client, "/review/standards/propose/", **values).status_code == 302
    with acting_as(TOCSIN):
        first = StandardVersion.objects.get()
    assert send(client, "/review/standards/waiting/", versions=first.pk).status_code == 403
    assert "A second opinion" not in text(client, "/review/standards/?day=2021-01-01&text=second+opinion+colleague")
    enter(client, second)
    assert send(client, "/review/standards/waiting/", versions=first.pk).status_code == 302
    assert "A second opinion" in text(client, "/review/standards/?day=2021-01-01")
    revised = values | {"statement": "Ask a senior colleague.", "in_force_from": "2022-01-01"}
    assert send(client, "/review/standards/propose/?of=mnsi.second-opinion", **revised).status_code == 302
    enter(client, hall.mnsi)
    assert "<ins>" in text(client, "/review/standards/waiting/")
    with acting_as(TOCSIN):
        later = StandardVersion.objects.get(version=2)
    send(client, "/review/standards/waiting/", versions=later.pk)
    page = text(client, "/review/standards/of/mnsi.second-opinion/")
    assert "Version 2" in page
    assert "<ins>" in page
    faulty = SimpleUploadedFile("own.csv", b"id,version,area\nx,1,nowhere\n")
    answer = send(client, "/review/standards/import/", body=hall.bodies["mnsi"].pk, upload=faulty)
    assert answer.status_code == 422
    assert "own.csv:" in answer.content.decode()
    assert text(client, "/review/standards/?day=yesterday", 422)
    enter(client, hall.icb)
    assert client.get("/review/standards/of/nothing/").status_code == 404
