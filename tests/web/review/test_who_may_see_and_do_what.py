"""The permission module against the database: two answers to one question, over random panels; and every wrong reader and writer, by raw SQL."""

import random
from itertools import product

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from hall import member
from panels import build, graders_of, listed
from tocsin.web.people.models import Declaration, Membership, Role
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from tocsin.web.record.models import Attachment, Entry
from tocsin.web.review import consensus, families, panels
from tocsin.web.review.models import (
    AgreedFactor,
    AgreedStandard,
    Answer,
    Assignment,
    CareEvent,
    Case,
    Consensus,
    Family,
    Figures,
    Findings,
    Frame,
    FrameList,
    Grading,
    Import,
    Panel,
    Position,
    Question,
    Seat,
    Tie,
)
from tocsin.web.review.permissions import Act, NotPermitted, PanelAct, about, may, may_in, sees, sees_gradings, who_is

EVERYTHING = (
    Panel, Seat, Case, Tie, CareEvent, Assignment, Grading, Position, Consensus, AgreedStandard, AgreedFactor, Family, Question, Answer, Import,
    Findings, Figures, Frame, FrameList,
)  # fmt: skip


def ask(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def worlds(hall, random_):
    """Two panels, cases in every phase, and people with seats, ties, roles and cases at random."""
    tables = [build(hall, reviewers=4, graders=2, seed=random_.randrange(999)) for _ in range(2)]
    for table in tables:
        for provider, also in (("XAA", []), ("XAB", []), ("XAA", ["XAB"]), ("XAB", [])):
            table.case(provider, also=also)
        table.deal()
        for number, case in enumerate(table.cases):
            graders = [s.member for s in graders_of(case)]
            for who in graders[: (2, 2, 1, 0)[number]]:
                table.grade(who, case)
        if random_.random() < 0.5:
            first = table.cases[0]
            for seat in graders_of(first):
                with acting_as(seat.member_id):
                    consensus.take_position(case=first, grade="2", why="", by=seat.member)
            with acting_as(table.convener.pk):
                consensus.agree(case=first, grade="2", words="x", standards={}, factors={}, by=table.convener)
                if random_.random() < 0.5:
                    families.finish(case=first, by=table.convener)
    return tables


def people(hall, tables, random_):
    """Members as they are, and some with ties, ended seats, roles at the trusts, declared interests."""
    found = [m for t in tables for m in [*t.reviewers, t.convener]] + list(hall.members.values())
    with acting_as(TOCSIN):
        for who in found:
            if random_.random() < 0.2:
                Tie.objects.create(member=who, kind="employer", provider=random_.choice(list(hall.providers.values())), began=timezone.now())
            if random_.random() < 0.15:
                tied = Case.objects.get(pk=random_.choice(random_.choice(tables).cases))
                Tie.objects.create(member=who, kind="own-care", case=tied, began=timezone.now(), ended=random_.choice([None, timezone.now()]))
            if random_.random() < 0.15:
                Declaration.objects.create(member=who, provider=random_.choice(list(hall.providers.values())), reason="x", began=timezone.now())
            if random_.random() < 0.2:
                body, role = random_.choice(list(hall.bodies.values())), random_.choice(Role.values)
                Membership.objects.get_or_create(member=who, body=body, role=role, defaults={"began": timezone.now()})
            if random_.random() < 0.2:
                panel = Panel.objects.get(pk=random_.choice(tables).panel)
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
                Seat.objects.get_or_create(panel=panel, member=who, role="convener", ended=None, defaults={"began": timezone.now()})
    return found


@pytest.mark.parametrize("seed", range(4))
def test_module_and_database_give_the_same_answer_to_every_question(hall, seed):
    random_ = random.Random(seed)
    tables = worlds(hall, random_)
    someone = people(hall, tables, random_)
    with acting_as(TOCSIN):
        cases = {c.pk: about(c) for c in Case.objects.all()}
        bodies = dict(Panel.objects.values_list("id", "body_id"))
        final = {g.pk for g in Grading.objects.all()}
        owners = dict(Assignment.objects.values_list("id", "seat__member_id"))
        whose = dict(Assignment.objects.values_list("id", "case_id"))
    asked = 0
    for who_ in someone:
        with acting_as(who_.pk):
            who = who_is(who_)
            seen = {row[0] for row in ask("SELECT id FROM review_case")}
            read = {row[0] for row in ask("SELECT assignment_id FROM review_grading")}
            answers = {(i, w): ok for i, w, ok in ask(
                "SELECT i, w, review_may(w, i) FROM unnest(%s::bigint[]) i, unnest(%s::text[]) w", list(cases), [str(a) for a in Act])}  # fmt: skip
            in_panels = {(i, w): ok for i, w, ok in ask(
                "SELECT i, w, review_may_in(w, i) FROM unnest(%s::bigint[]) i, unnest(%s::text[]) w", list(bodies), [str(a) for a in PanelAct])}  # fmt: skip
        assert seen == {i for i, a in cases.items() if sees(who, a)}
        others = {g for g in final if sees_gradings(who, cases[whose[g]])}
        assert {g for g in read if owners[g] != who_.pk} == {g for g in others if owners[g] != who_.pk}
        assert all(whose[g] in seen for g in read)
        for case, act in product(cases, Act):
            assert answers[case, str(act)] == may(who, act, cases[case]), (act, cases[case], who)
            asked += 1
        for panel, act in product(bodies, PanelAct):
            # a body that one leads counts only where the panel may be seen: a panel is made before it is anybody's
            if act is not PanelAct.MADE:
                assert in_panels[panel, str(act)] == may_in(who, act, panel, bodies[panel]), (act, panel, who)
    assert asked == len(someone) * len(cases) * len(Act)


def test_nobody_on_earth_sees_anothers_grading_before_all_are_final_not_even_tocsin_itself(table):
    case = table.case().pk
    table.deal()
    one, two, three = table.reviewers
    table.grade(one, case, "3")
    table.grade(two, case, "1", final=False)

    for who in (TOCSIN, None, table.convener.pk, three.pk, *(m.pk for m in table.hall.members.values())):
        with acting_as(who):
            assert ask("SELECT content FROM review_grading") == [], who
            assert Grading.objects.count() == 0
    for who, sees_ in ((one, 1), (two, 1)):
        with acting_as(who.pk):
            assert [g.member_id for g in Grading.objects.all()] == [who.pk] * sees_
    with acting_as(TOCSIN):
        told = " ".join(e.payload for e in Entry.objects.filter(chain=f"review:case:{case}"))
    assert '"grade"' not in told
    table.grade(two, case, "1")
    with acting_as(one.pk):
        # her own is final, but one is still grading
        assert Grading.objects.count() == 1
    table.grade(three, case, "2")
    for who in (one, two, three, table.convener):
        with acting_as(who.pk):
            assert sorted(g.content["grade"] for g in Grading.objects.all()) == ["1", "2", "3"]


def test_a_grader_who_comes_later_sees_nobodys_grading_before_their_own_is_final(hall):
    table = build(hall, reviewers=3, graders=2)
    case = table.case().pk
    table.deal()
    for seat in graders_of(case):
        table.grade(seat.member, case)
    late = next(r for r in table.reviewers if r.pk not in {s.member_id for s in graders_of(case)})
    with acting_as(table.convener.pk):
        panels.give_to(case=case, seat=Seat.objects.get(member=late, panel=table.panel).pk, by=table.convener)

    with acting_as(late.pk):
        assert Grading.objects.count() == 0
    table.grade(late, case, "0", factors={})
    with acting_as(late.pk):
        assert Grading.objects.count() == 3


def test_whoever_has_no_part_in_a_panel_sees_nothing_of_it(table):
    case = table.case().pk
    table.deal()
    for seat in graders_of(case):
        table.grade(seat.member, case)
    table.family(case)
    listed(table)
    with acting_as(table.convener.pk):
        Figures(panel_id=table.panel, by=table.convener, asked=timezone.now()).save(force_insert=True)
        assert Figures.objects.count() == 1
    strangers = [m.pk for name, m in table.hall.members.items() if name != "mnsi"]
    other = build(table.hall)

    for who in (None, *strangers, *(r.pk for r in other.reviewers)):
        with acting_as(who):
            for model in EVERYTHING:
                rows = model.objects.all()
                if who in {r.pk for r in other.reviewers}:
                    rows = [r for r in rows if getattr(r, "panel_id", r.pk) != other.panel and getattr(r, "member_id", None) != who]
                assert list(rows) == [], (model, who)
            assert not Entry.objects.filter(chain__in=[f"review:case:{case}", f"review:panel:{table.panel}"]).exists()
            assert not Attachment.objects.exists()
            for whole in ("cases", "gradings", "unmet", "progress", "strata"):
                assert ask(f"SELECT * FROM review_panel_{whole}(%s)", table.panel) == [], whole
            for mine in ("progress", "days"):
                assert table.panel not in {row[0] for row in ask(f"SELECT * FROM review_my_{mine}()")}


def test_the_inner_functions_that_read_as_tocsin_are_refused_to_the_web(table):
    inner = (
        "agreed_of(1)", "opened_of(1, true)", "unmet_of(1)", "progress_of(1)", "case_places(1)", "strata_of(1)", "progress_each('{1}')", "days_each('{1}')",
    )  # fmt: skip
    for call in (f"review_{i}" for i in inner):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            ask(f"SELECT * FROM {call}")


def test_the_convener_who_is_tied_to_a_provider_sees_none_of_its_cases(table):
    one, two = table.case("XAA").pk, table.case("XAB").pk
    with acting_as(table.convener.pk):
        panels.declare(panel=table.panel, ties=[{"kind": "employer", "provider": "XAA", "words": "Worked there until 2019"}], by=table.convener)

        assert [c.pk for c in Case.objects.all()] == [two]
        with pytest.raises(Case.DoesNotExist):
            families.invite_family(case=one, account="", questions=[], by=table.convener)
    with pytest.raises(NotPermitted, match="tied"):
        table.case("XAA")


@pytest.mark.parametrize("how", ["employer", "own body", "interest in the hall", "own care"])
def test_no_case_is_given_to_somebody_who_is_tied_to_it_by_the_draw_or_by_the_database(table, how):
    case = table.case("XAA").pk
    tied = table.reviewers[0]
    with acting_as(TOCSIN):
        at = timezone.now()
        if how == "employer":
            Tie.objects.create(member=tied, kind="employer", provider_id="XAA", began=at)
        elif how == "own body":
            Membership.objects.create(member=tied, body=table.hall.bodies["trust"], role="member", began=at)
        elif how == "own care":
            Tie.objects.create(member=tied, kind="own-care", case_id=case, began=at)
        else:
            Declaration.objects.create(member=tied, provider_id="XAA", reason="x", began=at)
        seat = Seat.objects.get(member=tied, panel=table.panel)

    with acting_as(table.convener.pk):
        with pytest.raises(Exception, match="could be given out"):
            panels.deal(panel=table.panel, by=table.convener)
        with pytest.raises(DatabaseError, match="tied to this case"), transaction.atomic():
            Assignment(case_id=case, seat=seat, at=timezone.now()).save(force_insert=True)


def execute_to_the_end(statement, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        changed = cursor.rowcount
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        if changed == 0:
            raise DatabaseError("no row was reached")


GRADED = "UPDATE review_grading SET content = '{\"grade\": \"0\"}'"
WRONG = {
    "reviewer": [
        GRADED, f"{GRADED} WHERE member_id <> tocsin_member()", "UPDATE review_case SET facts = '{}'", "UPDATE review_case SET blind_ended = now()",
        "UPDATE review_assignment SET final = NULL", "UPDATE review_assignment SET withdrawn = now()", "DELETE FROM review_grading",
        "DELETE FROM review_case",
        "INSERT INTO review_assignment (id, case_id, seat_id, at, why) "
        "SELECT gen_random_uuid(), c.id, s.id, now(), '' FROM review_case c, review_seat s",
        "UPDATE review_seat SET role = 'convener' WHERE member_id = tocsin_member()",
        "INSERT INTO review_seat (panel_id, member_id, role, craft, began) SELECT id, tocsin_member(), 'convener', '', now() FROM review_panel",
        "UPDATE review_tie SET ended = now()", "UPDATE review_question SET state = 'answered'", "UPDATE review_family SET last_word = 'resolved'",
        "INSERT INTO review_consensus (case_id, grade, how, words, at, by_id) SELECT id, '0', 'unanimous', 'x', now(), tocsin_member() FROM review_case",
        "UPDATE review_panel SET graders = 2", "UPDATE review_frame SET sizes = strata", "SELECT 1 / count(*) FROM review_frame_list",
    ],
    "convener": [
        GRADED, "UPDATE review_case SET blind_ended = now() WHERE blind_ended IS NULL", "UPDATE review_case SET blind_ended = NULL",
        "UPDATE review_assignment SET final = now() WHERE final IS NULL", "UPDATE review_assignment SET final = NULL", "DELETE FROM review_assignment",
        "UPDATE review_panel SET scale = 'pmrt'", "UPDATE review_panel SET graders = 2", "UPDATE review_panel SET name = 'x'",
        "UPDATE review_case SET outcome = 'other'", "UPDATE review_case SET pseudonym = 'x'", "UPDATE review_question SET state = 'answered'",
        "UPDATE review_answer SET words = '{}'", "DELETE FROM review_question", "UPDATE review_tie SET ended = now() WHERE member_id = tocsin_member()",
        "UPDATE review_frame SET seed = 1", "UPDATE review_frame SET sizes = '{}'", "UPDATE review_frame SET strata = '{\"term\": 1}'",
        "UPDATE review_frame SET ended = now()", "UPDATE review_frame SET sizes = strata", "UPDATE review_frame_list SET rows = '{}'",
        "DELETE FROM review_frame", "UPDATE review_case SET stratum = 'term'",
        "INSERT INTO review_grading (assignment_id, case_id, member_id, content, version, tab, count, set_aside, salt) "
        "SELECT id, case_id, tocsin_member(), '{}', 0, '', 0, '[]', '' FROM review_assignment",
        "INSERT INTO record_entry (chain, seq, at, what, payload, body, previous, hash, transaction) "
        "SELECT 'review:case:' || id, 0, now(), 'graded', '{}', '', '', '', 0 FROM review_case",
    ],
    "stranger": [
        GRADED, "UPDATE review_case SET facts = '{}'", "UPDATE review_panel SET name = 'x'",
        "INSERT INTO review_seat (panel_id, member_id, role, craft, began) VALUES (%(panel)s, tocsin_member(), 'convener', '', now())",
        "INSERT INTO record_entry (chain, seq, at, what, payload, body, previous, hash, transaction) "
        "VALUES ('review:case:%(case)s', 0, now(), 'case-changed', '{}', '', '', '', 0)",
        "INSERT INTO record_entry (chain, seq, at, what, payload, body, previous, hash, transaction) "
        "VALUES ('review:panel:%(panel)s', 0, now(), 'seated', '{}', '', '', '', 0)",
    ],
    "family": [
        "UPDATE review_question SET state = 'resolved'", "UPDATE review_family SET last_word = 'resolved'", "UPDATE review_case SET plain = 'x'",
        "SELECT 1 / count(*) FROM review_case", "SELECT 1 / count(*) FROM review_grading",
        "INSERT INTO review_question (id, case_id, family_id, words, asked, state) "
        "SELECT gen_random_uuid(), case_id, id, '{}', now(), 'open' FROM review_family",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("who", "statement"), [(w, s) for w, of in WRONG.items() for s in of])
def test_the_database_refuses_what_no_action_did(table, who, statement):
    open_case, case = table.case().pk, table.case().pk
    table.deal()
    for reviewer in table.reviewers:
        table.grade(reviewer, case)
        table.grade(reviewer, open_case, final=reviewer is table.reviewers[0])
    family, _ = table.family(case)
    listed(table)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; RESET ROLE; UPDATE record_told SET transaction = 0; SET ROLE tocsin_app")
    actor = {
        "reviewer": table.reviewers[0].pk, "convener": table.convener.pk, "stranger": table.hall.cqc.pk, "family": f"raiser:{family.pk}",
    }[who]  # fmt: skip
    act_as(actor)

    with pytest.raises(DatabaseError):
        execute_to_the_end(statement.replace("%(panel)s", str(table.panel)).replace("%(case)s", str(case)))


def test_a_final_grading_is_kept_for_ever_also_from_its_own_author(table):
    case = table.case().pk
    table.deal()
    one = table.reviewers[0]
    table.grade(one, case)

    with acting_as(one.pk), pytest.raises(NotPermitted):
        table.grade(one, case, "0", final=False)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    act_as(one.pk)
    with pytest.raises(DatabaseError):
        execute_to_the_end(GRADED)
    # nor by the role that owns the table
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    with pytest.raises(DatabaseError):
        execute_to_the_end(GRADED)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE tocsin_app")


def test_a_member_who_left_the_panel_sees_its_cases_no_longer(table):
    case = table.case().pk
    table.deal()
    gone = table.reviewers[0]
    with acting_as(gone.pk):
        assert Case.objects.filter(pk=case).exists()
    with acting_as(table.convener.pk):
        panels.unseat(seat=Seat.objects.get(member=gone, panel=table.panel).pk, why="Left", by=table.convener)

    with acting_as(gone.pk):
        assert not Case.objects.exists()
        assert not Grading.objects.exists()


def test_a_family_sees_its_own_page_and_nothing_of_the_gradings(table):
    case, other = table.case().pk, table.case().pk
    family, _ = table.family(case)
    second, _ = table.family(other)
    with acting_as(f"raiser:{family.pk}"):
        assert [f.pk for f in Family.objects.all()] == [family.pk]
        assert {q.family_id for q in Question.objects.all()} == {family.pk}
        for model in (Case, Panel, Seat, Assignment, Grading, Position, Consensus, Tie, CareEvent):
            assert not model.objects.exists()
    assert second.pk != family.pk


def test_per_reviewer_grades_carry_a_name_only_for_the_convener(table):
    case = table.case().pk
    table.deal()
    for reviewer in table.reviewers:
        table.grade(reviewer, case)
    with acting_as(table.convener.pk):
        assert {row[2] for row in ask("SELECT * FROM review_panel_gradings(%s)", table.panel)} == {
            s.pk for s in Seat.objects.filter(panel=table.panel, role="reviewer")
        }
    with acting_as(table.reviewers[0].pk):
        assert {row[2] for row in ask("SELECT * FROM review_panel_gradings(%s)", table.panel)} == {None}


def test_a_wrong_member_is_told_so_and_nothing_changes(table):
    case = table.case().pk
    table.deal()
    stranger = member(table.hall.bodies["cqc"])
    for who in (stranger, table.reviewers[0]):
        with acting_as(who.pk):
            with pytest.raises((NotPermitted, Case.DoesNotExist)):
                families.invite_family(case=case, account="", questions=[], by=who)
            with pytest.raises((NotPermitted, Panel.DoesNotExist)):
                panels.deal(panel=table.panel, by=who)
