"""Who holds a concern one after another, as a picture: one bar a body, from day to day."""

from collections.abc import Iterable
from datetime import date
from typing import Any


def spec(rows: Iterable[tuple[str, date, date, str]], kinds: dict[str, str], mark: date | None = None) -> dict[str, Any]:
    """A Vega-Lite specification. rows: (body, from, to, kind of bar). kinds: colour by kind, in the order of the legend. mark: a day to mark."""
    values = [{"body": b, "from": f.isoformat(), "to": t.isoformat(), "what": w} for b, f, t, w in rows]
    bars: dict[str, Any] = {
        "mark": {"type": "bar", "cornerRadius": 2},
        "encoding": {
            "y": {"field": "body", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 260, "labelFontSize": 13}},
            "x": {"field": "from", "type": "temporal", "title": "Day", "axis": {"format": "%-d %b %Y", "labelAngle": -30}},
            "x2": {"field": "to"},
            "color": {
                "field": "what", "type": "nominal", "title": None, "legend": {"orient": "bottom", "labelLimit": 300},
                "scale": {"domain": list(kinds), "range": list(kinds.values())},
            },
        },
    }  # fmt: skip
    layers = [bars]
    if mark is not None:
        day = {"data": {"values": [{"day": mark.isoformat()}]}, "mark": {"type": "rule", "strokeDash": [4, 3], "color": "#212b32"}}
        layers.append(day | {"encoding": {"x": {"field": "day", "type": "temporal"}}})
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json", "width": 560, "height": {"step": 34}, "data": {"values": values},
        "layer": layers, "config": {"font": "Liberation Sans, Arial, sans-serif"},
    }  # fmt: skip
