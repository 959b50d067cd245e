"""HTTP only."""

import json
from datetime import date, timedelta
from typing import Any

import vl_convert
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from tocsin.accord import HISTORIES, SHIPPED, AccordMap, Case, read_history, replay, shipped_history
from tocsin.accord.finding import PROPERTIES
from tocsin.accord.ladder import Rung, ladder
from tocsin.web.accord import queries
from tocsin.web.ui import ladder as ladder_chart

_ASKS, _BINDS = "can only ask or advise", "must be obeyed"
_NAMES = {"east-kent": "East Kent", "morecambe-bay": "Morecambe Bay", "shrewsbury-and-telford": "Shrewsbury and Telford"}


def overview(request: HttpRequest) -> HttpResponse:
    asked = _asked(request)
    map_, case, day = asked["map"], asked["case"], asked["day"]
    rungs = ladder(map_, case, day, asked["silent"])
    links = {r.body: _link(request, r.body, asked["silent"]) for r in rungs}
    first = next((r.since for r in rungs if r.binding), None)
    days = (first - day).days if first else None
    context = asked | {
        "rungs": rungs,
        "links": links,
        "binding_days": days,
        "report": queries.report(asked["files"]),
        "properties": PROPERTIES,
    }
    return render(request, "accord/overview.jinja", context | {"histories": _NAMES, "query": request.GET.urlencode()})


def picture(request: HttpRequest) -> HttpResponse:
    asked = _asked(request)
    rungs = ladder(asked["map"], asked["case"], asked["day"], asked["silent"])
    return HttpResponse(vl_convert.vegalite_to_svg(json.dumps(_spec(rungs, asked["day"]))), content_type="image/svg+xml")


def text(request: HttpRequest) -> HttpResponse:
    asked = _asked(request)
    report = queries.report(asked["files"])
    files = []
    for name, content in asked["files"]:
        marks: dict[int, list[Any]] = {}
        for finding in report.findings:
            for place in finding.places:
                if place.file == name:
                    marks.setdefault(place.line, []).append(finding)
        files.append((name, [(n, line, marks.get(n, [])) for n, line in enumerate(content.splitlines(), 1)]))
    return render(request, "accord/text.jinja", asked | {"texts": files, "report": report, "properties": PROPERTIES})


def history(request: HttpRequest, name: str) -> HttpResponse:
    if name not in HISTORIES:
        raise Http404("There is no such history.")
    told = read_history(shipped_history(name), name)
    maps = {m: queries.read(tuple(queries.files_of(m, None) or ())) for m in SHIPPED}
    answers = {r.fact: r.answers for r in replay(told, maps)}
    return render(request, "accord/history.jinja", {"history": told, "answers": answers, "names": _NAMES, "here": name})


def _asked(request: HttpRequest) -> dict[str, Any]:
    """What a reader chose; what cannot be chosen falls back to the first that can."""
    current = queries.in_force()
    names = [*([queries.IN_FORCE] if current else []), *SHIPPED]
    name = request.GET.get("map", "")
    name = name if name in names else names[0] if current else "tocsin-proposed"
    files = queries.files_of(name, current)
    assert files is not None
    map_ = queries.read(files)
    concern = _one_of(request.GET.get("concern", ""), map_.concerns)
    provider = _one_of(request.GET.get("provider", ""), map_.providers)
    place = _one_of(request.GET.get("place", ""), map_.places or ("",))
    silent = [b for b in request.GET.getlist("silent") if b in map_.bodies]
    day = _day(request.GET.get("day", ""), map_)
    return {
        "current": current, "map_names": names, "map_name": name, "files": files, "map": map_, "case": Case(concern, provider, place),
        "day": day, "silent": silent,
    }  # fmt: skip


def _one_of(word: str, known: tuple[str, ...]) -> str:
    return word if word in known else known[0]


def _day(word: str, map_: AccordMap) -> date:
    try:
        day = date.fromisoformat(word)
    except ValueError:
        return map_.since
    return min(max(day, map_.since), map_.until - timedelta(days=1))


def _link(request: HttpRequest, body: str, silent: list[str]) -> str:
    """The page's address with this body's silence turned round."""
    query = request.GET.copy()
    query.setlist("silent", [b for b in silent if b != body] if body in silent else [*silent, body])
    return "?" + query.urlencode()


def _spec(rungs: list[Rung], day: date) -> dict[str, Any]:
    end = max([r.until or r.due or r.since for r in rungs], default=day) + timedelta(days=14)
    rows = [(r.name, r.since, r.until or end, _BINDS if r.binding else _ASKS) for r in rungs]
    return ladder_chart.spec(rows, {_ASKS: "#aeb7bd", _BINDS: "#003087"})
