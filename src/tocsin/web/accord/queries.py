"""What is read for the pages."""

from collections import OrderedDict
from functools import lru_cache

from tocsin.accord import SHIPPED, AccordMap, Report, check, read_map, shipped
from tocsin.web.accord.models import MapInForce

IN_FORCE = "in-force"
_KEPT = 16


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


_READ: OrderedDict[str, AccordMap] = OrderedDict()


def read_row(row: MapInForce) -> AccordMap:
    """The map of a row, kept by the print of its files, so that the files need be neither fetched nor compared again. One query at most."""
    found = _READ.get(row.content_print)
    if found is None:
        found = _READ[row.content_print] = read(tuple((name, text) for name, text in row.files))
        while len(_READ) > _KEPT:
            _READ.popitem(last=False)
    return found


@lru_cache(maxsize=16)
def report(files: tuple[tuple[str, str], ...]) -> Report:
    return check(read(files))
