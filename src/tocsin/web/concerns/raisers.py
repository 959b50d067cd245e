"""Families and staff who raise a concern from outside: a receipt, a page of their own, and the last word on whether it is resolved."""

import json
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from tocsin.web.accord.queries import in_force
from tocsin.web.concerns import clockwork
from tocsin.web.concerns.actions import RESTRICTED_KINDS, _open_one, _opened
from tocsin.web.concerns.doing import Invalid, begin
from tocsin.web.concerns.models import Concern, Raiser, Telling
from tocsin.web.people import tries
from tocsin.web.people.models import Member, Provider
from tocsin.web.people.permissions import Act
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Entry
from tocsin.web.record.moment import now
from tocsin.web.record.seal import all_opened, opened, seal, throw_away

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
AGAIN = timedelta(hours=1)
"""For how long the same form, sent again because the answer was lost on the way, is answered with a receipt."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the raiser keeps. code: kept only as a hash. again: what they wrote was kept before, and only this code opens it now."""

    number: str
    code: str
    concern: int
    again: bool = False


class Wait(Exception):
    """Too many wrong codes: nothing was looked at. until: when it may be tried again."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__("too many wrong codes")


def raise_from_outside(
    *, provider: Provider, kind: str, group: str, account: str, contact: str = "", request: uuid.UUID | None = None
) -> Receipt:
    """A family or a member of staff tells what happened. Nothing that could name them goes into the record in the open.

    Where the same form comes again with the same words it is kept once, and a new code takes the place of the one that may have been lost.
    Raises Invalid; ledger.DoneBefore where the same form came before with other words, or long ago.
    """
    try:
        return _raise(provider=provider, kind=kind, group=group, account=account, contact=contact, request=request)
    except ledger.DoneBefore as before:
        return _receipt_again(before, account)


@transaction.atomic
def _receipt_again(before: ledger.DoneBefore, account: str) -> Receipt:
    with acting_as(TOCSIN):
        entry = Entry.objects.filter(pk=before.entry_id).first()
        id_ = json.loads(entry.payload).get("raiser") if entry else None
        found = Raiser.objects.select_for_update().filter(pk=id_, erased=None).first() if id_ else None
        if found is None or found.raised < now() - AGAIN or opened(found.account) != account.strip():
            raise before
        code = _code()
        found.code_hash = make_password(code)
        found.save()
        return Receipt(found.receipt, code, found.concern_id, again=True)


@transaction.atomic
def _raise(*, provider: Provider, kind: str, group: str, account: str, contact: str, request: uuid.UUID | None) -> Receipt:
    current = in_force()
    if current is None or kind not in clockwork.map_from(current).concerns:
        raise Invalid("kind", "Choose what it is about.")
    if group not in ("family", "staff"):
        raise Invalid("group", "Say whether you write as a family or as a member of staff.")
    if not account.strip():
        raise Invalid("account", "Tell what happened, in your own words.")
    if len(account) > 100_000:
        raise Invalid("account", "That is more than 100,000 characters. Send the first part now and the rest when you come back.")
    restricted = kind in RESTRICTED_KINDS
    with acting_as(TOCSIN):
        before = Entry.objects.filter(request=request).values_list("id", flat=True).first() if request else None
        if before is not None:
            raise ledger.DoneBefore(before)
        concern = _open_one(provider, kind)
        if concern is None:
            title = f"Raised by {'a family' if group == 'family' else 'a member of staff'}"
            concern = _opened(
                provider, kind, title=title, restricted=restricted, severe=False, level="", who={"by": group}, opener=None, by=None
            )
        doing = begin(concern.pk, Act.NOTED, None)
        doing.request = request
        number, code = _random(4) + "-" + _random(4), _code()
        id_ = uuid.uuid4()
        about = f"raiser:{id_}"
        sealed = seal(about, account.strip())
        Raiser.objects.create(
            id=id_, concern=doing.concern, group=group, receipt=number, code_hash=make_password(code), account=sealed,
            contact=seal(about, contact.strip()) if contact.strip() else None, raised=doing.at,
        )  # fmt: skip
        doing.tell(raiser=str(id_), group=group, account=sealed)
        return Receipt(number, code, doing.concern.pk)


def find(number: str, code: str, address: str = "") -> Raiser | None:
    """The raiser to whom a receipt belongs; None where number and code do not fit. Raises Wait after too many wrong codes.

    address: of the computer from which it is tried.
    """
    door = tries.Door("receipt", number, address)
    if until := tries.begin(door):
        raise Wait(until)
    with acting_as(TOCSIN):
        raiser = Raiser.objects.filter(receipt=number.strip().upper(), erased=None).first()
    if raiser is None:
        # as long as a true one takes, so that the time tells nothing
        make_password(code)
        return None
    if not check_password(code.strip().upper(), raiser.code_hash):
        return None
    tries.right(door)
    return raiser


@transaction.atomic
def tell_raisers(*, concern: int, words: str, by: Member, **given: Any) -> int:
    """Those who raised it are told, in plain words; each is asked whether it is resolved. Returns how many. Who they are is not shown."""
    doing = begin(concern, Act.TOLD, by, **given)
    if not words.strip():
        raise Invalid("words", "Write what they are told.")
    with acting_as(TOCSIN):
        raisers = list(Raiser.objects.filter(concern=doing.concern, erased=None))
        for raiser in raisers:
            Telling.objects.create(raiser=raiser, words=seal(f"raiser:{raiser.pk}", words.strip()), at=doing.at)
            raiser.told, raiser.answer = doing.at, ""
            raiser.save()
    doing.tell(words=words.strip(), told=len(raisers))
    return len(raisers)


@transaction.atomic
def answer(*, raiser: uuid.UUID, resolved: bool | None, words: str, request: uuid.UUID | None = None) -> None:
    """One who raised it answers: resolved, not resolved, or only more words. 'Not resolved' stands in the way of closing."""
    with acting_as(TOCSIN):
        found = Raiser.objects.select_for_update().get(pk=raiser)
        if resolved is None and not words.strip():
            raise Invalid("words", "Write something, or say whether it is resolved.")
        word = {True: "resolved", False: "not-resolved", None: found.answer}[resolved]
        if words.strip():
            Telling.objects.create(raiser=found, from_raiser=True, words=seal(f"raiser:{found.pk}", words.strip()), at=now())
        found.answer = word
        found.save()
        concern = clockwork.locked(found.concern_id)
        ledger.write(
            chain=clockwork.chain(concern), what=Act.ANSWERED, at=now(), payload={"raiser": str(found.pk), "answer": word}, body="",
            request=request,
        )  # fmt: skip
        concern.last_entry = ledger.head(clockwork.chain(concern))
        concern.save()
        if concern.closed and resolved is False:
            _again(found, concern)


def _again(found: Raiser, closed: Concern) -> None:
    """Whoever raised it says after the closing that it is not resolved: it is open again as a new concern, counted against the closing."""
    open_ = _open_one(closed.provider, closed.kind, closed.place)
    if open_ is None:
        open_ = _opened(
            closed.provider, closed.kind, title=closed.title, restricted=closed.restricted, severe=closed.severe, level="",
            who={"by": found.group}, opener=None, by=None, place=closed.place, reopens=closed,
        )  # fmt: skip
    doing = begin(open_.pk, Act.NOTED, None)
    found.concern = doing.concern
    found.save()
    doing.tell(raiser=str(found.pk), group=found.group, closed=closed.pk)


@transaction.atomic
def erase(*, raiser: uuid.UUID, reason: str, by: Member | None = None) -> None:
    """Erase what is known of one who raised a concern: account, contact and letters can never be read again; the record still verifies."""
    with acting_as(TOCSIN):
        found = Raiser.objects.select_for_update().get(pk=raiser)
        if not throw_away(f"raiser:{found.pk}"):
            return
        found.erased, found.contact, found.account, found.code_hash = now(), None, {}, "!"
        found.save()
        Telling.objects.filter(raiser=found).delete()
        concern = clockwork.locked(found.concern_id)
        ledger.write(
            chain=clockwork.chain(concern), what=Act.ERASED, at=now(), payload={"raiser": str(found.pk), "reason": reason},
            member=by.pk if by else None,
        )  # fmt: skip
        concern.last_entry = ledger.head(clockwork.chain(concern))
        concern.save()


def letters(raiser: Raiser) -> list[tuple[bool, str, Any]]:
    """What a raiser was told and said: (from them, words, when), oldest first. Five short queries."""
    with acting_as(TOCSIN):
        rows = list(Telling.objects.filter(raiser=raiser).order_by("id"))
        return [(t.from_raiser, words or "", t.at) for t, words in zip(rows, all_opened([t.words for t in rows]), strict=True)]


def accounts_of(raisers: Iterable[Raiser]) -> list[tuple[Raiser, str]]:
    """Each with their account in the open; '' where it was erased. Four short queries, however many they are."""
    rows = list(raisers)
    with acting_as(TOCSIN):
        return [(raiser, account or "") for raiser, account in zip(rows, all_opened([r.account for r in rows]), strict=True)]


def _code() -> str:
    return "-".join(_random(5) for _ in range(3))


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
