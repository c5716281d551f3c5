"""What people do with sources and dead letters, one transaction each."""

from __future__ import annotations

import secrets

from django.db import connection as django_connection
from django.utils import timezone

from heed.collect.domain.keys import key_hash, new_key, shown_prefix
from heed.collect.domain.protocol import BadRequest, Limits, parse
from heed.collect.models import DeadLetter, Source
from heed.ports import current
from heed.ports.ledger import LIVE


def create_source(name: str, kind: str = "server", by: str = "") -> tuple[Source, str]:
    """A new source and its write key, which is shown this once."""
    key = new_key()
    source = Source.objects.create(
        id=f"src_{secrets.token_hex(5)}",
        name=name,
        kind=kind,
        key_hash=key_hash(key),
        key_prefix=shown_prefix(key),
        created_at=timezone.now(),
        created_by=by,
    )
    return source, key


def disable_source(source_id: str) -> None:
    """From within two seconds on, its key is answered 404."""
    Source.objects.filter(id=source_id, disabled_at=None).update(disabled_at=timezone.now())


def enable_source(source_id: str) -> None:
    Source.objects.filter(id=source_id).update(disabled_at=None)


def renew_key(source_id: str) -> str:
    """A new write key; the old one is unknown from within two seconds on."""
    key = new_key()
    Source.objects.filter(id=source_id).update(key_hash=key_hash(key), key_prefix=shown_prefix(key))
    return key


def resubmit(letter_ids: list[int], limits: Limits, received: int) -> tuple[int, int]:
    """Send dead letters through once more; returns how many passed and how many are still no good.

    The events go to the ledger before the letters are marked: a crash in between sends them again, and
    their message ids keep that from counting twice.
    """
    letters = list(DeadLetter.objects.filter(id__in=letter_ids, resubmitted_at=None, discarded_at=None))
    passed: list[int] = []
    events = []
    for letter in letters:
        try:
            parsed = parse(b'{"batch":[' + bytes(letter.payload) + b"]}", "batch", received, limits)
        except BadRequest:
            continue
        for place, event in enumerate(parsed.events):
            event.source = letter.source
            if event.message_id.startswith("heed-"):
                event.message_id = f"heed-letter-{letter.pk}" + (f"-{place}" if place else "")
            events.append(event)
        if parsed.events and not parsed.dropped:
            passed.append(letter.pk)
    if events:
        current.ledger().append(LIVE, events)
        DeadLetter.objects.filter(id__in=passed).update(resubmitted_at=timezone.now())
    return len(passed), len(letters) - len(passed)


def discard(letter_ids: list[int]) -> int:
    return DeadLetter.objects.filter(id__in=letter_ids, resubmitted_at=None, discarded_at=None).update(
        discarded_at=timezone.now()
    )


def counts_by_reason() -> list[tuple[str, int]]:
    """Open dead letters by reason, most first."""
    with django_connection.cursor() as cursor:
        cursor.execute(
            "select reason, count(*) from dead_letter"
            " where resubmitted_at is null and discarded_at is null group by 1 order by 2 desc, 1"
        )
        return list(cursor.fetchall())
