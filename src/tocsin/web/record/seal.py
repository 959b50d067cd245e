"""What concerns one person is kept sealed, so that it can be erased while the record still fits together.

The record holds the sealed text and its hash; the key stands beside it. Erasing a person throws the key away: nobody can read the text
again, and no entry has changed. Copies of the database made before keep the key until they are deleted (docs/how-to/erase-and-retain.md).
"""

import base64
import secrets
from typing import Any

from tocsin.web.record import keys
from tocsin.web.record.models import SealKey


def seal(about: str, plain: str) -> dict[str, str]:
    """A text, sealed under the key of the one whom it is about ('raiser:<id>'), as a value for an entry. At most three queries."""
    key = SealKey.objects.filter(about=about).first() or _new(about)
    sealed = keys.encrypt(keys.unwrap(key.wrapped), plain.encode(), about.encode())
    return {"sealed": base64.b64encode(sealed).decode(), "about": about, "key": str(key.pk)}


def opened(value: Any) -> str | None:
    """What was sealed; None where it was erased. Raises keys.Unreadable where it was changed. One query."""
    key = SealKey.objects.filter(pk=value["key"]).first()
    if key is None:
        return None
    return keys.decrypt(keys.unwrap(key.wrapped), base64.b64decode(value["sealed"]), value["about"].encode()).decode()


def all_opened(values: list[Any]) -> list[str | None]:
    """As `opened` for many, in their order. One query."""
    wanted = {v["key"] for v in values if v}
    found = {str(k.pk): keys.unwrap(k.wrapped) for k in SealKey.objects.filter(pk__in=wanted)}
    return [
        keys.decrypt(found[v["key"]], base64.b64decode(v["sealed"]), v["about"].encode()).decode() if v and v["key"] in found else None
        for v in values
    ]


def throw_away(about: str) -> bool:
    """Throw the key away: what was sealed about this person cannot be read again. Returns whether there was one."""
    return SealKey.objects.filter(about=about).delete()[0] > 0


def _new(about: str) -> SealKey:
    wrapped = keys.wrap(secrets.token_bytes(32))
    return SealKey.objects.get_or_create(about=about, defaults={"wrapped": wrapped})[0]
