"""Tables of `scores`. The values stand in the section `scores` of the profile state."""

from __future__ import annotations

from django.db import models


class Score(models.Model):
    """What a score is: `high` says what a high value means, `made_by` who made it.

    `own` are those of Heed's models, which nobody else may give. With `retired_at` it is given no more and not offered
    in rules; its values stay until they run out.
    """

    key = models.TextField(primary_key=True)
    name = models.CharField(max_length=100)
    high = models.CharField(max_length=200, default="", blank=True)
    made_by = models.TextField(default="", blank=True)
    own = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "score"
        ordering = ["name", "key"]
