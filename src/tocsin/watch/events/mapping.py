"""The mapping: how a team's own extract is to be read, so that nobody edits the extract."""

from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

import yaml

from tocsin.watch.events.expression import Expression, ExpressionError, parse


class Rows(StrEnum):
    """What a row of the file is."""

    BIRTHS = "births"
    """One birth (operation, attendance ...)."""
    AGGREGATED = "aggregated"
    """The counts of one site and one period."""


class Period(StrEnum):
    """What the date of an aggregated row stands for. Counts are put on the period's last day."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class OnOverlap(StrEnum):
    """What to do where a second file has rows for a site and day that an earlier file had, and rows have no id."""

    REFUSE = "refuse"
    REPLACE = "replace"
    ADD = "add"


class MappingError(ValueError):
    """A mapping or catalogue that cannot be used: where, what was found, what was expected."""


@dataclass(frozen=True, slots=True)
class RiskModel:
    """A logistic model of each case's risk. intercept, weights: log odds. With `outcome` they are fitted on rows before `until` instead."""

    weights: dict[str, float]
    intercept: float = 0.0
    outcome: Expression | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """columns: our name to the file's. site: the one site of a file without a site column. dates: strptime format, or None for ISO.

    day_zero: where dates are day numbers, the day called 0. yes, no: words for 1 and 0 beside the usual ones. where: rows to read.
    compute: new columns. week_starts: whether a week's date is its first day instead of its last.
    """

    rows: Rows = Rows.BIRTHS
    columns: dict[str, str] = field(default_factory=dict)
    site: str | None = None
    dates: str | None = None
    day_zero: date | None = None
    period: Period = Period.DAY
    week_starts: bool = False
    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()
    empty_means_no: frozenset[str] = frozenset()
    where: Expression | None = None
    compute: dict[str, Expression] = field(default_factory=dict)
    risk: RiskModel | None = None
    on_overlap: OnOverlap | None = None
    delimiter: str | None = None
    decimal_comma: bool = False

    def column(self, name: str) -> str:
        """The file's name for our column."""
        return self.columns.get(name, name)


_KEYS = (
    "rows", "columns", "site", "dates", "day-zero", "period", "week-date", "words-for-yes", "words-for-no",
    "empty-means-no", "where", "compute", "risk", "on-overlap", "delimiter", "decimal-comma",
)  # fmt: skip


def read_mapping(text: str, name: str = "mapping") -> Mapping:
    """Read a mapping from YAML. Raises MappingError, naming the file, the key, what was found and what was expected."""
    given = load_yaml(text, name)
    refuse_unknown(given, _KEYS, name)
    risk = given.get("risk")
    return Mapping(
        rows=_one_of(Rows, given, "rows", Rows.BIRTHS, name),
        columns={str(k): str(v) for k, v in _dict(given, "columns", name).items()},
        site=_text(given.get("site")),
        dates=_text(given.get("dates")),
        day_zero=_date(given.get("day-zero"), name),
        period=_one_of(Period, given, "period", Period.DAY, name),
        week_starts=_choice(given, "week-date", ("last", "first"), name) == "first",
        yes=_words(given.get("words-for-yes")),
        no=_words(given.get("words-for-no")),
        empty_means_no=_words(given.get("empty-means-no"), lower=False),
        where=_expression(given["where"], "where", name) if "where" in given else None,
        compute={str(k): _expression(v, f"compute: {k}", name) for k, v in _dict(given, "compute", name).items()},
        risk=_risk(risk, name) if risk is not None else None,
        on_overlap=_one_of(OnOverlap, given, "on-overlap", None, name),
        delimiter=_text(given.get("delimiter")),
        decimal_comma=bool(given.get("decimal-comma", False)),
    )


def load_yaml(text: str, name: str) -> dict[str, Any]:
    """One YAML mapping, without anchors or doubled keys. Raises MappingError with the line."""
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise MappingError(
                    f"{name}:{event.start_mark.line + 1 if event.start_mark else 1}: aliases (*name) are not read; write it out"
                )
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_doubled(node, name)
        value = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MappingError(f"{name}:{line}: this is not YAML ({error.problem})") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, MappingError):
            raise
        raise MappingError(f"{name}: this is not YAML ({str(error).splitlines()[0]})") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MappingError(f"{name}:1: expected names with values, such as 'rows: births'; found {type(value).__name__}")
    return {str(k): v for k, v in value.items()}


def refuse_unknown(given: dict[str, Any], allowed: tuple[str, ...], name: str) -> None:
    """Raises MappingError for a key that is not allowed, with the nearest that is."""
    for key in given:
        if key not in allowed:
            near = get_close_matches(key, allowed, 1)
            raise MappingError(
                f"{name}: unknown key '{key}'" + (f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(allowed)}")
            )


def _refuse_doubled(node: yaml.Node | None, name: str) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise MappingError(f"{name}:{key.start_mark.line + 1}: '{key.value}' is given twice")
            seen.add(key.value)
            _refuse_doubled(value, name)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_doubled(value, name)


def _expression(value: object, key: str, name: str) -> Expression:
    try:
        return parse(str(value))
    except ExpressionError as error:
        raise MappingError(f"{name}, {key}: {error}") from None


def _risk(value: object, name: str) -> RiskModel:
    if not isinstance(value, dict):
        raise MappingError(f"{name}, risk: expected 'weights' and 'intercept', or 'fit'; found {value!r}")
    refuse_unknown(value, ("intercept", "weights", "fit"), f"{name}, risk")
    fit = value.get("fit")
    if fit is not None:
        refuse_unknown(fit, ("outcome", "columns", "until"), f"{name}, risk: fit")
        if "outcome" not in fit or "columns" not in fit:
            raise MappingError(f"{name}, risk: fit: needs 'outcome' and 'columns'")
        columns = {str(c): 0.0 for c in fit["columns"]}
        until = None if fit.get("until") is None else str(fit["until"])
        return RiskModel(columns, 0.0, _expression(fit["outcome"], "risk: fit: outcome", name), until)
    try:
        return RiskModel({str(k): float(v) for k, v in value.get("weights", {}).items()}, float(value.get("intercept", 0.0)))
    except (TypeError, ValueError, AttributeError):
        raise MappingError(f"{name}, risk: weights and intercept must be numbers (log odds)") from None


def _one_of(kind: Any, given: dict[str, Any], key: str, default: Any, name: str) -> Any:
    if given.get(key) is None:
        return default
    try:
        return kind(str(given[key]))
    except ValueError:
        raise MappingError(f"{name}, {key}: found '{given[key]}'; expected one of {', '.join(kind)}") from None


def _choice(given: dict[str, Any], key: str, allowed: tuple[str, ...], name: str) -> str:
    value = str(given.get(key, allowed[0]))
    if value not in allowed:
        raise MappingError(f"{name}, {key}: found '{value}'; expected one of {', '.join(allowed)}")
    return value


def _dict(given: dict[str, Any], key: str, name: str) -> dict[str, Any]:
    value = given.get(key) or {}
    if not isinstance(value, dict):
        raise MappingError(f"{name}, {key}: expected names with values; found {value!r}")
    return value


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _words(value: object, lower: bool = True) -> frozenset[str]:
    if value is None:
        return frozenset()
    words = value if isinstance(value, list) else [value]
    return frozenset(str(w).strip().lower() if lower else str(w) for w in words)


def _date(value: object, name: str) -> date | None:
    if value is None:
        return None
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise MappingError(f"{name}, day-zero: '{value}' is not a date as YYYY-MM-DD") from None
