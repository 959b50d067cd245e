"""A panel's list of all cases, the draw from it, and figures that count each case for those it stands for."""

import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from hall import enter
from panels import graders_of
from tocsin.review import Grading as Given
from tocsin.review import Stratum, avoidability, estimate, sample, scales
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Entry
from tocsin.web.review import cases, consensus, figures, frames, panels
from tocsin.web.review.doing import Invalid
from tocsin.web.review.models import Case, Figures, Frame, FrameList
from tocsin.web.review.permissions import NotPermitted

pytestmark = pytest.mark.django_db
LIST = "reference,provider,outcome,event_date,born,name\n" + "".join(
    f"REF{n},XAA,stillbirth,2018-03-{1 + n % 28:02d},{'early' if n < 12 else 'at term'},Unmistakable Name\n" for n in range(60)
)


def send(client, address, **values):
    hidden = dict(re.findall(r'name="(request|stamp)" value="([^"]*)"', client.get(address).content.decode()))
    return client.post(address, hidden | values)


@pytest.fixture
def address(table, client):
    enter(client, table.convener)
    return f"/review/panels/{table.panel}/sample/"


@pytest.fixture
def listed(client, address):
    assert send(client, address, do="list", name="All of 2018", column="born", upload=SimpleUploadedFile("all.csv", LIST.encode())).status_code == 302
    with acting_as(TOCSIN):
        return Frame.objects.get()


def plain(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_list_is_divided_planned_drawn_and_brought_into_the_panel_with_its_strata(client, table, address, listed):
    planned = plain(client.get(address, {"plan": "yes", "of": "within", "within": "15", "how": "neyman", "guesses": "early: 50\nat term: 20"}))
    assert re.search(r"It would take \d+ cases. .* within 1[45] in 100", planned)
    assert "Nothing has been drawn yet" in planned
    assert send(client, address, do="draw", of="cases", cases="20", how="equal", guesses="").status_code == 302

    with acting_as(TOCSIN):
        found = Frame.objects.get()
        told = Entry.objects.get(chain=f"review:panel:{table.panel}", what="sample-drawn").payload
    assert (found.strata, found.sizes) == ({"at term": 48, "early": 12}, {"at term": 10, "early": 10})
    assert str(found.seed) in told
    again = sample({f"REF{n}": "early" if n < 12 else "at term" for n in range(60)}, found.sizes, seed=found.seed)
    with acting_as(table.convener.pk):
        assert {d.stratum: d.references for d in frames.drawn(found)} == again.cases
    taken = list(csv.DictReader(io.StringIO(client.post(address.rstrip("/") + ".csv").content.decode())))
    assert {(r["reference"], r["stratum"]) for r in taken} == {(c, s) for s, of in again.cases.items() for c in of}
    assert {r["weight"] for r in taken} == {"4.8", "1.2"}
    assert {r["name"] for r in taken} == {"Unmistakable Name"}
    assert client.get(address.rstrip("/") + ".csv").status_code == 405
    with acting_as(TOCSIN):
        assert Entry.objects.filter(chain=f"review:panel:{table.panel}", what="sample-taken").count() == 1

    answer = send(client, address, do="bring")
    assert answer.status_code == 302
    from tocsin.web.review import importing

    importing.run(answer["Location"].rstrip("/").rpartition("/")[2])
    assert "20 cases came in; 0 rows were put aside." in plain(client.get(answer["Location"]))
    with acting_as(table.convener.pk):
        strata = list(Case.objects.values_list("stratum", flat=True))
    assert (strata.count("early"), strata.count("at term")) == (10, 10)
    assert send(client, address, do="bring").status_code == 422


def test_more_are_drawn_by_the_same_seed_and_nobody_drawn_is_let_go(client, table, address, listed):
    with acting_as(table.convener.pk):
        given = {"panel": table.panel, "half_width": None, "guesses": {}, "by": table.convener}
        first = frames.draw(cases=10, how="proportional", seed=11, **given)
        before = {d.stratum: d.references for d in frames.drawn(first)}
        with pytest.raises(Invalid, match="drawn already"):
            frames.draw(cases=8, how="proportional", **given)
        second = frames.draw(cases=24, how="equal", **given)
        after = {d.stratum: d.references for d in frames.drawn(second)}

    assert second.seed == 11
    assert second.sizes == {"at term": 12, "early": 12}
    assert all(after[s][: len(of)] == of for s, of in before.items())
    with acting_as(table.convener.pk), pytest.raises(Invalid, match="kept, so that the draw can be repeated"):
        frames.give_list(panel=table.panel, name="x", upload=None, column="", typed="a: 5", by=table.convener)


def test_only_sizes_give_places_on_a_list_that_stays_elsewhere(client, table, address):
    assert send(client, address, do="list", name="All of 2018", typed="Born early: 30\nAt term: 1,200").status_code == 302
    assert send(client, address, do="draw", of="within", within="12", how="proportional").status_code == 302

    with acting_as(TOCSIN):
        found = Frame.objects.get()
    with acting_as(table.convener.pk):
        drawn = {d.stratum: [int(r) for r in d.references] for d in frames.drawn(found)}
    assert {s: len(set(of)) for s, of in drawn.items()} == found.sizes
    assert all(1 <= n <= found.strata[s] for s, of in drawn.items() for n in of)
    assert "places on each stratum" in plain(client.get(address))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"do": "list", "name": "", "typed": "a: 5"}, "Say of what it is the list"),
        ({"do": "list", "name": "x"}, "Give a file, or write each stratum"),
        ({"do": "list", "name": "x", "typed": "a: many"}, "is not a stratum and how many"),
        ({"do": "list", "name": "x", "typed": "a: 5\na: 6"}, "stands there twice"),
        ({"do": "list", "name": "x", "file": "reference,born\na,b\n"}, "all.csv:1: there is no column"),
        ({"do": "list", "name": "x", "file": "reference,provider,stratum\nr1,XAA,a\nr1,XAA,b\n"}, "all.csv:3: the reference stands on line 2 too"),
        ({"do": "list", "name": "x", "file": "reference,provider,stratum\nr1,XAA,\n"}, "all.csv:2, column"),
        ({"do": "list", "name": "x", "file": "reference,provider,stratum\nr1,NOWHERE,a\n"}, "is no provider that is known here"),
        ({"do": "draw", "of": "cases", "cases": "5"}, "Give the list of all cases first"),
        ({"do": "draw", "of": "cases", "cases": "some"}, "as a number"),
        ({"do": "draw", "of": "within", "within": "0"}, "Say how closely"),
        ({"do": "draw", "of": "cases", "cases": "5", "guesses": "a: 130"}, "from 0 to 100"),
        ({"do": "bring"}, "There is no list"),
        ({"do": "dance"}, "not whole"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_nothing_changes(client, address, values, words):
    if "file" in values:
        values = values | {"upload": SimpleUploadedFile("all.csv", values.pop("file").encode())}
    answer = send(client, address, **values)

    assert answer.status_code == 422
    assert words in plain(answer)
    with acting_as(TOCSIN):
        assert not Frame.objects.exists()


def test_a_plan_that_cannot_be_says_why(client, address, listed):
    for given, words in (({"of": "cases", "cases": "1"}, "too few for 2 strata"), ({"of": "cases", "cases": "5", "guesses": "late: 5"}, "no stratum")):
        answer = client.get(address, {"plan": "yes"} | given)
        assert answer.status_code == 422
        assert words in plain(answer)


def test_the_list_is_read_by_no_grader_no_stranger_and_no_convener_who_is_tied(client, table, address, listed):
    with acting_as(table.convener.pk):
        frames.draw(panel=table.panel, cases=6, half_width=None, how="equal", guesses={}, by=table.convener)
        assert FrameList.objects.count() == 1
    for who, seen in ((table.reviewers[0], 1), (table.hall.icb, 0)):
        enter(client, who)
        assert client.get(address).status_code == (200 if seen else 404)
        assert "REF" not in client.get(address).content.decode()
        assert client.post(address.rstrip("/") + ".csv").status_code == (403 if seen else 404)
        assert send(client, address, do="draw", of="cases", cases="9").status_code == (403 if seen else 404)
        with acting_as(who.pk):
            assert (Frame.objects.count(), FrameList.objects.count()) == (seen, 0)
    with acting_as(TOCSIN):
        assert FrameList.objects.count() == 0
    with acting_as(table.convener.pk):
        panels.declare(panel=table.panel, ties=[{"kind": "employer", "provider": "XAA", "words": "x"}], by=table.convener)
        assert FrameList.objects.count() == 0
        with pytest.raises(NotPermitted, match="somebody else gives it"):
            frames.give_list(
                panel=fresh_panel(table), name="x", upload=SimpleUploadedFile("all.csv", LIST.encode()), column="born", typed="", by=table.convener
            )
    enter(client, table.convener)
    page = client.get(address).content.decode()
    assert "REF" not in page
    assert "tied to none of the providers" in page
    assert client.post(address.rstrip("/") + ".csv").status_code == 404


def fresh_panel(table):
    return panels.make_panel(
        body=table.hall.bodies["mnsi"], name="Another", purpose="", scale="confidential-enquiry", graders=2, sampling="random", by=table.convener
    ).pk


def test_a_panel_whose_cases_came_forward_draws_none(client, table):
    with acting_as(table.convener.pk):
        made = panels.make_panel(
            body=table.hall.bodies["mnsi"], name="Came", purpose="", scale="confidential-enquiry", graders=2, sampling="came-forward", by=table.convener
        )
        with pytest.raises(Invalid, match="not drawn at random"):
            frames.give_list(panel=made.pk, name="x", upload=None, column="", typed="a: 5", by=table.convener)
    enter(client, table.convener)
    assert "not drawn at random" in plain(client.get(f"/review/panels/{made.pk}/sample/"))


def test_a_stratum_holds_no_more_cases_than_the_list_has_and_is_not_changed_once_graded(client, table, address):
    send(client, address, do="list", name="All", typed="few: 2\nmany: 90")
    one, two = table.case(stratum="few"), table.case(stratum="few")
    assert (one.stratum, two.stratum) == ("few", "few")
    with pytest.raises(Invalid, match="All 2 cases"):
        table.case(stratum="few")
    with pytest.raises(Invalid, match="no stratum 'none'"):
        table.case(stratum="none")
    assert "from which stratum" in client.get(f"/review/cases/{one.pk}/").content.decode()
    assert send(client, f"/review/cases/{one.pk}/do/stratum/", stratum="many", why="Wrong line").status_code == 302
    with acting_as(TOCSIN):
        assert Case.objects.get(pk=one.pk).stratum == "many"
    table.deal()
    for seat in graders_of(one):
        table.grade(seat.member, one.pk)
    with acting_as(table.convener.pk), pytest.raises(Invalid, match="It is graded"):
        cases.set_stratum(case=one.pk, stratum="few", why="x", by=table.convener)


def agree(table, case, grade):
    for seat in graders_of(case):
        table.grade(seat.member, case.pk, grade)
    for seat in graders_of(case):
        with acting_as(seat.member_id):
            consensus.take_position(case=case.pk, grade=grade, why="", by=seat.member)
    with acting_as(table.convener.pk):
        consensus.agree(case=case.pk, grade=grade, words="Found", by=table.convener, standards={}, factors={})


def test_table_and_figures_count_each_case_for_those_it_stands_for(client, table, address):
    send(client, address, do="list", name="All of 2018", typed="few: 8\nmany: 400\nnone: 10")
    grades = {"few": "3320", "many": "0102"}
    made = [(table.case(stratum=s), s, g) for s, of in grades.items() for g in of]
    aside = table.case()
    table.deal()
    for case, _, grade in [*made, (aside, "", "3")]:
        agree(table, case, grade)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    by_hand = estimate({"few": Stratum(8, 4, 3), "many": Stratum(400, 4, 1), "none": Stratum(10, 0, 0)})
    page = plain(client.get(f"/review/panels/{table.panel}/table/"))
    assert f"Of all on the list, {100 * by_hand.share:.0f} % might" in page.replace("%", " %").replace("  ", " ")
    assert f"{100 * by_hand.lower:.0f} to {100 * by_hand.upper:.0f}" in page
    assert "1 agreed case not drawn from the list is left out" in page
    assert "Nothing is agreed yet of the stratum 'none' (10 cases)" in page
    with acting_as(table.convener.pk):
        job = figures.ask(panel=table.panel, by=table.convener)
    figures.run(str(job.pk))
    with acting_as(TOCSIN):
        whole = Figures.objects.get(pk=job.pk).result["sampled"]
        order = {c: n for n, c in enumerate(Case.objects.filter(panel=table.panel).order_by("id").values_list("id", flat=True), 1)}
    with acting_as(table.convener.pk):
        rows = figures.gradings(table.panel)
    strata = {order[c.pk]: s for c, s, _ in made}
    scale = scales()["confidential-enquiry"]
    by_model = avoidability(
        [Given(str(n), str(r), scale.position(g), strata[n]) for n, r, _, g in rows if n in strata], scale, population={"few": 8, "many": 400}
    )
    assert whole["might_or_would"] == pytest.approx(
        [by_model.typical.might_or_would.value, by_model.typical.might_or_would.lower, by_model.typical.might_or_would.upper]
    )
    assert (whole["population"], whole["cases"], whole["outside"], whole["unlooked"]) == (408, 8, 1, {"none": 10})
    shown = plain(client.get(f"/review/panels/{table.panel}/figures/"))
    assert "Of 100 cases on the list" in shown
    assert "Of the stratum 'none' (10 cases) none is graded yet" in shown
    assert "and for how the cases were drawn" in plain(client.get(f"/review/panels/{table.panel}/table/"))
