"""A report is taken in, read, corrected and found again in earlier ones; a recommendation is drafted: in a real Chromium."""

import pytest
from django.test import Client
from playwright.sync_api import expect

from axe import AXE, RULES
from hall import build, enter
from register_files import item, report
from reports import pdf
from tocsin.learn.register import read_register
from tocsin.web.learn import reading, shipped
from tocsin.web.learn.models import Item, Report
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EARLIER = ("2015-one", "2019-two")
SAID = (
    ("r1", "Mothers and families must be listened to when they say that something is wrong.", "mothers-concern-dismissed"),
    ("r2", "Call a consultant without delay when the baby's heart rate falls.", "escalation-delayed"),
    ("r3", "Hand over in writing at each change of shift.", "handover-poor"),
)


@pytest.fixture
def hall(site, settings, tmp_path):
    """Two earlier reports, and somebody in each body."""
    settings.DATA = tmp_path
    made = build()
    first, second = ([item(id=i, text=text, failing=failing) for i, text, failing in SAID[:n]] for n in (3, 2))
    shipped.load(read_register(report(*first, id=EARLIER[0]) | report(*second, id=EARLIER[1], published="2019-05-05")))
    return made


def wrong_on(page):
    page.wait_for_load_state("networkidle")
    page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
    size, width = page.viewport_size, []
    for across in (375, size["width"]):
        page.set_viewport_size({"width": across, "height": size["height"]})
        if page.evaluate("document.documentElement.scrollWidth") > across:
            width.append(("wider than", across))
    return [(v["id"], [n["html"][:120] for n in v["nodes"][:2]]) for v in found["violations"]] + width


def test_a_report_is_read_corrected_and_found_again_and_a_recommendation_is_drafted(open_page, site, hall, request):
    wrong = {}
    page = open_page(viewport={"width": 1280, "height": 900})

    def look(name, address=None):
        if address:
            answer = page.goto(site + address)
            assert answer.status == 200, (address, answer.status)
        wrong[name] = wrong_on(page)
        folder = request.config.getoption("--pictures")
        if folder:
            page.screenshot(path=f"{folder}/learn-{name}.png", full_page=True)

    client = Client()
    enter(client, hall.icb)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])

    # upload, reading in the background, the passages with their pages
    look("upload", "/learn/reports/take-in/")
    page.set_input_files("#upload", {"name": "review.pdf", "mimeType": "application/pdf", "buffer": pdf()})
    page.get_by_role("button", name="Take it in").click()
    look("progress")
    # the page asks again each second, and would be loaded anew just as the walk goes on
    page.goto("about:blank")
    with acting_as(TOCSIN):
        made = Report.objects.exclude(slug__in=EARLIER).get()
    reading.read(made.pk)
    look("report", f"/learn/reports/{made.slug}/")
    assert "page 2" in page.inner_text("main").lower()

    # a correction by hand is kept
    page.locator("main a[href*='/passages/']").first.click()
    look("passage")
    page.fill("#text", "Record the heart rate at every change of shift, and call the consultant when it falls.")
    page.locator("input[name=kind][value=recommendation]").check()
    page.get_by_role("button", name="Correct it").click()
    page.wait_for_load_state("networkidle")
    page.goto(f"{site}/learn/reports/{made.slug}/")
    assert "call the consultant when it falls" in page.inner_text("main")

    # what has been said before: side by side, and on the page of one item
    look("beside", f"/learn/reports/{made.slug}/beside-its-ancestors/")
    with acting_as(TOCSIN):
        said = Item.objects.filter(report__slug=EARLIER[1]).order_by("code").first()
    look("item", f"/learn/items/{said.code}/")
    for name, address in (("front", "/learn/"), ("proposals", "/learn/proposals/"), ("asked-one", "/learn/asked/trusts/"),
                          ("failings", "/learn/failings/"), ("asked", "/learn/asked/"), ("reports", "/learn/reports/"),
                          ("known", "/learn/known/?as_of=2016-01-01"), ("desk", "/learn/desk/")):  # fmt: skip
        look(name, address)
    assert "built-in" not in page.inner_text("main")
    page.goto(site + "/learn/failings/")
    page.locator("main a[href^='/learn/failings/']").first.click()
    look("failing")

    # the register by words, as one types
    look("register", "/learn/register/")
    page.locator("#text").press_sequentially("stillbirth families listen", delay=20)
    expect(page.locator("main")).to_contain_text("found", timeout=20_000)
    page.keyboard.press("Enter")
    look("found")

    # drafting: what became of the same before
    page.goto(site + "/learn/desk/")
    page.get_by_role("button", name="Begin a draft").click()
    page.fill("#text", "Clinicians should listen to mothers and families, and act on what they say.")
    page.get_by_role("button", name="Save").click()
    look("draft")
    assert "has been" in page.inner_text("main")

    assert {name: found for name, found in wrong.items() if found} == {}
    # a search that a later letter has overtaken is given up
    assert [a for a in page.failures if "/learn/register/?text=" not in a] == []
