"""What `predictions` has the worker do."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from heed.predictions import forecast_reading, persona_reading
from heed.predictions import value_reading as reading


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="predictions.value", lock="predictions.value")
def value(timestamp: int) -> None:
    """Learn anew, once a day, what customers will buy."""
    now = timezone.now()
    if reading.due(now):
        # Loaded here: SciPy is heavy, and every process reads this file.
        from heed.predictions import valuing

        valuing.refresh(now)


@app.periodic(cron="*/15 * * * *")
@app.task(queueing_lock="predictions.forecasts", lock="predictions.forecasts")
def forecasts(timestamp: int) -> None:
    """Learn forecasts anew once a week, and give customers their chances once a day."""
    if not forecast_reading.wanted():
        return
    now = timezone.now()
    for kind in forecast_reading.kinds():
        if forecast_reading.due(kind, now):
            from heed.predictions import forecasting

            forecasting.refresh(kind, now)
        if (version := forecast_reading.to_score(kind, now)) is not None:
            from heed.predictions import scoring

            scoring.score(version, now)


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="predictions.personas", lock="predictions.personas")
def personas(timestamp: int) -> None:
    """Look for personas once a week or when there are twice as many customers, and put them into the nearest once a day."""
    now = timezone.now()
    due = persona_reading.due(now)
    if due:
        from heed.predictions import personas as grouping

        last = persona_reading.newest()
        if due == persona_reading.LOOK or last is None:
            grouping.refresh(now)
        else:
            grouping.assign(last, now)


@app.task
def keep_list(key: str) -> None:
    """Bring a persona's list into step."""
    from heed.predictions import personas as grouping

    found = persona_reading.living(key)
    if found is not None and found.segment:
        grouping.keep_list(found)


@app.task(lock="predictions.lookalikes")
def lookalikes(segment: str) -> None:
    """Learn who is like the members of a segment."""
    from heed.predictions import lookalikes as finding

    finding.learn(segment, timezone.now())
