import pytest
from benchmarks.learn_reading import found, numbers_right, styled

from tocsin.learn import Kind
from tocsin.learn.sections import heading, own_number, sections, unnumbered


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Recommendations", "recommendation"),
        ("4. Key recommendations for the trust", "recommendation"),
        ("Action the trust MUST take to improve", "recommendation"),
        ("Local actions for learning", "recommendation"),
        ("What must change", "recommendation"),
        ("CORONER’S CONCERNS", "failing"),
        ("Care and service delivery problems", "failing"),
        ("Terms of reference", "background"),
        ("Appendix B: Glossary", "background"),
        ("Chapter 4 describes the antenatal care", None),
        ("Findings were shared with the board last year.", None),
        ("We make the following recommendations", None),
    ],
)
def test_a_heading_says_what_stands_under_it(line, says):
    assert heading(line) == says


@pytest.mark.parametrize(
    ("text", "number", "rest"),
    [
        ("Recommendation 4: The trust must act.", "4", "The trust must act."),
        ("Safety recommendation R/2021/104: It is recommended.", "R/2021/104", "It is recommended."),
        ("R12. Ministers should act.", "R12", "Ministers should act."),
        ("1.2.3 The trust must act.", "1.2.3", "The trust must act."),
        ("(7) The chart does not prompt.", "7", "The chart does not prompt."),
        ("b) Pay the parents.", "b", "Pay the parents."),
        ("(iv) Publish it.", "iv", "Publish it."),
        ("• 3. Keep the notes.", "3", "Keep the notes."),
        ("a consultant must come", None, "a consultant must come"),
        ("12 women waited", None, "12 women waited"),
        ("2019 was a bad year.", None, "2019 was a bad year."),
    ],
)
def test_a_recommendation_keeps_its_own_number_however_it_is_written(text, number, rest):
    assert own_number(text) == number
    assert unnumbered(text) == rest


def test_a_heading_lends_its_meaning_until_the_next_and_not_for_ever():
    found = [s.says for s in sections(["Findings", "One.", "Recommendations", *["Do it."] * 40])]

    assert found[:4] == ["background", "failing", "background", "recommendation"]
    assert (found[32], found[33]) == ("recommendation", "")


STYLES = {name: (data, truth) for name, data, truth in styled() + styled(unseen=True)}


@pytest.mark.parametrize("name", STYLES)
def test_reports_of_many_styles_give_their_recommendations_and_no_others(name):
    right, wrong, missed = found(*STYLES[name], Kind.RECOMMENDATION)

    assert wrong == 0
    assert missed <= 1 + right // 2
    assert len(set(numbers_right(*STYLES[name]))) == 1
