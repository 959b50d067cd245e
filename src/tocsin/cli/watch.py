"""`tocsin watch`: births in, calibrated signals out.

Exit status: 0 done, nothing rings red; 1 done, and something rings red; 2 the question or the data cannot be used (the message says why).
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from tocsin.signal import Level
from tocsin.watch import bernoulli_arl, bernoulli_false_alarm, bernoulli_threshold
from tocsin.watch.budget import Budget, Promise
from tocsin.watch.catalogue import load_catalogue
from tocsin.watch.events import FileError, Mapping, MappingError, Reading, TooManyBadRowsError, read, read_mapping, read_sites
from tocsin.watch.indicators import Indicator, Kind
from tocsin.watch.nightly import run_on, watch_reading
from tocsin.watch.power import power_table
from tocsin.watch.results import Detector, Ring, RunResult, SiteInfo, StreamResult

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)
_out = Console()
_err = Console(stderr=True)

Files = Annotated[list[Path], typer.Argument(help="CSV or Parquet files, or one folder of them.")]
MappingFile = Annotated[Path | None, typer.Option("--mapping", "-m", help="YAML that names your columns (docs/reference/input.md).")]
Indicators = Annotated[
    list[str] | None, typer.Option("--indicator", "-i", help="Indicator id; may be given again. All with columns if none.")
]
Own = Annotated[list[Path] | None, typer.Option("--catalogue", "-c", help="YAML with indicators of your own; may be given again.")]
Sites = Annotated[Path | None, typer.Option("--sites", help="Register of sites as CSV (docs/reference/input.md).")]
BadShare = Annotated[float, typer.Option("--max-bad", help="Refuse where more than this share of rows is bad.", min=0, max=1)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of tables for people.")]


@app.command()
def run(
    files: Files,
    mapping: MappingFile = None,
    indicator: Indicators = None,
    catalogue: Own = None,
    sites: Sites = None,
    max_bad: BadShare = 0.05,
    false_reds: Annotated[float, typer.Option(help="False red signals a year to expect in all streams together.")] = 1.0,
    promise: Annotated[Promise, typer.Option(help="Over what the promise is made.")] = Promise.NATIONAL,
    as_of: Annotated[str | None, typer.Option(help="Last day that may be in the data, YYYY-MM-DD; today if not given.")] = None,
    show_all: Annotated[bool, typer.Option("--all", help="List quiet streams too, with what they could have shown.")] = False,
    state: Annotated[
        Path | None, typer.Option(help="Folder in which counts and detectors are kept from run to run; then only new files are read.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read births and say what rings, since when, how big and how sure.

    Examples:

      tocsin watch run births.csv

      tocsin watch run extract.csv --mapping mine.yaml --indicator term-stillbirth --sites sites.csv

      tocsin watch run deliveries/ --false-reds 2 --json > signals.json

      tocsin watch run today.csv --state kept/

    Rows that cannot be used are written to <first file>.quarantine.csv with file, line, column, value and reason.
    """
    chosen = _indicators(catalogue, indicator)
    budget = _or_exit(lambda: Budget(promise, false_reds))
    if state is None:
        reading = _read(files, _mapping(mapping), chosen, sites, max_bad, _date(as_of))
        watched = {name: c for name, c in reading.counts.items() if chosen[name].kind is not Kind.CONTINUOUS}
        result: RunResult | None = _or_exit(lambda: _watch(reading, chosen, budget)) if watched else None
    else:
        reading, result = _or_exit(lambda: _run_on(state, files, _mapping(mapping), chosen, sites, max_bad, _date(as_of), budget))
    charts = _charts(reading, chosen)
    if as_json:
        print(
            json.dumps(
                {"run": _plain(asdict(result)) if result else None, "charts": _plain(charts), "reading": _report(reading)}, allow_nan=False
            )
        )
    else:
        _print_report(reading)
        if result:
            _print_rings(result, show_all)
        for chart in charts:
            _print_chart(chart)
    if result and any(s.level is Level.RED for s in result.streams):
        raise typer.Exit(1)


@app.command()
def calibrate(
    rate: Annotated[float, typer.Argument(help="Events per birth while all is well, such as 0.0015.")],
    ratio: Annotated[float, typer.Option(help="Odds ratio worth detecting.")] = 2.0,
    births: Annotated[int, typer.Option(help="Births in the horizon (a year's births of one site).")] = 3000,
    false_alarm: Annotated[list[float] | None, typer.Option(help="Chance of a false alarm in the horizon; may be given again.")] = None,
    arl: Annotated[float | None, typer.Option(help="Mean births to a false alarm instead.")] = None,
    as_json: AsJson = False,
) -> None:
    """Exact thresholds of the Bernoulli CUSUM, from its run-length distribution; nothing is simulated.

    Examples:

      tocsin watch calibrate 0.0015 --births 3000

      tocsin watch calibrate 0.03 --ratio 1.5 --arl 50000 --json
    """

    def rows() -> list[dict[str, float]]:
        thresholds = (
            [bernoulli_threshold(rate, ratio, arl=arl)]
            if arl is not None
            else [bernoulli_threshold(rate, ratio, false_alarm=a, horizon=births) for a in (false_alarm or [0.05, 0.01])]
        )
        return [
            {
                "threshold": h,
                "in_control_arl_births": bernoulli_arl(rate, ratio, h),
                "false_alarm_in_horizon": bernoulli_false_alarm(rate, ratio, h, births),
                "births_to_find_the_rise": bernoulli_arl(rate, ratio, h, rate=rate * ratio / (1 - rate + rate * ratio)),
            }
            for h in thresholds
        ]

    found = _or_exit(rows)
    if as_json:
        print(json.dumps({"rate": rate, "ratio": ratio, "horizon_births": births, "thresholds": found}))
        return
    table = Table(
        "Threshold (nats)", "Mean births to a false alarm", f"False alarm in {births:,} births", f"Mean births to find x {ratio:g}"
    )
    for row in found:
        table.add_row(
            f"{row['threshold']:.4f}", f"{row['in_control_arl_births']:,.0f}", f"{100 * row['false_alarm_in_horizon']:.2f} %",
            f"{row['births_to_find_the_rise']:,.0f}",
        )  # fmt: skip
    _out.print(table)


@app.command()
def power(
    events: Annotated[float, typer.Argument(help="Events a year that the site expects while all is well.")],
    ratio: Annotated[float, typer.Option(help="Rate ratio of the rise.")] = 2.0,
    streams: Annotated[int, typer.Option(help="Streams (sites x indicators) that share the national budget.")] = 2000,
    false_reds: Annotated[float, typer.Option(help="False red signals a year in all streams together.")] = 1.0,
    spread: Annotated[float, typer.Option(help="How far sites differ while all is well (coefficient of variation).")] = 0.2,
    as_json: AsJson = False,
) -> None:
    """What a site of a size could show: months until a rise rings red, half and nine tenths of the time.

    Examples:

      tocsin watch power 4.5

      tocsin watch power 60 --ratio 1.5 --streams 500 --json
    """

    def found() -> Any:
        budget = Budget(false_reds_per_year=false_reds)
        shape = 1 / spread**2 if spread > 0 else 1e7
        red, amber = budget.mean_days(Level.RED, streams), budget.mean_days(Level.AMBER, streams)
        return power_table(shape, red, amber, ratio).at(events, "the event")

    answer = _or_exit(found)
    if as_json:
        print(json.dumps(asdict(answer)))
    else:
        _out.print(answer.sentence, highlight=False)


class Chart(StrEnum):
    """Which picture."""

    CUSUM = "cusum"
    EXCESS = "excess"
    SPC = "spc"
    FUNNEL = "funnel"


@app.command()
def chart(
    files: Files,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write: a name that ends in .svg, .png or .json (the specification).")],
    what: Annotated[Chart, typer.Option(help="Which picture.")] = Chart.CUSUM,
    site: Annotated[str | None, typer.Option(help="Site code; not needed for a funnel.")] = None,
    mapping: MappingFile = None,
    indicator: Indicators = None,
    catalogue: Own = None,
    sites: Sites = None,
    max_bad: BadShare = 0.05,
    as_of: Annotated[str | None, typer.Option(help="Last day that may be in the data, YYYY-MM-DD.")] = None,
) -> None:
    """Draw one chart as SVG, PNG or its Vega-Lite specification: the same that the pages show.

    Examples:

      tocsin watch chart births.csv --indicator term-stillbirth --site RX1AB --out cusum.svg

      tocsin watch chart births.csv -i term-stillbirth --what funnel -o funnel.png
    """
    from tocsin.watch import chart as draw

    chosen = _indicators(catalogue, indicator)
    reading = _read(files, _mapping(mapping), chosen, sites, max_bad, _date(as_of))
    name = next(iter(reading.counts))
    counts, about = reading.counts[name], chosen[name]

    def spec() -> dict[str, Any]:
        if what is Chart.FUNNEL:
            return draw.funnel_of(counts, about)
        code = site or (counts.sites[0] if len(counts.sites) == 1 else None)
        if code not in counts.sites:
            raise ValueError(f"--site must be one of {', '.join(counts.sites[:20])}; got {site}")
        if what is Chart.SPC or about.kind is Kind.CONTINUOUS:
            return draw.spc_of(counts, about, counts.sites.index(code))
        result = _watch(reading, chosen, Budget())
        paths = next(p for p in result.paths if p.site == code and p.indicator == name)
        return draw.cusum(paths, about) if what is Chart.CUSUM else draw.excess(paths, about)

    made = _or_exit(spec)
    if out.suffix == ".json":
        out.write_text(json.dumps(made, indent=1))
    elif out.suffix == ".svg":
        out.write_text(draw.svg(made))
    elif out.suffix == ".png":
        out.write_bytes(draw.png(made))
    else:
        _stop(f"--out must end in .svg, .png or .json; got {out.name}")
    _err.print(f"Wrote {out}", highlight=False)


@app.command()
def explain(
    files: Files,
    site: Annotated[str, typer.Option(help="Site code.")],
    mapping: MappingFile = None,
    indicator: Indicators = None,
    catalogue: Own = None,
    sites: Sites = None,
    max_bad: BadShare = 0.05,
    as_of: Annotated[str | None, typer.Option(help="Last day that may be in the data, YYYY-MM-DD.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say in words what the watch knows of one site: what rings and why, and what its silence can mean.

    Examples:

      tocsin watch explain births.csv --site RX1AB

      tocsin watch explain births.csv --site RX1AB --indicator term-stillbirth --json
    """
    chosen = _indicators(catalogue, indicator)
    reading = _read(files, _mapping(mapping), chosen, sites, max_bad, _date(as_of))
    result = _or_exit(lambda: _watch(reading, chosen, Budget()))
    streams = [s for s in result.streams if s.site == site]
    if not streams:
        _stop(f"There is no site '{site}' in the data. Sites: {', '.join(sorted({s.site for s in result.streams})[:30])}")
    if as_json:
        print(json.dumps([_plain(asdict(s)) for s in streams], allow_nan=False))
        return
    names = {i.id: i.name for i in result.indicators}
    for stream in streams:
        _out.print(f"\n[bold]{names[stream.indicator]}[/bold]", highlight=False)
        current = _current(stream)
        if current is None:
            _out.print("Nothing rings. " + stream.power.sentence, highlight=False)
        else:
            _out.print(f"{current.level.value.capitalize()} since {current.first_day_over}. {current.sentence}", highlight=False)
            _out.print(f"The rise most likely began between {current.onset_low} and {current.onset_high} (90 % interval).", highlight=False)
            _out.print(current.promise, highlight=False)
        _out.print(
            f"{stream.events:,} events of {stream.births:,}; {stream.expected:,.1f} expected at the reference rate. "
            f"Reports are practically complete up to {stream.settled_to}.",
            highlight=False,
        )


def _run_on(
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


def _watch(reading: Reading, indicators: dict[str, Indicator], budget: Budget) -> RunResult:
    if not _err.is_terminal:
        return watch_reading(reading, indicators, budget)
    with _bar() as bar:
        return watch_reading(reading, indicators, budget, progress=_teller(bar))


def _sources(files: list[Path]) -> list[Path]:
    sources: list[Path] = []
    for path in files:
        found = sorted([*path.glob("*.csv"), *path.glob("*.parquet")]) if path.is_dir() else [path]
        sources += [f for f in found if not f.name.endswith(".quarantine.csv") and f.name != "sites.csv"]
    if not sources:
        _stop("There is no CSV or Parquet file to read.")
    return sources


def _read(
    files: list[Path], mapping: Mapping, indicators: dict[str, Indicator], sites: Path | None, max_bad: float, as_of: date | None
) -> Reading:
    sources = _sources(files)

    def go() -> Reading:
        with _aside(sources[0]) as file, _bar() as bar:
            return read(
                sources, mapping, indicators, sites=_register(sites), as_of=as_of or datetime.now(UTC).date(), max_bad_share=max_bad,
                quarantine=file, progress=_teller(bar),
            )  # fmt: skip

    reading: Reading = _or_exit(go)
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
        _err.print(f"{reading.report.bad:,} rows could not be used; they are in {aside} with the reasons.", highlight=False)


def _bar() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), console=_err, transient=True)


def _teller(bar: Progress) -> Any:
    task = bar.add_task("Starting", total=None)

    def tell(what: str, done: int, of: int) -> None:
        bar.update(task, description=what, completed=done, total=of)

    return tell


def _charts(reading: Reading, indicators: dict[str, Indicator]) -> list[dict[str, Any]]:
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


def _current(stream: StreamResult) -> Ring | None:
    return next((r for r in reversed(stream.rings) if r.ended is None and r.detector is Detector.RISE), None)


def _print_report(reading: Reading) -> None:
    r = reading.report
    _out.print(
        f"Read {r.files} file{'s' if r.files != 1 else ''}: {r.rows:,} rows, {r.good:,} good, {r.bad:,} bad, {r.duplicates:,} duplicates, "
        f"{r.left_out:,} not asked for.",
        highlight=False,
    )
    for note in r.notes[:15]:
        _out.print(f"  {note}", highlight=False)
    for problem in r.problems[:5]:
        _out.print(f"  {problem}", highlight=False, markup=False)


def _print_rings(result: RunResult, show_all: bool) -> None:
    names = {i.id: i.name for i in result.indicators}
    places = {s.code: s.name for s in result.sites}
    ringing = [(s, r) for s in result.streams if (r := _current(s)) is not None]
    ringing.sort(key=lambda pair: (pair[1].level is not Level.RED, -pair[1].rate_ratio))
    _out.print(f"\n{result.promise} Last day of data: {result.as_of}.", highlight=False)
    if ringing:
        table = Table("Level", "Site", "Indicator", "Over since", "Began about (90 %)", "Times the usual rate (95 %)", "Events", "Expected")
        for stream, ring in ringing:
            table.add_row(
                ring.level.value, places[stream.site], names[stream.indicator], str(ring.first_day_over),
                f"{ring.onset:%b %Y} ({ring.onset_low:%b %Y} to {ring.onset_high:%b %Y})",
                f"{ring.rate_ratio:.1f} ({ring.rate_ratio_low:.1f} to {ring.rate_ratio_high:.1f})",
                f"{ring.events:,}", f"{ring.expected:,.1f}",
            )  # fmt: skip
        _out.print(table)
    else:
        _out.print("Nothing rings. Silence is not safety: see --all for what each stream could have shown.", highlight=False)
    adjusted = [s for s in result.streams if s.adjusted_ratio is not None]
    if adjusted:
        table = Table("Site", "Indicator", "Events", "Expected by risk", "Adjusted ratio", "Unadjusted ratio")
        for s in adjusted:
            table.add_row(
                places[s.site], names[s.indicator], f"{s.events:,}", f"{s.expected:,.1f}", f"{s.adjusted_ratio:.2f}", f"{s.crude_ratio:.2f}"
            )
        _out.print(table)
    for flag in result.quality[:20]:
        _out.print(f"Data: {flag.sentence}", highlight=False)
    if show_all:
        for s in result.streams:
            if s.level is None:
                _out.print(f"{places[s.site]}, {names[s.indicator]}: {s.power.sentence}", highlight=False)
    else:
        unseen = sum(s.level is None and s.power.months_median is None for s in result.streams)
        quiet = sum(s.level is None for s in result.streams)
        _out.print(
            f"{quiet:,} streams are quiet; in {unseen:,} of them a rise worth finding would more likely than not go unseen.",
            highlight=False,
        )


def _print_chart(chart: dict[str, Any]) -> None:
    last, outside, rules = chart["last"], chart["rules"]["outside"], chart["rules"]
    kind = {"pp": "P'", "xmr": "XmR"}[chart["kind"]]
    broken = ", ".join(f"{rule} {len(days)}" for rule, days in rules.items() if days) or "none"
    _out.print(
        f"{chart['site']}: {kind} chart of {chart['points']} points; last {last['day']}: {last['value']:.4g} "
        f"(limits {last['lower']:.4g} to {last['upper']:.4g}); points that break rules: {broken}"
        + (f"; last outside {outside[-1]}" if outside else "")
        + ".",
        highlight=False,
    )


def _report(reading: Reading) -> dict[str, Any]:
    r = reading.report
    return {
        "files": r.files, "rows": r.rows, "good": r.good, "bad": r.bad, "duplicates": r.duplicates, "left_out": r.left_out,
        "incomplete": r.incomplete, "notes": r.notes, "problems": [asdict(p) for p in r.problems],
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value


def _indicators(catalogue: list[Path] | None, chosen: list[str] | None) -> dict[str, Indicator]:
    known: dict[str, Indicator] = _or_exit(lambda: load_catalogue([(p.name, p.read_text("utf-8")) for p in catalogue or []]))
    for name in chosen or []:
        if name not in known:
            _stop(f"There is no indicator '{name}'. Known: {', '.join(known)}")
    return {name: known[name] for name in chosen} if chosen else known


def _mapping(path: Path | None) -> Mapping:
    return Mapping() if path is None else _or_exit(lambda: read_mapping(path.read_text("utf-8"), path.name))


def _date(text: str | None) -> date | None:
    return None if text is None else _or_exit(lambda: date.fromisoformat(text))


def _or_exit(question: Any) -> Any:
    try:
        return question()
    except (FileError, MappingError, TooManyBadRowsError, ValueError, OSError) as error:
        _stop(str(error))


def _stop(message: str) -> None:
    print(message, file=sys.stderr)
    raise typer.Exit(2)
