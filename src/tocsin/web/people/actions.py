"""Who is let in, and what they say of themselves. Every change is told to the record, by ids and codes alone, without names."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction

from tocsin.web.people.models import Body, Coverage, Declaration, Invitation, Member, Membership, Provider, Role, Token
from tocsin.web.people.permissions import NotPermitted
from tocsin.web.record import ledger
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now

VALID_FOR = timedelta(days=7)
TRIES = 10
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
    code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3))
    at = now()
    made = Invitation.objects.create(email=email, body=body, role=role, by=by, code_hash=make_password(code), expires=at + VALID_FOR)
    _tell("invited", by, body, invitation=str(made.pk), role=role)
    words = (
        f"You are invited to join {body.name} in Tocsin.\n\nOpen the page 'Join' of your Tocsin and give this e-mail address and the joining code. "
        "The one who invited you has the code and will tell it to you; it is not in this mail.\n\nThe invitation holds for seven days.\n"
    )
    transaction.on_commit(lambda: send_mail("Invitation", words, None, [email], fail_silently=True))
    return made, code


@transaction.atomic
def _try(email: str, code: str) -> Invitation | None:
    """The invitation that fits; each wrong try is counted, and kept also where the joining then fails."""
    at = now()
    waiting = list(
        Invitation.objects.select_for_update().filter(email=email, accepted=None, expires__gt=at, tries__lt=TRIES).select_related("body")
    )
    for found in waiting:
        if check_password(code.strip().upper(), found.code_hash):
            return found
    Invitation.objects.filter(pk__in=[w.pk for w in waiting]).update(
        tries=10 if len(waiting) > 5 else waiting[0].tries + 1 if waiting else 1
    )
    return None


def join(*, email: str, code: str, name: str, password: str) -> Member:
    """Somebody who was invited joins; whoever is a member already gets the new role, and the password that is given must be theirs."""
    email = email.strip().lower()
    if not name.strip():
        raise Refused("name", "Give your name.")
    found = _try(email, code)
    if found is None:
        # the same words for every reason, so that nobody learns who was invited
        raise Refused("code", "E-mail address and code do not fit together, or the invitation is used or too old. Ask for a new one.")
    with transaction.atomic():
        member = Member.objects.filter(email=email).first()
        if member is None or not member.has_usable_password():
            try:
                validate_password(password)
            except ValidationError as error:
                raise Refused("password", " ".join(error.messages)) from None
            member = member or Member.objects.create_user(email, None, name=name.strip()[:200])
            member.set_password(password)
            member.save()
        elif not member.check_password(password):
            raise Refused("password", "You are a member already: give the password that you have.")
        Membership.objects.get_or_create(member=member, body=found.body, role=found.role, ended=None, defaults={"began": now()})
        found.accepted = now()
        found.save()
        _tell("joined", member, found.body, invitation=str(found.pk), role=found.role)
    return member


@transaction.atomic
def end_membership(*, membership: int, by: Member) -> None:
    """An administrator of the body, or the member, ends a role."""
    found = Membership.objects.select_related("body").filter(pk=membership, ended=None).first()
    if found is None:
        raise Refused("", "That role has ended already.")
    if found.member_id != by.pk:
        _administers(by, found.body)
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
    if not Membership.objects.filter(member=by, body=body, ended=None, role=Role.LEAD).exists():
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
    found = Token.objects.select_related("body").filter(pk=token, member=by, ended=None).first()
    if found is None:
        raise Refused("", "There is no such token.")
    found.ended = now()
    found.save()
    _tell("token-ended", by, found.body, token=found.pk)


def member_of(text: str, scope: str) -> tuple[Member, Body] | None:
    """For whom a token acts, where it holds and has that scope. One query."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    found = (
        Token.objects.select_related("member", "body").filter(hash=digest, ended=None, expires__gt=now(), member__is_active=True).first()
    )
    if found is None or scope not in found.scopes:
        return None
    if not Membership.objects.filter(member=found.member, body=found.body, ended=None).exists():
        return None
    return found.member, found.body


@transaction.atomic
def erase_member(*, member: UUID, by: Member | None = None) -> None:
    """What names a member is taken out; what they did stays in the record under their number."""
    found = Member.objects.select_for_update().get(pk=member)
    found.email, found.name, found.is_active, found.erased = f"{found.pk}@erased.invalid", "erased", False, now()
    found.set_unusable_password()
    found.save()
    Membership.objects.filter(member=found, ended=None).update(ended=now())
    Token.objects.filter(member=found, ended=None).update(ended=now())
    _tell("member-erased", by, None, member=str(found.pk))


def _administers(by: Member, body: Body) -> None:
    if not Membership.objects.filter(member=by, body=body, ended=None, role=Role.ADMINISTRATOR).exists():
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
    body, _ = Body.objects.get_or_create(code=code, defaults=values)
    Coverage.objects.bulk_create([Coverage(body=body, provider_id=c) for c in covers], ignore_conflicts=True)
    installer, _ = Member.objects.get_or_create(
        email="installer@tocsin.invalid", defaults={"name": "Installed on the machine", "is_active": False}
    )
    Membership.objects.get_or_create(member=installer, body=body, role=Role.ADMINISTRATOR, ended=None, defaults={"began": now()})
    codes = {role.label: invite(body=body, email=email, role=role, by=installer)[1] for role in (Role.ADMINISTRATOR, Role.LEAD)}
    Membership.objects.filter(member=installer, ended=None).update(ended=now())
    return codes
