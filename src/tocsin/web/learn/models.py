"""What is kept of reports, of what they recommend and find, and of what became of it."""

import uuid

from django.db import models
from django.db.models import Q
from pgvector.django import HalfVectorField

from tocsin.web.people.models import Body, Member, Provider
from tocsin.web.record.models import StoredFile

DIMENSIONS = 512
"""Of a stored vector. Shorter ones are filled up with zeros, which changes no cosine."""


class Origin(models.TextChoices):
    """Where a report comes from."""

    SHIPPED = "shipped", "Comes with Tocsin"
    UPLOADED = "uploaded", "Taken in here"
    DESK = "desk", "Written at the drafting desk"


class Reading(models.TextChoices):
    """How far the reading of a report is."""

    WAITING = "waiting", "Waiting to be read"
    READING = "reading", "Being read"
    READ = "read", "Read"
    UNREADABLE = "unreadable", "Cannot be read"


class Report(models.Model):
    """One report. body: who took it in and alone sees it until it is opened; none of one that comes with Tocsin."""

    slug = models.CharField(max_length=120, unique=True, help_text="Its stable address")
    title = models.CharField(max_length=500)
    on = models.DateField(
        null=True, db_index=True, help_text="Day on which it was published; the first one of the month or year where no more is known"
    )
    on_words = models.CharField(max_length=40, blank=True, help_text="The day as it is known: 2015, 2015-03, 2015-03-03")
    author = models.CharField(max_length=300, blank=True, help_text="Who wrote it")
    kind = models.CharField(max_length=40, blank=True)
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT)
    provider_name = models.CharField(max_length=300, blank=True)
    addressees = models.JSONField(default=list)
    sources = models.JSONField(default=list, help_text="[[document, address, how much of it was seen], ...]")
    note = models.TextField(blank=True)
    origin = models.CharField(max_length=10, choices=Origin)
    body = models.ForeignKey(Body, null=True, on_delete=models.PROTECT)
    by = models.ForeignKey(Member, null=True, on_delete=models.PROTECT)
    taken_in = models.DateTimeField()
    opened = models.DateTimeField(null=True, help_text="Since when everybody may see it")
    file = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT)
    file_name = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=12, choices=Reading, default=Reading.READ)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Per cent")
    problem = models.CharField(max_length=500, blank=True)
    pages = models.PositiveIntegerField(default=0)
    paged = models.BooleanField(default=True)
    scanned = models.JSONField(default=list, help_text="Pages that are pictures, from which nothing was read")
    recognised = models.JSONField(default=list, help_text="Pages that are pictures, whose words were recognised, with errors likely")
    found = models.JSONField(default=dict, help_text="What the reading found: {field: {value, page, how}}; corrections do not change it")
    print = models.CharField(max_length=64, blank=True, help_text="SHA-256 of what was shipped")
    touched = models.JSONField(default=list, help_text="Fields that were changed by hand; a new shipped version leaves them alone")

    class Meta:
        db_table = "learn_report"


class Passage(models.Model):
    """A paragraph of a report that was taken in. kind: as it stands; kind_read: as the reading had it."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE)
    at = models.PositiveIntegerField(help_text="Place in the report, from 1")
    page = models.PositiveIntegerField()
    text = models.TextField()
    kind = models.CharField(max_length=20)
    kind_read = models.CharField(max_length=20)
    number = models.CharField(max_length=40, blank=True)
    why = models.CharField(max_length=300)
    corrected_by = models.ForeignKey(Member, null=True, on_delete=models.PROTECT)

    class Meta:
        db_table = "learn_passage"
        constraints = (models.UniqueConstraint(fields=("report", "at"), name="passage_once"),)


class Status(models.TextChoices):
    """Where a recommendation stands, on evidence. Done by assertion is somebody's word; only shown to work is an end that counts."""

    UNKNOWN = "unknown", "Not known"
    NOT_BEGUN = "not-begun", "Not begun"
    ACTING = "acting", "Being acted on"
    ASSERTED = "done-by-assertion", "Said to be done, not shown"
    WORKS = "shown-to-work", "Shown to work"
    FAILS = "shown-not-to-work", "Shown not to work"
    SUPERSEDED = "superseded", "Superseded"
    MERGED = "merged", "Merged into another"


class Accepted(models.TextChoices):
    """What the addressee answered."""

    UNKNOWN = "unknown", "Not known"
    ACCEPTED = "accepted", "Accepted"
    IN_PART = "accepted-in-part", "Accepted in part"
    IN_PRINCIPLE = "accepted-in-principle", "Accepted in principle"
    REFUSED = "not-accepted", "Not accepted"
    NO_REPLY = "no-reply", "No reply"


class Family(models.Model):
    """The same recommendation or failing over the years, with one history."""

    name = models.CharField(max_length=300)
    made = models.DateTimeField()
    shipped = models.BooleanField(default=False)

    class Meta:
        db_table = "learn_family"


class Item(models.Model):
    """One recommendation, or one failing that was found. open, body, on and provider are those of its report."""

    code = models.CharField(max_length=160, unique=True, help_text="Its stable address")
    report = models.ForeignKey(Report, on_delete=models.CASCADE)
    passage = models.OneToOneField(Passage, null=True, on_delete=models.CASCADE)
    kind = models.CharField(max_length=20, help_text="recommendation, failing")
    number = models.CharField(max_length=40, blank=True)
    page = models.PositiveIntegerField(null=True)
    page_why = models.CharField(max_length=300, blank=True)
    text = models.TextField()
    source = models.JSONField(default=list, help_text="[document, address]")
    accepted = models.CharField(max_length=30, choices=Accepted, default=Accepted.UNKNOWN)
    accepted_on = models.DateField(null=True)
    reply = models.JSONField(default=dict, help_text="What was answered: {by, says, grade, graded_by, source}")
    owner = models.CharField(max_length=300, blank=True, help_text="Who has taken it on")
    actions = models.JSONField(default=list, help_text="[{what, by, on, source}, ...]")
    cost = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.UNKNOWN)
    next_review = models.DateField(null=True)
    family = models.ForeignKey(Family, null=True, on_delete=models.SET_NULL)
    unconfirmed = models.BooleanField(default=False, help_text="No page that was seen says this")
    withdrawn = models.DateTimeField(null=True, help_text="It turned out to be neither a recommendation nor a failing")
    open = models.BooleanField(default=False)
    body = models.ForeignKey(Body, null=True, on_delete=models.PROTECT)
    on = models.DateField(null=True)
    provider = models.ForeignKey(Provider, null=True, on_delete=models.PROTECT)
    vector = HalfVectorField(dimensions=DIMENSIONS, null=True)
    measure = models.CharField(max_length=40, blank=True, help_text="Version of the measure that gave the vector")
    print = models.CharField(max_length=64, blank=True)
    touched = models.JSONField(default=list)

    class Meta:
        db_table = "learn_item"
        indexes = (
            models.Index(fields=("report", "page"), name="item_report"),
            models.Index(fields=("on",), name="item_on"),
            models.Index(fields=("status",), name="item_status"),
            models.Index(fields=("body",), condition=Q(open=False), name="item_draft"),
        )


class Addressee(models.Model):
    """Whom an item asks. kind: a body of the map, where the words name one; body: the one body, where they name it; who: as in identity.py."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE)
    name = models.CharField(max_length=300, db_index=True)
    kind = models.CharField(max_length=60, blank=True)
    body = models.ForeignKey(Body, null=True, on_delete=models.PROTECT)
    who = models.CharField(max_length=80, blank=True, db_index=True)

    class Meta:
        db_table = "learn_addressee"
        constraints = (models.UniqueConstraint(fields=("item", "name"), name="addressee_once"),)


class LinkState(models.TextChoices):
    """What people said of a proposed link."""

    PROPOSED = "proposed", "Proposed"
    CONFIRMED = "confirmed", "Confirmed"
    DISPUTED = "disputed", "Coders disagree"
    REFUSED = "refused", "Refused"


class Link(models.Model):
    """An item is about a failing of the taxonomy. score, reason: why the reading proposed it; no score where a person named it."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE)
    failing = models.CharField(max_length=80, db_index=True)
    score = models.FloatField(null=True)
    reason = models.JSONField(default=dict, help_text="{example, voice, words} or {by}")
    state = models.CharField(max_length=10, choices=LinkState, default=LinkState.PROPOSED)

    class Meta:
        db_table = "learn_link"
        constraints = (models.UniqueConstraint(fields=("item", "failing"), name="link_once"),)


class Coding(models.Model):
    """One member's word on one link. Each codes for themselves; the newest word of a member counts."""

    link = models.ForeignKey(Link, on_delete=models.CASCADE)
    member = models.ForeignKey(Member, on_delete=models.PROTECT)
    says = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        db_table = "learn_coding"
        constraints = (models.UniqueConstraint(fields=("link", "member"), name="coding_once"),)


class StatusEntry(models.Model):
    """One step of an item's history. on: the day for which it is said; by_body: none where it came with Tocsin."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE)
    status = models.CharField(max_length=20, choices=Status)
    on = models.DateField(null=True)
    on_words = models.CharField(max_length=40, blank=True)
    evidence = models.TextField()
    source = models.JSONField(default=list)
    by_body = models.ForeignKey(Body, null=True, on_delete=models.PROTECT)
    by = models.ForeignKey(Member, null=True, on_delete=models.PROTECT)
    at = models.DateTimeField()
    shipped = models.BooleanField(default=False)

    class Meta:
        db_table = "learn_status"
        indexes = (models.Index(fields=("item", "on"), name="status_item"),)


class Relation(models.Model):
    """What somebody said of two items: one repeats, contradicts or replaces the other, or does not although it was proposed."""

    one = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, help_text="same, conflict, replaces, not-same, not-conflict")
    why = models.CharField(max_length=500)
    by_body = models.ForeignKey(Body, null=True, on_delete=models.PROTECT)
    at = models.DateTimeField()

    class Meta:
        db_table = "learn_relation"
        constraints = (models.UniqueConstraint(fields=("one", "other", "kind"), name="relation_once"),)


class Proposal(models.Model):
    """Two items may be the same, or in conflict, as far as the measure and rules on words can tell; a person decides, with a Relation."""

    one = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+", help_text="The later one")
    other = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, help_text="same, conflict")
    why = models.CharField(max_length=500)
    likeness = models.FloatField()
    at = models.DateTimeField()

    class Meta:
        db_table = "learn_proposal"
        constraints = (models.UniqueConstraint(fields=("one", "other", "kind"), name="proposal_once"),)
        indexes = (models.Index(fields=("-likeness",), name="proposal_likeness"),)


class Push(models.Model):
    """A body takes up a recommendation that somebody else made, instead of making it again."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE)
    body = models.ForeignKey(Body, on_delete=models.PROTECT)
    by = models.ForeignKey(Member, on_delete=models.PROTECT)
    words = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "learn_push"
        constraints = (models.UniqueConstraint(fields=("item", "body"), name="push_once"),)


class Draft(models.Model):
    """A recommendation that is being written. version counts its savings, so that two windows do not overwrite each other."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    body = models.ForeignKey(Body, on_delete=models.PROTECT)
    by = models.ForeignKey(Member, on_delete=models.PROTECT)
    text = models.TextField(blank=True)
    addressee = models.CharField(max_length=60, blank=True, help_text="Kind of body in the map")
    power = models.CharField(max_length=60, blank=True, help_text="Power that it would need; empty: it can do this by itself")
    measure = models.CharField(max_length=500, blank=True)
    cost = models.CharField(max_length=300, blank=True)
    by_when = models.CharField(max_length=100, blank=True)
    version = models.PositiveIntegerField(default=0)
    began = models.DateTimeField()
    saved = models.DateTimeField()
    ended = models.CharField(max_length=10, blank=True, help_text="adopted, entered, dropped")
    item = models.ForeignKey(Item, null=True, on_delete=models.PROTECT)

    class Meta:
        db_table = "learn_draft"


class DraftVersion(models.Model):
    """What a draft said at one saving. Kept, so that nothing that was typed is lost."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE)
    version = models.PositiveIntegerField()
    words = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        db_table = "learn_draft_version"
        constraints = (models.UniqueConstraint(fields=("draft", "version"), name="draft_version"),)
