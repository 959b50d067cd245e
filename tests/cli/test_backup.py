"""A copy of everything, put back elsewhere: the record verifies there, and only with the keys."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tocsin.postgres import ensure, stop


def tocsin(*arguments, at):
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "TOCSIN_DATABASE_ROLE", "DJANGO_SETTINGS_MODULE")}
    command = [sys.executable, "-m", "tocsin.cli", *arguments]
    return subprocess.run(command, env=kept | {"TOCSIN_DATA": str(at)}, capture_output=True, text=True, timeout=180)


@pytest.fixture
def places(tmp_path):
    made = [tmp_path / "first", tmp_path / "second"]
    for place in made:
        place.mkdir()
    yield made
    for place in made:
        stop(place)


def test_a_copy_that_is_put_back_verifies_with_its_keys_and_not_with_others(places, tmp_path):
    first, second = places
    copy = tmp_path / "copies" / "one"
    assert tocsin("db", "migrate", at=first).returncode == 0
    invited = tocsin("people", "first", "--body", "nhse", "--name", "The nation", "--email", "a@example.org", at=first)
    assert invited.returncode == 0, invited.stderr
    assert "Checkpoint 1" in tocsin("record", "checkpoint", at=first).stdout
    (first / "files" / "ab").mkdir(parents=True)
    (first / "files" / "ab" / "abc").write_bytes(b"sealed")
    before = json.loads(tocsin("record", "verify", "--json", at=first).stdout)

    made, again = tocsin("db", "backup", str(copy), at=first), tocsin("db", "backup", str(copy), at=first)
    shutil.copytree(first / "keys", second / "keys")
    back = tocsin("db", "restore", str(copy), at=second)
    verified = tocsin("record", "verify", "--json", at=second)
    over = tocsin("db", "restore", str(copy), at=second)

    assert made.returncode == 0, made.stderr
    assert sorted(p.name for p in copy.iterdir()) == ["database.dump", "files"]
    assert again.returncode == 2
    assert "never written over" in again.stderr
    assert back.returncode == 0, back.stderr
    assert json.loads(verified.stdout) == before
    assert (before["entries"], before["checkpoints"], before["faults"]) == (2, 1, [])
    assert (second / "files" / "ab" / "abc").read_bytes() == b"sealed"
    assert over.returncode == 2
    assert "restore into a new data folder" in over.stderr
    # what binds the web is bound there too
    with ensure(second).connect("tocsin_app") as app:
        assert app.execute("SELECT count(*) FROM record_entry").fetchone() == (0,)
    (second / "keys" / "signing").write_bytes(os.urandom(32))
    other = tocsin("record", "verify", at=second)
    assert other.returncode == 1
    assert "its signature is not good" in other.stdout


def test_what_is_no_copy_is_refused_and_nothing_is_made(places, tmp_path):
    refused = tocsin("db", "restore", str(tmp_path), at=places[0])

    assert refused.returncode == 2
    assert "is not there; name the folder" in refused.stderr
