"""`tocsin review standards`: what had been agreed of good care, and what of it counted on a day.

Exit status: 0 done; 1 `check` found something amiss, or `diff` a difference; 2 the file or the question cannot be used.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar

import typer
from rich.console import Console

from tocsin import review
from tocsin.review.standards import reference_text

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)
T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
Own = Annotated[list[Path] | None, typer.Option("--own", help="File of your own standards beside the shipped; may be given again.")]
Key = Annotated[str, typer.Argument(metavar="STANDARD", help="id@version, or an id for its latest version.")]
Area = Annotated[str | None, typer.Option(help="Only this area of care.")]
_out = Console(highlight=False, markup=False, soft_wrap=not sys.stdout.isatty())


@app.command("list")
def list_(area: Area = None, own: Own = None, as_json: AsJson = False) -> None:
    """Every version of every standard, old and new.

    Examples:

      tocsin review standards list

      tocsin review standards list --area caesarean --json
    """
    library = _library(own)
    order = list(review.AREAS)
    _print(sorted(library.standards, key=lambda s: (order.index(s.area), s.id, s.version)), _area(area), as_json)


@app.command()
def on(
    day: Annotated[str, typer.Argument(metavar="DATE", help="Day of care, as 2014-12-03.")],
    area: Area = None,
    own: Own = None,
    as_json: AsJson = False,
) -> None:
    """Standards in force on a day of care.

    Example: tocsin review standards on 2014-12-03 --area fetal-monitoring
    """
    _print(_library(own).on(_day(day, "DATE")), _area(area), as_json)


@app.command()
def show(standard: Key, own: Own = None, as_json: AsJson = False) -> None:
    """One standard in full, with the line of what it superseded.

    Examples:

      tocsin review standards show caesarean.category-1

      tocsin review standards show caesarean.category-1@1 --json
    """
    library = _library(own)
    s = _or_exit(lambda: library[standard])
    if as_json:
        print(json.dumps({**_plain(s), "line": [o.key for o in library.line(s.key)]}, ensure_ascii=False))
        return
    _say(f"{s.title}  [{s.key}]\n\n{s.statement}\n")
    _say(f"Area: {review.AREAS[s.area]}\nIn force: {_period(s)}")
    _say(f"Applies where: {s.applies or 'always'}")
    _say(f"Met where: {s.met or 'only a person can say'}")
    if s.evidence:
        _say(f"Evidence: {s.evidence}")
    published = f" ({s.source.published})" if s.source.published else ""
    _say(f"Source: {s.source}{published}\n  {s.source.address}")
    if s.unconfirmed:
        _say("Not confirmed from a page that was read.")
    if s.note:
        _say(f"Note: {s.note}")
    for older in reversed(library.line(s.key)[:-1]):
        _say(f"Before it: {older.key}, {_period(older)}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="YAML or CSV file of standards.")],
    alone: Annotated[bool, typer.Option("--alone", help="Don't look whether they can stand beside the shipped standards.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read a file of standards and say what in it cannot be used, by line and column.

    Examples:

      tocsin review standards check ours.yaml

      tocsin review standards check ours.csv --json
    """
    standards, faults, kinds = _or_exit(lambda: _read(file))
    said = [str(f) for f in faults]
    if not alone and not faults:
        try:
            review.library().merged(review.Library(tuple(standards), kinds))
        except ValueError as error:
            said.append(f"{file}: {error}")
    if as_json:
        print(json.dumps({"good": [s.key for s in standards], "faults": [asdict(f) for f in faults], "messages": said}, ensure_ascii=False))
    else:
        for line in said:
            _say(line)
        _say(f"{len(standards)} can be used, {len(said)} {'fault' if len(said) == 1 else 'faults'}.")
    raise typer.Exit(1 if said else 0)


@app.command()
def applies(
    facts: Annotated[Path, typer.Argument(help="JSON file: names of facts with their values. One that is not there is not known.")],
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="Day of care, as 2014-12-03.")],
    area_on: Annotated[
        list[str] | None, typer.Option("--area-on", metavar="AREA=DATE", help="Another day for one area; may be given again.")
    ] = None,
    area: Area = None,
    own: Own = None,
    show_all: Annotated[bool, typer.Option("--all", help="List those that do not apply too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Which standards applied to a case, and which were met, not met or not known. A person decides; nothing is graded.

    Examples:

      tocsin review standards applies case.json --on 2014-12-03

      tocsin review standards applies case.json --on 2014-12-03 --area-on antenatal=2014-05-20

      tocsin review standards applies case.json --on 2014-12-03 --area caesarean --json
    """
    library = _library(own)
    read, faults = review.read_facts(_or_exit(lambda: _facts(facts)), library.facts)
    for fault in faults:
        print(f"{facts}: {fault}; left out", file=sys.stderr)
    days = {part.partition("=")[0]: _day(part.partition("=")[2], f"--area-on {part}") for part in area_on or []}
    found = _or_exit(lambda: review.listed(library, read, _day(on, "--on"), days))
    wanted = _area(area)
    found = tuple(x for x in found if (show_all or x.applies is not review.Truth.NO) and wanted in (None, x.standard.area))
    if as_json:
        rows = [
            {
                **_plain(x.standard), "applies_to_case": x.applies, "met_in_case": x.met, "standing": x.standing.name.lower().replace("_", "-"),
                "missing": x.missing,
            }
            for x in found
        ]  # fmt: skip
        print(json.dumps({"on": on, "standards": rows, "left_out": [asdict(f) for f in faults]}, ensure_ascii=False))
        return
    for standing in (
        review.Standing.NOT_MET,
        review.Standing.TO_JUDGE,
        review.Standing.MET,
        review.Standing.MAY_APPLY,
        review.Standing.DOES_NOT_APPLY,
    ):
        of = [x for x in found if x.standing is standing]
        if of:
            _say(f"\n{standing.value.capitalize()}: {len(of)}")
        for x in of:
            _say(f"  {x.standard.title}  [{x.standard.key}]")
            if x.missing:
                _say(f"    would be settled by: {', '.join(x.missing)}")


@app.command()
def facts(group: Annotated[str | None, typer.Option(help="Only this group.")] = None, as_json: AsJson = False) -> None:
    """The dictionary of facts that standards ask for, with the question for a person.

    Example: tocsin review standards facts --group birth
    """
    kinds = [k for k in review.fact_kinds().values() if group in (None, k.group)]
    if not kinds:
        _stop(f"--group: there is no group '{group}'; known: {', '.join(dict.fromkeys(k.group for k in review.fact_kinds().values()))}")
    if as_json:
        print(json.dumps([asdict(k) for k in kinds], ensure_ascii=False))
        return
    for k in kinds:
        detail = ", ".join(part for part in (k.type.value, k.unit) if part)
        _say(f"{k.name} ({detail}): {k.question}")
        for code, words in (k.options or {}).items():
            _say(f"    {code}: {words}")


@app.command()
def diff(old: Key, new: Key, own: Own = None, as_json: AsJson = False) -> None:
    """What changed from one standard to another, field by field; [-out-] and {+in+} in the texts.

    Example: tocsin review standards diff caesarean.category-1@1 caesarean.category-1@2
    """
    library = _library(own)
    changes = _or_exit(lambda: review.diff(library[old], library[new]))
    if as_json:
        print(json.dumps([asdict(c) for c in changes], ensure_ascii=False))
    for c in () if as_json else changes:
        marks = {"same": "{}", "out": "[-{}-]", "in": "{{+{}+}}"}
        _say(f"{c.field}: " + " ".join(marks[how].format(words.strip()) for how, words in c.words))
    raise typer.Exit(1 if changes else 0)


@app.command()
def reference() -> None:
    """The reference of conditions, files and facts, in Markdown.

    Example: tocsin review standards reference > standards.md
    """
    print(reference_text(review.library()), end="")


def _print(standards: Any, area: str | None, as_json: bool) -> None:
    chosen = [s for s in standards if area in (None, s.area)]
    if as_json:
        print(json.dumps([_plain(s) for s in chosen], ensure_ascii=False))
        return
    last = None
    for s in chosen:
        if s.area != last:
            _say(f"\n{review.AREAS[s.area]}")
            last = s.area
        _say(f"  {s.title}  [{s.key}]{'  (not confirmed)' if s.unconfirmed else ''}\n    {_period(s)}; {s.source}")
    several = len({s.id for s in chosen})
    _say(f"\n{len(chosen)} versions of {several} standards." if several < len(chosen) else f"\n{several} standards.")


def _plain(s: review.Standard) -> dict[str, Any]:
    plain = {"key": s.key, **asdict(s)}
    plain["source"]["published"] = s.source.published and s.source.published.isoformat()
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in plain.items()}


def _period(s: review.Standard) -> str:
    return f"from {s.in_force_from}" + (f" up to the day before {s.in_force_to}" if s.in_force_to else "")


def _library(own: list[Path] | None) -> review.Library:
    library = review.library()
    for path in own or []:
        standards, faults, kinds = _or_exit(partial(_read, path))
        if faults:
            _stop("\n".join([*map(str, faults), f"{path}: mend it; what can be used is told by: tocsin review standards check {path}"]))
        library = _or_exit(partial(_merged, library, standards, kinds))
    return library


def _merged(library: review.Library, standards: list[review.Standard], kinds: Any) -> review.Library:
    return library.merged(review.Library(tuple(standards), kinds))


def _read(path: Path) -> tuple[list[review.Standard], list[review.StandardFault], Any]:
    kinds: dict[str, Literal["yaml", "csv"]] = {".yaml": "yaml", ".yml": "yaml", ".csv": "csv"}
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        raise ValueError(f"{path}: found '{path.suffix}'; expected a file that ends in .yaml, .yml or .csv")
    standards, faults = review.read_standards(path, kind)
    own = review.read_fact_kinds(path)[0] if kind == "yaml" else []
    return standards, faults, {**review.fact_kinds(), **{k.name: k for k in own}}


def _facts(path: Path) -> dict[str, Any]:
    try:
        given = json.loads(path.read_text("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}:{error.lineno}:{error.colno}: {error.msg}; expected JSON") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None
    if not isinstance(given, dict):
        raise ValueError(f'{path}: found no names with values; expected an object, as {{"gestation_weeks": 39}}')
    return given


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        _stop(f"{where}: '{text}' is not a day; expected a day as 2014-12-03")


def _area(area: str | None) -> str | None:
    if area is not None and area not in review.AREAS:
        _stop(f"--area: there is no area '{area}'; known: {', '.join(review.AREAS)}")
    return area


def _say(text: str) -> None:
    _out.print(text)


def _or_exit(question: Callable[[], T]) -> T:
    try:
        return question()
    except KeyError as error:
        _stop(f"{error.args[0]}; see: tocsin review standards list")
    except (ValueError, OSError) as error:
        _stop(str(error))


def _stop(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(2)
