"""The joint plan, and the one question at a time to the provider. Actions as in actions.py."""

import re
from datetime import date
from textwrap import shorten
from typing import Any

from django.db import transaction

from tocsin.web.concerns.doing import AccordRefuses, Doing, Invalid, begin
from tocsin.web.concerns.models import InformationRequest, PlannedAction, Strength
from tocsin.web.people.bodies import bodies_for
from tocsin.web.people.models import Member
from tocsin.web.people.permissions import Act

SHOWN = ("shown-to-work", "shown-not-to-work")
"""States that only an independent body gives, on what the measure shows."""
BY_THE_LEAD = ("planned", "begun", "carried-out", "dropped")
BY_THE_OWNER = ("begun", "carried-out")
_EMPTY_WORDS = frozenset(
    (
        "the", "and", "for", "with", "from", "that", "this", "your", "have", "has", "are", "was", "were", "been", "how", "many", "what", "which",
        "who", "when", "where", "did", "does", "all", "any", "please",
    )
)  # fmt: skip
ALIKE = 0.5
"""Share of the rarer question's words that two questions have in common from which on they ask for the same."""


@transaction.atomic
def plan_action(*, concern: int, what: str, owner: str, strength: str, measure: str, due: date, by: Member, **given: Any) -> PlannedAction:
    """The holder adds an action to the joint plan. owner: id in the map of a body that answers for the provider."""
    doing = begin(concern, Act.PLANNED, by, **given)
    if not what.strip():
        raise Invalid("what", "Say what will be done.")
    if not measure.strip():
        raise Invalid("measure", "Say what will show its effect. An action without a measure cannot be seen to work.")
    if strength not in Strength.values:
        raise Invalid("strength", "Choose how strong the action is.")
    body = bodies_for(doing.concern.provider).get(owner)
    if body is None:
        raise Invalid("owner", "Choose the body that will do it.")
    if due <= doing.at.date():
        raise Invalid("due", "Choose a day to come.")
    made = PlannedAction.objects.create(
        concern=doing.concern, what=what.strip()[:500], owner=body, strength=strength, measure=measure.strip()[:500], due=due
    )
    doing.tell(action=made.pk, what=made.what, owner=body.kind, strength=strength, measure=made.measure, due=due.isoformat())
    return made


@transaction.atomic
def change_action(*, concern: int, action: int, state: str, effect: str, by: Member, **given: Any) -> PlannedAction:
    """The holder, who leads the plan, says how far an action is; dropping one needs a reason. Whether it worked, others say."""
    doing = begin(concern, Act.PLAN_CHANGED, by, **given)
    made = _action(doing, action)
    if state not in BY_THE_LEAD:
        raise Invalid("state", "Choose how far it is.")
    if state == "dropped" and not effect.strip():
        raise Invalid("effect", "Say why it is dropped.")
    return _now(doing, made, state, effect)


@transaction.atomic
def report_action(*, concern: int, action: int, state: str, effect: str, by: Member, **given: Any) -> PlannedAction:
    """The body that owns an action says how far it is."""
    doing = begin(concern, Act.ACTION_REPORTED, by, **given)
    made = _action(doing, action)
    if doing.body is None or doing.body.pk != made.owner_id:
        raise AccordRefuses(f"This action is {made.owner.name}'s. Only it, or whoever leads the plan, says how far it is.")
    if state not in BY_THE_OWNER:
        raise Invalid("state", "Choose how far it is.")
    if made.state in (*SHOWN, "dropped"):
        raise AccordRefuses("This action is over.")
    return _now(doing, made, state, effect)


@transaction.atomic
def check_action(*, concern: int, action: int, worked: bool, effect: str, by: Member, **given: Any) -> PlannedAction:
    """A body that neither holds the concern, nor is the provider, nor owns the action says what its measure shows."""
    doing = begin(concern, Act.ACTION_CHECKED, by, **given)
    made = _action(doing, action)
    if doing.body is None or doing.body.pk == made.owner_id:
        raise AccordRefuses("Your body carried this action out, so another must say whether it worked.")
    if made.state == "dropped":
        raise AccordRefuses("This action was dropped.")
    if not effect.strip():
        raise Invalid("effect", f"Say what the measure showed ({made.measure}).")
    made.checked_by = doing.body
    return _now(doing, made, SHOWN[0] if worked else SHOWN[1], effect)


def _action(doing: Doing, number: int) -> PlannedAction:
    found = PlannedAction.objects.select_related("owner").filter(concern=doing.concern, pk=number).first()
    if found is None:
        raise Invalid("action", "There is no such action in this plan.")
    return found


def _now(doing: Doing, made: PlannedAction, state: str, effect: str) -> PlannedAction:
    made.state, made.effect = state, effect.strip()
    made.save()
    doing.tell(action=made.pk, what=made.what, state=state, effect=made.effect)
    return made


@transaction.atomic
def ask_information(
    *, concern: int, subject: str, detail: str, due: date, by: Member, read: bool = True, **given: Any
) -> InformationRequest:
    """A body asks the provider. Raises AccordRefuses while another question to it is open, on whichever concern: it can be joined.

    read: whoever asks has seen the answers to earlier questions that ask for the same; without, those are shown instead.
    """
    doing = begin(concern, Act.INFORMATION_ASKED, by, **given)
    if not subject.strip():
        raise Invalid("subject", "Say what is asked.")
    if due <= doing.at.date():
        raise Invalid("due", "Choose a day to come.")
    shared = not doing.concern.restricted
    here = InformationRequest.objects.select_related("asked_by")
    here = here.filter(provider=doing.concern.provider, shared=True) if shared else here.filter(concern=doing.concern)
    waiting = here.filter(answered=None).first()
    if waiting is not None:
        where = "" if waiting.concern_id == concern else f" on concern {waiting.concern_id}"
        raise AccordRefuses(
            f"{waiting.asked_by.name} has asked already{where} ('{waiting.subject}', due {waiting.due.day} {waiting.due:%B %Y}). Join that question; "
            "the provider answers one at a time."
        )
    known = [] if read else [q for q in here.order_by("-answered")[:200] if alike(q.subject, subject)]
    if known:
        said = "; ".join(
            f"'{q.subject}', which {q.asked_by.name} asked on concern {q.concern_id}: {shorten(q.answer, 300)}" for q in known[:3]
        )
        raise AccordRefuses(
            f"The provider has answered the like. {said}. If that is what you need, use that answer; if not, ask again and say that you have read it."
        )
    assert doing.body is not None
    made = InformationRequest.objects.create(
        concern=doing.concern, provider=doing.concern.provider, shared=shared, subject=subject.strip()[:200], detail=detail.strip(),
        asked_by=doing.body, asked=doing.at, due=due,
    )  # fmt: skip
    doing.tell(question=made.pk, subject=made.subject, detail=made.detail, due=due.isoformat())
    return made


@transaction.atomic
def join_information(*, concern: int, question: int, by: Member, **given: Any) -> InformationRequest:
    """A second body joins a question instead of asking again, or uses the answer that was given before."""
    doing = begin(concern, Act.INFORMATION_JOINED, by, **given)
    made = InformationRequest.objects.filter(concern=doing.concern, pk=question).first()
    if made is None:
        raise Invalid("question", "There is no such question.")
    assert doing.body is not None
    if made.asked_by_id == doing.body.pk or made.joined_by.filter(pk=doing.body.pk).exists():
        raise Invalid("question", "Your body asks this already.")
    made.joined_by.add(doing.body)
    doing.tell(question=made.pk, subject=made.subject, answered=made.answered is not None)
    return made


def alike(one: str, other: str) -> bool:
    """Whether two questions seem to ask for the same: they share half of the words that tell something of the shorter one."""
    first, second = ({w.rstrip("s") for w in re.findall(r"[a-z0-9]{3,}", words.lower())} - _EMPTY_WORDS for words in (one, other))
    return bool(first and second) and len(first & second) >= ALIKE * min(len(first), len(second))


@transaction.atomic
def answer_information(*, concern: int, question: int, answer: str, by: Member, **given: Any) -> InformationRequest:
    """The provider answers, once, for all who ask."""
    doing = begin(concern, Act.INFORMATION_GIVEN, by, **given)
    made = InformationRequest.objects.filter(concern=doing.concern, pk=question, answered=None).first()
    if made is None:
        raise Invalid("question", "That question has been answered, or there is none.")
    if not answer.strip():
        raise Invalid("answer", "Write the answer first.")
    made.answer, made.answered = answer.strip(), doing.at
    made.save()
    doing.tell(question=made.pk, answer=made.answer)
    return made


def burden(requests: list[InformationRequest]) -> dict[str, int]:
    """What asking has cost the provider: questions put, and questions that it was spared because a body joined or read instead."""
    return {"asked": len(requests), "spared": sum(len(r.joined_by.all()) for r in requests)}
