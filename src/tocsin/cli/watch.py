"""`tocsin watch`: births in, calibrated signals out.

Exit status: 0 done, nothing rings red; 1 done, and something rings red; 2 the question or the data cannot be used (the message says why).
"""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from tocsin.cli.watch_files import ERR, day, indicators_of, mapping_of, or_exit, read_and_run_on, read_files, stop, watch_all
from tocsin.cli.watch_told import OUT, charts_of, current_ring, plain, print_chart, print_report, print_rings, report_of
from tocsin.signal import Level
from tocsin.watch import bernoulli_arl, bernoulli_false_alarm, bernoulli_threshold
from tocsin.watch.budget import Budget, Promise
from tocsin.watch.indicators import Kind
from tocsin.watch.power import power_table
from tocsin.watch.results import RunResult

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)

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
    chosen = indicators_of(catalogue, indicator)
    budget = or_exit(lambda: Budget(promise, false_reds))
    if state is None:
        reading = read_files(files, mapping_of(mapping), chosen, sites, max_bad, day(as_of))
        watched = {name: c for name, c in reading.counts.items() if chosen[name].kind is not Kind.CONTINUOUS}
        result: RunResult | None = or_exit(lambda: watch_all(reading, chosen, budget)) if watched else None
    else:
        reading, result = or_exit(lambda: read_and_run_on(state, files, mapping_of(mapping), chosen, sites, max_bad, day(as_of), budget))
    charts = charts_of(reading, chosen)
    if as_json:
        print(
            json.dumps(
                {"run": plain(asdict(result)) if result else None, "charts": plain(charts), "reading": report_of(reading)}, allow_nan=False
            )
        )
    else:
        print_report(reading)
        if result:
            print_rings(result, show_all)
        for chart in charts:
            print_chart(chart)
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

    found = or_exit(rows)
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
    OUT.print(table)


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

    answer = or_exit(found)
    if as_json:
        print(json.dumps(asdict(answer)))
    else:
        OUT.print(answer.sentence, highlight=False)


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

    chosen = indicators_of(catalogue, indicator)
    reading = read_files(files, mapping_of(mapping), chosen, sites, max_bad, day(as_of))
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
        result = watch_all(reading, chosen, Budget())
        paths = next(p for p in result.paths if p.site == code and p.indicator == name)
        return draw.cusum(paths, about) if what is Chart.CUSUM else draw.excess(paths, about)

    made = or_exit(spec)
    if out.suffix == ".json":
        out.write_text(json.dumps(made, indent=1))
    elif out.suffix == ".svg":
        out.write_text(draw.svg(made))
    elif out.suffix == ".png":
        out.write_bytes(draw.png(made))
    else:
        stop(f"--out must end in .svg, .png or .json; got {out.name}")
    ERR.print(f"Wrote {out}", highlight=False)


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
    chosen = indicators_of(catalogue, indicator)
    reading = read_files(files, mapping_of(mapping), chosen, sites, max_bad, day(as_of))
    result = or_exit(lambda: watch_all(reading, chosen, Budget()))
    streams = [s for s in result.streams if s.site == site]
    if not streams:
        stop(f"There is no site '{site}' in the data. Sites: {', '.join(sorted({s.site for s in result.streams})[:30])}")
    if as_json:
        print(json.dumps([plain(asdict(s)) for s in streams], allow_nan=False))
        return
    names = {i.id: i.name for i in result.indicators}
    for stream in streams:
        OUT.print(f"\n[bold]{names[stream.indicator]}[/bold]", highlight=False)
        current = current_ring(stream)
        if current is None:
            OUT.print("Nothing rings. " + stream.power.sentence, highlight=False)
        else:
            OUT.print(f"{current.level.value.capitalize()} since {current.first_day_over}. {current.sentence}", highlight=False)
            OUT.print(f"The rise most likely began between {current.onset_low} and {current.onset_high} (90 % interval).", highlight=False)
            OUT.print(current.promise, highlight=False)
        OUT.print(
            f"{stream.events:,} events of {stream.births:,}; {stream.expected:,.1f} expected at the reference rate. "
            f"Reports are practically complete up to {stream.settled_to}.",
            highlight=False,
        )
