"""Whether harm has fallen since somebody acted: a rate over twelve months at a time beside what was expected, with the days on which it was acted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

Spec = dict[str, Any]
WINDOW = 12
"""Months that are taken together, so that small numbers move the line less."""
_BLUE, _GREY, _INK = "#005eb8", "#768692", "#212b32"


@dataclass(frozen=True, slots=True)
class Month:
    """What was counted in one month; expected: what the reference leads one to expect."""

    first: date
    births: int
    events: int
    expected: float


@dataclass(frozen=True, slots=True)
class Point:
    """Twelve months up to and with one. rate, expected: per `per` births; rate is None where the count is small and held back."""

    month: date
    rate: float | None
    expected: float


def rolling(months: Sequence[Month], per: int, below: int) -> list[Point]:
    """One point a month from the twelfth on. below: counts from 1 up to here, this one left out, are held back. Months without births give none."""
    found = []
    for at in range(WINDOW, len(months) + 1):
        window = months[at - WINDOW : at]
        births, events = sum(m.births for m in window), sum(m.events for m in window)
        if births:
            shown = None if 0 < events < below else per * events / births
            found.append(Point(window[-1].first, shown, per * sum(m.expected for m in window) / births))
    return found


def spec(points: Sequence[Point], marks: Sequence[tuple[date, str]], title: str, y_title: str) -> Spec:
    """A Vega-Lite specification. marks: days, and what was done on them."""
    x = {"field": "month", "type": "temporal", "title": None, "axis": {"format": "%b %Y", "labelAngle": -30}}
    y = {"type": "quantitative", "title": y_title, "scale": {"domainMin": 0}}
    lines = (("rate", "seen", _BLUE, [1, 0]), ("expected", "expected", _GREY, [5, 4]))
    rows = [
        {"month": p.month.isoformat(), "what": word, "value": getattr(p, field)}
        for field, word, _, _ in lines
        for p in points
    ]  # fmt: skip
    layers: list[Spec] = [
        {
            "mark": {"type": "line", "strokeWidth": 2},
            "encoding": {
                "x": x, "y": {"field": "value"} | y,
                "color": {"field": "what", "type": "nominal", "title": None, "scale": {"domain": [w[1] for w in lines], "range": [w[2] for w in lines]},
                          "legend": {"orient": "bottom"}},
                "strokeDash": {"field": "what", "type": "nominal", "title": None, "scale": {"domain": [w[1] for w in lines], "range": [w[3] for w in lines]}},
            },
        }
    ]  # fmt: skip
    if marks:
        data = {"values": [{"day": day.isoformat(), "words": words} for day, words in marks]}
        at = {"field": "day", "type": "temporal"}
        layers.append({"data": data, "mark": {"type": "rule", "color": _INK, "strokeDash": [4, 3]}, "encoding": {"x": at}})
        text = {"type": "text", "align": "left", "angle": 270, "dx": 4, "dy": -4, "baseline": "bottom", "fontSize": 11, "color": _INK}
        layers.append({"data": data, "mark": text, "encoding": {"x": at, "y": {"value": 215}, "text": {"field": "words"}}})
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json", "title": {"text": title, "anchor": "start", "fontSize": 14, "color": _INK},
        "width": 520, "height": 220, "background": "white", "data": {"values": rows}, "layer": layers,
        "config": {
            "font": "Liberation Sans, DejaVu Sans, Arial, sans-serif", "view": {"stroke": None},
            "axis": {"labelFontSize": 12, "titleFontSize": 12, "gridColor": "#e8edee"}, "legend": {"labelFontSize": 12},
        },
    }  # fmt: skip


def in_words(points: Sequence[Point], unit: str) -> str:
    """The first and the last twelve months, for those who do not see the picture. unit: 'in 1,000 births'."""

    def said(p: Point) -> str:
        rate = "a number too small to show" if p.rate is None else f"{p.rate:.1f} {unit}"
        return f"in the twelve months to {p.month:%B %Y} {rate}, {p.expected:.1f} expected"

    return f"{said(points[0])[0].upper()}{said(points[0])[1:]}; {said(points[-1])}." if points else "There are no figures."
