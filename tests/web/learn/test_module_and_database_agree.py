"""Who sees and may change what in the register: the permission module against row-level security, over random worlds."""

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hall import MONDAY
from tocsin.web.learn.doing import about
from tocsin.web.learn.models import (
    Addressee,
    Coding,
    Draft,
    DraftVersion,
    Item,
    Link,
    Passage,
    Proposal,
    Push,
    Relation,
    Report,
    Status,
    StatusEntry,
)  # fmt: skip
from tocsin.web.learn.outcomes import CLOSING
from tocsin.web.people.models import Declaration, Member, Membership, Role
from tocsin.web.people.permissions import Learn, may_learn, may_open, may_take_in, sees_report, who_is
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db
BODIES = ("trust", "trust-b", "icb", "region", "nhse", "cqc", "mnsi")
EVERY_WORLD = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
ASKED = st.sampled_from([None, ("trust", None), ("icb", None), ("nhse", "nhse"), ("trust", "trust"), ("cqc", "cqc"), ("", None)])
REPORTS = st.lists(
    st.fixed_dictionaries(
        {"body": st.sampled_from([None, *BODIES]), "open": st.booleans(), "provider": st.sampled_from([None, "XAA", "XAB"]), "asked": ASKED}
    ),
    min_size=1, max_size=3,
)  # fmt: skip
PARTS = st.lists(st.tuples(st.sampled_from(BODIES), st.sampled_from(Role.values), st.booleans()), max_size=3, unique_by=lambda p: p[0])
INTERESTS = st.lists(st.tuples(st.sampled_from(["XAA", "XAB"]), st.booleans()), max_size=2, unique_by=lambda d: d[0])
compared = Counter()


class Undo(Exception):
    """Whatever an example made is taken back."""


def build(hall, reports, parts, interests):
    """One member, and each report with one of everything that hangs on it."""
    with acting_as(TOCSIN):
        member = Member.objects.create_user(f"x{Member.objects.count()}@example.org", None, name="Somebody")
        for body, role, here in parts:
            Membership.objects.create(member=member, body=hall.bodies[body], role=role, began=MONDAY, ended=None if here else MONDAY)
        for provider, here in interests:
            Declaration.objects.create(
                member=member, provider=hall.providers[provider], reason="x", began=MONDAY, ended=None if here else MONDAY
            )
        items = []
        for n, given_ in enumerate(reports):
            body = hall.bodies[given_["body"]] if given_["body"] else None
            open_ = given_["open"] or body is None
            provider = hall.providers.get(given_["provider"])
            report = Report.objects.create(
                slug=f"w{n}", title="A report", origin="uploaded" if body else "shipped", body=body, taken_in=MONDAY, provider=provider,
                opened=MONDAY if open_ else None, on=date(2020, 1, 1),
            )  # fmt: skip
            passage = Passage.objects.create(report=report, at=1, page=1, text="x", kind="recommendation", kind_read="recommendation")
            item = Item.objects.create(
                code=f"w{n}/r1", report=report, passage=passage, kind="recommendation", text="x", open=open_, body=body, on=report.on,
                provider=provider,
            )  # fmt: skip
            if given_["asked"]:
                kind, one = given_["asked"]
                Addressee.objects.create(item=item, name="x", kind=kind, body=hall.bodies.get(one))
            link = Link.objects.create(item=item, failing="x")
            Coding.objects.create(link=link, member=hall.trust, says=True, at=MONDAY)
            StatusEntry.objects.create(item=item, status="acting", on=date(2021, 1, 1), evidence="x", at=MONDAY)
            Push.objects.create(item=item, body=hall.bodies["region"], by=hall.region, words="x", at=MONDAY)
            if body:
                draft = Draft.objects.create(body=body, by=hall.trust, began=MONDAY, saved=MONDAY)
                DraftVersion.objects.create(draft=draft, version=1, words={}, at=MONDAY)
            items.append(item)
        for one, other in pairwise(items):
            Relation.objects.create(one=one, other=other, kind="same", why="x", at=MONDAY)
            Proposal.objects.create(one=one, other=other, kind="conflict", why="x", likeness=0.5, at=MONDAY)
    return member, items


def allowed(change):
    """Whether the database lets a change through, which is then taken back."""
    try:
        with transaction.atomic():
            done = change()
            raise Undo
    except DatabaseError:
        return False
    except Undo:
        return done != 0


def world(check):
    """Runs one example and takes back what it made."""

    def run(hall, reports, parts, interests):
        try:
            with transaction.atomic():
                member, items = build(hall, reports, parts, interests)
                with acting_as(TOCSIN):
                    abouts, who = {i.pk: about(i) for i in items}, who_is(member)
                check(hall, member, who, items, abouts)
                raise Undo
        except Undo:
            pass

    return run


@EVERY_WORLD
@given(reports=REPORTS, parts=PARTS, interests=INTERESTS)
def test_rows_are_seen_as_the_module_says(db, hall, reports, parts, interests):
    def check(hall, member, who, items, abouts):
        seen = {i.pk for i in items if sees_report(who, abouts[i.pk].body, abouts[i.pk].open)}
        drafts = {i.body_id for i in items if i.body_id and may_take_in(who, i.body_id)}
        both = {(a.pk, b.pk) for a, b in pairwise(items) if a.pk in seen and b.pk in seen}
        with acting_as(member.pk):
            assert set(Report.objects.values_list("item", flat=True)) == seen
            assert set(Item.objects.values_list("pk", flat=True)) == seen
            for model in (Addressee, Link, StatusEntry, Push):
                assert set(model.objects.values_list("item", flat=True)) <= seen, model
                assert model.objects.count() == sum(1 for i in items if i.pk in seen and (model is not Addressee or reports[items.index(i)]["asked"]))
            assert set(Passage.objects.values_list("item", flat=True)) == seen
            assert set(Coding.objects.values_list("link__item", flat=True)) == seen
            assert set(Relation.objects.values_list("one", "other")) == both
            assert set(Proposal.objects.values_list("one", "other")) == both
            assert set(Draft.objects.values_list("body", flat=True)) == drafts
            assert set(DraftVersion.objects.values_list("draft__body", flat=True)) == drafts
        compared["rows"] += 10 * len(items)

    world(check)(hall, reports, parts, interests)


@EVERY_WORLD
@given(reports=REPORTS, parts=PARTS, interests=INTERESTS)
def test_every_act_is_answered_alike(db, hall, reports, parts, interests):
    def check(hall, member, who, items, abouts):
        with acting_as(member.pk), connection.cursor() as cursor:
            for item in items:
                for act in Learn:
                    cursor.execute("SELECT learn_may(%s, %s)", [act.value, item.pk])
                    assert cursor.fetchone()[0] == may_learn(who, act, abouts[item.pk]), (act, abouts[item.pk], who)
                    compared["acts"] += 1

    world(check)(hall, reports, parts, interests)


@EVERY_WORLD
@given(reports=REPORTS, parts=PARTS, interests=INTERESTS, status=st.sampled_from(Status.values))
def test_what_is_written_past_the_actions_is_let_through_only_where_the_module_would(db, hall, reports, parts, interests, status):
    def check(hall, member, who, items, abouts):
        with acting_as(member.pk):
            for item in items:
                asked = abouts[item.pk]
                close, answer = may_learn(who, Learn.CLOSE, asked), may_learn(who, Learn.ANSWER, asked)
                says = close or (status not in CLOSING and answer)
                entry = {"item": item, "status": status, "on": date(2022, 1, 1), "evidence": "x", "by": member, "at": MONDAY}
                assert allowed(lambda entry=entry: StatusEntry.objects.create(**entry)) == says
                if status != item.status:
                    assert allowed(lambda item=item: Item.objects.filter(pk=item.pk).update(status=status)) == says
                assert allowed(lambda item=item: Item.objects.filter(pk=item.pk).update(owner="Somebody else")) == answer
                assert allowed(lambda item=item: Item.objects.filter(pk=item.pk).update(text="y")) == may_learn(who, Learn.CORRECT, asked)
                opens = not asked.open and may_open(who, asked.body)
                if not asked.open:
                    assert allowed(lambda item=item: Report.objects.filter(pk=item.report_id).update(opened=MONDAY)) == opens
                other = {"one": item, "other": item, "kind": "conflict", "why": "x", "at": MONDAY}
                assert allowed(lambda other=other: Relation.objects.create(**other)) == may_learn(who, Learn.RELATE, asked)
                assert not allowed(lambda item=item: Item.objects.filter(pk=item.pk)._raw_delete("default"))
                compared["writes"] += 7
            for body in hall.bodies.values():
                draft = {"body": body, "by": member, "began": MONDAY, "saved": MONDAY}
                assert allowed(lambda draft=draft: Draft.objects.create(**draft)) == may_take_in(who, body.pk)
                compared["writes"] += 1

    world(check)(hall, reports, parts, interests)


def test_so_many_answers_were_compared():
    assert compared["rows"] > 400
    assert compared["acts"] > 200
    assert compared["writes"] > 400
