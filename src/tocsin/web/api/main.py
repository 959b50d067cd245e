"""The operations. Each acts in the database for the token's member, and in the hall for the token's body alone."""

from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from ninja import NinjaAPI, Query, Status
from ninja.openapi.docs import Swagger

from tocsin.signal import Level, ProviderRef, Signal
from tocsin.web.api import acts, answers
from tocsin.web.api import schemas as s
from tocsin.web.api.answers import BIGGEST, ERRORS, Key, Number, once
from tocsin.web.api.problems import install
from tocsin.web.api.tokens import RAISE, READ, who
from tocsin.web.concerns import actions, clockwork, plain, queries
from tocsin.web.concerns.doing import Invalid
from tocsin.web.concerns.models import Concern, Publication
from tocsin.web.people.bodies import bodies_for
from tocsin.web.people.models import Body, Provider
from tocsin.web.people.permissions import Act, NotPermitted, may_raise, who_is
from tocsin.web.record import keys
from tocsin.web.record.models import Checkpoint, Entry


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
acts.install(api)


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
    return {"items": [answers.concern(c) for c in rows[:limit]], "next": rows[limit - 1].pk if len(rows) > limit else None}


@api.get("/concerns/{number}", auth=READ, response={200: s.WholeOut, **ERRORS}, operation_id="concern")
def concern(request: HttpRequest, number: Number) -> dict[str, Any]:
    """One concern, as its page shows it: how it stands, what is owed, what follows if nobody acts, the plan, the questions, what is missing
    before it can be closed, and the newest 200 entries."""
    return answers.whole(queries.whole(number))


@api.get("/concerns/{number}/entries", auth=READ, response={200: s.EntryPage, **ERRORS}, operation_id="entries")
def entries(
    request: HttpRequest, number: Number, after: Annotated[int, Query(ge=0, le=BIGGEST)] = 0, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> dict[str, Any]:
    """What happened to a concern, from the first entry on."""
    found = Concern.objects.select_related("provider", "map").get(pk=number)
    rows = list(Entry.objects.filter(chain=clockwork.chain(found), seq__gt=after).order_by("seq")[: limit + 1])
    names = queries.names_of(clockwork.map_of(found), bodies_for(found.provider))
    told = [answers.line(told) for told in plain.timeline(rows[:limit], names)]
    return {"items": told, "next": rows[limit - 1].seq if len(rows) > limit else None}


@api.get("/bodies", auth=READ, response={200: list[s.BodyOut], **ERRORS}, operation_id="bodies")
def bodies(request: HttpRequest) -> Any:
    """Every body that is known here."""
    return Body.objects.order_by("code")


@api.get("/published", response={200: list[s.PublicationOut], 422: s.Problem}, operation_id="published")
def published(request: HttpRequest, before: Annotated[int, Query(ge=1, le=BIGGEST)] = BIGGEST) -> Any:
    """What is published, newest first, at most 200; before: the smallest number of the page that came before. No token is needed."""
    return [answers.publication(p) for p in Publication.objects.filter(pk__lt=before).order_by("-id")[:200]]


@api.get("/checkpoints", response=list[s.CheckpointOut], operation_id="checkpoints")
def checkpoints(request: HttpRequest) -> Any:
    """The newest hundred signed checkpoints. Keep copies: with them anybody can show that the record was not rewritten since."""
    return Checkpoint.objects.order_by("-id")[:100]


@api.get("/public-key", response=dict[str, str], operation_id="public_key")
def public_key(request: HttpRequest) -> dict[str, str]:
    """The key with which checkpoints are checked."""
    return {"pem": keys.public_pem()}


@api.post("/signals", auth=RAISE, response={201: s.DoneOut, **ERRORS}, operation_id="raise_signal")
def raise_signal(request: HttpRequest, body: s.SignalIn, key: Key) -> Any:
    """A signal of another system: it joins the open concern of the same provider and kind, or opens one. Told twice, it joins once."""
    member, speaks = who(request)
    if not may_raise(who_is(member), body.provider):
        raise NotPermitted("A token raises signals about providers for which its body answers.")
    provider = Provider.objects.filter(code=body.provider).first()
    if provider is None:
        raise Invalid("provider", "There is no such provider here.")
    given = Signal(
        ProviderRef(provider.code, provider.name, body.site, body.site_name), body.kind, Level(body.level), body.raised_on,
        body.since, body.sentence, body.address, {"indicator": body.indicator},
    )  # fmt: skip
    return Status(201, once(
        request, None, Act.SIGNAL_JOINED, {"sentence": body.sentence, "level": body.level},
        lambda: actions.raise_signal(given, by=speaks.code, member=member, request=key),
    ))  # fmt: skip


@api.post("/concerns", auth=RAISE, response={201: s.DoneOut, **ERRORS}, operation_id="raise_concern")
def raise_concern(request: HttpRequest, body: s.ConcernIn, key: Key) -> Any:
    """Raise a concern for the token's body, or add to the open one of the same provider and kind."""
    member, speaks = who(request)
    provider = Provider.objects.filter(code=body.provider).first()
    if provider is None:
        raise NotPermitted("A token raises concerns about providers for which its body answers.")
    return Status(201, once(request, None, Act.RAISED, {"provider": body.provider, "kind": body.kind}, lambda: actions.raise_concern(
        provider=provider, kind=body.kind, title=body.title, words=body.words, severe=body.severe, by=member, body=speaks, request=key)))  # fmt: skip
