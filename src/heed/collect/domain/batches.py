"""Many calls at once, their objects left as they came: a third cheaper than making dicts that accepting never looks at.

Only for batches in which everything is as nearly always. In doubt the answer is None and `protocol.parse` reads them
call by call, with the same outcome, but for two things: here only what is kept counts for an event's size, and of a key that
comes twice in one object only the last is looked at.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from heed.collect.domain.calls import UNREADABLE, Text, is_plain
from heed.collect.domain.protocol import MAX_TEXT, RESERVED, Limits, occurred_at
from heed.contracts.accepted import Accepted
from heed.contracts.event import Event
from heed.contracts.soundness import USUAL_LEVELS

_NOTHING = msgspec.Raw(b"{}")
_OPENERS = USUAL_LEVELS + 2
"""Braces and brackets that open within the three objects of a call: each has one, so that none can be too deep."""
_OBJECT = ord("{")

_Name = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
_Time = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)] | int | float | None
_MessageId = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]


class _Call(msgspec.Struct, rename="camel", gc=False):
    """What is said of groups and of two names for one person is looked at more closely than here."""

    type: Literal["track", "identify", "page", "screen"]
    message_id: _MessageId
    user_id: _Name | None = None
    anonymous_id: _Name | None = None
    previous_id: None = None
    group_id: None = None
    event: _Name | None = None
    name: _Name | None = None
    properties: msgspec.Raw = _NOTHING
    traits: msgspec.Raw = _NOTHING
    context: msgspec.Raw = _NOTHING
    timestamp: _Time = None
    original_timestamp: _Time = None
    sent_at: _Time = None
    write_key: _Name | None = None


class _Batch(msgspec.Struct, rename="camel"):
    batch: list[_Call]
    context: None = None
    sent_at: Text = None
    write_key: str | None = None


_read = msgspec.json.Decoder(_Batch).decode


def accept(body: bytes, received: int, limits: Limits) -> tuple[list[Accepted], str] | None:
    """The events of a batch and the write key in it, or None where it is to be read call by call; `received` in ms.

    The decoder checks objects it leaves alone for everything JSON asks but their characters, so the body's are first.
    """
    if not is_plain(body) or b"\\ud" in body or b"\\uD" in body or not _is_text(body):
        return None
    try:
        batch = _read(body)
    except UNREADABLE:
        return None
    if len(batch.batch) > limits.batch_events:
        return None
    events: list[Accepted] = []
    key = batch.write_key or ""
    for call in batch.batch:
        event = _event_of(call, batch.sent_at, received, limits)
        if event is None:
            return None
        events.append(event)
        if call.write_key and not key:
            key = call.write_key
    return events, key


def _is_text(body: bytes) -> bool:
    try:
        return body.isascii() or bool(body.decode())
    except UnicodeDecodeError:
        return False


def _event_of(call: _Call, sent_at: Text, received: int, limits: Limits) -> Accepted | None:
    properties, traits, context = call.properties, call.traits, call.context
    objects = b"".join((properties, context, traits))
    if objects.count(b"{") + objects.count(b"[") > _OPENERS or len(objects) > limits.event_bytes // 2:
        return None
    if not objects[0] == objects[len(properties)] == objects[-len(traits)] == _OBJECT:
        return None
    name = (call.event if call.type == "track" else call.name) or ""
    name = name.strip()
    if call.type == "track" and (not name or name in RESERVED):
        return None
    user_id = call.user_id.strip() if call.user_id else ""
    anonymous_id = call.anonymous_id.strip() if call.anonymous_id else ""
    message_id = call.message_id.strip()
    if not message_id or not (user_id or anonymous_id):
        return None
    event: Accepted = Event(
        message_id, call.type, received, received, name, user_id, anonymous_id,
        properties=properties, traits=traits, context=context,
    )  # fmt: skip
    said = call.original_timestamp or call.timestamp
    if said is not None:
        event.occurred, mark = occurred_at(said, call.sent_at or sent_at, received, limits)
        if mark:
            event.marks = (mark,)
    return event
