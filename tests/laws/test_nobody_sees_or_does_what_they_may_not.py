"""Law 4, and the permission module against the database: two answers to one question, over random worlds."""

import random
from itertools import product

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from hall import member, signal
from tocsin.signal import ConcernKind
from tocsin.web.concerns import actions, closing, raisers, turning
from tocsin.web.concerns.doing import about_of
from tocsin.web.concerns.models import Concern, JoinedSignal, Raiser
from tocsin.web.people.models import Declaration, Member, Membership, Role
from tocsin.web.people.permissions import Act, knows_of, may, sees, who_is
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from tocsin.web.record.models import Attachment, Entry


def ask(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def random_member(hall, random_):
    made = Member.objects.create_user(f"r{random_.getrandbits(60)}@example.org", None, name="Random")
    for _ in range(random_.randrange(4)):
        body = random_.choice(list(hall.bodies.values()))
        values = {"member": made, "body": body, "role": random_.choice(Role.values), "began": timezone.now()}
        Membership.objects.get_or_create(**{k: v for k, v in values.items() if k != "began"}, defaults=values)
    if random_.random() < 0.3:
        for m in Membership.objects.filter(member=made)[:1]:
            m.ended = timezone.now()
            m.save()
    if random_.random() < 0.4:
        Declaration.objects.create(
            member=made, provider=random_.choice(list(hall.providers.values())), reason="x", began=timezone.now(),
            ended=random_.choice([None, None, timezone.now()]),
        )  # fmt: skip
    return made


def concerns(hall, moment, random_):
    """Open and closed, restricted and not, held by various bodies, opened by various."""
    from datetime import timedelta

    made = []
    for kind, provider in product((ConcernKind.OUTCOME_SIGNAL, ConcernKind.CONDUCT, ConcernKind.HR_PROCESS_UNFIT), ("XAA", "XAB")):
        made.append(actions.raise_signal(signal(provider, kind=kind), by="the watch").pk)
        moment.at += timedelta(days=random_.choice([1, 8, 15]))
        turning.turn_the_clock()
    for name in ("icb", "region", "cqc"):
        with acting_as(hall.members[name].pk):
            provider = random_.choice(list(hall.providers.values()))
            made.append(
                actions.raise_concern(
                    provider=provider, kind="bullying-harassment-discrimination", title="x", words="y", by=hall.members[name],
                    body=hall.bodies[name],
                ).pk
            )  # fmt: skip
    with acting_as(TOCSIN), transaction.atomic():
        closed = Concern.objects.get(pk=made[0])
        closed.closed = moment.at
        closed.save()
        ledger.write(chain=f"concern:{closed.pk}", what="closed", at=moment.at, payload={"as": closed.holder_kind})
    return made


@pytest.mark.parametrize("seed", range(6))
def test_module_and_database_give_the_same_answer_to_every_question(hall, moment, seed):
    random_ = random.Random(seed)
    ids = concerns(hall, moment, random_)
    with acting_as(TOCSIN):
        abouts = [about_of(Concern.objects.get(pk=i)) for i in ids]
    asked = 0
    for _ in range(60):
        someone = random_member(hall, random_)
        who = who_is(someone)
        with acting_as(someone.pk):
            seen = {row[0] for row in ask("SELECT id FROM concerns_concern")}
            hidden = len(ask("SELECT * FROM tocsin_hidden_concerns()"))
            rows = ask("SELECT i, w, tocsin_may(w, i) FROM unnest(%s::bigint[]) i, unnest(%s::text[]) w", ids, [str(a) for a in Act])
        answers = {(i, w): ok for i, w, ok in rows}
        assert seen == {a.id for a in abouts if sees(who, a)}
        assert hidden == sum(a.restricted and knows_of(who, a) and not sees(who, a) for a in abouts)
        for about, act in product(abouts, Act):
            assert answers[about.id, str(act)] == may(who, act, about), (act, about, who)
            asked += 1
    assert asked == 60 * len(ids) * len(Act)


def test_nobody_who_is_not_signed_in_sees_anything(hall, moment):
    concerns(hall, moment, random.Random(1))
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

    Membership.objects.filter(member=someone).update(ended=timezone.now())

    with acting_as(someone.pk):
        assert not Concern.objects.exists()
