"""HTTP only: a question in, a page or a picture out."""

import csv
from functools import lru_cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from tocsin.watch import chart as draw
from tocsin.web.ui.jinja import count
from tocsin.web.watch import queries
from tocsin.web.watch.models import Indicator, Ring, Site, Stream
from tocsin.web.watch.queries import Filter

_CHARTS = {"cusum": draw.cusum, "rise": draw.rise, "excess": draw.excess, "control": draw.monthly}
_COLUMNS = (
    ("level", "Level"), ("site", "Site"), ("indicator", "Indicator"), ("since", "Began about"), ("over", "Over since"),
    ("ratio", "Times the usual rate"),
)  # fmt: skip
_FORMS = {"svg": "image/svg+xml", "png": "image/png"}


def overview(request: HttpRequest) -> HttpResponse:
    run = queries.newest_run()
    if run is None:
        return render(request, "watch/empty.jinja")
    wanted = Filter(**{k: request.GET.get(k, "").strip() for k in ("level", "indicator", "region", "text", "sort")})
    indicators = list(Indicator.objects.filter(run=run).order_by("name"))
    rings = list(queries.ringing(run, wanted))
    return render(
        request,
        "watch/overview.jinja",
        {
            "run": run, "rings": rings, "wanted": wanted, "indicators": indicators, "regions": queries.regions(run),
            "quiet": queries.quiet(run), "flags": queries.flags(run), "reds": sum(r.level == "red" for r in rings),
            "suppressed": settings.SUPPRESS_BELOW > 0, "listed": len(run.listed), "columns": _COLUMNS,
            "planted": run.comparison is not None,
        },
    )  # fmt: skip


def sites(request: HttpRequest) -> HttpResponse:
    run = queries.newest_run()
    found = Site.objects.filter(run=run).order_by("name") if run else []
    return render(request, "watch/sites.jinja", {"sites": found})


def site(request: HttpRequest, code: str) -> HttpResponse:
    run = queries.newest_run()
    found = get_object_or_404(Site, run=run, code=code)
    streams = queries.streams_of(found)
    rings = list(Ring.objects.filter(run=run, site_code=code, stream__isnull=False).order_by("-first_day_over"))
    return render(
        request,
        "watch/site.jinja",
        {
            "run": run, "site": found, "streams": streams, "flags": queries.flags(run, code),
            "current": {r.indicator_key: r for r in rings if r.detector == "rise" and r.ended is None},
            "past": [r for r in rings if r.ended is not None and r.level == "red"][:20], "suppressed": settings.SUPPRESS_BELOW > 0,
            "names": {s.indicator.key: s.indicator.name for s in streams},
        },
    )  # fmt: skip


def signal(request: HttpRequest, ring_id: int) -> HttpResponse:
    ring = get_object_or_404(Ring.objects.select_related("stream__site", "stream__indicator", "run"), id=ring_id, stream__isnull=False)
    months = list(reversed(ring.stream.months))
    return render(
        request,
        "watch/signal.jinja",
        {
            "ring": ring,
            "stream": ring.stream,
            "months": months,
            "about": ring.stream.indicator.definition,
            "suppressed": settings.SUPPRESS_BELOW > 0,
        },
    )


def current(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """A stable address: the signal that rings now for this site and indicator, or the site's page where none does."""
    ring = queries.current_ring(code, key)
    return redirect("watch:signal", ring.pk) if ring else redirect("watch:site", code)


def signal_csv(request: HttpRequest, ring_id: int) -> HttpResponse:
    ring = get_object_or_404(Ring.objects.select_related("stream__site", "stream__indicator"), id=ring_id, stream__isnull=False)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{ring.site_code}-{ring.indicator_key}.csv"'
    rows = csv.writer(response)
    hidden = settings.SUPPRESS_BELOW > 0
    rows.writerow(["month", "births", "events", *([] if hidden else ["expected"]), "reports complete"])
    for month, births, events, expected, _, _, settled in ring.stream.months:
        rows.writerow([month, count(births), count(events), *([] if hidden else [expected]), "yes" if settled else "no"])
    return response


def indicator(request: HttpRequest, key: str) -> HttpResponse:
    run = queries.newest_run()
    found = get_object_or_404(Indicator, run=run, key=key)
    streams = Stream.objects.filter(indicator=found).select_related("site").order_by("site__name")
    return render(
        request,
        "watch/indicator.jinja",
        {"indicator": found, "about": found.definition, "streams": streams, "suppressed": settings.SUPPRESS_BELOW > 0},
    )


def funnel(request: HttpRequest, key: str, form: str) -> HttpResponse:
    run = queries.newest_run()
    found = get_object_or_404(Indicator, run=run, key=key)
    streams = list(Stream.objects.filter(indicator=found).select_related("site").defer("months").order_by("id"))
    if settings.SUPPRESS_BELOW and any(0 < s.events < settings.SUPPRESS_BELOW for s in streams):
        streams = [s for s in streams if not 0 < s.events < settings.SUPPRESS_BELOW]
    spec = draw.funnel_chart(
        [s.site.code for s in streams], [s.events for s in streams], [s.births for s in streams], queries.definition(found.definition),
        marked=[s.site.code for s in streams if s.level],
    )  # fmt: skip
    return _picture(spec, form, f"Funnel plot of {len(streams)} sites; the table on the page has the numbers.")


def chart(request: HttpRequest, stream_id: int, what: str, form: str) -> HttpResponse:
    if what not in _CHARTS or form not in _FORMS:
        raise Http404("There is no such chart.")
    if settings.SUPPRESS_BELOW:
        raise Http404("Charts of single sites are not shown where small counts are held back: numbers could be read off them.")
    return HttpResponse(_drawn(stream_id, what, form), content_type=_FORMS[form], headers={"Cache-Control": "private, max-age=3600"})


def about(request: HttpRequest) -> HttpResponse:
    run = queries.newest_run()
    return render(request, "watch/about.jinja", {"run": run})


def planted(request: HttpRequest) -> HttpResponse:
    run = queries.newest_comparison()
    if run is None:
        raise Http404("Only a demo country has something planted.")
    places = dict(Site.objects.values_list("code", "name"))
    names = dict(Indicator.objects.values_list("key", "name"))
    return render(request, "watch/planted.jinja", {"run": run, "comparison": run.comparison, "places": places, "names": names})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "watch/not_found.jinja", status=404)


@lru_cache(maxsize=512)
def _drawn(stream_id: int, what: str, form: str) -> bytes:
    stream = get_object_or_404(Stream.objects.select_related("site", "indicator"), id=stream_id)
    spec = _CHARTS[what](queries.paths(stream), queries.definition(stream.indicator.definition))
    words = f"{stream.indicator.name} at {stream.site.name}. The table on the signal's page has the numbers."
    return draw.svg(spec, words).encode() if form == "svg" else draw.png(spec)


def _picture(spec: draw.Spec, form: str, words: str) -> HttpResponse:
    if form not in _FORMS:
        raise Http404("There is no such chart.")
    return HttpResponse(draw.svg(spec, words).encode() if form == "svg" else draw.png(spec), content_type=_FORMS[form])
