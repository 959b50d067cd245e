"""Three reviewers grade a case to consensus, a family's question is answered, and the table is printed: in a real Chromium."""

import pytest
from playwright.sync_api import expect

import panels
from axe import AXE, RULES
from hall import build
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.review.models import Grading

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(site, client):
    table = panels.build(build())
    case = table.case(identity={"name": "Unmistakable Name"}, facts={"country": "england"})
    table.deal()
    return table, case


def entered(open_page, site, who, **options):
    """A page on which somebody is signed in."""
    from django.test import Client

    from hall import enter

    client = Client()
    enter(client, who)
    page = open_page(**options)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    return page


def checked(page):
    page.wait_for_load_state("networkidle")
    page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [(v["id"], [n["html"][:120] for n in v["nodes"][:2]]) for v in found["violations"]] + ([("wide", width)] if width > 0 else [])


def picture(request, page, name):
    folder = request.config.getoption("--pictures")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_three_reviewers_grade_to_consensus_a_question_is_answered_and_the_table_is_printed(open_page, site, world, request):
    table, case = world
    wrong = {}

    def look(page, name):
        wrong[name] = checked(page)
        picture(request, page, name)

    convener = entered(open_page, site, table.convener, viewport={"width": 1280, "height": 900})
    convener.goto(f"{site}/review/cases/{case.pk}/do/family/")
    convener.fill("#account", "I said that she moved less.")
    convener.fill("#questions", "Why did nobody come?")
    convener.click("main form button[type=submit]")
    number, code = convener.inner_text("#number"), convener.inner_text("#code")
    for place, name in ((f"/review/cases/{case.pk}/", "case"), (f"/review/panels/{table.panel}/", "panel"), ("/review/", "overview"),
                        (f"/review/cases/{case.pk}/facts/", "facts"), (f"/review/panels/{table.panel}/declare/", "declare"),
                        ("/review/standards/?area=intrapartum", "standards"), ("/review/published/east-kent-2022/", "east-kent"),
                        ("/review/standards/propose/", "propose"), ("/review/panels/new/", "new-panel")):  # fmt: skip
        convener.goto(site + place)
        look(convener, name)

    graders = [entered(open_page, site, who, viewport={"width": 820, "height": 1180}) for who in table.reviewers]
    for at, page in enumerate(graders):
        page.goto(f"{site}/review/cases/{case.pk}/grade/")
        if at == 0:
            look(page, "grade")
        page.reload()
        page.keyboard.press("Alt+j")
        page.keyboard.press("Alt+j")
        page.keyboard.press("Alt+k")
        first = page.locator(".tocsin-one").first
        expect(first.locator("input").first).to_be_focused()
        page.keyboard.press("Space")
        expect(first.locator("summary")).to_contain_text("Met")
        page.keyboard.press("Alt+b")
        expect(page.locator("#words")).to_be_focused()
        page.keyboard.press("Alt+g")
        expect(page.locator("#grade-0")).to_be_focused()
        page.locator("main details summary", has_text="SEIPS").click()
        page.get_by_label("Organisation", exact=True).check()
        page.focus(f"#grade-{2 if at < 2 else 3}")
        page.keyboard.press("Space")
        page.fill("#words", "The call was not handed over.")
        expect(page.locator("#saving")).to_contain_text("Saved at", timeout=40_000)
        page.click("text=Finish: my grading is final")
        page.wait_for_url(f"**/cases/{case.pk}/")
    for page in graders:
        page.goto(f"{site}/review/cases/{case.pk}/talk/")
        page.check("#mine-2")
        page.fill("#why", "Having heard the others.")
        page.click("text=This is where I stand")
        page.wait_for_load_state("networkidle")
    convener.goto(f"{site}/review/cases/{case.pk}/talk/")
    look(convener, "talk")
    assert "moves from 3 to 2" in convener.inner_text("main")
    convener.check("#agreed-2")
    convener.fill("#words", "It might have ended otherwise.")
    convener.click("text=This is agreed")
    convener.wait_for_url(f"**/cases/{case.pk}/")

    convener.goto(f"{site}/review/cases/{case.pk}/do/answer/")
    convener.fill("#words", "The call was not handed over when the shift changed.")
    convener.click("main form button[type=submit]")
    convener.goto(f"{site}/review/cases/{case.pk}/do/plain/")
    convener.fill("#words", "You should have been asked to come in.")
    convener.click("main form button[type=submit]")
    family = open_page(viewport={"width": 375, "height": 740})
    family.goto(site + "/answered/")
    look(family, "ask-receipt")
    family.fill("#number", number)
    family.fill("#code", code)
    family.click("text=Open my page")
    assert "not handed over when the shift changed" in family.inner_text("main")
    assert "You should have been asked to come in." in family.inner_text("main")
    look(family, "answered")
    family.click("text=This answers it")
    family.wait_for_load_state("networkidle")
    assert "You said: resolved." in family.inner_text("main")

    convener.goto(f"{site}/review/cases/{case.pk}/do/finish/")
    convener.click("main form button[type=submit]")
    assert "Finished." in convener.inner_text("main")
    convener.goto(f"{site}/review/panels/{table.panel}/table/")
    look(convener, "table")
    assert "Death of a newborn baby" in convener.inner_text("main")
    printed = convener.request.get(f"{site}/review/panels/{table.panel}/table.pdf").body()
    assert printed.startswith(b"%PDF-")
    convener.goto(f"{site}/review/panels/{table.panel}/figures/")
    look(convener, "figures")

    phone = entered(open_page, site, table.convener, viewport={"width": 375, "height": 740})
    for place, name in ((f"/review/cases/{case.pk}/", "phone-case"), (f"/review/panels/{table.panel}/", "phone-panel"),
                        (f"/review/panels/{table.panel}/table/", "phone-table"), (f"/review/cases/{case.pk}/talk/", "phone-talk"),
                        ("/review/standards/", "phone-standards"), ("/review/published/east-kent-2022/", "phone-east-kent")):  # fmt: skip
        phone.goto(site + place)
        look(phone, name)
    assert {name: v for name, v in wrong.items() if v} == {}
    assert convener.failures == []


def test_what_is_written_without_a_connection_is_kept_and_sent_when_it_is_back(open_page, site, world):
    table, case = world
    who = table.reviewers[0]
    page = entered(open_page, site, who)
    page.goto(f"{site}/review/cases/{case.pk}/grade/")
    page.context.set_offline(True)
    page.fill("#words", "Written on a train.")
    expect(page.locator("#saving")).to_contain_text("kept on this device", timeout=20_000)
    page.context.set_offline(False)
    expect(page.locator("#saving")).to_contain_text("Saved at", timeout=40_000)
    with acting_as(who.pk):
        assert Grading.objects.get(case=case).content["words"] == "Written on a train."
    assert page.evaluate("Object.keys(localStorage).length") == 0

    page.context.set_offline(True)
    page.fill("#words", "Written on a train, and more.")
    expect(page.locator("#saving")).to_contain_text("kept on this device", timeout=20_000)
    again = page.context.new_page()
    page.close(run_before_unload=False)
    again.context.set_offline(False)
    again.goto(f"{site}/review/cases/{case.pk}/grade/")
    expect(again.locator("#saving")).to_contain_text("Saved at", timeout=40_000)
    assert again.input_value("#words") == "Written on a train, and more."
    with acting_as(TOCSIN):
        assert not Grading.objects.filter(case=case).exists()
    with acting_as(who.pk):
        assert Grading.objects.get(case=case).content["words"] == "Written on a train, and more."
    again.goto("about:blank")
    again.wait_for_timeout(300)
