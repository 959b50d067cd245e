"""`tocsin serve`: the pages over HTTP."""

import os
import socket
import sys
from typing import Annotated

import typer

from tocsin.cli.parent import end_with_parent


def command(
    port: Annotated[int, typer.Option(help="Port to serve on.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
) -> None:
    """Serve the pages until stopped. Exit status 2 where the port is taken.

    Example: tocsin serve --port 8001
    """
    refuse_taken(host, port)
    end_with_parent()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.web.settings")
    refuse_unbound()
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        "tocsin.web.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=min(8, 2 * (os.cpu_count() or 1)),
        blocking_threads=2,
        log_level=LogLevels.warning,
    ).serve()


def refuse_unbound() -> None:
    """Stop where the pages would connect as a role that row-level security does not bind: then one forgotten filter would show everything."""
    import django
    from django.db import Error, connection

    django.setup()
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_user, rolsuper, rolbypassrls, EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relrowsecurity AND pg_has_role(c.relowner, 'MEMBER')) "
                "FROM pg_roles WHERE rolname = current_user"
            )
            name, superuser, passes, owns = cursor.fetchone()
    except Error:
        # that the database does not answer is said by the pages and by /health/
        return
    finally:
        connection.close()
    if superuser or passes or owns:
        why = "is a superuser" if superuser else "has BYPASSRLS" if passes else "owns the tables"
        print(
            f"The role '{name}' {why}, so row-level security would not bind the pages. Connect as a role of its own that owns nothing and "
            "has the rights in tocsin.postgres.server.GRANTS (docs/how-to/let-people-in.md).",
            file=sys.stderr,
        )
        raise typer.Exit(2)


def refuse_taken(host: str, port: int) -> None:
    """Stop with a plain message where something already listens there."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            print(
                f"Port {port} is taken. Stop what serves there, or choose another: --port {port + 1} (make demo PORT={port + 1})",
                file=sys.stderr,
            )
            raise typer.Exit(2) from None
