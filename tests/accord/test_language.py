"""What a map's text may be, and what is said of what it may not be."""

import json
import random

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from maps import TEXT, small
from tocsin.accord import HISTORIES, SHIPPED, check, json_schema, read_history, read_map, replay, shipped, shipped_history
from tocsin.accord.language import MapError


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("duties:", "dutys:", "did you mean 'duties'"),
        ("to: region, when", "to: regoin, when", "did you mean 'region'"),
        ("power: advise", "power: advize", "did you mean 'advise'"),
        ("within: 8 working days", "within: 8 days", "a time as '8 working days'"),
        ("within: 8 working days", "within: 0 working days", "between 1 and 3,660 days"),
        ("since: 2026-01-01", "since: 2026-02-31", "a date as 2026-01-31"),
        ("since: 2026-01-01", "since: 2029-01-01", "a day after since"),
        ("until: 2028-01-01", "until: 9999-12-31", "days from 1900 to 2200"),
        ("role: lead, first", "role: leed, first", "did you mean 'lead'"),
        ("basis: b, source: s}\nendings", "basis: b}\nendings", "no 'source'"),
        ("- {id: icb, name: The ICB, tier: 2}", "- {id: icb, name: The ICB, tier: 2}\n- {id: icb, name: Again, tier: 2}", "a second time"),
        ("name: The ICB, tier: 2}", "name: The ICB, tier: 2, predecessor: icb}", "its own predecessors"),
        ("name: The ICB, tier: 2}", "name: The ICB, tier: two}", "a whole number"),
        ("name: The ICB, tier: 2}", "name: The ICB, tier: 2, since: 2027-01-01, until: 2026-06-01}", "a day after since"),
        ("bodies:\n", "bodies:\n- [\n", "expected YAML"),
        ("name: Small", "name: &a Small", "an anchor"),
        (
            "- {body: icb, power: advise, basis: b, source: s}",
            "- {body: icb, body: icb, power: advise, basis: b, source: s}",
            "each name once",
        ),
    ],
)
def test_a_fault_is_said_with_its_place_and_the_nearest_name(old, new, said):
    with pytest.raises(MapError, match=r"small\.yaml:\d+: found ") as error:
        small((old, new))

    assert said in str(error.value)


def test_the_line_is_that_of_the_fault():
    line = next(i for i, text in enumerate(TEXT.splitlines(), 1) if "to: nation" in text)
    with pytest.raises(MapError) as error:
        small(("to: nation", "to: nations"))

    assert error.value.place.line == line


@pytest.mark.parametrize(
    "text", ["", "[]", "just words", "accord: 1", "accord: 2\nname: x\nsince: 2026-01-01\nuntil: 2027-01-01\nprovider-kinds: [p]"]
)
def test_what_is_no_map_is_refused(text):
    with pytest.raises(MapError):
        read_map({"x.yaml": text})


def test_the_schema_accepts_every_shipped_map_and_refuses_what_the_reader_refuses():
    schema = json_schema()
    for name in SHIPPED:
        for text in shipped(name).values():
            raw = yaml.safe_load(text)
            assert set(raw) <= set(schema["properties"])
            for section, rows in raw.items():
                shape = schema["properties"][section]
                if shape["type"] == "array" and shape["items"]["type"] == "object":
                    for row in rows:
                        assert set(shape["items"]["required"]) <= set(row) <= set(shape["items"]["properties"])
    assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize("name", SHIPPED)
def test_every_line_of_a_shipped_map_has_a_basis_and_a_source_or_says_that_it_is_unconfirmed(name):
    for entry in read_map(shipped(name)).entries():
        if hasattr(entry, "must") or hasattr(entry, "power"):
            assert entry.basis
            assert entry.source or entry.unconfirmed


def test_the_proposal_keeps_every_property_and_england_as_it_is_does_not():
    assert check(read_map(shipped("tocsin-proposed"))).findings == ()
    assert not check(read_map(shipped("england-2026")), amend=False).lawful


def test_no_line_of_the_proposal_can_be_left_out():
    texts = shipped("tocsin-proposed")
    proposal = texts["tocsin-proposed.yaml"]
    lines = [line for line in proposal.splitlines() if line.startswith("- {")]
    for line in lines:
        without = proposal.replace(line + "\n", "")
        heads = [h for h in ("duties", "handovers", "agreements", "tellings", "endings") if f"{h}:\n- " not in without]
        for head in heads:
            without = without.replace(f"{head}:\n", "")
        report = check(read_map(texts | {"tocsin-proposed.yaml": without}), amend=False)
        assert report.findings, line


@pytest.mark.parametrize("name", HISTORIES)
def test_a_shipped_history_is_replayed_under_every_map(name):
    told = read_history(shipped_history(name), name)
    found = replay(told, {m: read_map(shipped(m)) for m in SHIPPED})

    assert len(found) == sum(f.concern is not None for f in told.facts) >= 3
    assert all(f.source for f in told.facts)
    for replayed in found:
        proposed = next(a for a in replayed.answers if a.map == "tocsin-proposed")
        assert (proposed.binding - replayed.fact.date).days <= 120


def test_a_history_out_of_order_or_with_an_unknown_field_is_refused():
    text = shipped_history("east-kent")
    with pytest.raises(ValueError, match="order of their dates"):
        read_history(text.replace("date: 2009-03-01", "date: 2023-03-01"))
    with pytest.raises(ValueError, match=r"facts\.0"):
        read_history(text.replace("known-by: [Monitor]", "knownby: [Monitor]", 1))


@settings(max_examples=150)
@given(st.integers(0, 10**9))
def test_whatever_is_done_to_a_map_it_is_read_and_checked_or_refused_with_a_place(seed):
    rng = random.Random(seed)
    words = TEXT.split(" ")
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(words))
        match rng.randrange(4):
            case 0:
                del words[place]
            case 1:
                words[place] = rng.choice(words)
            case 2:
                words[place] = rng.choice(
                    ["[", "}", "- ", "\n", ":", "null", "2026-13-01", "!!python/object:os.system", "&a", "*a", "é", "~"]
                )
            case 3:
                words.insert(place, rng.choice(words))
    line = 1
    try:
        check(read_map({"small.yaml": " ".join(words)}), amend=False)
    except MapError as error:
        line = error.place.line

    assert line >= 1
