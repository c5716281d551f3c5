"""Files of a segment's members on a schedule: made by the worker, kept for a while, fetched by people and programs."""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from heed import settings as heed_settings
from heed.govern.api import audit
from heed.segments import files
from heed.segments.models import ExportFile, Schedule, Segment

KEPT = timedelta(days=14)
MOST_FILES = 10
"""Files kept of one schedule, the newest: they hold personal data, and lie outside of what is encrypted."""
_ORPHAN = 3_600
log = structlog.get_logger()


def folder() -> Path:
    return heed_settings.load().data / "exports"


def next_after(schedule: Schedule, at: datetime) -> datetime:
    """When the schedule is due next after a moment: at its hour (UTC), of every day, on Mondays, or on the first."""
    day = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0, hour=schedule.hour)
    while True:
        fits = {"day": True, "week": day.weekday() == 0, "month": day.day == 1}[schedule.every]
        if fits and day > at:
            return day
        day += timedelta(days=1)


@transaction.atomic
def save(segment: str, kind: str, every: str, hour: int, *, by: Any, now: datetime) -> Schedule:
    """Raises `ValidationError` where there is no such segment, or it has this schedule already."""
    if not Segment.objects.filter(key=segment).exists():
        raise ValidationError("There is no such segment.")
    if Schedule.objects.filter(segment=segment, kind=kind, every=every, hour=hour).exists():
        raise ValidationError("This segment has such a schedule already.")
    made = Schedule(segment=segment, kind=kind, every=every, hour=hour, created_by=str(by or ""))
    made.due_at = next_after(made, now)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError:
        raise ValidationError("This segment has such a schedule already.") from None
    audit(by, "export.scheduled", segment, file=kind, every=every, hour=hour)
    return made


@transaction.atomic
def stop(segment: str, schedule_id: int, *, by: Any) -> None:
    """The schedule ends; its files go with it. Raises `Schedule.DoesNotExist`."""
    found = Schedule.objects.get(pk=schedule_id, segment=segment)
    _forget(_files(found))
    found.delete()
    audit(by, "export.stopped", segment)


def run_due(now: datetime) -> int:
    """Make what is due, each in a transaction of its own; how many files were made.

    A segment that is still being filled waits for the next run, as its file would be incomplete.
    """
    made = 0
    for schedule_id in Schedule.objects.filter(due_at__lte=now).values_list("pk", flat=True):
        with transaction.atomic():
            due = Schedule.objects.select_for_update(skip_locked=True).filter(pk=schedule_id, due_at__lte=now)
            schedule = due.first()
            if schedule is None:
                continue
            segment = Segment.objects.filter(key=schedule.segment).first()
            if segment is None or not segment.filled_at:
                continue
            try:
                _make(schedule, now)
            except OSError as error:
                schedule.failed = f"The file could not be written: {error.strerror or error}"[:300]
                log.warning("exports.failed", error=type(error).__name__)
            except Exception as error:
                schedule.failed = f"The file could not be made: {type(error).__name__}"[:300]
                log.warning("exports.failed", error=type(error).__name__)
            else:
                schedule.failed, schedule.due_at = "", next_after(schedule, now)
                made += 1
            schedule.save()
    _forget(list(ExportFile.objects.filter(made_at__lt=now - KEPT)))
    _sweep()
    return made


def _sweep() -> None:
    """Files nobody knows, left by a worker that was killed while it wrote."""
    if not folder().is_dir():
        return
    known = set(ExportFile.objects.values_list("name", flat=True))
    for path in folder().iterdir():
        if path.name not in known and time.time() - path.stat().st_mtime > _ORPHAN:
            path.unlink(missing_ok=True)


def _make(schedule: Schedule, now: datetime) -> None:
    """Whole or not at all: it gets its name once everything is on disk."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder() / f"{uuid.uuid4().hex}.{schedule.kind}"
    part = path.with_suffix(".part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            pieces = (
                files.csv_lines(schedule.segment)
                if schedule.kind == "csv"
                else [files.parquet(schedule.segment)]
            )
            for piece in pieces:
                opened.write(piece)
            opened.flush()
            os.fsync(opened.fileno())
            size = opened.tell()
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    ExportFile.objects.create(schedule=schedule, name=path.name, size=size, made_at=now)
    audit(None, "segment.exported", schedule.segment, file=schedule.kind, schedule=schedule.pk)
    _forget(_files(schedule)[MOST_FILES:])


def _forget(old: list[ExportFile]) -> None:
    for each in old:
        (folder() / each.name).unlink(missing_ok=True)
        each.delete()


def _files(schedule: Schedule) -> list[ExportFile]:
    """The newest first."""
    return list(ExportFile.objects.filter(schedule=schedule))


def files_of(segment: str) -> list[ExportFile]:
    return list(ExportFile.objects.filter(schedule__segment=segment).select_related("schedule"))


def end_of(segment: str) -> None:
    """No schedule and no file of this segment stays."""
    for schedule in Schedule.objects.filter(segment=segment):
        _forget(_files(schedule))
        schedule.delete()


def of_segment(key: str) -> list[Schedule]:
    return list(Schedule.objects.filter(segment=key).prefetch_related("files").order_by("pk"))


def path_of(segment: str, file_id: int) -> tuple[Path, ExportFile]:
    """Raises `ExportFile.DoesNotExist`, also where the file itself is gone."""
    found = ExportFile.objects.select_related("schedule").get(pk=file_id, schedule__segment=segment)
    path = folder() / found.name
    if not path.is_file():
        raise ExportFile.DoesNotExist
    return path, found
