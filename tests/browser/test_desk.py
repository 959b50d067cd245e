"""The drafting desk in a real Chromium: typing, waiting, a lost connection, two windows, the keyboard, what a screen reader hears, no JavaScript."""

import pytest
from django.test import Client
from playwright.sync_api import expect

from axe import AXE, RULES
from hall import build, enter
from register_files import item, report
from tocsin.learn.register import read_register
from tocsin.web.learn import desk, shipped
from tocsin.web.learn.models import Draft, DraftVersion, Push
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SAYS = "Mothers and families must be listened to when they say that something is wrong."


@pytest.fixture
def hall(site, settings, tmp_path):
    """Two earlier reports that ask the same."""
    settings.DATA = tmp_path
    made = build()
    one = item(id="r1", text=SAYS, failing="mothers-concern-dismissed")
    shipped.load(read_register(report(one, id="2015-one") | report(one, id="2019-two", published="2019-05-05")))
    return made


@pytest.fixture
def draft(hall):
    with acting_as(hall.icb.pk):
        return desk.begin(body=hall.bodies["icb"], by=hall.icb)


@pytest.fixture
def page_of(open_page, site, hall, draft):
    """Opens the draft's page as somebody of its body."""

    def opening(**options):
        page = open_page(viewport={"width": 1280, "height": 900}, **options)
        client = Client()
        enter(client, hall.icb)
        page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
        page.goto(f"{site}/learn/desk/{draft.pk}/")
        return page

    return opening


def kept(draft):
    with acting_as(TOCSIN):
        return Draft.objects.get(pk=draft.pk)


def test_what_is_typed_is_saved_after_a_pause_once_and_what_was_made_before_is_shown_and_heard(page_of, draft):
    page = page_of()
    page.locator("#text").press_sequentially("Listen to mothers and families when they say that something is wrong.", delay=15)
    expect(page.locator("#saving")).to_have_text("Saved.", timeout=30_000)

    expect(page.locator("#made")).to_contain_text("has been made 2 times since 2015, in 2 reports")
    expect(page.locator("#heard")).to_contain_text("has been made 2 times since 2015")
    assert page.locator("#heard").get_attribute("role") == page.locator("#saving").get_attribute("role") == "status"
    assert kept(draft).text.startswith("Listen to mothers")
    with acting_as(TOCSIN):
        # 69 letters, and at most some savings where the machine was slow between two letters
        assert DraftVersion.objects.filter(draft=draft).count() < 10
    assert page.evaluate("document.activeElement.id") == "text"
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
    assert [(v["id"], v["nodes"][0]["html"][:100]) for v in found["violations"]] == []


def test_without_a_connection_it_is_kept_here_and_sent_when_the_connection_is_back(page_of, draft, site):
    page = page_of()
    page.context.set_offline(True)
    page.fill("#text", "Written on a train, far from any network.")
    expect(page.locator("#saving")).to_contain_text("kept in this browser", timeout=15_000)
    assert kept(draft).text == ""

    page.context.set_offline(False)

    expect(page.locator("#saving")).to_have_text("Saved.", timeout=20_000)
    assert kept(draft).text == "Written on a train, far from any network."
    page.failures.clear()


def test_what_was_typed_before_a_crash_is_there_again_and_saved(page_of, draft, site):
    page = page_of()
    page.route("**/save/", lambda route: route.abort())
    page.fill("#text", "Typed, and then the browser was gone.")
    expect(page.locator("#saving")).to_contain_text("kept in this browser", timeout=15_000)
    page.evaluate("() => { window.fetch = () => Promise.resolve(); }")
    page.unroute("**/save/")

    page.reload()

    expect(page.locator("#text")).to_have_value("Typed, and then the browser was gone.")
    expect(page.locator("#saving")).to_have_text("Saved.", timeout=20_000)
    assert kept(draft).text == "Typed, and then the browser was gone."
    assert page.evaluate(f"localStorage.getItem('tocsin-draft-{draft.pk}')") is None
    page.failures.clear()


def test_two_windows_do_not_overwrite_each_other(page_of, draft, hall):
    page = page_of()
    with acting_as(hall.icb.pk):
        words = desk.words_of(kept(draft)) | {"text": "What the other window says."}
        desk.save(draft=draft.pk, words=words, version=0, by=hall.icb)
    page.fill("#text", "What this window says.")
    page.wait_for_url(lambda url: str(draft.pk) not in url, timeout=20_000)

    expect(page.locator("main")).to_contain_text("kept here as a draft of its own")
    expect(page.locator("#text")).to_have_value("What this window says.")
    assert kept(draft).text == "What the other window says."
    with acting_as(TOCSIN):
        assert Draft.objects.count() == 2


def test_an_answer_leaves_alone_what_is_being_written_beside_it(page_of, draft):
    page = page_of()
    page.fill("#text", SAYS)
    expect(page.locator("#saving")).to_have_text("Saved.", timeout=30_000)
    page.fill("#push-words", "We will ask every mother, each")
    page.locator("#measure").fill("Share of mothers who say that they were heard")
    expect(page.locator("#saving")).to_have_text("Saved.", timeout=30_000)

    expect(page.locator("#push-words")).to_have_value("We will ask every mother, each")
    expect(page.locator("#criteria")).to_contain_text("A measure is given.")


def test_who_is_signed_out_loses_nothing_and_is_told(page_of, draft, site):
    page = page_of()
    page.context.clear_cookies(name="sessionid")
    page.fill("#text", "Written after the session had ended.")
    expect(page.locator("#saving")).to_contain_text("you are signed out", timeout=20_000)

    assert page.evaluate(f"JSON.parse(localStorage.getItem('tocsin-draft-{draft.pk}')).text") == "Written after the session had ended."
    assert page.locator("#advice h2").first.inner_text() == "Has it been made before?"


def test_by_keyboard_alone_a_recommendation_is_written_addressed_and_an_earlier_one_taken_up(page_of, draft):
    page = page_of()
    page.locator("#text").focus()
    page.keyboard.type(SAYS)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "addressee"
    page.keyboard.type("The trust")
    for name in ("power", "measure", "by_when", "cost"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == name
    expect(page.locator("#saving")).to_have_text("Saved.", timeout=30_000)
    expect(page.locator("#made")).to_contain_text("2 times")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "push-words":
            break
    page.keyboard.type("We will ask each month.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_contain_text("Your body has taken it up", timeout=20_000)
    with acting_as(TOCSIN):
        assert Push.objects.get().words == "We will ask each month."
    assert (kept(draft).ended, kept(draft).addressee) == ("adopted", "trust")


def test_without_javascript_the_button_saves_and_brings_the_same(page_of, draft):
    page = page_of(java_script_enabled=False)
    page.fill("#text", SAYS)
    page.get_by_role("button", name="Save").click()

    assert "has been made 2 times since 2015" in page.inner_text("main")
    assert "Nobody is named" in page.inner_text("#criteria") or "Somebody is named" in page.inner_text("#criteria")
    assert kept(draft).text == SAYS


def test_on_a_phone_nothing_is_wider_than_the_screen(page_of):
    page = page_of()
    page.fill("#text", SAYS)
    expect(page.locator("#saving")).to_have_text("Saved.", timeout=30_000)
    page.set_viewport_size({"width": 375, "height": 800})

    assert page.evaluate("document.documentElement.scrollWidth") <= 375
