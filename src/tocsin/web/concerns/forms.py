"""What can be done on a concern's page: one form an action, read and checked here, done by the actions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from tocsin.web.concerns import actions, clockwork, closing, plain, plan, raisers, relating, takeover
from tocsin.web.concerns.doing import Invalid
from tocsin.web.concerns.models import Strength
from tocsin.web.concerns.queries import Whole, alike
from tocsin.web.people.permissions import Act

Choices = Callable[[Whole], list[tuple[str, str]]]


@dataclass(frozen=True)
class Field:
    """One field of a form. kind: text, area, date, date? (may be left out), select, several, lines, file, yes."""

    name: str
    label: str
    kind: str = "area"
    hint: str = ""
    choices: Choices | None = None


@dataclass(frozen=True)
class Form:
    """An action as a form. says: what it does, in a sentence. danger: it cannot be taken back."""

    slug: str
    act: Act
    label: str
    says: str
    run: Callable[..., Any]
    fields: tuple[Field, ...] = ()
    offered: Callable[[Whole], bool] = field(default=lambda whole: True)


def _strengths(_: Whole) -> list[tuple[str, str]]:
    return list(Strength.choices)


def _bodies(whole: Whole) -> list[tuple[str, str]]:
    return [(b.kind, b.name) for b in whole.bodies.values()]


def _stronger(whole: Whole) -> list[tuple[str, str]]:
    return [(k, whole.names[k]) for k in whole.map.bodies if k != whole.concern.holder_kind and not whole.map.bodies[k].subject]


def _planned(whole: Whole) -> list[tuple[str, str]]:
    return [(str(a.pk), a.what) for a in whole.actions]


def _states(states: tuple[str, ...]) -> Choices:
    return lambda _: [(s, s.replace("-", " ").capitalize()) for s in states]


def _open_questions(whole: Whole) -> list[tuple[str, str]]:
    return [(str(q.pk), q.subject) for q in whole.questions if q.answered is None]


def _all_questions(whole: Whole) -> list[tuple[str, str]]:
    return [(str(q.pk), q.subject if q.answered is None else f"{q.subject} (answered)") for q in whole.questions]


def _alike(whole: Whole) -> list[tuple[str, str]]:
    """Other open concerns about the provider, into which this one can be merged."""
    return [(str(c.pk), f"{c.pk}: {plain.kind(c.kind)}: {c.title}") for c in alike(whole.concern)]


def _powers(whole: Whole) -> list[tuple[str, str]]:
    case, found = clockwork.case_of(whole.concern), {}
    for kind in whole.bodies:
        for p in takeover.powers_that_pass(whole.map, case, kind, whole.today):
            found[p["power"]] = f"{p['power'].replace('-', ' ').capitalize()}: {p['basis']}"
    return list(found.items())


def _criteria(whole: Whole) -> list[tuple[str, str]]:
    return [(str(c.pk), c.what) for t in whole.take_overs if t.ended is None for c in t.criterion_set.all() if c.checked is None]


def _kinds(whole: Whole) -> list[tuple[str, str]]:
    return [(k, plain.kind(k).capitalize()) for k in whole.map.concerns if k != whole.concern.kind]


def _signals(whole: Whole) -> list[tuple[str, str]]:
    return [(str(s.pk), s.sentence) for s in whole.signals]


_REASON = Field("reason", "Reason", hint="It stays visible to everybody who sees this concern.")
_WORDS = Field("words", "What was done")
_SUBSTANTIAL = "taken over"

FORMS = {
    form.slug: form
    for form in (
        Form("acknowledge", Act.ACKNOWLEDGED, "Acknowledge", "Say that your body has taken this up. It moves no deadline: acknowledging is not acting.",
             actions.acknowledge, offered=lambda w: w.concern.acknowledged is None and w.concern.phase == "to act"),
        Form("act", Act.ACTED, "Say that you have acted", "Say what your body has done. From then on its effect is awaited.", actions.act, (_WORDS,),
             offered=lambda w: w.concern.phase == "to act"),
        Form("take-over", Act.TAKEN_OVER, "Take over", "Your body assumes named powers over the provider, until named criteria are met.",
             takeover.take_over, (
                 Field("powers", "Powers that you assume", "several", "With the legal basis that the map gives.", _powers),
                 Field("scope", "Over what", "text", "Which service, which sites."),
                 Field("criteria", "What must be so before it is handed back", "lines", "One a line. Each will be checked by a body that did not take over."),
                 Field("reviews", "Days of review", "lines", "One a line, such as 2026-03-31; the first within three months.")),
             offered=lambda w: w.concern.phase != _SUBSTANTIAL),
        Form("criterion", Act.CRITERION_MET, "Confirm that a criterion is met", "As a body that did not take over, say on what evidence it is met.",
             takeover.meet_criterion, (Field("criterion", "Criterion", "select", choices=_criteria), Field("evidence", "Evidence")),
             offered=lambda w: bool(_criteria(w))),
        Form("review", Act.REVIEWED, "Review what was taken over", "On the day that was set: what has changed, and what has not.", takeover.review, (
            Field("words", "What the review found"), Field("following", "Next day of review", "date?", "Within three months; needed if no later one is set.")),
             offered=lambda w: w.concern.phase == _SUBSTANTIAL),
        Form("hand-back", Act.HANDED_BACK, "Hand back", "Every criterion is met and was checked by somebody independent.", takeover.hand_back, (_REASON,),
             offered=lambda w: w.concern.phase == _SUBSTANTIAL),
        Form("hand-over", Act.HANDED_OVER, "Hand over to a body with more power", "Your powers do not suffice.", actions.hand_over,
             (Field("to", "To", "select", choices=_stronger), _REASON)),
        Form("refuse", Act.REFUSED, "Refuse", "Your body will not act. The concern passes on with the next day, and the refusal stays visible.",
             actions.refuse, (_REASON,)),
        Form("conflict", Act.CONFLICT, "Declare a conflict of interest", "Your body cannot judge this fairly. The concern passes on at once.",
             actions.declare_conflict, (_REASON,)),
        Form("ask-time", Act.EXTENSION_ASKED, "Ask for more time", "This moves nothing. Another body, whom the deadline does not bind, may grant it.",
             actions.ask_extension, (Field("until", "Until", "date"), _REASON), offered=lambda w: w.concern.due is not None),
        Form("give-time", Act.EXTENDED, "Move the deadline", "As a body whom it does not bind, with a reason.", actions.extend,
             (Field("until", "Until", "date"), _REASON), offered=lambda w: w.concern.due is not None),
        Form("done", Act.DONE, "Say that you have done what you owe", "For a body that does not hold the concern.", actions.obligation_done, (_WORDS,)),
        Form("plan", Act.PLANNED, "Add an action to the joint plan", "One plan, one lead: each action has an owner, a strength, a measure and a day.",
             plan.plan_action, (
                 Field("what", "What will be done", "text"), Field("owner", "By whom", "select", choices=_bodies),
                 Field("strength", "How strong it is", "select", choices=_strengths),
                 Field("measure", "What will show its effect", "text"), Field("due", "By when", "date"))),
        Form("plan-state", Act.PLAN_CHANGED, "Say how far an action is", "As the body that leads the plan. Whether it worked, a body says that did not do it.",
             plan.change_action, (
                 Field("action", "Action", "select", choices=_planned), Field("state", "It is now", "select", choices=_states(plan.BY_THE_LEAD)),
                 Field("effect", "What there is to say; why, if it is dropped")), offered=lambda w: bool(w.actions)),
        Form("plan-report", Act.ACTION_REPORTED, "Say how far your action is", "As the body that carries it out.", plan.report_action, (
            Field("action", "Action", "select", choices=_planned), Field("state", "It is now", "select", choices=_states(plan.BY_THE_OWNER)),
            Field("effect", "What there is to say")), offered=lambda w: bool(w.actions)),
        Form("plan-check", Act.ACTION_CHECKED, "Say whether an action worked", "As a body that neither holds this, nor is the provider, nor did it.",
             plan.check_action, (
                 Field("action", "Action", "select", choices=_planned),
                 Field("worked", "Did it work", "select", choices=lambda _: [("yes", "Yes"), ("no", "No")]),
                 Field("effect", "What its measure showed, over what time")), offered=lambda w: bool(w.actions)),
        Form("ask", Act.INFORMATION_ASKED, "Ask the provider for information", "The provider answers one question at a time, once for all who ask.",
             plan.ask_information, (
                 Field("subject", "What you ask", "text"), Field("detail", "More about it"), Field("due", "By when", "date"),
                 Field("read", "I have read what the provider has answered before, and it is not what I need", "yes"))),
        Form("join", Act.INFORMATION_JOINED, "Join a question, or use its answer", "Another body has asked. You are given the same answer.",
             plan.join_information, (Field("question", "Question", "select", choices=_all_questions),), offered=lambda w: bool(w.questions)),
        Form("answer", Act.INFORMATION_GIVEN, "Answer a question", "Once, for all who ask.", plan.answer_information,
             (Field("question", "Question", "select", choices=_open_questions), Field("answer", "Answer")),
             offered=lambda w: bool(_open_questions(w))),
        Form("note", Act.NOTED, "Make a note", "Everybody who sees this concern can read it.", actions.note, (Field("words", "Note"),)),
        Form("evidence", Act.EVIDENCE_GIVEN, "Give a file", "PDF, Word, Excel, CSV, plain text or a picture, at most 25 MB. It is kept encrypted.",
             actions.give_evidence, (Field("upload", "File", "file"),)),
        Form("tell", Act.TOLD, "Tell those who raised it", "In plain words. They are asked whether it is resolved. Who they are is not shown to you.",
             raisers.tell_raisers, (Field("words", "What they are told"),)),
        Form("effect", Act.EFFECT_SHOWN, "Say what the effect was", "As a body that neither holds this nor is the provider.", closing.show_effect, (
            Field("way", "How it was seen", "select", choices=lambda _: [("indicator", "The watch's indicator"), ("verification", "We looked for ourselves")]),
            Field("worked", "Did it work", "select", choices=lambda _: [("yes", "Yes"), ("no", "No")]),
            Field("what", "What was measured, over what time, and what it showed"))),
        Form("publish", Act.PUBLISHED, "Publish", "Plain words for everybody. Small numbers and anything that could name a person are left out.",
             closing.publish, (Field("title", "Title", "text"), Field("words", "Words")), offered=lambda w: not w.concern.restricted),
        Form("split", Act.SPLIT, "Split off a concern of another kind", "The new one begins with its own first holder; this one's clock runs on.",
             relating.split, (Field("kind", "Kind", "select", choices=_kinds), Field("title", "What it is", "text"),
                             Field("signals", "Signals that go with it", "several", choices=_signals))),
        Form("merge", Act.MERGED, "Merge into another concern", "They are the same. The one with the earlier deadline goes on, with everything of both.",
             relating.merge, (Field("into", "Into which", "select", choices=_alike), _REASON), offered=lambda w: bool(alike(w.concern))),
        Form("link", Act.LINKED, "Link with another concern", "They have to do with each other; both stay.", relating.link,
             (Field("other", "Number of the other concern", "text"), Field("why", "Why", "text"))),
        Form("restrict", Act.RESTRICTED, "Restrict", "It is about people: from now on others are shown only that it exists.", actions.restrict, (_REASON,),
             offered=lambda w: not w.concern.restricted),
        Form("close", Act.CLOSED, "Sign the closing", "As somebody without conflict, who neither acted nor measured the effect.", closing.close,
             (Field("words", "What changed, on what evidence"),)),
    )
}  # fmt: skip
_NUMBERS = {"action", "criterion", "question", "into", "other"}


def given(form: Form, request: HttpRequest) -> dict[str, Any]:
    """What was filled in, as the action takes it. Raises Invalid."""
    values: dict[str, Any] = {}
    for f in form.fields:
        if f.kind == "file":
            values[f.name] = request.FILES.get(f.name)
            if values[f.name] is None:
                raise Invalid(f.name, "Choose a file.")
            continue
        text = request.POST.get(f.name, "").replace("\0", "")
        if f.kind == "several":
            values[f.name] = [v.replace("\0", "") for v in request.POST.getlist(f.name)]
        elif f.kind == "lines":
            values[f.name] = [line.strip() for line in text.splitlines() if line.strip()]
        elif f.kind == "date" or (f.kind == "date?" and text.strip()):
            values[f.name] = _day(f.name, text)
        elif f.kind == "date?":
            values[f.name] = None
        elif f.kind == "yes":
            values[f.name] = text == "yes"
        elif f.name in _NUMBERS:
            values[f.name] = _number(f.name, text)
        else:
            values[f.name] = text
    if "reviews" in values:
        values["reviews"] = [_day("reviews", word) for word in values["reviews"]]
    if "signals" in values:
        values["signals"] = [_number("signals", word) for word in values["signals"]]
    if "worked" in values:
        values["worked"] = values["worked"] == "yes"
    return values


def once(request: HttpRequest) -> tuple[int | None, UUID | None]:
    """What the page had shown last, and the number of this form, as sent with it. Raises Invalid."""
    try:
        stamp = int(request.POST["stamp"])
        number = UUID(request.POST["request"])
    except (KeyError, ValueError):
        raise Invalid("", "This form was not complete. Open it again from the concern's page.") from None
    return stamp, number


def _day(name: str, text: str) -> date:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(name, "Give a day, such as 2026-03-31.") from None
    if not date(1990, 1, 1) < found < date(2200, 1, 1) - timedelta(days=1):
        raise Invalid(name, "Give a day between 1990 and 2199.")
    return found


def _number(name: str, text: str) -> int:
    text = text.strip().lstrip("#")
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise Invalid(name, "Choose one, or give its number.")
    return int(text)
