"""What every action of the room does first and last: lock, ask whether it may be done; then tell the record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from tocsin.web.people.models import Body, Member
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Entry
from tocsin.web.record.moment import now
from tocsin.web.review.models import Case, Panel
from tocsin.web.review.permissions import Act, PanelAct, Who, about, may, may_in, sees, who_is


class Stale(Exception):
    """The page from which this was sent no longer shows how things stand."""


class Invalid(ValueError):
    """What was given cannot be taken. field: where; the message says what to do."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(slots=True)
class Doing:
    """One action on a case under way. Its entry is written before the change, while the case still stands as the action found it."""

    case: Case
    act: Act
    at: datetime
    who: Who
    by: Member | None
    request: UUID | None

    def tell(self, what: Act | None = None, /, **said: Any) -> ledger.Written:
        """Write the entry of this action."""
        payload = {k: v for k, v in said.items() if v is not None and v != ""}
        written = ledger.write(
            chain=chain(self.case), what=what or self.act, at=self.at, payload=payload, member=self.by.pk if self.by else None,
            body="" if self.by else "Tocsin", request=self.request,
        )  # fmt: skip
        self.request = None
        return written

    def keep(self, **values: Any) -> None:
        """Change the case. Only a convener may write it, so what follows of itself from a reviewer's act is written as Tocsin."""
        for name, value in values.items():
            setattr(self.case, name, value)
        with acting_as(TOCSIN):
            self.case.last_entry = ledger.head(chain(self.case))
            self.case.save()


@dataclass(slots=True)
class PanelDoing:
    """One action on a panel under way."""

    panel: Panel
    act: PanelAct
    at: datetime
    by: Member
    request: UUID | None

    def tell(self, what: PanelAct | None = None, /, **said: Any) -> ledger.Written:
        payload = {k: v for k, v in said.items() if v is not None and v != ""}
        written = ledger.write(
            chain=panel_chain(self.panel), what=what or self.act, at=self.at, payload=payload, member=self.by.pk, body=self.panel.body.code,
            request=self.request,
        )  # fmt: skip
        self.request = None
        return written


def begin(case: int, act: Act, by: Member | None, *, stamp: int | None = None, request: UUID | None = None) -> Doing:
    """Lock a case and check that `by` may do this. Inside a transaction only.

    stamp: number of the last entry that the page showed; a later one means that the page is stale.
    Raises Case.DoesNotExist (also where it may not be seen), NotPermitted, Stale, ledger.DoneBefore.
    """
    _in_transaction()
    not_twice(request)
    found = Case.objects.select_related("panel__body", "provider").get(pk=case)
    who = Who(itself=True) if by is None else who_is(by)
    with acting_as(TOCSIN):
        # a reviewer may not write the case, and so may not lock it in their own name
        Case.objects.select_for_update().only("id").get(pk=case)
        found = Case.objects.select_related("panel__body", "provider").get(pk=case)
    if not may(who, act, about(found)):
        raise NotPermitted(_why_not(who, act, found))
    if stamp is not None and stamp != found.last_entry:
        raise Stale("Something has happened since you opened this page. Nothing was changed. Look at how it stands now, then decide again.")
    return Doing(found, act, now(), who, by, request)


def begin_panel(panel: int, act: PanelAct, by: Member, *, request: UUID | None = None) -> PanelDoing:
    """Lock a panel and check that `by` may do this. Raises Panel.DoesNotExist, NotPermitted, ledger.DoneBefore."""
    _in_transaction()
    not_twice(request)
    found = Panel.objects.select_related("body").get(pk=panel)
    with acting_as(TOCSIN):
        Panel.objects.select_for_update().only("id").get(pk=panel)
    if not may_in(who_is(by), act, found.pk, found.body_id):
        raise NotPermitted("Only somebody who convenes this panel may do this.")
    if found.ended:
        raise NotPermitted("This panel has ended.")
    return PanelDoing(found, act, now(), by, request)


def chain(case: Case) -> str:
    return f"review:case:{case.pk}"


def panel_chain(panel: Panel) -> str:
    return f"review:panel:{panel.pk}"


def leads(body: Body, by: Member) -> bool:
    """Whether a member acts for a body. One query."""
    return body.pk in who_is(by).leads


def not_twice(request: UUID | None) -> None:
    """Raises ledger.DoneBefore where a form was sent before. One query."""
    if request is not None:
        found = Entry.objects.filter(request=request).values_list("id", flat=True).first()
        if found is not None:
            raise ledger.DoneBefore(found)


def needed(field: str, words: str, message: str, limit: int = 20_000) -> str:
    """Words that must be there. Raises Invalid."""
    words = words.replace("\0", "").strip()
    if not words:
        raise Invalid(field, message)
    if len(words) > limit:
        raise Invalid(field, f"That is more than {limit:,} characters. Shorten it, or give the whole as a document.")
    return words


def _in_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("an action is one transaction")


def _why_not(who: Who, act: Act, case: Case) -> str:
    if not sees(who, about(case)):
        return "There is nothing here that you may see."
    if case.finished and act is not Act.ANSWERED:
        return "This case is finished. If the family asks again, or says that it is not resolved, it is opened again."
    if act is Act.GRADED:
        return "Your grading is final. It is kept as it is; where you stand after the talk is said separately."
    if act in (Act.MOVED, Act.AGREED) and not case.blind_ended:
        return "Others are still grading. Nobody sees a grading before all of them are final."
    if case.agreed and act not in (Act.TOLD, Act.FINISHED):
        return "What the panel agreed stands, and is not changed from here."
    if act in (Act.TOLD, Act.FINISHED) and not case.agreed:
        return "The panel has not agreed on this case yet."
    return "Only somebody who convenes this panel may do this."
