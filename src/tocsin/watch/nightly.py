"""A run of the watch over files: what is new is read, and what the next run needs is kept."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TextIO

import numpy as np

from tocsin.watch.budget import Budget
from tocsin.watch.catalogue import load_catalogue
from tocsin.watch.events import Earlier, FileError, MappingError, Reading, Report, kept, read, read_mapping, read_sites
from tocsin.watch.events import Mapping as ColumnMapping
from tocsin.watch.events.sites import unknown_site
from tocsin.watch.indicators import Indicator
from tocsin.watch.national import Settled, watch_country
from tocsin.watch.quality import quality_flags
from tocsin.watch.results import RunResult, SiteInfo
from tocsin.watch.saved import Saved, take_up, terms_of

Progress = Callable[[str, int, int], None]


def watch_reading(
    reading: Reading,
    indicators: Mapping[str, Indicator],
    budget: Budget,
    *,
    settled: dict[str, Settled] | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Watch what was read, with flags on its quality and what became of its rows."""
    report = reading.report
    said: dict[str, int | str] = {"files": report.files, "rows": report.rows, "good": report.good}
    said |= {"bad": report.bad, "duplicates": report.duplicates, "left out": report.left_out}
    said |= {f"note {i + 1}": note for i, note in enumerate(report.notes[:20])}
    flags = quality_flags(reading.counts, indicators)
    return watch_country(
        reading.counts, indicators, reading.sites, budget=budget, quality=flags, reading=said, threads=2, settled=settled, progress=progress
    )


def run_on(
    folder: Path,
    sources: Sequence[Path],
    mapping: ColumnMapping,
    indicators: Mapping[str, Indicator],
    *,
    sites: Sequence[SiteInfo] = (),
    budget: Budget | None = None,
    as_of: date | None = None,
    max_bad_share: float = 0.05,
    quarantine: TextIO | None = None,
    progress: Progress | None = None,
) -> tuple[Reading, RunResult]:
    """Read those of `sources` that no earlier run has read, go on from what `folder` keeps, and keep there what the next run needs.

    Raises as `read` does, and ValueError where the folder cannot be used.
    """
    if mapping.risk is not None:
        raise MappingError("a risk model needs every case each time, so nothing can be kept from run to run with 'risk' in the mapping")
    budget = budget or Budget()
    with kept.locked(folder):
        before = kept.load(folder)
        known = set(before.files) if before else set()
        prints = {path: kept.content_print(path) for path in sources}
        fresh = [path for path, content in prints.items() if content not in known]
        if fresh:
            earlier = Earlier(before.counts, before.counted) if before else Earlier({}, np.zeros((0, 0), bool))
            reading = read(
                fresh, mapping, indicators, sites=sites, as_of=as_of, max_bad_share=max_bad_share, quarantine=quarantine, progress=progress,
                earlier=earlier,
            )  # fmt: skip
        elif before is not None:
            register = {site.code: site for site in sites}
            codes = next(iter(before.counts.values())).sites
            reading = Reading(before.counts, {}, tuple(register.get(c) or unknown_site(c) for c in codes), Report(), before.counted)
        else:
            raise FileError("no file to read")
        old = len(prints) - len(fresh)
        if old:
            reading.report.notes.append(f"{old} file{'s were' if old > 1 else ' was'} read by an earlier run and not read again.")
        terms = terms_of(reading.counts, indicators, budget)
        states, said = take_up(before, reading.counts, terms)
        reading.report.notes.append(said)
        result = watch_reading(reading, indicators, budget, settled=states, progress=progress)
        assert reading.counted is not None
        kept.store(folder, Saved(reading.counts, reading.counted, states, tuple(sorted(known | set(prints.values()))), terms))
    return reading, result


def run_folder(folder: Path, keep: Path, *, as_of: date | None = None, progress: Progress | None = None) -> RunResult:
    """`run_on` over a folder that holds births*.parquet or births*.csv, mapping.yaml and sites.csv; refused rows go to quarantine.csv."""
    mapping = read_mapping((folder / "mapping.yaml").read_text("utf-8"), "mapping.yaml")
    register = read_sites((folder / "sites.csv").read_text("utf-8"), "sites.csv") if (folder / "sites.csv").exists() else ()
    with (folder / "quarantine.csv").open("w", newline="", encoding="utf-8", errors="replace") as aside:
        _, result = run_on(
            keep, births_in(folder), mapping, load_catalogue(), sites=register, as_of=as_of, quarantine=aside, progress=progress
        )
    return result


def births_in(folder: Path) -> list[Path]:
    """Files of births in a folder, in the order of their names."""
    return sorted([*folder.glob("births*.parquet"), *folder.glob("births*.csv")])
