"""Tables of `sense`, read and written with the statements in `store.py`."""

from __future__ import annotations

from django.db import models


class Calibration(models.Model):
    """Weights that were fitted and put in force, the last number counting; both as JSON."""

    number = models.IntegerField(primary_key=True)
    at = models.DateTimeField()
    made_by = models.TextField(default="")
    weights = models.BinaryField()
    report = models.BinaryField()

    class Meta:
        db_table = "sense_calibration"
