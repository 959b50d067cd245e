"""What is published holds no number by which somebody could be named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hall import signal
from tocsin.web.concerns import actions, closing
from tocsin.web.concerns.doing import Invalid
from tocsin.web.concerns.models import Publication
from tocsin.web.concerns.small_numbers import small_numbers
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from tocsin.web.record.models import Entry


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("In 3 stillbirths nobody looked.", ["3 stillbirths"]), ("Two mothers died.", ["Two mothers"]), ("one baby", ["one baby"]),
        ("four very young babies", ["four very young babies"]), ("12 stillbirths in 6,104 births", []), ("fewer than 5 deaths", []),
        ("1 in 200 births", []), ("6,104 births", []), ("at 2.4 deaths in 1,000 births", []), ("two quarters at the usual rate", []),
        ("On 3 June 2026 families were told.", []), ("5 deaths", []), ("0 deaths", []),
    ],
)  # fmt: skip
def test_a_count_of_people_under_five_is_found_and_other_numbers_are_left(words, found):
    assert small_numbers(words) == found


REFUSED = (
    "In 3 stillbirths nobody looked.", "Two mothers died.", "one baby", "four very small babies", "3 of them died", "two babies",
    "Both twins were born too late.", "a third death", "The second stillbirth was in May.", "Three died.",
    "3 families told us the same.", "2 were harmed.", "One of them survived.", "two of whom were twins",
    "four of the mothers were not seen", "Stillbirths: 3", "Deaths (n = 2)", "| Stillbirths | 3 |",
    "| Stillbirths | HIE |\n| --- | --- |\n| 3 | 12 |", "Neonatal deaths\t2", "stillbirths – 4", "The number of deaths was three.",
    "The number of neonatal deaths rose to 4", "three deaths in 412 births", "3 (three) babies", "two further neonatal deaths",
    "A baby died in May.", "a couple of families", "a pair of babies", "A single death was reported.", "the twins", "There were two.",
    "There was one in 2024", "both mothers", "both of the babies", "three women and their families", "2 midwives were suspended",
    "One doctor has left.", "four staff members", "Two or three babies", "between 2 and 4 deaths", "1 maternal death",
    "One maternal death, 12 stillbirths", "fewer than 3 deaths", "no more than two babies", "Only one family was told.",
    "THREE STILLBIRTHS", "3 still-births", "two\nbabies", "three brain injuries", "Three had seizures.",
    "2 lost their lives and 4 lost a child", "a 3rd stillbirth", "4 cases of HIE", "one case", "two complaints", "3 serious incidents",
    "We know of four.", "one parent", "three newborns needed cooling", "four children", "2 girls and 1 boy",
)  # fmt: skip
ALLOWED = (
    "12 stillbirths in 6,104 births", "fewer than 5 deaths", "Fewer than five families", "1 in 200 births", "6,104 births",
    "1,002 births", "at 2.4 deaths in 1,000 births", "two quarters at the usual rate", "On 3 June 2026 families were told.",
    "On 3 June families were told.", "5 deaths", "0 deaths", "no deaths", "3 weeks", "step 2", "ward 4", "On ward 4 women wait less.",
    "After 3 weeks families were told.", "3 deaths in 1,000 births", "4 in 1,000 babies", "3 per 1,000 births", "3 % of women",
    "3 per cent of mothers", "2.3 per cent of babies", "12 per cent of 4,300 women", "One in four women waited.", "1 in 4 women",
    "1:1 care for women in labour", "one-to-one care by a midwife", "two-thirds of the women", "two thirds of mothers",
    "three quarters of families", "The four sites of the trust", "two hospitals", "Three new rules for night shifts",
    "within 2 working days", "2 working days after a death", "in 24 hours", "Level 3 neonatal care", "grade 4",
    "Recommendation 3: mothers are heard", "Recommendation 2 mothers are heard", "Band 4 nurses", "Step 3 patients are told",
    "concern 4", "action 2 women are called back", "one of the reasons", "One thing has changed.", "One telephone line, day and night",
    "one plan, one lead", "two consultant-led ward rounds a day", "The first 2 hours", "at 3 in the morning", "2024",
    "born at 32 weeks", "23 babies", "14 of them died", "forty-two families", "twenty families", "103 deaths", "Stillbirths: 34",
    "Stillbirths: 3.9 per 1,000 births", "| Stillbirths | 34 |", "a baby is weighed each week", "A mother is heard.",
    "families and staff", "A second opinion is given.", "a second consultant at night", "The third quarter was at the usual rate.",
    "the first births after the change", "version 3", "in 3 months", "over two years", "3 times a day", "page 4", "phase 2",
    "the next 4 weeks", "on 1 May", "1 May 2026", "Two years after the deaths",
)  # fmt: skip


@pytest.mark.parametrize("words", REFUSED)
def test_one_to_four_people_are_found_however_they_are_written(words):
    assert small_numbers(words)


@pytest.mark.parametrize("words", ALLOWED)
def test_what_counts_something_else_or_more_is_left(words):
    assert small_numbers(words) == []


NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine"}
SAYING = st.sampled_from(
    ("In {} {} nobody looked.", "{} {} were reported", "we know of {} {}", "Of these, {} very small {} died.", "| {1} | {0} |", "{1}: {0}", "{1} (n={0})",
     "the number of {1} was {0}", "{0} of the {1} were reviewed", "{0} of the {1}")
)  # fmt: skip
WHOM = st.sampled_from(("babies", "deaths", "mothers", "stillbirths", "families", "complaints", "children", "women", "neonatal deaths"))


@given(number=st.integers(1, 9), in_words=st.booleans(), saying=SAYING, whom=WHOM, loud=st.booleans(), before=st.sampled_from(("", "As said, ", "\n")))
def test_in_every_saying_a_number_is_found_below_five_and_not_from_five_on(number, in_words, saying, whom, loud, before):
    said = before + saying.format(NUMBERS[number] if in_words else number, whom)

    assert bool(small_numbers(said.upper() if loud else said)) is (number < 5)


@given(st.text(max_size=300))
def test_whatever_is_written_it_answers(words):
    assert all(isinstance(phrase, str) for phrase in small_numbers(words))


@pytest.mark.django_db
def test_a_small_number_is_not_published_and_the_answer_says_what_to_write(hall):
    concern = actions.raise_signal(signal(), by="the watch").pk
    act_as(hall.icb.pk)

    with pytest.raises(Invalid, match=r"'Three stillbirths'\. Write 'fewer than 5'") as error:
        closing.publish(concern=concern, title="Stillbirths", words="Three stillbirths were looked at.", by=hall.icb)

    assert error.value.field == "words"
    with acting_as(TOCSIN):
        assert not Publication.objects.exists()
        assert not Entry.objects.filter(what="published").exists()
    closing.publish(concern=concern, title="Stillbirths", words="Fewer than 5 stillbirths were looked at.", by=hall.icb)
    with acting_as(TOCSIN):
        assert Publication.objects.count() == 1
