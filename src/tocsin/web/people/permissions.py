"""Every question of who may see or do what is answered here, over plain values.

The database answers the same questions for itself (permission_sql.py here and in web/concerns), so that a page which forgets to ask here shows and
changes nothing it may not; a test compares both over thousands of random members, concerns and actions.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from django.db import connection

from tocsin.web.people.models import Member, Role


class Act(StrEnum):
    """What can be done with a concern. The entry in the record carries the same word."""

    RAISED = "raised"
    SIGNAL_JOINED = "signal-joined"
    NOTED = "noted"
    EVIDENCE_GIVEN = "evidence-given"
    ACKNOWLEDGED = "acknowledged"
    ACTED = "acted"
    DONE = "obligation-done"
    REFUSED = "refused"
    CONFLICT = "conflict-declared"
    EXTENSION_ASKED = "extension-asked"
    EXTENDED = "extended"
    HANDED_OVER = "handed-over"
    TAKEN_OVER = "taken-over"
    CRITERION_MET = "criterion-met"
    REVIEWED = "take-over-reviewed"
    HANDED_BACK = "handed-back"
    PLANNED = "action-planned"
    PLAN_CHANGED = "action-changed"
    ACTION_REPORTED = "action-reported"
    ACTION_CHECKED = "action-checked"
    INFORMATION_ASKED = "information-asked"
    INFORMATION_JOINED = "information-joined"
    INFORMATION_GIVEN = "information-given"
    EFFECT_SHOWN = "effect-shown"
    TOLD = "raiser-told"
    ANSWERED = "raiser-answered"
    CLOSED = "closed"
    MERGED = "merged"
    SPLIT = "split"
    LINKED = "linked"
    RESTRICTED = "restricted"
    PUBLISHED = "published"
    PASSED = "passed"
    UNREACHABLE = "holder-unreachable"
    REMINDED = "reminded"
    ERASED = "erased"


HOLDER = frozenset(
    {
        Act.ACKNOWLEDGED, Act.ACTED, Act.REFUSED, Act.HANDED_OVER, Act.HANDED_BACK, Act.PLANNED, Act.PLAN_CHANGED, Act.MERGED, Act.SPLIT,
        Act.LINKED, Act.RESTRICTED, Act.PUBLISHED, Act.REVIEWED,
    }
)  # fmt: skip
"""Only somebody who leads for the holder, and is free: has no role in the provider's own body and has declared no interest in the provider."""
INDEPENDENT = frozenset({Act.EXTENDED, Act.CRITERION_MET, Act.ACTION_CHECKED, Act.EFFECT_SHOWN, Act.CLOSED})
"""Somebody free who leads for another body than the holder."""
ANY_LEAD = frozenset({Act.DONE, Act.TOLD, Act.EXTENSION_ASKED, Act.ACTION_REPORTED})
"""Somebody who leads for any body that sees the concern, the provider's own too."""
ANY_OTHER = frozenset({Act.INFORMATION_ASKED, Act.INFORMATION_JOINED})
"""Somebody who leads or works for any body that sees it, other than the provider's own."""
ANYONE = frozenset({Act.NOTED, Act.EVIDENCE_GIVEN, Act.SIGNAL_JOINED})
"""Somebody who leads or works for any body that sees it."""


class NotPermitted(Exception):
    """A member may not do this. The message says why, in words that can be shown."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a member is in one body. covers: codes of the providers for which the body answers; None for all. kind: the body's, in the map."""

    body: int
    role: str
    provider: str | None
    covers: frozenset[str] | None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Who:
    """A member with roles and declared interests (codes of providers). itself: Tocsin, not a person."""

    parts: tuple[Part, ...] = ()
    interests: frozenset[str] = frozenset()
    itself: bool = False
    raiser_of: frozenset[int] = field(default_factory=frozenset)
    member: UUID | None = None


@dataclass(frozen=True, slots=True)
class About:
    """A concern, as far as permission goes. involved: bodies that hold it, held it or opened it."""

    id: int
    provider: str
    restricted: bool
    closed: bool
    holder: int | None
    involved: frozenset[int]


def sees(who: Who, about: About) -> bool:
    """Whether somebody may read a concern. A restricted one is read only by bodies that hold it, held it or opened it."""
    return who.itself or bool(_seeing(who, about))


def knows_of(who: Who, about: About) -> bool:
    """Whether somebody may know that there is a concern: any body that answers for the provider."""
    return who.itself or any(_answers(p, about) for p in who.parts if p.role != Role.ADMINISTRATOR)


def may(who: Who, act: Act, about: About) -> bool:
    """Whether somebody may do this with a concern, as far as persons go; whether the map allows it to the body is the accord's answer."""
    if who.itself:
        return True
    if act is Act.ANSWERED:
        return about.id in who.raiser_of
    if about.closed:
        return False
    seeing = _seeing(who, about)
    leads = [p for p in seeing if p.role == Role.LEAD]
    works = [p for p in seeing if p.role in (Role.LEAD, Role.MEMBER)]
    # through whichever body they act: nobody judges what is about their own
    free = about.provider not in who.interests and not belongs(who, about.provider)
    others = [p for p in leads if p.provider != about.provider]
    if act in HOLDER:
        return free and any(p.body == about.holder for p in others)
    if act is Act.CONFLICT:
        return any(p.body == about.holder for p in others)
    if act in INDEPENDENT:
        # somebody who also has a role in the holder is not independent of it
        return free and bool(others) and not any(p.body == about.holder for p in who.parts)
    if act is Act.TAKEN_OVER:
        return free and bool(others)
    if act in ANY_LEAD:
        return bool(leads)
    if act in ANY_OTHER:
        return any(p.provider != about.provider for p in works)
    if act is Act.INFORMATION_GIVEN:
        return any(p.provider == about.provider for p in leads)
    if act in ANYONE or act is Act.RAISED:
        return bool(works)
    return False


def belongs(who: Who, provider: str) -> bool:
    """Whether somebody has any role in the provider's own body, that of its administrator too."""
    return any(p.provider == provider for p in who.parts)


def may_raise(who: Who, provider: str) -> bool:
    """Whether somebody may raise a concern about a provider: whoever works for a body that answers for it."""
    return who.itself or any(p.role in (Role.LEAD, Role.MEMBER) and _covers(p, provider) for p in who.parts)


def reads_people(who: Who) -> bool:
    """Whether somebody reads the record's entries about people and keys: auditors and administrators of any body."""
    return who.itself or any(p.role in (Role.AUDITOR, Role.ADMINISTRATOR) for p in who.parts)


_WHO = """
SELECT ARRAY(SELECT d.provider_id FROM people_declaration d WHERE d.member_id = %(member)s AND d.ended IS NULL), m.body_id, m.role, b.provider_id,
       CASE WHEN NOT b.national THEN ARRAY(SELECT c.provider_id FROM people_coverage c WHERE c.body_id = b.id) END, b.kind
FROM (SELECT) one LEFT JOIN people_membership m ON m.member_id = %(member)s AND m.ended IS NULL LEFT JOIN people_body b ON b.id = m.body_id ORDER BY m.id
"""


def who_is(member: Member | None) -> Who:
    """A member's roles and declared interests. One query, since every page asks."""
    if member is None:
        return Who()
    with connection.cursor() as cursor:
        cursor.execute(_WHO, {"member": member.pk})
        rows = cursor.fetchall()
    parts = tuple(
        Part(body, role, own, None if covers is None else frozenset(covers) | ({own} - {None}), kind)
        for _, body, role, own, covers, kind in rows if body is not None
    )  # fmt: skip
    return Who(parts, frozenset(rows[0][0]), member=member.pk)


def administers(who: Who, body: int) -> bool:
    """Whether somebody lets people into this body and out of it: its administrators. They invite, and withdraw what nobody has taken up."""
    return who.itself or any(p.body == body and p.role == Role.ADMINISTRATOR for p in who.parts)


def sees_membership(who: Who, member: UUID, body: int) -> bool:
    """Whether somebody may know that a member has, or had, a role in a body: they themselves, and whoever has a role there now."""
    return who.itself or who.member == member or any(p.body == body for p in who.parts)


def may_end_membership(who: Who, member: UUID, body: int) -> bool:
    """Whether somebody may end a role: the member, and the body's administrators."""
    return who.member == member or administers(who, body)


def knows_name(who: Who, member: UUID, bodies: Collection[int]) -> bool:
    """Whether somebody may know a member's name: their own, and of who has or had a role in a body in which they have one now.

    bodies: in which that member has or had a role. Rooms add whoever stands by name beside something that is seen (names.py).
    """
    return who.itself or who.member == member or any(p.body in bodies for p in who.parts)


def sees_address(who: Who, member: UUID, bodies: Collection[int]) -> bool:
    """Whether somebody may know a member's e-mail address: they themselves, and administrators of bodies in which they have a role now."""
    return who.itself or who.member == member or any(administers(who, b) for b in bodies)


def sees_declaration(who: Who, member: UUID, bodies: Collection[int]) -> bool:
    """Whether somebody may read what a member declared: who keeps the register of interests of a body is its administrators."""
    return sees_address(who, member, bodies)


def may_declare(who: Who, member: UUID) -> bool:
    """Whether somebody may declare an interest of a member, or say that it is over: nobody but themselves."""
    return who.itself or who.member == member


def sees_token(who: Who, member: UUID, body: int) -> bool:
    """Whether somebody may see that there is a token, and end it: who made it, and the body's administrators. Its text nobody sees again."""
    return who.member == member or administers(who, body)


def may_make_token(who: Who, body: int) -> bool:
    """Whether somebody may let a program act for a body: who leads for it."""
    return who.itself or any(p.body == body and p.role == Role.LEAD for p in who.parts)


class Learn(StrEnum):
    """What can be done with an item of the register, or with its report."""

    CORRECT = "correct"
    CODE = "code"
    ANSWER = "answer"
    CLOSE = "close"
    RELATE = "relate"


@dataclass(frozen=True, slots=True)
class AboutItem:
    """An item, as far as permission goes. body: which took its report in (None: it comes with Tocsin). asked: bodies, and kinds of body."""

    body: int | None
    open: bool
    provider: str | None
    asked_bodies: frozenset[int]
    asked_kinds: frozenset[str]


def sees_report(who: Who, body: int | None, open_: bool) -> bool:
    """A report that is open is seen by everybody, another by whoever is in the body that took it in, its administrators apart."""
    return who.itself or open_ or any(p.body == body for p in who.parts if p.role != Role.ADMINISTRATOR)


def may_take_in(who: Who, body: int) -> bool:
    """Whether somebody may take reports in for a body, and write drafts: whoever works for it."""
    return any(p.body == body and p.role in (Role.LEAD, Role.MEMBER) for p in who.parts)


def may_open(who: Who, body: int | None) -> bool:
    """Whether somebody may open a report to everybody: who leads for the body that took it in."""
    return any(p.body == body and p.role == Role.LEAD for p in who.parts)


def may_learn(who: Who, act: Learn, about: AboutItem) -> bool:
    """Whether somebody may do this with an item. Whoever is asked by it never closes it, through whichever body, nor who has an interest."""
    if who.itself:
        return True
    if not sees_report(who, about.body, about.open):
        return False
    works = [p for p in who.parts if p.role in (Role.LEAD, Role.MEMBER)]
    leads = [p for p in works if p.role == Role.LEAD]
    own = about.body is not None and any(p.body == about.body for p in works)
    shipped = about.body is None
    national = any(p.covers is None for p in leads)
    if act is Learn.CORRECT:
        return own or (shipped and national)
    if act is Learn.CODE:
        return own or (about.open and any(p.covers is None for p in works))
    if act is Learn.ANSWER:
        return own or (about.open and any(_asked(p, about) for p in leads)) or (shipped and national)
    if act is Learn.CLOSE:
        issuer = about.body is not None and any(p.body == about.body for p in leads)
        free = about.provider is None or about.provider not in who.interests
        return (issuer or (about.open and national)) and free and not any(_asked(p, about) for p in who.parts)
    return own or (about.open and national)


def _asked(part: Part, about: AboutItem) -> bool:
    return part.body in about.asked_bodies or part.kind in about.asked_kinds or (about.provider is not None and part.provider == about.provider)


def _covers(part: Part, provider: str) -> bool:
    return part.covers is None or provider in part.covers


def _answers(part: Part, about: About) -> bool:
    return _covers(part, about.provider)


def _seeing(who: Who, about: About) -> list[Part]:
    parts = [p for p in who.parts if p.role != Role.ADMINISTRATOR]
    if not about.restricted:
        return [p for p in parts if _answers(p, about)]
    # whoever also belongs to the provider reads nothing, through whichever body
    if any(p.provider == about.provider for p in parts):
        return []
    return [p for p in parts if p.body in about.involved]
