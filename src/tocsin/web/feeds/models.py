"""What is kept of who wants to hear of what, and of what was told to them."""

import uuid

from django.db import models
from django.db.models import Q

from tocsin.web.people.models import Member, Provider


class Pace(models.TextChoices):
    """How often somebody wants to hear."""

    AT_ONCE = "at-once", "At once"
    DAILY = "daily", "Once a day"
    WEEKLY = "weekly", "Once a week"


class Scope(models.TextChoices):
    """Of what somebody wants to hear."""

    ALL = "all", "Every concern that I may see"
    PROVIDER = "provider", "One provider"
    KIND = "kind", "One kind of concern"
    BODY = "body", "What one body holds"
    PUBLISHED = "published", "Everything that is published"


class Subscription(models.Model):
    """Somebody wants to hear. member: None for the public, who hear only of what is published. secret: of a webhook, wrapped."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    member = models.ForeignKey(Member, null=True, on_delete=models.PROTECT)
    email = models.EmailField(blank=True)
    url = models.CharField(max_length=500, blank=True, help_text="Of a webhook")
    secret = models.BinaryField(null=True)
    pace = models.CharField(max_length=10, choices=Pace)
    scope = models.CharField(max_length=10, choices=Scope)
    target = models.CharField(max_length=60, blank=True)
    began = models.DateTimeField()
    confirmed = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    why_ended = models.CharField(max_length=200, blank=True)
    last_sent = models.DateTimeField(null=True)

    class Meta:
        db_table = "feeds_subscription"
        indexes = (models.Index(fields=("ended",), condition=Q(ended=None), name="subscription_open"),)


class Delivery(models.Model):
    """That an entry of the record is told to a subscription: made once, sent at least once."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT)
    entry = models.BigIntegerField()
    concern = models.BigIntegerField()
    what = models.CharField(max_length=60)
    made = models.DateTimeField()
    sent = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField()

    class Meta:
        db_table = "feeds_delivery"
        constraints = (models.UniqueConstraint(fields=("subscription", "entry"), name="delivered_once"),)
        indexes = (models.Index(fields=("next_try",), condition=Q(sent=None), name="delivery_waiting"),)


class Mark(models.Model):
    """Up to which transaction the record has been gone through. Transactions that end late are so not missed."""

    transaction = models.BigIntegerField()

    class Meta:
        db_table = "feeds_mark"


class BoardPack(models.Model):
    """A board pack that a member asked for. content: encrypted under the master key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    member = models.ForeignKey(Member, on_delete=models.PROTECT)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT)
    asked = models.DateTimeField()
    progress = models.PositiveSmallIntegerField(default=0, help_text="Per cent")
    problem = models.CharField(max_length=300, blank=True)
    content = models.BinaryField(null=True)
    expires = models.DateTimeField()

    class Meta:
        db_table = "feeds_board_pack"
