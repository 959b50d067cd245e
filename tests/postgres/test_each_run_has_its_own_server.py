"""The tests' own ground: two runs never share a server, and what a killed run left behind is cleared away by the next."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

import run_folder

BEGIN = "import run_folder; from tocsin.postgres import ensure, status; f = run_folder.own(); ensure(f); print(f, status(f)['pid'])"


def runs(pid):
    """Whether a process runs; one that has ended and that nobody has asked after does not."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def begin(**more):
    """Another test run as far as its server, ended without any tidying."""
    env = {k: v for k, v in os.environ.items() if k != "TOCSIN_TESTS_FOLDER"} | {"PYTHONPATH": os.pathsep.join(sys.path)} | more
    said = subprocess.run([sys.executable, "-c", BEGIN], env=env, capture_output=True, text=True, check=True, timeout=180).stdout.split()
    return Path(said[0]), int(said[1])


def test_runs_do_not_meet_and_a_killed_runs_server_is_gone_after_the_next_began():
    killed, killed_server = begin()
    assert runs(killed_server)

    other, _ = begin()
    try:
        assert other not in (killed, run_folder.own())
        assert not killed.exists()
        assert not runs(killed_server)
        assert run_folder.own().exists()
    finally:
        run_folder.remove(other)
    assert not other.exists()


def test_what_a_run_starts_shares_its_server():
    assert begin(TOCSIN_TESTS_FOLDER=str(run_folder.own()))[0] == run_folder.own()
