"""Charts as Vega-Lite specifications: one for the page, for SVG and for PNG. Only finite numbers and plain words go in."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from html import escape
from typing import Any

import numpy as np
import vl_convert
from numpy.typing import NDArray

from tocsin.watch.counts import Counts
from tocsin.watch.funnel import FunnelKind, funnel
from tocsin.watch.indicators import Indicator, Kind
from tocsin.watch.reference import month_starts
from tocsin.watch.results import StreamPaths
from tocsin.watch.spc import Spc, spc

_BLUE, _RED, _AMBER, _GREY, _INK = "#005eb8", "#b00020", "#9a5b00", "#768692", "#212b32"
_FONT = "DejaVu Sans, Liberation Sans, Arial, sans-serif"
_MANY_POINTS = 200
Spec = dict[str, Any]
_ONCE: Spec = {"values": [{}]}


def control_chart(counts: Counts, indicator: Indicator, place: int) -> tuple[NDArray[np.object_], Spc]:
    """Dates and control chart of one site: P' of events among births, or XmR of events where there is no denominator.

    Rows by week or month are points as they are; births by the day are taken together by month.
    """
    days = np.flatnonzero(counts.births[place] > 0)
    births, events = counts.births[place, days].astype(float), counts.events[place, days].astype(float)
    when = [counts.first_day + timedelta(days=int(d)) for d in days]
    if days.shape[0] > 1 and float(np.median(np.diff(days))) < 5 and days.shape[0] > _MANY_POINTS:
        months, edges = month_starts(counts.first_day, counts.births.shape[1])
        births = np.add.reduceat(counts.births[place], edges[:-1]).astype(float)
        events = np.add.reduceat(counts.events[place], edges[:-1]).astype(float)
        when = list(months)
    if indicator.denominator is None:
        return np.array(when, object), spc("xmr", events)
    return np.array(when, object), spc("pp", np.minimum(events, births), births)


def cusum(paths: StreamPaths, indicator: Indicator) -> Spec:
    """The doubling CUSUM at month ends with its two thresholds."""
    rows = [{"month": p.month.isoformat(), "value": p.cusum} for p in paths.months if p.cusum is not None]
    title = f"CUSUM for a rate {indicator.ratio:g} times the reference"
    return _lines(rows, title, "Evidence (nats)", ((paths.cusum_amber, "amber", _AMBER), (paths.cusum_red, "red", _RED)))


def rise(paths: StreamPaths, indicator: Indicator) -> Spec:
    """The rise detector's statistic (as a power of ten) at month ends with its two thresholds."""
    ten = math.log(10)
    rows = [{"month": p.month.isoformat(), "value": max(p.rise / ten, 0.0)} for p in paths.months if p.rise is not None]
    limits = ((paths.rise_amber / ten, "amber", _AMBER), (paths.rise_red / ten, "red", _RED))
    return _lines(rows, f"Evidence of a rise: {indicator.name}", "Evidence (power of ten, days)", limits)


def excess(paths: StreamPaths, indicator: Indicator) -> Spec:
    """Events beyond those expected, added up month by month (a variable life-adjusted display, turned so that up is harm)."""
    total, rows = 0.0, []
    for p in paths.months:
        total += p.events - p.expected
        rows.append({"month": p.month.isoformat(), "value": round(total, 3)})
    return _lines(rows, f"Events beyond those expected, added up: {indicator.name}", "Excess events", ((0.0, "as expected", _GREY),))


def spc_of(counts: Counts, indicator: Indicator, place: int) -> Spec:
    """Control chart of one site."""
    when, made = control_chart(counts, indicator, place)
    return control(when.tolist(), made, indicator)


def monthly(paths: StreamPaths, indicator: Indicator) -> Spec:
    """Control chart by quarter from the months of a page: U' of events per birth, or XmR of events."""
    by_quarter: dict[date, list[float]] = {}
    for p in paths.months:
        first = date(p.month.year, 3 * ((p.month.month - 1) // 3) + 1, 1)
        cell = by_quarter.setdefault(first, [0.0, 0.0])
        cell[0] += p.events
        cell[1] += p.births
    events, births = (np.array([v[i] for v in by_quarter.values()]) for i in (0, 1))
    made = spc("xmr", events) if indicator.denominator is None else spc("pp", np.minimum(events, births), births)
    return control(list(by_quarter), made, indicator)


def control(when: Sequence[date], made: Spc, indicator: Indicator) -> Spec:
    """A control chart with its lines and the points that break a rule."""
    scale = 1.0 if indicator.denominator is None else float(indicator.per)
    rows = []
    for i, day in enumerate(when):
        row: dict[str, Any] = {"month": day.isoformat(), "special": bool(made.special_cause[i])}
        for name, values in (("value", made.values), ("centre", made.centre), ("lower", made.lower), ("upper", made.upper)):
            row[name] = float(values[i]) * scale if np.isfinite(values[i]) else None
        rows.append(row)
    x = {"field": "month", "type": "temporal", "title": None}

    def line(field: str, colour: str, dash: list[int]) -> Spec:
        return {
            "mark": {"type": "line", "color": colour, "strokeDash": dash, "strokeWidth": 1.5},
            "encoding": {"x": x, "y": {"field": field, "type": "quantitative"}},
        }

    y_title = indicator.events if indicator.denominator is None else f"per {indicator.per:,} {indicator.births}"
    points = {
        "mark": {"type": "point", "filled": True, "size": 36},
        "encoding": {
            "x": x,
            "y": {"field": "value", "type": "quantitative", "title": y_title},
            "color": {"condition": {"test": "datum.special", "value": _RED}, "value": _BLUE},
            "shape": {"condition": {"test": "datum.special", "value": "diamond"}, "value": "circle"},
        },
    }
    layers = [
        line("value", _BLUE, [1, 0]),
        line("centre", _INK, [1, 0]),
        line("lower", _GREY, [5, 4]),
        line("upper", _GREY, [5, 4]),
        points,
    ]
    return _whole(rows, layers, f"Control chart: {indicator.name}")


def funnel_of(counts: Counts, indicator: Indicator) -> Spec:
    """Funnel plot of all sites over all days, with limits that allow for how far sites differ anyway."""
    births, events = counts.births.sum(axis=1), counts.events.sum(axis=1)
    return funnel_chart(list(counts.sites), events.tolist(), births.tolist(), indicator)


def funnel_chart(
    names: Sequence[str], events: Sequence[float], births: Sequence[float], indicator: Indicator, marked: Sequence[str] = ()
) -> Spec:
    """Funnel plot. `marked`: names drawn as diamonds in red."""
    n, x = np.asarray(births, float), np.asarray(events, float)
    keep = n > 0
    kind: FunnelKind = "proportion" if indicator.kind is Kind.BERNOULLI and bool((x[keep] <= n[keep]).all()) else "rate"
    made = funnel(x[keep], n[keep], kind=kind, overdispersion="additive")
    per = float(indicator.per)
    rows: list[dict[str, Any]] = [
        {"site": name, "births": float(d), "value": float(v) * per, "marked": name in marked}
        for name, d, v in zip(np.asarray(names, object)[keep], made.denominators, made.values, strict=True)
    ]
    edge = [
        {"births": float(d), "level": f"{100 * limit.level:g} %", "lower": _finite(lo, per), "upper": _finite(hi, per)}
        for limit in made.curve
        for d, lo, hi in zip(made.curve_denominators, limit.lower, limit.upper, strict=True)
    ]
    x_axis = {"field": "births", "type": "quantitative", "title": indicator.births.capitalize()}
    layers = []
    for side in ("lower", "upper"):
        y = {"field": side, "type": "quantitative"}
        dash = {"field": "level", "type": "nominal", "title": "Limits", "legend": {"orient": "bottom"}}
        layers.append(
            {"data": {"values": edge}, "mark": {"type": "line", "color": _GREY}, "encoding": {"x": x_axis, "y": y, "strokeDash": dash}}
        )
    layers.append({"data": _ONCE, "mark": {"type": "rule", "color": _INK}, "encoding": {"y": {"datum": made.centre * per}}})
    layers.append(
        {
            "mark": {"type": "point", "filled": True, "size": 40},
            "encoding": {
                "x": x_axis,
                "y": {"field": "value", "type": "quantitative", "title": f"per {indicator.per:,} {indicator.births}"},
                "color": {"condition": {"test": "datum.marked", "value": _RED}, "value": _BLUE},
                "shape": {"condition": {"test": "datum.marked", "value": "diamond"}, "value": "circle"},
            },
        }
    )
    return _whole(rows, layers, f"Sites compared: {indicator.name}")


def svg(spec: Spec, description: str = "") -> str:
    """The drawing, with a title and a description for those who hear it."""
    made: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    start = made.index("<svg")
    end = made.index(">", start)
    words = escape(spec.get("title", {}).get("text", "Chart"))
    inner = f"<title>{words}</title><desc>{escape(description or words)}</desc>"
    return made[:end].replace("<svg", '<svg role="img"', 1) + ">" + inner + made[end + 1 :]


def png(spec: Spec, scale: float = 2.0) -> bytes:
    made: bytes = vl_convert.vegalite_to_png(spec, scale=scale, allowed_base_urls=[])
    return made


def _lines(rows: list[dict[str, Any]], title: str, y_title: str, limits: Sequence[tuple[float, str, str]]) -> Spec:
    x = {"field": "month", "type": "temporal", "title": None}
    layers: list[Spec] = [
        {
            "mark": {"type": "line", "color": _BLUE, "strokeWidth": 2},
            "encoding": {"x": x, "y": {"field": "value", "type": "quantitative", "title": y_title}},
        }
    ]
    for at, name, colour in limits:
        if not math.isfinite(at):
            continue
        layers.append(
            {
                "data": _ONCE,
                "mark": {"type": "rule", "color": colour, "strokeDash": [6, 3], "strokeWidth": 1.5},
                "encoding": {"y": {"datum": at}},
            }
        )
        layers.append(
            {
                "data": _ONCE,
                "mark": {"type": "text", "align": "left", "dx": 2, "dy": -5, "color": colour, "text": name, "fontSize": 12},
                "encoding": {"y": {"datum": at}, "x": {"value": 0}},
            }
        )
    return _whole(rows, layers, title)


def _whole(rows: list[dict[str, Any]], layers: list[Spec], title: str) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {"text": title, "anchor": "start", "fontSize": 14, "color": _INK},
        "width": 520,
        "height": 240,
        "background": "white",
        "data": {"values": rows},
        "layer": layers,
        "config": {"font": _FONT, "axis": {"labelFontSize": 12, "titleFontSize": 12, "gridColor": "#e8edee"}, "view": {"stroke": None}},
    }


def _finite(value: float, per: float) -> float | None:
    return float(value) * per if math.isfinite(value) else None
