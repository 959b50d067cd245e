"""Signals and organisations as FHIR, checked by the published JSON schema."""

import json
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from r4_definitions import VALID
from tocsin import fhir
from tocsin.fhir import DetectedIssue, Known, MeasureReport
from tocsin.signal import ConcernKind, Level, ProviderRef, Signal

words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40)
days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
codes = st.from_regex(r"[A-Z0-9]{1,8}", fullmatch=True)
counts = st.none() | st.integers(0, 10_000)


@st.composite
def signals(draw):
    site = draw(st.none() | codes)
    evidence = {"indicator": draw(codes), "events": draw(counts), "births": draw(counts)}
    evidence |= {"expected": draw(st.none() | st.floats(0, 1e4)), "rate_ratio": draw(st.none() | st.floats(0, 99))}
    said = Signal(
        ProviderRef(draw(codes), draw(words), site, draw(words) if site else None), draw(st.sampled_from(ConcernKind)), draw(st.sampled_from(Level)),
        draw(days), draw(st.none() | days), draw(words), "/signals/1/", evidence,
    )  # fmt: skip
    at = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 3_000_000_000)))
    return Known(str(draw(st.integers(1, 10**6))), said, at, draw(st.none() | days), 7, "https://tocsin.example")


def back(model, made):
    text = fhir.to_json(made.out())
    assert VALID[model.__name__].is_valid(json.loads(text)), [e.message for e in VALID[model.__name__].iter_errors(json.loads(text))]
    return fhir.read(model, fhir.from_json(text))


@given(signals())
def test_a_signal_is_told_whole_as_a_detected_issue(known):
    made = fhir.detected_issue(known)
    read = back(DetectedIssue, made)

    assert fhir.to_json(read.out()) == fhir.to_json(made.out())
    assert (read.severity == "high") is (known.signal.level is Level.RED)
    assert read.identifiedPeriod.start == known.signal.raised_on.isoformat()
    assert read.code.coding[0].code == known.signal.kind
    assert fhir.code_of(read.implicated[0].reference.split("/")[1]) == known.signal.provider.code


@given(signals(), st.sampled_from([0, 5]))
def test_what_was_counted_is_told_as_a_measure_report_and_small_counts_are_held_back(known, below):
    made = fhir.measure_report(known, hide_below=below)
    evidence = known.signal.evidence
    if made is None:
        assert evidence["events"] is None
        assert evidence["births"] is None
        return
    read = back(MeasureReport, made)

    told = {p.code.coding[0].code: p.count for p in read.group[0].population or []}
    small = any(n is not None and 0 < n < below for n in (evidence["events"], evidence["births"]))
    if small:
        assert set(told.values()) == {None} or evidence["events"] is None
        assert read.group[0].measureScore is None
        assert read.group[0].extension is None
    else:
        assert told == {n: evidence[w] for n, w in (("numerator", "events"), ("denominator", "births")) if evidence[w] is not None}
    assert read.period.start <= read.period.end


@given(st.text(max_size=20))
def test_an_id_stands_for_one_code_and_only_ids_of_r4_are_made(code):
    made = fhir.id_of(code)

    assert fhir.code_of(made) == code
    assert all(c.isascii() and (c.isalnum() or c in "-.") for c in made)


@given(words, codes)
def test_an_organisation_has_its_ods_code(name, code):
    made = back(fhir.Organization, fhir.organization(code, name, provider=True, base="https://tocsin.example"))

    assert (made.identifier[0].system, made.identifier[0].value) == ("https://fhir.nhs.uk/Id/ods-organization-code", code)
