"""Every page of the room with 3 rows of everything and with 30: the same number of queries."""

from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hall import MONDAY, enter, member
from panels import graders_of
from tocsin.web.people.models import Role
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Attachment, Entry
from tocsin.web.record.seal import seal
from tocsin.web.review import cases, consensus, figures, frames, grading, importing, standards
from tocsin.web.review.models import (
    Answer,
    Assignment,
    CareEvent,
    Case,
    Figures,
    Findings,
    Grading,
    Import,
    Panel,
    Position,
    Question,
    Seat,
    StandardVersion,
    Tie,
)

pytestmark = pytest.mark.django_db
UNMET = {"uk.made-up@1": {"verdict": "not-met", "words": "late", "bears": True}}


@contextmanager
def as_nobody_bound():
    """Rows put in by the database's own master, past the actions: what the pages read, many at once."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    with acting_as(TOCSIN):
        yield
        with connection.cursor() as cursor:
            # the database asks of each whether the record was told of it
            cursor.execute(
                "INSERT INTO record_told (chain, transaction) SELECT c, pg_current_xact_id()::text::bigint FROM (SELECT 'review:panel:' || id AS c "
                "FROM review_panel UNION SELECT 'review:case:' || id FROM review_case) told "
                "ON CONFLICT (chain) DO UPDATE SET transaction = excluded.transaction"
            )
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; SET ROLE tocsin_app")


class World:
    """One panel with a case that is agreed and one that is being graded, and as many of everything else as it was grown to."""

    def __init__(self, table):
        self.table, self.has, self.convener = table, 0, table.convener
        self.second = member(table.hall.bodies["mnsi"], Role.LEAD)
        self.case = table.case()
        table.deal()
        self.family, self.code = table.family(self.case.pk)
        for seat in graders_of(self.case):
            table.grade(seat.member, self.case.pk, standards=UNMET)
        for who in table.reviewers:
            with acting_as(who.pk):
                consensus.take_position(case=self.case.pk, grade="2", why="", by=who)
        with acting_as(self.convener.pk):
            consensus.agree(case=self.case.pk, grade="2", words="x", standards=UNMET, factors={}, by=self.convener)
            frames.give_list(panel=table.panel, name="All", upload=None, column="", typed="a: 900", by=self.convener)
            frames.draw(panel=table.panel, cases=5, half_width=None, how="equal", guesses={}, by=self.convener)
        self.open = table.case(facts={"country": "england"})
        table.deal()
        self.mine = graders_of(self.open)[0].member
        with acting_as(self.mine.pk):
            grading.mine(case=self.open.pk, by=self.mine)
        with acting_as(self.convener.pk):
            csv = ContentFile(b"reference,outcome,event_date,provider\nA,stillbirth,2018-13-14,XAA\n", name="a.csv")
            self.job = importing.bring(panel=table.panel, upload=csv, by=self.convener)
            importing.run(str(self.job.pk))
        with acting_as(TOCSIN):
            self.panel = Panel.objects.get(pk=table.panel)
            rows = [(n, r, None, g) for n in (1, 2) for r, g in ((1, "2"), (2, "1"))]
            self.figures = figures.worked_out(self.panel, rows, {})

    def grow(self, to):
        t, at, many = self.table, MONDAY, range(self.has, to)
        own = f"raiser:{self.family.pk}"
        with acting_as(self.convener.pk):
            for n in many:
                cases.open_identity(case=self.case.pk, by=self.convener)
                standards.propose(body=t.hall.bodies["mnsi"], given=_standard(n), why="", by=self.convener)
        with as_nobody_bound():
            signed = StandardVersion.objects.order_by("-id")[: len(many) // 2].values_list("pk", flat=True)
            StandardVersion.objects.filter(pk__in=list(signed)).update(signed=at, signed_by=self.second)
            file, entry = self.job.file, Entry.objects.order_by("-id").values_list("id", flat=True)[0]
            seat_of_mine = Seat.objects.get(panel=self.panel, member=self.mine)
            for n in many:
                panel = Panel.objects.create(
                    name=f"P{n}", body=t.hall.bodies["mnsi"], made_by=self.convener, made=at, scale="confidential-enquiry", graders=2, seed=1,
                    sampling="random",
                )  # fmt: skip
                for who, role in ((self.convener, "convener"), (self.mine, "reviewer")):
                    Seat.objects.create(panel=panel, member=who, role=role, began=at, declared=at)
                case = Case.objects.create(
                    panel=self.panel, pseudonym=f"X-{n}", provider_id="XAB" if n % 2 else "XAA", outcome="stillbirth", event_on=date(2019, 1, 1),
                    made=at, stratum="a",
                )  # fmt: skip
                Assignment.objects.create(case=case, seat=seat_of_mine, at=at)
                someone = member(t.hall.bodies["cqc"], "member", f"Grader {n}")
                seat = Seat.objects.create(panel=self.panel, member=someone, role="reviewer", began=at, declared=at)
                Tie.objects.create(member=someone, kind="interest", provider_id="XAB", words="x", began=at)
                given = Assignment.objects.create(case=self.case, seat=seat, at=at)
                Assignment.objects.create(case=self.open, seat=seat, at=at)
                content = {"grade": "1", "words": "w", "well": "", "standards": UNMET, "factors": {"seips.tasks": {"found": True, "bears": False, "words": ""}}}
                with acting_as(someone.pk):
                    made = Grading.objects.create(assignment=given, case=self.case, member=someone, content=content, salt="s")
                    made.final = at
                    made.save()
                    Position.objects.create(assignment=given, case=self.case, from_grade="1", grade="2", why="x", at=at)
                for of in (self.case, self.open):
                    CareEvent.objects.create(case=of, at=at - timedelta(days=3000), words=f"e{n}")
                    Attachment.objects.create(chain=f"review:case:{of.pk}", file=file, name=f"{n}.csv", entry_id=entry)
                asked = Question.objects.create(case=self.case, family=self.family, words=seal(own, f"q{n}"), asked=at)
                Answer.objects.create(question=asked, case=self.case, words=seal(own, "a"), at=at)
                Import.objects.create(panel=self.panel, by=self.convener, name="b.csv", file=file, at=at, ended=at)
                Findings.objects.create(panel=self.panel, at=at, by=self.convener, words="w", table={})
                with acting_as(self.convener.pk):
                    Figures(panel=self.panel, by=self.convener, asked=at).save(force_insert=True)
            Figures.objects.filter(ended=None).update(ended=at, result=self.figures, progress=100)
        self.has = to


def _standard(n):
    return {
        "id": f"mnsi.s{n}", "area": "intrapartum", "title": f"S{n}", "statement": "Ask.", "in_force_from": "2018-01-01", "source_body": "x",
        "source_document": "y", "source_section": "1", "source_address": "https://example.org/y",
    }  # fmt: skip


def pages(w):
    panel, case, open_ = (f"/review/panels/{w.table.panel}/", f"/review/cases/{w.case.pk}/", f"/review/cases/{w.open.pk}/")
    return {
        "convener": [
            "/review/", panel, *(panel + p for p in ("declare/", "table/", "table.csv", "figures/", "sample/")),
            *(f"{panel}do/{s}/" for s in ("case", "import", "seat", "unseat", "lift", "publish")),
            case, case + "talk/", open_, open_ + "facts/", f"/review/imports/{w.job.pk}/",
            *(f"{open_}do/{s}/" for s in ("event", "strike", "stratum", "document", "family", "one-more", "withdraw")), f"{case}do/answer/",
            "/review/standards/", "/review/standards/?day=2020-01-01", "/review/standards/of/mnsi.s2/",
        ],
        "second": ["/review/standards/waiting/"],
        "mine": ["/review/", panel, open_, open_ + "grade/"],
        "family": ["/answered/"],
    }  # fmt: skip


def test_with_three_rows_of_everything_and_with_thirty(client, table):
    world = World(table)

    def counted():
        found = {}
        for who, addresses in pages(world).items():
            if who == "family":
                client.post("/answered/", {"number": world.family.receipt, "code": world.code})
            else:
                enter(client, getattr(world, who))
            for address in addresses:
                assert client.get(address).status_code == 200, (who, address)
                with CaptureQueriesContext(connection) as queries:
                    client.get(address)
                found[who, address] = len(queries)
        return found

    world.grow(3)
    few = counted()
    world.grow(30)
    many = counted()

    assert {page: (few[page], n) for page, n in many.items() if n > few[page]} == {}
