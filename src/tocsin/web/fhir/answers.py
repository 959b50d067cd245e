"""How FHIR answers: application/fhir+json, and an OperationOutcome that says what is wrong and where."""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic.json_schema import models_json_schema

from tocsin import fhir
from tocsin.fhir import Fault, OperationOutcome, Refused
from tocsin.web.concerns.doing import AccordRefuses, Invalid
from tocsin.web.people.permissions import NotPermitted

MEDIA = "application/fhir+json"
NOTHING = "There is no such thing that you may see."
CODES = {401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 409: "conflict", 413: "too-long", 429: "throttled"}


def answer(said: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(fhir.to_json(said), status=status, content_type=f"{MEDIA}; charset=utf-8", headers=headers)


def refusal(error: Exception) -> tuple[int, OperationOutcome] | None:
    """Status and words for what the caller can mend; None for what is our own fault."""

    def one(status: int, words: str) -> tuple[int, OperationOutcome]:
        return status, fhir.outcome([Fault("", CODES.get(status, "processing"), words)])

    if isinstance(error, Refused):
        rules = {"business-rule"}
        return (422 if {f.code for f in error.faults} <= rules else 400), fhir.outcome(error.faults)
    if isinstance(error, ValidationError):
        found = [Fault(".".join(str(p) for p in e["loc"][1:]) or "$", "value", e["msg"]) for e in error.errors]
        return 400, fhir.outcome(found)
    if isinstance(error, AuthenticationError):
        return one(401, "Give a token that holds, as a bearer: Authorization: Bearer tocsin_...")
    if isinstance(error, NotPermitted):
        return one(403, str(error))
    if isinstance(error, Http404 | ObjectDoesNotExist):
        return one(404, NOTHING)
    if isinstance(error, AccordRefuses):
        return one(409, str(error))
    if isinstance(error, Invalid):
        return 422, fhir.outcome([Fault(error.field or "$", "business-rule", str(error))])
    if isinstance(error, RequestDataTooBig):
        return one(413, "That is more than 2.5 MB. Send several bundles.")
    if isinstance(error, HttpError):
        return one(error.status_code, error.message)
    return None


def install(api: NinjaAPI) -> None:
    """Every error becomes an OperationOutcome."""
    for error in (
        Refused, ValidationError, AuthenticationError, NotPermitted, Http404, ObjectDoesNotExist, AccordRefuses, Invalid, RequestDataTooBig, HttpError,
    ):  # fmt: skip
        api.add_exception_handler(error, _told)


def _told(request: HttpRequest, error: Exception) -> HttpResponse:
    status, outcome = refusal(error) or (500, fhir.outcome([Fault("", "exception", "Something failed here.")]))
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {"Retry-After": "60"} if status == 429 else None
    return answer(outcome.out(), status=status, headers=headers)


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI: every answer is application/fhir+json, and the resources that go in are described too."""
    for path in schema["paths"].values():
        for operation in path.values():
            for said in operation["responses"].values():
                if "application/json" in said.get("content", {}):
                    said["content"] = {MEDIA: said["content"].pop("application/json")}
    _, made = models_json_schema(
        [(m, "validation") for m in (fhir.AdverseEvent, fhir.Bundle)], ref_template="#/components/schemas/{model}"
    )
    schema.setdefault("components", {}).setdefault("schemas", {}).update(made["$defs"])
    return schema
