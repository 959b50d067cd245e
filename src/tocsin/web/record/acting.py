"""For whom this database session acts. Row-level security asks for it, so a forgotten filter in a page shows nothing it may not."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from django.db import DatabaseError, connection

TOCSIN = "tocsin"
"""Tocsin itself: the clock, the watch, the door at which families and staff raise a concern."""

_KNOWN = re.compile(r"tocsin|raiser:[0-9a-f-]{36}|[0-9a-f-]{36}|")


def act_as(who: str | UUID | None) -> None:
    """From now on this session acts for a member (by id), for 'raiser:<id>', for TOCSIN, or (None) for nobody. One query."""
    word = str(who or "")
    if not _KNOWN.fullmatch(word):
        raise ValueError(f"nobody can act as {word!r}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('tocsin.acting', %s, false)", [word])


def acting() -> str:
    """For whom this session acts. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tocsin_acting()")
        return str(cursor.fetchone()[0])


@contextmanager
def acting_as(who: str | UUID | None) -> Iterator[None]:
    """As `act_as` for the length of a block."""
    before = acting()
    act_as(who)
    try:
        yield
    finally:
        # in a transaction that failed the database refuses, and takes the setting back itself
        with suppress(DatabaseError):
            act_as(before)
