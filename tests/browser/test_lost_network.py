"""The network goes while somebody writes, or the answer is lost on the way: what was written stays, and it is done once."""

import pytest

from axe import AXE, RULES
from hall import build, enter, signal
from tocsin.web.concerns import actions
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Entry

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def told(open_page, site, client):
    """A page on which somebody has written a note, not yet sent; and how many notes the record holds."""
    hall = build()
    concern = actions.raise_signal(signal(), by="the watch").pk
    enter(client, hall.icb)
    page = open_page(viewport={"width": 375, "height": 800})
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    page.goto(f"{site}/concerns/{concern}/do/note/")
    page.locator("#words").fill("Two midwives were there instead of four.")

    def notes():
        with acting_as(TOCSIN):
            return Entry.objects.filter(chain=f"concern:{concern}", what="noted").count()

    return page, notes


def send(page):
    page.locator("main form button[type=submit]").last.click()


def test_without_a_network_nothing_is_sent_what_was_written_stays_and_the_page_says_so(told, site):
    page, notes = told
    page.context.set_offline(True)
    send(page)
    page.get_by_role("alert").get_by_text("nothing was sent and nothing was changed", exact=False).wait_for()

    assert notes() == 0
    assert page.locator("#words").input_value() == "Two midwives were there instead of four."
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.set_offline(False)
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
    assert [v["id"] for v in found["violations"]] == []
    send(page)
    page.get_by_text("Done: make a note").wait_for()
    assert notes() == 1


def test_an_answer_that_is_lost_on_the_way_leaves_one_entry_when_it_is_sent_again(told, site):
    page, notes = told
    answers = []

    def lose(route):
        if route.request.method != "POST":
            return route.continue_()
        answers.append(route.fetch(max_redirects=0).status)
        return route.abort("connectionreset")

    page.route("**/do/note/", lose)
    with page.expect_event("requestfailed"):
        send(page)
    assert answers == [302]
    assert notes() == 1
    page.unroute("**/do/note/")
    page.wait_for_timeout(1000)  # the browser shows its own page of a lost network
    page.reload()  # as the browser's page offers: the same form is sent again

    page.get_by_text("This was done already; it was not done again.").wait_for()
    assert notes() == 1


def test_without_javascript_a_form_is_sent_as_ever(open_page, site, client):
    hall = build()
    concern = actions.raise_signal(signal(), by="the watch").pk
    enter(client, hall.icb)
    page = open_page(java_script_enabled=False)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    page.goto(f"{site}/concerns/{concern}/do/acknowledge/")
    send(page)

    page.get_by_text("Done: acknowledge").wait_for()
