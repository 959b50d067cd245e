"""Another master key: everything that is encrypted under it is brought under the new one, while Tocsin runs.

Only the keys of files and sealed words are encrypted under the master key, so they are wrapped anew and no file is touched. It may be
killed at any moment and run again: a row is under the old key or the new one, both are at hand until all are under the new one, and
nothing is written that somebody else changed or erased meanwhile.
"""

import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tocsin.web.record import keys, ledger

STEP = 500
SETTLED = 60
"""Seconds after which no process still has something in hand that it wrapped under the key before."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where something lies that is under the master key. anew: its new value; the old one where nothing is to be done. Raises Unreadable."""

    table: str
    key: str
    column: str
    anew: Callable[[Any, Any], Any]
    json: bool = False


def wrapped_anew(value: Any, _key: Any = None) -> Any:
    """A key that was wrapped, wrapped under the newest master key."""
    wrapped = bytes(value)
    return wrapped if not wrapped or keys.under_the_newest(wrapped) else keys.wrap(keys.unwrap(wrapped))


OWN = (Kept("record_seal_key", "id", "wrapped", wrapped_anew), Kept("record_file", "sha256", "wrapped", wrapped_anew))
"""What the record keeps itself."""


@dataclass(frozen=True, slots=True)
class Unread:
    """What no key here opens."""

    table: str
    key: str


def change(
    also: Iterable[Kept], at: Callable[[], datetime], *, settled: float = SETTLED, progress: Callable[[str, int], None] | None = None
) -> tuple[int, list[Unread]]:
    """Bring all that is under an older master key under a new one. Returns how much was changed, and what could not be opened.

    also: where other rooms keep something. It must be run as Tocsin itself. One run at a time; a second one waits. Where something could not
    be opened the change stays open, and the next run goes on with it. Raises ValueError as keys.begin_new_master does.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('tocsin master key'))")
    try:
        before, from_now = keys.begin_new_master()
        began, changed, places = time.monotonic(), 0, (*OWN, *also)
        while True:
            settled_now = time.monotonic() - began >= settled
            done, unread = _pass(places, progress)
            changed += done
            if not done and settled_now:
                break
            if not done:
                # what a process had in hand when the key changed comes in until then
                time.sleep(max(0.0, settled - (time.monotonic() - began)))
        if unread:
            return changed, unread
        # seen before where it was killed between the entry and the end
        with transaction.atomic(), suppress(ledger.DoneBefore):
            ledger.write(
                chain="record", what="master-key-changed", at=at(), payload={"before": before, "from_now": from_now},
                request=uuid.uuid5(uuid.NAMESPACE_OID, f"{before} {from_now}"),
            )  # fmt: skip
        keys.end_new_master()
        return changed, []
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('tocsin master key'))")


def _pass(places: Iterable[Kept], progress: Callable[[str, int], None] | None) -> tuple[int, list[Unread]]:
    changed, unread = 0, []
    for place in places:
        last = None
        while rows := _rows(place, last):
            last = rows[-1][0]
            for key, value in rows:
                try:
                    new = place.anew(value, key)
                except keys.Unreadable:
                    unread.append(Unread(place.table, str(key)))
                    continue
                if new is not value and new != value:
                    changed += _replace(place, key, value, new)
            if progress:
                progress(place.table, changed)
    return changed, unread


def _rows(place: Kept, last: Any) -> list[tuple[Any, Any]]:
    after = "" if last is None else f"AND {place.key} > %s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {place.key}, {place.column}{'::text' if place.json else ''} FROM {place.table} "  # noqa: S608
            f"WHERE {place.column} IS NOT NULL {after} ORDER BY {place.key} LIMIT {STEP}",
            [] if last is None else [last],
        )
        return [(k, v if place.json else bytes(v)) for k, v in cursor.fetchall()]


def _replace(place: Kept, key: Any, old: Any, new: Any) -> int:
    """Only where it is still as it was read: what was erased meanwhile stays erased."""
    with connection.cursor() as cursor:
        column = f"{place.column}::text" if place.json else place.column
        value = "%s::jsonb" if place.json else "%s"
        cursor.execute(f"UPDATE {place.table} SET {place.column} = {value} WHERE {place.key} = %s AND {column} = %s", [new, key, old])  # noqa: S608
        return cursor.rowcount
