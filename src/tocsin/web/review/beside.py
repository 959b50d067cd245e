"""Providers beside each other, as a picture: the share of each, and what the others lead one to expect of one with as many cases."""

from collections.abc import Mapping, Sequence
from typing import Any

AMBER = 0.05
_BLUE, _RED, _GREY = "#005eb8", "#b00020", "#c8ced3"


def spec(compared: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> dict[str, Any]:
    """A Vega-Lite specification. compared: as the figures of a panel keep them, the most unusual first. names: of providers, by code."""
    values = [
        {
            "who": f"{names.get(c['provider'], c['provider'])} ({c['cases']})", "share": 100 * c["share"], "low": 100 * c["lower"],
            "high": 100 * c["upper"], "apart": bool(c["q"] <= AMBER and c["share"] > c["expected"]),
        }
        for c in compared
    ]  # fmt: skip
    y = {"field": "who", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 240, "labelFontSize": 13}}
    of = "Of 100 cases, might or would have ended otherwise"
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json", "width": 420, "height": {"step": 28}, "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "bar", "height": 14, "color": _GREY},
                "encoding": {
                    "y": y, "x": {"field": "low", "type": "quantitative", "title": of, "scale": {"domain": [0, 100]}}, "x2": {"field": "high"},
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
                "encoding": {
                    "y": y, "x": {"field": "share", "type": "quantitative"},
                    "color": {"condition": {"test": "datum.apart", "value": _RED}, "value": _BLUE},
                    "shape": {"condition": {"test": "datum.apart", "value": "diamond"}, "value": "circle"},
                },
            },
        ],
        "config": {"font": "Liberation Sans, Arial, sans-serif"},
    }  # fmt: skip
