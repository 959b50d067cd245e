"""The permission module against row-level security, row by row, for members as hypothesis draws them."""

from datetime import date

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hall import member
from panels import build, graders_of, listed
from tocsin.web.people.models import Declaration, Membership
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.review import consensus, families
from tocsin.web.review.models import (
    Answer,
    Assignment,
    CareEvent,
    Case,
    Consensus,
    Family,
    Frame,
    FrameList,
    Grading,
    Position,
    Question,
    Seat,
    Tie,
)
from tocsin.web.review.permissions import Act, about, may, sees, sees_gradings, who_is


def ask(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


@st.composite
def somebody(draw):
    """Who looks: one of those who are there already or somebody new, with seats, cases, ties, roles and interests as they come."""
    few = lambda of: draw(st.lists(of, max_size=2, unique=True))  # noqa: E731
    return {
        "base": draw(st.sampled_from(["new", "new", "reviewer", "reviewer", "convener", "stranger"])),
        "seats": few(st.sampled_from(["convener", "reviewer"])), "ended": draw(st.booleans()) and draw(st.booleans()),
        "given": few(st.integers(0, 4)), "tied_cases": few(st.integers(0, 4)), "tie_ended": draw(st.booleans()),
        "ties": few(st.sampled_from(["XAA", "XAB"])), "interest": few(st.sampled_from(["XAA", "XAB"])),
        "body": draw(st.sampled_from(["", "", "trust", "trust-b", "cqc", "mnsi"])),
    }  # fmt: skip


class Everything:
    """A panel with cases in every phase, each with a timeline, a family that asks and is answered, and a list of all cases."""

    def __init__(self, hall):
        self.hall, self.table = hall, build(hall, reviewers=4, graders=2, seed=5)
        table = self.table
        for provider, also in (("XAA", []), ("XAB", []), ("XAA", ["XAB"]), ("XAB", []), ("XAA", [])):
            table.case(provider, also=also, events=[(date(2018, 3, 14), "e")])
        table.deal()
        for number, case in enumerate(table.cases):
            for seat in graders_of(case)[: (2, 2, 2, 1, 0)[number]]:
                table.grade(seat.member, case)
            table.family(case)
            with acting_as(TOCSIN):
                asked = Question.objects.get(case=case)
            with acting_as(table.convener.pk):
                families.answer(case=case, question=asked.pk, words="So it was", by=table.convener)
        for number in (0, 1):
            for seat in graders_of(table.cases[number]):
                with acting_as(seat.member_id):
                    consensus.take_position(case=table.cases[number], grade="2", why="", by=seat.member)
            with acting_as(table.convener.pk):
                consensus.agree(case=table.cases[number], grade="2", words="x", standards={}, factors={}, by=table.convener)
        listed(table)
        with acting_as(TOCSIN):
            self.about = {c.pk: about(c) for c in Case.objects.all()}
            self.rows = {
                model: dict(model.objects.values_list("pk", "case_id")) for model in (CareEvent, Family, Question, Answer, Consensus, Assignment)
            }
            self.rows |= {model: dict(model.objects.values_list("pk", "case_id")) for model in (Grading, Position)}
            self.owners = dict(Assignment.objects.values_list("pk", "seat__member_id"))

    def live(self, drawn):
        """The member that was drawn, put into the database."""
        table, at = self.table, timezone.now()
        who = {"reviewer": table.reviewers[0], "convener": table.convener, "stranger": self.hall.icb}.get(drawn["base"])
        with acting_as(TOCSIN):
            who = who or member(self.hall.bodies["mnsi"], "member")
            for role in drawn["seats"]:
                seat, _ = Seat.objects.get_or_create(
                    panel_id=table.panel, member=who, role=role, ended=None, defaults={"began": at, "declared": at}
                )  # fmt: skip
                for number in drawn["given"] if role == "reviewer" and drawn["base"] == "new" else ():
                    made = Assignment.objects.create(case_id=table.cases[number], seat=seat, at=at)
                    self.rows[Assignment][made.pk], self.owners[made.pk] = made.case_id, who.pk
            for provider in drawn["ties"]:
                Tie.objects.create(member=who, kind="employer", provider_id=provider, began=at, ended=at if drawn["tie_ended"] else None)
            for number in drawn["tied_cases"]:
                Tie.objects.create(member=who, kind="own-care", case_id=table.cases[number], began=at)
            for provider in drawn["interest"]:
                Declaration.objects.create(member=who, provider_id=provider, reason="x", began=at)
            if drawn["body"]:
                Membership.objects.get_or_create(member=who, body=self.hall.bodies[drawn["body"]], role="member", defaults={"began": at})
            if drawn["ended"]:
                Seat.objects.filter(member=who).update(ended=at)
        return who


@pytest.fixture
def everything(hall):
    return Everything(hall)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=somebody())
def test_every_row_of_a_case_is_found_by_whom_the_module_lets_see_it_and_by_nobody_else(everything, drawn):
    with transaction.atomic():
        rows, owners = {m: dict(r) for m, r in everything.rows.items()}, dict(everything.owners)
        someone = everything.live(drawn)
        with acting_as(someone.pk):
            who = who_is(someone)
            seen = {a.id for a in everything.about.values() if sees(who, a)}
            opened = {a.id for a in everything.about.values() if sees_gradings(who, a)}
            convened = {a.id for a in everything.about.values() if a.panel in who.convenes} & seen
            assert set(Case.objects.values_list("pk", flat=True)) == seen
            # the family's account, questions and answers, the timeline and what was agreed: with the case
            for model in (CareEvent, Family, Question, Answer, Consensus):
                assert set(model.objects.values_list("pk", flat=True)) == {pk for pk, case in everything.rows[model].items() if case in seen}, model
            own = {pk for pk, member_ in everything.owners.items() if member_ == someone.pk}
            mine = {pk for pk in own if everything.rows[Assignment][pk] in seen & who.assigned.keys()}
            graded = {pk for pk, case in everything.rows[Grading].items() if case in opened}
            # others' gradings and positions: after the blind phase, and with one's own final
            assert {g for g in Grading.objects.values_list("pk", flat=True) if g not in own} == graded - own
            assert {g for g in Grading.objects.values_list("pk", flat=True) if g in own} <= mine | graded
            assert set(Position.objects.values_list("pk", flat=True)) == {pk for pk, case in everything.rows[Position].items() if case in opened}
            given_out = {pk for pk, case in everything.rows[Assignment].items() if case in convened | opened} | own
            assert set(Assignment.objects.values_list("pk", flat=True)) == given_out
            # whose case it is: opened by those on it alone
            answers = dict(ask("SELECT c, review_may('identity-opened', c) FROM unnest(%s::bigint[]) c", list(everything.about)))
            assert answers == {a.id: may(who, Act.IDENTITY_OPENED, a) for a in everything.about.values()}
            # the list of all cases names XAA's: no convener who is tied to it reads it
            assert FrameList.objects.exists() == (everything.table.panel in who.convenes and "XAA" not in who.ties)
            assert Frame.objects.exists() == (everything.table.panel in who.seats)
        transaction.set_rollback(True)
    everything.rows, everything.owners = rows, owners
