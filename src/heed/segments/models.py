"""Tables of `segments`. Who is in which stands in the column `segments` of the profiles."""

from __future__ import annotations

from django.db import models


class Segment(models.Model):
    """A group of customers: those a rule is true of, or a static list that people are put on.

    With a `purpose`, only those who permit it are members. `filled_at` is when every profile had been looked at
    since the rule last changed, null while that goes on; `former_rule` is the one before, gone by until what the new
    one asks for is counted.
    """

    KINDS = {"rule": "By a rule", "list": "A list"}

    key = models.TextField(primary_key=True)
    name = models.TextField()
    description = models.TextField(default="", blank=True)
    kind = models.TextField(choices=list(KINDS.items()), default="rule")
    rule = models.TextField(default="", blank=True)
    former_rule = models.TextField(default="", blank=True)
    purpose = models.TextField(default="", blank=True)
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    filled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "segment"


class RetiredKey(models.Model):
    """The key of a deleted segment: profiles and the lake still know it, so no other segment may have it."""

    key = models.TextField(primary_key=True)

    class Meta:
        db_table = "segment_retired"


class SegmentPass(models.Model):
    """Looking at every profile once after definitions changed; one row.

    `mark` says which definitions; profiles up to `after` are done, in the order of ids.
    """

    id = models.SmallIntegerField(primary_key=True)
    mark = models.TextField()
    after = models.UUIDField()
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    finished = models.BooleanField(default=False)

    class Meta:
        db_table = "segment_pass"


class SegmentSize(models.Model):
    """How many members a segment had at the end of a day (UTC), the running one so far."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="sizes")
    day = models.DateField()
    members = models.BigIntegerField()

    class Meta:
        db_table = "segment_size"
        constraints = [models.UniqueConstraint(fields=["segment", "day"], name="segment_size_once")]


class Schedule(models.Model):
    """Files of a segment's members, made again and again; `failed` says why the last one could not be."""

    KINDS = {"csv": "CSV", "parquet": "Parquet"}
    EVERY = {"day": "every day", "week": "every Monday", "month": "on the first of every month"}

    segment = models.TextField(db_index=True)
    kind = models.TextField(choices=list(KINDS.items()), default="csv")
    every = models.TextField(choices=list(EVERY.items()), default="day")
    hour = models.PositiveSmallIntegerField(default=4)
    due_at = models.DateTimeField(db_index=True)
    failed = models.TextField(default="", blank=True)
    created_by = models.TextField(default="")

    class Meta:
        db_table = "segment_schedule"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["segment", "kind", "every", "hour"], name="segment_schedule_once")
        ]


class ExportFile(models.Model):
    """A file made by a schedule, under its random name in the folder of exports."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="files")
    name = models.TextField(unique=True)
    size = models.BigIntegerField()
    made_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "segment_export"
        ordering = ["-made_at"]
