import json

import pytest
from typer.testing import CliRunner

from tocsin.cli.learn import app
from tocsin.learn import crosswalks, load
from tocsin.learn.crosswalks import read_crosswalks

ONE = """
version: "1"
schemes:
- {{id: s, name: S, sources: [{source}], elements: [a, b], families: {{{family}: a}}, failings: {{{failing}: {element}}}}}
"""
RIGHT = {"source": "A book", "family": "staffing", "failing": "workload-and-exhaustion", "element": "b"}


def test_every_failing_has_its_place_in_each_scheme_or_the_scheme_says_what_lies_outside_it():
    for scheme in crosswalks().schemes:
        without = [f for f in load().failings if (scheme.id, f.id) not in crosswalks().places]
        assert not without or scheme.outside or scheme.id == "seips-3"
        assert scheme.sources


def test_places_are_those_of_the_family_unless_the_failing_has_its_own():
    found = read_crosswalks(ONE.format(**RIGHT), load()).places

    assert found["s", "workload-and-exhaustion"] == "b"
    assert found["s", "too-few-midwives-nurses"] == "a"
    assert ("s", "records-poor") not in found


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"source": ""}, "no source"),
        ({"family": "weather"}, "family 'weather'"),
        ({"failing": "rain"}, "failing 'rain'"),
        ({"element": "c"}, "'c' is not an element"),
    ],
)
def test_a_fault_in_the_data_is_said(changed, says):
    text = ONE.format(**RIGHT | changed)

    with pytest.raises(ValueError, match=says):
        read_crosswalks(text, load())


def test_the_command_shows_one_failing_with_its_places_and_sources():
    answer = CliRunner().invoke(app, ["taxonomy", "regulator-missed-it"])

    assert answer.exit_code == 0
    assert "external environment" in answer.stdout
    assert "no place" in answer.stdout
    assert "doi.org" in answer.stdout


def test_the_command_prints_all_failings_for_programs_and_refuses_an_unknown_one():
    printed = json.loads(CliRunner().invoke(app, ["taxonomy", "--json"]).stdout)
    unknown = CliRunner().invoke(app, ["taxonomy", "escalation-never"])

    assert len(printed["failings"]) == len(load().failings)
    assert all(f["schemes"] for f in printed["failings"])
    assert unknown.exit_code == 2
    assert "escalation-delayed" in unknown.stderr
