"""The map's language: YAML with places. Reads files into an `AccordMap`, or says where and why it cannot."""

from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any

import yaml

from tocsin.accord import model as m
from tocsin.signal import ConcernKind

_FIRST_YEAR, _LAST_YEAR = 1900, 2200
POWERS = {p.word: p for p in m.Power}
_DATED = {"since": "date", "until": "date", "concerns": "concerns", "providers": "providers", "places": "places"}
_BASED = {**_DATED, "basis": "text", "source": "text", "unconfirmed": "flag"}
# section: (class, fields with their types, required fields)
SECTIONS: dict[str, tuple[type[Any], dict[str, str], frozenset[str]]] = {
    "bodies": (
        m.Body,
        {**_DATED, "id": "text", "name": "text", "tier": "count", "kind": "text", "subject": "flag", "predecessor": "body"},
        frozenset({"id", "name", "tier"}),
    ),
    "powers": (
        m.Held,
        {**_BASED, "body": "body", "power": "power", "condition": "text", "notice": "within"},
        frozenset({"body", "power", "basis"}),
    ),
    "duties": (
        m.Duty,
        {
            **_BASED, "body": "body", "role": "role", "must": "text", "trigger": "text", "first": "flag", "within": "within",
            "review": "within",
            "uses": "power", "task": "text", "asks": "texts",
        },
        frozenset({"body", "role", "must", "basis"}),
    ),
    "handovers": (
        m.Handover,
        {**_BASED, "body": "body", "to": "body", "when": "reasons", "period": "within"},
        frozenset({"body", "to", "when", "basis"}),
    ),
    "conflicts": (m.Conflict, {**_BASED, "body": "body", "because": "text"}, frozenset({"body", "because"})),
    "agreements": (m.Agreement, {**_BASED, "between": "bodies", "lead": "body"}, frozenset({"between", "lead", "basis"})),
    "tellings": (m.Telling, {**_BASED, "body": "body", "within": "within"}, frozenset({"body", "within", "basis"})),
    "endings": (m.Ending, {**_BASED, "body": "body", "criteria": "text"}, frozenset({"body", "criteria", "basis"})),
}  # fmt: skip
HEAD = {
    "accord": "count", "name": "text", "since": "date", "until": "date", "timezone": "text", "binding-days": "count", "told-days": "count",
    "concern-kinds": "texts", "provider-kinds": "texts", "place-names": "texts", "holidays": "dates",
}  # fmt: skip
HEAD_REQUIRED = frozenset({"accord", "name", "since", "until", "provider-kinds"})
_BASED_SECTIONS = frozenset(SECTIONS) - {"bodies", "conflicts"}


class MapError(ValueError):
    """A map that cannot be read: where, what was found, what was expected, and the nearest known name."""

    def __init__(self, place: m.Place, found: str, expected: str, nearest: str | None = None) -> None:
        self.place, self.found, self.expected, self.nearest = place, found, expected, nearest
        super().__init__(f"{place}: found {found}; expected {expected}" + (f"; did you mean '{nearest}'?" if nearest else ""))


def read_map(files: Mapping[str, str]) -> m.AccordMap:
    """Read and join files (name to text). The first gives the head; lines of later ones go before earlier lines. Raises MapError."""
    if not files:
        raise ValueError("read_map needs at least one file")
    heads: list[dict[str, Any]] = []
    found: dict[str, list[tuple[m.Place, dict[str, tuple[yaml.Node, m.Place]]]]] = {section: [] for section in SECTIONS}
    for number, (name, text) in enumerate(files.items()):
        top = _mapping(_compose(name, text), name, [*HEAD, *SECTIONS], HEAD_REQUIRED if number == 0 else frozenset())
        heads.append({key: _value(node, HEAD[key], name, {}) for key, (node, _) in top.items() if key in HEAD} | {"": m.Place(name, 1)})
        for section, (_, fields, required) in SECTIONS.items():
            if section in top:
                node = top[section][0]
                if not isinstance(node, yaml.SequenceNode):
                    raise MapError(top[section][1], _say(node), f"a list of {section}")
                added = [(_place(name, item), _mapping(item, name, fields, required)) for item in node.value]
                found[section] = added + found[section]
    head = heads[0]
    if head["accord"] != 1:
        raise MapError(head[""], f"language version {head['accord']}", "version 1")
    known = {
        "body": [_value(fields["id"][0], "text", place.file, {}) for place, fields in found["bodies"]],
        "concern": list(head.get("concern-kinds", [k.value for k in ConcernKind])),
        "provider": list(head["provider-kinds"]),
        "place": list(head.get("place-names", [])),
    }
    if head["since"] >= head["until"]:
        raise MapError(head[""], f"until {head['until']}", f"a day after since, {head['since']}")
    if head["since"].year < _FIRST_YEAR or head["until"].year > _LAST_YEAR:
        raise MapError(head[""], f"{head['since']} to {head['until']}", f"days from {_FIRST_YEAR} to {_LAST_YEAR}")
    rows = {section: [_build(section, place, fields, known) for place, fields in items] for section, items in found.items()}
    names = " with ".join(h["name"] for h in heads if "name" in h)
    return m.AccordMap(
        name=names, place=head[""], since=head["since"], until=head["until"], timezone=head.get("timezone", "Europe/London"),
        binding_days=head.get("binding-days", 120), told_days=head.get("told-days", 30),
        concerns=tuple(known["concern"]), providers=tuple(known["provider"]), places=tuple(known["place"]),
        extra_holidays=frozenset(head.get("holidays", [])), bodies=_by_id(rows["bodies"]),
        **{section: tuple(rows[section]) for section in SECTIONS if section != "bodies"},
    )  # fmt: skip


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of one map file, made from the same tables as the reader."""
    shapes: dict[str, Any] = {
        "text": {"type": "string", "minLength": 1}, "count": {"type": "integer", "minimum": 0}, "flag": {"type": "boolean"},
        "date": {"type": "string", "format": "date"}, "within": {"type": "string", "pattern": r"^\d+ (working|calendar) days?$"},
        "power": {"enum": list(POWERS)}, "role": {"enum": [r.value for r in m.Role]}, "reason": {"enum": [r.value for r in m.WRITTEN]},
    }  # fmt: skip
    lists = dict.fromkeys(("texts", "concerns", "providers", "places", "bodies"), "text") | {"dates": "date", "reasons": "reason"}

    def shape(kind: str) -> dict[str, Any]:
        return {"type": "array", "items": shapes[lists[kind]]} if kind in lists else shapes["text" if kind == "body" else kind]

    properties = {key: shape(kind) for key, kind in HEAD.items()}
    for section, (_, fields, required) in SECTIONS.items():
        item = {
            "type": "object", "additionalProperties": False, "required": sorted(required),
            "properties": {k: shape(v) for k, v in fields.items()},
        }  # fmt: skip
        properties[section] = {"type": "array", "items": item}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Accord map", "type": "object",
        "additionalProperties": False, "properties": properties,
    }  # fmt: skip


def _compose(name: str, text: str) -> yaml.Node:
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if (isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None)) and event.start_mark:
                raise MapError(m.Place(name, event.start_mark.line + 1), "an anchor or alias", "everything written out")
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MapError(m.Place(name, line), error.problem or "text that is not YAML", "YAML") from None
    except yaml.YAMLError as error:
        raise MapError(m.Place(name, 1), f"text that is not YAML ({error})", "YAML") from None
    if node is None:
        raise MapError(m.Place(name, 1), "an empty file", "a map")
    return node


def _mapping(node: yaml.Node, file: str, allowed: Iterable[str], required: frozenset[str]) -> dict[str, tuple[yaml.Node, m.Place]]:
    if not isinstance(node, yaml.MappingNode):
        raise MapError(_place(file, node), _say(node), "names with values")
    out: dict[str, tuple[yaml.Node, m.Place]] = {}
    for key, value in node.value:
        place = _place(file, key)
        if not isinstance(key, yaml.ScalarNode):
            raise MapError(place, _say(key), "a name")
        if key.value not in allowed:
            raise MapError(place, f"'{key.value}'", f"one of {', '.join(allowed)}", _nearest(str(key.value), allowed))
        if key.value in out:
            raise MapError(place, f"'{key.value}' a second time", "each name once")
        out[key.value] = (value, place)
    for name in sorted(required - out.keys()):
        raise MapError(_place(file, node), f"no '{name}'", f"'{name}'")
    return out


def _build(section: str, place: m.Place, fields: Mapping[str, tuple[yaml.Node, m.Place]], known: Mapping[str, list[str]]) -> Any:
    cls, kinds, _ = SECTIONS[section]
    values = {key: _value(node, kinds[key], place.file, known) for key, (node, _) in fields.items()}
    if values.get("since") and values.get("until") and values["since"] >= values["until"]:
        raise MapError(fields["until"][1], f"until {values['until']}", f"a day after since, {values['since']}")
    if section in _BASED_SECTIONS and not values.get("source") and not values.get("unconfirmed"):
        raise MapError(place, "no 'source'", "a source, or 'unconfirmed: true'")
    return cls(place=place, **values)


def _value(node: yaml.Node, kind: str, file: str, known: Mapping[str, list[str]]) -> Any:
    lists = {
        "texts": "text", "concerns": "concern", "providers": "provider", "places": "place", "bodies": "body", "dates": "date",
        "reasons": "reason",
    }  # fmt: skip
    place = _place(file, node)
    if kind in lists:
        if not isinstance(node, yaml.SequenceNode):
            raise MapError(place, _say(node), "a list")
        values = [_value(item, lists[kind], file, known) for item in node.value]
        return values if kind in {"texts", "dates"} and not known else frozenset(values)
    if not isinstance(node, yaml.ScalarNode) or not node.value:
        raise MapError(place, _say(node), "a value")
    text = str(node.value)
    if kind in {"body", "concern", "provider", "place"}:
        return _known(text, known[kind], place, kind)
    if kind == "power":
        return POWERS[_known(text, POWERS, place, kind)]
    if kind == "role":
        return m.Role(_known(text, [r.value for r in m.Role], place, kind))
    if kind == "reason":
        return m.Reason(_known(text, [r.value for r in m.WRITTEN], place, kind))
    if kind == "flag":
        return _known(text, ["true", "false"], place, kind) == "true"
    if kind == "count":
        if not (text.isascii() and text.isdigit()):
            raise MapError(place, f"'{text}'", "a whole number, 0 or more")
        return int(text)
    if kind == "date":
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise MapError(place, f"'{text}'", "a date as 2026-01-31") from None
    if kind == "within":
        words = text.split()
        units = {"working", "calendar"}
        if len(words) != 3 or not (words[0].isascii() and words[0].isdigit()) or words[1] not in units or words[2] not in {"day", "days"}:
            raise MapError(place, f"'{text}'", "a time as '8 working days' or '28 calendar days'")
        if not 0 < int(words[0]) <= 3660:
            raise MapError(place, f"'{text}'", "between 1 and 3,660 days")
        return m.Within(int(words[0]), words[1] == "working")
    return text


def _known(text: str, names: Iterable[str], place: m.Place, kind: str) -> str:
    if text not in names:
        raise MapError(place, f"'{text}'", f"a known {kind}", _nearest(text, names))
    return text


def _by_id(bodies: list[m.Body]) -> dict[str, m.Body]:
    out: dict[str, m.Body] = {}
    for body in bodies:
        if body.id in out:
            raise MapError(body.place, f"body '{body.id}' a second time", f"each body once; it is already at {out[body.id].place}")
        out[body.id] = body
    for body in bodies:
        seen, at = {body.id}, body.predecessor
        while at is not None:
            if at in seen:
                raise MapError(body.place, f"body '{body.id}' among its own predecessors", "a line of predecessors with a beginning")
            seen.add(at)
            at = out[at].predecessor
    return out


def _nearest(text: str, names: Iterable[str]) -> str | None:
    return next(iter(get_close_matches(text, list(names), 1, 0.5)), None)


def _place(file: str, node: yaml.Node) -> m.Place:
    return m.Place(file, node.start_mark.line + 1 if node.start_mark else 1)


def _say(node: yaml.Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "names with values" if isinstance(node, yaml.MappingNode) else f"'{node.value}'" if node.value else "nothing"
