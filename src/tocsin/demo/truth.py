"""What was found, beside what was planted. Nothing else in the product may read the truth."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from tocsin.signal import Level
from tocsin.watch.results import Detector, Ring, RunResult


@dataclass(frozen=True, slots=True)
class Compared:
    """One planted thing. found: what the watch says of it. delay_days: from its first day to the first red day, None where not red."""

    kind: str
    site: str
    indicator: str
    what: str
    first: date
    ratio: float
    found: str
    delay_days: int | None
    estimated_ratio: float | None


def read_truth(data_folder: Path) -> list[dict[str, Any]]:
    """The truth of a country that was built in `data_folder`."""
    rows: list[dict[str, Any]] = yaml.safe_load((data_folder.parent / "demo-truth" / "truth.yaml").read_text())
    return rows


def compare(truth: list[dict[str, Any]], result: RunResult) -> tuple[list[Compared], list[Ring]]:
    """Each planted thing with what was found of it, and the red rings of the rise detector that nothing planted explains."""
    rings: dict[tuple[str, str], list[Ring]] = {}
    for stream in result.streams:
        rings[stream.site, stream.indicator] = [r for r in stream.rings if r.detector is Detector.RISE and r.level is Level.RED]
    rows = []
    explained: set[tuple[str, str]] = set()
    for t in truth:
        key = (t["site"], t["indicator"])
        explained.add(key)
        after = [r for r in rings.get(key, []) if r.red_day is not None and r.red_day >= t["first"]]
        flags = [f for f in result.quality if f.site == t["site"] and f.last_day >= t["first"] and f.indicator in (None, t["indicator"])]
        ring = after[0] if after else None
        words = []
        if ring is not None and ring.red_day is not None:
            words.append(f"red on {ring.red_day}" + (f", ended {ring.ended}" if ring.ended else ""))
        if flags:
            words.append(f"flagged: {', '.join(sorted({f.kind for f in flags}))}")
        quiet = next((s for s in result.streams if (s.site, s.indicator) == key), None)
        if not words and quiet is not None:
            words.append(
                "silent; " + ("said that a doubling would go unseen" if quiet.power.months_median is None else "said what it could show")
            )
        delay = (ring.red_day - t["first"]).days if ring is not None and ring.red_day is not None else None
        rows.append(
            Compared(
                t["kind"],
                t["site"],
                t["indicator"],
                t["what"],
                t["first"],
                t["ratio"],
                "; ".join(words),
                delay,
                ring.rate_ratio if ring else None,
            )
        )
    false_reds = [r for key, found in rings.items() if key not in explained for r in found]
    return rows, false_reds


def table(rows: list[Compared], false_reds: list[Ring], years: int) -> str:
    """The comparison in Markdown."""
    lines = [
        "| planted | site | indicator | from | ratio | found | days to red | ratio found |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for r in rows:
        delay = "" if r.delay_days is None else str(r.delay_days)
        found = "" if r.estimated_ratio is None else f"{r.estimated_ratio:.1f}"
        lines.append(f"| {r.kind}: {r.what} | {r.site} | {r.indicator} | {r.first} | {r.ratio:g} | {r.found} | {delay} | {found} |")
    lines.append(f"\nRed rings that nothing planted explains: {len(false_reds)} in {years} years.")
    return "\n".join(lines)
