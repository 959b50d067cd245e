"""How the bodies answer: counted from the kept tenures, checked against the record itself and against the binomial by hand."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from math import comb
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from hall import MONDAY, enter, signal
from tocsin.signal import ConcernKind
from tocsin.watch import chart
from tocsin.web.accord.queries import in_force
from tocsin.web.concerns import actions, closing, raisers, takeover, turning
from tocsin.web.concerns.doing import AccordRefuses, Invalid
from tocsin.web.concerns.models import Concern, Owed, Tenure
from tocsin.web.feeds import oversight
from tocsin.web.people.models import Body
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Entry

pytestmark = pytest.mark.django_db
LONDON = ZoneInfo("Europe/London")


def as_(someone, do, **given):
    with acting_as(someone.pk):
        return do(by=someone, **given)


def rows():
    return {r.name: r for r in oversight.look().rows}


def made_up(**given):
    """A concern that nobody raised, told to the record as every one must be."""
    concern = Concern.objects.create(
        **{"provider_id": "XAA", "kind": "outcome-signal", "title": "x", "map": in_force(), "opened": MONDAY} | given
    )
    ledger.write(chain=f"concern:{concern.pk}", what="raised", at=MONDAY, payload={"kind": "outcome-signal"})
    return concern


def boards(numbers):
    """One made-up board for each (silent, answered), with as many tenures; and a concern to which they belong."""
    with acting_as(TOCSIN):
        concern = made_up(place="made up")
        for at, (silent, answered) in enumerate(numbers):
            body = Body.objects.create(code=f"board-{at}", kind="icb", name=f"Board {at:02}")
            Tenure.objects.bulk_create(
                Tenure(concern=concern, number=1000 * (at + 1) + n, kind="icb", body=body, since=date(2026, 1, 5), until=date(2026, 1, 16),
                       acted=None if n < silent else date(2026, 1, 8), silent=n < silent, reason="deadline-passed" if n < silent else "")
                for n in range(answered)
            )  # fmt: skip
    return concern


def test_who_was_silent_and_how_fast_who_was_not(hall, moment):
    first = actions.raise_signal(signal(), by="the watch")
    actions.raise_signal(signal("XAB"), by="the watch")
    moment.at += timedelta(days=2)
    as_(hall.icb, actions.acknowledge, concern=first.pk)
    moment.at += timedelta(days=1)
    as_(hall.icb, actions.act, concern=first.pk, words="x")
    moment.at += timedelta(days=9)
    turning.turn_the_clock()

    board = rows()["Board of the North"]
    assert (board.times, board.silence.of, board.silence.events, board.handed_on) == (2, 2, 1, 1)
    assert (board.days_to_acknowledge, board.days_to_act) == (2, 3)
    region = rows()["Region of the North"]
    assert (region.times, region.silence.of) == (1, 0), "its time runs: it is neither silent nor has it answered"


def test_that_a_closed_concern_came_back_is_counted_against_whoever_signed_and_not_against_the_holder(hall, moment):
    receipt = raisers.raise_from_outside(provider=hall.providers["XAA"], kind="care-below-standard", group="family", account="x")
    number = receipt.concern
    as_(hall.icb, actions.act, concern=number, words="x")
    as_(hall.mnsi, closing.show_effect, concern=number, way="verification", what="x", worked=True)
    as_(hall.icb, raisers.tell_raisers, concern=number, words="x")
    raiser = raisers.find(receipt.number, receipt.code)
    raisers.answer(raiser=raiser.pk, resolved=True, words="")
    with acting_as(TOCSIN):
        owing = set(Owed.objects.filter(concern=number, done=None).values_list("kind", flat=True)) - {"icb"}
    for kind in owing & set(hall.members):
        as_(hall.members[kind], actions.obligation_done, concern=number, words="x")
    with acting_as(TOCSIN):
        Owed.objects.filter(concern=number).delete()
    closed = _signed(hall, number)
    moment.at += timedelta(days=300)
    raisers.answer(raiser=raiser.pk, resolved=False, words="It happened again.")

    found = rows()
    assert closed.closed_by == hall.bodies["cqc"]
    assert (found["The regulator"].back.events, found["The regulator"].back.of) == (1, 1)
    assert found["Board of the North"].back.of == 0


def _signed(hall, number):
    """The closing signed by the regulator, as soon as what those owe who have nobody here is left aside."""
    real = closing.conditions
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(closing, "conditions", lambda *given: [c for c in real(*given) if c.what != "Every body has done what it owes"])
        return as_(hall.cqc, closing.close, concern=number, words="x")


def test_what_comes_back_after_more_than_a_year_is_not_counted(hall, moment):
    with acting_as(TOCSIN):
        for days, place in ((365, "in time"), (366, "later")):
            old = made_up(place=place, closed=MONDAY, closed_by=hall.bodies["cqc"])
            made_up(place=place, reopens=old, opened=MONDAY + timedelta(days=days))

    assert (rows()["The regulator"].back.events, rows()["The regulator"].back.of) == (1, 2)


@pytest.mark.parametrize("seed", range(3))
def test_the_kept_tenures_say_what_the_record_says(hall, moment, seed):
    """Random members do random things; then every tenure is worked out again from the entries alone, without the clock."""
    dice = random.Random(seed)
    for provider in ("XAA", "XAB"):
        for kind in (ConcernKind.OUTCOME_SIGNAL, ConcernKind.FAILED_CANDOUR, ConcernKind.LEADERSHIP_GOVERNANCE):
            actions.raise_signal(signal(provider, kind=kind), by="the watch")
    with acting_as(TOCSIN):
        numbers = list(Concern.objects.values_list("id", flat=True))
    for _ in range(60):
        moment.at += timedelta(hours=dice.randrange(1, 60))
        number, who = dice.choice(numbers), dice.choice([hall.icb, hall.region, hall.nhse, hall.cqc])
        act, given = dice.choice([
            (actions.acknowledge, {}), (actions.act, {"words": "x"}), (actions.refuse, {"reason": "x"}), (actions.declare_conflict, {"reason": "x"}),
            (actions.hand_over, {"to": dice.choice(["region", "nhse"]), "reason": "x"}),
            (takeover.take_over, {"powers": ["take-over-or-close"], "scope": "x", "criteria": ["x"], "reviews": [moment.at.date() + timedelta(days=30)]}),
        ])  # fmt: skip
        try:
            as_(who, act, concern=number, **given)
        except (AccordRefuses, NotPermitted, Invalid):
            turning.turn_the_clock()

    with acting_as(TOCSIN):
        kept = {n: list(Tenure.objects.filter(concern=n).order_by("number")) for n in numbers}
        for number in numbers:
            assert [(t.kind, t.since, t.until, t.acknowledged, t.acted, t.silent) for t in kept[number]] == by_hand(number), number
        assert sum(len(v) for v in kept.values()) > len(numbers)
        every = [t for v in kept.values() for t in v if t.body_id == hall.bodies["icb"].pk]
    icb = rows()["Board of the North"]
    assert icb.times == len(every)
    assert icb.silence.events == sum(t.silent for t in every)
    acted = [(t.acted - t.since).days for t in every if t.acted]
    assert icb.days_to_act == (median(acted) if acted else None)


def by_hand(number):
    """(kind, since, until, acknowledged, acted, silent) of each holder, from the words of the entries."""
    found = []
    entries = list(Entry.objects.filter(chain=f"concern:{number}").order_by("seq"))
    said = [(e.what, json.loads(e.payload), e.at.astimezone(LONDON).date()) for e in entries]
    found.append(["icb", said[0][2], None, None, None, False])  # whom the map names first
    # a passing stands in the record when somebody looks; what it says happened on its own day, and before what was done on that day
    for what, payload, day in sorted(
        said, key=lambda s: date.fromisoformat(s[1]["day"]) if s[0] == "passed" and s[1]["why"] == "deadline-passed" else s[2]
    ):
        now = found[-1]
        if what == "passed":
            now[5] = now[5] or payload["why"] == "deadline-passed"
            if payload["to"]:
                now[2] = date.fromisoformat(payload["day"])
                found.append([payload["to"], now[2], None, None, None, False])
        elif what == "taken-over" and payload["as"] != now[0]:
            now[2] = day
            found.append([payload["as"], day, None, day, day, False])
        elif what in ("acknowledged", "acted", "taken-over") and payload["as"] == now[0]:
            now[3] = now[3] or day
            now[4] = now[4] or (day if what != "acknowledged" else None)
    return [tuple(f) for f in found]


def test_the_limits_are_the_exact_binomial_ones_worked_out_by_hand(hall):
    numbers = [(2, 20), (3, 30), (1, 12), (4, 44), (14, 40), (3, 25), (2, 22), (1, 15), (3, 35), (4, 36), (2, 25), (3, 31)]
    boards(numbers)
    found = oversight.look()
    plot = found.funnels["silence"]
    centre = sum(s for s, _ in numbers) / sum(n for _, n in numbers)

    assert plot.centre == pytest.approx(centre)
    names = [r.name for r in found.rows]
    for at, (silent, of) in enumerate(numbers):
        row = found.rows[names.index(f"Board {at:02}")].silence
        if plot.adjusted:
            pytest.fail("but for one these boards differ by no more than chance, so the exact limits were expected")
        assert (row.low, row.high) == (pytest.approx(limit(0.001, of, centre)), pytest.approx(limit(0.999, of, centre)))
        assert row.outside == (1 if silent / of > row.high else -1 if silent / of < row.low else 0)
    assert [r.name for r in found.rows if r.silence.outside] == ["Board 04"]


def limit(p, n, centre):
    """Spiegelhalter 2005, A.1.1, from the binomial coefficients."""
    below, r = 0.0, 0
    while True:
        here = below + comb(n, r) * centre**r * (1 - centre) ** (n - r)
        if here >= p:
            return min(1.0, max(0.0, (r - (here - p) / (here - below)) / n))
        below, r = here, r + 1


def test_where_bodies_differ_more_than_chance_anyway_the_limits_widen_and_noise_is_not_blamed(hall):
    dice = random.Random(1)
    boards([(sum(dice.random() < share for _ in range(60)), 60) for share in [0.1, 0.2, 0.3, 0.4, 0.5, 0.6] * 4])
    found = oversight.look()

    assert found.funnels["silence"].adjusted
    assert [r.name for r in found.rows if r.silence.outside] == []


def test_of_few_nothing_is_said_and_they_do_not_move_the_limits(client, hall):
    boards([(2, 20), (3, 30), (4, 4)])
    enter(client, hall.region)
    page = client.get("/oversight/").content.decode()

    with acting_as(TOCSIN):
        few = next(r for r in oversight.look().rows if r.name == "Board 02")
    assert few.silence.few
    row = page[page.index("Board 02") :]
    row = row[: row.index("</tr>")]
    assert "too few to say" in row
    assert "fewer than 5" in row
    assert "4 of 4" not in page
    assert oversight.look().funnels["silence"].centre == pytest.approx(5 / 50)


def test_page_picture_file_and_words_come_of_one_specification(client, hall):
    boards([(2, 20), (3, 30), (1, 12), (4, 44), (14, 40), (3, 25), (2, 22), (1, 15), (3, 35), (4, 36), (2, 25), (3, 31)])
    enter(client, hall.region)
    found = oversight.look()
    spec = oversight.picture(found, "silence")

    page = client.get("/oversight/").content.decode()
    svg = client.get("/oversight/silence.svg")
    png = client.get("/oversight/silence.png")
    assert "Above the outer limit: Board 04." in page
    assert 'src="/oversight/silence.svg"' in page
    assert "<strong>more than chance</strong>" in page
    assert svg.content.decode() == chart.svg(spec, oversight.in_words(found, "silence"))
    assert png.content == chart.png(spec)
    assert {(v["name"], v["value"], v["marked"]) for v in spec["data"]["values"]} >= {("Board 04", 35.0, True), ("Board 00", 10.0, False)}
    assert "Board 04" in svg.content.decode()
    assert client.get("/oversight/return.svg").status_code == 404, "no closing has been signed"
    assert client.get("/oversight/silence.pdf").status_code == 404


def test_it_asks_as_often_for_many_as_for_few_and_never_reads_the_record(hall, django_assert_num_queries):
    boards([(1, 6)])
    with django_assert_num_queries(6) as few:
        oversight.look()
    boards_more = [(n % 7, 40) for n in range(50)]
    with acting_as(TOCSIN):
        concern = Concern.objects.get(place="made up")
        for at, (silent, answered) in enumerate(boards_more):
            body = Body.objects.create(code=f"more-{at}", kind="icb", name=f"More {at:02}")
            Tenure.objects.bulk_create(
                Tenure(concern=concern, number=100_000 * (at + 1) + n, kind="icb", body=body, since=date(2026, 1, 5), until=date(2026, 1, 16),
                       silent=n < silent) for n in range(answered)
            )  # fmt: skip
    with django_assert_num_queries(len(few)):
        assert len(oversight.look().rows) == 51
    with acting_as(TOCSIN), connection.cursor() as cursor:
        for sql in (oversight._TENURES, oversight._CLOSINGS, oversight._TAKEN):
            cursor.execute(f"EXPLAIN {sql}")
            assert "record_" not in "\n".join(line for (line,) in cursor.fetchall())


def test_no_tenure_is_written_by_a_member(hall):
    from django.db import DatabaseError, transaction

    concern = actions.raise_signal(signal(), by="the watch")
    with acting_as(hall.icb.pk):
        with transaction.atomic():
            assert Tenure.objects.filter(concern=concern).update(silent=True) == 0
        with pytest.raises(DatabaseError), transaction.atomic():
            Tenure.objects.create(concern=concern, number=9, kind="icb", since=datetime(2026, 1, 5, tzinfo=UTC).date())
    with acting_as(hall.trust.pk):
        conduct = actions.raise_signal(signal(kind=ConcernKind.CONDUCT), by="the watch")
        assert not Tenure.objects.filter(concern=conduct).exists()
