"""Subscribing, and stopping."""

import base64
import re
import secrets
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction

from tocsin.web.feeds.models import BoardPack, Pace, Scope, Subscription
from tocsin.web.people.models import Member, Provider
from tocsin.web.record import keys
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now

STOP, CONFIRM = "feeds.stop", "feeds.confirm"


class Refused(ValueError):
    """What was given cannot be taken; the message says what to do."""


@transaction.atomic
def subscribe(*, by: Member, pace: str, scope: str, target: str = "", url: str = "") -> tuple[Subscription, str]:
    """A member wants to hear by mail, or (url) by a webhook. Returns the subscription and a webhook's secret, shown once."""
    if pace not in Pace.values or scope not in Scope.values:
        raise Refused("Choose how often, and of what.")
    if scope in (Scope.PROVIDER, Scope.KIND, Scope.BODY) and not target:
        raise Refused("Choose which one.")
    if scope == Scope.PROVIDER and not Provider.objects.filter(code=target).exists():
        raise Refused("There is no such provider.")
    secret = b""
    if url:
        if (
            len(url) > 500
            or not re.fullmatch(r"[\x21-\x7e]+", url)
            or (urlsplit(url).scheme != "https" and not settings.WEBHOOKS_TO_ANYWHERE)
        ):
            raise Refused("Give an address that begins with https://.")
        secret = secrets.token_bytes(32)
    at = now()
    made = Subscription.objects.create(
        member=by, email="" if url else by.email, url=url, secret=keys.wrap(secret) if url else None, pace=Pace.AT_ONCE if url else pace,
        scope=scope, target=target[:60], began=at, confirmed=at,
    )  # fmt: skip
    return made, "whsec_" + base64.b64encode(secret).decode() if url else ""


@transaction.atomic
def subscribe_in_public(*, email: str, provider: str = "") -> None:
    """Anybody may hear of what is published; nothing is sent before they confirm. The answer is the same for every address."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Refused("Give an e-mail address, such as name@example.org.") from None
    at = now()
    with acting_as(TOCSIN):
        if Subscription.objects.filter(email=email, member=None, began__gt=at - timedelta(hours=1)).count() >= 3:
            return
        made = Subscription.objects.create(
            email=email, pace=Pace.DAILY, scope=Scope.PROVIDER if provider else Scope.PUBLISHED, target=provider[:60], began=at
        )
    link = f"{settings.TOCSIN_URL}/feeds/confirm/{signing.dumps(str(made.pk), salt=CONFIRM)}/"
    words = f"Somebody asked Tocsin to tell this address of what is published. If it was you, open this page within three days:\n\n{link}\n"
    transaction.on_commit(lambda: send_mail("Do you want to hear of what is published?", words, None, [email], fail_silently=True))


def confirm(token: str) -> bool:
    """The address is one that wants to hear. Returns whether the link was good."""
    found = _from(token, CONFIRM, timedelta(days=3))
    if found is None:
        return False
    with acting_as(TOCSIN):
        return Subscription.objects.filter(pk=found, ended=None).update(confirmed=now()) == 1


def stop(token: str) -> bool:
    """One click ends a subscription; the link can do nothing else."""
    found = _from(token, STOP, None)
    if found is None:
        return False
    with acting_as(TOCSIN):
        Subscription.objects.filter(pk=found, ended=None).update(ended=now(), why_ended="stopped by the reader")
        return Subscription.objects.filter(pk=found).exists()


def stop_own(*, number: str, by: Member) -> None:
    Subscription.objects.filter(pk=number, member=by, ended=None).update(ended=now(), why_ended="stopped by the reader")


def stopping(subscription: Subscription) -> str:
    """The address that ends a subscription in one click."""
    return f"{settings.TOCSIN_URL}/feeds/stop/{signing.dumps(str(subscription.pk), salt=STOP)}/"


@transaction.atomic
def ask_for_pack(*, provider: Provider, by: Member) -> BoardPack:
    """A board pack is made in the background."""
    from tocsin.web.feeds.tasks import make_pack

    at = now()
    pack = BoardPack.objects.create(member=by, provider=provider, asked=at, expires=at + timedelta(days=30))
    transaction.on_commit(lambda: make_pack.defer(pack=str(pack.pk)))
    return pack


def _from(token: str, salt: str, age: timedelta | None) -> UUID | None:
    try:
        return UUID(signing.loads(token, salt=salt, max_age=age))
    except (signing.BadSignature, ValueError):
        return None
