"""Bodies and members of the demo country. The names of its boards are made up; the kinds of its bodies are those of the map."""

from collections.abc import Iterable
from itertools import groupby

from django.db import transaction

from tocsin.web.people.models import Body, Coverage, Member, Membership, Provider, Role
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now

NATIONAL = {
    "nhse": "NHS England", "cqc": "The Care Quality Commission", "sos": "The Secretary of State",
    "mnsi": "Maternity and Newborn Safety Investigations", "mbrrace": "MBRRACE-UK", "nhsr": "NHS Resolution",
    "nmc": "The Nursing and Midwifery Council", "gmc": "The General Medical Council", "coroner": "The coroners",
    "phso": "The Parliamentary and Health Service Ombudsman",
}  # fmt: skip
BOARD_OF = 4
"""Providers for which one board answers."""


@transaction.atomic
def make_country(providers: Iterable[tuple[str, str, str]]) -> None:
    """Providers (code, name, region), their own bodies, boards and regions that answer for them, the national bodies, and members of each."""
    with acting_as(TOCSIN):
        _make(providers)


def _make(providers: Iterable[tuple[str, str, str]]) -> None:
    rows = sorted(set(providers), key=lambda p: (p[2], p[0]))
    Provider.objects.bulk_create([Provider(code=c, name=n, kind="nhs-trust", region=r) for c, n, r in rows], ignore_conflicts=True)
    bodies = [Body(code=c, kind="trust", name=n, provider_id=c) for c, n, _ in rows]
    bodies += [Body(code=k, kind=k, name=n, national=True) for k, n in NATIONAL.items()]
    covers: list[tuple[str, str]] = []
    for region, group in groupby(rows, key=lambda p: p[2]):
        here = [p[0] for p in group]
        slug = region.lower().replace(" ", "-") or "country"
        bodies.append(Body(code=f"region-{slug}", kind="region", name=f"{region}: the region"))
        covers += [(f"region-{slug}", p) for p in here]
        for at in range(0, len(here), BOARD_OF):
            code = f"board-{slug}-{at // BOARD_OF + 1}"
            bodies.append(Body(code=code, kind="icb", name=f"{region}: board {at // BOARD_OF + 1}"))
            covers += [(code, p) for p in here[at : at + BOARD_OF]]
    Body.objects.bulk_create(bodies, ignore_conflicts=True)
    by_code = {b.code: b for b in Body.objects.all()}
    Coverage.objects.bulk_create([Coverage(body=by_code[b], provider_id=p) for b, p in covers], ignore_conflicts=True)
    if not Member.objects.filter(demo=True).exists():
        _members(list(by_code.values()))


def _members(bodies: list[Body]) -> None:
    at = now()
    members, roles = [], []
    for body in bodies:
        for role, word in ((Role.LEAD, "acts for"), (Role.ADMINISTRATOR, "lets people into")):
            if role == Role.ADMINISTRATOR and not body.national:
                continue
            member = Member(email=f"{role}.{body.code}@demo.invalid".lower(), name=f"Demo: {word} {body.name}", demo=True, password="!")  # noqa: S106
            members.append(member)
            roles.append(Membership(member=member, body=body, role=role, began=at))
    Member.objects.bulk_create(members)
    Membership.objects.bulk_create(roles)
