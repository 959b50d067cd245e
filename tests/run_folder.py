"""A data folder, and so a server, for each test run alone: two runs at once don't meet, and nothing of a run is left when it is over."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

_NAMED = "TOCSIN_TESTS_FOLDER"
_PREFIX = f"tocsin-tests-{os.getuid()}-"


def own() -> Path:
    """This run's folder. Workers and processes that the run starts inherit its name; a run that was killed is cleared away here."""
    if _NAMED not in os.environ:
        for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            pid = left.name.removeprefix(_PREFIX)
            # a folder with our own number is of a run before that happened to have the same
            if pid.isdigit() and (int(pid) == os.getpid() or not psutil.pid_exists(int(pid))):
                remove(left)
        os.environ[_NAMED] = str(Path(tempfile.gettempdir()) / f"{_PREFIX}{os.getpid()}")
    return Path(os.environ[_NAMED])


def remove(folder: Path) -> None:
    """Stop the folder's server and remove all that it kept."""
    from tocsin.postgres import PostgresError, status, stop

    with suppress(PostgresError, OSError):
        stop(folder)
    said = status(folder)
    for place in (Path(said["data"]).parent, Path(said["socket"]), folder):
        shutil.rmtree(place, ignore_errors=True)
