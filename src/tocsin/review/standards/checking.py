"""Are the facts of an expression known, and can they be compared as it says? Found before any case is judged."""

from collections.abc import Mapping
from datetime import date, datetime
from difflib import get_close_matches

from tocsin.review.standards import syntax as x
from tocsin.review.standards.expression import facts_in
from tocsin.review.standards.facts import FactKind, FactType

_TYPES = {
    FactType.FLAG: "yes or no", FactType.NUMBER: "a number", FactType.DAY: "a day", FactType.TIME: "a time", FactType.CHOICE: "a text",
    FactType.TEXT: "a text", FactType.CHOICES: "several choices",
}  # fmt: skip


def check(expression: str, kinds: Mapping[str, FactKind]) -> tuple[str, ...]:
    """Names of the facts that an expression asks for. Raises ExpressionError for one that could not be judged whatever the facts are."""
    if not expression.strip():
        return ()
    node = x.parse(expression)
    _node(node, kinds)
    return facts_in(node)


def _node(node: x.Node, kinds: Mapping[str, FactKind]) -> None:
    if isinstance(node, x.Join):
        for part in node.parts:
            _node(part, kinds)
    elif isinstance(node, x.Not):
        _node(node.of, kinds)
    elif isinstance(node, x.Known):
        _kind(node.fact, kinds)
    elif isinstance(node, x.Flag):
        _must(node.of, kinds, {"yes or no"}, "a comparison, or a fact that is yes or no")
    elif isinstance(node, x.Member):
        _member(node, kinds)
    else:
        _compare(node, kinds)


def _compare(node: x.Compare, kinds: Mapping[str, FactKind]) -> None:
    left, right = _type(node.left, kinds), _type(node.right, kinds)
    if left != right and {left, right} != {"a day", "a time"}:
        raise x.ExpressionError(node.right.column, right, f"{left}, to compare with")
    if node.sign not in ("==", "!=") and left in ("yes or no", "a text", "several choices"):
        raise x.ExpressionError(node.left.column, f"{left} before '{node.sign}'", "a number, a day or a time")
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(one, x.Fact) and isinstance(other, x.Literal):
            _option(one, other, kinds)


def _member(node: x.Member, kinds: Mapping[str, FactKind]) -> None:
    if isinstance(node.among, x.Fact):
        _must(node.among, kinds, {"several choices"}, "a fact of several choices, or texts in brackets")
        _must(node.item, kinds, {"a text"}, "a text")
        if isinstance(node.item, x.Literal):
            _option(node.among, node.item, kinds)
        return
    wanted = _type(node.item, kinds)
    for literal in node.among:
        if _type(literal, kinds) != wanted:
            raise x.ExpressionError(literal.column, _type(literal, kinds), f"{wanted}, to compare with")
        if isinstance(node.item, x.Fact):
            _option(node.item, literal, kinds)


def _option(fact: x.Fact, literal: x.Literal, kinds: Mapping[str, FactKind]) -> None:
    options = _kind(fact, kinds).options
    if options and literal.value not in options:
        near = get_close_matches(str(literal.value), list(options), 1, 0.6)
        also = f"; did you mean '{near[0]}'?" if near else ""
        raise x.ExpressionError(literal.column, f"'{literal.value}'", f"an option of '{fact.name}' ({', '.join(options)}){also}")


def _must(operand: x.Operand, kinds: Mapping[str, FactKind], types: set[str], expected: str) -> None:
    found = _type(operand, kinds)
    if found not in types:
        raise x.ExpressionError(operand.column, f"{found}{f' (fact {operand.name!r})' if isinstance(operand, x.Fact) else ''}", expected)


def _type(operand: x.Operand, kinds: Mapping[str, FactKind]) -> str:
    if isinstance(operand, x.Fact):
        return _TYPES[_kind(operand, kinds).type]
    if isinstance(operand, x.Literal):
        if isinstance(operand.value, bool):
            return "yes or no"
        if isinstance(operand.value, int | float):
            return "a number"
        return "a time" if isinstance(operand.value, datetime) else "a day" if isinstance(operand.value, date) else "a text"
    for moment in (operand.start, operand.end):
        fine = {"a time"} if operand.unit in ("minutes", "hours") else {"a day", "a time"}
        _must(moment, kinds, fine, f"{' or '.join(sorted(fine))}, to count {operand.unit}")
    return "a number"


def _kind(fact: x.Fact, kinds: Mapping[str, FactKind]) -> FactKind:
    if fact.name not in kinds:
        near = get_close_matches(fact.name, list(kinds), 1, 0.6)
        also = f"; did you mean '{near[0]}'?" if near else ""
        raise x.ExpressionError(fact.column, f"'{fact.name}', a fact that is not declared", f"a fact of the dictionary{also}")
    return kinds[fact.name]
