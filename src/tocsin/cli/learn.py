"""`tocsin learn`: what a report says, and whether it has been said before.

Exit status: 0 done, nothing came back; 1 done, and something has been said before; 2 the file or the question cannot be used.
"""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from tocsin import learn
from tocsin.cli import learn_register, learn_taxonomy
from tocsin.learn.register import earlier_items
from tocsin.learn.register import register as shipped

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)
app.add_typer(learn_register.app, name="register")
app.command("taxonomy")(learn_taxonomy.taxonomy)
_out = Console()
File = Annotated[str, typer.Argument(metavar="FILE", help="A report: PDF, DOCX, HTML or text.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]


@app.command()
def read(file: File, as_json: AsJson = False) -> None:
    """What a report says: its recommendations and failings, each with its page and the failing that it is about.

    Examples:

      tocsin learn read report.pdf

      tocsin learn read report.pdf --json > report.json
    """
    report = _read(file)
    telling = [p for p in report.passages if p.kind in (learn.Kind.RECOMMENDATION, learn.Kind.FAILING)]
    links = learn.link([p.text for p in telling])
    if as_json:
        found = report.as_json()
        found["links"] = [
            {"page": p.page, "text": p.text, "failings": [{"id": x.failing, "probability": round(x.score, 3)} for x in these]}
            for p, these in zip(telling, links, strict=True)
        ]
        print(json.dumps(found))
        return
    for name in ("title", "date", "body", "provider"):
        value = getattr(report, name)
        _say(f"{name.capitalize()}: {f'{value.value} (page {value.page})' if value else 'not found'}")
    if report.scanned_pages:
        _say(f"Pages that are pictures, not read: {', '.join(map(str, report.scanned_pages))}. With tocsin[ocr] installed they are.")
    if report.recognised_pages:
        _say(f"Pages that are pictures, read by character recognition: {', '.join(map(str, report.recognised_pages))}. Check their words.")
    for passage, these in zip(telling, links, strict=True):
        number = f" {passage.number}" if passage.number else ""
        about = f"{learn.load()[these[0].failing].name}, {these[0].score:.0%} likely" if these else "not linked"
        _say(f"\nPage {passage.page}, {passage.kind.value}{number}: {passage.text}\n  About: {about}.")


@app.command()
def recurs(
    file: File,
    register: Annotated[
        str | None,
        typer.Option(
            help="Earlier items, one JSON object a line: id, text, report, on, and if known provider, done_on. If not given, the register that "
            "comes with Tocsin."
        ),
    ] = None,
    on: Annotated[str | None, typer.Option(help="Day of the report, YYYY-MM-DD; only earlier items count.")] = None,
    least: Annotated[float, typer.Option(help="How near an earlier item must be, -1 to 1.", min=-1, max=1)] = 0.45,
    as_json: AsJson = False,
) -> None:
    """For each recommendation and failing of a report, the earlier ones that say the same.

    Examples:

      tocsin learn recurs report.pdf --on 2026-06-30

      tocsin learn recurs report.pdf --register register.jsonl

      tocsin learn recurs report.pdf --register register.jsonl --on 2026-06-30 --json
    """
    items = _items(register) if register else list(earlier_items(shipped().reports))
    try:
        day = date.fromisoformat(on) if on else None
    except ValueError:
        _stop(f"--on: {on!r} is not a day; write it as 2026-06-30")
    telling = [p for p in _read(file).passages if p.kind in (learn.Kind.RECOMMENDATION, learn.Kind.FAILING)]
    items = [item for item in items if day is None or item.on < day]
    near = learn.similarity([p.text for p in telling], [item.text for item in items])
    found = []
    for passage, row in zip(telling, near, strict=True):
        earlier = [(items[i], float(row[i])) for i in row.argsort()[::-1][:5] if row[i] >= least]
        if earlier:
            found.append((passage, earlier))
    if as_json:
        rows = [
            {
                "page": p.page,
                "text": p.text,
                "earlier": [
                    {"id": i.id, "report": i.report, "on": i.on.isoformat(), "text": i.text, "similarity": round(s, 3)} for i, s in e
                ],
            }
            for p, e in found
        ]
        print(json.dumps(rows))
    else:
        for passage, earlier in found:
            _say(f"\nPage {passage.page}: {passage.text}")
            for item, score in earlier:
                done = f", marked as done {item.done_on}" if item.done_on else ""
                _say(f"  {item.on}, {item.report}{done} ({score:.2f}): {item.text}")
        _say(f"\n{len(found)} of {len(telling)} recommendations and failings have been said before.")
    if found:
        raise typer.Exit(1)


@app.command()
def similar(
    first: Annotated[str, typer.Argument(help="A passage.")],
    second: Annotated[str, typer.Argument(help="Another.")],
    as_json: AsJson = False,
) -> None:
    """How much two passages say the same failing, from -1 to 1.

    Example:

      tocsin learn similar "Nobody called the consultant." "Escalation to a senior was delayed."
    """
    value = float(learn.similarity([first], [second])[0, 0])
    links = learn.link([first, second], top=1)
    about = [these[0].failing if these else None for these in links]
    if as_json:
        print(json.dumps({"similarity": round(value, 4), "failings": about}))
    else:
        _say(f"{value:.2f}. The first is nearest to {about[0]}, the second to {about[1]}.")


def _read(file: str) -> learn.Report:
    try:
        return learn.read(file)
    except learn.Unreadable as wrong:
        _stop(str(wrong))


def _items(register: str) -> list[learn.Item]:
    try:
        lines = Path(register).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        _stop(f"{register}: cannot be read: {wrong}")
    out = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
                done = date.fromisoformat(row["done_on"]) if row.get("done_on") else None
                out.append(learn.Item(row["id"], row["text"], row["report"], date.fromisoformat(row["on"]), row.get("provider"), done))
            except (ValueError, KeyError, TypeError, AttributeError) as wrong:
                _stop(f"{register}:{number}: one JSON object with id, text, report and on (YYYY-MM-DD) is expected: {wrong}")
    return out


def _say(text: str) -> None:
    _out.print(text, highlight=False, markup=False)


def _stop(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    raise typer.Exit(2)
