"""HTTP only: the front page, the heat map, one failing, one body that is asked, and what would have been known."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from tocsin.learn import crosswalks
from tocsin.learn import load as taxonomy
from tocsin.learn.chart import Spec, png, svg
from tocsin.web.learn import addressees, asking, pictures, queries
from tocsin.web.learn.models import Status
from tocsin.web.learn.queries import Wanted
from tocsin.web.record.moment import now

_FORMS = {"svg": "image/svg+xml", "png": "image/png", "json": "application/json"}


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    as_of = asking.as_of(request)
    by = "report" if asking.word(request, "by") == "report" else "year"
    family, kind = asking.word(request, "family"), asking.word(request, "kind")
    heat = pictures.heat_map(by, family, as_of, kind)
    return render(
        request,
        "learn/front.jinja",
        {
            "heat": heat,
            "counted": queries.counted(as_of),
            "as_of": as_of,
            "families": taxonomy().families,
            "family": family,
            "kind": kind,
            "query": asking.kept(request, "page"),
            "name": {f.id: f.name for f in taxonomy().families}.get(family, ""),
            "newest": list(queries.reports(as_of)[:6]),
        },
    )


@require_safe
def heat_picture(request: HttpRequest, form: str) -> HttpResponse:
    by = "report" if asking.word(request, "by") == "report" else "year"
    heat = pictures.heat_map(by, asking.word(request, "family"), asking.as_of(request), asking.word(request, "kind"))
    return _picture(heat.spec(), form, "How many items of the register stand against each failing; the table on the page has the numbers.")


@require_safe
def failings(request: HttpRequest) -> HttpResponse:
    as_of = asking.as_of(request)
    counts = pictures.counts(as_of)
    return render(request, "learn/failings.jinja", {"taxonomy": taxonomy(), "schemes": crosswalks(), "counts": counts, "as_of": as_of})


@require_safe
def failing(request: HttpRequest, name: str) -> HttpResponse:
    found = _failing(name)
    as_of = asking.as_of(request)
    until = as_of or now().date()
    return render(
        request,
        "learn/failing.jinja",
        {
            "f": found,
            "history": pictures.history(name, until),
            "places": crosswalks().of(found),
            "outside": crosswalks().without(found),
            "as_of": as_of,
            "until": until,
            "statuses": dict(Status.choices),
            "query": asking.kept(request),
            "address": settings.TOCSIN_URL + request.path,
        },
    )


@require_safe
def failing_picture(request: HttpRequest, name: str, form: str) -> HttpResponse:
    found = _failing(name)
    history = pictures.history(name, asking.as_of(request) or now().date())
    if history is None:
        raise Http404("Nothing is known of this failing yet.")
    return _picture(
        history.spec(found.name), form, f"Each report that spoke of it since {history.since.year}; the list on the page has the words."
    )


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    return render(request, "learn/asked.jinja", {"rows": addressees.asked()[:300]})


@require_safe
def asked_one(request: HttpRequest, key: str) -> HttpResponse:
    as_of = asking.as_of(request)
    found = addressees.of(key, as_of)
    if found is None:
        if where := addressees.moved(key):
            return redirect("learn:asked-one", where, permanent=True)
        raise Http404("Nothing was asked of such a body.")
    return render(
        request,
        "learn/asked_one.jinja",
        {
            "found": found,
            "as_of": as_of,
            "statuses": dict(Status.choices),
            "address": settings.TOCSIN_URL + request.path,
        },
    )


@require_safe
def known(request: HttpRequest) -> HttpResponse:
    """What would have been known on a day: the register, the failings and where things stood, as of that day."""
    on = asking.word(request, "on")
    as_of = asking.day(request, "on") if on and _is_day(on) else None
    values: dict[str, Any] = {"on": on, "as_of": as_of, "problem": "Give a day, such as 2015-03-03." if on and as_of is None else ""}
    if as_of:
        heat = pictures.heat_map("year", "", as_of)
        totals: dict[str, int] = {}
        for (row, _), n in heat.cells.items():
            totals[row] = totals.get(row, 0) + n
        rows = queries.listed(Wanted(as_of=as_of, text=asking.word(request, "text"))).rows
        values |= {
            "counted": queries.counted(as_of),
            "totals": sorted(((n, totals[k], k) for k, n in heat.rows), key=lambda t: -t[1]),
            "rows": rows,
            "statuses": dict(Status.choices),
            "names": queries.names_of_failings(),
            "text": asking.word(request, "text"),
            "reports": list(queries.reports(as_of)[:40]),
        }
    return render(request, "learn/known.jinja", values, status=422 if values["problem"] else 200)


def _is_day(text: str) -> bool:
    from tocsin.web.learn.days import day_of

    return day_of(text) is not None


def _failing(name: str) -> Any:
    try:
        return taxonomy()[name]
    except KeyError:
        raise Http404("The taxonomy has no such failing.") from None


def _picture(spec: Spec, form: str, words: str) -> HttpResponse:
    if form not in _FORMS:
        raise Http404("There is no such picture.")
    if form == "json":
        return JsonResponse(spec)
    return HttpResponse(svg(spec, words).encode() if form == "svg" else png(spec), content_type=_FORMS[form])
