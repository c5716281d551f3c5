"""What people do with files to import; the worker does the work."""

from __future__ import annotations

import msgspec
from django.utils import timezone

from heed.collect import jobs
from heed.collect.domain.assistant import Choices
from heed.collect.models import Upload
from heed.collect.uploads import STALE, WORKING


def look_through(upload: Upload, choices: Choices) -> None:
    """Keep the choices and count what they come to."""
    upload.choices = msgspec.to_builtins(choices)
    _begin(upload, "counting")
    jobs.count_upload.defer(upload_id=upload.pk)


def start(upload: Upload) -> None:
    """Import it, or go on where it stopped."""
    _begin(upload, "importing")
    jobs.import_upload.defer(upload_id=upload.pk)


def _begin(upload: Upload, state: str) -> None:
    upload.state, upload.share, upload.problem, upload.stopping = state, 0.0, "", False
    upload.touched_at, upload.claim = timezone.now(), ""
    if state == "counting":
        upload.counts = {}
    upload.save(
        update_fields=["choices", "state", "share", "problem", "stopping", "touched_at", "claim", "counts"]
    )


def stop(upload: Upload) -> None:
    """Within a second or so; where nobody works on it any more, at once."""
    own = Upload.objects.filter(pk=upload.pk, state__in=WORKING)
    own.update(stopping=True)
    own.filter(touched_at__lt=timezone.now() - STALE).update(state="stopped", stopping=False)


def stale(upload: Upload) -> bool:
    return upload.state in WORKING and upload.touched_at < timezone.now() - STALE
