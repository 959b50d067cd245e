"""What the commands of review read, and how they end when it cannot be used."""

import csv
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from tocsin import review

T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
ScaleName = Annotated[str, typer.Option(help="confidential-enquiry, pmrt or hogan.")]


def rows(file: Path, columns: tuple[str, ...], optional: tuple[str, ...] = ()) -> list[tuple[int, dict[str, str]]]:
    """(line, values by column) of a CSV file with a header; optional columns only where the file has them. Raises ValueError, OSError."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.DictReader(opened)
        named = reader.fieldnames or []
        missing = [c for c in columns if c not in named]
        if missing:
            raise ValueError(f"{file}:1: there is no column '{missing[0]}'; expected {', '.join(columns)}")
        wanted = [*columns, *(c for c in optional if c in named)]
        try:
            return [(reader.line_num, {c: (row[c] or "").strip() for c in wanted}) for row in reader]
        except UnicodeDecodeError:
            raise ValueError(f"{file}: is not text in UTF-8; save it as CSV (UTF-8)") from None


def known_grade(scale: review.Scale, code: str, file: str, line: int) -> str:
    try:
        scale.position(code)
    except ValueError as error:
        raise ValueError(f"{file}:{line}, column 'grade': {error}") from None
    return code


def scale_of(name: str) -> review.Scale:
    if name not in review.scales():
        raise ValueError(f"--scale: there is no scale '{name}'; known: {', '.join(review.scales())}")
    return review.scales()[name]


def gradings(file: Path, scale: review.Scale, group: str | None = None) -> tuple[list[review.Grading], dict[str, float] | None]:
    """(gradings, weight by case or None) of a file. group: column that says to which group a case belongs. Raises ValueError, OSError."""
    columns = ("case", "reviewer", "grade", *((group,) if group else ()))
    given, weights, seen = [], {}, set()
    for line, row in rows(file, columns, ("weight",)):
        if (row["case"], row["reviewer"]) in seen:
            raise ValueError(f"{file}:{line}: reviewer '{row['reviewer']}' has graded case '{row['case']}' before; expected one grading each")
        seen.add((row["case"], row["reviewer"]))
        place = scale.position(known_grade(scale, row["grade"], str(file), line))
        given.append(review.Grading(row["case"], row["reviewer"], place, row[group] if group else ""))
        if "weight" in row:
            weights[row["case"]] = number(row["weight"], f"{file}:{line}, column 'weight'")
    return given, weights or None


def number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{where}: '{text}' is not a number") from None


def day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{where}: '{text}' is not a date; expected one like 2014-12-03") from None


def or_exit(question: Callable[[], T]) -> T:
    """Its answer; or its error on standard error and exit status 2."""
    try:
        return question()
    except (ValueError, OSError) as error:
        stop(str(error))


def stop(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(2)
