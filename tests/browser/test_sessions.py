"""Two browsers of one member: each sees the other, ends it, and it is out at its next click. And a body's page, for its administrator."""

import re

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from playwright.sync_api import expect

from axe import AXE, RULES
from hall import MONDAY, build, member
from tocsin.web.people import actions
from tocsin.web.people.models import Declaration, Membership
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"


@pytest.fixture
def hall(live_server, settings):
    # localhost, where there is no https
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    made = build()
    made.url = live_server.url
    # an authenticator app that nobody holds: each browser gives one of the recovery codes
    with acting_as(TOCSIN):
        TOTP.activate(made.icb, generate_totp_secret())
        made.codes = list(RecoveryCodes.activate(made.icb).get_unused_codes())
    return made


@pytest.fixture
def signed_in(chromium, hall):
    """Signs the board's member in on a browser of its own."""
    opened = []

    def signing_in(**options):
        page = chromium.new_context(**options).new_page()
        opened.append(page)
        page.goto(f"{hall.url}/account/login/?next=/people/")
        page.fill("input[name=login]", hall.icb.email)
        page.fill("input[name=password]", "a long password")
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/account/2fa/authenticate/**")
        page.fill("input[name=code]", hall.codes.pop())
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url("**/people/")
        return page

    yield signing_in
    for page in opened:
        page.goto("about:blank")
        page.wait_for_timeout(200)
        page.context.close()


def is_readable(page):
    """No violation that axe knows of, and nothing wider than the screen, at a desk and on a phone."""
    page.evaluate(AXE)
    for width in (1280, 375):
        page.set_viewport_size({"width": width, "height": 700})
        found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
        assert [v["id"] for v in found["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def is_out(page):
    page.get_by_role("link", name="Where I am signed in").click()
    page.wait_for_url("**/account/login/**")
    return page.locator("input[name=password]").count() == 1


def test_a_member_sees_both_browsers_and_the_one_that_is_ended_is_out_at_its_next_click(hall, signed_in):
    here, there = signed_in(), signed_in(user_agent=FIREFOX)
    here.get_by_role("link", name="Where I am signed in").click()
    rows = here.locator(".tocsin-rows li")
    assert rows.count() == 2
    assert "this one" in rows.nth(0).inner_text()
    assert "Firefox on Windows" in rows.nth(1).inner_text()
    is_readable(here)

    here.get_by_role("button", name=re.compile("End it ?: Firefox on Windows")).click()

    expect(rows).to_have_count(1)
    assert is_out(there)
    is_readable(here)
    here.goto(f"{hall.url}/people/")
    assert here.get_by_role("heading", level=1).inner_text() == hall.icb.name
    here.goto(f"{hall.url}/people/sessions/")
    here.locator("main").get_by_role("button", name="Sign out").click()
    here.wait_for_url(f"{hall.url}/")
    here.goto(f"{hall.url}/people/sessions/")
    assert "/account/login/" in here.url


def test_all_others_are_ended_at_once_without_javascript(hall, signed_in):
    here, *others = [signed_in(user_agent=agent, java_script_enabled=False) for agent in (FIREFOX, SAFARI, SAFARI)]
    here.goto(f"{hall.url}/people/sessions/")
    assert here.locator(".tocsin-rows li").count() == 3

    here.get_by_role("button", name="End all but this one").click()

    expect(here.locator(".tocsin-rows li")).to_have_count(1)
    assert here.get_by_role("button", name="End all but this one").count() == 0
    assert all(is_out(other) for other in others)


def test_the_page_of_a_body_is_readable_for_its_administrator(hall, signed_in):
    body = hall.bodies["icb"]
    interested = member(body, "member", name="A member of the board")
    with acting_as(TOCSIN):
        Membership.objects.create(member=hall.icb, body=body, role="administrator", began=MONDAY)
        Declaration.objects.create(member=interested, provider=hall.providers["XAA"], reason="A sister works there", began=MONDAY)
    with acting_as(hall.icb.pk):
        withdrawn, _ = actions.invite(body=body, email="earlier@example.org", role="auditor", by=hall.icb)
        actions.withdraw_invitation(invitation=withdrawn.pk, by=hall.icb)
        actions.invite(body=body, email="somebody.with.a.long.name@board-of-the-north.example.org", role="lead", by=hall.icb)
        actions.make_token(body=body, name="The nightly report", scopes=["read"], by=hall.icb)
    page = signed_in()
    page.goto(f"{hall.url}/people/bodies/icb/")

    is_readable(page)

    assert page.get_by_role("button", name="End this role of A member of the board").count() == 1
    assert page.get_by_role("button", name="Withdraw the invitation of somebody.with.a.long.name@board-of-the-north.example.org").count() == 1
    page.fill("#email", "not an address")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("alert").get_by_role("link")).to_have_attribute("href", "#email")
    is_readable(page)
