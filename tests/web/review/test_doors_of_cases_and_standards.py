"""What comes in and goes out by the pages: facts, documents, FHIR bundles, files of standards, a proposal that is turned down."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

import papers
from hall import enter, member
from panels import graders_of
from tocsin.review import library
from tocsin.web.people.models import Role
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Attachment, Entry
from tocsin.web.review import cases, importing
from tocsin.web.review.models import CareEvent, Case, Question, StandardVersion

pytestmark = pytest.mark.django_db
PDF = papers.pdf()


def bundle(*days):
    """A FHIR R4 bundle with a case for each day of an event: encounter at XAA, one observation, what the family asked."""
    entries = [{"resourceType": "Patient", "id": "p", "name": [{"text": "Unmistakable Name"}]}]
    for n, day in enumerate(days):
        entries += [
            {"resourceType": "Encounter", "id": f"v{n}", "period": {"start": "2018-03-13", "end": "2018-03-15"}, "subject": {"reference": "Patient/p"},
             "serviceProvider": {"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "XAA"}}},
            {"resourceType": "AdverseEvent", "id": f"REF-{n}", "event": {"text": "neonatal-death"}, "date": day, "subject": {"reference": "Patient/p"},
             "encounter": {"reference": f"Encounter/v{n}"}},
            {"resourceType": "Observation", "id": f"o{n}", "encounter": {"reference": f"Encounter/v{n}"}, "effectiveDateTime": "2018-03-13T23:40:00Z",
             "code": {"text": "Trace begun"}},
            {"resourceType": "Communication", "id": f"c{n}", "about": [{"reference": f"AdverseEvent/REF-{n}"}],
             "category": [{"coding": [{"system": "urn:tocsin:family", "code": "question"}]}], "payload": [{"contentString": "Why did nobody come?"}]},
        ]  # fmt: skip
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in entries]}).encode()


OWN = """
standards:
  - id: mnsi.second-opinion
    version: 1
    area: intrapartum
    title: A second opinion
    statement: Ask a colleague before a drug is given for the second time.
    in_force_from: 2019-01-01
    source: {body: The investigators, document: Handbook, section: "3", address: "https://example.org/handbook"}
  - id: mnsi.nowhere
    version: 1
    area: nowhere
    title: x
"""


def send(client, address, **values):
    hidden = dict(re.findall(r'name="(request|stamp)" value="([^"]*)"', client.get(address).content.decode()))
    return client.post(address, hidden | values)


def plain(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def case(table):
    made = table.case(facts={"country": "england"})
    table.deal()
    return made


def test_facts_are_answered_on_their_page_and_the_standards_beside_the_case_follow(client, table, case):
    enter(client, table.convener)
    address = f"/review/cases/{case.pk}/facts/"
    asked = re.findall(r'name="fact-([\w]+)"', client.get(address).content.decode())
    assert "labour" in asked
    before = plain(client.get(f"/review/cases/{case.pk}/"))
    assert send(client, address, **{"fact-country": "england", "fact-labour": "yes"}).status_code == 302

    with acting_as(TOCSIN):
        found = Case.objects.get(pk=case.pk)
        told = Entry.objects.filter(chain=f"review:case:{case.pk}", what="case-changed").values_list("payload", flat=True)[0]
    assert found.facts == {"country": "england", "labour": "yes"} or found.facts == {"country": "england", "labour": True}
    assert json.loads(told)["facts"].keys() == {"labour"}
    assert plain(client.get(f"/review/cases/{case.pk}/")) != before
    # an answer that cannot be is told by its question, and nothing changes
    number = next(k for k, kind in library().facts.items() if kind.type == "number" and k in asked)
    wrong = send(client, address, **{f"fact-{number}": "many"})
    assert wrong.status_code == 422
    assert library().facts[number].question in plain(wrong)
    with acting_as(TOCSIN):
        assert number not in Case.objects.get(pk=case.pk).facts
    # left empty it is not known again
    assert send(client, address, **{"fact-country": "england", "fact-labour": ""}).status_code == 302
    with acting_as(TOCSIN):
        assert Case.objects.get(pk=case.pk).facts == {"country": "england"}
    enter(client, graders_of(case)[0].member)
    assert client.get(address).status_code == 403
    assert client.post(address, {"fact-labour": "yes"}).status_code == 403


def test_a_page_of_facts_that_is_out_of_date_changes_nothing(client, table, case):
    enter(client, table.convener)
    address = f"/review/cases/{case.pk}/facts/"
    hidden = dict(re.findall(r'name="(request|stamp)" value="([^"]*)"', client.get(address).content.decode()))
    with acting_as(table.convener.pk):
        cases.change_facts(case=case.pk, given={"country": "wales"}, by=table.convener)

    stale = client.post(address, hidden | {"stamp": "1", "fact-country": "scotland"})
    assert stale.status_code == 409
    with acting_as(TOCSIN):
        assert Case.objects.get(pk=case.pk).facts == {"country": "wales"}


def test_a_document_is_read_by_those_on_the_case_alone_and_never_opened_by_the_browser_itself(client, table, case):
    enter(client, table.convener)
    given = send(client, f"/review/cases/{case.pk}/do/document/", upload=SimpleUploadedFile("notes (1)é.pdf", PDF))
    assert given.status_code == 302, plain(given)
    with acting_as(table.convener.pk):
        number = Attachment.objects.get(chain=f"review:case:{case.pk}").pk
    address = f"/review/cases/{case.pk}/documents/{number}/"

    for who in (table.convener, graders_of(case)[0].member):
        enter(client, who)
        answer = client.get(address)
        assert answer.content == PDF
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''notes%20%281%29%C3%A9.pdf"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer["Cache-Control"]
    for who in (table.hall.icb, table.hall.trust):
        enter(client, who)
        assert client.get(address).status_code == 404
    client.logout()
    assert client.get(address).status_code == 302
    other = table.case()
    enter(client, table.convener)
    assert client.get(f"/review/cases/{other.pk}/documents/{number}/").status_code == 404
    assert client.post(address).status_code == 405


def test_a_document_that_was_erased_says_so(client, table, case):
    from tocsin.web.record import files

    enter(client, table.convener)
    send(client, f"/review/cases/{case.pk}/do/document/", upload=SimpleUploadedFile("notes.pdf", papers.pdf("Another")))
    with acting_as(table.convener.pk):
        found = Attachment.objects.select_related("file").get(chain=f"review:case:{case.pk}")
    with acting_as(TOCSIN):
        files.erase(found.file)

    answer = client.get(f"/review/cases/{case.pk}/documents/{found.pk}/")
    assert answer.status_code == 410
    assert "it was erased" in plain(answer)


def test_a_file_of_no_kind_that_is_taken_is_refused_on_its_field(client, table, case):
    enter(client, table.convener)
    refused = send(client, f"/review/cases/{case.pk}/do/document/", upload=SimpleUploadedFile("x.html", b"<html><script>alert(1)</script></html>"))

    assert refused.status_code == 422
    assert 'id="upload-error"' in refused.content.decode()


def test_a_bundle_in_fhir_brings_its_cases_with_timeline_and_keeps_what_cannot_be_used_aside(client, table):
    enter(client, table.convener)
    answer = send(client, f"/review/panels/{table.panel}/do/import/", upload=SimpleUploadedFile("cases.json", bundle("2018-03-14", "2018-13-41")))
    assert answer.status_code == 302, plain(answer)
    importing.run(answer["Location"].rstrip("/").rpartition("/")[2])

    page = plain(client.get(answer["Location"]))
    assert "1 case came in; 1 row was put aside." in page, page
    assert "Unmistakable" not in page
    with acting_as(table.convener.pk):
        made = Case.objects.get(panel=table.panel)
        assert (made.provider_id, str(made.event_on)) == ("XAA", "2018-03-14")
        assert cases.open_identity(case=made.pk, by=table.convener)["reference"] == "REF-0"
        assert [e.words for e in CareEvent.objects.filter(case=made)] == ["Trace begun"]
        assert Question.objects.filter(case=made).count() == 1


def test_yaml_brings_good_standards_and_says_of_the_others_where_they_stand(client, hall):
    second = member(hall.bodies["mnsi"], Role.LEAD)
    enter(client, hall.mnsi)
    answer = send(client, "/review/standards/import/", body=hall.bodies["mnsi"].pk, upload=SimpleUploadedFile("own.yaml", OWN.encode()))

    page = plain(answer)
    assert answer.status_code == 200, page
    assert re.search(r"own\.yaml:\d+", page)
    with acting_as(TOCSIN):
        made = StandardVersion.objects.get()
    assert (made.key, made.version, made.why) == ("mnsi.second-opinion", 1, "From own.yaml")
    enter(client, second)
    assert send(client, "/review/standards/waiting/", versions=made.pk).status_code == 302
    assert "A second opinion" in plain(client.get("/review/standards/?day=2019-06-01&text=second+opinion"))
    again = send(client, "/review/standards/import/", body=hall.bodies["mnsi"].pk, upload=SimpleUploadedFile("own.yaml", OWN.encode()))
    assert StandardVersion.objects.count() == 1
    assert again.status_code in (200, 422)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("own.yaml", b"", "not empty"),
        ("own.yaml", b"\xff\xfe\x00x", "UTF-8"),
        ("own.yaml", b"- [unclosed", "own.yaml:"),
        ("own.yaml", b"- id: !!python/object/apply:os.system ['true']", "own.yaml:"),
        ("own.csv", b"id,version\n" + b"x" * 2_000_001, "larger than 2 MB"),
    ],
)
def test_a_file_of_standards_that_cannot_be_read_says_why(client, hall, name, content, words):
    enter(client, hall.mnsi)
    answer = send(client, "/review/standards/import/", body=hall.bodies["mnsi"].pk, upload=SimpleUploadedFile(name, content))

    assert answer.status_code == 422
    assert words in plain(answer)
    with acting_as(TOCSIN):
        assert not StandardVersion.objects.exists()


def test_whoever_acts_for_no_body_brings_and_signs_no_standard(client, hall):
    someone = member(hall.bodies["mnsi"], "member")
    enter(client, someone)
    assert "Only somebody who acts for a body" in plain(client.get("/review/standards/import/"))
    refused = client.post("/review/standards/import/", {"body": hall.bodies["mnsi"].pk, "upload": SimpleUploadedFile("own.yaml", OWN.encode())})
    assert refused.status_code == 422
    with acting_as(TOCSIN):
        assert not StandardVersion.objects.exists()


def test_a_proposal_is_turned_down_by_a_second_person_with_a_reason_and_stays_to_be_read(client, hall):
    second = member(hall.bodies["mnsi"], Role.LEAD)
    enter(client, hall.mnsi)
    send(client, "/review/standards/import/", body=hall.bodies["mnsi"].pk, upload=SimpleUploadedFile("own.yaml", OWN.encode()))
    with acting_as(TOCSIN):
        made = StandardVersion.objects.get()
    own = send(client, "/review/standards/waiting/", down=made.pk, **{f"why-{made.pk}": "Not so"})
    assert own.status_code == 403
    enter(client, second)
    assert send(client, "/review/standards/waiting/", down=made.pk, **{f"why-{made.pk}": " "}).status_code == 422
    assert send(client, "/review/standards/waiting/", down=made.pk, **{f"why-{made.pk}": "It names no time"}).status_code == 302

    with acting_as(TOCSIN):
        made.refresh_from_db()
        told = Entry.objects.get(chain="review:standards", what="standard-turned-down").payload
    assert made.turned_down is not None
    assert made.signed is None
    assert "It names no time" in told
    assert "Nothing waits" in plain(client.get("/review/standards/waiting/"))
    assert send(client, "/review/standards/waiting/", versions=made.pk).status_code == 422
    assert client.get("/review/standards/of/mnsi.second-opinion/").status_code == 404
    # another version may be proposed, with a number of its own
    enter(client, hall.mnsi)
    send(client, "/review/standards/import/", body=hall.bodies["mnsi"].pk, upload=SimpleUploadedFile("own.yaml", OWN.encode()))
    with acting_as(TOCSIN):
        assert sorted(StandardVersion.objects.values_list("version", flat=True)) == [1, 2]


def test_a_question_that_came_with_a_file_is_the_familys_own(client, table):
    lines = "reference,outcome,event_date,provider,account,questions\nA1,stillbirth,2018-03-14,XAA,She moved less,Why did nobody come?|Who was there?\n"
    enter(client, table.convener)
    answer = send(client, f"/review/panels/{table.panel}/do/import/", upload=SimpleUploadedFile("cases.csv", lines.encode()))
    importing.run(answer["Location"].rstrip("/").rpartition("/")[2])

    with acting_as(table.convener.pk):
        assert Question.objects.filter(case__panel=table.panel).count() == 2
