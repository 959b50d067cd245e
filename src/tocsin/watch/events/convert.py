"""From what stands in a column to numbers, days and codes, and why a value is none.

A column of text has few different values, so each is looked at once and the answer spread over the rows.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tocsin.watch.events.mapping import Mapping

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "."})
_YES = frozenset({"true", "yes", "y", "t"})
_NO = frozenset({"false", "no", "n", "f"})
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_EPOCH = date(1970, 1, 1)
_DAY_NUMBER_LIMIT = 100_000


class BadValueError(ValueError):
    """A value that cannot be read; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Column:
    """values: one a row; NaN (or -1 for codes) where missing or bad. bad: rows that must be refused, None where there is none.

    reason: why the value of a row is bad. shown: the value of a row, as it stood in the file.
    """

    values: NDArray[np.generic]
    bad: NDArray[np.bool_] | None
    reason: Callable[[int], str]
    shown: Callable[[int], str]


def numbers(array: pa.Array, mapping: Mapping, empty_means_no: bool) -> Column:
    """Numbers, with yes and no as 1 and 0; float64."""
    kind = array.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        if pa.types.is_boolean(kind):
            array = array.cast(pa.int8())
        values = np.asarray(array.cast(pa.float64(), safe=False).fill_null(math.nan).to_numpy(zero_copy_only=False), np.float64)
        endless = np.isinf(values)
        if empty_means_no and array.null_count:
            values = np.where(np.isnan(values), 0.0, values)
        return Column(values, endless if endless.any() else None, lambda i: "is not a finite number", _shown(array))

    def parse(text: str | None) -> float:
        word = "" if text is None else text.strip()
        low = word.lower()
        if low in MISSING and low not in mapping.no and low not in mapping.yes:
            return 0.0 if empty_means_no and not word else math.nan
        if low in _YES or low in mapping.yes:
            return 1.0
        if low in _NO or low in mapping.no:
            return 0.0
        if mapping.decimal_comma:
            word = word.replace(",", ".")
        if not _NUMBER.fullmatch(word):
            if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", word):
                raise BadValueError("has commas between its thousands; write plain digits")
            raise BadValueError("is neither a number nor yes or no")
        number = float(word)
        if not math.isfinite(number):
            raise BadValueError("is not a finite number")
        return number

    return _by_value(array, parse, math.nan, np.float64)


def days(array: pa.Array, mapping: Mapping, earliest: date, latest: date) -> Column:
    """Days since 1970-01-01, int32; the smallest int32 where bad. A missing date is bad."""
    kind = array.type
    nothing = np.iinfo(np.int32).min
    low, high = (earliest - _EPOCH).days, (latest - _EPOCH).days

    def explain(day: int) -> str:
        if day == nothing:
            return "is no date; every row needs one"
        if day > high:
            return f"is after {latest.isoformat()}, the last day that may be"
        return f"is before {earliest.isoformat()}, the first day that may be"

    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        plain = array.cast(pa.date32(), safe=False) if not pa.types.is_date32(kind) else array
        values = np.asarray(_filled(plain.cast(pa.int32()), nothing).to_numpy(zero_copy_only=False), np.int32)
        return _within(values, low, high, explain, _shown(array))
    if (pa.types.is_integer(kind) or pa.types.is_floating(kind)) and mapping.day_zero is not None:
        offset = (mapping.day_zero - _EPOCH).days
        found = array.cast(pa.float64(), safe=False).fill_null(math.nan).to_numpy(zero_copy_only=False)
        whole = np.isfinite(found) & (found == np.floor(found)) & (np.abs(found) < _DAY_NUMBER_LIMIT)
        values = np.where(whole, np.where(whole, found, 0).astype(np.int64) + offset, nothing).astype(np.int32)
        return _within(values, low, high, explain, _shown(array))

    def parse(text: str | None) -> int:
        word = "" if text is None else text.strip()
        if word.lower() in MISSING:
            raise BadValueError("is empty; every row needs a date")
        day = _day(word, mapping)
        if not low <= day <= high:
            raise BadValueError(explain(day))
        return day

    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)):
        array = array.cast(pa.string())
    return _by_value(array, parse, nothing, np.int32)


class Codes:
    """Places of codes, remembered from batch to batch while a file's dictionary stays the same."""

    def __init__(self) -> None:
        self.dictionary: pa.Array | None = None
        self.places: NDArray[np.int32] = np.empty(0, np.int32)


def codes(array: pa.Array, index: Callable[[str], int], known: Codes) -> Column:
    """Place of each row's code, int32, as `index` gives it; -1 where missing (which is bad). `index` may raise BadValueError."""
    whole = pa.types.is_dictionary(array.type) and array.null_count == 0
    if whole and known.dictionary is not None and array.dictionary.equals(known.dictionary):
        places = known.places[array.indices.to_numpy(zero_copy_only=False)]
        if places.shape[0] == 0 or places.min() >= 0:
            return Column(places, None, lambda i: "", _shown(array))

    def parse(text: str | None) -> int:
        word = "" if text is None else text.strip()
        if not word:
            raise BadValueError("is empty; every row needs a site")
        if "\ufffd" in word:
            raise BadValueError("has letters that are not UTF-8; save the file as UTF-8")
        return index(word)

    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type) or pa.types.is_dictionary(array.type)):
        array = array.cast(pa.string())
    found = _by_value(array, parse, -1, np.int32)
    if whole and found.bad is None:
        same = known.dictionary is not None and array.dictionary.equals(known.dictionary)
        # a code that no row has had yet stays unknown: a dictionary may name sites that have no rows
        learned = known.places if same else np.full(len(array.dictionary), -1, np.int32)
        learned[array.indices.to_numpy(zero_copy_only=False)] = found.values
        known.dictionary, known.places = array.dictionary, learned
    return found


def texts(array: pa.Array) -> NDArray[np.object_]:
    """Text of each row, stripped; '' where missing."""
    plain = array.cast(pa.string()) if not pa.types.is_string(array.type) else array
    encoded = plain.dictionary_encode()
    words = np.array([*("" if w is None else w.strip() for w in encoded.dictionary.to_pylist()), ""], object)
    return np.asarray(words[encoded.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)], dtype=object)


def _day(word: str, mapping: Mapping) -> int:
    try:
        if mapping.day_zero is not None:
            number = float(word)
            if number != math.floor(number) or abs(number) >= _DAY_NUMBER_LIMIT:
                raise ValueError
            return (mapping.day_zero - _EPOCH).days + int(number)
        if mapping.dates is not None:
            return (datetime.strptime(word, mapping.dates).date() - _EPOCH).days  # noqa: DTZ007  (a day has no zone)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}([T ].*)?", word):
            return (date.fromisoformat(word[:10]) - _EPOCH).days
    except (ValueError, OverflowError):
        wanted = "a whole day number" if mapping.day_zero is not None else f"a date as {mapping.dates or 'YYYY-MM-DD'}"
        raise BadValueError(f"is not {wanted}") from None
    raise BadValueError("is not a date as YYYY-MM-DD; if all dates look like this, give 'dates:' in the mapping, such as '%d/%m/%Y'")


def _filled(array: pa.Array, value: float) -> pa.Array:
    return array.fill_null(value) if array.null_count else array


def _within(values: NDArray[np.int32], low: int, high: int, explain: Callable[[int], str], shown: Callable[[int], str]) -> Column:
    if values.shape[0] and (values.min() < low or values.max() > high):
        bad = (values < low) | (values > high)
        return Column(values, bad, lambda i: explain(int(values[i])), shown)
    return Column(values, None, lambda i: "", shown)


def _by_value(array: pa.Array, parse: Callable[[str | None], float | int], nothing: float | int, kind: type[np.generic]) -> Column:
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    words = encoded.dictionary.to_pylist()
    parsed = np.full(len(words) + 1, nothing, kind)
    reasons: dict[int, str] = {}
    # only values that some row has are looked at: a dictionary may hold more
    had = np.bincount(encoded.indices.drop_null().to_numpy(zero_copy_only=False), minlength=len(words))
    for place in np.flatnonzero(had).tolist():
        try:
            parsed[place] = parse(None if words[place] is None else str(words[place]))
        except BadValueError as error:
            reasons[place] = str(error)
    if encoded.null_count:
        try:
            parsed[-1] = parse(None)
        except BadValueError as error:
            reasons[len(words)] = str(error)
    indices = encoded.indices
    if encoded.null_count:
        indices = pc.fill_null(indices.cast(pa.int32()), len(words))
    places = indices.to_numpy(zero_copy_only=False)
    bad = None
    if reasons:
        refused = np.zeros(len(words) + 1, bool)
        refused[list(reasons)] = True
        bad = refused[places]
        if not bad.any():
            bad = None
    return Column(parsed[places], bad, lambda i: reasons[int(places[i])], _shown(array))


def _shown(array: pa.Array) -> Callable[[int], str]:
    def show(i: int) -> str:
        value = array[i].as_py()
        return "" if value is None else str(value)

    return show
