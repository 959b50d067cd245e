"""What `tocsin watch` prints: tables for people, plain values for programs."""

from dataclasses import asdict
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table

from tocsin.signal import Level
from tocsin.watch.events import Reading
from tocsin.watch.indicators import Indicator, Kind
from tocsin.watch.results import Detector, Ring, RunResult, StreamResult

OUT = Console()


def charts_of(reading: Reading, indicators: dict[str, Indicator]) -> list[dict[str, Any]]:
    """Control charts of continuous indicators: P' where there is a denominator, XmR where there is none."""
    from tocsin.watch.chart import control_chart

    found = []
    for name, counts in reading.counts.items():
        if indicators[name].kind is not Kind.CONTINUOUS:
            continue
        for place, code in enumerate(counts.sites):
            days, chart = control_chart(counts, indicators[name], place)
            if days.shape[0] < 8:
                continue
            last = len(days) - 1
            found.append(
                {
                    "site": code, "indicator": name, "kind": chart.kind, "points": len(days),
                    "last": {
                        "day": str(days[last]), "value": float(chart.values[last]), "centre": float(chart.centre[last]),
                        "lower": float(chart.lower[last]), "upper": float(chart.upper[last]),
                    },
                    "rules": {rule: [str(days[i]) for i in flags.nonzero()[0]] for rule, flags in chart.rules.items()},
                    "anhoej_signal": any(a.signal for a in chart.anhoej),
                }
            )  # fmt: skip
    return found


def current_ring(stream: StreamResult) -> Ring | None:
    return next((r for r in reversed(stream.rings) if r.ended is None and r.detector is Detector.RISE), None)


def print_report(reading: Reading) -> None:
    r = reading.report
    OUT.print(
        f"Read {r.files} file{'s' if r.files != 1 else ''}: {r.rows:,} rows, {r.good:,} good, {r.bad:,} bad, {r.duplicates:,} duplicates, "
        f"{r.left_out:,} not asked for.",
        highlight=False,
    )
    for note in r.notes[:15]:
        OUT.print(f"  {note}", highlight=False)
    for problem in r.problems[:5]:
        OUT.print(f"  {problem}", highlight=False, markup=False)


def print_rings(result: RunResult, show_all: bool) -> None:
    names = {i.id: i.name for i in result.indicators}
    places = {s.code: s.name for s in result.sites}
    ringing = [(s, r) for s in result.streams if (r := current_ring(s)) is not None]
    ringing.sort(key=lambda pair: (pair[1].level is not Level.RED, -pair[1].rate_ratio))
    OUT.print(f"\n{result.promise} Last day of data: {result.as_of}.", highlight=False)
    if ringing:
        table = Table("Level", "Site", "Indicator", "Over since", "Began about (90 %)", "Times the usual rate (95 %)", "Events", "Expected")
        for stream, ring in ringing:
            table.add_row(
                ring.level.value, places[stream.site], names[stream.indicator], str(ring.first_day_over),
                f"{ring.onset:%b %Y} ({ring.onset_low:%b %Y} to {ring.onset_high:%b %Y})",
                f"{ring.rate_ratio:.1f} ({ring.rate_ratio_low:.1f} to {ring.rate_ratio_high:.1f})",
                f"{ring.events:,}", f"{ring.expected:,.1f}",
            )  # fmt: skip
        OUT.print(table)
    else:
        OUT.print("Nothing rings. Silence is not safety: see --all for what each stream could have shown.", highlight=False)
    adjusted = [s for s in result.streams if s.adjusted_ratio is not None]
    if adjusted:
        table = Table("Site", "Indicator", "Events", "Expected by risk", "Adjusted ratio", "Unadjusted ratio")
        for s in adjusted:
            table.add_row(
                places[s.site], names[s.indicator], f"{s.events:,}", f"{s.expected:,.1f}", f"{s.adjusted_ratio:.2f}", f"{s.crude_ratio:.2f}"
            )
        OUT.print(table)
    for flag in result.quality[:20]:
        OUT.print(f"Data: {flag.sentence}", highlight=False)
    if show_all:
        for s in result.streams:
            if s.level is None:
                OUT.print(f"{places[s.site]}, {names[s.indicator]}: {s.power.sentence}", highlight=False)
    else:
        unseen = sum(s.level is None and s.power.months_median is None for s in result.streams)
        quiet = sum(s.level is None for s in result.streams)
        OUT.print(
            f"{quiet:,} streams are quiet; in {unseen:,} of them a rise worth finding would more likely than not go unseen.",
            highlight=False,
        )


def print_chart(chart: dict[str, Any]) -> None:
    last, outside, rules = chart["last"], chart["rules"]["outside"], chart["rules"]
    kind = {"pp": "P'", "xmr": "XmR"}[chart["kind"]]
    broken = ", ".join(f"{rule} {len(days)}" for rule, days in rules.items() if days) or "none"
    OUT.print(
        f"{chart['site']}: {kind} chart of {chart['points']} points; last {last['day']}: {last['value']:.4g} "
        f"(limits {last['lower']:.4g} to {last['upper']:.4g}); points that break rules: {broken}"
        + (f"; last outside {outside[-1]}" if outside else "")
        + ".",
        highlight=False,
    )


def report_of(reading: Reading) -> dict[str, Any]:
    r = reading.report
    return {
        "files": r.files, "rows": r.rows, "good": r.good, "bad": r.bad, "duplicates": r.duplicates, "left_out": r.left_out,
        "incomplete": r.incomplete, "notes": r.notes, "problems": [asdict(p) for p in r.problems],
    }  # fmt: skip


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
