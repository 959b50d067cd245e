"""The joint plan, and the one question at a time to the provider. Actions as in actions.py."""

from datetime import date
from typing import Any

from django.db import transaction

from tocsin.web.concerns.doing import AccordRefuses, Invalid, begin
from tocsin.web.concerns.models import InformationRequest, PlannedAction, Strength
from tocsin.web.people.bodies import bodies_for
from tocsin.web.people.models import Body, Member
from tocsin.web.people.permissions import Act

STATES = ("planned", "begun", "carried-out", "shown-to-work", "shown-not-to-work", "dropped")
SHOWN = ("shown-to-work", "shown-not-to-work")


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
    """The holder says how far an action is. 'shown to work' and 'shown not to work' need the measured effect in words."""
    doing = begin(concern, Act.PLAN_CHANGED, by, **given)
    made = PlannedAction.objects.filter(concern=doing.concern, pk=action).first()
    if made is None:
        raise Invalid("action", "There is no such action in this plan.")
    if state not in STATES:
        raise Invalid("state", "Choose how far it is.")
    if state in (*SHOWN, "dropped") and not effect.strip():
        raise Invalid("effect", f"Say what the measure showed ({made.measure})." if state in SHOWN else "Say why it is dropped.")
    made.state, made.effect = state, effect.strip()
    made.save()
    doing.tell(action=made.pk, state=state, effect=made.effect)
    return made


@transaction.atomic
def ask_information(*, concern: int, subject: str, detail: str, due: date, by: Member, **given: Any) -> InformationRequest:
    """A body asks the provider. Raises AccordRefuses while another question is open: it can be joined."""
    doing = begin(concern, Act.INFORMATION_ASKED, by, **given)
    if not subject.strip():
        raise Invalid("subject", "Say what is asked.")
    if due <= doing.at.date():
        raise Invalid("due", "Choose a day to come.")
    waiting = InformationRequest.objects.filter(concern=doing.concern, answered=None).select_related("asked_by").first()
    if waiting is not None:
        raise AccordRefuses(
            f"{waiting.asked_by.name} has asked already ('{waiting.subject}', due {waiting.due:%d %B %Y}). Join that question; "
            "the provider answers one at a time."
        )
    assert doing.body is not None
    made = InformationRequest.objects.create(
        concern=doing.concern, subject=subject.strip()[:200], detail=detail.strip(), asked_by=doing.body, asked=doing.at, due=due
    )
    doing.tell(question=made.pk, subject=made.subject, detail=made.detail, due=due.isoformat())
    return made


@transaction.atomic
def join_information(*, concern: int, question: int, by: Member, **given: Any) -> InformationRequest:
    """A second body joins a question instead of asking again."""
    doing = begin(concern, Act.INFORMATION_JOINED, by, **given)
    made = InformationRequest.objects.filter(concern=doing.concern, pk=question).first()
    if made is None:
        raise Invalid("question", "There is no such question.")
    assert doing.body is not None
    if made.asked_by_id == doing.body.pk or made.joined_by.filter(pk=doing.body.pk).exists():
        raise Invalid("question", "Your body asks this already.")
    made.joined_by.add(doing.body)
    doing.tell(question=made.pk, subject=made.subject)
    return made


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


def body_named(kind: str, concern_bodies: dict[str, Body]) -> str:
    return concern_bodies[kind].name if kind in concern_bodies else kind
