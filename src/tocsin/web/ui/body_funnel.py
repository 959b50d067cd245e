"""Bodies beside each other in a funnel plot: a share against how many it is of, with limits that widen where it is of few."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Spec = dict[str, Any]
_BLUE, _RED, _GREY, _INK = "#005eb8", "#b00020", "#768692", "#212b32"


@dataclass(frozen=True, slots=True)
class Point:
    """One body. of: how many. value: in 100. marked: drawn as a red diamond, with its name."""

    name: str
    of: int
    value: float
    marked: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """The limits of one level at one size, in 100."""

    of: float
    level: str
    low: float
    high: float


def spec(points: Sequence[Point], edges: Sequence[Edge], centre: float, title: str, x_title: str, y_title: str) -> Spec:
    """A Vega-Lite specification."""
    x = {"field": "of", "type": "quantitative", "title": x_title, "axis": {"tickMinStep": 1}}
    lines = [{"of": e.of, "level": e.level, "low": e.low, "high": e.high} for e in edges if math.isfinite(e.low) and math.isfinite(e.high)]
    layers: list[Spec] = [
        {
            "data": {"values": lines}, "mark": {"type": "line", "color": _GREY},
            "encoding": {
                "x": x, "y": {"field": side, "type": "quantitative"},
                "strokeDash": {"field": "level", "type": "nominal", "title": "By chance alone within", "legend": {"orient": "bottom"}},
            },
        }
        for side in ("low", "high")
    ]  # fmt: skip
    layers.append({"data": {"values": [{}]}, "mark": {"type": "rule", "color": _INK}, "encoding": {"y": {"datum": centre}}})
    layers.append(
        {
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 0.85},
            "encoding": {
                "x": x, "y": {"field": "value", "type": "quantitative", "title": y_title, "scale": {"domainMin": 0}},
                "color": {"condition": {"test": "datum.marked", "value": _RED}, "value": _BLUE},
                "shape": {"condition": {"test": "datum.marked", "value": "diamond"}, "value": "circle"},
            },
        }
    )  # fmt: skip
    # a name stands on the side on which there is room for it
    middle = max((p.of for p in points), default=0) / 2
    for test, align, dx in ((f"datum.marked && datum.of <= {middle}", "left", 8), (f"datum.marked && datum.of > {middle}", "right", -8)):
        layers.append(
            {
                "transform": [{"filter": test}],
                "mark": {"type": "text", "align": align, "dx": dx, "fontSize": 12, "color": _INK, "limit": 240},
                "encoding": {"x": x, "y": {"field": "value", "type": "quantitative"}, "text": {"field": "name"}},
            }
        )
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json", "title": {"text": title, "anchor": "start", "fontSize": 14, "color": _INK},
        "width": 560, "height": 260, "background": "white", "layer": layers,
        "data": {"values": [{"name": p.name, "of": p.of, "value": p.value, "marked": p.marked} for p in points]},
        "config": {
            "font": "Liberation Sans, DejaVu Sans, Arial, sans-serif", "view": {"stroke": None},
            "axis": {"labelFontSize": 12, "titleFontSize": 12, "gridColor": "#e8edee"}, "legend": {"labelFontSize": 12, "titleFontSize": 12},
        },
    }  # fmt: skip
