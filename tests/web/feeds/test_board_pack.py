"""One pack a provider, as a page and as a PDF: everything that a board must see, and nothing that a public meeting must not."""

import io
import re
from datetime import date, timedelta

import pikepdf
import pypdfium2
import pytest

from hall import MONDAY, enter, signal
from tocsin.signal import ConcernKind, Level, ProviderRef, Signal
from tocsin.web.concerns import actions as hall_actions
from tocsin.web.concerns import closing, plan, raisers, takeover
from tocsin.web.feeds import actions, pack
from tocsin.web.feeds.models import BoardPack
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from tocsin.web.ui.effect_chart import Month, in_words, rolling
from tocsin.web.watch.models import Stream

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def same_moment(moment, monkeypatch):
    for where in ("feeds.actions", "feeds.pack", "feeds.views"):
        monkeypatch.setattr(f"tocsin.web.{where}.now", lambda: moment.at)


def as_(someone, do, **given):
    with acting_as(someone.pk):
        return do(by=someone, **given)


def printed(client, hall, who):
    act_as(who.pk)
    made = actions.ask_for_pack(provider=hall.providers["XAA"], by=who)
    pack.make(str(made.pk))
    enter(client, who)
    content = client.get(f"/board-packs/{made.pk}/pack.pdf").content
    pages = pypdfium2.PdfDocument(content)
    return made, content, " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in pages)


@pytest.fixture
def story(hall, moment):
    """A concern that was taken over, with a plan, a question, a review, a criterion that is met, and an effect; and one about people."""
    receipt = raisers.raise_from_outside(provider=hall.providers["XAA"], kind="outcome-signal", group="family", account="Unmistakable words")
    n, soon = receipt.concern, (MONDAY + timedelta(days=90)).date()
    hall_actions.raise_signal(signal(), by="the watch")
    hall_actions.raise_signal(signal(kind=ConcernKind.CONDUCT), by="the watch")
    action = as_(hall.icb, plan.plan_action, concern=n, what="A second consultant at night", owner="trust", strength="strong", measure="Stillbirths", due=soon)
    question = as_(hall.icb, plan.ask_information, concern=n, subject="The rotas of the winter", detail="", due=date(2026, 1, 20))
    as_(hall.cqc, plan.join_information, concern=n, question=question.pk)
    taken = as_(hall.nhse, takeover.take_over, concern=n, powers=["take-over-or-close"], scope="Maternity at both sites", criteria=["Two quiet quarters"],
                reviews=[date(2026, 2, 1)])  # fmt: skip
    with acting_as(TOCSIN):
        criterion = taken.criterion_set.get().pk
    moment.at += timedelta(days=27)
    as_(hall.nhse, takeover.review, concern=n, words="Nights are staffed. 3 of them died before.", following=date(2026, 4, 1))
    as_(hall.mnsi, takeover.meet_criterion, concern=n, criterion=criterion, evidence="Twelve in 6,104 births")
    as_(hall.mnsi, plan.check_action, concern=n, action=action.pk, worked=True, effect="Fell from 7.9 to 2.0 in 1,000 births")
    as_(hall.mnsi, closing.show_effect, concern=n, way="verification", what="We looked at forty cases", worked=True)
    as_(hall.nhse, raisers.tell_raisers, concern=n, words="Letter to the family")
    return n


def test_it_holds_what_a_board_must_see_and_the_page_says_the_same(client, hall, story):
    made, content, words = printed(client, hall, hall.trust)
    page = " ".join(re.sub(r"<[^>]+>", " ", client.get("/providers/XAA/board-pack/").content.decode()).replace("&#39;", "'").split())

    for said in (
        "1 open, 0 closed", "What this board owes", "an answer to Board of the North: The rotas of the winter, by 20 January 2026", "(overdue)",
        "Questions put to Provider XAA: 1, of which 1 is open. 1 time a body joined", "A second consultant at night", "Strong",
        "shown to work: Fell from 7.9 to 2.0 in 1,000 births", "The investigators", "Taken over by The nation, 5 January 2026", "Maternity at both sites",
        "take over or close (National Health Service Act 2006",
        "Two quiet quarters: met, checked by The investigators on 1 February 2026: Twelve in 6,104 births",
        "Held on 1 February 2026: Nights are staffed. (a small number is left out here)", "The next is due on 1 April 2026",
        "(looked for itself): it worked. We looked at forty cases", "Red, since 4 January 2026: A rise",
    ):  # fmt: skip
        assert said in words, said
        assert said in page, said
    for hidden in ("Unmistakable", "Letter to the family", "3 of them", "how somebody behaved", "Somebody at"):
        assert hidden not in words
    assert not {"Unmistakable", "3 of them", "how somebody behaved"} & {h for h in ("Unmistakable", "3 of them", "how somebody behaved") if h in page}
    with pikepdf.open(io.BytesIO(content)) as file:
        assert "/StructTreeRoot" in file.Root
        assert bool(file.Root.MarkInfo.Marked)
        assert str(file.Root.Lang).startswith("en")
        with file.open_metadata() as about:
            assert about.get("pdfuaid:part") == "1"
            assert about.get("dc:title") == "Board pack: Provider XAA"
    with acting_as(TOCSIN):
        assert b"consultant" not in bytes(BoardPack.objects.get(pk=made.pk).content)
    enter(client, hall.region)
    assert client.get(f"/board-packs/{made.pk}/pack.pdf").status_code == 404, "a pack is read by whoever asked for it"


def test_it_is_made_in_the_background_and_its_page_says_how_far_it_is(client, hall, story, monkeypatch):
    enter(client, hall.trust)
    act_as(hall.trust.pk)
    made = actions.ask_for_pack(provider=hall.providers["XAA"], by=hall.trust)
    seen = []

    def slowly(html):
        with acting_as(TOCSIN):
            seen.append(BoardPack.objects.get(pk=made.pk).progress)
        enter(client, hall.trust)
        seen.append(client.get(f"/board-packs/{made.pk}/").content.decode())
        assert client.get(f"/board-packs/{made.pk}/pack.pdf").status_code == 404
        return b"%PDF-1.7 made"

    monkeypatch.setattr("tocsin.web.ui.printing.pdf", slowly)
    pack.make(str(made.pk))
    enter(client, hall.trust)

    assert seen[0] == 70
    assert "It is being made: 70 per cent." in seen[1]
    assert "take the PDF" in client.get(f"/board-packs/{made.pk}/").content.decode()


def test_the_effect_is_drawn_from_the_watchs_indicator(client, hall, moment, loaded):
    with acting_as(TOCSIN):
        stream = Stream.objects.select_related("site", "indicator").get(site__code="S03")
    given = Signal(
        ProviderRef("XAA", "Provider XAA", "S03", stream.site.name), ConcernKind.OUTCOME_SIGNAL, Level.RED, date(2026, 1, 4), None, "A rise", "/x",
        {"indicator": stream.indicator.key},
    )  # fmt: skip
    hall_actions.raise_signal(given, by="the watch")
    _, _, words = printed(client, hall, hall.trust)
    months = [Month(date.fromisoformat(m), b, e, x) for m, b, e, x, _, _, settled in stream.months if settled]

    last = months[-12:]
    rate = sum(m.events for m in last) / sum(m.births for m in last) * stream.indicator.definition["per"]
    assert f"in the twelve months to {last[-1].first:%B %Y} {rate:.1f} in" in words
    assert "over twelve months at a time" in words


def test_counts_from_one_to_four_are_held_back_from_the_line():
    months = [Month(date(2024, m, 1), 100, 1 if m <= 3 else 0, 0.5) for m in range(1, 13)] + [Month(date(2025, 1, 1), 100, 9, 0.5)]
    small, large = rolling(months, 1000, 5)

    assert small.rate is None
    assert large.rate == pytest.approx(1000 * 11 / 1200)
    assert small.expected == large.expected == pytest.approx(5)
    assert "a number too small to show" in in_words([small, large], "in 1,000 births")


def test_where_small_counts_are_held_back_no_chart_of_a_single_site_is_in_it(hall, loaded, settings):
    settings.SUPPRESS_BELOW = 5
    with acting_as(TOCSIN):
        site = Stream.objects.get(site__code="S03").site
    given = Signal(
        ProviderRef("XAA", "Provider XAA", "S03", site.name), ConcernKind.OUTCOME_SIGNAL, Level.RED, date(2026, 1, 4), None, "A rise", "/x",
        {"indicator": "stillbirth"},
    )  # fmt: skip
    hall_actions.raise_signal(given, by="the watch")
    with acting_as(hall.trust.pk):
        assert pack.content(hall.providers["XAA"])["effects"] == [[]]
