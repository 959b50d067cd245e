import re

import pytest

from hall import build, enter
from tocsin.web.ui.rooms import GROUPS, groups

pytestmark = pytest.mark.django_db


def test_every_link_of_the_header_leads_to_an_address_and_none_stands_twice():
    found = [address for _, links, _ in groups(True, "/") for address, _, _ in links]

    assert len(found) == len(set(found)) == sum(len(links) for _, links in GROUPS)


def test_no_group_is_longer_than_seven_and_there_are_no_more_than_six():
    assert len(GROUPS) <= 6
    assert all(len(links) <= 7 for _, links in GROUPS)


def test_whoever_is_not_signed_in_is_shown_no_door_that_is_shut(client):
    page = client.get("/tell-us/").content.decode()
    links = re.findall(r'<li><a href="([^"]+)"', page[page.index("<header") : page.index("</header>")])

    assert "/tell-us/" in links
    assert "/oversight/" not in links
    assert page.count('aria-current="page"') == 1
    assert '<details name="rooms" class="tocsin-here"><summary>Families and staff' in page
    assert all(client.get(address).status_code in (200, 302) for address in links)


def test_a_member_finds_their_account_their_bodies_and_the_way_out(client):
    enter(client, build().icb)
    header = client.get("/concerns/").content.decode().partition("</header>")[0]

    assert "Somebody at Board of the North" in header
    assert "/concerns/mine/" in header
    assert "Sign out" in header
