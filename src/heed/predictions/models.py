"""Tables of `predictions`: what was learnt of customers, and by which version."""

from __future__ import annotations

from django.db import models


class ValueFit(models.Model):
    """A version: one fitting of the value models to the orders up to the day `until` (UTC).

    Without `r` there was too little to learn from. `spend` has p, q, v, n and the log-likelihood of Gamma-Gamma by
    currency; `summary`, `held_out`, `looked_back` and `drift` are the structs of `domain.outlook` and `domain.checks`
    as JSON.
    """

    fitted_at = models.DateTimeField()
    until = models.DateField()
    customers = models.BigIntegerField()
    repeat_customers = models.BigIntegerField()
    weeks = models.FloatField(default=0)
    r = models.FloatField(null=True)
    alpha = models.FloatField(null=True)
    a = models.FloatField(null=True)
    b = models.FloatField(null=True)
    log_likelihood = models.FloatField(null=True)
    spend = models.JSONField(default=dict)
    summary = models.JSONField(default=dict)
    held_out = models.JSONField(null=True)
    looked_back = models.JSONField(null=True)
    drift = models.JSONField(null=True)

    class Meta:
        db_table = "value_fit"


class CustomerValue(models.Model):
    """A customer who bought, as of the newest version. Several orders on one day (UTC) are one purchase.

    `p_active` is null for who bought once, of whom the model cannot tell, and with `expected_orders` where there was
    too little to learn from; `spent` and `expected_value` are in `currency` alone, the one they buy in most often, the
    latter null where too few buy in it. What is expected is for the 90 days after the fit. `recency`, `frequency` and
    `money` (among those of the same currency) are from 1 to 5, the best.
    """

    profile_id = models.UUIDField(primary_key=True)
    purchases = models.IntegerField()
    first_day = models.DateField()
    last_day = models.DateField()
    spent = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.TextField()
    recency = models.SmallIntegerField()
    frequency = models.SmallIntegerField()
    money = models.SmallIntegerField()
    p_active = models.FloatField(null=True)
    expected_orders = models.FloatField(null=True)
    expected_value = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    fit = models.ForeignKey(ValueFit, models.PROTECT)

    class Meta:
        db_table = "customer_value"
        indexes = [
            models.Index(
                fields=["recency", "frequency", "currency", "-spent", "profile_id"],
                name="customer_value_cell",
            ),
            models.Index(fields=["currency", "-expected_value"], name="customer_value_expected"),
        ]


class Forecast(models.Model):
    """A version of a forecast: what was learnt on the day `until` (UTC) of the one whose score is `key`.

    `published` ones are used; else `reason` says in words why not. `model`, `held` (the check) and `drift` are the structs
    of `domain.forecast` as JSON, the last as of `scored_at`, when customers were last given their chances: `scored` of
    them, of whom `told` were told anew, while `refused` permit no profiling.
    """

    key = models.TextField()
    days = models.IntegerField()
    learnt_at = models.DateTimeField()
    until = models.DateField()
    published = models.BooleanField()
    reason = models.TextField(default="", blank=True)
    customers = models.BigIntegerField(default=0)
    happened = models.BigIntegerField(default=0)
    cuts = models.JSONField(default=list)
    model = models.JSONField(null=True)
    held = models.JSONField(null=True)
    drift = models.JSONField(null=True)
    scored_at = models.DateTimeField(null=True)
    scored = models.BigIntegerField(default=0)
    told = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)

    class Meta:
        db_table = "forecast"
        indexes = [models.Index(fields=["key", "-id"], name="forecast_newest")]


class CustomerForecast(models.Model):
    """The chance of one customer as of the last scoring of this forecast."""

    pk = models.CompositePrimaryKey("profile_id", "key")
    profile_id = models.UUIDField()
    key = models.TextField()
    chance = models.FloatField()

    class Meta:
        db_table = "customer_forecast"
        indexes = [models.Index(fields=["key", "-chance", "profile_id"], name="customer_forecast_most")]


class ForecastChoice(models.Model):
    """For how many days ahead the team wants a forecast."""

    key = models.TextField(primary_key=True)
    days = models.IntegerField()

    class Meta:
        db_table = "forecast_choice"


class PersonaRun(models.Model):
    """One look for groups of customers; `reason` says in words why none were found. `space` is what they were compared by
    (`domain.personas.Space`), `assigned_at` when customers were last put into the nearest."""

    learnt_at = models.DateTimeField()
    assigned_at = models.DateTimeField(null=True)
    customers = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    silhouette = models.FloatField(default=0)
    reason = models.TextField(default="", blank=True)
    space = models.JSONField(null=True)

    class Meta:
        db_table = "persona_run"


class Persona(models.Model):
    """A group of customers that are alike. `named` says that a person named it: its name stays. `segment` is the list
    that is kept in step with it, "" for none. With `ended_at` the group is found no more.

    `sentences` say what sets it apart, `journeys` what its customers do one after the other: [[event, …], share of them,
    share of everybody]. The mood is the mean of those `felt`.
    """

    key = models.SlugField(max_length=60, primary_key=True)
    name = models.CharField(max_length=120)
    named = models.BooleanField(default=False)
    note = models.TextField(default="", blank=True)
    centre = models.JSONField()
    size = models.BigIntegerField(default=0)
    share = models.FloatField(default=0)
    sentences = models.JSONField(default=list)
    journeys = models.JSONField(default=list)
    mood = models.FloatField(null=True)
    mood_margin = models.FloatField(default=0)
    felt = models.BigIntegerField(default=0)
    segment = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "persona"
        ordering = ["-size", "key"]


class CustomerPersona(models.Model):
    """The persona a customer is nearest to."""

    profile_id = models.UUIDField(primary_key=True)
    persona = models.ForeignKey(Persona, models.CASCADE)

    class Meta:
        db_table = "customer_persona"
        indexes = [models.Index(fields=["persona", "profile_id"], name="customer_persona_of")]


class Likeness(models.Model):
    """What was learnt of the members of a segment, by its key: `reason` says in words why nothing, `model` what tells
    members from others (as JSON), `auc` how well, held against customers it had not seen."""

    segment = models.TextField(primary_key=True)
    asked_at = models.DateTimeField()
    learnt_at = models.DateTimeField(null=True)
    members = models.BigIntegerField(default=0)
    others = models.BigIntegerField(default=0)
    reason = models.TextField(default="", blank=True)
    auc = models.FloatField(null=True)
    auc_margin = models.FloatField(default=0)
    model = models.JSONField(null=True)

    class Meta:
        db_table = "likeness"


class CustomerLikeness(models.Model):
    """How alike somebody who is no member is to those who are, 0…1; at 0.5 as much as to the others. `why` has a
    sentence a line."""

    pk = models.CompositePrimaryKey("segment", "profile_id")
    segment = models.TextField()
    profile_id = models.UUIDField()
    likeness = models.FloatField()
    why = models.TextField(default="", blank=True)

    class Meta:
        db_table = "customer_likeness"
        indexes = [models.Index(fields=["segment", "-likeness", "profile_id"], name="customer_likeness_most")]
