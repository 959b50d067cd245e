"""Standards from YAML or CSV: what is good is kept; what is not is told with line, column, what was found and what was expected."""

import csv
import io
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml

from tocsin.review.standards.cells import Bad, Cell, StandardFault, fields_of, items, nearest, opened, unknown
from tocsin.review.standards.checking import check
from tocsin.review.standards.facts import FactKind
from tocsin.review.standards.model import AREAS, Library, Source, Standard, conflicts
from tocsin.review.standards.reading_facts import fact_kinds, read_fact_kinds
from tocsin.review.standards.syntax import ExpressionError

MOST_CHARACTERS, MOST_STANDARDS, MOST_FAULTS = 1_000_000, 2_000, 500
"""Largest file that is read, the most standards in it, and the faults after which the rest is left."""

FIELDS = {
    "id": "text", "version": "count", "area": "area", "title": "text", "statement": "text", "applies": "expression", "met": "expression",
    "evidence": "text", "in_force_from": "day", "in_force_to": "day", "supersedes": "key", "unconfirmed": "flag", "note": "text",
}  # fmt: skip
SOURCE_FIELDS = {"body": "text", "document": "text", "section": "text", "address": "address", "published": "day"}
COLUMNS = {**FIELDS, **{f"source_{name}": kind for name, kind in SOURCE_FIELDS.items()}}
"""Columns of the CSV form; the fields of a source have a prefix."""
NEEDED = ("id", "version", "area", "title", "statement", "in_force_from", "source_body", "source_document")
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def read_standards(
    source: str | Path,
    kind: Literal["yaml", "csv"],
    *,
    facts: Mapping[str, FactKind] | None = None,
    name: str | None = None,
) -> tuple[list[Standard], list[StandardFault]]:
    """Standards of one file, given as its text or its path, and its faults. facts: those that may be asked for; the shipped ones if None.

    A YAML file may declare facts of its own under `facts`. Of two standards that clash (same key, overlapping periods, `supersedes` in a
    ring) the earlier in the file is kept. YAML with anchors or aliases is refused as a whole.
    """
    text, name = opened(source, name or f"standards.{kind}")
    if len(text) > MOST_CHARACTERS:
        return [], [StandardFault(name, 1, 1, "", f"{len(text):,} characters", f"at most {MOST_CHARACTERS:,}")]
    faults: list[StandardFault] = []
    known = dict(fact_kinds() if facts is None else facts)
    if kind == "csv":
        rows = _csv_rows(text, name, faults)
    else:
        if "facts" in text:
            own, faults_of_facts = read_fact_kinds(text, name=name)
            faults += faults_of_facts
            known.update({k.name: k for k in own})
        rows = _yaml_rows(text, name, faults)
    found: list[tuple[Standard, tuple[int, int]]] = []
    for at, cells in rows:
        if len(faults) >= MOST_FAULTS:
            faults.append(
                StandardFault(name, *at, "", f"{len(faults):,} faults before this one", "a file with fewer; the rest was not read")
            )
            break
        standard = _standard(name, at, cells, known, faults)
        if standard:
            found.append((standard, at))
    clashes = conflicts([s for s, _ in found], whole=False)
    places = {id(s): at for s, at in found}
    for bad, words in clashes:
        what, _, expected = words.partition("; expected ")
        faults.append(StandardFault(name, *places[id(bad)], "", what, expected))
    refused = {id(bad) for bad, _ in clashes}
    return [s for s, _ in found if id(s) not in refused], sorted(dict.fromkeys(faults), key=lambda f: (f.line, f.column))


@cache
def library() -> Library:
    """Standards that come with Tocsin."""
    found: list[Standard] = []
    for file in sorted((files("tocsin.review") / "agreed").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml") and file.name != "facts.yaml":
            standards, faults = read_standards(file.read_text("utf-8"), "yaml", name=file.name)
            if faults:
                raise ValueError("; ".join(str(f) for f in faults))
            found += standards
    return Library(tuple(found), fact_kinds())


def _standard(
    name: str, at: tuple[int, int], cells: Mapping[str, Cell], known: Mapping[str, FactKind], faults: list[StandardFault]
) -> Standard | None:
    values: dict[str, Any] = {}
    bad_before = len(faults)
    for field, cell in cells.items():
        if field not in COLUMNS:
            faults.append(unknown(name, field.removeprefix("source_"), cell, COLUMNS))
            continue
        if not cell.text.strip():
            continue
        try:
            values[field] = _cell_value(COLUMNS[field], cell, known)
        except Bad as bad:
            faults.append(StandardFault(name, cell.line, cell.column, field, bad.found, bad.expected))
    for field in NEEDED:
        if field not in values and not any(f.field == field for f in faults[bad_before:]):
            faults.append(StandardFault(name, *at, field, "nothing", f"'{field}'"))
    if not values.get("source_address") and not values.get("unconfirmed") and len(faults) == bad_before:
        faults.append(StandardFault(name, *at, "source_address", "nothing", "the address of the page, or 'unconfirmed: true'"))
    if len(faults) > bad_before:
        return None
    of = {field: values.pop(f"source_{field}", None) for field in SOURCE_FIELDS}
    of = {field: "" if value is None and field != "published" else value for field, value in of.items()}
    try:
        return Standard(source=Source(**of), **values)
    except ValueError as error:
        what, _, expected = str(error).partition("; expected ")
        faults.append(StandardFault(name, *at, "", what, expected))
        return None


def _cell_value(kind: str, cell: Cell, known: Mapping[str, FactKind]) -> Any:
    text = " ".join(cell.text.split())
    if kind == "expression":
        try:
            check(text, known)
        except ExpressionError as error:
            raise Bad(f"{error.found} at column {error.column} of the expression", error.expected) from None
        return text
    if kind == "count":
        if not (text.isascii() and text.isdigit() and int(text[:9]) >= 1 and len(text) <= 9):
            raise Bad(f"'{text}'", "a whole number, 1 or more")
        return int(text)
    if kind == "day":
        return _day(text)
    if kind == "flag":
        if text.lower() not in ("true", "false", "yes", "no"):
            raise Bad(f"'{text}'", "true or false")
        return text.lower() in ("true", "yes")
    if kind == "area" and text not in AREAS:
        raise Bad(f"'{text}'", f"one of {', '.join(AREAS)}{nearest(text, AREAS)}")
    if kind == "key":
        id_, at, version = text.partition("@")
        if not (id_ and at and version.isascii() and version.isdigit()):
            raise Bad(f"'{text}'", "the key of a standard, as id@1")
    if kind == "address" and not text.startswith(("https://", "http://")):
        raise Bad(f"'{text[:60]}'", "an address that begins with https://")
    return text


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Bad(f"'{text}'", "a day that exists, as 2014-12-03") from None
    if len(text) != len("2014-12-03") or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise Bad(f"'{text}'", f"a day as 2014-12-03, from {_FIRST_YEAR} to {_LAST_YEAR}")
    return found


def _csv_rows(text: str, name: str, faults: list[StandardFault]) -> list[tuple[tuple[int, int], dict[str, Cell]]]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    rows: list[tuple[tuple[int, int], dict[str, Cell]]] = []
    head: list[str] | None = None
    try:
        line = 1
        for row in reader:
            at, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in row):
                continue
            if head is None:
                head = [cell.strip() for cell in row]
                if len(head) > 2 * len(COLUMNS):
                    faults.append(StandardFault(name, at, 1, "", f"{len(head):,} columns", f"at most {len(COLUMNS)}"))
                    return []
                for number, column in enumerate(head, 1):
                    if column not in COLUMNS or column in head[: number - 1]:
                        twice = column in head[: number - 1]
                        found = f"column '{column}'{' a second time' if twice else ''}"
                        faults.append(StandardFault(name, at, number, "", found, "each column once" if twice else _columns(column)))
                missing = [c for c in NEEDED if c not in head]
                faults += [StandardFault(name, at, 1, c, "no such column", f"columns {', '.join(NEEDED)}") for c in missing]
                if faults:
                    return []
                continue
            if len(faults) >= MOST_FAULTS:
                break
            if len(row) != len(head):
                faults.append(StandardFault(name, at, 1, "", f"{len(row)} cells", f"{len(head)}, one for each column"))
                continue
            if len(rows) == MOST_STANDARDS:
                faults.append(StandardFault(name, at, 1, "", f"more than {MOST_STANDARDS:,} rows", "fewer; split the file"))
                break
            rows.append(((at, 1), {c: Cell(cell, at, n) for n, (c, cell) in enumerate(zip(head, row, strict=True), 1)}))
    except csv.Error as error:
        faults.append(StandardFault(name, reader.line_num, 1, "", f"text that is not CSV ({error})", "CSV, with quotes that close"))
    if head is None:
        faults.append(StandardFault(name, 1, 1, "", "an empty file", "a row of column names"))
    return rows


def _columns(column: str) -> str:
    return f"one of {', '.join(COLUMNS)}{nearest(column, COLUMNS)}"


def _yaml_rows(text: str, name: str, faults: list[StandardFault]) -> list[tuple[tuple[int, int], dict[str, Cell]]]:
    rows = []
    for at, cells in items(text, name, "standards", faults):
        of = cells.pop("source", None)
        if of is not None:
            if isinstance(of.node, yaml.MappingNode):
                cells |= {f"source_{field}": cell for field, cell in fields_of(of.node, name, faults).items()}
            else:
                faults.append(StandardFault(name, of.line, of.column, "source", "no names with values", f"{', '.join(SOURCE_FIELDS)}"))
                continue
        rows.append((at, cells))
    if len(rows) > MOST_STANDARDS:
        faults.append(
            StandardFault(name, rows[MOST_STANDARDS][0][0], 1, "", f"more than {MOST_STANDARDS:,} standards", "fewer; split the file")
        )
    return rows[:MOST_STANDARDS]
