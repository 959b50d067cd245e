"""What is stored of a concern. What happened stands in the record; here is where that has led, so that it can be found."""

import uuid

from django.db import models
from django.db.models import Q

from tocsin.web.accord.models import MapInForce
from tocsin.web.people.models import Body, Provider


class Concern(models.Model):
    """One concern about one provider. Holder, phase and days are what the accord's clock says of its history at `reckoned`."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT)
    kind = models.CharField(max_length=60)
    place = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=200)
    restricted = models.BooleanField(default=False)
    severe = models.BooleanField(default=False)
    map = models.ForeignKey(MapInForce, on_delete=models.PROTECT)
    opened = models.DateTimeField()
    opened_by = models.ForeignKey(Body, null=True, on_delete=models.PROTECT, related_name="+")
    holder = models.ForeignKey(Body, null=True, on_delete=models.PROTECT, related_name="held")
    holder_kind = models.CharField(max_length=60, blank=True, help_text="The holder's id in the map, also where no such body is known here")
    since = models.DateField(null=True)
    phase = models.CharField(max_length=30, blank=True)
    due = models.DateField(null=True)
    leaves = models.DateField(null=True, help_text="First day on which it passes on if nobody acts")
    power = models.CharField(max_length=60, blank=True)
    binding = models.BooleanField(default=False)
    acknowledged = models.DateTimeField(null=True, help_text="When its present holder acknowledged it")
    level = models.CharField(max_length=5, blank=True, help_text="Strongest level of the signals in it")
    reminded = models.CharField(max_length=60, blank=True, help_text="Of what the holder was last reminded, and for which day")
    last_entry = models.BigIntegerField(default=0)
    closed = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    reopens = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="reopened_by")
    closed_by = models.ForeignKey(Body, null=True, on_delete=models.PROTECT, related_name="+", help_text="The body that signed the closing")

    class Meta:
        db_table = "concerns_concern"
        constraints = (
            models.UniqueConstraint(
                fields=("provider", "kind", "place"), condition=Q(closed=None, restricted=False), name="one_open_concern"
            ),
        )
        indexes = (models.Index(fields=("leaves",), condition=Q(closed=None), name="concern_leaves"),)


class Part(models.Model):
    """A body holds, held or opened a concern. Written by the database alone."""

    concern = models.ForeignKey(Concern, on_delete=models.PROTECT)
    body = models.ForeignKey(Body, on_delete=models.PROTECT)

    class Meta:
        db_table = "concerns_part"
        constraints = (models.UniqueConstraint(fields=("concern", "body"), name="part_once"),)


class JoinedSignal(models.Model):
    """A signal that belongs to a concern."""

    concern = models.ForeignKey(Concern, on_delete=models.PROTECT)
    key = models.CharField(max_length=300, unique=True, help_text="The same for the same signal told twice")
    site = models.CharField(max_length=100, blank=True)
    site_name = models.CharField(max_length=300, blank=True)
    level = models.CharField(max_length=5)
    raised_on = models.DateField()
    since = models.DateField(null=True)
    sentence = models.TextField()
    address = models.CharField(max_length=500)
    evidence = models.JSONField()
    joined = models.DateTimeField()
    ended = models.DateField(null=True)

    class Meta:
        db_table = "concerns_signal"


class Passed(models.Model):
    """That the clock passed a concern on, once for each passing: number counts them from 1."""

    concern = models.ForeignKey(Concern, on_delete=models.PROTECT)
    number = models.PositiveIntegerField()
    day = models.DateField()
    from_kind = models.CharField(max_length=60)
    to_kind = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=40)

    class Meta:
        db_table = "concerns_passed"
        constraints = (models.UniqueConstraint(fields=("concern", "number"), name="passed_once"),)


class Tenure(models.Model):
    """One body's time as holder, as the clock last said it (tenures.Kept). number counts a concern's tenures from 1."""

    concern = models.ForeignKey(Concern, on_delete=models.PROTECT)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=60)
    body = models.ForeignKey(Body, null=True, on_delete=models.PROTECT)
    since = models.DateField()
    until = models.DateField(null=True)
    acknowledged = models.DateField(null=True)
    acted = models.DateField(null=True)
    silent = models.BooleanField(default=False)
    reason = models.CharField(max_length=40, blank=True)

    class Meta:
        db_table = "concerns_tenure"
        constraints = (models.UniqueConstraint(fields=("concern", "number"), name="tenure_once"),)


class Strength(models.TextChoices):
    """Hierarchy of actions, as the US Department of Veterans Affairs' National Center for Patient Safety has it."""

    STRONG = "strong", "Strong: changes the place, the equipment or the system, so that the failing cannot easily happen"
    INTERMEDIATE = "intermediate", "Intermediate: helps people to do it right (staffing, checklists, software, fewer interruptions)"
    WEAK = "weak", "Weak: relies on people remembering (training, a policy, a reminder)"


class Owed(models.Model):
    """What a body owes, as the clock last said it: the holder's duty and what other bodies must do."""

    concern = models.ForeignKey(Concern, on_delete=models.PROTECT)
    kind = models.CharField(max_length=60)
    body = models.ForeignKey(Body, null=True, on_delete=models.PROTECT)
    must = models.TextField()
    basis = models.TextField(blank=True)
    due = models.DateField(null=True)
    done = models.DateField(null=True)

    class Meta:
        db_table = "concerns_owed"


class PlannedAction(models.Model):
    """One action of the joint plan."""

    concern = models.ForeignKey(Concern, on_delete=models.PROTECT)
    what = models.CharField(max_length=500)
    owner = models.ForeignKey(Body, on_delete=models.PROTECT)
    strength = models.CharField(max_length=20, choices=Strength)
    measure = models.CharField(max_length=500, help_text="What will show its effect")
    due = models.DateField()
    state = models.CharField(
        max_length=20, default="planned", help_text="planned, begun, carried-out, shown-to-work, shown-not-to-work, dropped"
    )
    effect = models.TextField(blank=True)
    checked_by = models.ForeignKey(Body, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "concerns_action"


class InformationRequest(models.Model):
    """One question to the provider; others join it instead of asking again."""

    concern = models.ForeignKey(Concern, on_delete=models.PROTECT)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT)
    shared = models.BooleanField(default=True, help_text="Of a concern that is not about people: one question to the provider at a time")
    subject = models.CharField(max_length=200)
    detail = models.TextField(blank=True)
    asked_by = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    joined_by = models.ManyToManyField(Body, related_name="+", db_table="concerns_information_joined")
    asked = models.DateTimeField()
    due = models.DateField()
    answer = models.TextField(blank=True)
    answered = models.DateTimeField(null=True)

    class Meta:
        db_table = "concerns_information"
        constraints = (
            models.UniqueConstraint(fields=("concern",), condition=Q(answered=None), name="one_question_at_a_time"),
            models.UniqueConstraint(fields=("provider",), condition=Q(answered=None, shared=True), name="one_question_a_provider"),
        )


class TakeOver(models.Model):
    """A body has assumed named powers over a named scope."""

    concern = models.ForeignKey(Concern, on_delete=models.PROTECT)
    body = models.ForeignKey(Body, on_delete=models.PROTECT)
    powers = models.JSONField(help_text="[{power, basis, source, condition}, ...] as the map has them")
    scope = models.CharField(max_length=500)
    began = models.DateField()
    reviews = models.JSONField(help_text="Days on which it is reviewed")
    reviewed = models.JSONField(default=list, help_text="[{day, for, words}, ...]: when it was reviewed, for which of those days, what was found")
    ended = models.DateField(null=True)

    class Meta:
        db_table = "concerns_takeover"
        constraints = (models.UniqueConstraint(fields=("concern",), condition=Q(ended=None), name="one_take_over"),)


class Criterion(models.Model):
    """What must be so before a take-over ends. checked_by: a body that neither took over nor was taken over."""

    take_over = models.ForeignKey(TakeOver, on_delete=models.PROTECT)
    what = models.CharField(max_length=500)
    evidence = models.TextField(blank=True)
    checked_by = models.ForeignKey(Body, null=True, on_delete=models.PROTECT)
    checked = models.DateTimeField(null=True)

    class Meta:
        db_table = "concerns_criterion"


class Effect(models.Model):
    """Evidence of effect: the watch's indicator, or an independent verification."""

    concern = models.ForeignKey(Concern, on_delete=models.PROTECT)
    way = models.CharField(max_length=20, help_text="indicator, verification")
    what = models.TextField()
    worked = models.BooleanField()
    by_body = models.ForeignKey(Body, on_delete=models.PROTECT)
    at = models.DateTimeField()

    class Meta:
        db_table = "concerns_effect"


class Raiser(models.Model):
    """Somebody outside who raised a concern: a family, a member of staff. What could name them is sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    concern = models.ForeignKey(Concern, on_delete=models.PROTECT)
    group = models.CharField(max_length=10, help_text="family, staff")
    receipt = models.CharField(max_length=20, unique=True)
    code_hash = models.CharField(max_length=200)
    contact = models.JSONField(null=True, help_text="Sealed address for letting them know that there is news")
    account = models.JSONField(help_text="Sealed account of what happened")
    raised = models.DateTimeField()
    told = models.DateTimeField(null=True)
    answer = models.CharField(max_length=20, blank=True, help_text="resolved, not-resolved")
    erased = models.DateTimeField(null=True)

    class Meta:
        db_table = "concerns_raiser"


class Telling(models.Model):
    """What one who raised a concern was told, or said in answer (from_raiser)."""

    raiser = models.ForeignKey(Raiser, on_delete=models.PROTECT)
    from_raiser = models.BooleanField(default=False)
    words = models.JSONField(help_text="Sealed")
    at = models.DateTimeField()

    class Meta:
        db_table = "concerns_telling"


class Link(models.Model):
    """Two concerns have to do with each other."""

    one = models.ForeignKey(Concern, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(Concern, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=300)

    class Meta:
        db_table = "concerns_link"


class Publication(models.Model):
    """What has been published of a concern: plain words for everybody."""

    concern = models.ForeignKey(Concern, on_delete=models.PROTECT)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT)
    title = models.CharField(max_length=200)
    words = models.TextField()
    at = models.DateTimeField()
    withdrawn = models.DateTimeField(null=True, help_text="When the concern turned out to be about people; from then it is not public")

    class Meta:
        db_table = "concerns_publication"
