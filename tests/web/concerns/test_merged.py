"""What becomes of a concern's files and of those who raised it, when it is merged into another."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

import papers
from hall import enter, signal
from tocsin.signal import ConcernKind
from tocsin.web.concerns import actions, queries, raisers, relating
from tocsin.web.concerns.models import Raiser
from tocsin.web.record import checkpoint
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Attachment

pytestmark = pytest.mark.django_db
WORDS = papers.pdf("The rota of that night")


def as_(someone, do, **given):
    with acting_as(someone.pk):
        return do(by=someone, **given)


@pytest.fixture
def merged(hall, moment, settings, tmp_path):
    """Two concerns of one provider; the first, with a file and a family, was merged into the second. Gives both and the family's receipt."""
    settings.DATA = tmp_path
    into = actions.raise_signal(signal(), by="the watch").pk
    moment.at += timedelta(days=1)
    receipt = raisers.raise_from_outside(provider=hall.providers["XAA"], kind="failed-candour", group="family", account="Nobody told us.")
    first = receipt.concern
    as_(hall.icb, actions.give_evidence, concern=first, upload=SimpleUploadedFile("rota.pdf", WORDS))
    as_(hall.icb, actions.acknowledge, concern=first)
    as_(hall.icb, relating.merge, concern=first, into=into, reason="One cause")
    return first, into, receipt


def test_its_files_are_read_where_the_concern_goes_on_and_the_record_tells_of_them(client, hall, merged):
    first, into, _ = merged
    enter(client, hall.icb)
    page = client.get(f"/concerns/{into}/").content.decode()
    with acting_as(TOCSIN):
        [shown] = Attachment.objects.filter(chain=f"concern:{into}")

    assert f"/concerns/{into}/evidence/{shown.pk}/" in page
    assert client.get(f"/concerns/{into}/evidence/{shown.pk}/").content == WORDS
    assert f"Concern {first} was merged into this one, with 1 account and 1 file." in page
    with acting_as(TOCSIN):
        assert checkpoint.verify()[1] == []


def test_a_body_that_never_saw_the_restricted_one_reads_its_files_once_it_holds_the_one_that_goes_on(client, hall, moment, settings, tmp_path):
    settings.DATA = tmp_path
    one, other = (actions.raise_signal(signal(kind=ConcernKind.CONDUCT, indicator=name), by="conduct", key=name) for name in ("a", "b"))
    holder = hall.members[one.holder.kind]
    as_(holder, actions.give_evidence, concern=one.pk, upload=SimpleUploadedFile("letter.pdf", WORDS))
    as_(holder, relating.merge, concern=one.pk, into=other.pk, reason="One person")
    as_(holder, actions.declare_conflict, concern=other.pk, reason="Known to us")
    with acting_as(TOCSIN):
        following = hall.members[queries.Concern.objects.get(pk=other.pk).holder.kind]
        [shown] = Attachment.objects.filter(chain=f"concern:{other.pk}").values_list("pk", flat=True)
    assert following != holder

    enter(client, following)
    assert client.get(f"/concerns/{one.pk}/").status_code == 404
    assert client.get(f"/concerns/{other.pk}/evidence/{shown}/").content == WORDS
    for somebody in (hall.trust, hall.cqc):
        if somebody not in (holder, following):
            enter(client, somebody)
            assert client.get(f"/concerns/{other.pk}/evidence/{shown}/").status_code == 404


def test_the_family_sees_the_joined_story_and_is_told_with_the_concern_that_goes_on(client, hall, merged):
    _, into, receipt = merged
    assert as_(hall.icb, raisers.tell_raisers, concern=into, words="Both are looked at together.") == 1
    page = client.post("/told/", {"number": receipt.number, "code": receipt.code}, follow=True).content.decode()

    assert "Both are looked at together." in page
    assert "A family raised a concern about not being told the truth." in page
    assert "Board of the North said that it has taken this up." in page
    assert f"It was merged into concern {into}." in page
    assert "The watch raised a concern about more harm than expected." in page
    with acting_as(TOCSIN):
        assert Raiser.objects.get().concern_id == into


def test_the_story_follows_through_two_mergings(hall, merged, moment):
    _, into, receipt = merged
    third = actions.raise_signal(signal(kind=ConcernKind.LEADERSHIP_GOVERNANCE), by="the watch").pk
    with acting_as(hall.icb.pk):
        a, b = queries.whole(into).concern, queries.whole(third).concern
    goes, stays = (into, third) if b.leaves <= a.leaves else (third, into)
    as_(hall.icb, relating.merge, concern=goes, into=stays, reason="One board")
    raiser = raisers.find(receipt.number, receipt.code)

    said = [line.sentence for line in queries.for_raiser(raiser).lines]
    assert "A family raised a concern about not being told the truth." in said
    assert sum("raised a concern" in s for s in said) == 3
