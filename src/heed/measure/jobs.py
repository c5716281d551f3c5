"""What `measure` has the worker do."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from procrastinate.contrib.django import app

from heed.measure import reading


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="measure.value", lock="measure.value")
def value(timestamp: int) -> None:
    """Learn anew, once a day, what customers will buy."""
    now = timezone.now()
    if reading.due(now):
        # Loaded here: SciPy is heavy, and every process reads this file.
        from heed.measure import valuing

        valuing.refresh(now)


@app.task
def fill_list(key: str, whom: dict[str, Any], by: str) -> None:
    """Put the customers behind a figure on a list."""
    from heed.measure import actions

    actions.fill_list(key, whom, by)
