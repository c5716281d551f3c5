"""What people do with sources and dead letters, one transaction each."""

from __future__ import annotations

import secrets

import msgspec
from django.db import connection as django_connection
from django.utils import timezone

from heed.collect.domain.hooks.kinds import Delivery, Options, Reader
from heed.collect.domain.keys import key_hash, new_key, shown_prefix
from heed.collect.domain.mapping import MappingError
from heed.collect.domain.protocol import BadRequest, Limits, own_visitor_only, parse
from heed.collect.hooks import decoded
from heed.collect.models import DeadLetter, Hook, Source
from heed.contracts.event import Event
from heed.kit.clock import in_ms
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
    named = {letter.source for letter in letters if letter.hook}
    hooks = {hook.pk: hook for hook in Hook.objects.filter(source__in=named)}
    websites = set(
        Source.objects.filter(pk__in={each.source for each in letters}, kind="web").values_list(
            "pk", flat=True
        )
    )
    passed: list[int] = []
    events: list[Event] = []
    for letter in letters:
        if letter.hook:
            found, whole = _of_hook(letter, hooks.get(letter.source), limits, received)
        else:
            found, whole = _of_call(letter, limits, received)
            if letter.source in websites:
                found, refused = own_visitor_only(found)
                whole = whole and not refused
        for event in found:
            event.source = letter.source
        events += found
        if whole:
            passed.append(letter.pk)
    if events:
        current.ledger().append(LIVE, events)
    DeadLetter.objects.filter(id__in=passed).update(resubmitted_at=timezone.now())
    return len(passed), len(letters) - len(passed)


def _of_call(letter: DeadLetter, limits: Limits, received: int) -> tuple[list[Event], bool]:
    """What passes of a tracking call that was dropped, and whether all of it does."""
    try:
        parsed = parse(b'{"batch":[' + bytes(letter.payload) + b"]}", "batch", received, limits)
    except BadRequest:
        return [], False
    for place, event in enumerate(parsed.events):
        if event.message_id.startswith("heed-"):
            event.message_id = f"heed-letter-{letter.pk}" + (f"-{place}" if place else "")
    return parsed.events, bool(parsed.events) and not parsed.dropped


def _of_hook(
    letter: DeadLetter, hook: Hook | None, limits: Limits, received: int
) -> tuple[list[Event], bool]:
    """The same of a delivery, read as its webhook reads now; one that it leaves out by now passes with nothing."""
    if hook is None:
        return [], False
    body = bytes(letter.payload)
    delivery = Delivery(str(letter.hook.get("delivery", "")), str(letter.hook.get("topic", "")))
    try:
        reader = Reader(hook.kind, msgspec.convert(hook.options, Options))
    except (MappingError, msgspec.ValidationError):
        return [], False
    outcome = reader.outcome(delivery, decoded(body), body, in_ms(letter.received_at), limits)
    for event in outcome.events:
        event.received = received
    return outcome.events, not outcome.dropped


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
