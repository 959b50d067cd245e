"""Closing: on evidence of effect that somebody independent has checked, never on assertion. Actions as in actions.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from tocsin.accord import State
from tocsin.accord.clock import TELL
from tocsin.web.concerns import clockwork
from tocsin.web.concerns.doing import AccordRefuses, Invalid, begin
from tocsin.web.concerns.models import Concern, Effect, InformationRequest, JoinedSignal, PlannedAction, Publication, TakeOver
from tocsin.web.concerns.plan import SHOWN
from tocsin.web.concerns.small_numbers import BELOW, small_numbers
from tocsin.web.people.bodies import bodies_for
from tocsin.web.people.models import Member
from tocsin.web.people.permissions import Act
from tocsin.web.record.models import Entry

TO_ANSWER = timedelta(days=14)
"""For how long somebody who was told, and has not answered, may still say that it is not resolved."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the conditions of closing ask of a concern's rows. effects: oldest first; answers: as `answers` gives them."""

    signals: Sequence[JoinedSignal]
    actions: Sequence[PlannedAction]
    questions: Sequence[InformationRequest]
    take_overs: Sequence[TakeOver]
    effects: Sequence[Effect]
    answers: Sequence[tuple[datetime | None, str]]


def evidence(concern: Concern) -> Evidence:
    """Six queries."""
    return Evidence(
        list(JoinedSignal.objects.filter(concern=concern)), list(PlannedAction.objects.filter(concern=concern).order_by("due")),
        list(InformationRequest.objects.filter(concern=concern)), list(TakeOver.objects.filter(concern=concern)),
        list(Effect.objects.filter(concern=concern).order_by("id")), answers(concern),
    )  # fmt: skip


def answers(concern: Concern) -> list[tuple[datetime | None, str]]:
    """When each who raised a concern was told (None: not yet), and what they answered. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT told, answer FROM concerns_answers(%s)", [concern.pk])
        return cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of closing. missing: what is still to be done, '' where it holds."""

    what: str
    missing: str


@transaction.atomic
def show_effect(*, concern: int, way: str, what: str, worked: bool, by: Member, **given: Any) -> Effect:
    """Somebody independent says what the measure shows. way: 'indicator' (the watch's) or 'verification' (they looked for themselves)."""
    doing = begin(concern, Act.EFFECT_SHOWN, by, **given)
    if way not in ("indicator", "verification"):
        raise Invalid("way", "Choose how the effect was seen.")
    if not what.strip():
        raise Invalid("what", "Say what was measured, over what time, and what it showed.")
    if way == "indicator" and worked:
        ringing = JoinedSignal.objects.filter(concern=doing.concern, ended=None).count()
        if ringing:
            raise AccordRefuses(f"{ringing} of this concern's signals still ring, so the watch's indicator does not show that it worked.")
    assert doing.body is not None
    made = Effect.objects.create(concern=doing.concern, way=way, what=what.strip(), worked=worked, by_body=doing.body, at=doing.at)
    doing.tell(effect=made.pk, way=way, what=made.what, worked=worked)
    return made


def conditions(found: Evidence, standing: State, at: datetime, names: Mapping[str, str] | None = None) -> list[Condition]:
    """What closing needs at a moment, and what is missing. No query."""
    # what the holder owes as holder is met by acting; telling, by telling
    owed = [o for o in standing.obligations if o.done is None and (standing.holder is None or o.body != standing.holder.body or o.must == TELL)]
    acted = any(t.phase.value in ("effect awaited", "taken over") for t in standing.tenures[-1:])
    unshown = [a for a in found.actions if a.state not in (*SHOWN, "dropped")]
    taken = any(t.ended is None for t in found.take_overs)
    asked = any(q.answered is None for q in found.questions)
    untold = sum(told is None for told, _ in found.answers)
    asked_lately = [told + TO_ANSWER for told, answer in found.answers if told is not None and not answer and told > at - TO_ANSWER]
    unresolved = sum(answer == "not-resolved" for _, answer in found.answers)
    measured = found.effects[-1] if found.effects else None
    worked = measured is not None and measured.worked
    since = measured is not None and any(s.joined > measured.at for s in found.signals)
    return [
        Condition("The holder has acted", "" if acted else "the holder has not acted"),
        Condition("Every body has done what it owes", "; ".join(f"{(names or {}).get(o.body, o.body)} must {o.must}" for o in owed)),
        Condition("Each action of the plan has shown its effect", "; ".join(a.what for a in unshown)),
        Condition("What was taken over has been handed back", "a take-over is under way" if taken else ""),
        Condition("The provider owes no answer", "a question is open" if asked else ""),
        Condition(
            "The effect was measured by somebody independent",
            ("a signal joined after it was measured" if since else "") if worked else "no evidence of effect, or that it failed",
        ),
        Condition(
            "Those who raised it were told, and asked",
            f"{untold} not told" if untold else f"{unresolved} say that it is not resolved" if unresolved
            else f"{len(asked_lately)} may still answer, until {max(asked_lately).day} {max(asked_lately):%B %Y}" if asked_lately else "",
        ),
    ]  # fmt: skip


@transaction.atomic
def close(*, concern: int, words: str, by: Member, **given: Any) -> Concern:
    """Somebody without conflict, who leads neither for the holder nor for the provider, signs that every condition holds."""
    doing = begin(concern, Act.CLOSED, by, **given)
    missing = [c for c in conditions(evidence(doing.concern), doing.standing, doing.at, _names(doing.concern)) if c.missing]
    if missing:
        raise AccordRefuses("Not yet: " + "; ".join(f"{c.what} ({c.missing})" for c in missing) + ".")
    if Entry.objects.filter(chain=clockwork.chain(doing.concern), member=by.pk, what__in=[Act.ACTED, Act.EFFECT_SHOWN, Act.ACTION_CHECKED]).exists():
        raise AccordRefuses("You acted on this concern or measured its effect yourself, so somebody else must sign the closing.")
    if not words.strip():
        raise Invalid("words", "Say what changed, on what evidence.")
    doing.concern.closed = doing.at
    doing.concern.leaves = None
    doing.concern.closed_by = doing.body
    # the clock knows that the holder stands down; the signature is the independent body's
    doing.tell(words=words.strip(), signed_by=doing.body.code if doing.body else "", **{"as": doing.concern.holder_kind})
    return doing.concern


def _names(concern: Concern) -> dict[str, str]:
    return {kind: body.name for kind, body in bodies_for(concern.provider).items()}


@transaction.atomic
def publish(*, concern: int, title: str, words: str, by: Member, **given: Any) -> Publication:
    """The holder publishes plain words about a concern that is not about people."""
    doing = begin(concern, Act.PUBLISHED, by, **given)
    if doing.concern.restricted:
        raise AccordRefuses("A restricted concern is not published.")
    if not title.strip() or not words.strip():
        raise Invalid("words", "Give a title and the words.")
    for field, text in (("title", title), ("words", words)):
        small = small_numbers(text)
        if small:
            said = "; ".join(f"'{phrase}'" for phrase in small[:5])
            raise Invalid(field, f"Small numbers can name people: {said}. Write 'fewer than {BELOW}', or leave the number out.")
    made = Publication.objects.create(
        concern=doing.concern, provider=doing.concern.provider, title=title.strip()[:200], words=words.strip(), at=doing.at
    )
    doing.tell(publication=made.pk, title=made.title, words=made.words)
    return made


def reopened_soon(concern: Concern) -> bool:
    """Whether it came back within twelve months of its closing: that counts against the closing. One query."""
    if concern.closed is None:
        return False
    return any((c.opened - concern.closed).days <= 365 for c in Concern.objects.filter(reopens=concern))
