"""Kinds of facts from YAML, and those that come with Tocsin."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from tocsin.review.standards.cells import Bad, Cell, StandardFault, items, nearest, opened, unknown
from tocsin.review.standards.facts import FactKind, FactType

FACT_FIELDS = {
    "name": "text", "type": "type", "question": "text", "group": "text", "unit": "text", "options": "options", "least": "number",
    "most": "number", "help": "text",
}  # fmt: skip
NEEDED = ("name", "type", "question", "group")


def read_fact_kinds(source: str | Path, *, name: str | None = None) -> tuple[list[FactKind], list[StandardFault]]:
    """Facts declared under `facts` in a YAML file, and the faults of that part."""
    text, name = opened(source, name or "facts.yaml")
    faults: list[StandardFault] = []
    out: dict[str, FactKind] = {}
    for at, cells in items(text, name, "facts", faults):
        values: dict[str, Any] = {}
        for field, cell in cells.items():
            if field not in FACT_FIELDS:
                faults.append(unknown(name, field, cell, FACT_FIELDS))
                continue
            try:
                values[field] = _fact_value(FACT_FIELDS[field], cell)
            except Bad as bad:
                faults.append(StandardFault(name, cell.line, cell.column, field, bad.found, bad.expected))
        lacking = [f for f in NEEDED if f not in values]
        if lacking:
            if not any(f.line >= at[0] and f.field in lacking for f in faults):
                faults.append(StandardFault(name, *at, lacking[0], "nothing", f"'{lacking[0]}'"))
            continue
        try:
            made = FactKind(**values)
            if made.name in out:
                raise ValueError(f"fact '{made.name}' a second time; expected each name once")
            out[made.name] = made
        except ValueError as error:
            what, _, expected = str(error).partition("; expected ")
            faults.append(StandardFault(name, *at, "", what, expected or "a fact that holds together"))
    return list(out.values()), faults


@cache
def fact_kinds() -> Mapping[str, FactKind]:
    """Facts that come with Tocsin, by name, in the order of a form."""
    kinds, faults = read_fact_kinds((files("tocsin.review") / "agreed" / "facts.yaml").read_text("utf-8"), name="facts.yaml")
    if faults:
        raise ValueError("; ".join(str(f) for f in faults))
    return {kind.name: kind for kind in kinds}


def _fact_value(kind: str, cell: Cell) -> Any:
    text = " ".join(cell.text.split())
    if kind == "options":
        if not isinstance(cell.node, yaml.MappingNode):
            raise Bad("no options", "codes with their words")
        pairs = [(key.value, value.value) for key, value in cell.node.value]
        if len({code for code, _ in pairs}) < len(pairs) or not all(isinstance(part, str) for pair in pairs for part in pair):
            raise Bad("a code twice, or one without words", "each code once with its words")
        return {code: " ".join(words.split()) for code, words in pairs}
    if not text:
        raise Bad("nothing", "a value")
    if kind == "type":
        types = [t.value for t in FactType]
        if text not in types:
            raise Bad(f"'{text}'", f"one of {', '.join(types)}{nearest(text, types)}")
        return FactType(text)
    if kind == "number":
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            raise Bad(f"'{text}'", "a number") from None
    return text
