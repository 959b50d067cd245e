"""A copy of the database of a data folder and of its files, and the way back. Keys are not in it: they are kept apart from it.

The tables refuse even their owner to read past row-level security, so it is the server's superuser who dumps and restores.
"""

import os
import shutil
import subprocess
from pathlib import Path

from tocsin.postgres.server import DATABASE, PostgresError, _binaries, _places, empty, ensure


def back_up(folder: Path, to: Path) -> None:
    """Write `to`/database.dump and `to`/files. Raises PostgresError, OSError, FileExistsError where `to` is there already.

    The database comes first: a file is kept before the entry that tells of it, so each file of the dump is in the copy, unless it was
    erased meanwhile. It is written beside and renamed when all of it is on the disk, so a copy that was cut short is not taken for one.
    """
    if to.exists():
        raise FileExistsError(f"{to} is there already; a copy is never written over another")
    partial = to.with_name(f"{to.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    with (partial / "database.dump").open("wb") as file:
        _run(folder, "pg_dump", "--format=custom", DATABASE, stdout=file)
        os.fsync(file.fileno())
    if (folder / "files").exists():
        shutil.copytree(folder / "files", partial / "files")
    partial.rename(to)


def restore(folder: Path, copy: Path) -> None:
    """Make the database and the files of an empty data folder from a copy. Raises PostgresError, OSError; ValueError where it is not empty."""
    dump = copy / "database.dump"
    if not dump.is_file():
        raise FileNotFoundError(f"{dump} is not there; name the folder that 'tocsin db backup' made")
    with ensure(folder).connect("postgres") as connection:
        if connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1").fetchone():
            raise ValueError(f"the database of {folder} holds something already; restore into a new data folder")
    empty(folder)
    with dump.open("rb") as file:
        _run(folder, "pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={DATABASE}", stdin=file)
    if (copy / "files").exists():
        shutil.copytree(copy / "files", folder / "files", dirs_exist_ok=True)


def _run(folder: Path, program: str, *arguments: str, **streams: object) -> None:
    server = ensure(folder)
    command = [_binaries(_places(folder)) / program, "-h", server.socket, "-U", "postgres", *arguments]
    # the password stands in the environment of this one process, not in a command line that others can read
    env = {"PGPASSWORD": server.passwords["postgres"], "LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=env, stderr=subprocess.PIPE, check=False, **streams)  # type: ignore[call-overload]  # noqa: S603
    if done.returncode:
        raise PostgresError(f"{program} failed: {done.stderr.decode(errors='replace').strip()}")
