"""Search over more hits than are ranked: every hit is on one page and on no other, in an order that stays, without JavaScript."""

import re
from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from tocsin.web.learn import queries, search
from tocsin.web.learn.models import Item, Report
from tocsin.web.record.acting import TOCSIN, act_as, acting_as

pytestmark = pytest.mark.django_db
MANY = 260
WORDS = "Midwives should listen to every family, number {n}."


@pytest.fixture
def many(hall, moment):
    """More items with one word than are ranked, half of them with another; some closed, and seen by one body alone."""
    with acting_as(TOCSIN):
        open_ = Report.objects.create(slug="many", title="A long review", origin="shipped", taken_in=moment.at, opened=moment.at, on="2015-01-01")
        closed = Report.objects.create(slug="closed", title="A draft", origin="uploaded", body=hall.bodies["trust"], taken_in=moment.at, on="2016-01-01")
        for report, n, body in ((open_, MANY, None), (closed, 20, hall.bodies["trust"])):
            Item.objects.bulk_create(
                Item(
                    code=f"{report.slug}/r{i:03}", report=report, kind="recommendation" if i % 2 else "failing", text=WORDS.format(n=i),
                    open=body is None, body=body, on=f"20{10 + i % 10}-01-01" if body is None else "2016-01-01",
                )
                for i in range(n)
            )  # fmt: skip
    act_as(None)


def walk(**wanted):
    """Codes on every page, following 'more'."""
    out, page = [], 1
    while True:
        found = queries.listed(queries.Wanted(**wanted), page)
        out.append([r.item.code for r in found.rows])
        if not found.more:
            return out
        page += 1
        assert page < 40


def test_every_hit_is_on_one_page_and_on_no_other(many):
    pages = walk(text="midwives")
    codes = [c for p in pages for c in p]

    assert len(codes) == len(set(codes)) == MANY
    assert all(len(p) == queries.PAGE for p in pages[:-1])
    assert walk(text="midwives") == pages


def test_the_links_lead_through_all_pages_without_javascript(many, client):
    address, seen = "/learn/register/?text=midwives", []
    while address:
        page = client.get(address).content.decode()
        seen += re.findall(r'href="/learn/items/(many/r\d+)/"', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = found[1].replace("&amp;", "&") if found else ""

    assert len(seen) == len(set(seen)) == MANY
    assert "More than 199 found" in client.get("/learn/register/?text=midwives").content.decode()


def test_other_choices_hold_on_every_page(many, monkeypatch):
    for compared in (queries.COMPARED, 10):
        monkeypatch.setattr(queries, "COMPARED", compared)
        codes = [c for p in walk(text="midwives", kind="failing") for c in p]
        assert len(codes) == len(set(codes)) == MANY // 2
        assert all(int(c[-3:]) % 2 == 0 for c in codes)
        early = [c for p in walk(text="midwives", as_of=date(2012, 6, 1)) for c in p]
        assert {int(c[-1]) for c in early} == {0, 1, 2}
        assert len(early) == len(set(early)) == 78


def test_what_is_closed_is_on_its_own_bodys_pages_alone(many, hall):
    with acting_as(hall.trust.pk):
        mine = [c for p in walk(text="midwives") for c in p]
    with acting_as(hall.icb.pk):
        others = [c for p in walk(text="midwives") for c in p]

    assert len(mine) == len(set(mine)) == MANY + 20
    assert not any(c.startswith("closed") for c in others)


def test_a_misspelt_word_is_read_as_its_neighbour_and_the_page_says_so(many, client):
    page = client.get("/learn/register/", {"text": "midwvies listen"}).content.decode()

    assert 'No item has "midwvies"; midwives was looked for' in page
    assert "found" in page


def test_words_of_closed_reports_are_in_no_list_of_words(many, hall, moment):
    with acting_as(TOCSIN):
        Item.objects.filter(code="closed/r001").update(text="Somebody wrote xylophonist.")
        Item.objects.filter(code="many/r001").update(text="Somebody wrote trombonist.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT word FROM learn_word WHERE word IN ('xylophonist', 'trombonist')")
        assert cursor.fetchall() == [("trombonist",)]
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            cursor.execute("INSERT INTO learn_word VALUES ('x')")


def test_the_register_without_words_pages_on_too_and_counts_only_so_far(many, monkeypatch):
    monkeypatch.setattr(queries, "COUNT_TO", 100)
    found = queries.listed(queries.Wanted())

    assert (found.total, found.whole, found.more) == (100, False, True)
    assert len([c for p in walk() for c in p]) == MANY


def test_a_report_that_is_called_otherwise_is_found_by_its_new_name(many):
    with acting_as(TOCSIN):
        Report.objects.filter(slug="many").update(title="The Saxifrage review")

    assert queries.listed(queries.Wanted(text="saxifrage")).total == search.RANKED


@pytest.mark.parametrize("typed", ["m", "mid", "midw", "every fam"])
def test_the_first_letters_of_a_word_find_it_already(many, client, typed):
    page = client.get("/learn/register/", {"text": typed}).content.decode()

    assert page.count('href="/learn/items/many/') == queries.PAGE
