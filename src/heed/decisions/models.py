"""Tables of `decisions`."""

from __future__ import annotations

from django.db import models

from heed.decisions.domain.catalogue import KINDS


class Action(models.Model):
    """What may be decided. The three questions and the context are texts in the rule language."""

    key = models.TextField(primary_key=True)
    name = models.TextField()
    kind = models.TextField(choices=list(KINDS.items()), default="info")
    value = models.FloatField(default=1.0)
    lever = models.FloatField(default=1.0)
    purpose = models.TextField(default="", blank=True)
    eligible = models.TextField(default="", blank=True)
    applicable = models.TextField(default="", blank=True)
    suitable = models.TextField(default="", blank=True)
    context = models.TextField(default="", blank=True)
    context_weight = models.FloatField(default=1.0)
    customer_reason = models.TextField(default="", blank=True)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)
    cap_count = models.IntegerField(default=0)
    cap_days = models.IntegerField(default=7)
    active = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "action"


class Treatment(models.Model):
    """How an action looks at a placement, on one channel or any."""

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="treatments")
    placement = models.TextField()
    channel = models.TextField(default="", blank=True)
    title = models.TextField(default="", blank=True)
    body = models.TextField(default="", blank=True)
    button = models.TextField(default="", blank=True)
    url = models.TextField(default="", blank=True)
    image = models.TextField(default="", blank=True)

    class Meta:
        db_table = "treatment"


class ActionTally(models.Model):
    """How often an action was shown at a placement and what became of it, counted by the engine."""

    action = models.TextField()
    placement = models.TextField()
    shown = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    dismissed = models.BigIntegerField(default=0)

    class Meta:
        db_table = "action_tally"
        constraints = [models.UniqueConstraint(fields=["action", "placement"], name="action_tally_once")]
