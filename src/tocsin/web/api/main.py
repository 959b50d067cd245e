"""The operations. Each acts in the database for the token's member, and in the hall for the token's body alone."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja import Header, NinjaAPI, Path, Query
from ninja.openapi.docs import Swagger
from ninja.security import HttpBearer

from tocsin.signal import ConcernKind, Level, ProviderRef, Signal
from tocsin.web.api import schemas as s
from tocsin.web.api.problems import install
from tocsin.web.concerns import actions, clockwork, plan
from tocsin.web.concerns.doing import Invalid
from tocsin.web.concerns.models import Concern, JoinedSignal, Publication
from tocsin.web.people.actions import member_of
from tocsin.web.people.models import Body, Member, Provider
from tocsin.web.people.permissions import NotPermitted, may_raise, who_is
from tocsin.web.record import keys, ledger
from tocsin.web.record.acting import act_as
from tocsin.web.record.models import Checkpoint, Entry
from tocsin.web.record.moment import now

BIGGEST = 2**31 - 1
Number = Annotated[int, Path(ge=1, le=BIGGEST)]
Key = Annotated[UUID, Header(alias="Idempotency-Key", description="A number that you make up for this call; the same one is done once.")]
Match = Annotated[
    int | None, Header(alias="If-Match", ge=0, le=BIGGEST, description="The concern's last_entry that you saw; refused if it moved on.")
]
ERRORS = dict.fromkeys((400, 401, 403, 404, 409, 412, 413, 422), s.Problem)


class Token(HttpBearer):
    """A token of one scope."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> tuple[Member, Body] | None:
        if not token.isascii() or len(token) > 200:
            return None
        found = member_of(token, self.scope)
        if found is not None:
            # taken back by web.api.middleware when the request is over
            act_as(found[0].pk)
        return found


class Described(NinjaAPI):
    """Its description says that errors are problem+json."""

    def get_openapi_schema(self, **given: Any) -> Any:
        described = super().get_openapi_schema(**given)
        for path in described["paths"].values():
            for operation in path.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= 400 and "application/json" in answer.get("content", {}):
                        answer["content"] = {"application/problem+json": answer["content"].pop("application/json")}
        return described


api = Described(
    title="Tocsin", version="1", description="Concerns, who must act on them, and what happened.", docs=Swagger() if settings.DEBUG else None,
    urls_namespace="api",
)  # fmt: skip
install(api)
READ, RAISE, ACT = Token("read"), Token("raise"), Token("act")


@api.get("/concerns", auth=READ, response={200: s.Page, **ERRORS}, operation_id="concerns")
def concerns(
    request: HttpRequest, after: Annotated[int, Query(ge=0, le=BIGGEST)] = 0, limit: Annotated[int, Query(ge=1, le=200)] = 50,
    provider: Annotated[str, Query(max_length=60, pattern=r"^[A-Za-z0-9._-]*$")] = "", state: Annotated[str, Query(pattern="^(open|closed|all)$")] = "open",
) -> dict[str, Any]:  # fmt: skip
    """Concerns that the token's member may see, by number. Two queries."""
    found = Concern.objects.select_related("holder").filter(pk__gt=after).order_by("pk")
    if state != "all":
        found = found.filter(closed__isnull=state == "open")
    if provider:
        found = found.filter(provider=provider)
    rows = list(found[: limit + 1])
    return {"items": [_concern(c) for c in rows[:limit]], "next": rows[limit - 1].pk if len(rows) > limit else None}


@api.get("/concerns/{number}", auth=READ, response={200: s.WholeOut, **ERRORS}, operation_id="concern")
def concern(request: HttpRequest, number: Number) -> dict[str, Any]:
    """One concern: how it stands, what is owed, what follows if nobody acts, what rings, what happened."""
    found = Concern.objects.select_related("provider", "map", "holder").get(pk=number)
    entries = ledger.entries(clockwork.chain(found))
    standing = clockwork.standing(found, now(), entries)
    return {
        "concern": _concern(found),
        "obligations": [{"body": o.body, "must": o.must, "due": o.due, "done": o.done, "basis": o.basis} for o in standing.obligations],
        "ahead": [{"day": p.day, "body": p.body, "to": p.to, "why": p.reason.value} for p in standing.ahead],
        "signals": list(JoinedSignal.objects.filter(concern=found).values(*s.SignalOut.model_fields)),
        "entries": [{"seq": e.seq, "at": e.at, "body": e.body, "what": e.what, "hash": e.hash} for e in entries],
    }


@api.get("/bodies", auth=READ, response={200: list[s.BodyOut], **ERRORS}, operation_id="bodies")
def bodies(request: HttpRequest) -> Any:
    """Every body that is known here."""
    return Body.objects.order_by("code")


@api.get("/published", response=list[s.PublicationOut], operation_id="published")
def published(request: HttpRequest) -> Any:
    """What is published, newest first, at most 200. No token is needed."""
    return [_publication(p) for p in Publication.objects.order_by("-id")[:200]]


@api.get("/checkpoints", response=list[s.CheckpointOut], operation_id="checkpoints")
def checkpoints(request: HttpRequest) -> Any:
    """The newest hundred signed checkpoints. Keep copies: with them anybody can show that the record was not rewritten since."""
    return Checkpoint.objects.order_by("-id")[:100]


@api.get("/public-key", response=dict[str, str], operation_id="public_key")
def public_key(request: HttpRequest) -> dict[str, str]:
    """The key with which checkpoints are checked."""
    return {"pem": keys.public_pem()}


@api.post("/signals", auth=RAISE, response={201: s.ConcernOut, **ERRORS}, operation_id="raise_signal")
def raise_signal(request: HttpRequest, body: s.SignalIn, key: Key) -> Any:
    """A signal of another system: it joins the open concern of the same provider and kind, or opens one. Told twice, it joins once."""
    member, speaks = _who(request)
    if not may_raise(who_is(member), body.provider):
        raise NotPermitted("A token raises signals about providers for which its body answers.")
    if body.kind not in set(ConcernKind):
        raise Invalid("kind", f"Choose one of {', '.join(ConcernKind)}.")
    provider = Provider.objects.get(code=body.provider)
    given = Signal(
        ProviderRef(provider.code, provider.name, body.site, body.site_name), ConcernKind(body.kind), Level(body.level), _usual("raised_on", body.raised_on),
        _usual("since", body.since), body.sentence, body.address, {"indicator": body.indicator},
    )  # fmt: skip
    return 201, _concern(actions.raise_signal(given, by=speaks.code))


@api.post("/concerns", auth=RAISE, response={201: s.ConcernOut, **ERRORS}, operation_id="raise_concern")
def raise_concern(request: HttpRequest, body: s.ConcernIn, key: Key) -> Any:
    """Raise a concern for the token's body."""
    member, speaks = _who(request)
    provider = Provider.objects.filter(code=body.provider).first()
    if provider is None:
        raise NotPermitted("A token raises concerns about providers for which its body answers.")
    return 201, _once(request, key, lambda: actions.raise_concern(
        provider=provider, kind=body.kind, title=body.title, words=body.words, severe=body.severe, by=member, body=speaks, request=key))  # fmt: skip


def _operation(name: str, schema: Any, run: Callable[..., Any], what: str) -> None:
    def operation(request: HttpRequest, number: Number, body: Any, key: Key, match: Match = None) -> Any:
        member, speaks = _who(request)
        given = body.dict() if body is not None else {}
        for field in ("until", "due"):
            if field in given:
                _usual(field, given[field])
        return _once(request, key, lambda: run(concern=number, by=member, body=speaks, stamp=match, request=key, **given))

    operation.__annotations__["body"] = schema
    operation.__doc__ = what
    operation.__name__ = name.replace("-", "_")
    api.post(f"/concerns/{{number}}/{name}", auth=ACT, response={200: s.ConcernOut, **ERRORS}, operation_id=name.replace("-", "_"))(
        operation
    )


class Nothing(s.Given):
    """Nothing needs to be said."""


for _name, _schema, _run, _what in (
    ("acknowledge", Nothing, actions.acknowledge, "The holder has taken it up. It moves no deadline."),
    ("act", s.WordsIn, actions.act, "The holder has done what the map asks."),
    ("done", s.WordsIn, actions.obligation_done, "A body that does not hold it has done what it owes."),
    ("refuse", s.ReasonIn, actions.refuse, "The holder refuses; it passes on with the next day."),
    ("conflict", s.ReasonIn, actions.declare_conflict, "The holder has a conflict of interest; it passes on at once."),
    ("ask-time", s.UntilIn, actions.ask_extension, "Ask for more time; this moves nothing."),
    ("give-time", s.UntilIn, actions.extend, "Another body than the holder and the provider moves the deadline."),
    ("hand-over", s.ToIn, actions.hand_over, "The holder passes it to a body with more power."),
    ("note", s.WordsIn, actions.note, "Add a note."),
    ("questions", s.QuestionIn, plan.ask_information, "Ask the provider; refused while another question is open."),
    ("actions", s.ActionIn, plan.plan_action, "Add an action to the joint plan."),
):
    _operation(_name, _schema, _run, _what)


def _who(request: HttpRequest) -> tuple[Member, Body]:
    found: tuple[Member, Body] = request.auth  # type: ignore[attr-defined]
    return found


def _once(request: HttpRequest, key: UUID, run: Callable[[], Any]) -> dict[str, Any]:
    """Do it; where this key has done the same before, answer as then and do nothing."""
    try:
        made = run()
    except ledger.DoneBefore as before:
        entry = Entry.objects.filter(pk=before.entry_id, member=_who(request)[0].pk).first()
        wanted = request.path.split("/concerns/")[-1].split("/")[0]
        if entry is None or (wanted.isdigit() and entry.chain != f"concern:{wanted}"):
            raise
        return _concern(Concern.objects.select_related("holder").get(pk=int(entry.chain[8:])))
    return _concern(made if isinstance(made, Concern) else made.concern)


def _concern(c: Concern) -> dict[str, Any]:
    return {
        "id": c.pk, "provider": c.provider_id, "kind": c.kind, "title": c.title, "restricted": c.restricted, "level": c.level,
        "holder": c.holder.code if c.holder else None, "phase": c.phase, "power": c.power, "binding": c.binding, "due": c.due, "passes_on": c.leaves,
        "acknowledged": c.acknowledged, "opened": c.opened, "closed": c.closed, "last_entry": c.last_entry,
    }  # fmt: skip


def _publication(p: Publication) -> dict[str, Any]:
    return {"id": p.pk, "provider": p.provider_id, "title": p.title, "words": p.words, "at": p.at}


def _usual(field: str, day: date | None) -> Any:
    if day is not None and not 1990 <= day.year < 2200:
        raise Invalid(field, "Give a day between 1990 and 2199.")
    return day
