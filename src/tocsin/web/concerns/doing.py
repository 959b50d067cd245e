"""What every action on a concern does first and last: lock, bring up to now, ask whether it may be done; then tell the record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from tocsin.accord import State, state
from tocsin.accord.clock import What
from tocsin.web.concerns import clockwork
from tocsin.web.concerns.models import Concern, Part
from tocsin.web.people.models import Body, Member
from tocsin.web.people.permissions import (
    ANY_LEAD,
    ANY_OTHER,
    ANYONE,
    HOLDER,
    INDEPENDENT,
    About,
    Act,
    NotPermitted,
    Who,
    belongs,
    may,
    sees,
    who_is,
)  # fmt: skip
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Entry
from tocsin.web.record.moment import now


class Stale(Exception):
    """The page from which this was sent no longer shows how things stand."""


class AccordRefuses(Exception):
    """The map does not allow it, or not now. The message says why."""


class Invalid(ValueError):
    """What was given cannot be taken. field: where; the message says what to do."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(slots=True)
class Doing:
    """One action under way: the locked concern, where it stands, who acts for which body."""

    concern: Concern
    act: Act
    at: datetime
    standing: State
    who: Who
    by: Member | None
    body: Body | None
    request: UUID | None

    def tell(self, entry: Act | None = None, /, **said: Any) -> ledger.Written:
        """Write the entry of this action and bring the concern up to date."""
        payload = {k: v for k, v in said.items() if v is not None and v != ""}
        if self.body is not None:
            payload.setdefault("as", self.body.kind)
        written = ledger.write(
            chain=clockwork.chain(self.concern), what=entry or self.act, at=self.at, payload=payload,
            member=self.by.pk if self.by else None, body=self.body.code if self.body else "Tocsin", request=self.request,
        )  # fmt: skip
        self.request = None
        self.standing = clockwork.reckon(self.concern, self.at)
        with acting_as(TOCSIN):
            self.concern.last_entry = ledger.head(clockwork.chain(self.concern))
            self.concern.save()
        return written

    def ask_the_accord(self, what: What, **said: Any) -> None:
        """Whether the clock would take this. Raises AccordRefuses with its reason."""
        said.setdefault("as", self.body.kind if self.body else None)
        history = clockwork.events(ledger.entries(clockwork.chain(self.concern)))
        after = state(
            clockwork.map_of(self.concern), clockwork.case_of(self.concern),
            [*history, clockwork.event("asked", what, self.at, said)], self.at,
        )  # fmt: skip
        if len(after.notes) > len(self.standing.notes):
            raise AccordRefuses(after.notes[-1].split("moved nothing: ")[-1].capitalize() + ".")


def begin(
    concern_id: int, act: Act, by: Member | None, *, body: Body | None = None, stamp: int | None = None, request: UUID | None = None
) -> Doing:
    """Lock a concern, let the clock catch up, and check that `by` may do this for `body`.

    stamp: number of the last entry that the page showed; a later one means that the page is stale. Inside a transaction only.
    Raises Concern.DoesNotExist (also where it may not be seen), NotPermitted, Stale, ledger.DoneBefore.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an action is one transaction")
    concern = clockwork.locked(concern_id)
    _not_twice(request)
    shown, at = concern.last_entry, now()
    standing = clockwork.standing(concern, at) if concern.closed else clockwork.reckon(concern, at)
    who = Who(itself=True) if by is None else who_is(by)
    asked = about_of(concern)
    if not may(who, act, asked):
        raise NotPermitted(why_not(who, act, asked))
    if stamp is not None and (stamp != shown or shown != concern.last_entry):
        raise Stale("Something has happened since you opened this page. Nothing was changed. Look at how it stands now, then decide again.")
    return Doing(concern, act, at, standing, who, by, _speaks(who, act, asked, body), request)


def about_of(concern: Concern) -> About:
    """What permission asks about a concern. One query."""
    return about(concern, frozenset(Part.objects.filter(concern=concern).values_list("body_id", flat=True)))


def about(concern: Concern, involved: frozenset[int]) -> About:
    """The same, of a concern whose parts are known. No query."""
    return About(concern.pk, concern.provider_id, concern.restricted, concern.closed is not None, concern.holder_id, involved)


def _not_twice(request: UUID | None) -> None:
    if request is not None:
        found = Entry.objects.filter(request=request).values_list("id", flat=True).first()
        if found is not None:
            raise ledger.DoneBefore(found)


def _speaks(who: Who, act: Act, asked: About, wanted: Body | None) -> Body | None:
    """For which body a member acts."""
    if who.itself:
        return wanted
    allowed = [p.body for p in who.parts if may(Who((p,), who.interests, raiser_of=who.raiser_of), act, asked)]
    if wanted is not None:
        if wanted.pk not in allowed:
            raise NotPermitted(f"You may not do this for {wanted.name}.")
        return wanted
    return Body.objects.get(pk=allowed[0]) if allowed else None


def why_not(who: Who, act: Act, asked: About) -> str:
    """Why somebody may not do this, in words that can be shown."""
    if asked.closed:
        return "This concern is closed. If the harm has come back, raise it again; that is counted against the closing."
    if not sees(who, asked):
        return "There is nothing here that you may see."
    if asked.provider in who.interests and act is not Act.CONFLICT:
        return "You have declared an interest in this provider, so somebody else must do this."
    if act in HOLDER | INDEPENDENT | {Act.TAKEN_OVER} and belongs(who, asked.provider) and any(p.provider != asked.provider for p in who.parts):
        return "You also have a role in the provider's own body, so somebody else must do this."
    if act in HOLDER or act is Act.CONFLICT:
        return "Only somebody who acts for the holder may do this."
    if act in ANY_LEAD | ANY_OTHER | ANYONE:
        return "Your role in your body does not include this, or it is not for the provider's own body."
    return "Only somebody who acts for a body other than the holder and the provider may do this."
