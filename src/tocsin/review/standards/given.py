"""The facts of one case, read at the door: from JSON, CSV or a form to values that conditions can use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from tocsin.review.standards.facts import FactKind, FactType
from tocsin.review.standards.reading_facts import fact_kinds
from tocsin.review.standards.syntax import Value


@dataclass(frozen=True, slots=True)
class FactFault:
    """A value that could not be used. It is left out; the others are kept."""

    name: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"fact '{self.name}': found {self.found}; expected {self.expected}"


def read_facts(given: Mapping[str, Any], kinds: Mapping[str, FactKind] | None = None) -> tuple[dict[str, Value], list[FactFault]]:
    """Facts from plain values as JSON, CSV or a form has them, and what could not be used. None, '' and 'unknown' are not known.

    Times that have an offset are kept with it; all times of one case must have one, or none. Without, times are read as they stood on
    the clock: on a night on which the clocks change, give the offset.
    """
    kinds = fact_kinds() if kinds is None else kinds
    facts: dict[str, Value] = {}
    faults: list[FactFault] = []
    for name, value in given.items():
        if value is None or value in ("", "unknown"):
            continue
        kind = kinds.get(name)
        if kind is None:
            near = get_close_matches(str(name), list(kinds), 1, 0.6)
            faults.append(FactFault(str(name), "a name that is not known", f"'{near[0]}'?" if near else "a fact of the dictionary"))
            continue
        try:
            facts[name] = read_value(kind, value)
        except ValueError as error:
            faults.append(FactFault(name, f"{value!r}", str(error)))
    times = {name: value for name, value in facts.items() if isinstance(value, datetime)}
    with_offset = {name for name, value in times.items() if value.tzinfo is not None}
    if with_offset and len(with_offset) < len(times):
        fewer = with_offset if 2 * len(with_offset) <= len(times) else times.keys() - with_offset
        for name in sorted(fewer):
            faults.append(FactFault(name, f"'{times[name].isoformat()}'", "times of one case that all have an offset, or none"))
            del facts[name]
    return facts, faults


def read_value(kind: FactKind, value: Any) -> Value:
    """One value of a kind. Raises ValueError that says what was expected."""
    if kind.type is FactType.FLAG:
        answer = (
            value if isinstance(value, bool) else {"yes": True, "true": True, "no": False, "false": False}.get(str(value).strip().lower())
        )
        if answer is None:
            raise ValueError("yes or no")
        return answer
    if kind.type is FactType.NUMBER:
        return _number(kind, value)
    if kind.type is FactType.DAY:
        return _moment(value, day=True)
    if kind.type is FactType.TIME:
        return _moment(value, day=False)
    if kind.type is FactType.TEXT:
        return str(value)
    options = kind.options or {}
    if kind.type is FactType.CHOICES:
        several = [part.strip() for part in value.split(";")] if isinstance(value, str) else value
        if not isinstance(several, list | tuple | set | frozenset) or not all(part in options for part in several):
            raise ValueError(f"any of {', '.join(options)}, with ';' between them")
        return frozenset(several)
    text = str(value)
    if text not in options:
        raise ValueError(f"one of {', '.join(options)}")
    return text


def _number(kind: FactKind, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("a number")
    text = str(value).strip()
    if not re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", text):
        raise ValueError(f"a number{f' of {kind.unit}' if kind.unit else ''}")
    number = float(text) if "." in text else int(text)
    if (kind.least is not None and number < kind.least) or (kind.most is not None and number > kind.most):
        raise ValueError(f"a number from {kind.least} to {kind.most}{f' {kind.unit}' if kind.unit else ''}")
    return number


def _moment(value: Any, *, day: bool) -> date | datetime:
    if isinstance(value, date):
        found: date | datetime = value
    else:
        text = str(value).strip().replace(" ", "T", 1)
        try:
            found = datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
        except ValueError:
            raise ValueError("a day as 2014-12-03" if day else "a time as 2014-12-03T10:15") from None
    if day:
        return found.date() if isinstance(found, datetime) else found
    if not isinstance(found, datetime):
        raise ValueError("a time as 2014-12-03T10:15, with hours and minutes")
    return found
