"""What is read for the pages."""

from functools import lru_cache

from tocsin.accord import SHIPPED, AccordMap, Report, check, read_map, shipped
from tocsin.web.accord.models import MapInForce

IN_FORCE = "in-force"


def in_force() -> MapInForce | None:
    """The map in force. One query."""
    return MapInForce.objects.order_by("-id").first()


def files_of(name: str, current: MapInForce | None) -> tuple[tuple[str, str], ...] | None:
    """Files of the map in force or of a shipped one; None where there is none of that name. No query."""
    if name == IN_FORCE and current is not None:
        return tuple((n, text) for n, text in current.files)
    return tuple(shipped(name).items()) if name in SHIPPED else None


@lru_cache(maxsize=16)
def read(files: tuple[tuple[str, str], ...]) -> AccordMap:
    return read_map(dict(files))


@lru_cache(maxsize=16)
def report(files: tuple[tuple[str, str], ...]) -> Report:
    return check(read(files))
