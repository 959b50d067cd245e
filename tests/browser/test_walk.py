"""In a real Chromium, over a real server and a real PostgreSQL."""

import pytest

from axe import AXE, RULES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_the_overview_one_walks_to_the_planted_sites_signal_and_every_page_passes_axe(open_page, site):
    page = open_page(viewport={"width": 1200, "height": 900})
    found = {}

    def check(name):
        page.wait_for_load_state("networkidle")
        page.evaluate(AXE)
        result = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
        found[name] = [(v["id"], v["nodes"][0]["html"][:120]) for v in result["violations"]]

    page.goto(site)
    check("overview")
    page.locator("#signals tr", has_text="Site S03").get_by_role("link", name="Stillbirth").click()
    assert "Stillbirth at Site S03" in page.get_by_role("heading", level=1).inner_text()
    check("signal")
    assert page.locator("img.tocsin-chart").first.evaluate("i => i.complete && i.naturalWidth > 0")
    page.get_by_role("link", name="Site S03").click()
    check("site")
    for address in ("/sites/", "/indicators/stillbirth/", "/about/", "/nowhere/"):
        page.goto(site + address)
        check(address)

    assert {name: v for name, v in found.items() if v} == {}
    assert page.failures == []


def test_without_javascript_the_overview_is_read_and_filtered(open_page, site):
    page = open_page(java_script_enabled=False)
    page.goto(site)
    page.get_by_label("Site or provider").fill("S03")
    page.get_by_role("button", name="Show").click()

    assert "text=S03" in page.url
    assert page.locator("#signals tbody tr").count() == 1


@pytest.mark.parametrize("address", ["/", "/sites/", "/sites/S03/", "/indicators/stillbirth/", "/about/"])
def test_on_a_phone_no_page_scrolls_sideways(open_page, site, address):
    page = open_page(viewport={"width": 360, "height": 740})
    page.goto(site + address)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_keyboard_reaches_the_content_first(open_page, site):
    page = open_page()
    page.goto(site)
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"


def test_choosing_a_filter_shows_its_signals_without_loading_the_page_anew(open_page, site):
    page = open_page()
    page.goto(site)
    page.evaluate("window.marker = 1")
    page.select_option("#level", "amber")
    page.wait_for_url("**level=amber**")
    page.wait_for_function("!document.querySelector('#signals .tocsin-level-red')")

    assert page.evaluate("window.marker") == 1
    assert page.failures == []


@pytest.mark.parametrize("path", ["/accord/", "/accord/?map=england-2026", "/accord/text/?map=england-2026", "/accord/replay/east-kent/"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_accords_pages_pass_axe_and_fit_a_phone(open_page, site, path, width):
    page = open_page(viewport={"width": width, "height": 800})
    page.goto(site + path)
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)

    assert [(v["id"], [n["html"][:120] for n in v["nodes"][:2]]) for v in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.failures == []


def test_one_presses_that_a_body_stays_silent_and_sees_what_happens(open_page, site):
    page = open_page()
    page.goto(site + "/accord/?map=tocsin-proposed&concern=conduct&day=2026-06-01")
    before = page.inner_text("#ladder")
    page.click("text=This body stays silent >> nth=0")

    assert "stays silent" in page.inner_text("#ladder li >> nth=0")
    assert page.inner_text("#ladder") != before
    page.click("text=Let it act")
    assert page.inner_text("#ladder") == before
