"""Law 4: the record fits together, whatever was done behind its back is found, and what was erased is gone while the rest still verifies."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from hall import signal
from tocsin.web.concerns import actions, raisers
from tocsin.web.concerns.models import Raiser
from tocsin.web.record import checkpoint, export, keys, ledger, merkle, seal
from tocsin.web.record.acting import TOCSIN, act_as, acting_as
from tocsin.web.record.models import Checkpoint, Entry


def behind_its_back(statement):
    """As somebody who owns the server can: with every trigger off."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("ALTER TABLE record_entry DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE record_checkpoint DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE record_entry NO FORCE ROW LEVEL SECURITY")
        cursor.execute(statement)
        changed = cursor.rowcount
        cursor.execute("SET ROLE tocsin_app")
    return changed


@pytest.fixture
def told(hall, moment):
    first = actions.raise_signal(signal(), by="the watch")
    actions.raise_signal(signal("XAB"), by="the watch")
    act_as(hall.icb.pk)
    actions.note(concern=first.pk, words="Seen", by=hall.icb)
    act_as(TOCSIN)
    checkpoint.take(moment.at)
    act_as(hall.icb.pk)
    actions.act(concern=first.pk, words="A plan was agreed", by=hall.icb)
    act_as(TOCSIN)
    checkpoint.take(moment.at)
    return first


def test_the_record_verifies_as_it_was_written(told):
    count, faults = checkpoint.verify()

    assert faults == []
    assert count == Entry.objects.count() == 6
    assert Checkpoint.objects.count() == 2


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE record_entry SET payload = replace(payload, 'Seen', 'Unseen') WHERE what = 'noted'", "it was changed"),
        ("UPDATE record_entry SET at = at - interval '1 day' WHERE what = 'acted'", "it was changed"),
        ("DELETE FROM record_entry WHERE what = 'noted'", "taken out"),
        ("DELETE FROM record_entry WHERE what = 'acted'", "cut off"),
        ("UPDATE record_chain SET seq = seq - 1", "it should end at"),
        ("UPDATE record_checkpoint SET root = repeat('0', 64) WHERE id = (SELECT max(id) FROM record_checkpoint)", "signature is not good"),
        ("DELETE FROM record_checkpoint WHERE id = (SELECT min(id) FROM record_checkpoint)", "does not follow"),
    ],
)
def test_any_change_behind_its_back_is_found(told, statement, found):
    assert behind_its_back(statement) >= 1
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")

    _, faults = checkpoint.verify()

    assert any(found in fault.what for fault in faults), faults


def test_a_chain_that_is_rewritten_whole_with_good_hashes_is_found_by_the_signed_checkpoint(told):
    chain = f"concern:{told.pk}"
    behind_its_back(f"UPDATE record_entry SET payload = replace(payload, 'Seen', 'Unseen') WHERE chain = '{chain}' AND what = 'noted'")
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        previous = checkpoint.ZERO
        for entry in ledger.entries(chain):
            cursor.execute("UPDATE record_entry SET previous = %s WHERE id = %s", [previous, entry.pk])
            cursor.execute(
                "UPDATE record_entry e SET hash = encode(sha256(convert_to(record_text(e), 'UTF8')), 'hex') WHERE id = %s RETURNING hash",
                [entry.pk],
            )
            previous = cursor.fetchone()[0]
        cursor.execute("UPDATE record_chain SET hash = %s WHERE chain = %s", [previous, chain])

    _, faults = checkpoint.verify()

    assert {f.what for f in faults} == {
        f"the record up to entry {c.last_entry} is not the one that was signed" for c in Checkpoint.objects.all()
    }


def test_an_export_is_verified_by_a_third_party_without_tocsin(told, tmp_path):
    file = tmp_path / "history.zip"
    file.write_bytes(export.of_concern(told.pk))
    with zipfile.ZipFile(file) as packed:
        packed.extractall(tmp_path / "out")
    (tmp_path / "key.pem").write_text(keys.public_pem())

    def verify():
        # -I: nothing of Tocsin, nothing of this environment's own paths
        command = [sys.executable, "-I", "verify.py", "--key", "../key.pem"]
        return subprocess.run(command, cwd=tmp_path / "out", capture_output=True, text=True)

    good = verify()
    history = json.loads((tmp_path / "out" / "history.json").read_text())
    entry = next(e for e in history["entries"] if e["what"] == "noted")
    entry["payload"] = entry["payload"].replace("Seen", "Unseen")
    (tmp_path / "out" / "history.json").write_text(json.dumps(history))
    bad = verify()

    assert good.returncode == 0, good.stdout + good.stderr
    assert "4 entries" in good.stdout
    assert bad.returncode == 1
    assert "was changed" in bad.stdout


def test_the_recipe_that_is_written_down_checks_an_export_with_python_and_openssl_alone(told, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "reference" / "history-file.md").read_text("utf-8")
    recipe = "\n".join(line.removeprefix("    ") for line in page.split("    unzip ")[1].splitlines()[1:] if line.startswith("    "))
    script = recipe.split("END\n")[0]
    command = "openssl pkeyutl -verify -pubin -inkey KEY.pem -rawin -in signed -sigfile signature"
    with zipfile.ZipFile(io.BytesIO(export.of_concern(told.pk))) as packed:
        packed.extract("history.json", tmp_path)
    (tmp_path / "KEY.pem").write_text(keys.public_pem())

    def check():
        by_python = subprocess.run([sys.executable, "-I", "-c", script], cwd=tmp_path, capture_output=True, text=True)
        return by_python, subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True)

    assert command in recipe
    python, openssl = check()
    assert (python.stdout.strip(), openssl.returncode) == ("4 entries fit", 0), python.stderr + openssl.stderr
    history = (tmp_path / "history.json").read_text()
    (tmp_path / "history.json").write_text(history.replace("Seen", "Unseen"))
    assert check()[0].returncode == 1
    # a checkpoint that says another day
    (tmp_path / "history.json").write_text(history.replace('"chains": ', '"chains": 1'))
    assert check()[1].returncode == 1


def test_an_export_with_a_key_of_its_own_is_refused(told, tmp_path):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    (tmp_path / "h.zip").write_bytes(export.of_concern(told.pk))
    with zipfile.ZipFile(tmp_path / "h.zip") as packed:
        packed.extractall(tmp_path)
    other = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "other.pem").write_bytes(other)

    answer = subprocess.run([sys.executable, "-I", "verify.py", "--key", "other.pem"], cwd=tmp_path, capture_output=True, text=True)

    assert answer.returncode == 1
    assert "signature" in answer.stdout


def test_what_was_erased_cannot_be_read_and_the_record_still_verifies(hall, moment):
    receipt = raisers.raise_from_outside(
        provider=hall.providers["XAA"], kind="outcome-signal", group="family", account="Our daughter Ada died.", contact="a@example.org"
    )
    raiser = raisers.find(receipt.number, receipt.code)
    assert raisers.accounts_of([raiser])[0][1] == "Our daughter Ada died."
    act_as(TOCSIN)
    checkpoint.take(moment.at)
    entry = Entry.objects.get(what="noted")

    raisers.erase(raiser=raiser.pk, reason="asked for by the person")

    assert checkpoint.verify()[1] == []
    assert seal.opened(json.loads(entry.payload)["account"]) is None
    assert raisers.find(receipt.number, receipt.code) is None
    assert Raiser.objects.get().account == {}


def test_the_account_stands_nowhere_in_the_open(hall):
    raisers.raise_from_outside(provider=hall.providers["XAA"], kind="outcome-signal", group="family", account="Unmistakable words")
    act_as(TOCSIN)

    with connection.cursor() as cursor:
        for table in ("record_entry", "concerns_raiser", "concerns_concern", "record_seal_key"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%%Unmistakable%%'")
            assert cursor.fetchone() == (0,)


def test_another_key_signs_from_now_on_and_the_old_one_signs_nothing_more(told, moment, settings, tmp_path):
    shutil.copytree(settings.DATA / "keys", tmp_path / "keys", ignore=shutil.ignore_patterns("signing-before"))
    settings.DATA = tmp_path
    act_as(TOCSIN)
    first = Checkpoint.objects.latest("id")
    old = (tmp_path / "keys" / "signing").read_bytes()
    made = checkpoint.change_key(moment.at)

    assert made.pk > first.pk
    assert len(set(keys.public_pems())) == 2
    assert checkpoint.verify()[1] == []
    assert Entry.objects.filter(chain="record", what="signing-key-changed").count() == 1

    # whoever stole the old key signs one more checkpoint with it
    ledger.write(chain="record", what="x", at=moment.at, payload={})
    new = (tmp_path / "keys" / "signing").read_bytes()
    (tmp_path / "keys" / "signing").write_bytes(old)
    keys._read.cache_clear()
    forged = checkpoint.take(moment.at)
    (tmp_path / "keys" / "signing").write_bytes(new)
    keys._read.cache_clear()

    assert [(f.where, f.what) for f in checkpoint.verify()[1]] == [(f"checkpoint {forged.pk}", "its signature is not good")]


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_a_merkle_proof_leads_to_the_root_and_for_no_other_leaf(texts, data):
    leaves = [merkle.leaf(t) for t in texts]
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = merkle.proof(leaves, index)

    assert merkle.from_proof(leaves[index], path) == merkle.root(leaves) == recursive_root(leaves)
    assert merkle.from_proof(merkle.leaf(b"another"), path) != merkle.root(leaves)


def recursive_root(leaves):
    """As RFC 6962 writes it: split at the largest power of two below the number of leaves."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + recursive_root(leaves[:k]) + recursive_root(leaves[k:])).digest()


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)),
        max_size=4,
    )
)
def test_a_payload_has_one_text_without_line_breaks_and_reads_back(payload):
    text = ledger.canonical(payload)

    assert json.loads(text) == payload
    assert text.isascii()
    assert "\n" not in text
    assert ledger.canonical(json.loads(text)) == text


def test_whoever_acts_as_tocsin_does_so_only_for_the_length_of_a_block(hall):
    act_as(hall.icb.pk)
    with pytest.raises(ZeroDivisionError), acting_as(TOCSIN):
        raise ZeroDivisionError

    with connection.cursor() as cursor:
        cursor.execute("SELECT tocsin_acting()")
        assert cursor.fetchone() == (str(hall.icb.pk),)
