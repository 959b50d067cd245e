"""What is kept of a reported event: in the open only what is counted and searched; what was told, sealed under a key of its own."""

import uuid

from django.db import models
from django.db.models import Q

from tocsin.web.concerns.models import Concern
from tocsin.web.people.models import Body, Provider


class ReportedEvent(models.Model):
    """One event in care that somebody reported, as it was told last. Harm is graded 0 (none) to 4 (died); null where that was not said."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT)
    site = models.CharField(max_length=60, blank=True)
    sent_by = models.ForeignKey(Body, null=True, on_delete=models.PROTECT, related_name="+", help_text="None: read on the machine itself")
    system = models.CharField(max_length=500, blank=True)
    number = models.CharField(max_length=200, blank=True, help_text="The sender's own number of the event")
    fingerprint = models.CharField(max_length=64, help_text="Of what was told last")
    version = models.PositiveIntegerField(default=1)
    actual = models.BooleanField()
    happened = models.DateField(null=True)
    physical = models.PositiveSmallIntegerField(null=True)
    psychological = models.PositiveSmallIntegerField(null=True)
    maternity = models.BooleanField(null=True)
    never_event = models.BooleanField(null=True)
    imminent = models.BooleanField(null=True)
    told = models.JSONField(help_text="Sealed: the whole resource without what names a person")
    concern = models.ForeignKey(Concern, null=True, on_delete=models.PROTECT, help_text="The concern that it became or joined")
    received = models.DateTimeField()
    changed = models.DateTimeField()
    erased = models.DateTimeField(null=True)

    class Meta:
        db_table = "fhir_event"
        constraints = (
            models.UniqueConstraint(
                fields=("sent_by", "provider", "system", "number"), condition=~Q(number=""), nulls_distinct=False, name="event_once"
            ),
            models.UniqueConstraint(
                fields=("sent_by", "fingerprint"), condition=Q(number="", erased=None), nulls_distinct=False, name="event_told_once"
            ),
        )
        indexes = (
            models.Index(fields=("provider", "happened"), name="event_of"),
            models.Index(fields=("changed", "id"), name="event_changed"),
        )


class EarlierVersion(models.Model):
    """How an event was told before: nothing that was said of harm disappears because somebody sends it again with less."""

    event = models.ForeignKey(ReportedEvent, on_delete=models.PROTECT)
    version = models.PositiveIntegerField()
    physical = models.PositiveSmallIntegerField(null=True)
    psychological = models.PositiveSmallIntegerField(null=True)
    told = models.JSONField()
    until = models.DateTimeField()

    class Meta:
        db_table = "fhir_event_earlier"
        constraints = (models.UniqueConstraint(fields=("event", "version"), name="event_version_once"),)
