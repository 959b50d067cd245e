"""One batch of rows under the names that indicators use, and what can be told of its columns as they stand."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tocsin.watch.events import convert
from tocsin.watch.events.mapping import Mapping as ColumnMapping
from tocsin.watch.events.mapping import Rows
from tocsin.watch.events.rows import Batch
from tocsin.watch.events.tally import hash_bytes
from tocsin.watch.events.wanted import Wanted
from tocsin.watch.indicators import Kind


class View:
    """The columns of one batch under our names, converted when first asked for."""

    def __init__(self, batch: Batch, mapping: ColumnMapping) -> None:
        self.batch, self.mapping = batch, mapping
        self.rows = batch.rows
        self.numbers_read: dict[str, convert.Column] = {}
        self._made: dict[str, NDArray[np.float64]] = {}

    def number(self, name: str) -> NDArray[np.float64]:
        made = self.mapping.compute.get(name)
        if made is not None and name not in made.numbers:
            if name not in self._made:
                self._made[name] = made.value(self.number, self.text)
            return self._made[name]
        if name not in self.numbers_read:
            column = self.batch.columns[self.mapping.column(name)]
            self.numbers_read[name] = convert.numbers(column, self.mapping, name in self.mapping.empty_means_no)
        return np.asarray(self.numbers_read[name].values, np.float64)

    def text(self, name: str) -> NDArray[np.object_]:
        return convert.texts(self.batch.columns[self.mapping.column(name)])

    def shown(self, name: str, row: int) -> str:
        column = self.numbers_read.get(name)
        return column.shown(row) if column is not None else ""


def impossible(
    w: Wanted, births: NDArray[np.float64] | None, events: NDArray[np.float64], rows: Rows
) -> tuple[NDArray[np.bool_], str, str] | None:
    """Rows whose counts cannot be, why, and the column to blame."""
    if rows is Rows.BIRTHS:
        return None
    column = next(iter(sorted(w.numerator.numbers)), w.numerator.text)
    with np.errstate(invalid="ignore"):
        negative = (events < 0) | (False if births is None else births < 0)
        broken = (events != np.floor(events)) & np.isfinite(events) | (events > 2**31 - 1)
        more = (events > births) if births is not None and w.indicator.kind is Kind.BERNOULLI else np.zeros(events.shape, bool)
    if np.any(negative):
        return np.asarray(negative), "is a count below zero, or belongs to one", column
    if np.any(broken):
        return np.asarray(broken), "is not a whole number", column
    if np.any(more):
        return np.asarray(more), f"is more than there were {w.indicator.births}", column
    return None


def bits(column: pa.Array) -> NDArray[np.uint8]:
    """0 or 1 of each row of a boolean column without gaps."""
    packed = np.frombuffer(column.buffers()[1], np.uint8)
    first = column.offset % 8
    part = packed[column.offset // 8 : (column.offset + len(column) + 7) // 8]
    return np.unpackbits(part, bitorder="little")[first : first + len(column)]


def hashes(texts: pa.Array) -> NDArray[np.uint64]:
    """A hash of each text, an empty one where it is missing."""
    plain = texts.fill_null("") if texts.null_count else texts
    if isinstance(plain, pa.ChunkedArray):
        plain = plain.combine_chunks()
    _, offsets, data = plain.buffers()
    if data is None or len(plain) == 0:
        return np.zeros(len(plain), np.uint64)
    ends = np.frombuffer(offsets, np.int32)[plain.offset : plain.offset + len(plain) + 1]
    result: NDArray[np.uint64] = hash_bytes(ends, np.frombuffer(data, np.uint8))
    return result
