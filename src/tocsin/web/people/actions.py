"""Who is let in, and what they say of themselves. Every change is told to the record, by ids and codes alone, without names."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.utils.timezone import localtime

from tocsin.web.people import tries
from tocsin.web.people.models import Body, Coverage, Declaration, Invitation, Member, Membership, Provider, Role, Token
from tocsin.web.people.permissions import NotPermitted, administers, may_end_membership, may_make_token, sees_token, who_is
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now

VALID_FOR = timedelta(days=7)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SCOPES = ("read", "raise", "act", "feeds")


class Refused(ValueError):
    """What was given cannot be taken. field: where."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@transaction.atomic
def invite(*, body: Body, email: str, role: str, by: Member) -> tuple[Invitation, str]:
    """An administrator of a body lets somebody in. Returns the invitation and the joining code, to be told by another way than mail."""
    _administers(by, body)
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Refused("email", "Give an e-mail address, such as name@example.org.") from None
    if role not in Role.values:
        raise Refused("role", "Choose what they may do.")
    return _invited(body, email, role, by)


@transaction.atomic
def renew_password(*, membership: int, by: Member) -> tuple[Invitation, str]:
    """An administrator lets a member of the body who has forgotten the password choose another. The second factor is asked for as before.

    Returns the invitation and the joining code, as `invite` does. Raises Refused, NotPermitted.
    """
    found = Membership.objects.select_related("body").filter(pk=membership, ended=None).first()
    if found is None:
        raise Refused("", "There is no such role, or it has ended already.")
    _administers(by, found.body)
    with acting_as(TOCSIN):
        email = Member.objects.get(pk=found.member_id).email
    return _invited(found.body, email, found.role, by, renews=True)


def _invited(body: Body, email: str, role: str, by: Member, renews: bool = False) -> tuple[Invitation, str]:
    code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3))
    made = Invitation.objects.create(
        email=email, body=body, role=role, by=by, code_hash=make_password(code), expires=now() + VALID_FOR, renews=renews
    )
    _tell("password-renewal-offered" if renews else "invited", by, body, invitation=str(made.pk), role=role)
    said = f"You can choose a new password for {body.name}" if renews else f"You are invited to join {body.name}"
    words = (
        f"{said} in Tocsin.\n\nOpen the page 'Join' of your Tocsin and give this e-mail address and the joining code. "
        "The one who invited you has the code and will tell it to you; it is not in this mail.\n\nThe invitation holds for seven days.\n"
    )
    transaction.on_commit(lambda: send_mail("Invitation", words, None, [email], fail_silently=True))
    return made, code


@transaction.atomic
def withdraw_invitation(*, invitation: UUID, by: Member) -> None:
    """An administrator of the body takes an invitation back that nobody has taken up."""
    found = Invitation.objects.select_for_update(of=("self",)).select_related("body").filter(pk=invitation).first()
    if found is None:
        raise Refused("", "There is no such invitation.")
    _administers(by, found.body)
    if found.accepted or found.withdrawn:
        raise Refused("", f"This invitation was {'taken up' if found.accepted else 'withdrawn'} already. Nothing was changed.")
    found.withdrawn = now()
    found.save()
    _tell("invitation-withdrawn", by, found.body, invitation=str(found.pk), role=found.role)


def join(*, email: str, code: str, name: str, password: str, address: str = "") -> Member:
    """Somebody who was invited joins; whoever is a member already gets the new role, and the password that is given must be theirs.

    address: of the computer, for how long one waits after wrong codes. Raises Refused.
    """
    email = email.strip().lower()
    if not name.strip():
        raise Refused("name", "Give your name.")
    door = tries.Door("invitation", email, address)
    # before the transaction, so that a try is counted also where the joining then fails
    if until := tries.begin(door):
        raise Refused("code", f"There were too many wrong codes. Nothing was looked at; try again after {tries.words(until)}.")
    with transaction.atomic(), acting_as(TOCSIN):
        found = _invitation(email, code)
        member = Member.objects.filter(email=email).first()
        if member is None or not member.has_usable_password() or found.renews:
            try:
                validate_password(password)
            except ValidationError as error:
                raise Refused("password", " ".join(error.messages)) from None
            member = member or Member.objects.create_user(email, None, name=name.strip()[:200])
            # sessions under the old password end with it
            member.set_password(password)
            member.save()
        elif not member.check_password(password):
            raise Refused("password", "You are a member already: give the password that you have.")
        Membership.objects.get_or_create(member=member, body=found.body, role=found.role, ended=None, defaults={"began": now()})
        found.accepted = now()
        found.save()
        _tell("password-renewed" if found.renews else "joined", member, found.body, invitation=str(found.pk), role=found.role)
    tries.right(door)
    return member


def _invitation(email: str, code: str) -> Invitation:
    """The invitation that fits and still holds. Why one doesn't is told to whoever brings its code; to others not even that there was one."""
    at = now()
    # the newest first, so that an old code of somebody who was invited again is not looked for long
    for found in Invitation.objects.select_for_update(of=("self",)).filter(email=email).select_related("body").order_by("-expires")[:10]:
        if not check_password(code.strip().upper(), found.code_hash):
            continue
        if found.accepted:
            raise Refused("code", "This invitation was taken up already. If that was you, sign in; if not, tell the one who invited you.")
        if found.withdrawn:
            raise Refused("code", "This invitation was withdrawn. Ask the one who invited you.")
        if found.expires <= at:
            raise Refused("code", f"This invitation held until {localtime(found.expires):%-d %B %Y}. Ask for a new one.")
        return found
    raise Refused(
        "code", "This e-mail address and this code do not fit together. Give the address at which the mail came, and the code as it was told to you."
    )


@transaction.atomic
def end_membership(*, membership: int, by: Member) -> None:
    """An administrator of the body, or the member, ends a role."""
    found = Membership.objects.select_related("body").filter(pk=membership, ended=None).first()
    if found is None:
        raise Refused("", "There is no such role, or it has ended already.")
    if not may_end_membership(who_is(by), found.member_id, found.body_id):
        raise NotPermitted("Only an administrator of this body may do this.")
    found.ended = now()
    found.save()
    _tell("role-ended", by, found.body, member=str(found.member_id), role=found.role)


@transaction.atomic
def declare_interest(*, provider: Provider, reason: str, by: Member) -> Declaration:
    """A member declares an interest in a provider: from now they neither hold, grade, close nor delay what is about it."""
    if not reason.strip():
        raise Refused("reason", "Say what the interest is.")
    if Declaration.objects.filter(member=by, provider=provider, ended=None).exists():
        raise Refused("provider", "You have declared this already.")
    made = Declaration.objects.create(member=by, provider=provider, reason=reason.strip()[:500], began=now())
    _tell("interest-declared", by, None, provider=provider.code)
    return made


@transaction.atomic
def end_interest(*, declaration: int, by: Member) -> None:
    """The interest is over, and that is told too."""
    found = Declaration.objects.filter(pk=declaration, member=by, ended=None).first()
    if found is None:
        raise Refused("", "There is no such interest.")
    found.ended = now()
    found.save()
    _tell("interest-ended", by, None, provider=found.provider_id)


@transaction.atomic
def make_token(*, body: Body, name: str, scopes: list[str], by: Member) -> tuple[Token, str]:
    """A program may act for a body, in the name of the member who made the token. Returns the token's text, shown once."""
    if not may_make_token(who_is(by), body.pk):
        raise NotPermitted("Only somebody who acts for the body makes a token for it.")
    if not name.strip():
        raise Refused("name", "Say what it is for.")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Refused("scopes", "Choose what it may do.")
    text = "tocsin_" + secrets.token_urlsafe(32)
    at = now()
    made = Token.objects.create(
        body=body, member=by, name=name.strip()[:100], hash=hashlib.sha256(text.encode()).hexdigest(), scopes=sorted(scopes), made=at,
        expires=at + timedelta(days=90),
    )  # fmt: skip
    _tell("token-made", by, body, token=made.pk, scopes=sorted(scopes))
    return made, text


@transaction.atomic
def end_token(*, token: int, by: Member) -> None:
    """Who made it ends it, or an administrator of its body, as when its maker has left."""
    found = Token.objects.select_related("body").filter(pk=token, ended=None).first()
    if found is None or not sees_token(who_is(by), found.member_id, found.body_id):
        raise Refused("", "There is no such token.")
    found.ended = now()
    found.save()
    _tell("token-ended", by, found.body, token=found.pk)


def member_of(text: str, scope: str) -> tuple[Member, Body] | None:
    """For whom a token acts, where it holds and has that scope. Two queries, as Tocsin itself: who brings it is not known before."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    with acting_as(TOCSIN):
        held = Token.objects.select_related("member", "body").filter(hash=digest, ended=None, expires__gt=now(), member__is_active=True)
        found = held.first()
        if found is None or scope not in found.scopes:
            return None
        if not Membership.objects.filter(member=found.member, body=found.body, ended=None).exists():
            return None
    return found.member, found.body


@transaction.atomic
def end_session(*, session: int, by: Member) -> None:
    """A member ends one of their own sessions; whoever holds it is out at the next click."""
    found = UserSession.objects.filter(pk=session, user=by).first()
    if found is None:
        raise Refused("", "That session has ended already.")
    found.end()
    _tell("session-ended", by, None, member=str(by.pk), sessions=1)


@transaction.atomic
def end_other_sessions(*, key: str, by: Member) -> int:
    """A member ends all their sessions but the one whose key is given. Returns how many."""
    others = list(UserSession.objects.filter(user=by).exclude(session_key=key))
    for other in others:
        other.end()
    if others:
        _tell("session-ended", by, None, member=str(by.pk), sessions=len(others))
    return len(others)


@transaction.atomic
def erase_member(*, member: UUID, by: Member | None = None) -> None:
    """What names a member is taken out, and they are out everywhere; what they did stays in the record under their number."""
    with acting_as(TOCSIN):
        found = Member.objects.select_for_update().get(pk=member)
        Invitation.objects.filter(email=found.email).update(email=f"{found.pk}@erased.invalid")
        found.email, found.name, found.is_active, found.erased = f"{found.pk}@erased.invalid", "erased", False, now()
        found.set_unusable_password()
        found.save()
        Membership.objects.filter(member=found, ended=None).update(ended=now())
        Token.objects.filter(member=found, ended=None).update(ended=now())
        Declaration.objects.filter(member=found).update(reason="erased")
        for session in UserSession.objects.filter(user=found):
            session.end()
        for kept in (Authenticator, EmailAddress, SocialAccount):
            kept.objects.filter(user=found).delete()
        _tell("member-erased", by, None, member=str(found.pk))


def _administers(by: Member, body: Body) -> None:
    if not administers(who_is(by), body.pk):
        raise NotPermitted("Only an administrator of this body may do this.")


def _tell(what: str, by: Member | None, body: Body | None, **said: Any) -> None:
    with acting_as(TOCSIN):
        ledger.write(chain="people", what=what, at=now(), payload=said, member=by.pk if by else None, body=body.code if body else "")


@transaction.atomic
def first_of(*, kind: str, name: str, email: str, code: str, provider: str, covers: list[str]) -> dict[str, str]:
    """On the machine itself: a body, and joining codes for its first administrator and first lead. Raises Refused."""
    known = set(Provider.objects.values_list("code", flat=True))
    if missing := {provider, *covers} - known - {""}:
        raise Refused(
            "covers", f"there is no provider {', '.join(sorted(missing))} here; providers come with the watch's signals and sites"
        )
    values = {"kind": kind, "name": name, "provider_id": provider or None, "national": not provider and not covers}
    with acting_as(TOCSIN):
        body, _ = Body.objects.get_or_create(code=code, defaults=values)
        Coverage.objects.bulk_create([Coverage(body=body, provider_id=c) for c in covers], ignore_conflicts=True)
        installer, _ = Member.objects.get_or_create(
            email="installer@tocsin.invalid", defaults={"name": "Installed on the machine", "is_active": False}
        )
        Membership.objects.get_or_create(
            member=installer, body=body, role=Role.ADMINISTRATOR, ended=None, defaults={"began": now()}
        )
        codes = {role.label: invite(body=body, email=email, role=role, by=installer)[1] for role in (Role.ADMINISTRATOR, Role.LEAD)}
        Membership.objects.filter(member=installer, ended=None).update(ended=now())
    return codes
