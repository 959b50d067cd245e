"""Errors as problem+json (RFC 9457): each says what was wrong, where, and changes nothing."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from tocsin.web.concerns.doing import AccordRefuses, Invalid, Stale
from tocsin.web.concerns.models import Concern
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.record.files import FileRefused
from tocsin.web.record.ledger import DoneBefore

TITLES = {
    400: "Not understood", 401: "Who are you?", 403: "Not permitted", 404: "Not found", 405: "Not possible here", 409: "Not possible as things stand",
    412: "Stale", 413: "Too large", 415: "Not JSON", 422: "Not complete or not valid",
}  # fmt: skip


def problem(request: HttpRequest, status: int, detail: str, errors: list[dict[str, Any]] | None = None) -> HttpResponse:
    said: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "instance": request.path,
    }
    answer = JsonResponse(said | ({"errors": errors} if errors else {}), status=status, content_type="application/problem+json")
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def install(api: NinjaAPI) -> None:
    """Every error of the hall gets its answer."""

    def on(error: type[Exception], status: int, words: str = "") -> None:
        api.add_exception_handler(error, lambda request, exc: problem(request, status, words or str(exc)))

    on(AuthenticationError, 401, "Give a token that holds, as a bearer: Authorization: Bearer tocsin_...")
    on(NotPermitted, 403)
    on(Http404, 404, "There is no such thing that you may see.")
    on(Concern.DoesNotExist, 404, "There is no such thing that you may see.")
    on(AccordRefuses, 409)
    on(DoneBefore, 409, "This Idempotency-Key was used before, for something else or by somebody else.")
    on(Stale, 412)
    api.add_exception_handler(HttpError, lambda request, exc: problem(request, exc.status_code, exc.message))
    api.add_exception_handler(FileRefused, lambda request, exc: problem(request, 409, str(exc), [{"field": "file", "detail": str(exc)}]))
    api.add_exception_handler(Invalid, lambda request, exc: problem(request, 409, str(exc), [{"field": exc.field, "detail": str(exc)}]))
    api.add_exception_handler(ValidationError, _not_valid)


def _not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    found = [{"field": ".".join(str(p) for p in e["loc"]), "detail": e["msg"]} for e in error.errors]
    return problem(request, 422, "Something that was given is not valid.", found)
