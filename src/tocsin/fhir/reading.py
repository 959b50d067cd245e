"""From bytes to resources and back: what is wrong is named by its place, numbers keep every digit, and one bad resource spoils no other."""

import json
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tocsin.fhir.resources import AdverseEvent

R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a resource. place: as FHIRPath has it ('AdverseEvent.contained[0].id'); code: of FHIR's issue types."""

    place: str
    code: str
    words: str


class Refused(ValueError):
    """A resource cannot be taken. faults: all that was found."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(f.words if f.place == "$" else f"{f.place} {f.words}" for f in faults))


_CODES = {
    "missing": "required", "required": "required", "unknown": "structure", "day": "value", "bound": "code-invalid", "literal_error": "code-invalid",
    "string_pattern_mismatch": "value", "too_short": "structure", "too_long": "too-long", "string_too_long": "too-long", "empty": "structure",
    "deep": "too-costly", "ext-1": "invariant", "dom-2": "invariant", "org-1": "invariant",
}  # fmt: skip


def from_json(text: bytes | str) -> Any:
    """A JSON value; decimals keep their digits. Raises Refused (not JSON, a name given twice, NaN, nested too deep)."""
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_once)
        # half a character can be written as an escape (U+D800) and cannot be kept
        json.dumps(value, ensure_ascii=False, default=str).encode()
        return value
    except Refused:
        raise
    except UnicodeEncodeError:
        raise Refused([Fault("$", "value", "holds half a character (a lone surrogate)")]) from None
    except UnicodeDecodeError as error:
        raise Refused([Fault("$", "structure", f"is not UTF-8 at byte {error.start}")]) from None
    except json.JSONDecodeError as error:
        raise Refused([Fault("$", "structure", f"is not JSON at line {error.lineno}, column {error.colno}: {error.msg}")]) from None
    except ValueError as error:
        raise Refused([Fault("$", "value", str(error)[:200])]) from None
    except RecursionError:
        raise Refused([Fault("$", "too-costly", "is nested too deep")]) from None


def to_json(value: Any, *, indent: int | None = None) -> str:
    """JSON on one line unless indented; decimals are written with the digits that they came with."""
    mark = secrets.token_hex(8)

    def plain(one: Any) -> Any:
        if isinstance(one, Decimal):
            return f"{mark}{one}{mark}"
        raise TypeError(f"{type(one).__name__} has no place in JSON")

    text = json.dumps(value, default=plain, ensure_ascii=False, indent=indent, allow_nan=False)
    return re.sub(f'"{mark}([^"]*){mark}"', r"\1", text)


def read(model: type[R], value: Any) -> R:
    """A resource of one type. Raises Refused with every fault and its place."""
    if isinstance(value, dict) and isinstance(value.get("resourceType"), str) and value["resourceType"] != model.__name__:
        raise Refused([Fault("$", "not-supported", f"must be of type {model.__name__}, and is {value['resourceType'][:60]}")])
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Refused(faults(model.__name__, error)) from None
    except RecursionError:
        raise Refused([Fault(model.__name__, "too-costly", "is nested too deep")]) from None


def faults(name: str, error: ValidationError) -> list[Fault]:
    """Pydantic's errors as faults of a resource of that name."""
    found = []
    for e in error.errors(include_url=False, include_input=False):
        within = e.get("ctx", {}).get("at")
        parts = [*e["loc"], *([within] if within else [])]
        place = name + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts)
        found.append(Fault(place, _CODES.get(e["type"], "value"), e["msg"][:300]))
    return found


@dataclass(frozen=True, slots=True)
class Found:
    """One resource that a file holds. place: where in the file; value: as JSON has it, or what is wrong with it."""

    place: str
    value: Any
    refused: Refused | None = None


def in_file(text: bytes) -> Iterator[Found]:
    """Each resource of a file: one resource, a list of them, a Bundle of any kind, or NDJSON with one a line. Raises Refused: nothing can be read."""
    lines = text.splitlines()
    if len(lines) > 1 and _is_json_object(lines[0]):
        yield from _by_line(lines)
        return
    value = from_json(text)
    if isinstance(value, list):
        yield from (Found(f"[{i}]", v) for i, v in enumerate(value))
    elif isinstance(value, dict) and value.get("resourceType") == "Bundle":
        entries = value.get("entry", [])
        if not isinstance(entries, list):
            raise Refused([Fault("Bundle.entry", "structure", "must be a list")])
        for i, entry in enumerate(entries):
            place = f"Bundle.entry[{i}]"
            inner = entry.get("resource") if isinstance(entry, dict) else None
            missing = Refused([Fault(f"{place}.resource", "required", "is missing")]) if inner is None else None
            yield Found(f"{place}.resource", inner, missing)
    else:
        yield Found("$", value)


def events(found: Iterable[Found]) -> Iterator[tuple[Found, AdverseEvent | Refused]]:
    """Each as an AdverseEvent, or why it is none."""
    for one in found:
        try:
            yield one, one.refused or read(AdverseEvent, one.value)
        except Refused as error:
            yield one, error


def _by_line(lines: list[bytes]) -> Iterator[Found]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield Found(f"line {number}", from_json(line))
            except Refused as error:
                yield Found(f"line {number}", line.decode(errors="replace"), error)


def _is_json_object(line: bytes) -> bool:
    try:
        return isinstance(from_json(line), dict)
    except Refused:
        return False


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Refused([Fault(name[:100], "structure", f"'{name[:100]}' stands twice in one object")])
        found[name] = value
    return found


def _no_constant(word: str) -> Any:
    raise Refused([Fault("$", "value", f"{word} is no number in JSON")])
