"""The master key is changed while Tocsin runs: broken off anywhere it goes on, and afterwards nothing needs the key before."""

import shutil

import pytest
from allauth.mfa.models import Authenticator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from hall import build
from tocsin.web.feeds import pack
from tocsin.web.people import signin
from tocsin.web.record import files, keys, ledger, master, seal
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Entry, SealKey
from tocsin.web.record.moment import now

pytestmark = pytest.mark.django_db
ALSO = (*signin.KEPT, *pack.KEPT)


@pytest.fixture
def kept(db, settings, tmp_path):
    """Sealed words, a file and a second factor under the first key; read again by the function that is given back."""
    settings.DATA = tmp_path
    hall = build()
    with acting_as(TOCSIN):
        words = [seal.seal(f"raiser:{n}", f"words {n}") for n in range(30)]
        file = files.keep(SimpleUploadedFile("a.txt", b"What happened"))
        factor = Authenticator.objects.create(user=hall.icb, type="totp", data={"secret": signin.SecondFactors().encrypt("A SECRET")})

        def read():
            file.refresh_from_db()
            factor.refresh_from_db()
            assert seal.all_opened(words) == [f"words {n}" for n in range(30)]
            assert files.read(file) == b"What happened"
            assert signin.SecondFactors().decrypt(factor.data["secret"]) == "A SECRET"

        yield read


def test_all_is_readable_with_the_new_key_alone_and_the_record_tells_of_it_once(kept, settings):
    before = keys.master_print()

    changed, unread = master.change(ALSO, now, settled=0)

    assert (changed, unread) == (32, [])
    assert keys.master_print() != before
    shutil.rmtree(settings.DATA / "keys" / "master-before")
    kept()
    assert [e.what for e in ledger.entries("record")] == ["master-key-changed"]
    assert before in Entry.objects.get(what="master-key-changed").payload


@pytest.mark.parametrize("step", [0, 1, 2, 7, 31])
def test_broken_off_anywhere_all_is_readable_and_the_next_run_ends_it(kept, settings, monkeypatch, step):
    before, real, done = keys.master_print(), master._replace, []

    def killed(*given):
        if len(done) == step:
            raise KeyboardInterrupt
        done.append(1)
        return real(*given)

    monkeypatch.setattr(master, "_replace", killed)
    with pytest.raises(KeyboardInterrupt):
        master.change(ALSO, now, settled=0)
    monkeypatch.undo()
    settings.DATA = settings.DATA
    kept()
    halfway = keys.master_print()
    assert halfway != before

    changed, unread = master.change(ALSO, now, settled=0)

    assert (changed, unread) == (32 - step, [])
    assert keys.master_print() == halfway
    shutil.rmtree(settings.DATA / "keys" / "master-before")
    kept()


def test_broken_off_between_the_two_keys_no_key_is_lost(kept, monkeypatch):
    real, before = keys._put, keys.master_print()

    def killed(path, content):
        if path.name == "master":
            raise KeyboardInterrupt
        real(path, content)

    monkeypatch.setattr(keys, "_put", killed)
    with pytest.raises(KeyboardInterrupt):
        keys.begin_new_master()
    monkeypatch.setattr(keys, "_put", real)

    assert keys.master_print() == before
    kept()
    assert master.change(ALSO, now, settled=0) == (32, [])
    kept()


def test_what_was_erased_meanwhile_stays_erased_and_what_no_key_opens_is_named(kept):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE record_seal_key SET wrapped = %s WHERE about = 'raiser:3'", [b"x" * 60])
    number = str(SealKey.objects.get(about="raiser:3").pk)

    changed, unread = master.change(ALSO, now, settled=0)

    assert changed == 31
    assert unread == [master.Unread("record_seal_key", number)]
    assert ledger.entries("record") == []
    assert master._replace(master.OWN[0], number, b"what it was before", b"new") == 0
