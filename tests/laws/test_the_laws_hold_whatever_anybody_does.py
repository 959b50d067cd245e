"""Laws 1, 2, 3, 5 and 6 over random histories: everybody does whatever they like, at random moments, and the laws are looked at after each step.

What the hall allows is not taken from its permission module: holders, bodies and days are kept here by hand, from the rows before and after
each step, so that a rule that is wrong in one place is not excused by the same rule in the other.
"""

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product

import pytest
from django.db import transaction

from hall import MONDAY, member, signal
from tocsin.accord import read_map, shipped
from tocsin.signal import ConcernKind, Level
from tocsin.web.concerns import actions, closing, plan, raisers, relating, takeover, turning
from tocsin.web.concerns.doing import AccordRefuses, Invalid, Stale
from tocsin.web.concerns.models import Concern, Criterion, Effect, InformationRequest, Owed, Passed, PlannedAction, Raiser, TakeOver
from tocsin.web.people.models import Body, Declaration, Membership
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.record import checkpoint
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from tocsin.web.record.models import Entry

REFUSALS = (NotPermitted, AccordRefuses, Invalid, Stale, Concern.DoesNotExist)
HOLDERS = {"acknowledged", "acted", "refused", "handed-over", "handed-back", "action-planned", "merged", "split", "published", "conflict-declared"}
INDEPENDENTS = {"extended", "criterion-met", "action-checked", "effect-shown", "closed"}
KINDS = (ConcernKind.OUTCOME_SIGNAL, ConcernKind.CARE_BELOW_STANDARD)
POWERS = ("none", "know", "advise", "recommend", "require-information", "require-action", "direct", "replace-leadership", "take-over-or-close")


@dataclass(frozen=True)
class Row:
    """What a concern's row said before a step."""

    holder: int | None
    kind: str
    since: date | None
    phase: str
    due: date | None
    closed: bool


@dataclass
class World:
    """A hall, somebody who chooses at random, and what was seen to happen."""

    hall: object
    moment: object
    random: random.Random
    people: list = field(default_factory=list)
    interests: dict = field(default_factory=dict)
    bodies: dict = field(default_factory=dict)
    owing: dict = field(default_factory=dict)
    happened: Counter = field(default_factory=Counter)

    def __post_init__(self):
        """Besides one lead for each body: somebody of two bodies, somebody of trust and overseer, somebody with an interest, an observer."""
        bodies = self.hall.bodies
        self.people = list(self.hall.members.values())
        for first, second in (("icb", "region"), ("trust", "region"), ("cqc", "nhse")):
            both = member(bodies[first])
            with acting_as(TOCSIN):
                Membership.objects.create(member=both, body=bodies[second], role="lead", began=MONDAY)
            self.people.append(both)
        interested = member(bodies["region"])
        with acting_as(TOCSIN):
            Declaration.objects.create(member=interested, provider=self.hall.providers["XAA"], reason="A brother works there", began=MONDAY)
        self.people += [interested, member(bodies["icb"], role="observer")]
        self.interests = {interested.pk: {"XAA"}}
        with acting_as(TOCSIN):
            others = {b for duty in read_map(shipped("tocsin-proposed")).duties for b in [duty.body]} - {b.kind for b in bodies.values()}
            for kind in sorted(others):
                self.owing[kind] = member(Body.objects.create(code=kind, kind=kind, name=kind, national=True))
            self.owing |= {b.kind: self.hall.members[name.replace("-", "_")] for name, b in bodies.items() if name != "trust-b"}
            for m in Membership.objects.select_related("body"):
                self.bodies.setdefault(m.member_id, set()).add((m.body_id, m.body.provider_id))

    def somebody(self, concern, act):
        """Anybody; more often somebody who might be allowed to, so that something comes of it."""
        if self.random.random() < 0.4:
            return self.random.choice(self.people)
        ours = {b.pk for b in self.hall.bodies.values() if b.provider_id == concern.provider_id}
        wanted = {"check", "criterion", "effect", "close", "extend"}
        if act == "answer":
            return self.hall.trust if concern.provider_id == "XAA" else self.hall.trust_b
        if act in wanted:
            return self.random.choice([p for p in self.people if not {concern.holder_id, *ours} & {b for b, _ in self.bodies[p.pk]}])
        return self.random.choice([p for p in self.people if concern.holder_id in {b for b, _ in self.bodies[p.pk]}] or self.people)

    def open(self):
        with acting_as(TOCSIN):
            return list(Concern.objects.filter(closed=None).order_by("id"))

    def rows(self):
        with acting_as(TOCSIN):
            return {c.pk: Row(c.holder_id, c.holder_kind, c.since, c.phase, c.due, c.closed is not None) for c in Concern.objects.all()}

    def day(self, after):
        return self.moment.at.date() + timedelta(days=after)


def something(world, concern):
    """One action that somebody tries on a concern, with more or less sensible values: its name, who, and how."""
    pick, by = world.random.choice, {"concern": concern.pk}
    with acting_as(TOCSIN):
        criterion = Criterion.objects.filter(take_over__concern=concern, checked=None).values_list("pk", flat=True).first() or 0
        action = PlannedAction.objects.filter(concern=concern).order_by("-pk").values_list("pk", flat=True).first() or 0
        question = InformationRequest.objects.filter(concern=concern).order_by("-pk").values_list("pk", flat=True).first() or 0
    words = "We did it, because it was asked." if world.random.random() < 0.9 else " "
    ways = {
        "acknowledge": lambda: actions.acknowledge(**by),
        "act": lambda: actions.act(words=words, **by),
        "done": lambda: actions.obligation_done(words=words, **by),
        "refuse": lambda: actions.refuse(reason=words, **by),
        "conflict": lambda: actions.declare_conflict(reason=words, **by),
        "ask": lambda: actions.ask_extension(until=world.day(pick([5, 40])), reason=words, **by),
        "extend": lambda: actions.extend(until=world.day(pick([-3, 5, 40])), reason=words, **by),
        "hand over": lambda: actions.hand_over(to=pick(["region", "nhse", "trust", "cqc"]), reason=words, **by),
        "note": lambda: actions.note(words=words, **by),
        "merge": lambda: relating.merge(into=pick(world.open()).pk, reason=words, **by),
        "split": lambda: relating.split(kind=str(pick(KINDS)), title=words, signals=[], **by),
        "take over": lambda: takeover.take_over(
            powers=["take-over-or-close"], scope="Maternity", criteria=["Safe"], reviews=[world.day(28)], **by
        ),
        "criterion": lambda: takeover.meet_criterion(criterion=criterion, evidence=words, **by),
        "hand back": lambda: takeover.hand_back(reason=words, **by),
        "plan": lambda: plan.plan_action(
            what="A second midwife on nights", owner=pick(["trust", "icb", "region"]), strength="strong", measure="Stillbirths",
            due=world.day(30), **by,
        ),
        "report": lambda: plan.change_action(action=action, state=pick(["begun", "carried-out", "dropped"]), effect=words, **by),
        "check": lambda: plan.check_action(action=action, worked=pick([True, True, False]), effect=words, **by),
        "question": lambda: plan.ask_information(subject="Staffing", detail="", due=world.day(9), **by),
        "answer": lambda: plan.answer_information(question=question, answer=words, **by),
        "effect": lambda: closing.show_effect(way="verification", what=words, worked=pick([True, True, True, False]), **by),
        "tell": lambda: raisers.tell_raisers(words=words, **by),
        "close": lambda: closing.close(words=words, **by),
    }  # fmt: skip
    # what leads towards an end is tried more often, so that ends are reached at all
    onward = ["act", "done", "take over", "criterion", "hand back", "effect", "tell", "check", "answer", "close"]
    name = pick([*ways, *onward, *onward])
    by["by"] = world.somebody(concern, name)
    return name, by["by"], ways[name]


def all_that_is_owed(world, concern):
    """Every body but the holder says that it has done what it owes."""
    with acting_as(TOCSIN):
        kinds = list(Owed.objects.filter(concern=concern, done=None).exclude(kind=concern.holder_kind).values_list("kind", flat=True))
    for kind in kinds:
        someone = world.hall.trust_b if kind == "trust" and concern.provider_id == "XAB" else world.owing[kind]
        with acting_as(someone.pk):
            actions.obligation_done(concern=concern.pk, words="It is done.", by=someone)


def step(world):
    """Something happens: a signal, an account from outside or an answer to what was told, some days, or an action that somebody tries."""
    what = world.random.random()
    if what < 0.06 or not world.open():
        level = world.random.choice([Level.AMBER, Level.RED])
        actions.raise_signal(signal(world.random.choice(["XAA", "XAB"]), level, kind=world.random.choice(KINDS)), by="the watch")
        return "signal"
    if what < 0.09:
        provider = world.hall.providers[world.random.choice(["XAA", "XAB"])]
        raisers.raise_from_outside(provider=provider, kind=str(world.random.choice(KINDS)), group="family", account="She was not listened to.")
        return "account"
    if what < 0.15:
        with acting_as(TOCSIN):
            told = list(Raiser.objects.exclude(told=None).values_list("pk", flat=True))
        if told:
            raisers.answer(raiser=world.random.choice(told), resolved=world.random.choice([True, True, False, None]), words="As I see it.")
        return "answer from outside"
    if what < 0.2:
        all_that_is_owed(world, world.random.choice(world.open()))
        return "owed"
    if what < 0.28:
        world.moment.at += timedelta(days=world.random.choice([1, 3, 6, 15]))
        turning.turn_the_clock()
        return "days"
    concern = world.random.choice(world.open())
    name, someone, way = something(world, concern)
    act_as(someone.pk)
    try:
        with transaction.atomic():
            way()
    except REFUSALS:
        return "refused"
    finally:
        act_as(None)
    world.happened[name] += 1
    return name


def the_laws_hold(world, name, before, entries):
    """Look at every row and at what was written in this step."""
    today = world.moment.at.date()
    with acting_as(TOCSIN):
        now = {c.pk: c for c in Concern.objects.select_related("provider", "map")}
        for entry in entries:
            said = json.loads(entry.payload)
            concern = now[int(entry.chain.removeprefix("concern:"))]
            was = before.get(concern.pk)
            if entry.member is not None and entry.what in HOLDERS | INDEPENDENTS:
                mine = world.bodies[entry.member]
                # law 2: no judge in its own cause
                if entry.what != "conflict-declared":
                    assert concern.provider_id not in world.interests.get(entry.member, ()), (entry.what, said)
                    assert concern.provider_id not in {p for _, p in mine}, (entry.what, said)
                assert entry.body != world.hall.bodies["trust" if concern.provider_id == "XAA" else "trust-b"].code, (entry.what, said)
                if entry.what in INDEPENDENTS and was is not None:
                    assert was.holder not in {b for b, _ in mine}, (entry.what, said)
            if entry.what in ("extended", "refused", "conflict-declared", "handed-over", "handed-back"):
                assert said.get("reason", "").strip(), (entry.what, said)
        for pk, concern in now.items():
            was = before.get(pk)
            if concern.closed is None:
                # law 1: a holder at every moment, and not the one that it is about; what is due moves on
                assert concern.holder_id is not None, concern.holder_kind
                assert concern.holder.provider_id != concern.provider_id
                if concern.leaves is None and concern.phase != "taken over":
                    # nobody comes after this one, which can take over, and that its time is over has been told
                    assert concern.power == "take-over-or-close"
                    assert Passed.objects.filter(concern=concern).latest("number").to_kind == ""
            if was is not None and not was.closed and concern.closed is None:
                same = (was.holder, was.since, was.phase) == (concern.holder_id, concern.since, concern.phase)
                if same and was.due != concern.due:
                    # law 3: the same duty has another deadline only because another body gave a reason
                    mine = [e for e in entries if e.chain == f"concern:{pk}" and e.what in ("extended", "handed-back", "acted")]
                    assert mine, (was, concern.due)
                    assert all(e.what != "acted" or was.phase == "to act" for e in mine)
            if concern.closed is not None and was is not None and not was.closed and concern.merged_into_id is None:
                done_means_measured(world, concern)
        for made in TakeOver.objects.filter(ended=None):
            # what is taken over stays so until it is handed back
            assert (now[made.concern_id].holder_id, now[made.concern_id].phase) == (made.body_id, "taken over")
        ending = [json.loads(e.payload)["take_over"] for e in entries if e.what == "handed-back"]
        for made in TakeOver.objects.filter(pk__in=ending):
            for criterion in Criterion.objects.filter(take_over=made).select_related("checked_by"):
                assert criterion.checked_by_id not in (None, made.body_id)
                assert criterion.checked_by.provider_id is None
                assert criterion.evidence.strip()
        if name == "days":
            assert not any(c.leaves and c.leaves <= today for c in now.values() if c.closed is None)


def done_means_measured(world, concern):
    """Laws 5 and 6, for a concern that was closed in this step."""
    effects = list(Effect.objects.filter(concern=concern).order_by("id"))
    assert effects, "closed on assertion"
    assert effects[-1].worked
    assert effects[-1].by_body_id != concern.holder_id
    assert effects[-1].by_body.provider_id is None
    assert all(a.state in ("shown-to-work", "shown-not-to-work", "dropped") for a in PlannedAction.objects.filter(concern=concern))
    assert not TakeOver.objects.filter(concern=concern, ended=None).exists()
    for raiser in Raiser.objects.filter(concern=concern):
        assert raiser.told is not None
        assert raiser.answer != "not-resolved"
        assert raiser.answer == "resolved" or raiser.told <= world.moment.at - timedelta(days=14)
    world.happened["closed"] += 1


def written(after):
    with acting_as(TOCSIN):
        return list(Entry.objects.filter(pk__gt=after, chain__startswith="concern:").order_by("pk"))


@pytest.mark.parametrize("seed", range(4))
def test_the_laws_hold_whatever_anybody_does(hall, moment, seed):
    world = World(hall, moment, random.Random(seed))
    seen = 0
    for _ in range(240):
        before = world.rows()
        name = step(world)
        fresh = written(seen)
        seen = max([seen, *(e.pk for e in fresh)])
        if name == "refused":
            # who is refused has changed nothing; only time may have told of itself
            assert {e.what for e in fresh} <= {"passed"}
        the_laws_hold(world, name, before, fresh)
    with acting_as(TOCSIN):
        assert checkpoint.verify()[1] == []
    # that all this happened, so that the laws were looked at where they could have been broken
    assert set(world.happened) >= {"done", "effect", "tell", "take over"}, world.happened


def led_to(moment, days, every):
    """Where every concern has been passed, by then and by which days, when the clock is turned once in `every` days; then all is undone."""
    before, point = moment.at, transaction.savepoint()
    for day in range(every, days + 1, every):
        moment.at = before + timedelta(days=day)
        turning.turn_the_clock()
    moment.at = before + timedelta(days=days)
    turning.turn_the_clock()
    with acting_as(TOCSIN):
        passed = list(Passed.objects.order_by("concern", "number").values_list("concern", "number", "day", "from_kind", "to_kind", "reason"))
        stand = list(Concern.objects.order_by("id").values_list("id", "holder_kind", "since", "phase", "due", "leaves", "power"))
    transaction.savepoint_rollback(point)
    moment.at = before
    return passed, stand


@pytest.mark.parametrize("days", [3, 40, 400])
def test_after_days_of_standing_still_the_clock_catches_up_as_if_it_had_never_stood_still(hall, moment, days):
    for provider, kind in product(("XAA", "XAB"), KINDS):
        concern = actions.raise_signal(signal(provider, kind=kind), by="the watch")
        moment.at += timedelta(days=2)
    with acting_as(hall.icb.pk):
        actions.act(concern=concern.pk, words="A plan was agreed.", by=hall.icb)

    day_by_day = led_to(moment, days, 1)

    assert led_to(moment, days, days) == day_by_day
    assert led_to(moment, days, 7) == day_by_day
    assert len(day_by_day[0]) >= {3: 1, 40: 6, 400: 6}[days]
    if days == 400:
        # whoever is silent, at the end stands one that can take over
        assert {row[6] for row in day_by_day[1]} == {"take-over-or-close"}
