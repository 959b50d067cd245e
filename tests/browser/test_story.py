"""One whole story, in a real Chromium: from a red signal over silence, conflict and weak action to take-over, effect, telling and closing."""

import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import pytest

from axe import AXE, RULES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def country(site, settings, small_run, monkeypatch):
    """The small country of the watch, its bodies and members, its red signals, and a clock that can be moved."""
    from importlib import reload

    from django.template import engines
    from django.urls import clear_url_caches

    from tocsin.accord import shipped
    from tocsin.web import urls
    from tocsin.web.accord.actions import put_in_force
    from tocsin.web.concerns import demo
    from tocsin.web.concerns import urls as concerns_urls
    from tocsin.web.people import demo as people_demo
    from tocsin.web.people import urls as people_urls
    from tocsin.web.watch.models import Run
    from tocsin.web.watch.ringing import ring_the_hall

    settings.DEMO = True
    settings.SESSION_COOKIE_SECURE = False
    # pages that were shown before this test have been told that there is no demo
    monkeypatch.setitem(engines["jinja2"].env.globals, "demo", True)
    for module in (concerns_urls, people_urls, urls):
        reload(module)
    clear_url_caches()
    put_in_force(files=shipped("tocsin-proposed"), by="A tester")
    demo.begin()
    people_demo.make_country((s.provider, s.provider_name, s.region or "North") for s in small_run.sites)
    assert ring_the_hall(Run.objects.latest("id")) >= 1
    yield site
    settings.DEMO = False
    for module in (concerns_urls, people_urls, urls):
        reload(module)
    clear_url_caches()


def test_silence_conflict_weak_action_take_over_effect_telling_closing(open_page, country, tmp_path, request):
    from tocsin.web.concerns.models import Concern, JoinedSignal
    from tocsin.web.people.models import Member
    from tocsin.web.record import keys
    from tocsin.web.record.acting import TOCSIN, acting_as

    with acting_as(TOCSIN):
        signal = JoinedSignal.objects.get(site="S03")
        number = signal.concern_id
        provider = Concern.objects.get(pk=number).provider_id
    page = open_page(viewport={"width": 1000, "height": 1100})
    pictures = request.config.getoption("--pictures")
    faults = {}

    def be(kind):
        found = Member.objects.filter(demo=True, membership__role="lead", membership__body__kind=kind)
        if kind in ("trust", "icb", "region"):
            found = (
                found.filter(membership__body__provider=provider)
                if kind == "trust"
                else found.filter(membership__body__coverage__provider=provider)
            )
        page.goto(f"{country}/demo/people/?text={found[0].name}")
        page.get_by_role("button", name=found[0].name, exact=True).click()

    def look(name):
        page.wait_for_load_state("networkidle")
        page.evaluate(AXE)
        result = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
        faults[name] = [(v["id"], v["nodes"][0]["html"][:120]) for v in result["violations"]]
        if pictures:
            page.evaluate("scrollTo(0, 0)")
            page.screenshot(path=f"{pictures}/{name}.png")

    def here():
        page.goto(f"{country}/concerns/{number}/")

    def do(label, **fields):
        here()
        page.get_by_role("link", name=label, exact=True).click()
        for name, value in fields.items():
            box = page.locator(f"#{name}")
            if box.evaluate("e => e.tagName") == "SELECT":
                box.select_option(value)
            else:
                box.fill(value)
        page.locator("main form button[type=submit]").last.click()
        page.wait_for_load_state("networkidle")

    def later(days):
        here()
        page.get_by_role("button", name=f"{days} working day").click()

    # a family tells what happened
    page.goto(f"{country}/tell-us/")
    page.get_by_label("A mother, a father, a family, a patient").check()
    page.locator("#provider").select_option(provider)
    page.locator("#kind").select_option("outcome-signal")
    page.locator("#account").fill("Our daughter was born without a heartbeat. We had said for two days that she moved less.")
    look("tell-us")
    page.get_by_role("button", name="Send").click()
    receipt = page.locator("#number").inner_text(), page.locator("#code").inner_text()
    look("receipt")

    # the trust sees what it owes, and stays silent
    be("trust")
    look("my-bodies")
    here()
    look("signal")
    assert "must act, by 15 January 2026" in page.locator("main").inner_text()
    assert "without a heartbeat" not in page.locator("main").inner_text()

    # the board declares a conflict, the region offers support and no more
    be("icb")
    do("Declare a conflict of interest", reason="Our chair sits on the trust's board.")
    be("region")
    do("Acknowledge")
    do("Say that you have acted", words="We offered the unit a buddy.")
    here()
    look("weak-action")
    later(8)
    later(8)
    here()
    assert "NHS England must act" in page.locator("main").inner_text()
    look("passed-on")

    # nothing less than a take-over is left
    be("nhse")
    do("Add an action to the joint plan", what="A second consultant on the labour ward at night", owner="trust", strength="strong",
       measure="Stillbirths in 1,000 births", due="2026-06-01")  # fmt: skip
    here()
    page.get_by_role("link", name="Take over", exact=True).click()
    look("take-over-form")
    page.get_by_label("Take over or close", exact=False).check()
    page.locator("#scope").fill("Maternity care at all its sites")
    page.locator("#criteria").fill("Two successive quarters at the usual rate\nThe families' questions are answered")
    page.locator("#reviews").fill("2026-03-31\n2026-06-30")
    page.locator("main form button[type=submit]").last.click()
    here()
    assert "Taken over by NHS England" in page.locator("main").inner_text()
    look("taken-over")

    # months pass; the watch's signal ends; somebody independent checks
    for _ in range(5):
        later(8)
    with acting_as(TOCSIN):
        from tocsin.web.concerns.actions import signal_ended

        for key in JoinedSignal.objects.filter(concern=number).values_list("key", flat=True):
            signal_ended(key=key, day=datetime(2026, 3, 31, tzinfo=UTC).date())
    be("mnsi")
    for _ in range(2):
        do("Confirm that a criterion is met", evidence="12 in 6,104 births since January; 11.8 expected")
    do("Say what the effect was", way="indicator", worked="yes", what="The rate has been the usual one for two quarters.")
    do("Say that you have done what you owe", words="Each case was investigated.")
    do("Say whether an action worked", worked="yes", effect="Fell from 7.9 to 2.0 in 1,000 births")
    be("nhse")
    do("Hand back", reason="Both criteria are met.")
    do(
        "Tell those who raised it",
        words="The unit has been run by others since January. A second consultant is there at night.",
    )
    for kind in ("trust", "mbrrace", "nhsr", "coroner", "icb"):
        be(kind)
        do("Say that you have done what you owe", words="Done.")

    # the family is told, and has the last word
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{country}/told/")
    page.locator("#number").fill(receipt[0])
    page.locator("#code").fill(receipt[1])
    page.get_by_role("button", name="Show").click()
    assert "A second consultant is there at night." in page.locator("main").inner_text()
    look("told")
    page.get_by_role("button", name="This is resolved").click()

    # somebody without conflict signs, and the history is verified without Tocsin
    be("cqc")
    do("Sign the closing", words="The rate is the usual one; the family says it is resolved.")
    here()
    look("closed")
    assert "Closed on" in page.locator("main").inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="Take the whole history away").click()
    download.value.save_as(tmp_path / "history.zip")
    with zipfile.ZipFile(tmp_path / "history.zip") as packed:
        packed.extractall(tmp_path)
    (tmp_path / "key.pem").write_text(keys.public_pem())
    verified = subprocess.run([sys.executable, "-I", "verify.py", "--key", "key.pem"], cwd=tmp_path, capture_output=True, text=True)

    assert verified.returncode == 0, verified.stdout
    assert {name: v for name, v in faults.items() if v} == {}
    # a picture that was still coming when the page was left is no failure; anything asked of another host is
    assert [f for f in page.failures if not f.startswith(country)] == []
