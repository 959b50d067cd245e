"""Cases in, from CSV or FHIR: good ones come in, bad ones are put aside with their place and the reason."""

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from tocsin.review.cases import csv_in, fhir_in
from tocsin.review.cases.build import Builder
from tocsin.review.cases.csv_in import COLUMNS, header
from tocsin.review.cases.model import IDENTIFIERS, MOST_BYTES, CaseIn, CasesError, FactValue, Fault, Moment
from tocsin.review.cases.values import DateOrder

__all__ = ["COLUMNS", "IDENTIFIERS", "CaseIn", "CasesError", "DateOrder", "FactValue", "Fault", "Moment", "header", "read_cases"]


def read_cases(
    source: str | bytes | Path,
    kind: Literal["csv", "fhir"],
    *,
    today: date,
    mapping: Mapping[str, str] | None = None,
    order: DateOrder = "day-first",
    known: Collection[str] = (),
    zone: str = "Europe/London",
    name: str | None = None,
    most_bytes: int = MOST_BYTES,
) -> tuple[list[CaseIn], list[Fault]]:
    """Cases and faults of a CSV file or a FHIR R4 bundle.

    source: the text, its bytes in UTF-8, or where it lies. today: no day may be after it. mapping: for CSV, from Tocsin's names to the
    file's columns. order: how dates like 04/03/2019 are read. known: references of cases that are here already. zone: of
    the place of care, into whose local time what carries an offset is turned. name: of the source, for
    messages. Each row or entry either becomes a case or is put aside by a fault; a fault with `aside` false is a remark on a case that
    came in. Raises CasesError where nothing can be read at all.
    """
    label = name or (source.name if isinstance(source, Path) else "cases")
    text = _text(source, label, most_bytes)
    place = ZoneInfo(zone)
    if kind == "csv":
        raws, faults = csv_in.raws(text, label, mapping or {}, order)
    else:
        raws, faults = fhir_in.raws(text, label, place)
    builder = Builder(label, today, order, frozenset(known), place)
    cases = []
    for raw in raws:
        case, found = builder.build(raw)
        faults.extend(found)
        if case:
            cases.append(case)
    return cases, sorted(faults, key=lambda f: f.line)


def _text(source: str | bytes | Path, name: str, most: int) -> str:
    if isinstance(source, Path):
        try:
            if source.stat().st_size > most:
                raise CasesError(f"{name}: is larger than {most:,} bytes; split it")
            source = source.read_bytes()
        except OSError as error:
            raise CasesError(f"{name}: cannot be opened ({error.strerror})") from None
    if len(source) > most:
        raise CasesError(f"{name}: is larger than {most:,} bytes; split it")
    if isinstance(source, str):
        return source
    if source[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CasesError(f"{name}: is UTF-16; save it as UTF-8")
    if source[:2] == b"PK" or source[:4] == b"\xd0\xcf\x11\xe0":
        raise CasesError(f"{name}: is a spreadsheet or an archive, not text; save it as CSV (UTF-8)")
    return source.decode("utf-8-sig", "surrogateescape")
