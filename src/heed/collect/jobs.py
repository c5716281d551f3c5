"""Housekeeping of `collect`, done by the worker."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from heed import settings as heed_settings
from heed.collect import planning
from heed.collect.models import DeadLetter, HookDelivery, HookRefusal, SeenEvent, Violation
from heed.ports import current

DELIVERIES_KNOWN = timedelta(days=35)
"""How long a delivery is recognised: Stripe lets people send one again for thirty days."""
REFUSALS_KNOWN = timedelta(days=90)
SEEN_KNOWN = timedelta(days=90)
PLAN_SECONDS = 20.0
"""Of each minute, at most, for the tracking plan: other jobs of the worker wait meanwhile."""
log = structlog.get_logger()


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="collect.forget_letters")
def forget_letters(timestamp: int) -> None:
    """Delete dead letters that are past their time."""
    days = heed_settings.load().dead_letter_days
    gone, _ = DeadLetter.objects.filter(received_at__lt=timezone.now() - timedelta(days=days)).delete()
    log.info("letters.forgotten", count=gone)


@app.periodic(cron="27 3 * * *")
@app.task(queueing_lock="collect.forget_deliveries")
def forget_deliveries(timestamp: int) -> None:
    """Delete what is kept of webhooks' deliveries and refusals once it is past its time."""
    now = timezone.now()
    gone, _ = HookDelivery.objects.filter(received_at__lt=now - DELIVERIES_KNOWN).delete()
    HookRefusal.objects.filter(day__lt=(now - REFUSALS_KNOWN).date()).delete()
    log.info("deliveries.forgotten", count=gone)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="collect.check_plan", lock="collect.check_plan")
def check_plan(timestamp: int) -> None:
    """Hold what was accepted against the tracking plan."""
    with connection.cursor() as cursor:
        done = planning.check(cursor.connection, current.ledger(), PLAN_SECONDS)
    if done:
        log.info("plan.checked", events=done)


@app.periodic(cron="37 3 * * *")
@app.task(queueing_lock="collect.forget_seen_events")
def forget_seen_events(timestamp: int) -> None:
    """Delete what was counted about events that no longer come."""
    before = timezone.now() - SEEN_KNOWN
    gone, _ = SeenEvent.objects.filter(last_at__lt=before).delete()
    Violation.objects.filter(last_at__lt=before).delete()
    log.info("seen_events.forgotten", count=gone)
