"""What `tocsin watch` is given: files, mapping and catalogue read, with progress, and bad rows put aside."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from tocsin.watch.budget import Budget
from tocsin.watch.catalogue import load_catalogue
from tocsin.watch.events import FileError, Mapping, MappingError, Reading, TooManyBadRowsError, read, read_mapping, read_sites
from tocsin.watch.indicators import Indicator
from tocsin.watch.nightly import run_on, watch_reading
from tocsin.watch.results import RunResult, SiteInfo

ERR = Console(stderr=True)


def read_and_run_on(
    folder: Path,
    files: list[Path],
    mapping: Mapping,
    indicators: dict[str, Indicator],
    sites: Path | None,
    max_bad: float,
    as_of: date | None,
    budget: Budget,
) -> tuple[Reading, RunResult]:
    sources = _sources(files)
    with _aside(sources[0]) as file, _bar() as bar:
        reading, result = run_on(
            folder, sources, mapping, indicators, sites=_register(sites), budget=budget, as_of=as_of or datetime.now(UTC).date(),
            max_bad_share=max_bad, quarantine=file, progress=_teller(bar),
        )  # fmt: skip
    _say_bad(reading, sources[0])
    return reading, result


def watch_all(reading: Reading, indicators: dict[str, Indicator], budget: Budget) -> RunResult:
    if not ERR.is_terminal:
        return watch_reading(reading, indicators, budget)
    with _bar() as bar:
        return watch_reading(reading, indicators, budget, progress=_teller(bar))


def _sources(files: list[Path]) -> list[Path]:
    sources: list[Path] = []
    for path in files:
        found = sorted([*path.glob("*.csv"), *path.glob("*.parquet")]) if path.is_dir() else [path]
        sources += [f for f in found if not f.name.endswith(".quarantine.csv") and f.name != "sites.csv"]
    if not sources:
        stop("There is no CSV or Parquet file to read.")
    return sources


def read_files(
    files: list[Path], mapping: Mapping, indicators: dict[str, Indicator], sites: Path | None, max_bad: float, as_of: date | None
) -> Reading:
    sources = _sources(files)

    def go() -> Reading:
        with _aside(sources[0]) as file, _bar() as bar:
            return read(
                sources, mapping, indicators, sites=_register(sites), as_of=as_of or datetime.now(UTC).date(), max_bad_share=max_bad,
                quarantine=file, progress=_teller(bar),
            )  # fmt: skip

    reading: Reading = or_exit(go)
    _say_bad(reading, sources[0])
    return reading


def _register(sites: Path | None) -> tuple[SiteInfo, ...]:
    return tuple(read_sites(sites.read_text("utf-8-sig"), sites.name)) if sites else ()


@contextmanager
def _aside(first: Path) -> Iterator[TextIO]:
    """The quarantine file beside the first file; it does not stay where nothing is put into it."""
    path = first.with_suffix(".quarantine.csv")
    try:
        with path.open("w", newline="", encoding="utf-8", errors="replace") as file:
            yield file
    finally:
        with path.open(encoding="utf-8") as file:
            empty = len(list(islice(file, 2))) <= 1
        if empty:
            path.unlink()


def _say_bad(reading: Reading, first: Path) -> None:
    if reading.report.bad:
        aside = first.with_suffix(".quarantine.csv").name
        ERR.print(f"{reading.report.bad:,} rows could not be used; they are in {aside} with the reasons.", highlight=False)


def _bar() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), console=ERR, transient=True)


def _teller(bar: Progress) -> Any:
    task = bar.add_task("Starting", total=None)

    def tell(what: str, done: int, of: int) -> None:
        bar.update(task, description=what, completed=done, total=of)

    return tell


def indicators_of(catalogue: list[Path] | None, chosen: list[str] | None) -> dict[str, Indicator]:
    known: dict[str, Indicator] = or_exit(lambda: load_catalogue([(p.name, p.read_text("utf-8")) for p in catalogue or []]))
    for name in chosen or []:
        if name not in known:
            stop(f"There is no indicator '{name}'. Known: {', '.join(known)}")
    return {name: known[name] for name in chosen} if chosen else known


def mapping_of(path: Path | None) -> Mapping:
    return Mapping() if path is None else or_exit(lambda: read_mapping(path.read_text("utf-8"), path.name))


def day(text: str | None) -> date | None:
    return None if text is None else or_exit(lambda: date.fromisoformat(text))


def or_exit(question: Any) -> Any:
    try:
        return question()
    except (FileError, MappingError, TooManyBadRowsError, ValueError, OSError) as error:
        stop(str(error))


def stop(message: str) -> None:
    print(message, file=sys.stderr)
    raise typer.Exit(2)
