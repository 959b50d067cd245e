"""Law 4: where there is no room, what was acknowledged stays, what was not is told, and nothing is kept by half."""

import resource
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from hall import enter, signal
from tocsin.web.concerns import actions
from tocsin.web.people.actions import make_token
from tocsin.web.record import checkpoint, files
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from tocsin.web.record.models import Attachment, Entry, StoredFile

GOOD, LARGE = b"What was seen on the ward\n" * 40, b"What was heard on the ward\n" * 20_000


@pytest.fixture
def concern(hall, settings, tmp_path):
    settings.DATA = tmp_path
    made = actions.raise_signal(signal(), by="the watch")
    with acting_as(hall.icb.pk):
        actions.give_evidence(concern=made.pk, upload=SimpleUploadedFile("before.txt", GOOD), by=hall.icb)
    act_as(None)
    return made


@pytest.fixture
def full_disk():
    """The kernel itself refuses to write more than 64 KB into a file, as a quota would; the database is another process, and has room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def entries():
    with acting_as(TOCSIN):
        return list(Entry.objects.order_by("id").values_list("id", "hash"))


def test_a_file_for_which_there_is_no_room_is_told_and_what_was_given_before_stays(hall, concern, full_disk, tmp_path):
    client, before = Client(), entries()
    enter(client, hall.icb)
    given = {"request": str(uuid4()), "stamp": str(concern.last_entry + 1)}
    kept = sorted(p for p in (tmp_path / "files").rglob("*") if p.is_file())

    refused = client.post(f"/concerns/{concern.pk}/do/evidence/", given | {"upload": SimpleUploadedFile("large.txt", LARGE)})
    while_full = sorted(p for p in (tmp_path / "files").rglob("*") if p.is_file())

    assert refused.status_code == 507
    assert "was not kept and nothing was changed" in refused.content.decode()
    assert (entries(), while_full) == (before, kept)
    with acting_as(hall.icb.pk):
        assert files.read(StoredFile.objects.get()) == GOOD

    # the same form is taken once there is room again
    full_disk()
    again = client.post(f"/concerns/{concern.pk}/do/evidence/", given | {"upload": SimpleUploadedFile("large.txt", LARGE)})

    assert again.status_code == 302
    with acting_as(hall.icb.pk):
        assert [files.read(a.file) for a in Attachment.objects.order_by("id")] == [GOOD, LARGE]
    with acting_as(TOCSIN):
        checkpoint.take(concern.opened)
        assert checkpoint.verify()[1] == []


def database_is_full(yes):
    """PostgreSQL's own error of a full disk, raised where it would be: while the entry is written."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        if yes:
            cursor.execute(
                "CREATE FUNCTION pg_temp.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$"
            )
            cursor.execute("CREATE TRIGGER zz_full BEFORE INSERT ON record_entry FOR EACH ROW EXECUTE FUNCTION pg_temp.full()")
        else:
            cursor.execute("DROP TRIGGER zz_full ON record_entry")
        cursor.execute("SET ROLE tocsin_app")


def test_where_the_database_has_no_room_the_page_and_the_program_are_told_and_nothing_is_changed(hall, concern):
    with acting_as(TOCSIN):
        text = make_token(body=hall.bodies["icb"], name="x", scopes=["act"], by=hall.icb)[1]
    client, program, before = Client(), Client(headers={"Authorization": f"Bearer {text}", "Idempotency-Key": str(uuid4())}), entries()
    enter(client, hall.icb)
    given = {"request": str(uuid4()), "stamp": str(concern.last_entry + 1), "words": "What I want to be kept"}
    address = f"/api/v1/concerns/{concern.pk}/note"

    database_is_full(True)
    page = client.post(f"/concerns/{concern.pk}/do/note/", given)
    answer = program.post(address, {"words": "By a program"}, content_type="application/json")
    told = {"provider": "XAA", "kind": "outcome-signal", "group": "family", "account": "x"}
    outside = Client().post("/tell-us/", told | {"request": str(uuid4()), "stamp": "0"})
    database_is_full(False)

    assert [page.status_code, answer.status_code, outside.status_code] == [507, 507, 507]
    assert "was not kept" in page.content.decode()
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 507
    assert entries() == before
    assert client.post(f"/concerns/{concern.pk}/do/note/", given).status_code == 302
    assert program.post(address, {"words": "By a program"}, content_type="application/json").status_code == 200
    assert len(entries()) == len(before) + 2
