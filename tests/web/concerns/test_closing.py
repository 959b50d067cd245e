"""Done means measured: each thing that closing needs, left out one at a time, is named by the page and by the API, and nothing is closed."""

import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest

from hall import MONDAY, enter, member, sent_with, signal
from tocsin.web.concerns import actions, closing, plan, raisers, takeover
from tocsin.web.concerns.models import Concern, Criterion, Owed
from tocsin.web.people.actions import make_token
from tocsin.web.people.models import Body
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as

pytestmark = pytest.mark.django_db


def as_(someone, do, **given):
    with acting_as(someone.pk):
        return do(by=someone, **given)


STEPS = ("acted", "owed", "told-by-the-holder", "action", "answer", "effect", "told", "asked", "handed-back")
MISSING = {
    "acted": "the holder has not acted", "owed": "The investigators must", "action": "A second consultant at night", "answer": "a question is open",
    "effect": "no evidence of effect", "told": "1 not told", "asked": "may still answer, until", "handed-back": "a take-over is under way",
    "told-by-the-holder": "Board of the North must tell those who raised it what happened",
}  # fmt: skip


@pytest.fixture
def almost(hall, moment):
    """Everything that closing needs is done, but for one step. Returns the concern's number, or None where the map does not ask for it."""
    with acting_as(TOCSIN):
        for kind in ("mbrrace", "nhsr", "coroner"):
            body = Body.objects.create(code=kind, kind=kind, name=f"The {kind}", national=True)
            hall.bodies[kind], hall.members[kind] = body, member(body)

    def doing(without):
        receipt = raisers.raise_from_outside(provider=hall.providers["XAA"], kind="outcome-signal", group="family", account="x")
        number = receipt.concern
        soon = (MONDAY + timedelta(days=90)).date()
        action = as_(hall.icb, plan.plan_action, concern=number, what="A second consultant at night", owner="trust", strength="strong", measure="x",
                     due=soon)  # fmt: skip
        question = as_(hall.icb, plan.ask_information, concern=number, subject="Rotas", detail="", due=soon)
        if without != "acted":
            as_(hall.icb, actions.act, concern=number, words="x")
        if without != "answer":
            as_(hall.trust, plan.answer_information, concern=number, question=question.pk, answer="x")
        if without != "action":
            as_(hall.mnsi, plan.check_action, concern=number, action=action.pk, worked=True, effect="x")
        if without != "effect":
            as_(hall.mnsi, closing.show_effect, concern=number, way="verification", what="x", worked=True)
        if without != "told":
            who = hall.region if without == "told-by-the-holder" else hall.icb
            as_(who, raisers.tell_raisers, concern=number, words="x")
        if without not in ("told", "asked"):
            raisers.answer(raiser=raisers.find(receipt.number, receipt.code).pk, resolved=True, words="")
        if without == "handed-back":
            as_(hall.nhse, takeover.take_over, concern=number, powers=["take-over-or-close"], scope="x", criteria=["x"],
                reviews=[(MONDAY + timedelta(days=30)).date()])  # fmt: skip
        with acting_as(TOCSIN):
            holder = Concern.objects.get(pk=number).holder_kind
            owing = list(Owed.objects.filter(concern=number, done=None).order_by("id").values_list("kind", "must"))
        for kind in dict.fromkeys(kind for kind, _ in owing):
            if kind != holder and not (without == "owed" and kind == "mnsi"):
                as_(hall.members[kind], actions.obligation_done, concern=number, words="x")
        return number

    return doing


@pytest.mark.parametrize("without", STEPS)
def test_whatever_is_missing_is_named_by_the_page_and_by_the_api_and_nothing_is_closed(client, hall, almost, without):
    number = almost(without)
    enter(client, hall.cqc)
    with acting_as(TOCSIN):
        _, token = make_token(body=hall.bodies["cqc"], name="x", scopes=["read", "act"], by=hall.cqc)
        before = [e.what for e in ledger.entries(f"concern:{number}")]

    form = client.get(f"/concerns/{number}/do/close/").content.decode()
    hidden = dict(re.findall(r'name="(request|stamp)" value="([^"]*)"', form))
    page = client.post(f"/concerns/{number}/do/close/", hidden | {"words": "All is well"})
    program = client.post(
        f"/api/v1/concerns/{number}/close", json.dumps({"words": "All is well"}), content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_IDEMPOTENCY_KEY=str(uuid4()),
    )  # fmt: skip
    told = client.get(f"/api/v1/concerns/{number}", HTTP_AUTHORIZATION=f"Bearer {token}").json()["before_closing"]

    assert (page.status_code, program.status_code) == (409, 409)
    assert MISSING[without] in page.content.decode().replace("&#39;", "'")
    assert MISSING[without] in program.json()["detail"]
    assert [c for c in told if c["missing"] and MISSING[without] in c["missing"]]
    with acting_as(TOCSIN):
        assert Concern.objects.get(pk=number).closed is None
        assert [e.what for e in ledger.entries(f"concern:{number}")] == before


@pytest.mark.parametrize("by", ["page", "api"])
def test_with_everything_done_somebody_without_conflict_closes_it_and_nobody_else(client, hall, almost, by):
    number = almost("nothing")

    def close(name):
        someone = hall.members[name]
        if by == "page":
            enter(client, someone)
            return client.post(f"/concerns/{number}/do/close/", sent_with(number) | {"words": "x"}).status_code
        with acting_as(TOCSIN):
            _, token = make_token(body=hall.bodies[name], name="x", scopes=["act"], by=someone)
        more = {"HTTP_AUTHORIZATION": f"Bearer {token}", "HTTP_IDEMPOTENCY_KEY": str(uuid4())}
        return client.post(f"/api/v1/concerns/{number}/close", json.dumps({"words": "x"}), content_type="application/json", **more).status_code

    # the holder; the provider; who measured the effect
    assert [close(name) for name in ("icb", "trust", "mnsi")] == [403, 403, 409]
    assert close("cqc") in (200, 302)
    with acting_as(TOCSIN):
        assert Concern.objects.get(pk=number).closed_by == hall.bodies["cqc"]


def test_a_concern_that_nobody_outside_raised_is_closed_without_telling(hall):
    concern = actions.raise_signal(signal(), by="the watch")
    with acting_as(TOCSIN):
        found = Concern.objects.select_related("provider", "map", "holder").get(pk=concern.pk)
        conditions = closing.conditions(closing.evidence(found), closing.clockwork.standing(found, MONDAY), MONDAY)
    told = next(c for c in conditions if c.what.startswith("Those who raised"))

    assert told.missing == ""


BAD = "<script>alert('x')</script>"


@pytest.mark.parametrize(
    ("slug", "by", "values"),
    [
        ("hand-over", "icb", {"to": "nhse", "reason": BAD}), ("conflict", "icb", {"reason": BAD}), ("refuse", "icb", {"reason": BAD}),
        ("restrict", "icb", {"reason": BAD}), ("merge", "icb", {"reason": BAD}), ("hand-back", "nhse", {"reason": BAD}), ("close", "cqc", {"words": BAD}),
    ],
)  # fmt: skip
def test_a_script_in_the_words_of_what_ends_something_comes_back_as_text(client, hall, almost, slug, by, values):
    number = almost("handed-back" if slug == "hand-back" else "nothing" if slug == "close" else "acted")
    if slug == "hand-back":
        with acting_as(TOCSIN):
            criterion = Criterion.objects.get(take_over__concern=number).pk
        as_(hall.mnsi, takeover.meet_criterion, concern=number, criterion=criterion, evidence=BAD)
    if slug == "merge":
        other = as_(hall.icb, actions.raise_concern, provider=hall.providers["XAA"], body=hall.bodies["icb"], kind="data-quality", title=BAD, words=BAD)
        values = values | {"into": str(other.pk)}
    enter(client, hall.members[by])
    opened = client.get(f"/concerns/{number}/do/{slug}/").content.decode()

    done = client.post(f"/concerns/{number}/do/{slug}/", sent_with(number) | values)

    assert done.status_code == 302, done.content.decode()[:4000]
    with acting_as(TOCSIN):
        assert any(BAD in e.payload for e in ledger.entries(f"concern:{number}")[-3:])
    pages = [client.get(a).content.decode() for a in (f"/concerns/{number}/", "/concerns/?state=all", "/providers/XAA/board-pack/")]
    assert not [p for p in (opened, *pages) if "<script>alert" in p]
    assert "&lt;script&gt;" in pages[0]
