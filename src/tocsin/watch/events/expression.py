"""Conditions over columns, as written in a mapping or a catalogue: `term and not live`, `status == 1 and time <= 30`.

Three-valued: a number that is missing makes what depends on it missing, as in SQL, so that no blank is taken for a no.
"""

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Texts = NDArray[np.object_]


class ExpressionError(ValueError):
    """An expression that cannot be understood: what was found and what is allowed."""


@dataclass(frozen=True, slots=True)
class Expression:
    """text: as written. numbers, texts: columns that are read as numbers, and those compared with text."""

    text: str
    tree: ast.expr
    numbers: frozenset[str]
    texts: frozenset[str]

    def value(self, number: Callable[[str], Numbers], text: Callable[[str], Texts]) -> Numbers:
        """Value for each row: a number, 1 for true and 0 for false, NaN where missing."""
        with np.errstate(all="ignore"):
            return _value(self.tree, number, text)


def parse(text: str) -> Expression:
    """Raises ExpressionError unless made of column names, numbers, 'text', and or not, == != < <= > >=, + - * / and brackets."""
    try:
        tree = ast.parse(str(text).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"'{text}' is not a condition over columns, such as: term and hie >= 2") from None
    numbers: set[str] = set()
    texts: set[str] = set()
    _check(tree, str(text), numbers, texts)
    return Expression(str(text).strip(), tree, frozenset(numbers), frozenset(texts))


_COMPARE: dict[type[ast.cmpop], Callable[[Numbers, Numbers], NDArray[np.bool_]]] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}
_ARITHMETIC: dict[type[ast.operator], Callable[[Numbers, Numbers], Numbers]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
}


def _check(node: ast.expr, text: str, numbers: set[str], texts: set[str]) -> None:
    match node:
        case ast.Name(id=name):
            numbers.add(name)
        case ast.Constant(value=bool() | int() | float()):
            pass
        case ast.BoolOp(values=values):
            for value in values:
                _check(value, text, numbers, texts)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            _check(operand, text, numbers, texts)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            _check(left, text, numbers, texts)
            _check(right, text, numbers, texts)
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Eq() | ast.NotEq()], comparators=[ast.Constant(value=str())]):
            texts.add(name)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            _check(left, text, numbers, texts)
            _check(right, text, numbers, texts)
        case _:
            raise ExpressionError(
                f"'{ast.unparse(node)}' in '{text}' is not allowed; use column names, numbers, and, or, not, ==, <, + and such"
            )


def _value(node: ast.expr, number: Callable[[str], Numbers], text: Callable[[str], Texts]) -> Numbers:
    match node:
        case ast.Name(id=name):
            return number(name)
        case ast.Constant(value=value):
            return np.asarray(float(value) if isinstance(value, bool | int | float) else math.nan)
        case ast.BoolOp(op=op, values=values):
            parts = [_truth(_value(v, number, text)) for v in values]
            # Kleene: `and` is the least of false (0), missing (1/2), true (1); `or` the greatest
            steps = [np.where(np.isnan(p), 0.5, p) for p in parts]
            joined = steps[0]
            for step in steps[1:]:
                joined = np.minimum(joined, step) if isinstance(op, ast.And) else np.maximum(joined, step)
            return np.where(joined == 0.5, np.nan, joined)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return 1.0 - _truth(_value(operand, number, text))
        case ast.UnaryOp(operand=operand):
            return -_value(operand, number, text)
        case ast.BinOp(left=left, op=op, right=right):
            result = _ARITHMETIC[type(op)](_value(left, number, text), _value(right, number, text))
            return np.where(np.isfinite(result), result, np.nan)
        case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[ast.Constant(value=str(wanted))]):
            same = np.asarray(text(name) == wanted, dtype=np.float64)
            return same if isinstance(op, ast.Eq) else 1.0 - same
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            a, b = _value(left, number, text), _value(right, number, text)
            return np.where(np.isnan(a) | np.isnan(b), np.nan, _COMPARE[type(op)](a, b))
    raise ExpressionError(f"'{ast.unparse(node)}' is not allowed")


def _truth(value: Numbers) -> Numbers:
    return np.where(np.isnan(value), np.nan, (value != 0).astype(np.float64))
