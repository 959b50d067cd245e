from datetime import date, timedelta

import pytest

from hall import MONDAY, signal
from tocsin.web.concerns import actions, clockwork, closing, plan, raisers, takeover, turning
from tocsin.web.concerns.doing import AccordRefuses, Stale
from tocsin.web.concerns.models import Concern, JoinedSignal, Passed
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.record import checkpoint, ledger
from tocsin.web.record.acting import TOCSIN, act_as, acting_as

pytestmark = pytest.mark.django_db


def as_(member):
    act_as(member.pk)
    return member


def test_a_red_signal_opens_a_concern_that_the_first_body_holds_with_a_deadline(hall):
    concern = actions.raise_signal(signal(), by="the watch")

    assert concern.holder == hall.bodies["icb"]
    assert concern.due == date(2026, 1, 15)
    assert concern.phase == "to act"


def test_signals_of_one_provider_and_kind_join_one_concern_and_the_same_signal_joins_once(hall):
    first = actions.raise_signal(signal(), by="the watch")
    again = actions.raise_signal(signal(), by="the watch")
    other = actions.raise_signal(signal(indicator="hie"), by="the watch")
    elsewhere = actions.raise_signal(signal("XAB"), by="the watch")

    assert first.pk == again.pk == other.pk != elsewhere.pk
    with acting_as(TOCSIN):
        assert JoinedSignal.objects.filter(concern=first).count() == 2


def test_silence_moves_a_concern_up_on_the_right_days_however_late_the_clock_runs(hall, moment):
    concern = actions.raise_signal(signal(), by="the watch")
    moment.at = MONDAY + timedelta(days=60)

    assert turning.turn_the_clock() == 1
    assert turning.turn_the_clock() == 0

    with acting_as(TOCSIN):
        passed = list(Passed.objects.filter(concern=concern).values_list("number", "day", "from_kind", "to_kind", "reason"))
        assert passed[:2] == [
            (1, date(2026, 1, 16), "icb", "region", "deadline-passed"),
            (2, date(2026, 1, 24), "region", "nhse", "deadline-passed"),
        ]
        assert Concern.objects.get().holder == hall.bodies["nhse"]
        assert checkpoint.verify() == (len(ledger.entries(clockwork.chain(concern))), [])


def test_only_the_holder_acts_and_acting_awaits_the_effect(hall):
    concern = actions.raise_signal(signal(), by="the watch").pk
    with pytest.raises(NotPermitted):
        actions.act(concern=concern, words="x", by=as_(hall.region))
    with pytest.raises(NotPermitted):
        actions.act(concern=concern, words="x", by=as_(hall.trust))

    acted = actions.act(concern=concern, words="One plan was agreed", by=as_(hall.icb))

    assert acted.phase == "effect awaited"


def test_a_stale_page_changes_nothing(hall):
    concern = actions.raise_signal(signal(), by="the watch")
    stamp = concern.last_entry
    actions.note(concern=concern.pk, words="seen", by=as_(hall.region))
    with pytest.raises(Stale):
        actions.acknowledge(concern=concern.pk, by=as_(hall.icb), stamp=stamp)

    assert Concern.objects.get().acknowledged is None


def test_a_form_that_is_sent_twice_is_done_once(hall):
    from uuid import uuid4

    concern, request = actions.raise_signal(signal(), by="the watch"), uuid4()
    actions.note(concern=concern.pk, words="seen", by=as_(hall.region), request=request)
    with pytest.raises(ledger.DoneBefore):
        actions.note(concern=concern.pk, words="seen", by=as_(hall.region), request=request)

    assert [e.what for e in ledger.entries(clockwork.chain(concern))].count("noted") == 1


def test_a_second_question_is_refused_and_joined_and_answered_once(hall):
    concern = actions.raise_signal(signal(), by="the watch").pk
    asked = plan.ask_information(concern=concern, subject="Rotas", detail="", due=date(2026, 2, 1), by=as_(hall.icb))
    with pytest.raises(AccordRefuses, match="has asked already"):
        plan.ask_information(concern=concern, subject="Rotas too", detail="", due=date(2026, 2, 1), by=as_(hall.cqc))
    plan.join_information(concern=concern, question=asked.pk, by=as_(hall.cqc))
    answered = plan.answer_information(concern=concern, question=asked.pk, answer="Here they are", by=as_(hall.trust))

    assert plan.burden([answered]) == {"asked": 1, "spared": 1}


def test_from_signal_to_take_over_to_closing_and_the_record_verifies(hall, moment):
    with acting_as(TOCSIN):
        receipt = raisers.raise_from_outside(
            provider=hall.providers["XAA"], kind="outcome-signal", group="family", account="Our daughter died."
        )
    concern = actions.raise_signal(signal(), by="the watch").pk
    assert receipt.concern == concern
    moment.at += timedelta(days=1)
    actions.declare_conflict(concern=concern, reason="its chair sits on the trust's board", by=as_(hall.icb))
    moment.at += timedelta(days=1)
    actions.act(concern=concern, words="Support was offered", by=as_(hall.region))
    moment.at += timedelta(days=22)
    with pytest.raises(AccordRefuses, match="may not take over"):
        takeover.take_over(concern=concern, powers=[], scope="x", criteria=["x"], reviews=[], by=as_(hall.region))
    taken = takeover.take_over(
        concern=concern, powers=["take-over-or-close"], scope="Maternity at both sites", criteria=["Two quarters at the usual rate"],
        reviews=[date(2026, 3, 1)], by=as_(hall.nhse),
    )  # fmt: skip
    assert taken.powers[0]["basis"].startswith("National Health Service Act 2006")
    with pytest.raises(AccordRefuses, match="Not yet met"):
        takeover.hand_back(concern=concern, reason="better", by=as_(hall.nhse))
    moment.at += timedelta(days=200)
    criterion = taken.criterion_set.get().pk
    with pytest.raises(NotPermitted):
        takeover.meet_criterion(concern=concern, criterion=criterion, evidence="x", by=as_(hall.nhse))
    takeover.meet_criterion(concern=concern, criterion=criterion, evidence="12 in 6,000 births, 11.8 expected", by=as_(hall.mnsi))
    takeover.hand_back(concern=concern, reason="The criteria are met", by=as_(hall.nhse))
    for who in ("trust", "mnsi"):
        actions.obligation_done(concern=concern, words="Done", by=as_(getattr(hall, who)))
    with pytest.raises(AccordRefuses, match="no evidence of effect"):
        closing.close(concern=concern, words="x", by=as_(hall.cqc))
    with acting_as(TOCSIN):
        [key] = JoinedSignal.objects.values_list("key", flat=True)
        actions.signal_ended(key=key, day=date(2026, 8, 1))
    closing.show_effect(concern=concern, way="indicator", what="The rate is the usual one", worked=True, by=as_(hall.mnsi))
    with pytest.raises(AccordRefuses, match="1 not told"):
        closing.close(concern=concern, words="x", by=as_(hall.cqc))
    assert raisers.tell_raisers(concern=concern, words="The unit is run by others since February.", by=as_(hall.nhse)) == 1
    raiser = raisers.find(receipt.number, receipt.code)
    raisers.answer(raiser=raiser.pk, resolved=False, words="Nobody has spoken to us.")
    with pytest.raises(AccordRefuses, match="not resolved"):
        closing.close(concern=concern, words="x", by=as_(hall.cqc))
    raisers.answer(raiser=raiser.pk, resolved=True, words="")
    act_as(hall.cqc.pk)
    found = Concern.objects.get()
    conditions = closing.conditions(closing.evidence(found), clockwork.standing(found, moment.at), moment.at)
    missing = [c.missing for c in conditions if c.missing]
    assert missing == [] or all("mbrrace" in m or "coroner" in m or "nhsr" in m for m in missing), missing
