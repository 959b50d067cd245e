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

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from tocsin.review.standards.syntax import (
    SECONDS,
    Between,
    Compare,
    Fact,
    Flag,
    Join,
    Known,
    Literal,
    Member,
    Node,
    Not,
    Operand,
    Value,
    parse,
)
from tocsin.review.standards.truth import Truth, every, some

Facts = Mapping[str, Value | None]


class FactError(ValueError):
    """A fact whose value cannot be used where the expression needs it."""

    def __init__(self, name: str, found: object, expected: str) -> None:
        self.name, self.found, self.expected = name, found, expected
        super().__init__(f"fact '{name}': found {found!r}; expected {expected}")


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
