"""The worker's work of `profiles`."""

from __future__ import annotations

import structlog
from procrastinate.contrib.django import app

from heed.profiles import duplicates

log = structlog.get_logger()


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="profiles.match", lock="profiles.match")
def match(timestamp: int = 0) -> None:
    """Look for customers who may be one person."""
    done = duplicates.look()
    log.info("profiles.matched", profiles=done.profiles, pairs=done.pairs, merged=done.merged)
