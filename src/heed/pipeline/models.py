"""Tables of the pipeline. The engine reads and writes them with the statements in `store.py`."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Position(models.Model):
    """How far each part of each lane of the ledger is carried.

    Whoever locks the row carries the part. The view `carry_progress` has the lowest of each lane.
    """

    pk = models.CompositePrimaryKey("lane", "part")
    lane = models.SmallIntegerField()
    part = models.SmallIntegerField()
    seq = models.BigIntegerField(default=0)
    carried_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "carry_position"


class Rules(models.Model):
    """The conditions every profile counts for, as JSON, the mark of the definitions that projections go by, and
    the last filling that ended; one row."""

    id = models.SmallIntegerField(primary_key=True)
    atoms = ArrayField(models.TextField(), default=list)
    mark = models.TextField(default="")
    filled = models.BigIntegerField(default=0)

    class Meta:
        db_table = "carry_rules"


class Filling(models.Model):
    """Giving profiles the counters of new conditions from the lake, or taking those of retired ones away.

    `upto` is the last batch that lies in the lake and was carried before the conditions were counted live;
    profiles up to `after` are done, in the order of ids.
    """

    adds = models.BooleanField()
    atoms = ArrayField(models.TextField())
    upto = models.BigIntegerField()
    after = models.UUIDField()
    done = models.BigIntegerField(default=0)
    finished = models.BooleanField(default=False)

    class Meta:
        db_table = "carry_filling"


class Seen(models.Model):
    """Hashes of message ids carried lately, to recognise what is sent again."""

    key = models.UUIDField(primary_key=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "carry_seen"


class LakeOutbox(models.Model):
    """Rows on their way into the lake: written with the batch's transaction, gone once appended.

    `rows` are as `lake_rows` encodes them. `append` is the number of the append they were chosen for.
    """

    batch = models.BigIntegerField(primary_key=True)
    count = models.IntegerField()
    rows = models.BinaryField()
    append = models.BigIntegerField(null=True)

    class Meta:
        db_table = "lake_outbox"


class LakeAppend(models.Model):
    """The number of the last append to the lake that was begun; one row."""

    id = models.SmallIntegerField(primary_key=True)
    number = models.BigIntegerField(default=0)

    class Meta:
        db_table = "lake_append"


class HourCount(models.Model):
    """Events carried per hour and outcome, for the event rate; `outcome` is received or carried."""

    hour = models.DateTimeField()
    source = models.TextField()
    outcome = models.TextField()
    count = models.BigIntegerField(default=0)

    class Meta:
        db_table = "carry_hour"
        constraints = [
            models.UniqueConstraint(fields=["hour", "source", "outcome"], name="carry_hour_once"),
        ]
