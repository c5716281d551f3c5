"""Tables of `collect`."""

from __future__ import annotations

from django.db import models


class Source(models.Model):
    """Something that sends events, with a write key of its own; only the key's hash is kept."""

    KINDS = {"web": "Website", "server": "Server", "import": "Import", "heed": "Heed itself"}

    id = models.TextField(primary_key=True)
    name = models.TextField()
    kind = models.TextField(choices=list(KINDS.items()), default="server")
    key_hash = models.BinaryField(unique=True, max_length=32)
    key_prefix = models.TextField()
    created_at = models.DateTimeField()
    created_by = models.TextField(default="")
    disabled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "source"


class DeadLetter(models.Model):
    """What could not become an event: the payload as sent, and why."""

    received_at = models.DateTimeField(db_index=True)
    source = models.TextField()
    reason = models.TextField()
    detail = models.TextField()
    line = models.BigIntegerField(default=0)
    payload = models.BinaryField()
    resubmitted_at = models.DateTimeField(null=True)
    discarded_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "dead_letter"
        indexes = [
            models.Index(
                fields=["reason", "-id"],
                name="dead_letter_open",
                condition=models.Q(resubmitted_at__isnull=True, discarded_at__isnull=True),
            )
        ]


class ImportRun(models.Model):
    """How far an import of one file with one mapping came; `line` is the last line safely in the ledger."""

    digest = models.TextField(primary_key=True)
    file = models.TextField()
    source = models.TextField()
    line = models.BigIntegerField(default=0)
    events = models.BigIntegerField(default=0)
    dropped = models.BigIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "import_run"
