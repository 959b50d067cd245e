"""From the record to those who want to hear: each entry once into the outbox of each who may see it, and from there by mail or webhook."""

import hashlib
import json
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.template.loader import render_to_string

from tocsin.web.concerns.models import Concern
from tocsin.web.feeds import webhook
from tocsin.web.feeds.actions import stopping
from tocsin.web.feeds.models import Delivery, Mark, Pace, Scope, Subscription
from tocsin.web.people.permissions import Act
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Entry
from tocsin.web.record.moment import now

NEWS = frozenset(Act) - {Act.NOTED, Act.EVIDENCE_GIVEN, Act.ERASED}
"""Of what those who subscribe hear."""
EVERY = {Pace.AT_ONCE: timedelta(0), Pace.DAILY: timedelta(days=1), Pace.WEEKLY: timedelta(days=7)}
AGAIN = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 720, 1440, 1440))
"""After how long a failed sending is tried again; after the last, a webhook is ended."""


@transaction.atomic
def collect() -> int:
    """Put what is new in the record into the outbox. Returns how many deliveries were made. Safe when several workers run it at once.

    Transactions end in another order than they begin: only entries of transactions before the oldest that still runs are taken.
    """
    with acting_as(TOCSIN):
        mark, _ = Mark.objects.get_or_create(pk=1, defaults={"transaction": 0})
        mark = Mark.objects.select_for_update().get(pk=1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            until = cursor.fetchone()[0]
        fresh = list(
            Entry.objects.filter(transaction__gte=mark.transaction, transaction__lt=until, chain__startswith="concern:", what__in=NEWS)
            .order_by("id").values_list("id", "chain", "what", "at")
        )  # fmt: skip
        mark.transaction = until
        mark.save()
        if not fresh:
            return 0
        open_ = Subscription.objects.filter(ended=None).exclude(confirmed=None).select_related("member")
        return sum(_for_one(subscription, fresh) for subscription in open_)


def _for_one(subscription: Subscription, fresh: list[tuple]) -> int:
    wanted = [(i, int(chain[8:]), what) for i, chain, what, at in fresh if at >= (subscription.confirmed or at)]
    if subscription.member is None or subscription.scope == Scope.PUBLISHED:
        wanted = [w for w in wanted if w[2] == Act.PUBLISHED]
        about = dict(Concern.objects.filter(pk__in={w[1] for w in wanted}, restricted=False).values_list("id", "provider_id"))
        wanted = [w for w in wanted if w[1] in about and (subscription.scope != Scope.PROVIDER or about[w[1]] == subscription.target)]
    else:
        # asked as the reader, so that the database leaves out what they may not see
        with acting_as(subscription.member_id if subscription.member.is_active else None):
            found = Concern.objects.filter(pk__in={w[1] for w in wanted})
            field = {Scope.PROVIDER: "provider", Scope.KIND: "kind", Scope.BODY: "holder__code"}.get(Scope(subscription.scope))
            seen = set((found.filter(**{field: subscription.target}) if field else found).values_list("id", flat=True))
        wanted = [w for w in wanted if w[1] in seen]
    at = now()
    rows = [Delivery(subscription=subscription, entry=i, concern=c, what=what, made=at, next_try=at) for i, c, what in wanted]
    return len(Delivery.objects.bulk_create(rows, ignore_conflicts=True))


def send() -> int:
    """Send what waits: one mail for all that is new to a subscription, when its time has come. Returns how many were sent."""
    at = now()
    with acting_as(TOCSIN):
        due = list(
            Delivery.objects.filter(sent=None, next_try__lte=at, subscription__ended=None).values_list("subscription", flat=True).distinct()
        )
    return sum(_send_one(number, at) for number in due)


@transaction.atomic
def _send_one(number: object, at: datetime) -> int:
    with acting_as(TOCSIN):
        subscription = Subscription.objects.select_for_update(skip_locked=True).filter(pk=number, ended=None).first()
        if subscription is None:
            return 0
        if subscription.last_sent and at < subscription.last_sent + EVERY[Pace(subscription.pace)]:
            return 0
        waiting = list(Delivery.objects.filter(subscription=subscription, sent=None, next_try__lte=at).order_by("entry")[:200])
        if not waiting:
            return 0
        try:
            if subscription.url:
                for delivery in waiting:
                    webhook.post(subscription, delivery, at)
            else:
                _mail(subscription, waiting).send()
        except OSError as error:
            _later(subscription, waiting, at, error)
            return 0
        Delivery.objects.filter(pk__in=[d.pk for d in waiting]).update(sent=at)
        subscription.last_sent = at
        subscription.save()
        return 1


def _later(subscription: Subscription, waiting: list[Delivery], at: datetime, error: OSError) -> None:
    tries = waiting[0].tries
    if tries >= len(AGAIN) and subscription.url:
        subscription.ended, subscription.why_ended = at, f"it did not answer for three days ({type(error).__name__})"
        subscription.save()
        return
    wait = AGAIN[min(tries, len(AGAIN) - 1)]
    Delivery.objects.filter(pk__in=[d.pk for d in waiting]).update(tries=tries + 1, next_try=at + wait)


def _mail(subscription: Subscription, waiting: list[Delivery]) -> EmailMultiAlternatives:
    """No word of what is confided: only that there is news, and where."""
    concerns = sorted({d.concern for d in waiting})
    links = [(c, f"{settings.TOCSIN_URL}/concerns/{c}/") for c in concerns]
    if subscription.member is None or subscription.scope == Scope.PUBLISHED:
        links = [(0, f"{settings.TOCSIN_URL}/published/")]
    stop = stopping(subscription)
    lines = "\n".join(f"{f'Concern {c}' if c else 'What was published'}: {link}" for c, link in links)
    text = f"There is news in Tocsin.\n\n{lines}\n\nStop these mails: {stop}\n"
    html = render_to_string("feeds/mail.jinja", {"links": links, "stop": stop})
    name = hashlib.sha256(f"{subscription.pk}:{waiting[-1].entry}".encode()).hexdigest()[:32]
    headers = {"Message-ID": f"<{name}@tocsin>", "List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    mail = EmailMultiAlternatives("News in Tocsin", text, None, [subscription.email], headers=headers)
    mail.attach_alternative(html, "text/html")
    return mail


def summary(delivery: Delivery) -> str:
    """What a webhook says, as canonical JSON."""
    return json.dumps(
        {
            "type": f"concern.{delivery.what}", "timestamp": delivery.made.isoformat(),
            "data": {"concern": delivery.concern, "what": delivery.what, "link": f"{settings.TOCSIN_URL}/concerns/{delivery.concern}/"},
        },
        sort_keys=True, separators=(",", ":"),
    )  # fmt: skip
