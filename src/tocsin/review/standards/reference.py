"""The reference of the language, of the files and of the facts, made from what the reader goes by."""

from collections.abc import Mapping

from tocsin.review.standards import expression, given, reading, reading_facts
from tocsin.review.standards.facts import FactKind, FactType
from tocsin.review.standards.model import AREAS, Library, Standing
from tocsin.review.standards.syntax import DEPTH, LENGTH
from tocsin.review.standards.truth import Truth

_KINDS = {
    "text": "text", "count": "whole number from 1", "area": "an area", "expression": "a condition", "day": "day, as 2014-12-03",
    "key": "id@version", "flag": "true or false", "address": "address, https://…", "type": "a type", "number": "number",
    "options": "codes with their words",
}  # fmt: skip
_TYPES = {
    FactType.FLAG: "yes or no", FactType.NUMBER: "number, from least to most", FactType.DAY: "day, as 2014-12-03",
    FactType.TIME: "time, as 2014-12-03T10:15, with an offset for all times of a case or for none", FactType.CHOICE: "one of its options",
    FactType.CHOICES: "several of its options, with ';' between them", FactType.TEXT: "text",
}  # fmt: skip


def reference_text(library: Library) -> str:
    """In Markdown."""
    out = ["# Standards: conditions, files and facts", ""]
    out += ["Made by `tocsin review standards reference`; a test keeps it the same as the code.", "", "## Conditions", ""]
    out += [(expression.__doc__ or "").split("The language:\n\n", 1)[1].strip(), ""]
    out += [f"A condition has at most {LENGTH:,} characters and {DEPTH} levels of brackets and `not`. An empty `applies` means always; an"]
    out += ["empty `met` means that only a person can say.", "", "| and | yes | no | unknown |", "| --- | --- | --- | --- |"]
    out += [f"| **{a}** | " + " | ".join(a & b for b in Truth) + " |" for a in Truth]
    out += ["", "| or | yes | no | unknown |", "| --- | --- | --- | --- |"]
    out += [f"| **{a}** | " + " | ".join(a | b for b in Truth) + " |" for a in Truth]
    out += ["", "## What is listed beside a case", ""]
    out += ["Every standard in force on the day of care, each as one of:", ""]
    out += [f"- {s.value}" for s in Standing]
    out += ["", "and with the facts that would settle it. It is never a grade; a person decides.", "", "## A file of standards", ""]
    out += ["YAML with a list under `standards`, the source as a block of its own, and facts of your own under `facts`; or CSV with these"]
    out += ["columns, those of the source with `source_` before them. Anchors and aliases are not allowed. A standard is in force from"]
    out += [
        "`in_force_from` up to the day before `in_force_to`; versions of one id must not overlap, and what is superseded must have ended."
    ]
    out += [f"A file has at most {reading.MOST_CHARACTERS:,} characters and {reading.MOST_STANDARDS:,} standards.", ""]
    out += ["| field | | needed |", "| --- | --- | --- |"]
    out += [f"| {f} | {_KINDS[k]} | {'yes' if f in reading.NEEDED else ''} |" for f, k in reading.FIELDS.items()]
    out += [f"| source: {f} | {_KINDS[k]} | {_needed(f)} |" for f, k in reading.SOURCE_FIELDS.items()]
    out += ["", "Areas: " + ", ".join(f"{code} ({words.lower()})" for code, words in AREAS.items()) + ".", "", "## Facts", ""]
    out += ["| field | | needed |", "| --- | --- | --- |"]
    out += [f"| {f} | {_KINDS[k]} | {'yes' if f in reading_facts.NEEDED else ''} |" for f, k in reading_facts.FACT_FIELDS.items()]
    out += ["", "Types: " + "; ".join(f"{t.value}: {words}" for t, words in _TYPES.items()) + ".", ""]
    out += [" ".join((given.read_facts.__doc__ or "").split()), "", f"{len(library.facts)} facts come with Tocsin:"]
    return "\n".join(out + _facts(library.facts) + [""])


def _needed(field: str) -> str:
    if field == "address":
        return "yes, or `unconfirmed: true`"
    return "yes" if f"source_{field}" in reading.NEEDED else ""


def _facts(facts: Mapping[str, FactKind]) -> list[str]:
    out: list[str] = []
    for group in dict.fromkeys(k.group for k in facts.values()):
        out += ["", f"### {group.capitalize()}", "", "| fact | type | question |", "| --- | --- | --- |"]
        for k in facts.values():
            if k.group == group:
                detail = ": " + ", ".join(k.options) if k.options else f", {k.unit}" if k.unit else ""
                help_ = f" ({k.help})" if k.help else ""
                out.append(f"| `{k.name}` | {k.type.value}{detail} | {k.question}{help_} |")
    return out
