"""HTTP only: what a panel says: its table, days, agreement and avoidability; and the published table beside which it stands."""

import csv
import io
import json
from typing import Any

import vl_convert
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tocsin.review import PUBLISHED, Library, Meaning, Row, came_forward, exact_interval, published, scales
from tocsin.review.factors import factor
from tocsin.web.people.models import Provider
from tocsin.web.people.names import put_names
from tocsin.web.people.signed_in import members_only
from tocsin.web.record.moment import now
from tocsin.web.review import beside, figures, frames, publishing, queries, standards
from tocsin.web.review.doing import Invalid
from tocsin.web.review.models import Figures, Panel, Sampling
from tocsin.web.review.permissions import NotPermitted
from tocsin.web.ui import printing


@members_only
@require_safe
@never_cache
def table(request: HttpRequest, number: int) -> HttpResponse:
    return render(request, "review/table.jinja", _content(request, number))


@members_only
@require_safe
@never_cache
def table_csv(request: HttpRequest, number: int) -> HttpResponse:
    found = _content(request, number)
    return _csv(found["rows"], found["grades"], f"panel-{number}.csv")


@members_only
@require_safe
@never_cache
def table_pdf(request: HttpRequest, number: int) -> HttpResponse:
    made = printing.pdf(render_to_string("review/table_print.jinja", _content(request, number)))
    response = HttpResponse(made, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="panel-{number}.pdf"'
    return response


@require_safe
def published_table(request: HttpRequest, name: str) -> HttpResponse:
    """A table that an inquiry published, as its report and as a later summary print it."""
    return render(request, "review/published.jinja", _published(request, name))


@require_safe
def published_pdf(request: HttpRequest, name: str) -> HttpResponse:
    made = printing.pdf(render_to_string("review/published_print.jinja", _published(request, name)))
    response = HttpResponse(made, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return response


@require_safe
def published_csv(request: HttpRequest, name: str) -> HttpResponse:
    return _csv(_published(request, name)["rows"], [], f"{name}.csv")


@members_only
@never_cache
def figures_page(request: HttpRequest, number: int) -> HttpResponse:
    """Agreement, severity and avoidability, as they were last worked out; posting has them worked out anew."""
    panel = _panel(number)
    problem, status = "", 200
    if request.method == "POST":
        try:
            figures.ask(panel=number, by=request.user)
            return redirect("review:figures", number)
        except Invalid as error:
            problem, status = str(error), 422
        except NotPermitted as error:
            problem, status = str(error), 403
    running = Figures.objects.filter(panel=panel, ended=None).order_by("-asked").first()
    part = "review/figures_progress.jinja" if request.headers.get("HX-Request") else "review/figures.jinja"
    last = Figures.objects.filter(panel=panel).exclude(ended=None).order_by("-ended").first()
    seats = {r: seat for _, r, seat, _ in figures.gradings(number)} if last and last.result and part.endswith("figures.jinja") else {}
    sitting = list(queries.Seat.objects.filter(panel=panel)) if any(seats.values()) else []
    put_names((sitting, "member"))
    names = {s.pk: s.member.name for s in sitting}
    return render(request, part, {
        "p": panel, "running": running, "last": last, "problem": problem, "scale": scales()[panel.scale],
        "providers": _names(last.result["compared"]) if last and last.result else {},
        "names": {r: names.get(seat, f"Reviewer {r}") for r, seat in seats.items()},
    }, status=status)  # fmt: skip


@members_only
@require_safe
@never_cache
def providers_svg(request: HttpRequest, number: int) -> HttpResponse:
    """Providers beside each other, as the figures were last worked out."""
    panel = _panel(number)
    last = Figures.objects.filter(panel=panel).exclude(result=None).order_by("-ended").first()
    compared = last.result["compared"] if last else []
    if not compared:
        raise Http404("Providers have not been compared.")
    drawn = vl_convert.vegalite_to_svg(json.dumps(beside.spec(compared, _names(compared))), allowed_base_urls=[])
    return HttpResponse(drawn, content_type="image/svg+xml")


def _names(compared: list[dict[str, Any]]) -> dict[str, str]:
    return dict(Provider.objects.filter(pk__in=[c["provider"] for c in compared]).values_list("code", "name"))


def _published(request: HttpRequest, name: str) -> dict[str, Any]:
    if name not in PUBLISHED:
        raise Http404("There is no such table.")
    as_in = request.GET.get("as", "summary")
    as_in = as_in if as_in in ("report", "summary") else "summary"
    found = published(name, as_in)
    return {
        "table": found, "rows": [_row(r) for r in (*found.rows, found.total)], "grades": [], "as_in": as_in, "name": name,
        "forward": came_forward(found.total.cases, found.total.might_or_would, provider=found.name.split(",")[0]),
    }  # fmt: skip


def _content(request: HttpRequest, number: int) -> dict[str, Any]:
    panel = _panel(number)
    of = figures.lines(number)
    scale = scales()[panel.scale]
    found = figures.table(panel, of)
    today = now().date()
    waits = figures.days(of, today)
    total = found.total
    forward = (
        came_forward(total.cases, total.might_or_would, provider="the provider") if panel.sampling == Sampling.CAME_FORWARD and total.cases else None
    )
    unmet: dict[tuple[str, str], list[tuple[str, int, bool]]] = {}
    for kind, what, provider, case, bears in figures.unmet(number):
        unmet.setdefault((kind, what.split("@")[0]), []).append((provider, case, bears))
    counted = sorted(((k, w, len(rows), sum(b for *_, b in rows)) for (k, w), rows in unmet.items()), key=lambda r: -r[2])
    last = Figures.objects.filter(panel=panel).exclude(result=None).order_by("-ended").first()
    frame = frames.frame_of(panel)
    known = standards.library_for(panel)
    return {
        "p": panel, "table": found, "rows": [_row(r) for r in (*found.rows, total)] if total.cases else [],
        "grades": list(scale.grades), "scale": scale, "waits": waits, "lines": {str(c.number): c for c in of}, "outcomes": figures.OUTCOMES,
        "forward": forward, "sampling": Sampling(panel.sampling), "today": today, "last": last, "meaning": Meaning,
        "unmet": [(_title(known, w), n, b, w) for k, w, n, b in counted if k == "standard"],
        "factors": [(_label(w), n, b) for k, w, n, b in counted if k == "factor"],
        "sampled": figures.sampled(panel, frame, of, figures.strata_of(number)) if frame else None, "frame": frame, "beside": published(PUBLISHED[0]),
        "signals": publishing.found_signals(panel, today) if total.cases else (), "findings": panel.findings_set.order_by("-id").first(),
    }  # fmt: skip


def _row(r: Row) -> dict[str, Any]:
    def share(count: int | None) -> dict[str, Any] | None:
        if count is None or not r.cases:
            return None
        low, high = exact_interval(count, r.cases)
        return {"count": count, "share": count / r.cases, "lower": low, "upper": high}

    return {"label": r.label, "cases": r.cases, "by_grade": dict(r.by_grade), "would": share(r.would), "either": share(r.might_or_would)}


def _csv(rows: list[dict[str, Any]], grades: list[Any], name: str) -> HttpResponse:
    out = io.StringIO()
    writer = csv.writer(out)
    parts = [f"{of}_{what}" for of in ("would", "might_or_would") for what in ("count", "share", "lower_95", "upper_95")]
    writer.writerow(["outcome", "cases", *(f"grade_{g.code}" for g in grades), *parts])
    for r in rows:
        cells: list[Any] = [r["label"], r["cases"], *(r["by_grade"].get(g.code, 0) for g in grades)]
        for of in (r["would"], r["either"]):
            cells += [of["count"], *(f"{of[k]:.4f}" for k in ("share", "lower", "upper"))] if of else [""] * 4
        writer.writerow(cells)
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _panel(number: int) -> Panel:
    found = Panel.objects.select_related("body").filter(pk=number).first()
    if found is None:
        raise Http404("There is no such panel.")
    return found


def _title(known: Library, id_: str) -> str:
    versions = known.versions(id_)
    return versions[-1].title if versions else id_


def _label(id_: str) -> str:
    try:
        return factor(id_).name
    except ValueError:
        return id_
