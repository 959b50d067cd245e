import csv as csv_module
import io
import json
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.review import CasesError, OutcomeKind, read_cases
from tocsin.review.cases import COLUMNS, IDENTIFIERS, header
from tocsin.review.cases.values import gestation_days, nhs_number

TODAY = date(2026, 7, 1)
HEAD = "reference,outcome,event_date,provider,gestation,fact:ctg_pathological,fact:bmi,timeline,account,questions,nhs_number,name\n"
GOOD = 'A1,stillbirth,2025-03-04,RVV,39+2,yes,31.5,"2025-03-03 14:05: CTG begun | 2025-03-03: admitted",We said so.,Why? | When?,9434765919,Ann Onym\n'


def csv(text, **more):
    return read_cases(text, "csv", today=TODAY, **more)


def test_a_row_becomes_a_case_with_what_names_people_kept_apart():
    (case,), faults = csv(HEAD + GOOD)

    assert not faults
    assert (case.reference, case.kind, case.event, case.provider) == ("A1", OutcomeKind.STILLBIRTH, date(2025, 3, 4), "RVV")
    assert (case.gestation_days, case.gestation) == (275, "39+2")
    assert case.facts == {"ctg_pathological": True, "bmi": 31.5}
    assert [(m.when, m.what) for m in case.timeline] == [
        (date(2025, 3, 3), "admitted"),
        (datetime.fromisoformat("2025-03-03T14:05"), "CTG begun"),
    ]
    assert case.questions == ("Why?", "When?")
    assert case.identifiers == {"nhs_number": "9434765919", "name": "Ann Onym"}
    assert "Onym" not in repr(case)


@pytest.mark.parametrize(
    ("cell", "value", "words"),
    [
        ("event_date", "2027-01-01", "is after today, 2026-07-01"),
        ("event_date", "31/02/2024", "that day does not exist"),
        ("event_date", "02/13/2024", "is not a date read day first"),
        ("event_date", "", "is empty; every case needs it"),
        ("gestation", "51+2", "cannot be"),
        ("gestation", "39+9", "more than 6 days"),
        ("gestation", "12+0", "too early for the outcome 'stillbirth'"),
        ("outcome", "weather", "is not one of stillbirth"),
        ("provider", "the hospital", "is not a code of a provider"),
        ("timeline", "something happened", "does not say 'when: what'"),
        ("timeline", "2030-01-01: later", "after today"),
    ],
)
def test_a_bad_value_is_named_by_line_and_column_and_the_row_beside_it_comes_in(cell, value, words):
    names = HEAD.strip().split(",")
    row = ["B2", "stillbirth", "2025-01-01", "RVV", "40", "", "", "", "", "", "", ""]
    row[names.index(cell)] = value
    cases, faults = csv(HEAD + GOOD + ",".join(row) + "\n", name="cases.csv")

    assert [c.reference for c in cases] == ["A1"]
    assert [(f.line, f.column, f.aside) for f in faults] == [(3, cell, True)]
    assert words in str(faults[0])
    assert str(faults[0]).startswith(f"cases.csv:3, column '{cell}'")


def test_a_message_never_repeats_who_it_is_about():
    cases, (fault,) = csv(HEAD + GOOD.replace("9434765919", "9434765918"))

    assert not cases
    assert "its last digit does not fit" in fault.reason
    assert "9434765918" not in f"{fault} {fault.row}"
    assert "Onym" not in f"{fault} {fault.row}"


def test_a_reference_that_comes_twice_or_is_here_already_is_put_aside_with_the_other_line():
    cases, faults = csv(HEAD + GOOD + GOOD + GOOD.replace("A1", "K9"), known={"K9"})

    assert len(cases) == 1
    assert [str(f) for f in faults] == [
        "cases:3, column 'reference': 'A1' is the reference of the case on line 2 too",
        "cases:4, column 'reference': 'K9' is the reference of a case that is here already",
    ]


def test_the_same_person_day_and_outcome_under_another_reference_is_a_remark_and_comes_in():
    cases, (fault,) = csv(HEAD + GOOD + GOOD.replace("A1", "A2"))

    assert len(cases) == 2
    assert not fault.aside
    assert "is on line 2 too" in fault.reason


def test_dates_are_read_day_first_unless_another_date_of_the_column_cannot_be():
    rows = "".join(f"{r},other,{d},RVV,,,,,,,,\n" for r, d in [("a", "03/04/2025"), ("b", "5 March 2025")])
    cases, faults = csv(HEAD + rows)
    doubtful, in_doubt = csv(HEAD + rows + "c,other,02/13/2025,RVV,,,,,,,,\n")
    american, _ = csv(HEAD + rows + "c,other,02/13/2025,RVV,,,,,,,,\n", order="month-first")

    assert [c.event for c in cases] == [date(2025, 4, 3), date(2025, 3, 5)]
    assert not faults
    assert [c.reference for c in doubtful] == ["b"]
    assert "may be read in two ways, and line 4" in in_doubt[0].reason
    assert [c.event for c in american] == [date(2025, 3, 4), date(2025, 3, 5), date(2025, 2, 13)]


def test_a_quote_that_is_never_closed_costs_its_own_line_only():
    cases, (fault,) = csv(HEAD + 'X1,other,"2025-01-01,RVV,,,,,,,,\n' + GOOD)

    assert [c.reference for c in cases] == ["A1"]
    assert (fault.line, fault.reason) == (2, "an opening quote is never closed")


def test_own_names_of_columns_are_read_through_a_mapping_and_columns_not_read_are_named():
    text = "id,what,on,trust,surname\nA1,Near miss,2025-01-01,rvv,Onym\n"
    (case,), faults = csv(text, mapping={"reference": "id", "outcome": "what", "event_date": "on", "provider": "trust"})

    assert (case.kind, case.provider) == (OutcomeKind.NEAR_MISS, "RVV")
    assert [(f.column, f.aside) for f in faults] == [("surname", False)]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "is empty"),
        ("reference,outcome\n", "there is no column 'event_date'"),
        ("a,a\n", "stands there twice"),
        (b"PK\x03\x04", "is a spreadsheet"),
        (b"\xff\xfea\x00", "is UTF-16"),
        (b"x" * 101, "is larger than 100 bytes"),
    ],
)
def test_what_cannot_be_read_at_all_says_why(source, words):
    with pytest.raises(CasesError, match=words):
        csv(source, most_bytes=100)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.binary(), st.lists(st.text(max_size=20), max_size=9).map(lambda rows: HEAD + "\n".join(rows))))
def test_whatever_is_sent_as_csv_is_read_or_refused_in_words(source):
    try:
        cases, faults = csv(source)
    except CasesError:
        return

    assert all(c.event <= TODAY and c.reference for c in cases)
    assert all(str(f).encode() for f in faults)


cells = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r\n"), max_size=12)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.one_of(st.just(None), st.lists(cells, min_size=1, max_size=12)), max_size=8))
def test_every_row_comes_in_or_is_put_aside(rows):
    out = io.StringIO()
    writer = csv_module.writer(out, lineterminator="\n")
    expected = 0
    for i, row in enumerate(rows):
        cells_of = [f"R{i}", "other", "2025-01-01", "RVV", *[""] * 8] if row is None else row
        writer.writerow(cells_of)
        expected += any(c.strip() for c in cells_of)
    cases, faults = csv(HEAD + out.getvalue())

    assert len(cases) + len({f.line for f in faults if f.aside}) == expected
    assert {c.reference for c in cases} >= {f"R{i}" for i, row in enumerate(rows) if row is None}


@given(st.integers(28, 45 * 7 + 6), st.sampled_from(["{w}+{d}", "{w} weeks {d} days", "{w}w{d}d", "{w} + {d}"]))
def test_weeks_and_days_are_read_in_every_way_they_are_written(days, form):
    assert gestation_days(form.format(w=days // 7, d=days % 7)) == days


@given(st.integers(0, 9), st.integers(0, 8))
def test_one_mistyped_digit_of_an_nhs_number_is_found(digit, place):
    good = "9434765919"
    bad = good[:place] + str(digit) + good[place + 1 :]

    if bad == good:
        assert nhs_number(bad) == good
    else:
        with pytest.raises(ValueError, match="NHS number"):
            nhs_number(bad)


def test_the_header_that_is_offered_is_one_that_is_read():
    assert csv(header() + "\n")[0] == []
    assert set(COLUMNS) | set(IDENTIFIERS) <= set(header().split(","))


def bundle(*resources):
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


def coded(system, code, text=None):
    return {"coding": [{"system": system, "code": code}], **({"text": text} if text else {})}


EVENT = {
    "resourceType": "AdverseEvent", "id": "ae1", "actuality": "actual", "identifier": {"value": "F-1"},
    "event": coded("http://hl7.org/fhir/sid/icd-10", "P95"), "date": "2025-06-04", "subject": {"reference": "Patient/p1"},
    "encounter": {"reference": "Encounter/e1"},
}  # fmt: skip
ENCOUNTER = {
    "resourceType": "Encounter", "id": "e1", "status": "finished", "period": {"start": "2025-06-03T08:00:00Z", "end": "2025-06-05"},
    "serviceProvider": {"reference": "Organization/o1"},
}  # fmt: skip
ORGANISATION = {
    "resourceType": "Organization", "id": "o1", "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "RVV"}]
}  # fmt: skip
PATIENT = {
    "resourceType": "Patient", "id": "p1", "birthDate": "1990-01-01", "name": [{"given": ["Ann"], "family": "Onym"}],
    "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9434765919"}], "address": [{"postalCode": "CT1 3NG"}],
}  # fmt: skip
WEEKS = {
    "resourceType": "Observation", "code": coded("http://loinc.org", "18185-9"), "encounter": {"reference": "Encounter/e1"},
    "valueQuantity": {"value": 275, "code": "d"},
}  # fmt: skip
FACT = {
    "resourceType": "Observation", "code": coded("urn:tocsin:fact", "ctg_pathological", "CTG"), "encounter": {"reference": "Encounter/e1"},
    "effectiveDateTime": "2025-06-03T14:05:00Z", "valueBoolean": True,
}  # fmt: skip
WORDS = {
    "resourceType": "Communication", "about": [{"reference": "AdverseEvent/ae1"}], "category": [coded("urn:tocsin:family", "question")],
    "payload": [{"contentString": "Why did nobody come?"}],
}  # fmt: skip


def fhir(value, **more):
    return read_cases(json.dumps(value), "fhir", today=TODAY, **more)


def test_an_adverse_event_with_what_refers_to_it_becomes_a_case():
    (case,), faults = fhir(bundle(EVENT, ENCOUNTER, ORGANISATION, PATIENT, WEEKS, FACT, WORDS))

    assert not faults
    assert (case.reference, case.kind, case.provider, case.gestation) == ("F-1", OutcomeKind.STILLBIRTH, "RVV", "39+2")
    assert (case.care_from, case.care_to, case.event) == (date(2025, 6, 3), date(2025, 6, 5), date(2025, 6, 4))
    assert case.facts == {"ctg_pathological": True}
    assert [(m.when, m.what) for m in case.timeline] == [(datetime.fromisoformat("2025-06-03T15:05"), "CTG: yes")]
    assert case.questions == ("Why did nobody come?",)
    assert case.identifiers == {"nhs_number": "9434765919", "name": "Ann Onym", "date_of_birth": "1990-01-01", "postcode": "CT1 3NG"}


def test_a_bad_event_of_a_bundle_is_named_by_its_entry_and_the_others_come_in():
    cases, faults = fhir(
        bundle(EVENT, {**EVENT, "id": "ae2", "identifier": {"value": "F-2"}, "date": "2025"}, ENCOUNTER, ORGANISATION, PATIENT)
    )

    assert [c.reference for c in cases] == ["F-1"]
    assert [(f.line, f.column, f.value) for f in faults if f.aside] == [(2, "date", "2025")]


def test_a_reference_to_what_is_not_in_the_bundle_is_named():
    cases, faults = fhir(bundle(EVENT, PATIENT))

    assert not cases
    assert any("not in the bundle" in f.reason and f.column == "encounter" for f in faults)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"resourceType": "Patient"}', "[" * 100_000])
def test_what_is_no_bundle_is_refused_in_words(text):
    with pytest.raises(CasesError, match="cases: is"):
        read_cases(text, "fhir", today=TODAY)


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
PARTS = [EVENT, ENCOUNTER, ORGANISATION, PATIENT, WEEKS, FACT, WORDS]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(PARTS) - 1), st.data())
def test_whatever_stands_in_a_field_of_a_resource_is_read_or_put_aside(which, data):
    field = data.draw(st.sampled_from(sorted(PARTS[which])))
    changed = [dict(p) for p in PARTS]
    changed[which][field] = data.draw(anything)
    cases, faults = fhir(bundle(*changed))

    assert len(cases) <= 1
    assert cases or faults or changed[0].get("resourceType") != "AdverseEvent"
