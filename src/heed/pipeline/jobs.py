"""Housekeeping of the pipeline, done by the worker."""

from __future__ import annotations

import structlog
from django.db import connection
from procrastinate.contrib.django import app

from heed import settings as heed_settings
from heed.kit.clock import DAY, HOUR, moment, system_clock
from heed.pipeline import store
from heed.ports import current

log = structlog.get_logger()


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="pipeline.compact", lock="pipeline.compact")
def compact(timestamp: int) -> None:
    """Join the lake's small files, unless a backup is reading them."""
    with connection.cursor() as cursor, store.keeping_lake_files(cursor.connection) as mine:
        if not mine:
            log.info("lake.compacted_later")
            return
        done = current.lake().compact()
    log.info("lake.compacted", **done)


@app.periodic(cron="7 * * * *")
@app.task(queueing_lock="pipeline.forget", lock="pipeline.forget")
def forget(timestamp: int) -> None:
    """Drop carried events and message ids that are past their time."""
    settings = heed_settings.load()
    now = system_clock()
    with connection.cursor() as cursor:
        raw = cursor.connection
        carried = store.progress(raw)
        store.forget_seen(raw, moment(now - settings.dedupe_hours * HOUR))
    gone = current.ledger().forget(now - settings.ledger_days * DAY, carried)
    log.info("ledger.forgotten", events=gone)
