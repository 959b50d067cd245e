"""HTTP only: reported events for those whose bodies answer for the provider."""

import re
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from tocsin.fhir import AdverseEvent, Harm
from tocsin.web.fhir import queries
from tocsin.web.fhir.models import ReportedEvent
from tocsin.web.people.signed_in import members_only

PAGE = 50
HARM = {
    Harm.NONE: "No harm", Harm.LOW: "Low harm", Harm.MODERATE: "Moderate harm", Harm.SEVERE: "Severe harm", Harm.FATAL: "The patient died",
    None: "Not said",
}  # fmt: skip


@members_only
@never_cache
def events(request: HttpRequest) -> HttpResponse:
    """Reported events, the one that happened last first."""
    provider = request.GET.get("provider", "").replace("\0", "")[:50]
    try:
        page = max(1, min(int(request.GET.get("page", "1")), 10_000))
    except ValueError:
        raise Http404 from None
    rows, more = queries.page(provider=provider, page=page, size=PAGE)
    return render(request, "fhir/events.jinja", {
        "events": rows, "more": more, "page": page, "provider": provider, "harm": HARM, "providers": queries.providers_with_events(),
    })  # fmt: skip


@members_only
@never_cache
def event(request: HttpRequest, number: UUID) -> HttpResponse:
    try:
        found, told = queries.event(number)
    except ReportedEvent.DoesNotExist:
        raise Http404 from None
    before = [(row, words(said)) for row, said in queries.earlier(found)]
    return render(request, "fhir/event.jinja", {"event": found, "words": words(told), "before": before, "harm": HARM})


def words(told: AdverseEvent | None) -> list[tuple[str, str]]:
    """What was written freely, each with what it is about ('Risk description')."""
    found: list[tuple[str, str]] = []
    if told is not None:
        _collect(told.out(), "", found)
    return found


def _collect(value: Any, name: str, found: list[tuple[str, str]]) -> None:
    if isinstance(value, dict):
        inner = value.get("url", "").rstrip("/").split("/")[-1] if isinstance(value.get("url"), str) else name
        for key, one in value.items():
            if key in ("valueString", "valueMarkdown", "text") and isinstance(one, str):
                found.append((re.sub(r"(?<=[a-z])(?=[A-Z])", " ", inner or "What happened").capitalize(), one))
            elif key != "url":
                _collect(one, inner if key == "extension" else key.capitalize(), found)
    elif isinstance(value, list):
        for one in value:
            _collect(one, name, found)
