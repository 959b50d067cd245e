"""Rows out of CSV and Parquet files in batches, with the place of each row. Nothing is interpreted here."""

import csv
import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

BATCH_ROWS = 262_144
_LONGEST_QUOTED = 50
"""Lines that one quoted field may span before its opening quote is taken for a fault."""


class FileError(ValueError):
    """A file that cannot be read at all: which, why, and what to do."""


@dataclass(frozen=True)
class Batch:
    """columns: by the file's names, each of `rows` rows. faults: (line, text, reason) of rows that are not even rows.

    first: row (Parquet, from 1) of the first, where they follow one another; else numbers: line (CSV, from 1) of each.
    """

    columns: dict[str, pa.Array]
    rows: int
    first: int = 1
    numbers: NDArray[np.int64] | None = None
    faults: tuple[tuple[int, str, str], ...] = ()

    @cached_property
    def lines(self) -> NDArray[np.int64]:
        """Line or row of each row; made only when a row must be pointed at."""
        return np.arange(self.first, self.first + self.rows, dtype=np.int64) if self.numbers is None else self.numbers


def batches(path: Path, columns: Sequence[str], delimiter: str | None = None, batch_rows: int = BATCH_ROWS) -> Iterator[Batch]:
    """All rows of a file, only the columns asked for. Raises FileError where the file or a column cannot be read."""
    if _is_parquet(path):
        yield from _parquet(path, columns, batch_rows)
    else:
        yield from _csv(path, columns, delimiter, batch_rows)


def columns_of(path: Path, delimiter: str | None = None) -> list[str]:
    """Names of a file's columns. Raises FileError."""
    if _is_parquet(path):
        return list(_open_parquet(path).schema_arrow.names)
    with path.open("rb") as raw:
        return _header(io.TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape"), path, delimiter)[0]


def _is_parquet(path: Path) -> bool:
    """Whether it is Parquet; raises FileError where it is neither that nor text."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise FileError(f"{path.name}: cannot be opened ({error.strerror})") from None
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise FileError(f"{path.name}: is UTF-16; save it as UTF-8 CSV or as Parquet")
    if start[:2] == b"PK" or start == b"\xd0\xcf\x11\xe0":
        raise FileError(f"{path.name}: is a spreadsheet or an archive, not CSV; save it as CSV (UTF-8) or as Parquet")
    return start == b"PAR1" or path.suffix == ".parquet"


def _open_parquet(path: Path, dictionaries: Sequence[str] = ()) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, read_dictionary=list(dictionaries), memory_map=True)
    except (pa.ArrowException, OSError) as error:
        raise FileError(f"{path.name}: is not a whole Parquet file ({str(error).splitlines()[0]}); was it copied to the end?") from None


def _parquet(path: Path, columns: Sequence[str], batch_rows: int) -> Iterator[Batch]:
    plain = _open_parquet(path).schema_arrow
    wanted = [c for c in columns if c in plain.names]
    text = [c for c in wanted if pa.types.is_string(plain.field(c).type) or pa.types.is_large_string(plain.field(c).type)]
    file = _open_parquet(path, text)
    row = 1
    try:
        for batch in _ahead(file.iter_batches(batch_size=batch_rows, columns=wanted)):
            found = dict(zip(batch.schema.names, batch.columns, strict=True))
            yield Batch(found, batch.num_rows, row)
            row += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise FileError(f"{path.name}: row {row} onwards cannot be read ({str(error).splitlines()[0]})") from None


def _ahead(items: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same items, the next being read while one is worked on."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item


def _header(file: io.TextIOWrapper, path: Path, delimiter: str | None) -> tuple[list[str], str]:
    line = file.readline()
    if not line.strip():
        raise FileError(f"{path.name}:1: the file is empty or does not begin with a line of column names")
    mark = delimiter or max(",;\t|", key=line.count)
    names = [n.strip() for n in next(csv.reader([line.rstrip("\n")], delimiter=mark))]
    try:
        line.encode()
    except UnicodeEncodeError:
        raise FileError(f"{path.name}:1: the column names are not UTF-8; save the file as UTF-8") from None
    for name in names:
        if names.count(name) > 1 and name:
            raise FileError(f"{path.name}:1: column '{name}' stands there twice")
    return names, mark


def _csv(path: Path, columns: Sequence[str], delimiter: str | None, batch_rows: int) -> Iterator[Batch]:
    with path.open("rb") as raw:
        # what is not UTF-8 survives reading and is refused where it matters
        file = io.TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape")
        names, mark = _header(file, path, delimiter)
        places = [(c, names.index(c)) for c in columns if c in names]
        rows: list[list[str]] = []
        lines: list[int] = []
        faults: list[tuple[int, str, str]] = []
        for line, cells, fault in _cells(file, mark, len(names), names):
            if fault:
                faults.append((line, mark.join(cells), fault))
            else:
                rows.append(cells)
                lines.append(line)
            if len(rows) + len(faults) >= batch_rows:
                yield _batch(rows, lines, faults, places)
                rows, lines, faults = [], [], []
        if rows or faults:
            yield _batch(rows, lines, faults, places)


def _batch(rows: list[list[str]], lines: list[int], faults: list[tuple[int, str, str]], places: list[tuple[str, int]]) -> Batch:
    across = list(zip(*rows, strict=True)) if rows else []
    found = {name: _texts(across[place] if rows else ()) for name, place in places}
    return Batch(found, len(rows), 1, np.array(lines, np.int64), tuple(faults))


def _texts(values: Sequence[str]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except (UnicodeEncodeError, pa.ArrowException):
        # one letter that cannot be told is shown as such, and the value then is refused by what reads it
        return pa.array([v.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for v in values], pa.string())


def _cells(file: io.TextIOWrapper, mark: str, width: int, names: list[str]) -> Iterator[tuple[int, list[str], str | None]]:
    line = 1
    while chunk := file.readlines(1 << 20):
        i = 0
        while i < len(chunk):
            # a stretch without quotes is left to the csv module as a whole
            j = i
            while j < len(chunk) and '"' not in chunk[j]:
                j += 1
            for offset, cells in enumerate(csv.reader((c.rstrip("\n") for c in chunk[i:j]), delimiter=mark)):
                if cells:
                    yield line + offset + 1, cells, _fault(cells, width, names)
            line += j - i
            i = j
            if i == len(chunk):
                break
            text, taken = chunk[i], 1
            while text.count('"') % 2 and taken < _LONGEST_QUOTED:
                following = chunk[i + taken] if i + taken < len(chunk) else file.readline()
                if not following:
                    break
                if i + taken >= len(chunk):
                    chunk.append(following)
                text += following
                taken += 1
            if text.count('"') % 2:
                yield line + 1, [chunk[i].rstrip("\n")], "an opening quote is never closed"
                taken = 1
            else:
                cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=mark), [])
                if taken > 1 and len(cells) != width:
                    # two stray quotes on two lines must not swallow what stands between them
                    yield line + 1, [chunk[i].rstrip("\n")], "an opening quote is never closed"
                    taken = 1
                elif cells:
                    yield line + 1, cells, _fault(cells, width, names)
            line += taken
            i += taken


def _fault(cells: list[str], width: int, names: list[str]) -> str | None:
    if len(cells) != width:
        return f"the row has {len(cells)} columns where the header has {width}"
    if [c.strip() for c in cells] == names:
        return "the header stands here again"
    return None
