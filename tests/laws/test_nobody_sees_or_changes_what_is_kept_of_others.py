"""Law 4, of people: module and database agree on who sees and who changes a role, an interest, an invitation, a token, an address, a name.

What somebody may do is tried for real, as the role of the web, and taken back; the module only says whether it should have worked.
"""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.web.people import permissions as p
from tocsin.web.people.models import Body, Declaration, Invitation, Member, Membership, Named, Provider, Token, Tries
from tocsin.web.people.sessions import SessionStore
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from worlds import people, put

BODIES = ("trust", "icb", "region", "nhse")
GIVEN = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(BODIES)), max_size=2)
AT = timezone.now()


def change(sql, *values):
    """Whether somebody gets this done; it is taken back either way."""
    done = 0
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                done = cursor.rowcount
            transaction.set_rollback(True)
    except DatabaseError:
        return False
    return done > 0


END = {t: f"UPDATE {t} SET {c} = now() WHERE id = %s" for t, c in (
    ("people_membership", "ended"), ("people_declaration", "ended"), ("people_token", "ended"), ("people_invitation", "withdrawn"),
)}  # fmt: skip
DECLARE = "INSERT INTO people_declaration (member_id, provider_id, reason, began) VALUES (%s, 'XAA', 'x', now())"
TOKEN = (
    "INSERT INTO people_token (body_id, member_id, name, hash, scopes, made, expires) VALUES (%s, %s, 'x', md5(random()::text), '[]', now(), now())"
)
INVITE = (
    "INSERT INTO people_invitation (id, email, body_id, role, by_id, code_hash, expires, renews) "
    "VALUES (gen_random_uuid(), 'x@example.org', %s, 'lead', %s, 'x', now(), false)"
)
JOIN = "INSERT INTO people_membership (member_id, body_id, role, began) VALUES (%s, %s, 'lead', now())"


class World:
    """Everything that is kept of the members that were drawn, and what the module needs to know of it."""

    def __init__(self, hall, drawn, invitations, tokens):
        self.members = put(hall, drawn)
        with acting_as(TOCSIN):
            for n, body in invitations:
                by = self.members[n % len(self.members)]
                Invitation.objects.create(email="new@example.org", body=hall.bodies[body], role="lead", by=by, code_hash="x", expires=AT)
            for n, body in tokens:
                values = {"name": "x", "made": AT, "expires": AT + timedelta(days=1), "hash": f"{n}{body}{Token.objects.count()}"}
                Token.objects.create(member=self.members[n % len(self.members)], body=hall.bodies[body], **values)
            ours = {"member__in": self.members}
            self.rows = {m: list(m.objects.filter(**ours)) for m in (Membership, Declaration, Token)}
            self.rows[Invitation] = list(Invitation.objects.filter(by__in=self.members))
            roles = Membership.objects.filter(**ours)
            self.ever = {m.pk: {r.body_id for r in roles if r.member_id == m.pk} for m in self.members}
            self.current = {m.pk: {r.body_id for r in roles if r.member_id == m.pk and r.ended is None} for m in self.members}

    def sees(self, who, row):
        if isinstance(row, Membership):
            return p.sees_membership(who, row.member_id, row.body_id)
        if isinstance(row, Declaration):
            return p.sees_declaration(who, row.member_id, self.current[row.member_id])
        if isinstance(row, Token):
            return p.sees_token(who, row.member_id, row.body_id)
        return p.administers(who, row.body_id)

    def ends(self, who, row):
        if getattr(row, "ended", None):
            return False
        if isinstance(row, Membership):
            return p.may_end_membership(who, row.member_id, row.body_id)
        if isinstance(row, Declaration):
            return p.may_declare(who, row.member_id)
        return self.sees(who, row)


def compare(world, hall, someone):
    """Each answer of the module beside what the database does: yields both, and of what."""
    with acting_as(someone.pk):
        who = p.who_is(someone)
        for model, rows in world.rows.items():
            seen = set(model.objects.filter(pk__in=[r.pk for r in rows]).values_list("pk", flat=True))
            for row in rows:
                yield world.sees(who, row), row.pk in seen, ("sees", row)
                yield world.ends(who, row), change(END[model._meta.db_table], row.pk), ("ends", row)
        names = set(Named.objects.filter(pk__in=world.ever).values_list("pk", flat=True))
        rows = set(Member.objects.filter(pk__in=world.ever).values_list("pk", flat=True))
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT a.member FROM people_body b, people_addresses(b.id) a")
            addresses = {row[0] for row in cursor.fetchall()} | {someone.pk}
        for other in world.members:
            yield p.knows_name(who, other.pk, world.ever[other.pk]), other.pk in names, ("name", other)
            yield p.sees_address(who, other.pk, world.current[other.pk]), other.pk in addresses, ("address", other)
            yield other == someone, other.pk in rows, ("row", other)
            yield p.may_declare(who, other.pk), change(DECLARE, other.pk), ("declares", other)
            yield other == someone, change("UPDATE people_member SET password = 'x' WHERE id = %s", other.pk), ("password", other)
            yield False, change("UPDATE people_member SET is_active = true, erased = now() WHERE id = %s", other.pk), ("changes", other)
        for body in hall.bodies.values():
            yield p.may_make_token(who, body.pk), change(TOKEN, body.pk, someone.pk), ("token", body)
            yield p.administers(who, body.pk), change(INVITE, body.pk, someone.pk), ("invites", body)
            yield False, change(JOIN, someone.pk, body.pk), ("joins", body)


def test_module_and_database_agree_on_who_sees_and_changes_what_is_kept_of_people(hall):
    asked = 0

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    @given(people(BODIES, most=3), GIVEN, GIVEN)
    def agree(drawn, invitations, tokens):
        nonlocal asked
        with transaction.atomic():
            world = World(hall, drawn, invitations, tokens)
            for someone in world.members:
                for module, database, of in compare(world, hall, someone):
                    asked += 1
                    assert module == database, (of, someone.pk)
            transaction.set_rollback(True)

    agree()

    print(f"{asked:,} answers of the module compared with what the database does")
    assert asked > 3_000


@pytest.fixture
def all_kept(hall):
    """Something in every table that is kept of people and of how they sign in."""
    with acting_as(TOCSIN):
        at = timezone.now()
        Declaration.objects.create(member=hall.icb, provider=hall.providers["XAA"], reason="x", began=at)
        Invitation.objects.create(email="x@example.org", body=hall.bodies["icb"], role="lead", by=hall.icb, code_hash="x", expires=at)
        Token.objects.create(body=hall.bodies["icb"], member=hall.icb, name="x", hash="x", made=at, expires=at)
        Authenticator.objects.create(user=hall.icb, type="totp", data={"secret": "x"})
        Tries.objects.create(key="x", wrong=1, last=at)
        store = SessionStore()
        store["_auth_user_id"] = str(hall.icb.pk)
        store.create()
        UserSession.objects.create(user=hall.icb, ip="192.0.2.1", session_key=store.session_key, user_agent="x")
    return store.session_key


KEPT = (Member, Membership, Declaration, Invitation, Token, Named, Authenticator, UserSession, Session, Tries)


def test_whoever_is_not_signed_in_reads_nothing_of_people_and_anybody_reads_the_map(hall, all_kept):
    with acting_as(TOCSIN):
        assert all(model.objects.exists() for model in KEPT)
    for reader in (None, "raiser:00000000-0000-0000-0000-000000000000"):
        act_as(reader)
        assert [model for model in KEPT if model.objects.exists()] == []
        assert Body.objects.exists()
        assert Provider.objects.exists()
    act_as(hall.icb.pk)
    assert not change("UPDATE people_body SET name = 'x'")
    assert not change("DELETE FROM people_coverage")
    assert not change("INSERT INTO people_provider (code, name, kind, region) VALUES ('XXX', 'x', 'x', '')")


def test_second_factors_and_sessions_are_their_owners_alone(hall, all_kept):
    for reader, own in ((hall.icb, True), (hall.region, False)):
        with acting_as(reader.pk):
            assert Authenticator.objects.exists() is own
            assert UserSession.objects.exists() is own
            assert change("DELETE FROM mfa_authenticator") is own
            # the keys of sessions let somebody in: not even one's own are read by looking
            assert not Session.objects.exists()
            assert not change("DELETE FROM django_session")


def test_a_session_is_shown_to_whoever_brings_its_key_and_no_other(hall, all_kept):
    act_as(None)

    assert SessionStore(all_kept)["_auth_user_id"] == str(hall.icb.pk)
    assert SessionStore("another" * 4).load() == {}


def end_untold(someone):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE people_membership SET ended = now() WHERE member_id = %s", [someone.pk])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_change_that_no_action_tells_the_record_of_is_refused(hall):
    with acting_as(hall.icb.pk), pytest.raises(DatabaseError, match="without an entry"):
        end_untold(hall.icb)
