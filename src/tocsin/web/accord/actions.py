"""What may happen: a map is put in force, if it keeps every law or a named person says why not."""

import hashlib
from functools import lru_cache

from django.db import transaction

from tocsin.accord import check, read_map
from tocsin.web.accord.models import MapInForce


class AccordRefuses(Exception):
    """A map that breaks a law was to be put in force without a reason. `broken`: codes of the laws."""

    def __init__(self, broken: list[str]) -> None:
        self.broken = broken
        super().__init__(
            f"the map breaks {', '.join(broken)} (tocsin accord check says how); it is put in force only if a named person gives a reason, "
            "which stays visible"
        )


@lru_cache(maxsize=8)
def _broken(files: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Codes of the laws that a map breaks. Checking takes seconds, and a text always gives the same answer."""
    report = check(read_map(dict(files)), amend=False)
    return tuple(sorted({f.code for f in report.findings if f.severity == "error"}, key=lambda code: int(code[1:])))


@transaction.atomic
def put_in_force(*, files: dict[str, str], by: str, override: str = "") -> MapInForce:
    """From now on this map is in force. by: the person's name. Raises MapError, AccordRefuses, ValueError where no person is named."""
    if not by.strip():
        raise ValueError("say who puts the map in force")
    map_ = read_map(files)
    broken = list(_broken(tuple(files.items())))
    if broken and not override.strip():
        raise AccordRefuses(broken)
    pairs = [[name, text] for name, text in files.items()]
    content_print = hashlib.sha256(repr(pairs).encode()).hexdigest()
    return MapInForce.objects.create(
        name=map_.name, files=pairs, content_print=content_print, by=by.strip(), broken=broken, override=override.strip() if broken else ""
    )
