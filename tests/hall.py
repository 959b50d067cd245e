"""A small country for tests of the hall: two trusts, their boards and overseers, and somebody in each."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from uuid import uuid4

from tocsin.accord import shipped
from tocsin.signal import ConcernKind, Level, ProviderRef, Signal
from tocsin.web.accord.actions import put_in_force
from tocsin.web.concerns.models import Concern
from tocsin.web.people.models import Body, Coverage, Member, Membership, Provider
from tocsin.web.record.acting import TOCSIN, acting_as

MONDAY = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_number = count(1)


@dataclass
class Hall:
    providers: dict[str, Provider]
    bodies: dict[str, Body]
    members: dict[str, Member]

    def __getattr__(self, name):
        return self.members[name]


def build(map_name="tocsin-proposed"):
    with acting_as(TOCSIN):
        put_in_force(files=shipped(map_name), by="A tester", override="tested")
        providers = {c: Provider.objects.create(code=c, name=f"Provider {c}", kind="nhs-trust", region="North") for c in ("XAA", "XAB")}
        bodies, members = {}, {}
        for kind, name, provider in (
            ("trust", "Trust XAA", "XAA"), ("trust-b", "Trust XAB", "XAB"), ("icb", "Board of the North", None),
            ("region", "Region of the North", None), ("nhse", "The nation", None), ("cqc", "The regulator", None),
            ("mnsi", "The investigators", None),
        ):  # fmt: skip
            body = Body.objects.create(
                code=kind, kind=kind.split("-")[0], name=name, provider=providers.get(provider), national=kind in ("nhse", "cqc", "mnsi")
            )
            if kind in ("icb", "region"):
                for p in providers.values():
                    Coverage.objects.create(body=body, provider=p)
            bodies[kind] = body
            members[kind.replace("-", "_")] = member(body)
    return Hall(providers, bodies, members)


def member(body, role="lead", name=None):
    with acting_as(TOCSIN):
        made = Member.objects.create_user(f"m{next(_number)}@example.org", "a long password", name=name or f"Somebody at {body.name}")
        Membership.objects.create(member=made, body=body, role=role, began=MONDAY)
    return made


def signal(provider="XAA", level=Level.RED, indicator="stillbirth", raised_on=date(2026, 1, 4), kind=ConcernKind.OUTCOME_SIGNAL):
    return Signal(
        ProviderRef(provider, f"Provider {provider}", f"{provider}01", f"Site {provider}"), kind, level, raised_on,
        date(2025, 6, 1), "A rise",
        "/signals/1/", {"indicator": indicator, "events": 12, "expected": 5.1},
    )  # fmt: skip


def enter(client, someone):
    """Signed in, with a second factor."""
    with acting_as(TOCSIN):
        client.force_login(someone, "tocsin.web.people.signin.Backend")
    session = client.session
    session["second-factor"] = str(someone.pk)
    session.save()


def sent_with(number):
    """What a form of this concern sends by itself, as its page would have it now."""
    with acting_as(TOCSIN):
        return {"request": str(uuid4()), "stamp": Concern.objects.get(pk=number).last_entry}


class Moment:
    """A clock that a test moves."""

    def __init__(self, monkeypatch, at=MONDAY):
        self.at = at
        for where in ("concerns.doing", "concerns.actions", "concerns.turning", "concerns.raisers", "concerns.queries", "record.moment", "people.tries",
                      "people.actions", "people.queries"):  # fmt: skip
            monkeypatch.setattr(f"tocsin.web.{where}.now", lambda: self.at)
