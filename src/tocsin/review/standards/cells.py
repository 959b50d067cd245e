"""Files taken apart into fields that know where they stand. Hostile YAML (anchors, aliases, depth, a name twice) is refused."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class StandardFault:
    """What could not be used. line and column count from 1; column is that of the field in the file. field: '' where it is no one field."""

    file: str
    line: int
    column: int
    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" + (f", field '{self.field}'" if self.field else "")
        return f"{where}: found {self.found}; expected {self.expected}"


class Bad(ValueError):
    """A value that cannot be used: what was found and what was expected; the caller knows the place."""

    def __init__(self, found: str, expected: str) -> None:
        self.found, self.expected = found, expected
        super().__init__(found)


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a field and where it stands."""

    text: str
    line: int
    column: int
    node: yaml.Node | None = None


def opened(source: str | Path, name: str) -> tuple[str, str]:
    """Text and name of a file given as its path, or of a text as it is. Raises OSError, ValueError."""
    if isinstance(source, Path):
        try:
            return source.read_text("utf-8-sig"), str(source)
        except UnicodeDecodeError as error:
            raise ValueError(f"{source}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None
    return source, name


def items(text: str, name: str, part: str, faults: list[StandardFault]) -> Iterable[tuple[tuple[int, int], dict[str, Cell]]]:
    """Items of one list at the top of a YAML file, each with its place and its fields."""
    top = _compose(text, name, faults)
    if top is None:
        return []
    if not isinstance(top, yaml.MappingNode):
        faults.append(StandardFault(name, 1, 1, "", "no names with values", "'standards:' with a list, and 'facts:' if there are any"))
        return []
    parts = fields_of(top, name, faults)
    for key, cell in parts.items():
        if key not in ("standards", "facts") and part == "standards":
            faults.append(StandardFault(name, cell.line, cell.column, key, f"'{key}'", "'standards' or 'facts'"))
    if part not in parts:
        if part == "standards":
            faults.append(StandardFault(name, 1, 1, "standards", "nothing", "'standards:' with a list"))
        return []
    node = parts[part].node
    if not isinstance(node, yaml.SequenceNode):
        faults.append(
            StandardFault(name, parts[part].line, parts[part].column, part, "no list", f"a list of {part}, each beginning with '-'")
        )
        return []
    out = []
    for item in node.value:
        at = (item.start_mark.line + 1, item.start_mark.column + 1)
        if isinstance(item, yaml.MappingNode):
            before = len(faults)
            cells = fields_of(item, name, faults)
            if len(faults) == before:
                out.append((at, cells))
        else:
            faults.append(StandardFault(name, *at, "", "no names with values", "the fields of one item"))
    return out


def fields_of(node: yaml.MappingNode, name: str, faults: list[StandardFault]) -> dict[str, Cell]:
    """Fields of a mapping by name; one that is null has no text."""
    out: dict[str, Cell] = {}
    for key, value in node.value:
        at = (key.start_mark.line + 1, key.start_mark.column + 1)
        if not isinstance(key, yaml.ScalarNode):
            faults.append(StandardFault(name, *at, "", "no name", "a name"))
        elif key.value in out:
            faults.append(StandardFault(name, *at, key.value, f"'{key.value}' a second time", "each name once"))
        else:
            text = value.value if isinstance(value, yaml.ScalarNode) and value.tag != "tag:yaml.org,2002:null" else ""
            out[key.value] = Cell(text, value.start_mark.line + 1, value.start_mark.column + 1, value)
    return out


def _compose(text: str, name: str, faults: list[StandardFault]) -> yaml.Node | None:
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            mark = event.start_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                faults.append(StandardFault(name, line, column, "", "an anchor or alias", "everything written out"))
                return None
            if depth > 10:
                faults.append(StandardFault(name, line, column, "", "lists in lists in lists", "a list of standards with their fields"))
                return None
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        faults.append(StandardFault(name, line, column, "", error.problem or "text that is not YAML", "YAML"))
        return None
    except (yaml.YAMLError, UnicodeError) as error:
        faults.append(StandardFault(name, 1, 1, "", f"text that is not YAML ({error})", "YAML in UTF-8"))
        return None
    if node is None:
        faults.append(StandardFault(name, 1, 1, "", "an empty file", "'standards:' with a list"))
    return node


def unknown(name: str, field: str, cell: Cell, known: Iterable[str]) -> StandardFault:
    return StandardFault(
        name, cell.line, cell.column, field, f"'{field}', a field that is not known", f"one of {', '.join(known)}{nearest(field, known)}"
    )


def nearest(text: str, names: Iterable[str]) -> str:
    """'; did you mean ...' where one of the names is near, else ''."""
    near = get_close_matches(text, list(names), 1, 0.6)
    return f"; did you mean '{near[0]}'?" if near else ""
