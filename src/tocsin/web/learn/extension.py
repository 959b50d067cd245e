"""The extensions that search and recurrence need."""

from typing import Any

from django.db import DatabaseError, transaction


def extensions_there(apps: Any, schema_editor: Any) -> None:
    """pgvector and pg_trgm. Raises RuntimeError that says what to do where the role that migrates may not add one."""
    connection = schema_editor.connection
    for name in ("vector", "pg_trgm"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_extension WHERE extname = %s", [name])
            if cursor.fetchone():
                continue
        try:
            with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
                cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
        except DatabaseError as error:
            raise RuntimeError(
                f"The database lacks the extension '{name}' and the role that migrates may not add it ({str(error).splitlines()[0]}). "
                f"Install it on the server if need be, then let a superuser run in this database: CREATE EXTENSION {name};"
            ) from error


def _nothing(apps: Any, schema_editor: Any) -> None:
    """They stay: other tables may use them."""


NOT_BACK = _nothing
