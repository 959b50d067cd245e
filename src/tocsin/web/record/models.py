"""What the record keeps. Nothing here is changed once it is written, except that the key of a sealed text can be thrown away."""

import uuid

from django.db import models


class Entry(models.Model):
    """One thing that happened. The database itself gives id, seq, previous, hash and transaction, whatever is sent."""

    chain = models.CharField(max_length=100, help_text="'concern:12', 'people', 'record': entries of one chain follow each other")
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    member = models.UUIDField(null=True, help_text="Who did it; nobody where the clock or another part of Tocsin did")
    body = models.CharField(max_length=100, blank=True, help_text="Code of the body for which it was done; 'the clock', 'the watch'")
    what = models.CharField(max_length=60)
    payload = models.TextField(help_text="Canonical JSON")
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    request = models.UUIDField(null=True, help_text="Of the form or call that asked for it, so that none is done twice")
    transaction = models.BigIntegerField()

    class Meta:
        db_table = "record_entry"
        constraints = (
            models.UniqueConstraint(fields=("chain", "seq"), name="entry_seq"),
            models.UniqueConstraint(fields=("request",), name="entry_request"),
        )


class ChainHead(models.Model):
    """Where each chain ends. Kept by the database; the web may only read it."""

    chain = models.CharField(max_length=100, primary_key=True)
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "record_chain"


class Checkpoint(models.Model):
    """A signed statement of how every chain ended at one moment. root: of the Merkle tree over all chain heads (RFC 6962)."""

    at = models.DateTimeField()
    last_entry = models.BigIntegerField()
    chains = models.BigIntegerField()
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)

    class Meta:
        db_table = "record_checkpoint"


class SealKey(models.Model):
    """Key under which what concerns one person is sealed, itself encrypted. Without it the sealed texts can never be read again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    about = models.CharField(max_length=100, unique=True, help_text="'raiser:<id>', 'member:<id>'")
    wrapped = models.BinaryField()

    class Meta:
        db_table = "record_seal_key"


class StoredFile(models.Model):
    """A file, kept once however often it is given, encrypted under its own key."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.BigIntegerField()
    kind = models.CharField(max_length=100, help_text="Media type, as its content says")
    wrapped = models.BinaryField()
    erased = models.BooleanField(default=False)

    class Meta:
        db_table = "record_file"


class Attachment(models.Model):
    """That a file was given to a chain, under a name."""

    chain = models.CharField(max_length=100, db_index=True)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT)
    name = models.CharField(max_length=200)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT)

    class Meta:
        db_table = "record_attachment"
