"""`tocsin learn register`: what inquiries recommended and found wrong, and what became of it.

Exit status: 0 done; 1 nothing in the register fits; 2 the question or the files cannot be used.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tocsin.learn import register as shelf
from tocsin.learn import taxonomy

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)
_out = Console()
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
Folder = Annotated[
    Path | None, typer.Option("--from", help="A folder of your own with one YAML file a report, instead of the shipped register.")
]


class Form(StrEnum):
    JSON = "json"
    CSV = "csv"
    JSONLD = "jsonld"


@app.command("list")
def list_(
    report: Annotated[str | None, typer.Option(help="Only items of this report.")] = None,
    failing: Annotated[str | None, typer.Option(help="Only items about this failing of the taxonomy.")] = None,
    kind: Annotated[shelf.ItemKind | None, typer.Option(help="Only recommendations, or only failings.")] = None,
    nation: Annotated[shelf.Nation | None, typer.Option(help="Only reports on this nation.")] = None,
    accepted: Annotated[shelf.Accepted | None, typer.Option(help="Only items that were answered so.")] = None,
    status: Annotated[shelf.Status | None, typer.Option(help="Only items that stand so, on evidence.")] = None,
    since: Annotated[str | None, typer.Option(help="Only reports of this day or later: 2015, 2015-03 or 2015-03-03.")] = None,
    until: Annotated[str | None, typer.Option(help="Only reports of this day or earlier.")] = None,
    words: Annotated[str | None, typer.Option(help="Only items whose text has all of these words.")] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Items of the register, oldest first.

    Examples:

      tocsin learn register list --report 2015-morecambe-bay

      tocsin learn register list --failing consultants-do-not-round

      tocsin learn register list --kind recommendation --status shown-not-to-work --json
    """
    found = _open(folder)
    first, last = _day(since, "--since"), _day(until, "--until")
    if failing and failing not in {known.id for known in taxonomy.load().failings}:
        _stop(f"--failing: the taxonomy has no failing {failing!r}")
    if report and report not in {known.id for known in found.reports}:
        _stop(f"--report: the register has no report {report!r}; `tocsin learn register reports` names them")
    wanted = (words or "").casefold().split()

    def fits(item: shelf.Item) -> bool:
        of = found.report(item.id)
        return (
            (report is None or item.report == report)
            and (failing is None or failing in item.failings)
            and (kind is None or item.kind is kind)
            and (nation is None or nation in of.nations)
            and (accepted is None or item.reply.accepted is accepted)
            and (status is None or item.evidence.status is status)
            and (first is None or of.published.last >= first.first)
            and (last is None or of.published.first <= last.last)
            and all(word in item.text.casefold() for word in wanted)
        )

    chosen = [item for item in found.items if fits(item)]
    if as_json:
        print(json.dumps([item.model_dump(mode="json") for item in chosen]))
    else:
        for item in chosen:
            _say(f"{item.id} ({found.report(item.id).published}, {item.kind.value}): {item.text}")
            _say(f"  {_where(item)}")
        _say(f"\n{len(chosen)} of {len(found.items)} items.")
    if not chosen:
        raise typer.Exit(1)


@app.command()
def reports(folder: Folder = None, as_json: AsJson = False) -> None:
    """The reports that the register knows, oldest first.

    Example:

      tocsin learn register reports
    """
    found = _open(folder)
    if as_json:
        print(json.dumps([{**report.model_dump(mode="json", exclude={"items"}), "items": len(report.items)} for report in found.reports]))
        return
    for report in found.reports:
        _say(f"{report.id} ({report.published}, {', '.join(report.nations)}): {report.title}. {report.body}. {len(report.items)} items.")


@app.command()
def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="An item, such as 2022-reading-the-signals/r1, or a report.")],
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """One item with its source, reply, status and history; or one report with its items.

    Examples:

      tocsin learn register show 2022-reading-the-signals/r1

      tocsin learn register show 2006-northwick-park
    """
    found = _open(folder)
    try:
        report = found.report(id)
        item = found[id] if "/" in id else None
    except KeyError as wrong:
        _stop(str(wrong.args[0]))
    if item is None:
        if as_json:
            print(json.dumps(report.model_dump(mode="json")))
            return
        for line in _report(report):
            _say(line)
        return
    family = [other for other in found.family(id) if other.id != id]
    if as_json:
        print(json.dumps({**item.model_dump(mode="json"), "history": [other.id for other in family]}))
        return
    for line in _item(found, item):
        _say(line)
    if family:
        _say("\nThe same, before and after:")
        for other in family:
            _say(f"  {found.report(other.id).published}, {other.id}, {other.kind.value}: {other.text}")


@app.command()
def export(
    form: Annotated[
        Form, typer.Option("--as", help="json: everything. csv: one line an item. jsonld: schema.org, for harvesting.")
    ] = Form.JSON,
    to: Annotated[Path | None, typer.Option(help="File to write; else it is printed.")] = None,
    base: Annotated[
        str, typer.Option(help="For jsonld: what comes before ids, such as your address of the register.")
    ] = "urn:tocsin:register:",
    folder: Folder = None,
) -> None:
    """The whole register for others.

    Examples:

      tocsin learn register export --as csv --to register.csv

      tocsin learn register export --as jsonld --base https://tocsin.example/learn/register/ --to register.jsonld
    """
    found = _open(folder)
    if form is Form.CSV:
        text = shelf.as_csv(found.reports)
    else:
        whole = shelf.as_json(found.reports) if form is Form.JSON else shelf.as_jsonld(found.reports, base)
        text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
    if to is None:
        sys.stdout.write(text)
        return
    try:
        to.write_text(text, "utf-8")
    except OSError as wrong:
        _stop(f"{to}: cannot be written: {wrong.strerror}")
    _say(f"{to}: {len(found.items)} items of {len(found.reports)} reports.")


@app.command()
def count(folder: Folder = None, as_json: AsJson = False) -> None:
    """How much the register holds, and how much of it is known.

    Example:

      tocsin learn register count
    """
    counts = shelf.count(_open(folder))
    if as_json:
        print(json.dumps(asdict(counts)))
        return
    for name, value in asdict(counts).items():
        shown = "; ".join(f"{key} {number}" for key, number in value.items()) if isinstance(value, dict) else value
        _say(f"{name.replace('_', ' ')}: {shown}")


@app.command()
def check(folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="One YAML file a report.")]) -> None:
    """Whether files of your own can be read; every fault with its file and line.

    Example:

      tocsin learn register check my-register/
    """
    found = _open(folder)
    _say(f"{folder}: {len(found.reports)} reports with {len(found.items)} items; no fault.")


@app.command()
def load(folder: Folder = None) -> None:
    """Bring the shipped register, or one of your own, into the database that the pages show. What stands there unchanged is left alone.

    Example: tocsin learn register load
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.web.settings")
    import django

    given = _open(folder)
    django.setup()
    from tocsin.web.learn import shipped

    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)
        changed = shipped.load(given, lambda what, done, of: bar.update(task, description=what, completed=done, total=of))
    _say(f"{len(given.reports)} reports; {changed} of them new or changed.")


def _open(folder: Path | None) -> shelf.Register:
    if folder is None:
        return shelf.register()
    try:
        texts = {path.name: path.read_text("utf-8") for path in sorted(folder.iterdir()) if path.suffix == ".yaml"}
    except (OSError, UnicodeDecodeError) as wrong:
        _stop(f"{folder}: cannot be read: {wrong}")
    if not texts:
        _stop(f"{folder}: no file here ends in .yaml; one a report is expected")
    try:
        return shelf.read_register(texts)
    except shelf.RegisterError as wrong:
        _stop(str(wrong))


def _where(item: shelf.Item) -> str:
    number = f"number {item.number}, " if item.number else ""
    page = f"page {item.page}" if item.page else f"paragraph {item.paragraph}" if item.paragraph else "page not known"
    unconfirmed = "; not confirmed by any page that was seen" if item.unconfirmed else ""
    reply = f"; reply: {item.reply.accepted.value}" if item.kind is shelf.ItemKind.RECOMMENDATION else ""
    status = f"; status: {item.evidence.status.value}" if item.kind is shelf.ItemKind.RECOMMENDATION else ""
    return f"{number}{page}; about {', '.join(item.failings)}{reply}{status}{unconfirmed}"


def _report(report: shelf.Report) -> Iterator[str]:
    yield f"{report.title}\n{report.body}, {report.published} ({report.kind.value}; {', '.join(report.nations)})"
    for provider in report.providers:
        yield f"About: {provider.name}{f' ({provider.ods})' if provider.ods else ''}"
    if report.note:
        yield f"Note: {report.note}"
    for source in report.sources:
        yield f"Source ({source.seen.value.replace('-', ' ')}): {source.document}, {source.address}"
    for item in report.items:
        yield f"\n{item.id}: {item.text}\n  {_where(item)}"


def _item(found: shelf.Register, item: shelf.Item) -> Iterator[str]:
    report = found.report(item.id)
    source = report.source(item.source)
    yield f"{item.text}\n\n{item.id}, {item.kind.value}, {report.published}: {report.title} ({report.body})"
    yield _where(item)
    yield f"Source ({source.seen.value.replace('-', ' ')}): {source.document}, {source.address}"
    if item.addressees:
        yield f"Addressed to: {'; '.join(item.addressees)}"
    if item.cost:
        yield f"Cost: {item.cost}"
    reply = item.reply
    if reply.source or reply.says:
        by = f" by {', '.join(reply.by)}" if reply.by else ""
        said = f". {reply.says}" if reply.says else ""
        address = f" ({report.source(reply.source).address})" if reply.source else ""
        yield f"Reply: {reply.accepted.value}{by}{f', {reply.on}' if reply.on else ''}{said}{address}"
    if reply.grade:
        yield f"The reply as {reply.graded_by} sees it: {reply.grade.value}"
    for action in item.actions:
        yield f"Done{f' {action.on}' if action.on else ''} by {', '.join(action.by)}: {action.what} ({report.source(action.source).address})"
    evidence = item.evidence
    if item.kind is shelf.ItemKind.RECOMMENDATION:
        address = f" ({report.source(evidence.source).address})" if evidence.source else ""
        yield f"On evidence: {evidence.status.value}{f', {evidence.on}' if evidence.on else ''}. {evidence.why}{address}"
    if item.next_review:
        yield f"To be looked at again: {item.next_review}"


def _day(given: str | None, name: str) -> shelf.When | None:
    try:
        return shelf.When.of(given) if given else None
    except ValueError as wrong:
        _stop(f"{name}: {wrong}")


def _say(text: str) -> None:
    _out.print(text, highlight=False, markup=False, soft_wrap=True)


def _stop(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    raise typer.Exit(2)
