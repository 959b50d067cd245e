"""The library that comes with Tocsin: sound as data, and right on cases worked out by hand from the sources."""

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from tocsin.review import AREAS, OutcomeKind, Standing, diff, library, listed, read_cases, read_facts
from tocsin.review.standards.checking import check

LIBRARY = library()
MET, NOT_MET, TO_JUDGE, MAY, NO = Standing.MET, Standing.NOT_MET, Standing.TO_JUDGE, Standing.MAY_APPLY, Standing.DOES_NOT_APPLY


def beside(day, **given):
    facts, faults = read_facts(given)
    assert faults == []
    return {x.standard.id: x for x in listed(LIBRARY, facts, date.fromisoformat(day))}


def standings(found, *ids):
    return {id_: found[id_].standing if id_ in found else None for id_ in ids}


def test_every_area_of_labour_birth_pregnancy_and_the_newborn_has_standards_with_a_public_source():
    confirmed = [s for s in LIBRARY.standards if not s.unconfirmed]

    assert {s.area for s in LIBRARY.standards} == set(AREAS) - {"other"}
    assert len({s.id for s in confirmed}) >= 60
    assert all(s.source.body and s.source.document and s.source.address.startswith("http") for s in LIBRARY.standards)
    assert all(s.note for s in LIBRARY.standards if s.unconfirmed), "what was not confirmed is said"
    assert all(s.source.published is None or s.source.published <= s.in_force_from for s in LIBRARY.standards)


def test_every_condition_asks_only_for_facts_that_a_person_can_be_asked():
    for s in LIBRARY.standards:
        assert set(check(s.applies, LIBRARY.facts)) | set(check(s.met, LIBRARY.facts)) <= LIBRARY.facts.keys()
    assert all(k.question.endswith("?") for k in LIBRARY.facts.values())


def test_no_standard_is_met_or_unmet_by_a_case_of_which_nothing_is_known():
    for day in ("2009-01-01", "2014-12-03", "2020-06-01", "2026-01-01"):
        assert {x.standing for x in beside(day).values()} <= {TO_JUDGE, MAY}


def test_the_standard_of_the_day_counts_for_the_interval_of_a_caesarean():
    case = {
        "mode_of_birth": "unplanned-caesarean", "caesarean_category": 1, "decision_at": "2012-03-01T23:50", "born_at": "2012-03-02T00:31",
        "consultant_in_decision": "yes",
    }  # fmt: skip

    assert standings(beside("2012-03-01", **case), "caesarean.category-1", "caesarean.category-2") == {
        "caesarean.category-1": NOT_MET,
        "caesarean.category-2": NO,
    }
    assert beside("2010-03-01", **case)["caesarean.category-1"].standard.source.document == "Caesarean section (CG13)"
    assert "caesarean.category-2" not in beside("2010-03-01", **case)
    assert standings(beside("2012-03-01", **case | {"caesarean_category": 2}), "caesarean.category-2") == {"caesarean.category-2": MET}


def test_a_planned_caesarean_at_38_weeks_is_for_a_person_to_look_at_only_after_june_2013():
    case = {"mode_of_birth": "planned-caesarean", "gestation_weeks": 38}

    assert standings(beside("2013-06-11", **case), "caesarean.planned-after-39-weeks") == {"caesarean.planned-after-39-weeks": NOT_MET}
    assert standings(beside("2013-06-10", **case), "caesarean.planned-after-39-weeks") == {"caesarean.planned-after-39-weeks": None}


def test_monitoring_in_labour_changes_with_the_guidelines():
    case = {"labour": "yes", "continuous_ctg": "no", "intermittent_auscultation": "yes", "listened_every_15_minutes": "yes"}

    before = beside("2010-05-01", **case)
    after = beside("2023-05-01", **case, ctg_reviewed_hourly="no")

    assert "fetal-monitoring.hourly-assessment" not in before
    assert standings(before, "fetal-monitoring.listening-first-stage", "fetal-monitoring.listening-second-stage") == {
        "fetal-monitoring.listening-first-stage": MET,
        "fetal-monitoring.listening-second-stage": MAY,
    }
    assert before["fetal-monitoring.listening-second-stage"].missing == ("full_dilatation_at", "listened_every_5_minutes")
    assert after["fetal-monitoring.hourly-assessment"].standing is NOT_MET
    assert after["fetal-monitoring.hourly-assessment"].standard.source.section == "1.2.1"


def test_an_abnormal_trace_without_a_review_is_open_not_unmet():
    found = beside("2016-02-01", labour="yes", ctg_category="pathological", senior_review_asked="yes", causes_treated="yes")

    assert found["fetal-monitoring.senior-when-abnormal"].standing is TO_JUDGE
    assert found["fetal-monitoring.senior-when-abnormal"].missing == ("obstetric_review_at",)


def test_reduced_movements_at_31_weeks_seen_late():
    found = beside(
        "2015-04-02", reduced_movements_at="2015-04-01T09:00", reduced_movements_weeks=31, heartbeat_confirmed="yes", stillbirth_risk="yes",
        ctg_for_movements_at="2015-04-01T10:10", scan_for_movements_at="2015-04-02T09:01", recurrent_reduced_movements="no",
    )  # fmt: skip

    assert standings(
        found,
        "reduced-movements.heartbeat",
        "reduced-movements.trace",
        "reduced-movements.scan-within-day",
        "reduced-movements.scan-when-again",
    ) == {
        "reduced-movements.heartbeat": MET,
        "reduced-movements.trace": MET,
        "reduced-movements.scan-within-day": NOT_MET,
        "reduced-movements.scan-when-again": NO,
    }


def test_the_care_bundle_has_three_versions_in_a_line_and_the_last_asks_for_more():
    line = LIBRARY.line("antenatal.carbon-monoxide")

    assert [s.source.document[-1] for s in line] == ["1", "2", "3"]
    assert all(a.in_force_to == b.in_force_from for a, b in pairwise(line))
    assert "met" in {c.field for c in diff(line[1], line[2])}
    assert standings(beside("2018-01-01", co_tested_at_booking="yes"), "antenatal.carbon-monoxide") == {"antenatal.carbon-monoxide": MET}
    found = beside("2024-01-01", co_tested_at_booking="yes", gestation_weeks=40)
    assert found["antenatal.carbon-monoxide"].missing == ("co_tested_at_36_weeks",)


def test_small_baby_with_normal_flow_offered_birth_at_39_weeks():
    found = beside(
        "2017-01-01", small_for_dates="yes", abnormal_umbilical_doppler="no", birth_offered_by_weeks=39, growth_risk="not-assessed"
    )

    assert standings(found, "growth.small-normal-flow", "growth.small-abnormal-flow", "growth.risk-at-booking") == {
        "growth.small-normal-flow": NOT_MET,
        "growth.small-abnormal-flow": NO,
        "growth.risk-at-booking": NOT_MET,
    }


def test_induction_for_a_long_pregnancy_was_due_by_42_weeks_and_is_now_talked_about_at_41():
    case = {"gestation_weeks": 41, "induction_offered_at_weeks": 42}

    assert beside("2015-01-01", **case)["induction.long-pregnancy"].standing is MET
    assert beside("2022-01-01", **case)["induction.long-pregnancy"].standing is NOT_MET


def test_heavy_bleeding_calls_the_consultant_at_the_limit_of_its_time():
    case = {"blood_loss_ml": 1800, "consultant_present": "no", "consultant_informed": "yes", "place_of_birth": "obstetric-unit"}

    old, new = beside("2012-01-01", **case), beside("2023-01-01", **case)

    assert (old["consultant-attendance.haemorrhage"].standing, new["consultant-attendance.haemorrhage"].standing) == (NOT_MET, NO)
    assert old["emergency.bleeding-senior-told"].standing is MET


def test_rounds_of_the_labour_ward_before_and_after_the_first_ockenden_report():
    case = {"place_of_birth": "obstetric-unit", "ward_rounds_per_day": 1, "night_ward_round": "no"}

    assert beside("2020-12-09", **case)["consultant-attendance.ward-rounds"].standing is MET
    assert beside("2020-12-10", **case)["consultant-attendance.ward-rounds"].standing is NOT_MET


def test_sepsis_in_labour_with_antibiotics_after_70_minutes():
    found = beside(
        "2021-01-01", labour="yes", sepsis_suspected_at="2021-01-01T03:00", sepsis_antibiotics_at="2021-01-01T04:10", sepsis_high_risk="yes"
    )

    assert found["sepsis.in-labour"].standing is NOT_MET
    assert found["sepsis.antibiotics-in-an-hour"].standing is NOT_MET


def test_an_early_baby_is_helped_by_the_rules_of_2021():
    found = beside(
        "2022-01-01", outcome="other", gestation_weeks=30, resuscitation_needed="yes", oxygen_at_start_percent=30, wrapped_in_plastic="yes",
        preterm_labour="yes", steroids_given="yes", magnesium_given_for_baby="no", admitted_to_neonatal_unit_at="2022-01-01T05:00",
        born_at="2022-01-01T04:30", temperature_taken_at="2022-01-01T05:20", admission_temperature_c="36.4",
        parents_spoken_to_at="2022-01-02T04:00",
    )  # fmt: skip

    assert standings(
        found, "resuscitation.oxygen-28-to-32", "resuscitation.oxygen-under-28", "resuscitation.air-at-term", "resuscitation.plastic-wrap",
        "antenatal.steroids", "antenatal.magnesium", "neonatal.temperature", "neonatal.parents-spoken-to",
    ) == {
        "resuscitation.oxygen-28-to-32": MET, "resuscitation.oxygen-under-28": NO, "resuscitation.air-at-term": NO,
        "resuscitation.plastic-wrap": MET, "antenatal.steroids": MET, "antenatal.magnesium": NO, "neonatal.temperature": NOT_MET,
        "neonatal.parents-spoken-to": MET,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("day", "nhs", "expected"),
    [("2014-11-26", "yes", None), ("2014-11-27", "yes", NOT_MET), ("2015-03-31", "no", NO), ("2015-04-01", "no", NOT_MET)],
)
def test_the_duty_of_candour_begins_on_its_day_for_each_kind_of_provider(day, nhs, expected):
    found = beside(day, notifiable_incident="yes", country="england", nhs_body=nhs, apology_given="no")

    assert standings(found, "candour.apology") == {"candour.apology": expected}


def test_a_term_baby_that_died_on_the_seventh_day_is_outside_the_first_week():
    case = {"country": "england", "gestation_weeks": 39, "labour": "yes", "outcome": "neonatal-death", "brain_injury_criteria": "no"}

    sixth = beside("2019-06-01", **case, born_at="2019-06-01T10:00", baby_death_on="2019-06-07", independent_investigation_referred="no")
    seventh = beside("2019-06-01", **case, born_at="2019-06-01T10:00", baby_death_on="2019-06-08")

    assert (sixth["review.independent"].standing, seventh["review.independent"].standing) == (NOT_MET, NO)
    assert sixth["bereavement.told"].standing is TO_JUDGE
    assert sixth["bereavement.placenta"].standing is NO


def test_the_counts_in_the_documentation_are_those_of_the_library():
    said = " ".join((Path(__file__).parents[3] / "docs" / "how-to" / "bring-your-own-standards.md").read_text("utf-8").split())

    assert f"{len({s.id for s in LIBRARY.standards})} standards" in said
    assert f"in {len(LIBRARY.standards)} versions" in said
    assert f"{sum(not s.unconfirmed for s in LIBRARY.standards)} versions are not marked" in said


def test_a_case_from_a_file_stands_beside_the_standards_of_its_day():
    text = (
        "reference,outcome,event_date,provider,gestation,fact:mode_of_birth,fact:caesarean_category,fact:decision_at,fact:born_at,fact:labour\n"
        "K1,stillbirth,02/03/2012,RVV,39+2,unplanned-caesarean,1,2012-03-01 23:50,2012-03-02T00:19,yes\n"
    )
    (case,), faults = read_cases(text, "csv", today=date(2026, 1, 1))

    facts, unread = read_facts({**case.facts, "outcome": case.kind.value, "gestation_weeks": case.gestation_days // 7})
    found = {x.standard.id: x for x in listed(LIBRARY, facts, case.event)}

    assert (faults, unread) == ([], [])
    assert found["caesarean.category-1"].standing is MET
    assert found["caesarean.category-1"].standard.version == 2
    assert found["bereavement.placenta"].standing is TO_JUDGE


def test_the_kinds_of_outcome_are_the_same_for_a_case_and_for_a_fact():
    assert set(LIBRARY.facts["outcome"].options) == {k.value for k in OutcomeKind}
