"""What `segments` has the worker do."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from heed.segments import store


@app.periodic(cron="*/15 * * * *")
@app.task(queueing_lock="segments.count", lock="segments.count")
def count(timestamp: int) -> None:
    """Note how many members each segment has, for its size over time."""
    connection.ensure_connection()
    store.count_members(connection.connection, timezone.now())


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="segments.export", lock="segments.export")
def export(timestamp: int) -> None:
    """Make the files that schedules are due to make."""
    from heed.segments import exports

    exports.run_due(timezone.now())


@app.task
def fill_list(key: str, whom: dict[str, Any], by: str) -> None:
    """Put the customers behind a figure on a list."""
    from heed.segments import list_actions

    list_actions.fill_list(key, whom, by)
