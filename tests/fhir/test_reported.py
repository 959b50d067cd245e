"""What is read from a reported event, and what of it is never kept."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lfpse import event as lfpse_event
from lfpse import extension
from tocsin import fhir
from tocsin.fhir import AdverseEvent, Harm


def read(**more):
    return fhir.read(AdverseEvent, lfpse_event(**more))


def plain(**more):
    return fhir.read(AdverseEvent, {"resourceType": "AdverseEvent", "actuality": "actual", "subject": {"reference": "Patient/1"}} | more)


@pytest.mark.parametrize("version", [4, 5, 6])
def test_an_event_of_learn_from_patient_safety_events_is_read_in_each_version(version):
    said = fhir.reported(read(version=version, physical="1", governance={"NeverEvent": True, "DutyOfCandour": True}))

    assert (said.system, said.number) == ("https://example.org/lrms", "LRMS-1")
    assert said.organisations == ("XAA",)
    assert said.happened == date(2026, 1, 2)
    assert said.physical is Harm.FATAL
    assert said.maternity
    assert said.never_event
    assert said.candour
    assert said.rings
    assert said.grave


@pytest.mark.parametrize(("code", "harm"), [("5", Harm.NONE), ("4", Harm.LOW), ("3", Harm.MODERATE), ("2", Harm.SEVERE), ("1", Harm.FATAL), ("9", None)])
def test_harm_is_graded_as_the_service_grades_it(code, harm):
    said = fhir.reported(read(physical=code))

    assert said.physical is harm
    assert said.grave is (harm in (Harm.SEVERE, Harm.FATAL))
    assert not said.rings


def test_the_worst_of_several_patients_counts():
    sent = lfpse_event(harmed=2, physical="5")
    sent["contained"][1]["extension"] = [extension("patient-information", PatientSequence=2, PhysicalHarm="2")]

    assert fhir.reported(fhir.read(AdverseEvent, sent)).physical is Harm.SEVERE


def test_plain_r4_is_read_by_its_own_elements():
    outcome = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/adverse-event-outcome", "code": "fatal"}]}
    place = {"identifier": {"system": fhir.ODS, "value": "XAA01"}}
    said = fhir.reported(plain(outcome=outcome, location=place, date="2026-03"))

    assert (said.physical, said.organisations, said.happened) == (Harm.FATAL, ("XAA01",), date(2026, 3, 1))
    assert said.never_event is None


@pytest.mark.parametrize(
    ("more", "codes"),
    [
        ({"location": {"reference": "#l"}, "contained": [
            {"resourceType": "Location", "id": "l", "managingOrganization": {"reference": "Organization/XAB"}}]}, ("XAB",)),
        ({"location": {"reference": "#l"}, "contained": [
            {"resourceType": "Location", "id": "l", "managingOrganization": {"reference": "#o"}},
            {"resourceType": "Organization", "id": "o", "identifier": [{"system": fhir.ODS, "value": "XAB"}]}]}, ("XAB",)),
        ({"recorder": {"identifier": {"system": fhir.ODS, "value": "XAA"}}}, ("XAA",)),
        ({"recorder": {"identifier": {"system": "https://example.org", "value": "XAA"}}}, ()),
        ({"location": {"reference": "#l"}, "contained": [{"resourceType": "Location", "id": "l", "identifier": "nonsense", "extension": [1]}]}, ()),
    ],
)  # fmt: skip
def test_the_provider_is_found_wherever_r4_lets_it_be_named(more, codes):
    assert fhir.reported(plain(**more)).organisations == codes


def test_an_imminent_risk_rings_and_a_near_miss_is_not_grave():
    assert fhir.reported(read(actuality="potential", risk={"RiskImminent": "y"})).rings
    assert not fhir.reported(read(actuality="potential", physical="1")).grave
    assert not fhir.reported(read(actuality="potential", governance={"NeverEvent": True})).rings


def test_what_names_a_person_is_taken_out_and_said():
    sent = lfpse_event(subject={"reference": "#patient1", "display": "Ada Berg"}, text={"status": "generated", "div": "<div>Ada Berg</div>"})
    sent["contained"][0] |= {"name": [{"family": "Berg"}], "birthDate": "2025-12-30", "identifier": [{"value": "9434765919"}]}
    sent["extension"].append(extension("adverse-event-outcome", WentWell="NHS number 943 476 5919, bed 4000000001"))

    kept, taken = fhir.without_names(fhir.read(AdverseEvent, sent))
    text = fhir.to_json(kept.out())

    assert not [w for w in ("Berg", "2025-12-30", "943 476", "9434765919") if w in text]
    assert "4000000001" in text
    assert fhir.reported(kept) == fhir.reported(fhir.read(AdverseEvent, sent))
    assert {"AdverseEvent.text", "AdverseEvent.contained[0].name", "AdverseEvent.subject.display"} <= set(taken)
    assert fhir.without_names(kept) == (kept, [])


def test_a_subject_of_whom_only_the_name_was_given_is_still_a_subject():
    kept, _ = fhir.without_names(plain(subject={"display": "Ada Berg"}))

    assert fhir.read(AdverseEvent, kept.out()).subject.extension[0].valueCode == "masked"


@given(st.integers(0, 999_999_999))
def test_a_number_is_taken_for_an_nhs_number_by_its_check_digit_alone(nine):
    first = f"{nine:09d}"
    weighted = sum(int(d) * w for d, w in zip(first, range(10, 1, -1), strict=True))
    right = {0: 0, 1: None}.get(weighted % 11, 11 - weighted % 11)
    for last in range(10):
        kept, _ = fhir.without_names(plain(event={"text": f"of {first}{last}."}))
        assert (kept.event.text == "of [number taken out].") is (last == right)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (b'{"resourceType": "AdverseEvent"}', ["$"]), (b'[{"resourceType": "AdverseEvent"}, 3]', ["[0]", "[1]"]),
        (b'{"resourceType": "AdverseEvent"}\n\n{"a": \n{"resourceType": "AdverseEvent"}\n', ["line 1", "line 3", "line 4"]),
        (b'{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"a": 1}}, {}]}',
         ["Bundle.entry[0].resource", "Bundle.entry[1].resource"]),
    ],
)  # fmt: skip
def test_each_resource_of_a_file_has_its_place(text, places):
    found = list(fhir.in_file(text))

    assert [f.place for f in found] == places
    assert len(list(fhir.events(found))) == len(places)


NAMES = ("resourceType", "contained", "id", "extension", "url", "valueCode", "location", "reference", "subject", "actuality", "date", "identifier")
LEAVES = st.none() | st.booleans() | st.text(max_size=5) | st.integers()


@given(st.recursive(LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from(NAMES), v, max_size=4)))
def test_nonsense_is_refused_in_words(value):
    with pytest.raises(fhir.Refused, match=r"AdverseEvent|\$"):
        fhir.read(AdverseEvent, value)


@given(st.lists(st.recursive(LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from(NAMES), v, max_size=4)), max_size=3))
def test_contained_nonsense_says_nothing_and_fails_nothing(values):
    contained = [{"resourceType": "Location", "id": "l", "identifier": values, "extension": values, "managingOrganization": values[:1]}]
    event = plain(contained=contained, location={"reference": "#l"})

    assert fhir.reported(event).physical is None
    assert fhir.without_names(event)[0].contained
