"""Tables of the pipeline. The engine reads and writes them with the statements in `store.py`."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Position(models.Model):
    """How far each lane of the ledger is carried."""

    lane = models.SmallIntegerField(primary_key=True)
    seq = models.BigIntegerField(default=0)
    carried_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "carry_position"


class Batch(models.Model):
    """The number of the last batch, and the conditions every profile has counters for.

    Locking its one row gives batches their order.
    """

    id = models.SmallIntegerField(primary_key=True)
    number = models.BigIntegerField(default=0)
    atoms = ArrayField(models.TextField(), default=list)

    class Meta:
        db_table = "carry_batch"


class Seen(models.Model):
    """Hashes of message ids carried lately, to recognise what is sent again."""

    key = models.UUIDField(primary_key=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "carry_seen"


class LakeOutbox(models.Model):
    """Rows on their way into the lake: written with the batch's transaction, gone once appended.

    `rows` is an Arrow IPC stream.
    """

    batch = models.BigIntegerField(primary_key=True)
    count = models.IntegerField()
    rows = models.BinaryField()

    class Meta:
        db_table = "lake_outbox"


class HourCount(models.Model):
    """Events carried per hour and outcome, for the event rate; `outcome` is carried, duplicate or nobody."""

    hour = models.DateTimeField()
    source = models.TextField()
    outcome = models.TextField()
    count = models.BigIntegerField(default=0)

    class Meta:
        db_table = "carry_hour"
        constraints = [
            models.UniqueConstraint(fields=["hour", "source", "outcome"], name="carry_hour_once"),
        ]
