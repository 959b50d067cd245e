"""Law 4: the role as which the web connects is bound by row-level security, everywhere; and module and database agree on record and feeds."""

import random

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from hall import member, signal
from tocsin.postgres import ensure
from tocsin.signal import ConcernKind
from tocsin.web.concerns import actions
from tocsin.web.concerns.doing import about_of
from tocsin.web.concerns.models import Concern
from tocsin.web.feeds.actions import ask_for_pack, subscribe
from tocsin.web.feeds.models import BoardPack, Subscription
from tocsin.web.people.models import Membership, Role
from tocsin.web.people.permissions import reads_people, sees, who_is
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from tocsin.web.record.models import Entry

OPEN = {
    "auth_group": "Django's own, without rows", "auth_group_permissions": "Django's own, without rows",
    "auth_permission": "names of Django's own rights, which nobody is given", "django_content_type": "names of tables",
    "django_migrations": "names of migrations",
    "people_cache": "how often something was asked for, under hashes; written before anybody is known",
    "procrastinate_jobs": "the queue: numbers only", "procrastinate_events": "the queue: numbers only",
    "procrastinate_periodic_defers": "the queue: numbers only", "procrastinate_workers": "the queue: numbers only",
    "web_watch_run": "statistics without persons", "web_watch_site": "statistics without persons",
    "web_watch_indicator": "statistics without persons", "web_watch_stream": "statistics without persons",
    "web_watch_ring": "statistics without persons", "web_watch_qualityflag": "statistics without persons",
    "web_accord_mapinforce": "maps, which are public",
    "record_chain": "hashes", "record_checkpoint": "signatures", "record_demo_clock": "a number",
    "record_file": "hashes and wrapped keys", "record_seal_key": "wrapped keys", "feeds_mark": "a number",
    "learn_open": "items that are open to all",
}  # fmt: skip
"""Tables without row-level security, each by its name, and why. Everything else must have it, so a new table is asked about."""


def ask(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall()


def test_the_webs_role_owns_nothing_and_cannot_become_another(hall):
    assert ask("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user") == [(False, False, False)]
    assert ask("SELECT current_user") == [("tocsin_app",)]
    assert ask("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND pg_get_userbyid(relowner) = 'tocsin_app'") == []
    assert ask("SELECT rolname FROM pg_roles WHERE rolname <> 'tocsin_app' AND pg_has_role('tocsin_app', oid, 'MEMBER')") == []


def test_every_table_has_row_level_security_or_a_reason_to_have_none(hall):
    rows = ask(
        "SELECT relname, relrowsecurity FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
        "AND has_table_privilege('tocsin_app', oid, 'SELECT')"
    )

    assert len(rows) > 40
    assert {name for name, bound in rows if not bound} == set(OPEN)


def test_functions_that_run_with_the_owners_rights_say_where_they_look(hall):
    rows = ask(
        "SELECT proname, coalesce(array_to_string(proconfig, ' '), '') FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    )

    assert len(rows) > 8
    # without it, a table of the same name that the caller made would be read instead
    assert [name for name, config in rows if "search_path=" not in config] == []


@pytest.mark.parametrize(
    "statement",
    ["SET row_security = off; SELECT * FROM concerns_concern", "SET ROLE tocsin_owner", "SET SESSION AUTHORIZATION postgres",
     "ALTER TABLE concerns_concern DISABLE ROW LEVEL SECURITY", "DROP POLICY seen ON concerns_concern", "CREATE POLICY all_ ON concerns_concern USING (true)",
     "CREATE FUNCTION public.tocsin_acts_itself() RETURNS boolean LANGUAGE sql AS 'SELECT true'", "SET session_replication_role = replica",
     "GRANT tocsin_owner TO tocsin_app", "COPY concerns_concern TO PROGRAM 'cat'"],
)  # fmt: skip
def test_whatever_the_web_is_made_to_say_it_stays_bound(db, settings, statement):
    with ensure(settings.DATA).connect("tocsin_app", connection.settings_dict["NAME"]) as app, pytest.raises(psycopg.Error):
        app.execute(statement)


def someone(hall, random_):
    made = member(hall.bodies[random_.choice(list(hall.bodies))], random_.choice(Role.values))
    for _ in range(random_.randrange(3)):
        body, role = random_.choice(list(hall.bodies.values())), random_.choice(Role.values)
        ended = random_.choice([None, None, timezone.now()])
        with acting_as(TOCSIN):
            if not Membership.objects.filter(member=made, body=body, role=role).exists():
                Membership.objects.create(member=made, body=body, role=role, began=timezone.now(), ended=ended)
    return made


@pytest.mark.parametrize("seed", range(3))
def test_module_and_database_agree_on_who_reads_which_entry_subscription_and_pack(hall, moment, seed):
    random_ = random.Random(seed)
    kinds = (ConcernKind.OUTCOME_SIGNAL, ConcernKind.CONDUCT, ConcernKind.HR_PROCESS_UNFIT)
    ids = [actions.raise_signal(signal(p, kind=k), by="the watch").pk for p in ("XAA", "XAB") for k in kinds]
    people = [someone(hall, random_) for _ in range(40)]
    for one in people:
        with acting_as(one.pk):
            subscribe(by=one, pace="daily", scope="all")
            ask_for_pack(provider=hall.providers["XAA"], by=one)
    with acting_as(TOCSIN):
        abouts = {f"concern:{i}": about_of(Concern.objects.get(pk=i)) for i in ids}
        entries = list(Entry.objects.values_list("id", "chain"))
        everything = {m: set(m.objects.values_list("id", "member_id")) for m in (Subscription, BoardPack)}
    asked = 0

    for one in people:
        with acting_as(one.pk):
            who = who_is(one)
            seen = set(Entry.objects.values_list("id", flat=True))
            own = {m: set(m.objects.values_list("id", flat=True)) for m in everything}
        for id_, chain in entries:
            assert (id_ in seen) == (sees(who, abouts[chain]) if chain in abouts else reads_people(who)), (chain, who)
            asked += 1
        for model, rows in everything.items():
            assert own[model] == {i for i, whose in rows if whose == one.pk}
            asked += len(rows)

    assert asked > 3000
    act_as(None)
    assert not any(m.objects.exists() for m in (Entry, Subscription, BoardPack))


def test_nobody_subscribes_or_orders_in_anothers_name(hall):
    with acting_as(hall.icb.pk), pytest.raises(DatabaseError), transaction.atomic():
        subscribe(by=hall.region, pace="daily", scope="all")
    with acting_as(hall.icb.pk), pytest.raises(DatabaseError), transaction.atomic():
        ask_for_pack(provider=hall.providers["XAA"], by=hall.region)
