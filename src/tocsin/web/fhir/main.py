"""The FHIR R4 operations. Each acts for the token's member and body alone; every answer is a resource, an error an OperationOutcome."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Header, NinjaAPI, Path, Query

from tocsin import fhir
from tocsin.fhir import AdverseEvent, Bundle, Fault, Refused
from tocsin.web.api.tokens import RAISE, READ
from tocsin.web.concerns.models import JoinedSignal
from tocsin.web.fhir import actions, queries
from tocsin.web.fhir.answers import MEDIA, answer, described, install, refusal
from tocsin.web.fhir.capability import capability
from tocsin.web.fhir.models import ReportedEvent
from tocsin.web.fhir.queries import Between
from tocsin.web.people.models import Body, Member, Provider

MOST = 200
"""Resources of one page."""


class Fhir(NinjaAPI):
    """Its description says which media type and which resources go in and out."""

    def get_openapi_schema(self, **given: Any) -> Any:
        return described(super().get_openapi_schema(**given))


api = Fhir(
    title="Tocsin, FHIR R4", version="1", description="Signals and organisations out, reported events in and out.", docs_url=None,
    urls_namespace="fhir-api",
)  # fmt: skip
install(api)

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Count = Annotated[int, Query(alias="_count", ge=1, le=MOST)]
Format = Annotated[str, Query(alias="_format", pattern=r"^(json|application/json|application/fhir\+json|)$")]
Since = Annotated[str, Query(alias="_lastUpdated", pattern=r"^(ge|gt)?\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d))?$|^$")]
Whose = Annotated[str, Query(max_length=120, pattern=r"^(Organization/)?[A-Za-z0-9._-]*$", description="Organization/CODE")]
Days = Annotated[
    list[Annotated[str, Query(pattern=r"^(eq|ge|gt|le|lt)?\d{4}-\d\d-\d\d$")]],
    Query(max_length=2, description="a day, or with ge, gt, le, lt; twice for a period"),
]
Key = Annotated[UUID | None, Header(alias="Idempotency-Key", description="Only for an event without a number of its own")]
Prefer = Annotated[str, Header(max_length=200)]


def _operation(method: str, address: str, out: Any, auth: Any = READ, name: str = "", statuses: tuple[int, ...] = (200,), **more: Any) -> Any:
    """An operation that answers with a resource; what it cannot do is told as an OperationOutcome."""
    known = (400, 401, 403, 404, 409, 413, 422, 429) if auth else (400,)
    errors = dict.fromkeys(known, fhir.OperationOutcome)
    return getattr(api, method)(address, auth=auth, response={**dict.fromkeys(statuses, out), **errors}, operation_id=name, **more)


def _only_known(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A parameter that is not known is refused: left out, it would show more than was asked for."""
    names = {
        a.alias for n in view.__annotations__.values() for a in getattr(n, "__metadata__", ()) if getattr(a, "alias", None)
    } | set(view.__annotations__)  # fmt: skip

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        for name in request.GET:
            if name not in names:
                raise Refused([Fault(name[:60], "not-supported", "is not a search parameter here; see metadata")])
        return view(request, *args, **kwargs)

    return inner


@_operation("get", "/metadata", dict, auth=None, name="capabilities")
def metadata(request: HttpRequest) -> HttpResponse:
    """What this server can do. No token is needed."""
    return answer(capability(settings.TOCSIN_URL))


@_operation("get", "/Organization/{number}", fhir.Organization, name="organization")
def organization(request: HttpRequest, number: Annotated[str, Path(pattern=r"^[A-Za-z0-9.-]{1,64}$")]) -> HttpResponse:
    """One provider or body."""
    code = _code(number)
    found, _ = queries.organizations(code=code, limit=1) if code else ([], None)
    if not found:
        raise Provider.DoesNotExist
    return answer(found[0].out())


@_operation("get", "/Organization", Bundle, name="organizations")
@_only_known
def organizations(
    request: HttpRequest, identifier: Annotated[str, Query(max_length=200)] = "", name: Annotated[str, Query(max_length=100)] = "",
    id_: Annotated[str, Query(alias="_id", max_length=64, pattern=r"^[A-Za-z0-9.-]*$")] = "", after: Annotated[str, Query(alias="_after", max_length=64)] = "",
    count: Count = 50, form: Format = "",
) -> HttpResponse:  # fmt: skip
    """Providers and bodies, by ODS code (identifier=https://fhir.nhs.uk/Id/ods-organization-code|CODE), or by how their name begins."""
    system, _, value = identifier.rpartition("|")
    code = _code(id_) if id_ else value
    unknown = (system and system != fhir.ODS) or (id_ and not code) or "\0" in identifier + name + after
    found, following = ([], None) if unknown else queries.organizations(code=code, name=name, after=after, limit=count)
    return _page(request, found, following)


@_operation("get", "/DetectedIssue/{number}", fhir.DetectedIssue, name="detected_issue")
def detected_issue(request: HttpRequest, number: Number) -> HttpResponse:
    """One signal."""
    return answer(fhir.detected_issue(queries.signal(number)).out())


@_operation("get", "/DetectedIssue", Bundle, name="detected_issues")
@_only_known
def detected_issues(
    request: HttpRequest, implicated: Whose = "", identified: Days = (), code: Annotated[str, Query(max_length=200)] = "",
    severity: Annotated[str, Query(pattern="^(high|moderate|)$")] = "", since: Since = "",
    after: Annotated[int, Query(alias="_after", ge=0, le=2**31 - 1)] = 0, count: Count = 50, form: Format = "",
) -> HttpResponse:  # fmt: skip
    """Signals that the token's member may see, by number."""
    found, following = queries.signals(
        provider=_provider(implicated), when=_between(identified), kind=_token(code), level={"high": "red", "moderate": "amber"}.get(severity, ""),
        changed_since=_since(since), after=after, limit=count,
    )  # fmt: skip
    return _page(request, [fhir.detected_issue(k) for k in found], following)


@_operation("get", "/MeasureReport/{number}", fhir.MeasureReport, name="measure_report")
def measure_report(request: HttpRequest, number: Number) -> HttpResponse:
    """What was counted for one signal."""
    found = fhir.measure_report(queries.signal(number), hide_below=settings.SUPPRESS_BELOW)
    if found is None:
        raise JoinedSignal.DoesNotExist
    return answer(found.out())


@_operation("get", "/MeasureReport", Bundle, name="measure_reports")
@_only_known
def measure_reports(
    request: HttpRequest, reporter: Whose = "", period: Days = (), measure: Annotated[str, Query(max_length=300)] = "", since: Since = "",
    after: Annotated[int, Query(alias="_after", ge=0, le=2**31 - 1)] = 0, count: Count = 50, form: Format = "",
) -> HttpResponse:  # fmt: skip
    """What was counted for signals that the token's member may see, by number; `period` asks for its last day."""
    if "\0" in measure:
        return _page(request, [], None)
    found, following = queries.signals(
        provider=_provider(reporter), when=_between(period), measure=measure.rpartition("/")[2], changed_since=_since(since), counted=True,
        after=after, limit=count,
    )  # fmt: skip
    made = (fhir.measure_report(k, hide_below=settings.SUPPRESS_BELOW) for k in found)
    return _page(request, [m for m in made if m is not None], following)


@_operation("get", "/AdverseEvent/{number}", AdverseEvent, name="adverse_event")
def adverse_event(request: HttpRequest, number: UUID) -> HttpResponse:
    """One reported event, as it was told last, without what names a person."""
    found, told = queries.event(number)
    if told is None:
        raise ReportedEvent.DoesNotExist
    return answer(told.out(), headers={"ETag": f'W/"{found.version}"'})


@_operation("get", "/AdverseEvent", Bundle, name="adverse_events")
@_only_known
def adverse_events(
    request: HttpRequest, organization: Whose = "", date: Days = (), actuality: Annotated[str, Query(pattern="^(actual|potential|)$")] = "",
    identifier: Annotated[str, Query(max_length=800)] = "", since: Since = "", after: Annotated[UUID | None, Query(alias="_after")] = None,
    count: Count = 50, form: Format = "",
) -> HttpResponse:  # fmt: skip
    """Reported events of providers for which the token's bodies answer. organization: a parameter of Tocsin's own, the provider."""
    if "\0" in identifier:
        return _page(request, [], None)
    system, _, value = identifier.rpartition("|")
    found, following = queries.events(
        provider=_provider(organization), happened=_between(date), changed_since=_since(since), number=(system, value) if value else None,
        actual={"actual": True, "potential": False}.get(actuality), after=after, limit=count,
    )  # fmt: skip
    return _page(request, found, following)


@_operation(
    "post", "/AdverseEvent", AdverseEvent, auth=RAISE, name="report_event", statuses=(200, 201),
    openapi_extra={"requestBody": {"required": True, "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/AdverseEvent"}}}}},
)  # fmt: skip
def report_event(request: HttpRequest, key: Key = None, prefer: Prefer = "") -> HttpResponse:
    """Report an event, in the shape of Learn From Patient Safety Events or in plain R4. Sent again, it is the same event."""
    event = fhir.read(AdverseEvent, fhir.from_json(request.body))
    member, body = _who(request)
    taken = actions.take_in(event=event, key=key, body=body, by=member)
    told = queries.as_told([taken.event])
    status = 201 if taken.new else 200
    headers = {"Location": f"{settings.TOCSIN_URL}/api/v1/fhir/AdverseEvent/{taken.event.pk}", "ETag": f'W/"{taken.event.version}"'}
    return answer((_said(taken) if "return=operationoutcome" in prefer.lower() else told[0]).out(), status=status, headers=headers)


@_operation(
    "post", "/", Bundle, auth=RAISE, name="report_events",
    openapi_extra={"requestBody": {"required": True, "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Bundle"}}}}},
)  # fmt: skip
def report_events(request: HttpRequest) -> HttpResponse:
    """A Bundle of AdverseEvents: 'batch' takes in the good ones and says of each other one what is wrong; 'transaction' takes all or none."""
    bundle = fhir.read(Bundle, fhir.from_json(request.body))
    if bundle.type not in ("batch", "transaction"):
        raise Refused([Fault("Bundle.type", "not-supported", "must be batch or transaction")])
    member, body = _who(request)
    entries = list(enumerate(bundle.entry or []))
    if bundle.type == "batch":
        return answer(_response("batch-response", [_one(i, e, member, body) for i, e in entries]))
    with transaction.atomic():
        return answer(_response("transaction-response", [_took(i, e, member, body) for i, e in entries]))


def _one(i: int, entry: Any, member: Member, body: Body) -> dict[str, Any]:
    try:
        return _took(i, entry, member, body)
    except Exception as error:
        found = refusal(error)
        if found is None:
            raise
        status, outcome = found
        return {"response": {"status": str(status), "outcome": outcome.out()}}


def _took(i: int, entry: Any, member: Member, body: Body) -> dict[str, Any]:
    place = f"Bundle.entry[{i}]"
    request = entry.request
    if request is None or request.method != "POST" or request.url.strip("/") != "AdverseEvent":
        raise Refused([Fault(f"{place}.request", "not-supported", "must be POST of AdverseEvent")])
    if entry.resource is None:
        raise Refused([Fault(f"{place}.resource", "required", "is missing")])
    try:
        taken = actions.take_in(event=fhir.read(AdverseEvent, entry.resource), body=body, by=member)
    except Refused as error:
        inside = [Fault(f"{place}.resource.{f.place.partition('.')[2]}".rstrip("."), f.code, f.words) for f in error.faults]
        raise Refused(inside) from None
    return {
        "response": {
            "status": "201" if taken.new else "200", "location": f"AdverseEvent/{taken.event.pk}", "etag": f'W/"{taken.event.version}"',
            "lastModified": _instant(taken.event.changed), "outcome": _said(taken).out(),
        }
    }  # fmt: skip


def _said(taken: actions.Taken) -> fhir.OperationOutcome:
    out = [Fault(place, "informational", "was taken out, because it could name a person") for place in taken.taken_out]
    words = [Fault("AdverseEvent", "informational", w) for w in taken.said]
    return fhir.outcome([*out, *words] or [Fault("AdverseEvent", "informational", "was taken in")], "information")


def _response(kind: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    return Bundle.model_validate({"resourceType": "Bundle", "type": kind} | ({"entry": entries} if entries else {})).out()


def _page(request: HttpRequest, found: list[Any], following: Any) -> HttpResponse:
    base = f"{settings.TOCSIN_URL}/api/v1/fhir"
    path = urlsplit(request.path).path.removeprefix("/api/v1/fhir")
    given = [(n, v) for n in sorted(request.GET) for v in request.GET.getlist(n) if n != "_after"]

    def address(more: list[tuple[str, str]]) -> str:
        asked = urlencode([*given, *more])
        return f"{base}{path}" + (f"?{asked}" if asked else "")

    after = request.GET.get("_after")
    here = address([("_after", after)] if after else [])
    return answer(fhir.searchset(found, base=base, here=here, following=address([("_after", str(following))]) if following else None).out())


def _who(request: HttpRequest) -> tuple[Member, Body]:
    found: tuple[Member, Body] = request.auth  # type: ignore[attr-defined]
    return found


def _code(number: str) -> str:
    """The code of an organisation by its FHIR id; '' where there is none such."""
    try:
        return fhir.code_of(number)
    except ValueError:
        return ""


def _provider(word: str) -> str:
    return _code(word.removeprefix("Organization/")) or word.removeprefix("Organization/")


def _token(word: str) -> str:
    return word.rpartition("|")[2].replace("\0", "")


def _between(given: list[str]) -> Between:
    first, last = None, None
    for word in given:
        sign, day = (word[:2], word[2:]) if word[:2].isalpha() else ("eq", word)
        try:
            found = date.fromisoformat(day)
        except ValueError:
            raise Refused([Fault(day, "value", "is no day of the calendar")]) from None
        if not 1900 <= found.year < 2200:
            raise Refused([Fault(day, "value", "must lie between 1900 and 2199")])
        if sign in ("eq", "ge", "gt"):
            lower = found + timedelta(days=sign == "gt")
            first = max(first, lower) if first else lower
        if sign in ("eq", "le", "lt"):
            upper = found - timedelta(days=sign == "lt")
            last = min(last, upper) if last else upper
    return Between(first, last)


def _since(word: str) -> datetime | None:
    if not word:
        return None
    try:
        found = datetime.fromisoformat(word.removeprefix("ge").removeprefix("gt"))
        # a time zone can push the first year out of the calendar
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused([Fault("_lastUpdated", "value", "is no moment of the calendar")]) from None


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
