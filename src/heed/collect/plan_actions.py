"""What people do with the tracking plan, one transaction each."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from heed.collect.models import PlannedEvent, SeenEvent, Violation


@transaction.atomic
def save_planned(name: str, schema: dict[str, Any], by: str) -> PlannedEvent:
    """Plan an event, or change what is planned of it; then what was counted of it begins anew."""
    known = PlannedEvent.objects.filter(name=name, schema=schema).first()
    if known is not None:
        return known
    planned, _ = PlannedEvent.objects.update_or_create(
        name=name, defaults={"schema": schema, "changed_at": timezone.now(), "changed_by": by}
    )
    _begin_anew(name)
    return planned


@transaction.atomic
def remove_planned(planned: PlannedEvent) -> None:
    planned.delete()
    _begin_anew(planned.name)


def _begin_anew(name: str) -> None:
    SeenEvent.objects.filter(name=name).delete()
    Violation.objects.filter(name=name).delete()
