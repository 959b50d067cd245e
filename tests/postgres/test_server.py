import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tocsin.postgres import PostgresError, ensure, status, stop


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "a folder with spaces"
    place.mkdir()
    yield place
    stop(place)


def test_a_server_starts_is_found_again_and_stops(folder):
    first = ensure(folder)
    again = ensure(folder)

    assert first == again
    assert status(folder)["running"]
    assert stop(folder)
    assert not status(folder)["running"]
    assert not stop(folder)


def test_rows_that_were_acknowledged_are_there_after_a_kill(folder):
    server = ensure(folder)
    with server.connect("tocsin_owner") as connection:
        connection.execute("CREATE TABLE told (word text)")
        connection.execute("INSERT INTO told VALUES ('kept')")
    os.kill(status(folder)["pid"], 9)
    time.sleep(0.2)

    with ensure(folder).connect("tocsin_owner") as connection:
        assert connection.execute("SELECT word FROM told").fetchall() == [("kept",)]


def test_the_web_role_is_bound_by_row_level_security_and_cannot_change_tables_or_roles(folder):
    server = ensure(folder)
    with server.connect("tocsin_owner") as owner:
        owner.execute("CREATE TABLE secret (word text)")
        owner.execute("INSERT INTO secret VALUES ('hidden')")
        owner.execute("GRANT SELECT ON secret TO tocsin_app")
        owner.execute("ALTER TABLE secret ENABLE ROW LEVEL SECURITY")

    with server.connect("tocsin_app") as app:
        assert app.execute("SELECT * FROM secret").fetchall() == []
        for forbidden in ("ALTER TABLE secret DISABLE ROW LEVEL SECURITY", "CREATE ROLE other", "DROP TABLE secret"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(forbidden)


def test_nobody_enters_without_the_password(folder):
    server = ensure(folder)

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=server.socket, dbname="tocsin", user="tocsin_app", password="guessed")
    assert "password" not in repr(server)
    assert not any(p in repr(server) for p in server.passwords.values())


def test_six_processes_that_start_at_once_find_one_server(folder):
    code = "import sys; from pathlib import Path; from tocsin.postgres import ensure; print(ensure(Path(sys.argv[1])).socket)"
    started = [subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True) for _ in range(6)]
    said = [p.communicate(timeout=120)[0].strip() for p in started]

    assert len(set(said)) == 1
    assert all(p.returncode == 0 for p in started)


def test_a_failure_names_the_log(folder, monkeypatch):
    ensure(folder)
    stop(folder)
    from pathlib import Path

    data = Path(status(folder)["data"])
    (data / "postgresql.conf").write_text("no_such_setting = 1\n")
    monkeypatch.setattr("tocsin.postgres.server.time.sleep", lambda _: None)

    with pytest.raises(PostgresError, match="log: "):
        ensure(folder)


def test_a_folder_that_was_removed_and_made_again_gets_a_new_server_and_the_old_data_are_kept(folder):
    server = ensure(folder)
    data = status(folder)["data"]
    with server.connect("tocsin_owner") as connection:
        connection.execute("CREATE TABLE old (word text)")
    (folder / "postgres.json").unlink()

    with ensure(folder).connect("tocsin_owner") as connection:
        assert connection.execute("SELECT to_regclass('old')").fetchone() == (None,)
    assert Path(data + ".without-passwords-1").exists()
