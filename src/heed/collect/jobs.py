"""Housekeeping of `collect`, done by the worker."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.utils import timezone
from procrastinate.contrib.django import app

from heed import settings as heed_settings
from heed.collect.models import DeadLetter

log = structlog.get_logger()


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="collect.forget_letters")
def forget_letters(timestamp: int) -> None:
    """Delete dead letters that are past their time."""
    days = heed_settings.load().dead_letter_days
    gone, _ = DeadLetter.objects.filter(received_at__lt=timezone.now() - timedelta(days=days)).delete()
    log.info("letters.forgotten", count=gone)
