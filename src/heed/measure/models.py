"""Tables of `measure`: what customers are expected to buy, and by which version of the models."""

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

    `published` ones are used; else `reason` says in words why not. `model`, `check` and `drift` are the structs of
    `domain.forecast` as JSON, the last as of `scored_at`, when customers were last given their chances: `scored` of
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
    check = models.JSONField(null=True)
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
