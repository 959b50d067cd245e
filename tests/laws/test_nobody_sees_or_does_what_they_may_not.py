"""Law 4, and the permission module against the database: two answers to one question, over random worlds."""

from itertools import product

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hall import member, signal
from tocsin.signal import ConcernKind
from tocsin.web.accord.queries import in_force
from tocsin.web.concerns import actions, closing, raisers
from tocsin.web.concerns.doing import about_of
from tocsin.web.concerns.models import Concern, JoinedSignal, Raiser
from tocsin.web.people.models import Membership
from tocsin.web.people.permissions import Act, knows_of, may, sees, who_is
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from tocsin.web.record.models import Attachment, Entry
from worlds import PROVIDERS, SELDOM, people, put


def ask(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


BODIES = ("trust", "trust-b", "icb", "region", "nhse")
"""A body of each kind that permission tells apart: of a provider, answering for some, answering for all."""
CONCERNS = st.lists(
    st.fixed_dictionaries({
        "provider": st.sampled_from(PROVIDERS), "restricted": st.booleans(), "closed": SELDOM,
        "opener": st.none() | st.sampled_from(BODIES),
        # the last of them holds it now; the others did, and it was passed on or taken over
        "holders": st.lists(st.sampled_from(BODIES), max_size=3),
    }), min_size=2, max_size=4,
)  # fmt: skip


def put_concerns(hall, drawn):
    """As if they had come about: held by each of their holders in turn."""
    made = []
    with acting_as(TOCSIN):
        for number, of in enumerate(drawn):
            one = Concern.objects.create(
                provider=hall.providers[of["provider"]], kind="outcome-signal", place=f"place {number}", title="x", restricted=of["restricted"],
                map=in_force(), opened=timezone.now(), opened_by=hall.bodies.get(of["opener"]),
                holder=hall.bodies.get(of["holders"][0]) if of["holders"] else None,
            )  # fmt: skip
            for later in of["holders"][1:]:
                one.holder = hall.bodies[later]
                one.save()
            if of["closed"]:
                one.closed = timezone.now()
                one.save()
            made.append(about_of(one))
    return made


def test_module_and_database_give_the_same_answer_to_every_question(hall):
    """Random members with any roles, ended roles and interests; random concerns, open and closed, restricted, passed on and taken over."""
    asked = 0

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(people(BODIES, most=3), CONCERNS)
    def agree(drawn, concerns):
        nonlocal asked
        with transaction.atomic():
            abouts = put_concerns(hall, concerns)
            ids = [a.id for a in abouts]
            for someone in put(hall, drawn):
                with acting_as(someone.pk):
                    who = who_is(someone)
                    seen = {row[0] for row in ask("SELECT id FROM concerns_concern")}
                    hidden = len(ask("SELECT * FROM tocsin_hidden_concerns()"))
                    rows = ask("SELECT i, w, tocsin_may(w, i) FROM unnest(%s::bigint[]) i, unnest(%s::text[]) w", ids, [str(a) for a in Act])
                assert seen == {a.id for a in abouts if sees(who, a)}
                assert hidden == sum(a.restricted and knows_of(who, a) and not sees(who, a) for a in abouts)
                answers = {(i, w): ok for i, w, ok in rows}
                for about, act in product(abouts, Act):
                    assert answers[about.id, str(act)] == may(who, act, about), (act, about, who)
                asked += len(answers) + len(ids) + 1
            transaction.set_rollback(True)

    agree()

    print(f"{asked:,} answers of the module compared with the database's")
    assert asked > 8_000


def test_nobody_who_is_not_signed_in_sees_anything(hall, moment):
    actions.raise_signal(signal(), by="the watch")
    raisers.raise_from_outside(provider=hall.providers["XAA"], kind="outcome-signal", group="staff", account="What I saw")
    act_as(None)

    for model in (Concern, JoinedSignal, Entry, Raiser, Attachment):
        assert not model.objects.exists()


def test_a_restricted_concern_shows_others_only_that_it_exists(hall):
    concern = actions.raise_signal(signal(kind=ConcernKind.CONDUCT), by="the watch")
    holder = concern.holder.kind

    for name, someone in hall.members.items():
        with acting_as(someone.pk):
            assert Concern.objects.filter(pk=concern.pk).exists() is (name == holder)
            assert Entry.objects.filter(chain=f"concern:{concern.pk}").exists() is (name == holder)
            assert len(ask("SELECT * FROM tocsin_hidden_concerns()")) == int(name not in (holder, "trust_b"))


def test_what_was_published_is_withdrawn_when_a_concern_turns_out_to_be_about_people(hall):
    concern = actions.raise_signal(signal(), by="the watch")
    with acting_as(hall.icb.pk):
        closing.publish(concern=concern.pk, title="A rise", words="More babies died than expected.", by=hall.icb)
    with acting_as(None):
        assert ask("SELECT title FROM concerns_publication") == [("A rise",)]

    with acting_as(hall.icb.pk):
        actions.restrict(concern=concern.pk, reason="It is about one person's conduct.", by=hall.icb)

    for reader in (None, hall.icb.pk, hall.trust.pk, hall.cqc.pk):
        with acting_as(reader):
            assert ask("SELECT title FROM concerns_publication") == []


def test_an_account_from_outside_is_not_read_by_the_provider_nor_by_those_who_do_not_hold_it(hall):
    raisers.raise_from_outside(provider=hall.providers["XAA"], kind="outcome-signal", group="staff", account="What I saw")

    for name, someone in hall.members.items():
        with acting_as(someone.pk):
            assert Raiser.objects.exists() is (name == "icb")


def test_a_raiser_sees_her_own_and_no_other(hall):
    one = raisers.raise_from_outside(provider=hall.providers["XAA"], kind="outcome-signal", group="staff", account="What I saw")
    raisers.raise_from_outside(provider=hall.providers["XAA"], kind="outcome-signal", group="family", account="What we saw")
    raiser = raisers.find(one.number, one.code)
    with acting_as(f"raiser:{raiser.pk}"):
        assert [r.pk for r in Raiser.objects.all()] == [raiser.pk]
        assert not Concern.objects.exists()


def execute_to_the_end(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE concerns_concern SET due = due + 1",
        "UPDATE concerns_signal SET sentence = 'nothing'",
        "INSERT INTO concerns_part (concern_id, body_id) SELECT c.id, b.id FROM concerns_concern c, people_body b",
        "DELETE FROM concerns_concern",
        "DELETE FROM record_entry",
        "UPDATE record_entry SET payload = '{}'",
        "TRUNCATE record_entry",
        "UPDATE record_chain SET seq = 0",
        "INSERT INTO record_chain VALUES ('concern:1', 9, 'x', now())",
        "SELECT * FROM concerns_exists",
        "ALTER TABLE record_entry DISABLE TRIGGER ALL",
        "INSERT INTO record_entry (chain, seq, at, what, payload, body, previous, hash, transaction) VALUES ('people', 1, now(), 'x', '{}', '', '', '', 0)",
    ],
)
def test_the_database_refuses_what_no_action_did(hall, statement):
    actions.raise_signal(signal(), by="the watch")
    with connection.cursor() as cursor:
        # the signal came in an earlier transaction
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; RESET ROLE; UPDATE record_told SET transaction = 0; SET ROLE tocsin_app")
    act_as(hall.icb.pk)

    with pytest.raises(DatabaseError):
        execute_to_the_end(statement)


def test_a_member_who_left_sees_nothing_any_more(hall):
    actions.raise_signal(signal(), by="the watch")
    someone = member(hall.bodies["icb"])
    with acting_as(someone.pk):
        assert Concern.objects.exists()

    with acting_as(TOCSIN):
        Membership.objects.filter(member=someone).update(ended=timezone.now())

    with acting_as(someone.pk):
        assert not Concern.objects.exists()
