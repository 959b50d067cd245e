"""The models against what HL7 publishes for R4: StructureDefinitions (who has which element, how often, of which type) and JSON schema."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from r4_definitions import DEFINITIONS, SCHEMA, VALID
from tocsin import fhir
from tocsin.fhir import KNOWN, Refused, base
from tocsin.web.fhir.capability import capability

SAMPLES = {
    "boolean": [True, False], "integer": [0, -7], "positiveInt": [1], "unsignedInt": [0, 3], "decimal": [Decimal("1.50"), Decimal("0.000001")],
    "string": ["Words", "ä ö ü 'ß'"], "markdown": ["*Words*"], "xhtml": ['<div xmlns="http://www.w3.org/1999/xhtml">Words</div>'],
    "code": ["a", "two words"], "id": ["a-1.B"], "uri": ["urn:oid:1.2.3"], "url": ["https://example.org/a"], "canonical": ["https://example.org/m|1"],
    "oid": ["urn:oid:1.2.3"], "uuid": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"], "base64Binary": ["QUJD"],
    "date": ["2026", "2026-01", "2026-01-31"], "dateTime": ["2026", "2026-01-31T23:59:59.123+01:00"], "instant": ["2026-01-31T00:00:00Z"],
    "time": ["12:30:00"], "System.String": ["e1"],
}  # fmt: skip
BESIDE = set(SAMPLES) - {"canonical", "System.String", "xhtml"}
"""Types beside which the published schema allows an element ('_date'); for canonical it forgets it."""
ADDRESS, NAME, POINT = {"city": "Lund"}, {"family": "Berg"}, {"system": "phone", "value": "1"}
LOOSE = {
    "Resource": {"resourceType": "Patient", "id": "p"}, "Address": ADDRESS, "HumanName": NAME, "ContactPoint": POINT,
    "Signature": {"type": [{"code": "a"}], "when": "2026-01-31T00:00:00Z", "who": {"reference": "Device/1"}},
}  # fmt: skip


def elements(name, path=None):
    """Direct elements of a type, or of one of its inner elements."""
    start = (path or name) + "."
    return [r for r in DEFINITIONS[name] if r["path"].startswith(start) and "." not in r["path"][len(start) :]]


@st.composite
def value(draw, name, row, depth):
    """A random value of an element, made from the published definitions alone."""
    if "codes" in row and row["types"] == ["code"]:
        return draw(st.sampled_from(row["codes"]))
    if row["path"] in ("AdverseEvent.severity", "AdverseEvent.outcome"):
        system = f"http://terminology.hl7.org/CodeSystem/adverse-event-{row['path'].split('.')[1]}"
        return {"coding": [{"system": system, "code": draw(st.sampled_from(row["codes"]))}]}
    if "as" in row:
        return draw(inner(name, row["as"], depth - 1))
    kind = row["types"][0]
    if kind in SAMPLES:
        return draw(st.sampled_from(SAMPLES[kind]))
    if kind in LOOSE:
        return LOOSE[kind]
    if kind in ("BackboneElement", "Element"):
        return draw(inner(name, row["path"], depth - 1))
    return draw(inner(kind, None, depth - 1))


@st.composite
def inner(draw, name, path=None, depth=4):
    made = {}
    rows = elements(name, path)
    if name == "Extension":
        kind = draw(st.sampled_from(["string", "code", "boolean", "decimal", "dateTime", "integer", "Coding"]))
        inside = SAMPLES[kind][0] if kind in SAMPLES else {"code": "a"}
        return {"url": "https://example.org/x", f"value{kind[0].upper()}{kind[1:]}": inside}
    for row in rows:
        field = row["path"].split(".")[-1]
        if field.endswith("[x]"):
            if depth > 0 and draw(st.booleans()):
                kind = draw(st.sampled_from(row["types"]))
                made[field[:-3] + kind[0].upper() + kind[1:]] = draw(value(name, {**row, "types": [kind]}, depth))
            continue
        if row["min"] == 0 and (depth <= 0 or draw(st.integers(0, 3)) != 0):
            continue
        one = value(name, row, depth)
        made[field] = draw(one) if row["max"] == "1" else draw(st.lists(one, min_size=max(1, row["min"]), max_size=2))
        if row["types"] and row["types"][0] in BESIDE and row["max"] == "1" and field not in ("id", "div") and draw(st.integers(0, 9)) == 0:
            made[f"_{field}"] = {"extension": [{"url": "https://example.org/y", "valueCode": "z"}]}
    if not made:
        made = {"id": "e1"} if path or name not in KNOWN else {}
    return made


def resources(name):
    return (
        inner(name)
        .map(lambda made: {"resourceType": name} | made)
        .filter(lambda r: name != "Organization" or "name" in r or "identifier" in r)
    )


def plain(value):
    """As the JSON schema wants it: numbers as numbers."""
    return json.loads(fhir.to_json(value))


@pytest.mark.parametrize("name", sorted(KNOWN))
@given(data=st.data())
def test_whatever_the_published_definitions_allow_is_read_and_comes_back_the_same(name, data):
    made = data.draw(resources(name))
    assert VALID[name].is_valid(plain(made)), [e.message for e in VALID[name].iter_errors(plain(made))]

    read = fhir.read(KNOWN[name], made)
    again = fhir.read(KNOWN[name], fhir.from_json(fhir.to_json(read.out())))

    assert read.out() == made
    assert fhir.to_json(again.out()) == fhir.to_json(read.out())


def places(value, at=()):
    """Every object within, with the way to it."""
    if isinstance(value, dict):
        yield at
        for k, v in value.items():
            if k not in ("contained", "resource", "outcome", "address", "telecom", "name", "signature"):
                yield from places(v, (*at, k))
    elif isinstance(value, list):
        for i, v in enumerate(value):
            yield from places(v, (*at, i))


SPOILS = {
    "unknown": lambda o: o | {"strange": "x"}, "unknown beside": lambda o: o | {"_strange": {"id": "x"}},
    "null": lambda o: o | {next(k for k in o if k != "resourceType"): None}, "empty": lambda o: {},
    "a list for one": lambda o: o | {next(k for k in o if k != "resourceType"): [[]]},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(KNOWN))
@given(data=st.data())
def test_whatever_they_forbid_is_refused_and_its_place_is_named(name, data):
    made = data.draw(resources(name))
    way = data.draw(st.sampled_from(list(places(made))))
    spoil = data.draw(st.sampled_from(sorted(SPOILS)))
    where = made = json.loads(fhir.to_json(made), parse_float=Decimal)
    for step in way[:-1]:
        where = where[step]
    target = where[way[-1]] if way else made
    if not [k for k in target if k != "resourceType"]:
        return
    if way:
        where[way[-1]] = SPOILS[spoil](target)
    else:
        made = SPOILS[spoil](made)
    if not made and not way:
        return

    with pytest.raises(Refused) as refused:
        fhir.read(KNOWN[name], made)

    assert refused.value.faults
    assert all(f.place.startswith(name) and f.words for f in refused.value.faults)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_each_model_has_the_published_elements_with_their_number_and_no_other(name):
    def compare(model, path):
        rows = {r["path"].split(".")[-1]: r for r in elements(name, path)}
        known = {n for n in model.model_fields if n != "resourceType"}
        wanted = {n for n in rows if not n.endswith("[x]")}
        choices = {f"{n[:-3]}{t[0].upper()}{t[1:]}" for n, r in rows.items() if n.endswith("[x]") for t in r["types"]}
        assert known == wanted | choices, path
        for field, row in rows.items():
            if field.endswith("[x]"):
                continue
            info = model.model_fields[field]
            assert info.is_required() is (row["min"] > 0), (path, field)
            assert (getattr(info.annotation, "__origin__", None) is list) is (row["max"] == "*"), (path, field)
            if row["types"] in (["BackboneElement"], ["Element"]):
                compare(info.annotation.__args__[0] if row["max"] == "*" else info.annotation, row["path"])

    compare(KNOWN[name], name)


@pytest.mark.parametrize("name", ["Coding", "CodeableConcept", "Period", "Identifier", "Reference", "Quantity", "Extension"])
def test_each_data_type_has_the_published_elements(name):
    rows = {r["path"].split(".")[-1]: r for r in elements(name)}
    choices = {f"value{t[0].upper()}{t[1:]}" for r in rows.values() if r["path"].endswith("[x]") for t in r["types"]}

    assert set(getattr(base, name).model_fields) == {n for n in rows if not n.endswith("[x]")} | choices


def test_patterns_of_primitive_types_are_the_published_ones():
    published = {n: d["pattern"] for n, d in SCHEMA["definitions"].items() if "pattern" in d}

    for name, ours in {
        "dateTime": base.DATE_TIME,
        "instant": base.INSTANT,
        "time": base.TIME,
        "id": base.ID,
        "code": base.CODE,
        "uri": base.URI,
    }.items():
        assert published[name] == ours


@given(st.text(max_size=30) | st.sampled_from(["2026-02-30", "2024-02-29", "2026-13-01", "0000", "2026-1-1", " 2026"]))
def test_a_date_is_read_only_where_the_pattern_and_the_calendar_allow_it(word):
    from datetime import date
    from re import fullmatch

    try:
        ours = bool(base.Period.model_validate({"start": word}))
    except ValidationError:
        ours = False
    allowed = bool(fullmatch(SCHEMA["definitions"]["dateTime"]["pattern"], word)) and not word.endswith("\n")
    if allowed and len(word) >= 10:
        try:
            date.fromisoformat(word[:10])
        except ValueError:
            allowed = False

    assert ours is allowed


def test_the_capability_statement_is_a_good_one():
    said = capability("https://example.org")

    assert VALID["CapabilityStatement"].is_valid(said), [e.message for e in VALID["CapabilityStatement"].iter_errors(said)]
    assert {r["type"] for r in said["rest"][0]["resource"]} == {"AdverseEvent", "DetectedIssue", "MeasureReport", "Organization"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"{", "not JSON at line 1"), (b"\xff", "not UTF-8"), (b'{"a": NaN}', "NaN is no number"), (b'{"a": 1, "a": 2}', "stands twice"),
        (b"[" * 200_000, "nested too deep"), (b'{"a": "\\ud800"}', "half a character"), (b'{"a": ' + b"9" * 5000 + b"}", "integer string"),
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused_in_words(text, words):
    with pytest.raises(Refused, match=words):
        fhir.from_json(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_a_decimal_keeps_its_digits(number):
    text = f'{{"value":{number}}}'

    assert json.loads(fhir.to_json(fhir.from_json(text))) == json.loads(text)
    assert str(number).lower() in fhir.to_json(fhir.from_json(text)).lower()
