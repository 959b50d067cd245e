import pytest

from tocsin.accord import HISTORIES, SHIPPED, shipped
from tocsin.web.accord.actions import AccordRefuses, put_in_force
from tocsin.web.accord.models import MapInForce

pytestmark = pytest.mark.django_db


def test_the_ladder_is_shown_with_powers_deadlines_and_bases(client):
    page = client.get("/accord/?map=tocsin-proposed&concern=conduct&provider=nhs-trust&day=2026-06-01").content.decode()

    assert "The integrated care board" in page
    assert "by 11 June 2026 (8 working days)" in page
    assert "This body stays silent" in page
    assert "Every property holds" in page


def test_a_body_that_stays_silent_is_passed_by_sooner(client):
    with_ = client.get("/accord/?map=tocsin-proposed&day=2026-06-01&silent=icb&silent=region").content.decode()

    assert "stays silent" in with_
    assert "deadline passed" in with_
    assert "after <strong>19 days</strong>" in with_


def test_a_map_that_names_nobody_says_so(client):
    assert "Nobody would hold it" in client.get("/accord/?map=england-2026&concern=hr-process-unfit").content.decode()


@pytest.mark.parametrize("name", SHIPPED)
def test_findings_stand_beside_their_lines(client, name):
    page = client.get(f"/accord/text/?map={name}").content.decode()

    assert ("tocsin-marked" in page) is (name != "tocsin-proposed")


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_is_a_timeline_with_sources_and_what_it_cannot_show(client, name):
    page = client.get(f"/accord/replay/{name}/").content.decode()

    assert "cannot show" in page
    assert page.count("Source:") >= 8
    assert "tocsin-proposed" in page


def test_the_picture_is_drawn(client):
    answer = client.get("/accord/ladder.svg?map=tocsin-proposed")

    assert answer["Content-Type"] == "image/svg+xml"
    assert b"<svg" in answer.content


@pytest.mark.parametrize("query", ["map=none&concern=x&provider=%00&day=yesterday&silent=nobody", "day=1900-01-01", "day=2999-01-01", ""])
def test_whatever_is_asked_is_answered(client, query):
    assert client.get(f"/accord/?{query}").status_code == 200


def test_an_unknown_history_is_not_found(client):
    assert client.get("/accord/replay/nowhere/").status_code == 404


def test_a_map_that_breaks_a_law_is_not_put_in_force_without_a_reason_that_stays_visible(client):
    with pytest.raises(AccordRefuses, match="A1"):
        put_in_force(files=shipped("england-2026"), by="A tester")
    assert MapInForce.objects.count() == 0

    put_in_force(files=shipped("england-2026"), by="A tester", override="it is what there is")
    page = client.get("/accord/").content.decode()
    assert "it is what there is" in page
    assert "A tester" in page

    put_in_force(files=shipped("tocsin-proposed"), by="A tester")
    assert "It keeps every law." in client.get("/accord/").content.decode()


def test_nobody_puts_a_map_in_force_without_a_name():
    with pytest.raises(ValueError, match="say who"):
        put_in_force(files=shipped("tocsin-proposed"), by=" ")
