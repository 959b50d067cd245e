"""The catalogue of indicators: shipped in `indicators.yaml`, extended or overridden by the user's own files."""

from collections.abc import Sequence
from importlib import resources
from typing import Any

from tocsin.watch.events.expression import ExpressionError, parse
from tocsin.watch.events.mapping import MappingError, load_yaml, refuse_unknown
from tocsin.watch.indicators import FixedReference, Indicator, Kind, Lag, NationalReference

_KEYS = (
    "name", "event", "events", "birth", "births", "kind", "numerator", "denominator", "reference", "ratio", "lag", "per", "source",
    "exclusions", "risk-adjusted",
)  # fmt: skip
_NEEDED = ("name", "kind", "numerator", "reference", "ratio", "source")


def load_catalogue(extra: Sequence[tuple[str, str]] = ()) -> dict[str, Indicator]:
    """Indicators by id. extra: (file name, YAML text) of the user's own; a later indicator replaces an earlier one of the same id.

    Raises MappingError, naming the file, the indicator, what was found and what was expected.
    """
    shipped = resources.files("tocsin.watch.catalogue").joinpath("indicators.yaml").read_text("utf-8")
    found: dict[str, Indicator] = {}
    for name, text in [("indicators.yaml", shipped), *extra]:
        for key, given in load_yaml(text, name).items():
            found[key] = _indicator(key, given, name)
    return found


def _indicator(key: str, given: Any, file: str) -> Indicator:
    where = f"{file}, {key}"
    if not isinstance(given, dict):
        raise MappingError(f"{where}: expected the fields of an indicator, such as 'name: ...'; found {given!r}")
    refuse_unknown(given, _KEYS, where)
    for needed in _NEEDED:
        if given.get(needed) in (None, ""):
            raise MappingError(f"{where}: '{needed}' is missing")
    try:
        kind = Kind(str(given["kind"]))
    except ValueError:
        raise MappingError(f"{where}, kind: found '{given['kind']}'; expected one of {', '.join(Kind)}") from None
    ratio = _number(given["ratio"], f"{where}, ratio")
    if ratio <= 1:
        raise MappingError(f"{where}, ratio: found {ratio:g}; expected a rate ratio above 1, such as 2")
    denominator = given.get("denominator")
    if kind is Kind.BERNOULLI and denominator is None:
        raise MappingError(f"{where}: a bernoulli indicator needs a 'denominator' (for one row a birth, '1' counts each)")
    exclusions = given.get("exclusions") or []
    if not isinstance(exclusions, list):
        raise MappingError(f"{where}, exclusions: expected a list of conditions; found {exclusions!r}")
    for text in [given["numerator"], *([denominator] if denominator is not None else []), *exclusions]:
        try:
            parse(str(text))
        except ExpressionError as error:
            raise MappingError(f"{where}: {error}") from None
    event = str(given.get("event") or str(given["name"]).lower())
    return Indicator(
        key, str(given["name"]), event, str(given.get("events", event)), str(given.get("birth", "birth")),
        str(given.get("births", "births")), kind, str(given["numerator"]),
        None if denominator is None else str(denominator), _reference(given["reference"], where, kind), ratio,
        _lag(given.get("lag"), where), int(_number(given.get("per", 1000), f"{where}, per")), str(given["source"]).strip(),
        tuple(str(e) for e in exclusions), bool(given.get("risk-adjusted", False)),
    )  # fmt: skip


def _reference(given: Any, where: str, kind: Kind) -> FixedReference | NationalReference:
    if not isinstance(given, dict):
        raise MappingError(f"{where}, reference: expected 'national: 3' (years) or 'rate: ...' with 'citation: ...'; found {given!r}")
    refuse_unknown(given, ("national", "rate", "citation"), f"{where}, reference")
    if "rate" in given:
        rate = _number(given["rate"], f"{where}, reference: rate")
        if rate <= 0 or (kind is Kind.BERNOULLI and rate >= 1):
            raise MappingError(f"{where}, reference: rate: found {rate:g}; expected events per birth, above 0 (below 1 if bernoulli)")
        if not given.get("citation"):
            raise MappingError(f"{where}, reference: a fixed rate needs a 'citation' that says where it was published")
        return FixedReference(rate, str(given["citation"]).strip())
    years = _number(given.get("national", 3), f"{where}, reference: national")
    if years < 1 or years != int(years):
        raise MappingError(f"{where}, reference: national: found {years:g}; expected a whole number of years, 1 or more")
    return NationalReference(int(years))


def _lag(given: Any, where: str) -> Lag:
    """`lag: {0: 0.5, 30: 0.9, 90: 1}`: share of events reported by that age in days."""
    if given is None:
        return Lag((0,), (1.0,))
    if not isinstance(given, dict) or not given:
        raise MappingError(f"{where}, lag: expected ages in days with shares, such as {{0: 0.5, 90: 1}}; found {given!r}")
    days = tuple(int(_number(k, f"{where}, lag")) for k in given)
    shares = tuple(_number(v, f"{where}, lag") for v in given.values())
    if days[0] != 0 or list(days) != sorted(set(days)):
        raise MappingError(f"{where}, lag: ages must rise from 0; found {', '.join(map(str, days))}")
    if list(shares) != sorted(shares) or shares[-1] != 1 or shares[0] < 0:
        raise MappingError(f"{where}, lag: shares must rise to 1; found {', '.join(map(str, shares))}")
    return Lag(days, shares)


def _number(value: Any, where: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise MappingError(f"{where}: found {value!r}; expected a number") from None
    if not abs(number) < float("inf"):
        raise MappingError(f"{where}: found {value!r}; expected a finite number")
    return number
