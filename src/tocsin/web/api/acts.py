"""Every act that a concern's page offers, for programs: one operation an act, done by the same action as the page's form."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from ninja import File, NinjaAPI, UploadedFile

from tocsin.web.api import schemas as s
from tocsin.web.api.answers import ERRORS, Key, Match, Number, once
from tocsin.web.api.tokens import ACT, who
from tocsin.web.concerns import actions, closing, plan, raisers, relating, takeover
from tocsin.web.people.permissions import Act


@dataclass(frozen=True)
class Operation:
    """part: for what of the concern the second number of the address stands ('question'), where it has one."""

    address: str
    act: Act
    schema: Any
    run: Callable[..., Any]
    says: str
    part: str = ""


OPERATIONS = (
    Operation("acknowledge", Act.ACKNOWLEDGED, s.Nothing, actions.acknowledge, "The holder has taken it up. It moves no deadline."),
    Operation("act", Act.ACTED, s.WordsIn, actions.act, "The holder has done what the map asks."),
    Operation("done", Act.DONE, s.WordsIn, actions.obligation_done, "A body that does not hold it has done what it owes."),
    Operation("refuse", Act.REFUSED, s.ReasonIn, actions.refuse, "The holder refuses; it passes on with the next day."),
    Operation("conflict", Act.CONFLICT, s.ReasonIn, actions.declare_conflict, "The holder has a conflict of interest; it passes on at once."),
    Operation("ask-time", Act.EXTENSION_ASKED, s.UntilIn, actions.ask_extension, "Ask for more time; this moves nothing."),
    Operation("give-time", Act.EXTENDED, s.UntilIn, actions.extend, "Another body than the holder and the provider moves the deadline."),
    Operation("hand-over", Act.HANDED_OVER, s.ToIn, actions.hand_over, "The holder passes it to a body with more power."),
    Operation("take-over", Act.TAKEN_OVER, s.TakeOverIn, takeover.take_over, "The body assumes named powers until named criteria are met."),
    Operation("criteria/{part}/met", Act.CRITERION_MET, s.EvidenceIn, takeover.meet_criterion,
              "Somebody independent has checked that a criterion is met.", "criterion"),
    Operation("review", Act.REVIEWED, s.ReviewIn, takeover.review, "What a review of the take-over found; the last needs a next day."),
    Operation("hand-back", Act.HANDED_BACK, s.ReasonIn, takeover.hand_back, "Every criterion is met: it is handed back."),
    Operation("note", Act.NOTED, s.WordsIn, actions.note, "Add a note."),
    Operation("actions", Act.PLANNED, s.ActionIn, plan.plan_action, "The holder adds an action to the joint plan."),
    Operation("actions/{part}/change", Act.PLAN_CHANGED, s.ActionStateIn, plan.change_action, "The holder says how far an action is.", "action"),
    Operation("actions/{part}/report", Act.ACTION_REPORTED, s.ActionReportIn, plan.report_action, "Its owner says how far an action is.", "action"),
    Operation("actions/{part}/check", Act.ACTION_CHECKED, s.ActionCheckIn, plan.check_action,
              "Somebody independent says what an action's measure shows.", "action"),
    Operation("questions", Act.INFORMATION_ASKED, s.QuestionIn, plan.ask_information, "Ask the provider; refused while another question is open."),
    Operation("questions/{part}/join", Act.INFORMATION_JOINED, s.Nothing, plan.join_information, "Join a question, or use its answer.", "question"),
    Operation("questions/{part}/answer", Act.INFORMATION_GIVEN, s.AnswerIn, plan.answer_information, "The provider answers, for all who ask.", "question"),
    Operation("effect", Act.EFFECT_SHOWN, s.EffectIn, closing.show_effect, "Somebody independent says what was measured."),
    Operation("tell", Act.TOLD, s.WordsIn, raisers.tell_raisers, "Those who raised it are told, in plain words, and asked."),
    Operation("publish", Act.PUBLISHED, s.PublishIn, closing.publish, "The holder publishes plain words, without small numbers."),
    Operation("split", Act.SPLIT, s.SplitIn, relating.split, "Part of it becomes a concern of another kind."),
    Operation("merge", Act.MERGED, s.MergeIn, relating.merge, "It is the same as another, which goes on."),
    Operation("link", Act.LINKED, s.LinkIn, relating.link, "It has to do with another."),
    Operation("restrict", Act.RESTRICTED, s.ReasonIn, actions.restrict, "It is about people: others are shown only that it exists."),
    Operation("close", Act.CLOSED, s.WordsIn, closing.close, "Somebody without conflict signs that every condition of closing holds."),
)  # fmt: skip
EVIDENCE = "evidence"


def install(api: NinjaAPI) -> None:
    """Every operation gets its address below a concern's."""
    for operation in OPERATIONS:
        _add(api, operation)
    api.post(f"/concerns/{{number}}/{EVIDENCE}", auth=ACT, response={200: s.DoneOut, **ERRORS}, operation_id="give_evidence")(give_evidence)


def give_evidence(request: HttpRequest, number: Number, key: Key, file: File[UploadedFile], match: Match = None) -> Any:
    """Give a file (PDF, Word, Excel, CSV, plain text, a picture; at most 25 MB). It is kept encrypted."""
    member, body = who(request)
    return once(
        request, number, Act.EVIDENCE_GIVEN, {},
        lambda: actions.give_evidence(concern=number, upload=file, by=member, body=body, stamp=match, request=key),
    )  # fmt: skip


def _add(api: NinjaAPI, operation: Operation) -> None:
    def do(request: HttpRequest, number: int, key: Any, match: int | None, given: dict[str, Any]) -> Any:
        member, body = who(request)
        return once(
            request, number, operation.act, given,
            lambda: operation.run(concern=number, by=member, body=body, stamp=match, request=key, **given),
        )  # fmt: skip

    def plain(request: HttpRequest, number: Number, body: Any, key: Key, match: Match = None) -> Any:
        return do(request, number, key, match, body.dict())

    def of_part(request: HttpRequest, number: Number, part: Number, body: Any, key: Key, match: Match = None) -> Any:
        return do(request, number, key, match, body.dict() | {operation.part: part})

    view = of_part if operation.part else plain
    view.__annotations__["body"] = operation.schema
    view.__doc__ = operation.says
    view.__name__ = operation.address.replace("-", "_").replace("/{part}/", "_").replace("/", "_")
    api.post(
        f"/concerns/{{number}}/{operation.address}", auth=ACT, response={200: s.DoneOut, **ERRORS}, operation_id=view.__name__,
        description=operation.says,
    )(view)  # fmt: skip
