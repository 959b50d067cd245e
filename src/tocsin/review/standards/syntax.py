"""Reading a condition: its words and signs, and the tree that they make. What it means stands in `expression.py`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

LENGTH, DEPTH = 2000, 40
"""Longest expression, in characters, and deepest nesting that is read."""

SECONDS = {"minutes": 60, "hours": 3600, "days": 86400, "weeks": 604800}
Value = bool | int | float | str | date | datetime | frozenset[str]


class ExpressionError(ValueError):
    """An expression that cannot be used: the column (from 1), what was found there and what was expected."""

    def __init__(self, column: int, found: str, expected: str) -> None:
        self.column, self.found, self.expected = column, found, expected
        super().__init__(f"column {column}: found {found}; expected {expected}")


@dataclass(frozen=True, slots=True)
class Literal:
    value: Value
    column: int


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Between:
    """Time from one operand to the other, in a unit."""

    unit: str
    start: Fact | Literal
    end: Fact | Literal
    column: int


Operand = Literal | Fact | Between


@dataclass(frozen=True, slots=True)
class Compare:
    left: Operand
    sign: str
    right: Operand


@dataclass(frozen=True, slots=True)
class Member:
    """item in one of several literals, or in a fact of several choices."""

    item: Fact | Literal
    among: tuple[Literal, ...] | Fact


@dataclass(frozen=True, slots=True)
class Known:
    fact: Fact


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes-or-no fact, or `true` or `false`, that stands for itself."""

    of: Fact | Literal


@dataclass(frozen=True, slots=True)
class Not:
    of: "Node"


@dataclass(frozen=True, slots=True)
class Join:
    word: str
    parts: tuple["Node", ...]


Node = Compare | Member | Known | Flag | Not | Join


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """The tree of an expression. Raises ExpressionError."""
    if len(text) > LENGTH:
        raise ExpressionError(LENGTH + 1, f"{len(text):,} characters", f"at most {LENGTH:,}")
    return _Reader(text).whole()


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


_TOKENS = re.compile(
    r"(?P<space>[ \t\r\n]+)|(?P<time>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?(?![\w:-]))|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))"
    r'|(?P<text>"[^"\n]*")|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign><=|>=|==|!=|<|>)|(?P<mark>[(),])'
)
RESERVED = frozenset({"and", "or", "not", "in", "known", "true", "false", *SECONDS})


class _Reader:
    """Recursive descent, one method a rule; depth is bounded, so that hostile input cannot exhaust the stack."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.at = self.depth = 0

    def whole(self) -> Node:
        node = self.either()
        if self.next.kind != "end":
            raise self.wrong("'and', 'or', or the end")
        return node

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def wrong(self, expected: str) -> ExpressionError:
        return ExpressionError(self.next.column, "the end" if self.next.kind == "end" else f"'{self.next.text}'", expected)

    def took(self, *texts: str) -> bool:
        if self.next.kind in ("word", "mark", "sign") and self.next.text in texts:
            self.at += 1
            return True
        return False

    def must(self, text: str) -> None:
        if not self.took(text):
            raise self.wrong(f"'{text}'")

    def either(self) -> Node:
        return self.joined("or", self.both)

    def both(self) -> Node:
        return self.joined("and", self.negated)

    def joined(self, word: str, part: Any) -> Node:
        parts = [part()]
        while self.took(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Join(word, tuple(parts))

    def negated(self) -> Node:
        self.depth += 1
        if self.depth > DEPTH:
            raise ExpressionError(self.next.column, f"more than {DEPTH} levels of brackets and 'not'", "a flatter expression")
        node = Not(self.negated()) if self.took("not") else self.test()
        self.depth -= 1
        return node

    def test(self) -> Node:
        if self.took("("):
            node = self.either()
            self.must(")")
            return node
        if self.took("known"):
            self.must("(")
            fact = self.fact()
            self.must(")")
            return Known(fact)
        left = self.operand()
        if self.next.kind == "sign":
            parts: list[Node] = []
            while self.next.kind == "sign":
                sign, self.at = self.next.text, self.at + 1
                right = self.operand()
                parts.append(Compare(left, sign, right))
                left = right
            return parts[0] if len(parts) == 1 else Join("and", tuple(parts))
        if isinstance(left, Between):
            raise self.wrong("a comparison, as '<= 30'")
        if self.took("in"):
            return Member(left, self.among())
        if self.next.text == "not" and self.next.kind == "word":
            self.at += 1
            self.must("in")
            return Not(Member(left, self.among()))
        if isinstance(left, Literal) and not isinstance(left.value, bool):
            raise self.wrong("a comparison")
        return Flag(left)

    def among(self) -> tuple[Literal, ...] | Fact:
        if not self.took("("):
            return self.fact()
        items = [self.literal()]
        while self.took(","):
            items.append(self.literal())
        self.must(")")
        return tuple(items)

    def literal(self) -> Literal:
        operand = self.operand()
        if not isinstance(operand, Literal):
            raise ExpressionError(operand.column, "a fact", "a number, a day or a text in double quotes")
        return operand

    def fact(self) -> Fact:
        if self.next.kind != "word" or self.next.text in RESERVED:
            raise self.wrong("the name of a fact")
        self.at += 1
        return Fact(self.tokens[self.at - 1].text, self.tokens[self.at - 1].column)

    def operand(self) -> Operand:
        kind, text, column = self.next
        if kind == "number":
            self.at += 1
            return Literal(float(text) if "." in text else int(text), column)
        if kind == "text":
            self.at += 1
            return Literal(text[1:-1], column)
        if kind == "time":
            self.at += 1
            try:
                return Literal(datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text), column)
            except ValueError:
                raise ExpressionError(column, f"'{text}'", "a day that exists, as 2014-12-03") from None
        if kind == "word" and text in ("true", "false"):
            self.at += 1
            return Literal(text == "true", column)
        if kind == "word" and text in SECONDS:
            self.at += 1
            self.must("(")
            start = self.moment()
            self.must(",")
            end = self.moment()
            self.must(")")
            return Between(text, start, end, column)
        if kind == "word" and text not in RESERVED:
            return self.fact()
        raise self.wrong("a fact, a number, a day, a text in double quotes, 'not', 'known' or '('")

    def moment(self) -> Fact | Literal:
        operand = self.operand()
        if isinstance(operand, Between):
            raise ExpressionError(operand.column, f"'{operand.unit}'", "a day or a time")
        return operand


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _TOKENS.match(text, at)
        if not match or not match.lastgroup:
            found = "a text without closing quotes" if text[at] == '"' else f"'{text[at : at + 12].split()[0]}'"
            raise ExpressionError(at + 1, found, "a fact, a number, a day, a text in double quotes, or a comparison")
        if match.lastgroup != "space":
            yield _Token(match.lastgroup, match.group(), at + 1)
        at = match.end()
    yield _Token("end", "", len(text) + 1)
