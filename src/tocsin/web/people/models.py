"""Providers, bodies, members, and who speaks for whom."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q


class Provider(models.Model):
    """One provider of care. kind: as the accord's map names it ('nhs-trust')."""

    code = models.CharField(max_length=50, primary_key=True)
    name = models.CharField(max_length=300)
    kind = models.CharField(max_length=60)
    region = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "people_provider"


class Body(models.Model):
    """One body of those that the map names: this trust, that region. kind: its id in the map."""

    code = models.CharField(max_length=50, unique=True)
    kind = models.CharField(max_length=60, db_index=True)
    name = models.CharField(max_length=300)
    provider = models.OneToOneField(Provider, null=True, on_delete=models.PROTECT, help_text="Of a body that concerns are about")
    national = models.BooleanField(default=False, help_text="It answers for every provider")

    class Meta:
        db_table = "people_body"


class Coverage(models.Model):
    """A body answers for a provider."""

    body = models.ForeignKey(Body, on_delete=models.CASCADE)
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE)

    class Meta:
        db_table = "people_coverage"
        constraints = (models.UniqueConstraint(fields=("body", "provider"), name="coverage_once"),)


class Members(BaseUserManager):
    """How Django makes one."""

    def create_user(self, email: str, password: str | None = None, **more: object) -> "Member":
        member = self.model(email=self.normalize_email(email), **more)
        member.set_password(password)
        member.save()
        return member


class Member(AbstractBaseUser):
    """A person who can sign in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    erased = models.DateTimeField(null=True)
    demo = models.BooleanField(default=False)
    USERNAME_FIELD = "email"
    objects = Members()

    class Meta:
        db_table = "people_member"


class Named(models.Model):
    """A member's name, where whoever acts may know it. A view of the database: nothing is written here."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=200)

    class Meta:
        db_table = "people_named"
        managed = False


class Role(models.TextChoices):
    """What a member may do for a body."""

    LEAD = "lead", "Acts for the body"
    MEMBER = "member", "Reads, notes and asks for the body"
    ADMINISTRATOR = "administrator", "Lets people into the body and out of it"
    AUDITOR = "auditor", "Reads the record and checks it"


class Membership(models.Model):
    """A member has a role in a body until it is ended."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT)
    body = models.ForeignKey(Body, on_delete=models.PROTECT)
    role = models.CharField(max_length=20, choices=Role)
    began = models.DateTimeField()
    ended = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_membership"
        constraints = (models.UniqueConstraint(fields=("member", "body", "role"), condition=Q(ended=None), name="role_once"),)


class Declaration(models.Model):
    """A member has an interest in a provider, and so neither holds, grades, closes nor delays what is about it."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT)
    reason = models.CharField(max_length=500)
    began = models.DateTimeField()
    ended = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_declaration"


class Invitation(models.Model):
    """An invitation to join a body. The code is told by the one who invites, never mailed; only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField()
    body = models.ForeignKey(Body, on_delete=models.PROTECT)
    role = models.CharField(max_length=20, choices=Role)
    by = models.ForeignKey(Member, on_delete=models.PROTECT)
    code_hash = models.CharField(max_length=200)
    expires = models.DateTimeField()
    renews = models.BooleanField(default=False, help_text="Of a member who has forgotten the password: with it they choose another")
    accepted = models.DateTimeField(null=True)
    withdrawn = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_invitation"


class Token(models.Model):
    """A program may act for a body. Only the token's hash is kept."""

    body = models.ForeignKey(Body, on_delete=models.PROTECT)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, help_text="Who made it, and in whose name it acts")
    name = models.CharField(max_length=100)
    hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list, help_text="read, raise, act, feeds")
    made = models.DateTimeField()
    expires = models.DateTimeField()
    ended = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_token"


class Tries(models.Model):
    """How often a password or code was wrong, for one door, account and address; what it is for is kept as a hash alone."""

    key = models.CharField(max_length=64, primary_key=True)
    wrong = models.PositiveIntegerField()
    last = models.DateTimeField()

    class Meta:
        db_table = "people_tries"
        indexes = (models.Index(fields=("last",), name="tries_last"),)
