"""`tocsin fhir`: reported events in, signals and counts out, in the shapes of FHIR R4.

Exit status: 0 done; 1 something was refused and put aside; 2 the question or the file cannot be used, and the message says why.
"""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from tocsin.cli.record import _begin

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Files = Annotated[list[Path], typer.Argument(help="JSON (one resource, a list, a Bundle) or NDJSON (one resource a line).", exists=True, dir_okay=False)]


@app.callback()
def _room() -> None:
    """Reported events in, signals and counts out, in the shapes of FHIR R4."""


@app.command()
def check(files: Files, as_json: AsJson = False) -> None:
    """Say of each AdverseEvent in the files what would be read from it, or what is wrong and where. Nothing is kept.

    Examples:

      tocsin fhir check events.json

      tocsin fhir check events.ndjson --json
    """
    from tocsin import fhir

    told, bad = [], 0
    for path, found, event in _events(files):
        if isinstance(event, fhir.Refused):
            bad += 1
            told.append({"file": str(path), "place": found.place, "faults": _faults(event)})
        else:
            said = fhir.reported(event)
            told.append({
                "file": str(path), "place": found.place, "organisations": said.organisations, "happened": said.happened and said.happened.isoformat(),
                "physical": said.physical, "psychological": said.psychological, "rings": said.rings, "grave": said.grave,
                "taken_out": fhir.without_names(event)[1],
            })  # fmt: skip
    if as_json:
        print(json.dumps(told))
    for one in told if not as_json else ():
        where = f"{one['file']}, {one['place']}"
        if "faults" in one:
            _complain(where, one["faults"])
        else:
            harm = "not said" if one["physical"] is None else one["physical"].name.lower()
            print(f"{where}: {one['happened'] or 'no day'}, {', '.join(one['organisations']) or 'no provider'}, physical harm {harm}")
    if bad:
        raise typer.Exit(1)


@app.command(name="import")
def import_(
    files: Files,
    body: Annotated[str, typer.Option(help="Code of the body that sends them; none: this Tocsin itself.")] = "",
    aside: Annotated[Path | None, typer.Option(help="Where to put what was refused; default FILE.refused.ndjson beside each file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take in the AdverseEvents of the files. What is refused is named by its place and put aside; the good ones beside it go in.

    An event that was taken in before is not taken in twice. Examples:

      tocsin fhir import events.json

      tocsin fhir import monday.ndjson tuesday.ndjson --body RXX --json
    """
    from tocsin import fhir

    _begin()
    from tocsin.web.fhir.actions import take_in
    from tocsin.web.people.models import Body
    from tocsin.web.record.acting import TOCSIN, acting_as

    sender = Body.objects.filter(code=body).first() if body else None
    if body and sender is None:
        print(f"there is no body with the code {body} here", file=sys.stderr)
        raise typer.Exit(2)
    counted = {"new": 0, "changed": 0, "known": 0, "refused": 0}
    refused: dict[Path, list[dict[str, Any]]] = {}
    for path, found, event in _events(files):
        error = event if isinstance(event, fhir.Refused) else None
        if not isinstance(event, fhir.Refused):
            try:
                with acting_as(TOCSIN):
                    taken = take_in(event=event, body=sender, by=None)
            except fhir.Refused as problem:
                error = problem
            else:
                counted["new" if taken.new else "known" if "before" in " ".join(taken.said) else "changed"] += 1
        if error is not None:
            counted["refused"] += 1
            refused.setdefault(path, []).append({"place": found.place, "faults": _faults(error), "resource": found.value})
    written = _put_aside(refused, aside)
    if as_json:
        print(json.dumps(counted | {"aside": [str(w) for w in written]}))
    else:
        for path, rows in refused.items():
            for row in rows:
                _complain(f"{path}, {row['place']}", row["faults"])
        print(f"{counted['new']} new, {counted['changed']} told again with other content, {counted['known']} known, {counted['refused']} refused")
        for place in written:
            print(f"refused ones are in {place}")
    if counted["refused"]:
        raise typer.Exit(1)


@app.command()
def export(
    kind: Annotated[str, typer.Argument(help="DetectedIssue, MeasureReport, AdverseEvent or Organization.")],
    provider: Annotated[str, typer.Option(help="Code of one provider; none: all.")] = "",
) -> None:
    """Print all resources of a kind as NDJSON, restricted concerns too.

    Example: tocsin fhir export DetectedIssue --provider RXX > issues.ndjson
    """
    _begin()
    from django.conf import settings

    from tocsin import fhir
    from tocsin.web.fhir import queries
    from tocsin.web.record.acting import TOCSIN, acting_as

    def pages() -> Iterator[Any]:
        after: Any = None
        while True:
            found, after = _page(queries, kind, provider, after)
            yield from found
            if after is None:
                return

    with acting_as(TOCSIN):
        for one in pages():
            resource = one
            if kind == "DetectedIssue":
                resource = fhir.detected_issue(one)
            elif kind == "MeasureReport":
                resource = fhir.measure_report(one, hide_below=settings.SUPPRESS_BELOW)
            if resource is not None:
                print(fhir.to_json(resource.out()))


@app.command()
def counts(as_json: AsJson = False) -> None:
    """Print how many events were reported by site and month, as CSV that the watch reads.

    Columns: site, date (first day of the month), events, grave (severe harm or death), died. Example:

      tocsin fhir counts > reported.csv
    """
    _begin()
    from tocsin.web.fhir import queries
    from tocsin.web.record.acting import TOCSIN, acting_as

    with acting_as(TOCSIN):
        rows = queries.counts()
    if as_json:
        print(json.dumps(rows))
        return
    out = csv.DictWriter(sys.stdout, ["site", "date", "events", "grave", "died"], lineterminator="\n")
    out.writeheader()
    out.writerows(rows)


@app.command()
def erase(
    event: Annotated[UUID, typer.Argument(help="Number of the event.")], reason: Annotated[str, typer.Option(help="Why; it stays visible.")]
) -> None:
    """Erase what was told of an event. That there was one, its day and its harm stay, and the record still verifies.

    Example: tocsin fhir erase 0b6d2f3e-8f0a-4b52-9d6c-2d6c4f7f8a11 --reason "asked for by the family"
    """
    _begin()
    from tocsin.web.fhir import actions
    from tocsin.web.fhir.models import ReportedEvent

    try:
        actions.erase(event=event, reason=reason)
    except ReportedEvent.DoesNotExist:
        print(f"there is no event {event} here", file=sys.stderr)
        raise typer.Exit(2) from None
    print("Erased. Copies of the database that were made before still hold it until they are deleted.")


def _page(queries: Any, kind: str, provider: str, after: Any) -> tuple[list[Any], Any]:
    match kind:
        case "DetectedIssue" | "MeasureReport":
            found = queries.signals(provider=provider, counted=kind == "MeasureReport", after=after or 0, limit=200)
        case "AdverseEvent":
            found = queries.events(provider=provider, after=after, limit=200)
        case "Organization":
            found = queries.organizations(code=provider, after=after or "", limit=200)
        case _:
            print("choose DetectedIssue, MeasureReport, AdverseEvent or Organization", file=sys.stderr)
            raise typer.Exit(2)
    return found  # type: ignore[no-any-return]


def _events(files: list[Path]) -> Iterator[tuple[Path, Any, Any]]:
    from tocsin import fhir

    for path in files:
        try:
            for found, event in fhir.events(fhir.in_file(path.read_bytes())):
                yield path, found, event
        except (fhir.Refused, OSError) as error:
            print(f"{path} {error}" if isinstance(error, fhir.Refused) else error, file=sys.stderr)
            raise typer.Exit(2) from None


def _faults(error: Any) -> list[dict[str, str]]:
    return [{"place": f.place, "code": f.code, "words": f.words} for f in error.faults]


def _complain(where: str, faults: list[dict[str, str]]) -> None:
    for fault in faults:
        print(f"{where}: {fault['place']} {fault['words']}", file=sys.stderr)


def _put_aside(refused: dict[Path, list[dict[str, Any]]], aside: Path | None) -> list[Path]:
    from tocsin import fhir

    written: dict[Path, list[str]] = {}
    for path, rows in refused.items():
        place = aside or path.with_name(f"{path.name}.refused.ndjson")
        written.setdefault(place, []).extend(fhir.to_json({"file": path.name} | row) for row in rows)
    for place, lines in written.items():
        place.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return list(written)
