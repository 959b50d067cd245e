"""After wrong passwords and codes one waits; the wait grows, ends by itself, and does not bind those who come from where they always come."""

from datetime import timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from hall import member
from tocsin.web.concerns import raisers
from tocsin.web.people import actions, tasks, tries
from tocsin.web.people.models import Role, Tries
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db
PASSWORD = "a long password"
LOCKED = "too many wrong tries"


def sign_in(someone, password=PASSWORD, address="192.0.2.1"):
    return Client(REMOTE_ADDR=address).post("/account/login/", {"login": someone.email, "password": password})


def locked(answer):
    return answer.status_code == 200 and LOCKED in answer.content.decode()


def test_after_five_wrong_passwords_the_right_one_waits_too_and_is_taken_when_the_minute_is_over(hall, moment):
    for _ in range(5):
        assert not locked(sign_in(hall.icb, "wrong"))

    answer = sign_in(hall.icb)
    assert locked(answer)
    assert "try again after 09:01" in answer.content.decode()

    moment.at += timedelta(seconds=61)
    assert sign_in(hall.icb).status_code == 302
    # and nothing is counted any more
    assert not locked(sign_in(hall.icb, "wrong"))


def test_the_wait_grows_and_never_beyond_an_hour(hall, moment):
    door = tries.Door("sign-in", hall.icb.email, "192.0.2.1")
    waits = []
    for _ in range(16):
        until = tries.begin(door)
        if until is not None:
            waits.append(until - moment.at)
            moment.at = until
            assert tries.begin(door) is None

    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert max(waits) == timedelta(hours=1)


def test_nobody_locks_a_member_out_from_elsewhere(hall, moment):
    assert sign_in(hall.icb, address="192.0.2.1").status_code == 302

    for n in range(40):
        sign_in(hall.icb, "wrong", address=f"198.51.100.{n}")

    assert locked(sign_in(hall.icb, address="203.0.113.9"))
    assert sign_in(hall.icb, address="192.0.2.1").status_code == 302
    moment.at += timedelta(minutes=15, seconds=1)
    assert sign_in(hall.icb, address="203.0.113.9").status_code == 302


def test_one_address_cannot_try_a_few_passwords_at_each_of_many_accounts(hall, moment):
    for n in range(60):
        assert tries.begin(tries.Door("sign-in", f"m{n}@example.org", "192.0.2.1")) is None

    assert tries.begin(tries.Door("sign-in", "another@example.org", "192.0.2.1")) == moment.at + timedelta(minutes=1)
    assert tries.begin(tries.Door("sign-in", "another@example.org", "192.0.2.2")) is None
    # a hospital behind one address is forgiven one each minute
    moment.at += timedelta(minutes=30)
    for n in range(29):
        assert tries.begin(tries.Door("sign-in", f"n{n}@example.org", "192.0.2.1")) is None


def test_the_same_answer_where_there_is_no_such_account(hall, moment):
    for _ in range(5):
        Client().post("/account/login/", {"login": "nobody@example.org", "password": "wrong"})

    assert locked(Client().post("/account/login/", {"login": "nobody@example.org", "password": "wrong"}))


def test_a_receipt_is_shut_for_a_growing_time_and_never_for_good(hall, moment):
    one = raisers.raise_from_outside(provider=hall.providers["XAA"], kind="outcome-signal", group="family", account="What we saw")
    for _ in range(5):
        assert raisers.find(one.number, "WRONG", "192.0.2.1") is None

    with pytest.raises(raisers.Wait) as wait:
        raisers.find(one.number, one.code, "192.0.2.1")
    assert wait.value.until == moment.at + timedelta(minutes=1)
    for _ in range(200):
        try:
            raisers.find(one.number, "WRONG", "192.0.2.1")
        except raisers.Wait as wait:
            moment.at = wait.until

    moment.at += timedelta(hours=1)
    assert raisers.find(one.number, one.code, "192.0.2.1").receipt == one.number


def test_the_familys_own_computer_is_not_bound_by_tries_from_elsewhere(hall, moment):
    one = raisers.raise_from_outside(provider=hall.providers["XAA"], kind="outcome-signal", group="family", account="What we saw")
    assert raisers.find(one.number, one.code, "192.0.2.1") is not None
    for n in range(20):
        assert raisers.find(one.number, "WRONG", f"198.51.100.{n}") is None

    with pytest.raises(raisers.Wait):
        raisers.find(one.number, one.code, "203.0.113.9")
    assert raisers.find(one.number, one.code, "192.0.2.1") is not None


def test_the_page_says_when_a_receipt_may_be_tried_again(hall, moment):
    one = raisers.raise_from_outside(provider=hall.providers["XAA"], kind="outcome-signal", group="family", account="What we saw")
    client = Client()
    for _ in range(5):
        assert "do not fit together" in client.post("/told/", {"number": one.number, "code": "WRONG"}).content.decode()

    answer = client.post("/told/", {"number": one.number, "code": one.code})
    assert answer.status_code == 429
    assert "again after 09:01" in answer.content.decode()

    moment.at += timedelta(seconds=61)
    assert client.post("/told/", {"number": one.number, "code": one.code}).status_code == 302


def test_wrong_joining_codes_wait_too_and_the_invitation_still_holds_afterwards(hall, moment):
    administrator = member(hall.bodies["icb"], Role.ADMINISTRATOR)
    with acting_as(administrator.pk):
        _, code = actions.invite(body=hall.bodies["icb"], email="new@example.org", role=Role.LEAD, by=administrator)
    new = {"email": "new@example.org", "name": "Somebody", "password": PASSWORD, "address": "192.0.2.1"}
    for _ in range(5):
        with pytest.raises(actions.Refused, match="do not fit"):
            actions.join(**new, code="WRONG")

    with pytest.raises(actions.Refused, match="too many wrong codes"):
        actions.join(**new, code=code)

    moment.at += timedelta(seconds=61)
    assert actions.join(**new, code=code).email == "new@example.org"


def test_what_is_counted_names_nobody_and_is_thrown_away(hall, moment, monkeypatch):
    sign_in(hall.icb, "wrong")
    with acting_as(TOCSIN):
        kept = str(list(Tries.objects.values()))
        assert Tries.objects.count() == 3
    assert hall.icb.email not in kept
    assert "192.0.2.1" not in kept
    assert not Tries.objects.exists()

    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    for days, gone in ((89, 0), (91, 3)):
        monkeypatch.setattr(tasks, "now", lambda days=days: moment.at + timedelta(days=days))
        assert tasks.forget_tries(timestamp=0) == gone


@given(st.integers(0, 10_000), st.sampled_from(sorted(tries.FREE)))
def test_no_number_of_failures_makes_one_wait_longer_than_is_said(wrong, which):
    wait = tries.wait_after(which, wrong)

    assert timedelta(0) <= wait <= tries.LONGEST[which]
    assert wait <= tries.wait_after(which, wrong + 1)
    assert (wait == timedelta(0)) == (wrong < tries.FREE[which])
