"""`tocsin accord`: who must act, with what power, by when; and proof that nobody can let it drop.

MAP is a file, several files (a later one's lines go first), or the name of a map that comes with Tocsin: england-2010, england-2014,
england-2019, england-2026, tocsin-proposed. Exit status: 0 done, no law broken; 1 done, and a law is broken; 2 the map or the question
cannot be used (the message says where and why).
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from tocsin import accord
from tocsin.accord.check import Report
from tocsin.accord.edit import amended_text
from tocsin.accord.finding import PROPERTIES, Finding
from tocsin.accord.model import AccordMap, Case
from tocsin.accord.reference import reference_text
from tocsin.accord.simulate import simulate

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)
_out = Console()
_err = Console(stderr=True)
T = TypeVar("T")
_LIMITS = (
    "This shows whom a map names, what it asks, and what follows when nobody acts. "
    "It cannot show that a body would have acted, or that any one outcome would have been different."
)

Maps = Annotated[list[str], typer.Argument(metavar="MAP...", help="Files, or the name of a shipped map.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]


@app.command()
def check(
    maps: Maps,
    silent: Annotated[int, typer.Option(help="How many silent bodies are tried.", min=0, max=2)] = 2,
    as_json: AsJson = False,
    sarif: Annotated[bool, typer.Option("--sarif", help="Print SARIF 2.1.0, which code hosts show beside the lines.")] = False,
) -> None:
    """Prove or refute what a map guarantees; each finding with a dated story, its lines, and lines that would mend it.

    Examples:

      tocsin accord check england-2026

      tocsin accord check england-2026.yaml our-region.yaml --json

      tocsin accord check tocsin-proposed --sarif > findings.sarif
    """
    map_ = _map(maps)
    with Progress(TextColumn("{task.description}"), BarColumn(), console=_err, transient=True) as bar:
        task = bar.add_task("Checking", total=None)
        report = accord.check(
            map_, silent=silent, progress=lambda what, done, of: bar.update(task, description=what, completed=done, total=of)
        )
    if sarif:
        print(json.dumps(_sarif(report), indent=1))
    elif as_json:
        print(json.dumps(_plain(map_, report)))
    else:
        _say(map_, report)
    if not report.lawful:
        raise typer.Exit(1)


@app.command()
def show(
    maps: Maps,
    concern: Annotated[str, typer.Option(help="Kind of concern.")] = "outcome-signal",
    provider: Annotated[str, typer.Option(help="Kind of provider.")] = "nhs-trust",
    day: Annotated[str | None, typer.Option(help="Day on which it is raised, YYYY-MM-DD; the map's first if not given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Who would hold a concern, what each must do by when, and what follows if nobody acts.

    Examples:

      tocsin accord show england-2026 --concern conduct --provider nhs-trust --day 2026-06-01

      tocsin accord show tocsin-proposed --json
    """
    map_ = _map(maps)
    case = _case(map_, concern, provider)
    raised = _or_exit(lambda: date.fromisoformat(day)) if day else map_.since
    at = datetime.combine(raised, time(12), ZoneInfo(map_.timezone))
    found = accord.state(map_, case, [accord.Event("0", accord.What.RAISED, at)], at)
    if as_json:
        print(json.dumps(_jsonable(asdict(found))))
        return
    if found.holder is None:
        _out.print(f"On {raised} nobody would hold it: {case}.", highlight=False)
        raise typer.Exit(1)
    power = found.power.word.replace("-", " ") if found.power else "none over the provider"
    _out.print(f"{map_.bodies[found.holder.body].name} holds it from {raised}. Its strongest power: {power}.", highlight=False)
    for owed in found.obligations:
        due = f"by {owed.due}" if owed.due else "with no day set"
        _out.print(f"  {map_.bodies[owed.body].name} must {owed.must}, {due}. Basis: {owed.basis}.", highlight=False)
    _out.print("If nobody acts:", highlight=False)
    for step in found.ahead:
        to = map_.bodies[step.to].name if step.to else "nobody; it stays, overdue"
        _out.print(f"  {step.day}: by {step.reason.value.replace('-', ' ')} it passes to {to}.", highlight=False)
    if not found.ahead:
        _out.print("  nothing follows: no day is set.", highlight=False)


@app.command()
def replay(
    history: Annotated[str, typer.Argument(help="A file, or east-kent, morecambe-bay or shrewsbury-and-telford.")],
    under: Annotated[list[str] | None, typer.Option("--under", help="A map; may be given again. All shipped maps if none.")] = None,
    as_json: AsJson = False,
) -> None:
    """Set what happened beside what each map would have required, had it been in force.

    Examples:

      tocsin accord replay east-kent

      tocsin accord replay east-kent --under england-2014 --under tocsin-proposed --json
    """
    text = _or_exit(lambda: accord.shipped_history(history) if history in accord.HISTORIES else Path(history).read_text("utf-8"))
    told = _or_exit(lambda: accord.read_history(text, history))
    maps = {name: _map([name]) for name in under or accord.SHIPPED}
    found = _or_exit(lambda: accord.replay(told, maps))
    if as_json:
        print(json.dumps([{"fact": r.fact.model_dump(mode="json"), "answers": _jsonable([asdict(a) for a in r.answers])} for r in found]))
        return
    _out.print(f"[bold]{told.name}[/bold]", highlight=False)
    facts = {r.fact: r for r in found}
    for fact in told.facts:
        when = {"day": f"{fact.date}", "month": f"{fact.date:%B %Y}", "year": f"{fact.date:%Y}"}[fact.precision]
        acted = " A body with binding power acted." if fact.acted else ""
        _out.print(f"\n{when}: {fact.what}{acted} [{fact.source}]", highlight=False, markup=False)
        if fact not in facts:
            continue
        table = Table("Map", "Would hold it", "Must act by", "If all stay silent, binding power from", "Births after that day")
        for a in facts[fact].answers:
            binding = f"{a.binding} ({a.binding_body})" if a.binding else "never"
            births = "" if a.binding is None else f"about {a.births_after:,}" if a.births_after is not None else "not published"
            table.add_row(a.map, a.holder or "nobody", str(a.due or "no day set") if a.holder else "", binding, births)
        _out.print(table)
    for harm in told.harms:
        _out.print(f"\nReviewed harms: {harm.number:,} {harm.what} [{harm.source}]", highlight=False, markup=False)
    for words in told.differ:
        _out.print(f"Where sources differ: {words}", highlight=False, markup=False)
    _out.print(f"\n{_LIMITS}", highlight=False)


@app.command(name="simulate")
def simulate_(
    maps: Maps,
    concern: Annotated[str, typer.Option(help="Kind of concern.")] = "outcome-signal",
    provider: Annotated[str, typer.Option(help="Kind of provider.")] = "nhs-trust",
    silence: Annotated[float, typer.Option(help="Chance that a body never answers.", min=0, max=1)] = 0.2,
    refusal: Annotated[float, typer.Option(help="Chance that one that answers refuses.", min=0, max=1)] = 0.1,
    runs: Annotated[int, typer.Option(help="How many concerns are imagined.", min=1)] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the chances.")] = 1,
    as_json: AsJson = False,
) -> None:
    """How long until binding power when bodies answer as bodies do: some never, some late, their acts without effect.

    Example: tocsin accord simulate tocsin-proposed --silence 0.3
    """
    map_ = _map(maps)
    found = _or_exit(lambda: simulate(map_, _case(map_, concern, provider), silence=silence, refusal=refusal, runs=runs, seed=seed))
    if as_json:
        print(json.dumps(asdict(found)))
        return
    days = ", ".join(f"{q} of 100 within {'no time that was tried' if d is None else f'{d} days'}" for q, d in found.percentiles.items())
    _out.print(f"Binding power: {days}; never in {100 * found.never:.1f} of 100.", highlight=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a map, for editors. Example: tocsin accord schema > accord.schema.json"""
    print(json.dumps(accord.json_schema(), indent=1))


@app.command()
def reference() -> None:
    """Print the reference of the language and the properties, as in docs/reference/accord.md. Example: tocsin accord reference"""
    print(reference_text(), end="")


@app.command()
def diagram(
    maps: Maps,
    concern: Annotated[str, typer.Option(help="Kind of concern.")] = "outcome-signal",
    provider: Annotated[str, typer.Option(help="Kind of provider.")] = "nhs-trust",
) -> None:
    """Print who passes to whom and why, in Graphviz's DOT. Example: tocsin accord diagram england-2026 | dot -Tsvg > map.svg"""
    map_ = _map(maps)
    case = _case(map_, concern, provider)
    print("digraph accord {\n  rankdir=BT; node [shape=box];")
    for body in map_.bodies.values():
        if body.dated(map_.since):
            print(f"  {json.dumps(body.id)} [label={json.dumps(body.name)}];")
    for line in map_.handovers:
        if line.concerns_case(case):
            why = ", ".join(sorted(w.value for w in line.when))
            print(f"  {json.dumps(line.body)} -> {json.dumps(line.to)} [label={json.dumps(why)}];")
    print("}")


@app.command()
def amend(
    file: Annotated[Path, typer.Argument(help="The map's file.")],
    finding: Annotated[str | None, typer.Option(help="Code of the findings to mend, such as A9; all that can be mended if none.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Change the file instead of printing the new text.")] = False,
) -> None:
    """Add the lines that mend what the checker found, one finding after another; comments and all other lines stay as they are.

    Example: tocsin accord amend our-region.yaml --finding A12
    """
    text = _or_exit(lambda: file.read_text("utf-8"))
    mended = 0
    for _ in range(50):
        report = accord.check(_or_exit(partial(accord.read_map, {file.name: text})))
        open_ = [f for f in report.findings if f.amendment and finding in (None, f.code)]
        if not open_:
            break
        text = _or_exit(partial(amended_text, text, open_[0].amendment, file.name))
        mended += 1
    if write:
        file.write_text(text, "utf-8")
    else:
        print(text, end="")
    _err.print(f"Lines were added for {mended} findings. Every added line is a proposal: 'to be agreed', 'unconfirmed'.", highlight=False)


@app.command()
def put_in_force(
    maps: Maps,
    by: Annotated[str, typer.Option(help="Your name; it stays visible.")],
    override: Annotated[str, typer.Option(help="Why, where the map breaks a law; it stays visible.")] = "",
) -> None:
    """Put a map in force on the pages. One that breaks a law is refused (exit status 1) unless a reason is given.

    Example: tocsin accord put-in-force england-2026.yaml our-region.yaml --by "A. Name"
    """
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.web.settings")
    django.setup()
    from tocsin.web.accord import actions

    files = _or_exit(lambda: _texts(maps))
    try:
        found = _or_exit(lambda: actions.put_in_force(files=files, by=by, override=override))
    except actions.AccordRefuses as refusal:
        print(refusal, file=sys.stderr)
        raise typer.Exit(1) from None
    print(f"{found.name} is in force (version {found.content_print[:12]}).")


def _texts(names: list[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name in names:
        texts |= accord.shipped(name) if name in accord.SHIPPED else {name: Path(name).read_text("utf-8")}
    return texts


def _map(names: list[str]) -> AccordMap:
    return _or_exit(lambda: accord.read_map(_texts(names)))


def _case(map_: AccordMap, concern: str, provider: str) -> Case:
    for word, known, what in ((concern, map_.concerns, "--concern"), (provider, map_.providers, "--provider")):
        if word not in known:
            _stop(f"{what}: there is no '{word}' in the map. Known: {', '.join(known)}")
    return Case(concern, provider)


def _say(map_: AccordMap, report: Report) -> None:
    for f in report.findings:
        _out.print(f"\n[bold]{f.code} {f.severity.value}[/bold]: {PROPERTIES[f.code]}", highlight=False)
        _out.print(f"  {f.what}.", highlight=False, markup=False)
        more = f"; so it is for {f.cases} kinds of concern" if f.cases > 1 else ""
        _out.print(f"  At {', '.join(map(str, f.places))}{more}.", highlight=False, markup=False)
        _out.print(f"  {f.story}", highlight=False, markup=False)
        if f.amendment:
            _out.print("  What would mend it:", highlight=False)
            for line in f.amendment.splitlines():
                _out.print(f"    {line}", highlight=False, markup=False, soft_wrap=True)
    table = Table("Silent bodies", "Longest time to binding power", "Raised on", "Concern")
    for silent in range(3):
        times = [(w, case) for case, ws in report.worst.items() for w in ws if w.silent == silent]
        if times:
            w, case = max(times, key=lambda t: (t[0].days is None, t[0].days or 0))
            table.add_row(str(silent), "never" if w.days is None else f"{w.days} days", str(w.raised), str(case))
    _out.print(table)
    errors = sum(f.severity == "error" for f in report.findings)
    counts = f"{errors} errors, {len(report.findings) - errors} warnings" if report.findings else "every property holds"
    _out.print(f"{map_.name}: {report.cases} kinds of concern, {report.stretches} stretches of days: {counts}.", highlight=False)


def _plain(map_: AccordMap, report: Report) -> dict[str, Any]:
    return {
        "map": map_.name, "lawful": report.lawful, "cases": report.cases, "stretches": report.stretches,
        "findings": [_finding(f) for f in report.findings],
        "worst": [
            {"concern": c.concern, "provider": c.provider, "silent": w.silent, "days": w.days, "raised": w.raised.isoformat()}
            for c, ws in report.worst.items() for w in ws
        ],
    }  # fmt: skip


def _finding(f: Finding) -> dict[str, Any]:
    return {
        "code": f.code, "severity": f.severity.value, "property": PROPERTIES[f.code], "what": f.what,
        "places": [{"file": p.file, "line": p.line} for p in f.places], "concern": f.case.concern, "provider": f.case.provider,
        "day": f.day.isoformat(), "story": f.story, "events": _jsonable([asdict(e) for e in f.events]), "cases": f.cases,
        "since": f.since.isoformat() if f.since else None, "until": f.until.isoformat() if f.until else None, "amendment": f.amendment,
    }  # fmt: skip


def _sarif(report: Report) -> dict[str, Any]:
    rules = [{"id": code, "shortDescription": {"text": words}} for code, words in PROPERTIES.items()]
    results = [
        {
            "ruleId": f.code, "level": f.severity.value, "message": {"text": f"{f.what}. {f.story}"},
            "locations": [
                {"physicalLocation": {"artifactLocation": {"uri": p.file}, "region": {"startLine": p.line}}} for p in f.places
            ],
        }
        for f in report.findings
    ]  # fmt: skip
    driver = {"name": "tocsin accord", "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def _jsonable(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda v: v.isoformat() if isinstance(v, date | datetime) else sorted(map(str, v))))


def _or_exit(question: Callable[[], T]) -> T:
    try:
        return question()
    except (ValueError, OSError) as error:
        _stop(str(error))


def _stop(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(2)
