"""What the pages of people show: as far as row-level security lets the one who asks see."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils.timezone import localtime

from tocsin.web.people.models import Body, Declaration, Invitation, Member, Membership, Token
from tocsin.web.people.names import put_names
from tocsin.web.people.permissions import administers, who_is
from tocsin.web.record.moment import now


@dataclass(frozen=True, slots=True)
class BodyShown:
    """A body's page. members, addresses: where whoever asks may know them; open, past: invitations, for administrators."""

    body: Body
    administers: bool
    inside: bool
    members: list[Membership]
    addresses: dict[UUID, str]
    open: list[Invitation]
    past: list[tuple[Invitation, str]]
    tokens: list[Token]
    interests: list[Declaration]


def body_shown(body: Body, by: Member) -> BodyShown:
    """A body as `by` may see it. At most nine queries."""
    who = who_is(by)
    administering = administers(who, body.pk)
    inside = any(p.body == body.pk for p in who.parts)
    members = list(Membership.objects.filter(body=body, ended=None).order_by("began", "pk"))
    if not administering:
        put_names((members, "member"))
        members.sort(key=lambda m: (m.member.name.lower(), m.role))
        return BodyShown(body, False, inside, members, {}, [], [], [], [])
    with connection.cursor() as cursor:
        cursor.execute("SELECT member, email FROM people_addresses(%s)", [body.pk])
        addresses = dict(cursor.fetchall())
    at = now()
    invited = list(Invitation.objects.filter(body=body).order_by("-expires")[:100])
    tokens = list(Token.objects.filter(body=body, ended=None, expires__gt=at).order_by("made"))
    here = {m.member_id for m in members}
    interests = list(Declaration.objects.filter(member__in=here, ended=None).select_related("provider").order_by("began"))
    put_names((members, "member"), (invited, "by"), (tokens, "member"), (interests, "member"))
    members.sort(key=lambda m: (m.member.name.lower(), m.role))
    return BodyShown(
        body, True, inside, members, addresses,
        [i for i in invited if i.accepted is None and i.withdrawn is None and i.expires > at],
        [(i, _became(i)) for i in invited if i.accepted or i.withdrawn or i.expires <= at][:20],
        tokens, interests,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SessionShown:
    """One place where a member is signed in."""

    id: int
    began: datetime
    time: str
    address: str
    device: str
    this: bool


def sessions_of(key: str | None) -> list[SessionShown]:
    """Where the acting member is signed in, this session first. Other sessions' keys are not read. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, created_at, host(ip), user_agent, this FROM people_my_sessions(%s) ORDER BY this DESC, created_at DESC", [key])
        rows = [(i, localtime(began), *more) for i, began, *more in cursor.fetchall()]
    return [SessionShown(i, began, f"{began:%H:%M}", address, device(agent), this) for i, began, address, agent, this in rows]


_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "Mac"), ("Linux", "Linux"))


def device(agent: str) -> str:
    """Browser and system in plain words, as the browser says them of itself; they can be made up."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or (agent[:60] or "not known")


def _became(invitation: Invitation) -> str:
    if invitation.accepted:
        return "taken up"
    return "withdrawn" if invitation.withdrawn else "too old"
