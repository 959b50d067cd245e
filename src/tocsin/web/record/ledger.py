"""Writing to the record and reading from it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from tocsin.web.record.models import Entry


class DoneBefore(Exception):
    """The same form or call was already taken in. entry: what it did then."""

    def __init__(self, entry_id: int) -> None:
        self.entry_id = entry_id
        super().__init__("this was already done")


@dataclass(frozen=True, slots=True)
class Written:
    id: int
    seq: int
    hash: str


def canonical(payload: dict[str, Any]) -> str:
    """JSON with sorted keys and without spaces, line breaks or anything beyond ASCII: one text for one value."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def write(
    *, chain: str, what: str, at: datetime, payload: dict[str, Any], member: UUID | None = None, body: str = "", request: UUID | None = None
) -> Written:
    """Add an entry, inside the transaction that makes the change. Raises DoneBefore where `request` was seen before. One query."""
    if not connection.in_atomic_block:
        raise RuntimeError("an entry is written in the transaction of the change that it tells of")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO record_entry (chain, seq, at, member, body, what, payload, previous, hash, request, transaction) "
                "VALUES (%s, 0, %s, %s, %s, %s, %s, '', '', %s, 0) "
                "RETURNING id, seq, hash",
                [chain, at, member, body, what, canonical(payload), request],
            )
            return Written(*cursor.fetchone())
    except IntegrityError as error:
        if request is not None and "entry_request" in str(error):
            found = Entry.objects.filter(request=request).values_list("id", flat=True).first()
            raise DoneBefore(found or 0) from None
        raise


def entries(chain: str) -> list[Entry]:
    """All entries of a chain, in order; none where this session may not read it. One query: the database is asked once for the whole chain."""
    return list(Entry.objects.raw("SELECT * FROM record_entries(%s)", [chain]))


def head(chain: str) -> int:
    """Number of the last entry of a chain, 0 where there is none. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq FROM record_chain WHERE chain = %s", [chain])
        row = cursor.fetchone()
    return int(row[0]) if row else 0
