"""How many questions a page asks the database does not grow with what it shows; every page has a stable address and says how to cite it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hall import enter
from tocsin.web.learn import proposing
from tocsin.web.learn.models import Addressee, Coding, Family, Item, Link, Push, Report, StatusEntry
from tocsin.web.learn.reading import measure
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from two_reports import FAILING

pytestmark = pytest.mark.django_db
PAGES = (
    "/learn/", "/learn/?by=report", "/learn/register/", "/learn/register/?text=consultants+come", "/learn/register/?kind=recommendation&status=acting",
    f"/learn/register/?failing={FAILING}", "/learn/reports/", "/learn/reports/g0/", "/learn/reports/g1/beside-its-ancestors/", "/learn/items/g0/r0/",
    "/learn/items/g1/r0/", "/learn/failings/", f"/learn/failings/{FAILING}/", f"/learn/failings/{FAILING}/history.json", "/learn/asked/",
    "/learn/asked/trusts/", "/learn/known/?on=2024-01-01", "/learn/proposals/", "/learn/heat.json", "/learn/register.json", "/learn/register.csv",
    "/learn/register.jsonld", "/learn/register.atom",
)  # fmt: skip
CITED = ("/learn/items/g0/r0/", f"/learn/failings/{FAILING}/", "/learn/reports/g0/", "/learn/reports/g1/beside-its-ancestors/", "/learn/asked/trusts/")


@pytest.fixture
def grown(hall, moment):
    """Grows the register to so many reports, and so many items in each of the first two; everything that hangs on an item on each."""
    family = []

    def grow(to):
        with acting_as(TOCSIN):
            family[:] = family or [Family.objects.create(name="Come", made=moment.at)]
            for n in range(to):
                report, _ = Report.objects.get_or_create(
                    slug=f"g{n}",
                    defaults={"title": f"Review {n}", "author": "Reviewers", "origin": "shipped", "taken_in": moment.at, "opened": moment.at,
                              "on": f"20{10 + n % 12}-01-0{1 + n % 9}", "on_words": f"20{10 + n % 12}"},
                )  # fmt: skip
                have = Item.objects.filter(report=report).count()
                for i in range(have, to if n < 2 else 1):
                    item = Item.objects.create(
                        code=f"g{n}/r{i}", report=report, kind="recommendation", number=str(i), page=i + 1, open=True, on=report.on, family=family[0],
                        status="acting", text=f"Consultants should come to the labour ward when they are asked, number {n} {i}.",
                    )  # fmt: skip
                    Addressee.objects.create(item=item, name="Trusts", kind="trust", who="trusts")
                    link = Link.objects.create(item=item, failing=FAILING, state="confirmed")
                    Coding.objects.create(link=link, member=hall.cqc, says=True, at=moment.at)
                    for status in ("acting", "done-by-assertion"):
                        StatusEntry.objects.create(item=item, status=status, on="2023-01-01", evidence="x", by_body=hall.bodies["cqc"], at=moment.at)
                    Push.objects.create(item=item, body=hall.bodies["region"], by=hall.region, words="x", at=moment.at)
        measure()
        with acting_as(TOCSIN):
            proposing.propose(Item.objects.values_list("pk", flat=True))
        act_as(None)

    return grow


def asked(client):
    out = {}
    for page in PAGES:
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page).status_code == 200, page
        out[page] = len(captured)
    return out


def test_with_ten_times_as_much_no_page_asks_more(grown, client, hall):
    counted = {}
    for many in (3, 30):
        grown(many)
        counted[many] = asked(client)
        enter(client, hall.nhse)
        counted[many, "signed in"] = asked(client)
        client.logout()

    for who in ("", "signed in"):
        few, more = (counted[n, who] if who else counted[n] for n in (3, 30))
        assert {p: (few[p], more[p]) for p in PAGES if more[p] > few[p] + 1} == {}
        assert {p: n for p, n in more.items() if n > 45} == {}


def test_what_is_cited_says_how_and_by_which_address(grown, client, settings):
    grown(3)
    for page in CITED:
        text = client.get(page).content.decode()
        block = text[text.index('id="cite"') :]
        assert "Cite this:" in block, page
        assert f"{settings.TOCSIN_URL}{page}" in block, page


def test_the_schema_org_record_is_whole_and_every_reference_in_it_leads_somewhere(grown, client, settings):
    grown(3)
    record = client.get("/learn/register.jsonld").json()
    nodes = record["@graph"]
    ids = [n["@id"] for n in nodes]

    assert record["@context"] == "https://schema.org"
    assert len(ids) == len(set(ids)) == 3 + 7
    known = {
        "Report": {"name", "datePublished", "author", "url"},
        "CreativeWork": {"identifier", "genre", "text", "datePublished", "position", "pagination", "isPartOf", "citation", "about", "audience",
                         "potentialAction"},
    }  # fmt: skip
    for node in nodes:
        assert set(node) - {"@id", "@type"} <= known[node["@type"]], node
        assert node["@id"].startswith(settings.TOCSIN_URL)
        assert client.get(node["@id"].removeprefix(settings.TOCSIN_URL)).status_code == 200
        for term in node.get("about", []):
            assert term["@type"] == "DefinedTerm"
            assert client.get(term["@id"].removeprefix(settings.TOCSIN_URL)).status_code == 200
        if "isPartOf" in node:
            assert node["isPartOf"]["@id"] in ids
        if "potentialAction" in node:
            assert node["potentialAction"]["actionStatus"] == "https://schema.org/ActiveActionStatus"
