"""What is stored of a panel and its cases. What happened stands in the record; what was graded is kept as it was, for ever."""

import uuid

from django.db import models
from django.db.models import Q

from tocsin.web.people.models import Body, Member, Provider

_TO_ONE = {"on_delete": models.PROTECT}


class StandardVersion(models.Model):
    """One version of a standard, as proposed; in force once a second person has signed it. body: None for those that come with Tocsin."""

    key = models.CharField(max_length=100, db_index=True, help_text="The standard's id, the same over its versions")
    body = models.ForeignKey(Body, null=True, **_TO_ONE)
    version = models.PositiveIntegerField()
    content = models.JSONField(help_text="The standard as the room below reads it")
    title = models.CharField(max_length=300)
    topic = models.CharField(max_length=100, blank=True)
    from_day = models.DateField()
    to_day = models.DateField(null=True, help_text="Last day on which it was in force")
    why = models.CharField(max_length=500, blank=True, help_text="What this version changes, and for what reason")
    proposed = models.DateTimeField()
    proposed_by = models.ForeignKey(Member, null=True, related_name="+", **_TO_ONE)
    signed = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(Member, null=True, related_name="+", **_TO_ONE)
    turned_down = models.DateTimeField(null=True)

    class Meta:
        db_table = "review_standard"
        constraints = (
            models.UniqueConstraint(fields=("key", "version"), name="standard_version_once"),
            models.CheckConstraint(
                condition=Q(signed_by=None) | Q(proposed_by=None) | ~Q(signed_by=models.F("proposed_by")), name="standard_signed_by_another"
            ),
        )


class Sampling(models.TextChoices):
    """How the cases of a panel came to it."""

    CAME_FORWARD = "came-forward", "Families came forward, or were referred"
    RANDOM = "random", "Drawn at random from all cases, by strata"
    ALL = "all", "Every case of a kind over a time"


class Panel(models.Model):
    """A panel that judges cases. seed: with it anybody can repeat how the cases were given out."""

    name = models.CharField(max_length=200)
    purpose = models.TextField(blank=True)
    body = models.ForeignKey(Body, **_TO_ONE)
    made_by = models.ForeignKey(Member, related_name="+", **_TO_ONE)
    made = models.DateTimeField()
    scale = models.CharField(max_length=40)
    graders = models.PositiveSmallIntegerField(default=3, help_text="Who grade each case before they see each other's")
    seed = models.BigIntegerField()
    sampling = models.CharField(max_length=20, choices=Sampling)
    ended = models.DateTimeField(null=True)

    class Meta:
        db_table = "review_panel"
        constraints = (models.CheckConstraint(condition=Q(graders__gte=2), name="panel_two_or_more"),)


class SeatRole(models.TextChoices):
    CONVENER = "convener", "Convenes"
    REVIEWER = "reviewer", "Grades"


class Seat(models.Model):
    """A member's place in a panel. declared: when they said that their declaration of independence is complete."""

    panel = models.ForeignKey(Panel, **_TO_ONE)
    member = models.ForeignKey(Member, related_name="review_seats", **_TO_ONE)
    role = models.CharField(max_length=20, choices=SeatRole)
    craft = models.CharField(max_length=60, blank=True, help_text="'Midwife', 'Obstetrician'")
    began = models.DateTimeField()
    declared = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        db_table = "review_seat"
        constraints = (models.UniqueConstraint(fields=("panel", "member", "role"), condition=Q(ended=None), name="seat_once"),)


class Case(models.Model):
    """One case under a pseudonym. Who it is about stands sealed in `identity`; nothing else here names anybody."""

    panel = models.ForeignKey(Panel, **_TO_ONE)
    pseudonym = models.CharField(max_length=20, unique=True)
    provider = models.ForeignKey(Provider, **_TO_ONE)
    also = models.JSONField(default=list, help_text="Codes of other providers that gave care")
    outcome = models.CharField(max_length=30)
    event_on = models.DateField(help_text="Day of the birth, death or injury that the case is about")
    gestation_days = models.PositiveSmallIntegerField(null=True)
    stratum = models.CharField(max_length=100, blank=True, default="", help_text="Of the panel's list, if it was drawn from there")
    facts = models.JSONField(default=dict)
    identity = models.JSONField(null=True, help_text="Sealed")
    plain = models.TextField(blank=True, help_text="What the panel found, in plain words, for the family")
    made = models.DateTimeField()
    last_entry = models.BigIntegerField(default=0)
    blind_ended = models.DateTimeField(null=True)
    agreed = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)

    class Meta:
        db_table = "review_case"
        indexes = (models.Index(fields=("panel", "id"), name="case_of_panel"),)


class Tie(models.Model):
    """What binds a member to a provider or to one case. They neither see nor grade what they are tied to, in any panel."""

    member = models.ForeignKey(Member, related_name="review_ties", **_TO_ONE)
    kind = models.CharField(
        max_length=20, choices=(("employer", "Works or worked there"), ("own-care", "Own care"), ("interest", "Another interest"))
    )
    provider = models.ForeignKey(Provider, null=True, **_TO_ONE)
    case = models.ForeignKey(Case, null=True, **_TO_ONE)
    words = models.CharField(max_length=500, blank=True)
    began = models.DateTimeField()
    ended = models.DateTimeField(null=True)

    class Meta:
        db_table = "review_tie"
        constraints = (models.CheckConstraint(condition=Q(provider__isnull=False) | Q(case__isnull=False), name="tie_to_something"),)


class CareEvent(models.Model):
    """One thing that happened in the care. standards: ids of the standards that it bears on."""

    case = models.ForeignKey(Case, **_TO_ONE)
    at = models.DateTimeField()
    about = models.BooleanField(default=False, help_text="Its hour is not known, only its day")
    words = models.CharField(max_length=1000)
    source = models.CharField(max_length=200, blank=True)
    standards = models.JSONField(default=list)
    struck = models.DateTimeField(null=True, help_text="Taken off the timeline; it stays in the record")

    class Meta:
        db_table = "review_event"


class Assignment(models.Model):
    """A case was given to a reviewer. final: when they had graded it for good."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    case = models.ForeignKey(Case, **_TO_ONE)
    seat = models.ForeignKey(Seat, **_TO_ONE)
    at = models.DateTimeField()
    final = models.DateTimeField(null=True)
    withdrawn = models.DateTimeField(null=True)
    why = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "review_assignment"
        constraints = (models.UniqueConstraint(fields=("case", "seat"), condition=Q(withdrawn=None), name="assigned_once"),)


class Grading(models.Model):
    """What one reviewer says of one case. Only they see it until every grading of the case is final; then it is never changed.

    content: {grade, words, standards: {id: {verdict, words}}, factors: {id: words}, candour}. set_aside: text that gave way to text from
    another device: [{at, content}].
    """

    assignment = models.OneToOneField(Assignment, primary_key=True, **_TO_ONE)
    case = models.ForeignKey(Case, **_TO_ONE)
    member = models.ForeignKey(Member, related_name="+", **_TO_ONE)
    content = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)
    tab = models.CharField(max_length=40, blank=True, help_text="Which page in which browser saved last")
    count = models.PositiveIntegerField(default=0, help_text="That page's own count of its savings")
    saved = models.DateTimeField(null=True)
    set_aside = models.JSONField(default=list)
    salt = models.CharField(max_length=64, blank=True)
    final = models.DateTimeField(null=True)

    class Meta:
        db_table = "review_grading"


class Position(models.Model):
    """Where a reviewer stands after having seen the others' gradings. why: needed where they moved."""

    assignment = models.ForeignKey(Assignment, **_TO_ONE)
    case = models.ForeignKey(Case, **_TO_ONE)
    from_grade = models.CharField(max_length=5)
    grade = models.CharField(max_length=5)
    why = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "review_position"


class Consensus(models.Model):
    """What the graders of a case agreed. how: 'unanimous', or 'majority' with the others' dissent beside it."""

    case = models.ForeignKey(Case, **_TO_ONE)
    grade = models.CharField(max_length=5)
    how = models.CharField(max_length=20)
    words = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(Member, related_name="+", **_TO_ONE)

    class Meta:
        db_table = "review_consensus"


class AgreedStandard(models.Model):
    """A standard that the graders agreed was met or not. bears: whether not meeting it bears on the grade."""

    consensus = models.ForeignKey(Consensus, **_TO_ONE)
    standard = models.CharField(max_length=120, help_text="Its key, as 'id@version'")
    title = models.CharField(max_length=300, blank=True)
    verdict = models.CharField(max_length=20, help_text="met, not-met, unknown, not-applicable")
    bears = models.BooleanField(default=False)
    words = models.TextField(blank=True)

    class Meta:
        db_table = "review_agreed_standard"


class AgreedFactor(models.Model):
    """A contributory factor that the graders agreed on."""

    consensus = models.ForeignKey(Consensus, **_TO_ONE)
    factor = models.CharField(max_length=120)
    bears = models.BooleanField(default=False)
    words = models.TextField(blank=True)

    class Meta:
        db_table = "review_agreed_factor"


class Family(models.Model):
    """The family of a case, with a receipt of their own. last_word: '', 'resolved', 'not-resolved'."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    case = models.ForeignKey(Case, **_TO_ONE)
    receipt = models.CharField(max_length=20, unique=True)
    code_hash = models.CharField(max_length=200)
    account = models.JSONField(null=True, help_text="Sealed")
    tries = models.PositiveSmallIntegerField(default=0)
    invited = models.DateTimeField()
    last_word = models.CharField(max_length=20, blank=True)
    erased = models.DateTimeField(null=True)

    class Meta:
        db_table = "review_family"


class Question(models.Model):
    """What a family asks. state: open, answered, not-resolved, resolved."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    case = models.ForeignKey(Case, **_TO_ONE)
    family = models.ForeignKey(Family, **_TO_ONE)
    words = models.JSONField(help_text="Sealed")
    asked = models.DateTimeField()
    state = models.CharField(max_length=20, default="open")

    class Meta:
        db_table = "review_question"


class Answer(models.Model):
    """One answer to one question, or (from_family) what the family said to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    question = models.ForeignKey(Question, **_TO_ONE)
    case = models.ForeignKey(Case, **_TO_ONE)
    from_family = models.BooleanField(default=False)
    words = models.JSONField(help_text="Sealed")
    at = models.DateTimeField()

    class Meta:
        db_table = "review_answer"


class Import(models.Model):
    """A file of cases that was given to a panel. aside: rows that could not be used, sealed: [{line, column, reason, row}]."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    panel = models.ForeignKey(Panel, **_TO_ONE)
    by = models.ForeignKey(Member, related_name="+", **_TO_ONE)
    name = models.CharField(max_length=200)
    file = models.ForeignKey("web_record.StoredFile", **_TO_ONE)
    at = models.DateTimeField()
    done = models.PositiveIntegerField(default=0)
    of = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    aside = models.JSONField(null=True)
    aside_count = models.PositiveIntegerField(default=0)
    ended = models.DateTimeField(null=True)
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "review_import"


class Findings(models.Model):
    """What a panel published, as it stood then."""

    panel = models.ForeignKey(Panel, **_TO_ONE)
    at = models.DateTimeField()
    by = models.ForeignKey(Member, related_name="+", **_TO_ONE)
    words = models.TextField()
    table = models.JSONField()
    signals = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "review_findings"


class Figures(models.Model):
    """Agreement, severity and avoidability of a panel, worked out in the background from gradings that all graders may see."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    panel = models.ForeignKey(Panel, **_TO_ONE)
    by = models.ForeignKey(Member, related_name="+", **_TO_ONE)
    asked = models.DateTimeField()
    progress = models.PositiveSmallIntegerField(default=0, help_text="Per cent")
    result = models.JSONField(null=True)
    problem = models.CharField(max_length=500, blank=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        db_table = "review_figures"


class Frame(models.Model):
    """The list of all cases of which a panel grades some: how many are in each stratum, and how many of each were drawn by which seed.

    strata, sizes: {stratum: cases}; sizes only grow, since more are drawn by the same seed. digest: of the list with its salt; '' where only
    the sizes were told, and the draw gives places on a list that stays elsewhere. brought: {stratum: how many came into the panel from here}.
    """

    panel = models.ForeignKey(Panel, **_TO_ONE)
    by = models.ForeignKey(Member, related_name="+", **_TO_ONE)
    at = models.DateTimeField()
    name = models.CharField(max_length=200)
    providers = models.JSONField(default=list, help_text="Codes of those who gave the care")
    strata = models.JSONField()
    digest = models.CharField(max_length=64, blank=True)
    seed = models.BigIntegerField(null=True)
    sizes = models.JSONField(default=dict)
    drawn = models.DateTimeField(null=True)
    brought = models.JSONField(default=dict)
    ended = models.DateTimeField(null=True, help_text="Another list took its place before anything was drawn")

    class Meta:
        db_table = "review_frame"
        constraints = (models.UniqueConstraint(fields=("panel",), condition=Q(ended=None), name="frame_once"),)


class FrameList(models.Model):
    """Who stands on the list, sealed: {salt, header, rows}. Nobody who is tied to one of its providers reads it."""

    frame = models.OneToOneField(Frame, primary_key=True, **_TO_ONE)
    rows = models.JSONField(help_text="Sealed")

    class Meta:
        db_table = "review_frame_list"
