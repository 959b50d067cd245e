"""Names beside what somebody did: shown to those who see it, while addresses and passwords stay where nobody else reads them."""

from collections.abc import Iterable
from typing import Any

from tocsin.web.people.models import Member, Named

UNKNOWN = "Somebody"
"""Where the acting member may not know the name."""


def put_names(*groups: tuple[Iterable[Any], str]) -> None:
    """Each group is rows and the path to a member ('seat.member'), who from then on is known by number and name alone. One query for all.

    The rows are lists, or querysets that were read. What else is kept of a member is not there: asking for it is a query of its own, which
    row-level security answers. The database is never asked to join a member's row, which would hide what stands beside it.
    """
    places = [place for rows, path in groups for row in rows if row is not None and (place := _place(row, path)) is not None]
    numbers = {getattr(parent, f"{field}_id") for parent, field in places} - {None}
    names = dict(Named.objects.filter(pk__in=numbers).values_list("pk", "name")) if numbers else {}
    for parent, field in places:
        number = getattr(parent, f"{field}_id")
        if number is not None:
            setattr(parent, field, Member.from_db("default", ["id", "name"], [number, names.get(number, UNKNOWN)]))


def _place(row: Any, path: str) -> tuple[Any, str] | None:
    *way, field = path.split(".")
    for step in way:
        row = getattr(row, step)
        if row is None:
            return None
    return row, field
