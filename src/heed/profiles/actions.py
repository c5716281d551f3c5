"""Merging customers and undoing it. Both are asked for here and done by the engine, in a moment."""

from __future__ import annotations

import uuid
from typing import Any, cast

import psycopg
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from heed import settings as heed_settings
from heed.govern.actions import audit
from heed.kit.clock import system_clock
from heed.ports import current
from heed.ports.ledger import LIVE
from heed.profiles import store
from heed.profiles.domain.identifiers import Hasher
from heed.profiles.domain.merging import merge_event
from heed.profiles.domain.state import fold
from heed.profiles.models import ProfileMerge, Unmerge


def merge(one: uuid.UUID, other: uuid.UUID, *, by: Any, found_by: str = "person") -> None:
    """Make one customer of two, whatever limits say; `found_by` is "person" or "match".

    Raises `ValidationError` where they are the same or one is not there, and `LedgerUnavailable`.
    """
    if one == other:
        raise ValidationError("That is the same customer.")
    connection.ensure_connection()
    states = store.states(cast(psycopg.Connection, connection.connection), [one, other])
    if len(states) < 2:
        raise ValidationError("There is no such customer.")
    first, second = ((each, fold.decode(bytes(states[each]))) for each in (one, other))
    hasher = Hasher(heed_settings.load().master_key)
    event = merge_event(first, second, hasher, found_by, f"heed-{uuid.uuid4()}", system_clock())
    if event is None:
        raise ValidationError("One of them has no identifier left that a merge could name.")
    current.ledger().append(LIVE, [event])
    audit(by, "customer.merged", str(one), other=str(other), found_by=found_by)


@transaction.atomic
def unmerge(kept: uuid.UUID, absorbed: uuid.UUID, *, by: Any) -> None:
    """Undo a merge for good: the two stay apart until somebody merges them again. Asked twice, it is undone once.

    Raises `ValidationError` where no such merge is recorded.
    """
    if not ProfileMerge.objects.filter(kept=kept, absorbed=absorbed).exists():
        raise ValidationError("There is no such merge to undo.")
    _, fresh = Unmerge.objects.get_or_create(absorbed=absorbed, defaults={"at": timezone.now()})
    if fresh:
        audit(by, "customer.unmerged", str(kept), other=str(absorbed))
