"""The commands as processes: database, pages and worker, on the embedded server and on a named one."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tocsin.postgres import ensure, stop


def tocsin(*arguments, env):
    return subprocess.run([sys.executable, "-m", "tocsin.cli", *arguments], env=env, capture_output=True, text=True, timeout=120)


def free_port():
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a place")
    yield folder
    stop(folder)


@pytest.fixture
def env(place):
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "TOCSIN_DATABASE_ROLE", "DJANGO_SETTINGS_MODULE")}
    return kept | {"TOCSIN_DATA": str(place)}


def test_the_database_starts_is_migrated_says_where_it_is_and_stops(env):
    started, migrated, said = tocsin("db", "start", env=env), tocsin("db", "migrate", env=env), tocsin("db", "status", "--json", env=env)
    stopped, after = tocsin("db", "stop", env=env), tocsin("db", "status", env=env)

    assert (started.returncode, migrated.returncode, said.returncode, stopped.returncode) == (0, 0, 0, 0)
    assert json.loads(said.stdout)["running"] is True
    assert after.returncode == 1


def test_pages_and_worker_run_on_the_embedded_server_and_end_when_told(env):
    assert tocsin("db", "migrate", env=env).returncode == 0
    serve_and_end(env)


def test_a_named_server_is_used_instead(env, place, tmp_path):
    server = ensure(place)
    url = f"postgresql://tocsin_owner:{server.passwords['tocsin_owner']}@/tocsin?host={server.socket}"
    named = env | {"DATABASE_URL": url, "TOCSIN_DATA": str(tmp_path / "elsewhere")}

    migrated = tocsin("db", "migrate", env=named)

    assert migrated.returncode == 0, migrated.stderr
    assert not (tmp_path / "elsewhere" / "postgres").exists()
    # the owner of the tables is not who serves the pages
    refused = tocsin("serve", "--port", str(free_port()), env=named)
    assert refused.returncode == 2
    assert "owns the tables" in refused.stderr
    assert tocsin("db", "migrate", env=env).returncode == 0
    app = url.replace(server.passwords["tocsin_owner"], server.passwords["tocsin_app"]).replace("tocsin_owner", "tocsin_app")
    serve_and_end(named | {"DATABASE_URL": app})


def test_a_database_that_is_not_postgresql_is_refused(env):
    answer = tocsin("db", "migrate", env=env | {"DATABASE_URL": "mysql://x/y"})

    assert answer.returncode != 0
    assert "Tocsin needs PostgreSQL" in answer.stderr


def test_a_taken_port_is_said(env):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = tocsin("serve", "--port", str(taken.getsockname()[1]), env=env)

    assert answer.returncode == 2
    assert "is taken" in answer.stderr


def serve_and_end(env):
    port = free_port()
    running = [
        subprocess.Popen([sys.executable, "-m", "tocsin.cli", *part], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for part in (["serve", "--port", str(port)], ["worker"])
    ]
    try:
        for _ in range(300):
            assert all(p.poll() is None for p in running), [p.communicate()[0] for p in running if p.poll() is not None]
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=5) as answer:
                    assert answer.status == 200
                    break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        else:
            pytest.fail("no answer within 30 seconds")
        time.sleep(1)
    finally:
        for p in running:
            p.send_signal(signal.SIGINT)
        ends = [p.wait(20) for p in running]
        said = [p.stdout.read() for p in running]
    assert ends == [0, 0], said
    assert Path(env["TOCSIN_DATA"]).exists()
