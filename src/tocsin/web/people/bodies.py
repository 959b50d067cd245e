"""Which body answers: from the map's word ('icb') and a provider to one body of this country."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Q

from tocsin.web.people.models import Body, Provider


def body_for(kind: str, provider: Provider) -> Body | None:
    """The body of this kind that answers for a provider; None where none is known here. One query."""
    found = Body.objects.filter(kind=kind).filter(Q(provider=provider) | Q(coverage__provider=provider) | Q(national=True))
    return found.order_by("national", "id").first()


def bodies_for(provider: Provider) -> dict[str, Body]:
    """Every body that answers for a provider, by its kind; the nearer goes before the national one. One query."""
    found = Body.objects.filter(Q(provider=provider) | Q(coverage__provider=provider) | Q(national=True)).order_by("-national", "-id")
    return {b.kind: b for b in found}


def reachable(bodies: Iterable[int]) -> set[int]:
    """Which of these bodies have somebody who may act for them; who it is, is not said. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT people_reachable(%s)", [list(bodies)])
        return {body for (body,) in cursor.fetchall()}
