"""Housekeeping of `collect`, done by the worker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import structlog
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from heed import settings as heed_settings
from heed.collect import planning, uploads
from heed.collect.domain.assistant import Unfinished
from heed.collect.domain.mapping import MappingError, read_mapping
from heed.collect.importer import ImportedBefore, ImportProblem, Progress, run_import
from heed.collect.models import (
    DeadLetter,
    HookDelivery,
    HookRefusal,
    SeenEvent,
    Upload,
    UploadPart,
    Violation,
)
from heed.kit.clock import system_clock
from heed.ports import current
from heed.ports.ledger import LedgerUnavailable

DELIVERIES_KNOWN = timedelta(days=35)
"""How long a delivery is recognised: Stripe lets people send one again for thirty days."""
REFUSALS_KNOWN = timedelta(days=90)
UPLOAD_KEPT = timedelta(days=7)
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


@app.task()
def count_upload(upload_id: str) -> None:
    """Look through a file that was sent, and say what it would come to."""
    if (mine := uploads.claimed(upload_id, "counting")) is None:
        return
    upload, watch = mine
    try:
        counts = uploads.count(upload, system_clock(), watch)
        watch.end("counted", share=1.0, counts=counts.told())
    except uploads.Stopped:
        watch.end("stopped")
    except (ImportProblem, MappingError, Unfinished) as error:
        watch.end("failed", problem=str(error)[:500])
    except Exception as error:
        watch.end("failed", problem=f"It could not be read to its end ({type(error).__name__}).")
        log.error("upload.not_counted", error=type(error).__name__)


@app.task()
def import_upload(upload_id: str) -> None:
    """Import a file that was sent. Stopped or cut off, it goes on where it was when it is started again."""
    if (mine := uploads.claimed(upload_id, "importing")) is None:
        return
    upload, watch = mine

    def told(done: Progress) -> dict[str, Any]:
        return {**upload.counts, "imported": done.events, "dropped": done.dropped}

    try:
        text = uploads.mapping_text(uploads.choices_of(upload))
        with (
            uploads.opened(upload) as file,
            psycopg.connect(heed_settings.load().database_url, autocommit=True) as own,
        ):
            done = run_import(
                file, read_mapping(text), text, own, current.ledger(), uploads.limits(), system_clock,
                lambda progress: watch(progress.share, counts=told(progress)),
            )  # fmt: skip
        watch.end("done", share=1.0, counts=told(done))
        UploadPart.objects.filter(upload=upload).delete()
        log.info("upload.imported", events=done.events, dropped=done.dropped)
    except uploads.Stopped:
        watch.end("stopped")
    except ImportedBefore:
        watch.end("failed", problem="It was imported in this way before; nothing was taken in again.")
    except (ImportProblem, MappingError, Unfinished) as error:
        watch.end("failed", problem=str(error)[:500])
    except LedgerUnavailable:
        watch.end("failed", problem="Events cannot be kept just now. Go on once there is room again.")
    except Exception as error:
        watch.end("failed", problem=f"It could not be imported to its end ({type(error).__name__}).")
        log.error("upload.not_imported", error=type(error).__name__)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="collect.go_on_with_uploads")
def go_on_with_uploads(timestamp: int) -> None:
    """Take up what was cut off, when the worker was started anew for instance."""
    for upload in uploads.cut_off():
        (count_upload if upload.state == "counting" else import_upload).defer(upload_id=upload.pk)


@app.periodic(cron="47 3 * * *")
@app.task(queueing_lock="collect.forget_uploads")
def forget_uploads(timestamp: int) -> None:
    """Delete files that were sent and never imported."""
    gone, _ = Upload.objects.filter(created_at__lt=timezone.now() - UPLOAD_KEPT).delete()
    log.info("uploads.forgotten", count=gone)
