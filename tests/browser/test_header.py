"""The header leads to every room: on a phone, by keyboard, and without JavaScript."""

import pytest

from axe import AXE, RULES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_on_a_phone_without_javascript_one_goes_from_room_to_room(open_page, site):
    page = open_page(java_script_enabled=False, viewport={"width": 375, "height": 700})
    page.goto(site)
    assert not page.get_by_role("link", name="Tell us what happened").is_visible()

    page.get_by_text("Families and staff", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_role("link", name="Tell us what happened").click()

    assert page.url == f"{site}/tell-us/"


def test_by_keyboard_a_group_opens_closes_and_gives_the_focus_back(open_page, site):
    page = open_page(viewport={"width": 1200, "height": 900})
    page.goto(site)
    group = page.locator(".tocsin-rooms details").first
    summary = group.locator("summary")

    summary.focus()
    page.keyboard.press("Enter")
    assert group.evaluate("d => d.open")
    page.evaluate(AXE)
    result = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")

    assert result["violations"] == []
    assert not group.evaluate("d => d.open")
    assert summary.evaluate("s => s === document.activeElement")


def test_opening_one_group_closes_the_other_and_so_does_a_click_elsewhere(open_page, site):
    page = open_page(viewport={"width": 1200, "height": 900})
    page.goto(site)
    groups = page.locator(".tocsin-rooms details")

    groups.nth(0).locator("summary").click()
    groups.nth(1).locator("summary").click()
    assert [groups.nth(n).evaluate("d => d.open") for n in (0, 1)] == [False, True]
    page.locator("h1").click()

    assert not groups.nth(1).evaluate("d => d.open")
