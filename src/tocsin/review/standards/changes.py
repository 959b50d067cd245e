"""What changed between two versions of a standard: field by field, and in texts word by word."""

import re
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from typing import Literal

from tocsin.review.standards.model import Source, Standard

Word = tuple[Literal["same", "out", "in"], str]


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. words: runs of words that stayed, went out or came in; joined without 'out' they are `new`, without 'in' `old`."""

    field: str
    old: str
    new: str
    words: tuple[Word, ...]


def diff(old: Standard, new: Standard) -> tuple[Change, ...]:
    """Fields that differ, in the order of the file; those of the source as 'source.section'."""
    before, after = _plain(old), _plain(new)
    return tuple(Change(f, before[f], after[f], _words(before[f], after[f])) for f in before if before[f] != after[f])


def _plain(standard: Standard) -> dict[str, str]:
    out: dict[str, str] = {}
    for field in fields(standard):
        value = getattr(standard, field.name)
        if isinstance(value, Source):
            out |= {f"source.{f.name}": _said(getattr(value, f.name)) for f in fields(value)}
        else:
            out[field.name] = _said(value)
    return out


def _said(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _words(old: str, new: str) -> tuple[Word, ...]:
    a, b = re.findall(r"\S+\s*|\s+", old), re.findall(r"\S+\s*|\s+", new)
    out: list[Word] = []
    for op, a0, a1, b0, b1 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if op == "equal":
            out.append(("same", "".join(a[a0:a1])))
            continue
        if a1 > a0:
            out.append(("out", "".join(a[a0:a1])))
        if b1 > b0:
            out.append(("in", "".join(b[b0:b1])))
    return tuple(out)
