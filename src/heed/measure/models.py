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
