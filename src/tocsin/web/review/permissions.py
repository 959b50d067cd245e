"""Every question of who may see or do what in a panel, over plain values.

The database answers the same questions for itself (permission_sql.py and beside it); a test compares both over random panels, members and cases. Nobody sees
or does anything with a case of a provider to which they are tied, or with a case in which they took part, whatever their seat.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from tocsin.web.people.models import Declaration, Member, Membership, Role
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.review.models import Assignment, Case, Seat, SeatRole, Tie

__all__ = ["About", "Act", "NotPermitted", "PanelAct", "Who", "may", "may_in", "sees", "sees_gradings", "who_is"]


class Act(StrEnum):
    """What can be done with a case. The entry in the record carries the same word."""

    ADDED = "case-added"
    CHANGED = "case-changed"
    EVENT_ADDED = "event-added"
    EVENT_STRUCK = "event-struck"
    EVIDENCE_GIVEN = "evidence-given"
    ASSIGNED = "assigned"
    WITHDRAWN = "withdrawn"
    FAMILY_INVITED = "family-invited"
    FAMILY_ERASED = "family-erased"
    ANSWERED = "question-answered"
    IDENTITY_OPENED = "identity-opened"
    GRADED = "graded"
    RECUSED = "recused"
    MOVED = "stood-or-moved"
    AGREED = "agreed"
    TOLD = "told-in-plain-words"
    FINISHED = "finished"
    ASKED = "question-asked"
    FAMILY_SAID = "family-said"
    BLIND_ENDED = "blind-ended"
    REOPENED = "reopened"


class PanelAct(StrEnum):
    """What can be done with a panel."""

    MADE = "panel-made"
    SEATED = "seated"
    UNSEATED = "unseated"
    DECLARED = "independence-declared"
    TIE_LIFTED = "tie-lifted"
    CASE_ADDED = "case-added"
    IMPORTED = "cases-imported"
    LISTED = "list-given"
    DRAWN = "sample-drawn"
    BROUGHT = "sample-brought"
    TAKEN = "sample-taken"
    DEALT = "cases-dealt"
    PUBLISHED = "findings-published"
    ENDED = "panel-ended"


PREPARING = frozenset(
    {Act.ADDED, Act.CHANGED, Act.EVENT_ADDED, Act.EVENT_STRUCK, Act.EVIDENCE_GIVEN, Act.ASSIGNED, Act.WITHDRAWN}
)
"""The convener, until the case is agreed."""
ANSWERING = frozenset({Act.FAMILY_INVITED, Act.ANSWERED, Act.FAMILY_ERASED})
"""The convener, at any time."""
ON_THE_CASE = frozenset({Act.IDENTITY_OPENED})
"""The convener, and those to whom the case is given."""
FAMILYS = frozenset({Act.ASKED, Act.FAMILY_SAID})
"""The family of the case, at any time."""
ITSELF = frozenset({Act.BLIND_ENDED, Act.REOPENED})
"""Tocsin alone, when what was done before leads to it."""


@dataclass(frozen=True, slots=True)
class Who:
    """A member in the room. assigned: cases given to them, with whether their grading is final. family_of: the case of a family's receipt."""

    convenes: frozenset[int] = frozenset()
    seats: frozenset[int] = frozenset()
    ties: frozenset[str] = frozenset()
    tied_cases: frozenset[int] = frozenset()
    assigned: dict[int, bool] = field(default_factory=dict)
    leads: frozenset[int] = frozenset()
    family_of: int | None = None
    itself: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """A case, as far as permission goes. providers: codes of all that gave care."""

    id: int
    panel: int
    providers: frozenset[str]
    blind_ended: bool
    agreed: bool
    finished: bool


def sees(who: Who, about: About) -> bool:
    """Whether somebody may read a case (its account, timeline, facts): the convener of its panel and those to whom it was given."""
    return who.itself or (not _tied(who, about) and (about.panel in who.convenes or about.id in who.assigned))


def sees_gradings(who: Who, about: About) -> bool:
    """Whether somebody may read others' gradings of a case: nobody before the blind phase is over, no grader before their own is final."""
    return about.blind_ended and sees(who, about) and (who.itself or who.assigned.get(about.id, True))


def may(who: Who, act: Act, about: About) -> bool:
    """Whether somebody may do this with a case."""
    if who.itself:
        return True
    if act in FAMILYS:
        return who.family_of == about.id
    if act in ITSELF or not sees(who, about):
        return False
    convenes, own = about.panel in who.convenes, who.assigned.get(about.id)
    if act in ON_THE_CASE:
        return True
    if act in ANSWERING:
        return convenes
    if about.finished:
        return False
    if act in PREPARING:
        return convenes and not about.agreed
    if act is Act.GRADED:
        return own is False and not about.agreed
    if act is Act.RECUSED:
        return own is not None and not about.agreed
    if act is Act.MOVED:
        return own is True and about.blind_ended and not about.agreed
    if act is Act.AGREED:
        return convenes and sees_gradings(who, about) and not about.agreed
    if act is Act.TOLD or act is Act.FINISHED:
        return convenes and about.agreed
    return False


def may_in(who: Who, act: PanelAct, panel: int, body: int) -> bool:
    """Whether somebody may do this with a panel that a body convenes."""
    if who.itself:
        return True
    if act is PanelAct.MADE:
        return body in who.leads
    if act is PanelAct.DECLARED:
        return panel in who.seats
    return panel in who.convenes


def who_is(member: Member | None) -> Who:
    """What a member is in the room. Six queries, in the member's own sight."""
    if member is None:
        return Who()
    seats = list(Seat.objects.filter(member=member, ended=None).values_list("panel_id", "role"))
    roles = list(Membership.objects.filter(member=member, ended=None).values_list("body_id", "role", "body__provider_id"))
    ties = list(Tie.objects.filter(member=member, ended=None).values_list("provider_id", "case_id"))
    interests = Declaration.objects.filter(member=member, ended=None).values_list("provider_id", flat=True)
    given = Assignment.objects.filter(seat__member=member, seat__ended=None, withdrawn=None).values_list("case_id", "final")
    return Who(
        frozenset(p for p, role in seats if role == SeatRole.CONVENER), frozenset(p for p, _ in seats),
        frozenset({p for p, _ in ties if p} | {p for _, _, p in roles if p} | set(interests)), frozenset(c for _, c in ties if c),
        {case: final is not None for case, final in given}, frozenset(b for b, role, _ in roles if role == Role.LEAD),
    )  # fmt: skip


def about(case: Case) -> About:
    """What permission asks about a case. No query."""
    return About(
        case.pk, case.panel_id, frozenset({case.provider_id, *case.also}), case.blind_ended is not None, case.agreed is not None,
        case.finished is not None,
    )  # fmt: skip


def _tied(who: Who, about: About) -> bool:
    return bool(who.ties & about.providers) or about.id in who.tied_cases
