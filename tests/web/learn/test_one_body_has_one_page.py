import pytest

from tocsin.learn.register import register as shipped_register
from tocsin.web.learn import addressees, identity, shipped
from tocsin.web.learn.models import Addressee
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from two_reports import EARLY, LATE, read

pytestmark = pytest.mark.django_db

TWO = LATE.replace("kind: failing", "kind: recommendation").replace("page: 9", "page: 9\n  addressees: [The Secretary of State for Health]")


@pytest.fixture
def asked_twice(hall):
    shipped.load(read(EARLY.replace("[Trusts]", "[Department of Health]"), TWO))
    act_as(None)


@pytest.mark.parametrize(
    ("names", "id"),
    [
        (
            ("Department of Health", "DHSC", "The Department of Health & Social Care", "secretary of state for health"),
            "department-of-health-and-social-care",
        ),
        (("NHS England", "NHS England and NHS Improvement", "nhs  england"), "nhs-england"),
        (
            ("The Royal Wolverhampton Hospitals NHS Trust", "Royal Wolverhampton Hospitals NHS Foundation Trust"),
            "royal-wolverhampton-hospitals-nhs-trust",
        ),
        (("Somebody's Trust", "somebodys trust"), "somebodys-trust"),
    ],
)
def test_spellings_of_one_body_are_one(names, id):
    assert {identity.identity(n).id for n in names} == {id}


def test_bodies_that_differ_stay_apart():
    names = (
        "NHS England",
        "NHS Wales",
        "Care Quality Commission",
        "Healthcare Commission",
        "Department of Health of Northern Ireland",
        "Department of Health",
    )

    assert len({identity.identity(n).id for n in names}) == len(names)


def test_what_took_over_and_every_page_named_is_there():
    for found in identity._known().values():
        assert not found.became or identity.known(found.became), found.id
        assert not found.why or found.source.startswith("https://"), found.id


def test_no_two_addressees_of_the_register_share_an_address_by_accident():
    names = {a for i in shipped_register().items for a in i.addressees}
    made_up = {}
    for name in names:
        if identity.known(identity.identity(name).id) is None:
            made_up.setdefault(identity.identity(name).id, set()).add(identity.plain(name))

    assert {k: v for k, v in made_up.items() if len(v) > 1} == {}


def test_one_body_has_one_row_and_one_page_that_says_how_often_it_was_asked_the_same(asked_twice, client):
    row = next(a for a in addressees.asked() if a.key == "department-of-health-and-social-care")
    page = client.get("/learn/asked/department-of-health-and-social-care/").content.decode()

    assert (row.times, row.repeats, row.most) == (2, 1, 2)
    assert "Department of Health; The Secretary of State for Health" in page
    assert "2 times since 2001, in 2 reports" in page


def test_an_old_address_by_another_spelling_leads_to_the_one_page(asked_twice, client):
    for old in ("Department of Health", "DHSC", "sos"):
        answer = client.get(f"/learn/asked/{old}/")
        assert (answer.status_code, answer.url) == (301, "/learn/asked/department-of-health-and-social-care/"), old
    assert client.get("/learn/asked/nobody-at-all/").status_code == 404


def test_a_name_that_is_entered_later_moves_what_was_asked_to_the_one_page(asked_twice, hall):
    with acting_as(TOCSIN):
        Addressee.objects.update(who="as-it-was")

    shipped.load(read(EARLY.replace("[Trusts]", "[Department of Health]"), TWO))

    assert set(Addressee.objects.values_list("who", flat=True)) == {"department-of-health-and-social-care"}
