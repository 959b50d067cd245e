"""Conditions over a case's facts: read, checked against the kinds of facts, and judged YES, NO or UNKNOWN. Nothing is ever executed.

The language:

- A fact is written by its name. A yes-or-no fact stands for itself: `breech`. What is not known of a case is UNKNOWN, never false.
- Numbers `37`, `7.05`; text in double quotes; days and times without quotes: `2014-12-03`, `2014-12-03T10:15`; `true` and `false`.
- Comparisons `==`, `!=`, `<`, `<=`, `>`, `>=`, also in a row: `28 <= gestation_weeks < 37`. A day and a time are compared by their days.
- Membership: `mode_of_birth in ("forceps", "ventouse")`; where a fact holds several choices, `"diabetes" in risks`; `not in` for neither.
- Time between two facts: `minutes(from, to)`, `hours(from, to)`, `days(from, to)`, `weeks(from, to)`; negative where `to` is the earlier.
- `known(fact)` is YES where the fact is given and UNKNOWN where it is not: that nobody has told it does not show that it was never recorded.
- `not`, `and`, `or`, in this order of binding; round brackets.
- UNKNOWN spreads unless the rest settles it: NO settles `and`, YES settles `or`. So telling one more fact never turns YES into NO or back.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from tocsin.review.standards.truth import Truth, every, some

LENGTH, DEPTH = 2000, 40
"""Longest expression, in characters, and deepest nesting that is read."""

SECONDS = {"minutes": 60, "hours": 3600, "days": 86400, "weeks": 604800}
Value = bool | int | float | str | date | datetime | frozenset[str]
Facts = Mapping[str, Value | None]


class ExpressionError(ValueError):
    """An expression that cannot be used: the column (from 1), what was found there and what was expected."""

    def __init__(self, column: int, found: str, expected: str) -> None:
        self.column, self.found, self.expected = column, found, expected
        super().__init__(f"column {column}: found {found}; expected {expected}")


class FactError(ValueError):
    """A fact whose value cannot be used where the expression needs it."""

    def __init__(self, name: str, found: object, expected: str) -> None:
        self.name, self.found, self.expected = name, found, expected
        super().__init__(f"fact '{name}': found {found!r}; expected {expected}")


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


def facts_in(node: Node) -> tuple[str, ...]:
    """Names of the facts that an expression asks for, each once, in the order of writing."""
    return tuple(dict.fromkeys(f.name for f in _facts(node)))


def evaluate(expression: str | Node, facts: Facts) -> Truth:
    """Truth of an expression, given what is known; a fact that is missing or None is not known. '' is YES. Raises ExpressionError, FactError."""
    return settle(expression, facts)[0]


def settle(expression: str | Node, facts: Facts) -> tuple[Truth, tuple[str, ...]]:
    """Truth, and where it is UNKNOWN the facts that would settle it: told all of them, it is YES or NO whatever the others are."""
    if isinstance(expression, str):
        if not expression.strip():
            return Truth.YES, ()
        expression = parse(expression)
    truth, missing = _settle(expression, facts)
    return truth, tuple(dict.fromkeys(missing))


def _settle(node: Node, facts: Facts) -> tuple[Truth, tuple[str, ...]]:
    if isinstance(node, Not):
        truth, missing = _settle(node.of, facts)
        return ~truth, missing
    if isinstance(node, Join):
        found = [_settle(part, facts) for part in node.parts]
        truth = (every if node.word == "and" else some)(t for t, _ in found)
        return truth, tuple(name for _, missing in found for name in missing) if truth is Truth.UNKNOWN else ()
    missing = tuple(f.name for f in _facts(node) if facts.get(f.name) is None)
    return (Truth.UNKNOWN, missing) if missing else (Truth.of(_holds(node, facts)), ())


def _holds(node: Compare | Member | Known | Flag, facts: Facts) -> bool:
    if isinstance(node, Known):
        return True
    if isinstance(node, Flag):
        value = _value(node.of, facts)
        if not isinstance(value, bool):
            raise FactError(_name(node.of), value, "true or false")
        return value
    if isinstance(node, Member):
        item = _value(node.item, facts)
        if not isinstance(node.among, Fact):
            return any(_same(item, literal.value, _name(node.item)) for literal in node.among)
        among = _value(node.among, facts)
        if not isinstance(among, frozenset | set | tuple | list):
            raise FactError(node.among.name, among, "a set of texts")
        return item in among
    return _compared(_value(node.left, facts), node.sign, _value(node.right, facts), _name(node.left) or _name(node.right))


def _value(operand: Operand, facts: Facts) -> Any:
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, Fact):
        return facts[operand.name]
    start, end = _value(operand.start, facts), _value(operand.end, facts)
    for of, value in ((operand.start, start), (operand.end, end)):
        if not isinstance(value, date):
            raise FactError(_name(of), value, "a day or a time")
    if isinstance(start, datetime) and isinstance(end, datetime):
        if (start.tzinfo is None) != (end.tzinfo is None):
            raise FactError(_name(operand.end), end, f"a time with an offset if and only if '{_name(operand.start)}' has one")
        return (end - start).total_seconds() / SECONDS[operand.unit]
    if operand.unit in ("minutes", "hours"):
        bare = operand.end if isinstance(start, datetime) else operand.start
        raise FactError(_name(bare), _value(bare, facts), f"a time of day, to count {operand.unit}")
    return (_day(end) - _day(start)).total_seconds() / SECONDS[operand.unit]


def _same(a: Any, b: Any, name: str) -> bool:
    return _compared(a, "==", b, name)


def _compared(a: Any, sign: str, b: Any, name: str) -> bool:
    kinds = {_kind(a), _kind(b)}
    if kinds == {"day", "time"}:
        a, b, kinds = _day(a), _day(b), {"day"}
    if len(kinds) != 1:
        raise FactError(name, a, f"a {_kind(b)}, as {b!r} is")
    if kinds & {"true or false", "text", "set of texts"} and sign not in ("==", "!="):
        raise FactError(name, a, f"something that has an order, for '{sign}'")
    if kinds == {"time"} and (a.tzinfo is None) != (b.tzinfo is None):
        raise FactError(name, a, "times that all have an offset, or none")
    if kinds == {"number"} and (a != a or b != b):
        raise FactError(name, a, "a number")
    answers = {"==": a == b, "!=": a != b} if sign in ("==", "!=") else {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}
    return bool(answers[sign])


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, datetime):
        return "time"
    if isinstance(value, date):
        return "day"
    return "text" if isinstance(value, str) else "set of texts"


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _name(operand: Operand) -> str:
    if isinstance(operand, Between):
        return _name(operand.start) or _name(operand.end)
    return operand.name if isinstance(operand, Fact) else ""


def _facts(node: Any) -> Iterator[Fact]:
    if isinstance(node, Fact):
        yield node
    elif isinstance(node, tuple):
        for part in node:
            yield from _facts(part)
    elif not isinstance(node, Literal | str | int):
        for field in node.__dataclass_fields__:
            yield from _facts(getattr(node, field))


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
