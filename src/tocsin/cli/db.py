"""`tocsin db`: the embedded PostgreSQL. Exit status: 0 done; 1 not running; 2 failed, and the message says why."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from tocsin.postgres import PostgresError, ensure, status, stop

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)


def data_folder() -> Path:
    """Where data lives: TOCSIN_DATA, or .tocsin in the folder one stands in."""
    return Path(os.environ.get("TOCSIN_DATA", ".tocsin")).resolve()


@app.command()
def start() -> None:
    """Start the server, if it does not run. Example: tocsin db start"""
    try:
        ensure(data_folder())
    except (PostgresError, OSError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"PostgreSQL runs over {status(data_folder())['data']}")


@app.command(name="stop")
def stop_() -> None:
    """Stop the server, letting transactions end. Example: tocsin db stop"""
    try:
        print("PostgreSQL was stopped." if stop(data_folder()) else "PostgreSQL did not run.")
    except PostgresError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None


@app.command(name="status")
def status_(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Say whether the server runs, and where. Example: tocsin db status --json"""
    found = status(data_folder())
    if as_json:
        print(json.dumps(found))
    else:
        print(f"PostgreSQL {'runs' if found['running'] else 'does not run'}; data {found['data']}; log {found['log']}")
    if not found["running"]:
        raise typer.Exit(1)


@app.command()
def migrate() -> None:
    """Bring the tables up to date, as the role that owns them. Example: tocsin db migrate"""
    bring_up_to_date()
    print("The tables are up to date.")


@app.command()
def backup(to: Annotated[Path, typer.Argument(help="Folder to make.")]) -> None:
    """Copy the database and the files into a new folder, while Tocsin runs. The keys are not in it: keep them apart.

    Example: tocsin db backup /backups/tocsin-2026-02-01
    """
    from tocsin.postgres.backup import back_up

    _embedded()
    try:
        back_up(data_folder(), to)
    except (PostgresError, OSError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"{to}: database.dump and files. Not in it: {data_folder() / 'keys'}; without those keys nothing that is sealed can be read again")


@app.command()
def restore(copy: Annotated[Path, typer.Argument(help="Folder that `tocsin db backup` made.")]) -> None:
    """Make the database and the files of a new data folder from a copy. Put the keys back first; then run `tocsin record verify`.

    Example: TOCSIN_DATA=/srv/tocsin-new tocsin db restore /backups/tocsin-2026-02-01
    """
    from tocsin.postgres.backup import restore as restoring

    _embedded()
    try:
        restoring(data_folder(), copy)
    except (PostgresError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    bring_up_to_date()
    print(f"Restored into {data_folder()}. Now run: tocsin record verify")


def _embedded() -> None:
    if os.environ.get("DATABASE_URL"):
        print("DATABASE_URL names a server of your own: use its own pg_dump, as a superuser (docs/how-to/run-tocsin.md)", file=sys.stderr)
        raise typer.Exit(2)


def bring_up_to_date() -> None:
    """Migrate as the owner, then grant the app its rights."""
    import subprocess

    from tocsin.postgres.server import grant

    env = os.environ | {"TOCSIN_DATABASE_ROLE": "tocsin_owner", "DJANGO_SETTINGS_MODULE": "tocsin.web.settings"}
    if subprocess.run([sys.executable, "-m", "django", "migrate", "--verbosity", "0"], env=env, check=False).returncode:
        print("The tables could not be brought up to date; the last line above says why.", file=sys.stderr)
        raise typer.Exit(2)
    if not os.environ.get("DATABASE_URL"):
        grant(ensure(data_folder()))
