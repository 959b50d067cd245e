"""Passkeys by a virtual authenticator, and single sign-on against a real OpenID Connect provider, in a real Chromium."""

import warnings
from contextlib import contextmanager

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from axe import AXE, RULES
from hall import build
from tocsin.web.record.acting import TOCSIN, acting_as

with warnings.catch_warnings():
    # the provider still calls a part of authlib that is going away
    warnings.simplefilter("ignore")
    from oidc_provider_mock import User, run_server_in_thread

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a long password"


@pytest.fixture
def hall(live_server, settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    # localhost, where there is no https
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    made = build()
    made.url = live_server.url.replace("127.0.0.1", "localhost")
    return made


@contextmanager
def serving(settings, users):
    """A sign-in service that knows these people, and that Tocsin knows."""
    with run_server_in_thread(user_claims=users) as server:
        issuer = f"http://localhost:{server.server_port}"
        app = {"provider_id": "organisation", "name": "your organisation", "client_id": "tocsin", "secret": "a secret of the client"}
        apps = [app | {"settings": {"server_url": issuer}}]
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": apps}}
        rules = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": rules | {"form-action": ["'self'", issuer]}}
        yield issuer


@pytest.fixture
def provider(hall, settings):
    """An organisation's sign-in service: knows the board's member, somebody unknown here, and one whose address it never checked."""
    people = (("known", hall.icb.email, True), ("stranger", "stranger@example.org", True), ("unchecked", hall.region.email, False))
    users = [User(sub=sub, claims={"email": email, "email_verified": checked}) for sub, email, checked in people]
    with serving(settings, users) as issuer:
        yield issuer


@pytest.fixture
def page(chromium):
    context = chromium.new_context()
    page = context.new_page()
    yield page
    page.goto("about:blank")
    page.wait_for_timeout(200)
    context.close()


def with_authenticator(page):
    """What a laptop with a fingerprint reader or a phone does, by the browser's own test of it."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }  # fmt: skip
    return devices, devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def give_password(page, hall, someone):
    page.goto(f"{hall.url}/account/login/")
    page.fill("input[name=login]", someone.email)
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_the_pages_of_an_account_are_for_everybody_and_nobody_changes_the_address_they_were_invited_at(page, hall):
    def seen(address):
        page.goto(f"{hall.url}/account/{address}")
        assert page.url.endswith(address)
        page.evaluate(AXE)
        for width in (1280, 375):
            page.set_viewport_size({"width": width, "height": 700})
            found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
            assert [v["id"] for v in found["violations"]] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width

    seen("login/")
    page.fill("input[name=login]", hall.icb.email)
    page.fill("input[name=password]", "another password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert "not correct" in page.get_by_role("alert").inner_text()
    give_password(page, hall, hall.icb)
    page.wait_for_url("**/account/2fa/")
    for address in ("2fa/", "2fa/totp/activate/", "2fa/webauthn/add/", "password/change/", "reauthenticate/", "logout/"):
        seen(address)
    page.goto(f"{hall.url}/account/email/")
    assert "/account/email/" not in page.url


def test_a_passkey_is_made_and_then_lets_its_owner_in_and_nobody_else(page, hall):
    devices, authenticator = with_authenticator(page)
    give_password(page, hall, hall.icb)
    page.wait_for_url("**/account/2fa/")
    page.goto(f"{hall.url}/account/2fa/webauthn/add/")
    page.check("input[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/account/2fa/recovery-codes/**")
    assert len(devices.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]) == 1

    page.context.clear_cookies()
    page.goto(f"{hall.url}/concerns/")
    assert "/account/login/" in page.url
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
    assert [v["id"] for v in found["violations"]] == []
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/concerns/**")
    assert page.goto(f"{hall.url}/concerns/").status == 200
    assert page.locator(".tocsin-account-link").inner_text().endswith(hall.icb.name)

    # whoever knows the password alone stands before the second factor
    devices.send("WebAuthn.removeCredential", {"authenticatorId": authenticator, "credentialId": _id(devices, authenticator)})
    page.context.clear_cookies()
    give_password(page, hall, hall.icb)
    page.wait_for_url("**/account/2fa/authenticate/**")
    page.goto(f"{hall.url}/concerns/")
    assert "/account/2fa/authenticate/" in page.url


def _id(devices, authenticator):
    return devices.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"][0]["credentialId"]


def with_app(someone):
    """An authenticator app, of which nobody here reads a code."""
    with acting_as(TOCSIN):
        TOTP.activate(someone, generate_totp_secret())


def by_the_organisation(page, hall, sub):
    page.goto(f"{hall.url}/account/login/")
    page.get_by_role("link", name="your organisation").click()
    page.get_by_role("button", name="Continue").click()
    page.fill("input[name=sub]", sub)
    page.get_by_role("button", name="Authorize").click()


def test_whoever_the_organisation_vouches_for_and_is_a_member_comes_in_and_is_asked_for_a_second_factor(page, hall, provider):
    by_the_organisation(page, hall, "known")

    page.wait_for_url(f"{hall.url}/**")
    page.goto(f"{hall.url}/people/")
    # signed in, and as everybody asked for a second factor before anything else
    assert page.url == f"{hall.url}/account/2fa/"
    assert page.locator("text=My account").count() == 1
    cookies = {c["name"]: c for c in page.context.cookies()}
    assert cookies["sessionid"]["httpOnly"]


TWO_FACTORS = {"amr": ["pwd", "mfa"]}
STRONG = {"acr": "https://refeds.org/profile/mfa"}


@pytest.fixture
def vouching(hall, settings):
    """A sign-in service that says of each how they signed in, as its ID token has it; and Tocsin was told what to believe."""
    settings.OIDC_AMR, settings.OIDC_ACR = {"mfa"}, {STRONG["acr"]}
    said = {"by means": TWO_FACTORS, "by strength": STRONG, "password": {"amr": ["pwd"], "acr": "https://refeds.org/profile/sfa"}, "nothing": {}}
    with serving(settings, [User(sub=sub, claims={"email": hall.icb.email, "email_verified": True} | more) for sub, more in said.items()]):
        yield


@pytest.mark.parametrize("sub", ["by means", "by strength"])
def test_whom_the_organisation_asked_for_two_factors_is_not_asked_again(page, hall, vouching, sub):
    by_the_organisation(page, hall, sub)

    page.wait_for_url(f"{hall.url}/**")
    assert page.goto(f"{hall.url}/concerns/").status == 200
    assert page.url == f"{hall.url}/concerns/"
    assert page.locator(".tocsin-account-link").inner_text().endswith(hall.icb.name)


@pytest.mark.parametrize("sub", ["by means", "by strength"])
def test_nor_is_one_asked_who_has_a_second_factor_here(page, hall, vouching, sub):
    with_app(hall.icb)

    by_the_organisation(page, hall, sub)

    page.wait_for_url(f"{hall.url}/**")
    assert page.goto(f"{hall.url}/concerns/").url == f"{hall.url}/concerns/"


@pytest.mark.parametrize("sub", ["password", "nothing"])
def test_whom_it_asked_for_a_password_alone_or_does_not_say_is_asked(page, hall, vouching, sub):
    with_app(hall.icb)

    by_the_organisation(page, hall, sub)

    page.wait_for_url("**/account/2fa/authenticate/**")
    page.goto(f"{hall.url}/concerns/")
    assert "/account/2fa/authenticate/" in page.url


@pytest.mark.parametrize("sub", ["by means", "by strength", "password", "nothing"])
def test_what_it_says_counts_for_nothing_where_tocsin_was_not_told_to_believe_it(page, hall, vouching, settings, sub):
    settings.OIDC_AMR, settings.OIDC_ACR = set(), set()
    with_app(hall.icb)

    by_the_organisation(page, hall, sub)

    page.wait_for_url("**/account/2fa/authenticate/**")
    page.goto(f"{hall.url}/concerns/")
    assert "/account/2fa/authenticate/" in page.url


def test_after_the_first_single_sign_on_the_old_password_is_gone_and_a_new_one_is_not_covered_by_what_the_organisation_said(page, hall, vouching):
    with_app(hall.icb)
    by_the_organisation(page, hall, "by means")
    page.wait_for_url(f"{hall.url}/**")
    page.goto(f"{hall.url}/people/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{hall.url}/")

    give_password(page, hall, hall.icb)
    assert "not correct" in page.get_by_role("alert").inner_text()
    with acting_as(TOCSIN):
        # as with a joining code
        hall.icb.set_password(PASSWORD)
        hall.icb.save()
    give_password(page, hall, hall.icb)

    page.wait_for_url("**/account/2fa/authenticate/**")


@pytest.mark.parametrize("sub", ["stranger", "unchecked"])
def test_a_stranger_and_an_address_that_was_never_checked_stay_outside_and_make_no_account(page, hall, provider, sub):
    from tocsin.web.people.models import Member

    before = Member.objects.count()

    by_the_organisation(page, hall, sub)
    page.wait_for_url(f"{hall.url}/**")
    words = page.inner_text("main")
    page.goto(f"{hall.url}/people/")

    assert "/account/login/" in page.url
    assert words.strip()
    assert Member.objects.count() == before


def test_an_answer_that_nobody_asked_for_lets_nobody_in(page, hall, provider):
    page.goto(f"{hall.url}/account/oidc/organisation/login/callback/?code=made-up&state=made-up")
    page.goto(f"{hall.url}/people/")

    assert "/account/login/" in page.url
