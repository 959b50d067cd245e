"""Each rule finds what it should and is silent where the same is said in other words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.learn.conflicts import conflicts

APART = [
    ("direction", "Reports of serious incidents should be published in full.", "Reports of serious incidents should be confidential."),
    ("direction", "Supervision of midwives by supervisors should be kept.", "Supervision of midwives by supervisors should be abolished."),
    ("direction", "Trusts should increase the number of midwives on night shifts.", "Trusts should reduce the number of midwives on night shifts."),
    ("direction", "Incident reports must be shared with the coroner.", "Incident reports must not be shared with the coroner."),
    ("direction", "Training in fetal monitoring should be mandatory for midwives.", "Training in fetal monitoring should be voluntary for midwives."),
    ("term", "Caesareans for fetal distress should begin within 30 minutes of the decision.", "Caesareans for fetal distress should begin within 75 minutes."),
    ("term", "One midwife to 28 births a year should be the ratio.", "One midwife to 35 births a year should be the ratio."),
    ("term", "The board should look at perinatal deaths monthly.", "The board should look at perinatal deaths quarterly."),
    ("term", "Consultants should be present on the labour ward 60 hours a week.", "Consultants should be present on the labour ward ninety hours a week."),
    ("date", "Every unit must record the heart rate centrally by April 2024.", "Every unit must record the heart rate centrally by March 2026."),
]  # fmt: skip
TOGETHER = [
    ("Reports of serious incidents should be published in full.", "Publish every report of a serious incident."),
    ("A caesarean for fetal distress should begin within 30 minutes.", "Emergency caesareans are to begin within thirty minutes of the decision."),
    ("Trusts should increase the number of midwives.", "Trusts should reduce the time that families wait for an answer."),
    ("Deaths should be reviewed within 60 days.", "Complaints should be answered within 25 days."),
    ("The rule must not be broken.", "The window was broken and must be mended."),
    ("Reviews should be done monthly.", "Meals should be served daily."),
    ("Staff should be trained by April 2024.", "A new building should stand by March 2030."),
    ("Incident reports must not be altered.", "Incident reports must not be altered by anybody."),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "one", "other"), APART)
def test_what_pulls_apart_is_found_either_way_round_with_its_words(kind, one, other):
    for a, b in ((one, other), (other, one)):
        found = conflicts(a, b)

        assert kind in {c.kind for c in found}, found
        first = next(c for c in found if c.kind == kind)
        assert first.one.lower() in a.lower()
        assert first.other.lower() in b.lower()
        assert first.one in first.why
        assert first.other in first.why


@pytest.mark.parametrize(("one", "other"), TOGETHER)
def test_what_goes_together_or_is_about_something_else_is_left_alone(one, other):
    assert conflicts(one, other) == ()
    assert conflicts(other, one) == ()


@given(st.text(max_size=300))
def test_nothing_is_in_conflict_with_itself_in_its_terms_or_days(text):
    assert [c for c in conflicts(text, text) if c.kind in ("date",)] == []


@given(st.text(max_size=200), st.text(max_size=200))
def test_whatever_is_written_it_answers(one, other):
    assert {(c.one, c.other) for c in conflicts(one, other)} == {(c.other, c.one) for c in conflicts(other, one)}
