"""Charts of the room as Vega-Lite specifications: one for the page, for SVG and for PNG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import vl_convert

Spec = dict[str, Any]
_FONT = "DejaVu Sans, Liberation Sans, Arial, sans-serif"
_INK, _BLUE, _GREY = "#212b32", "#005eb8", "#768692"


@dataclass(frozen=True, slots=True)
class Point:
    """One time that a failing stood in a report. what: finding or recommendation."""

    on: date
    report: str
    what: str


def heat(cells: Mapping[tuple[str, str], int], rows: Sequence[str], columns: Sequence[str], title: str) -> Spec:
    """How often each row (a failing or a family) stands in each column (a year or a report). Cells that are missing are 0."""
    values = [{"row": r, "column": c, "times": cells.get((r, c), 0)} for r in rows for c in columns]
    most = max((cells.get((r, c), 0) for r in rows for c in columns), default=1)
    x = {"field": "column", "type": "nominal", "sort": None, "title": None, "axis": {"labelAngle": -60, "labelLimit": 230, "orient": "top"}}
    y = {"field": "row", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 260}}
    return _dressed(title) | {
        "width": {"step": 26},
        "height": {"step": 24},
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "rect", "stroke": "#ffffff"},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": {
                        "field": "times",
                        "type": "quantitative",
                        "title": "Times",
                        "legend": {"orient": "bottom"},
                        "scale": {"domain": [0, max(most, 1)], "range": ["#f0f4f5", "#003087"]},
                    },
                },
            },
            {
                "transform": [{"filter": "datum.times > 0"}],
                "mark": {"type": "text", "fontSize": 11},
                "encoding": {
                    "x": x,
                    "y": y,
                    "text": {"field": "times"},
                    "color": {"condition": {"test": f"datum.times > {most / 2}", "value": "#ffffff"}, "value": _INK},
                },
            },
        ],
    }


def timeline(points: Sequence[Point], done: Sequence[date], change: tuple[date, date, date] | None, until: date, title: str) -> Spec:
    """One failing over the years: each report in which it stood, each day on which something against it was said to be done.

    change: the likeliest day of a change in its rate with the ends of its interval; shown as a band, since it is uncertain.
    """
    seen: dict[tuple[int, str], int] = {}
    values = []
    for p in sorted(points, key=lambda p: p.on):
        level = seen[p.on.year, ""] = seen.get((p.on.year, ""), 0) + 1
        values.append({"on": p.on.isoformat(), "level": level, "what": p.what, "report": p.report})
    first = min([p.on for p in points] + list(done), default=until)
    x = {
        "field": "on",
        "type": "temporal",
        "title": None,
        "scale": {"domain": [f"{first.year}-01-01", until.isoformat()]},
        "axis": {"format": "%Y", "tickCount": "year", "labelOverlap": True},
    }
    layers: list[Spec] = []
    if change is not None:
        low, likely, high = (d.isoformat() for d in change)
        layers.append(
            {
                "data": {"values": [{"low": low, "high": high}]},
                "mark": {"type": "rect", "color": "#d8dde0", "opacity": 0.6},
                "encoding": {"x": {"field": "low", "type": "temporal"}, "x2": {"field": "high"}},
            }
        )
        layers.append(
            {"data": {"values": [{"on": likely}]}, "mark": {"type": "rule", "color": _GREY, "strokeDash": [2, 3]}, "encoding": {"x": x}}
        )
    if done:
        rules = {"values": [{"on": d.isoformat()} for d in done]}
        layers.append(
            {"data": rules, "mark": {"type": "rule", "color": "#007f3b", "strokeWidth": 2, "strokeDash": [6, 3]}, "encoding": {"x": x}}
        )
    highest = max((int(str(v["level"])) for v in values), default=1)
    layers.append(
        {
            "data": {"values": values},
            "mark": {"type": "point", "filled": True, "size": 130, "opacity": 1},
            "encoding": {
                "x": x,
                "y": {
                    "field": "level",
                    "type": "quantitative",
                    "title": "Times that year",
                    "axis": {"values": list(range(highest + 1))} if highest <= 5 else {"tickMinStep": 1, "format": "d"},
                    "scale": {"domainMin": 0},
                },
                "shape": {
                    "field": "what",
                    "type": "nominal",
                    "title": None,
                    "scale": {"domain": ["found", "recommended against"], "range": ["circle", "triangle-up"]},
                    "legend": {"orient": "bottom", "symbolFillColor": _INK},
                },
                "color": {
                    "field": "what",
                    "type": "nominal",
                    "title": None,
                    "scale": {"domain": ["found", "recommended against"], "range": ["#8a1020", _BLUE]},
                },
            },
        }
    )
    return _dressed(title) | {"width": 640, "height": 220, "layer": layers}


def svg(spec: Spec, description: str) -> str:
    """The drawing, with a title and a description for those who hear it."""
    made: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    start = made.index("<svg")
    end = made.index(">", start)
    inner = f"<title>{escape(spec['title']['text'])}</title><desc>{escape(description)}</desc>"
    return made[:end].replace("<svg", '<svg role="img"', 1) + ">" + inner + made[end + 1 :]


def png(spec: Spec, scale: float = 2.0) -> bytes:
    made: bytes = vl_convert.vegalite_to_png(spec, scale=scale, allowed_base_urls=[])
    return made


def _dressed(title: str) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {"text": title, "anchor": "start", "fontSize": 15},
        "background": "#ffffff",
        "config": {
            "font": _FONT,
            "axis": {"labelFont": _FONT, "titleFont": _FONT, "labelFontSize": 12, "labelColor": _INK},
            "text": {"font": _FONT},
            "legend": {"labelFont": _FONT, "titleFont": _FONT, "labelFontSize": 12},
            "title": {"font": _FONT},
            "view": {"stroke": None},
        },
    }
