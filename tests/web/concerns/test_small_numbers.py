"""What is published holds no number by which somebody could be named."""

import pytest

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
