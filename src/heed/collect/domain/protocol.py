"""Segment's HTTP tracking protocol: from the bytes of a request to events, step by step.

    split the batch → size → shape → kind → name → somebody → time

An event that fails a step is dropped with a typed reason and goes to the dead letters; its neighbours pass.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from heed.collect.domain.calls import (
    UNREADABLE,
    Call,
    Object,
    Text,
    is_plain,
    made_sound,
    read_call,
    read_envelope,
)
from heed.contracts import vocabulary
from heed.contracts.event import Event
from heed.contracts.soundness import DEEPEST, TooDeep, lenient
from heed.kit.clock import DAY, HOUR, moment

KINDS = ("identify", "track", "page", "screen", "group", "alias")
SHORT = {"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias"}

REASONS = {
    "too_large": "The event is larger than allowed. Send less in one event.",
    "not_an_object": "The event is not a JSON object.",
    "wrong_shape": "A field has a value of the wrong kind.",
    "unknown_type": "The type is none of identify, track, page, screen, group, alias.",
    "no_event_name": "A track call needs the name of the event.",
    "no_identity": "Neither userId nor anonymousId says whose event this is.",
    "too_deep": "The event is nested deeper than 32 levels.",
    "reserved": "Only Heed itself may say this; see Corrections and Decisions in its pages.",
    "alias_needs_server": "A website may only join a visitor's own anonymousId; other aliases need a server's key.",
    "too_many": "The batch has more events than allowed in one request.",
    "not_carried": "Heed could not process this event. Please report it; it can be sent again later.",
    "bad_hook": "What a webhook was sent could not be read as an event.",
    "bad_row": "A row of an imported file could not be read as the mapping says.",
}
"""Why an event is dropped, in words."""


RESERVED = frozenset(
    {
        *(vocabulary.DECISION_MADE, vocabulary.MOOD_CORRECTED, vocabulary.LABEL_CORRECTED),
        *(vocabulary.ORDER_OVERDUE, vocabulary.SEGMENT_ENTERED, vocabulary.SEGMENT_LEFT),
        *(vocabulary.LIST_MEMBER_ADDED, vocabulary.LIST_MEMBER_REMOVED, vocabulary.SCORE_GIVEN),
    }
)
"""Events that carry Heed's own word, or a colleague's: no tracker may put them into anybody's mouth."""


class Limits(msgspec.Struct, frozen=True):
    event_bytes: int = 32_768
    batch_events: int = 20_000
    past_ms: int = 3_650 * DAY
    future_ms: int = HOUR


class Dropped(msgspec.Struct, frozen=True):
    """`payload` is what was sent, as sent; `line` is its place in an imported file, 0 for requests."""

    reason: str
    detail: str
    payload: bytes
    line: int = 0


class BadRequest(ValueError):
    """The request as a whole cannot be read."""


class Parsed(msgspec.Struct):
    events: list[Event]
    dropped: list[Dropped]
    write_key: str = ""


MAX_TEXT = 1_000


def parse(body: bytes, kind: str, received: int, limits: Limits) -> Parsed:
    """Events and drops of one request; `kind` is a call's type, or "batch".

    `received` is in ms. Raises `BadRequest` where the body as a whole is no such request.
    """
    try:
        return _parse(body, kind, received, limits)
    except BadRequest:
        mended = _mended(body)
        if mended is None:
            raise
        return _parse(mended, kind, received, limits)


def _mended(body: bytes) -> bytes | None:
    """The body without what some clients write and JSON does not know: NaN, infinities, halves of characters.

    One such value must not cost the other events of its batch. None where it is no JSON at all.
    """
    try:
        return json.dumps(lenient(body), ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return None


def _parse(body: bytes, kind: str, received: int, limits: Limits) -> Parsed:
    plain = is_plain(body)
    if kind != "batch":
        event, key = _one(body, kind, received, limits, None, None, plain)
        return Parsed([event], [], key) if isinstance(event, Event) else Parsed([], [event], key)
    try:
        envelope = read_envelope(body, plain)
    except TooDeep:
        raise BadRequest(f"The context is nested deeper than {DEEPEST} levels") from None
    except UNREADABLE as error:
        raise BadRequest(_words(error)) from None
    if envelope.batch is None:
        raise BadRequest("A batch needs a list called `batch`")
    context, sent_at = envelope.context, envelope.sent_at
    parsed = Parsed([], [], envelope.write_key or "")
    for raw in envelope.batch[: limits.batch_events]:
        event, key = _one(raw, "", received, limits, sent_at, context, plain)
        if key and not parsed.write_key:
            parsed.write_key = key
        if isinstance(event, Event):
            parsed.events.append(event)
        else:
            parsed.dropped.append(event)
    parsed.dropped += _beyond(envelope.batch, limits)
    return parsed


def _beyond(batch: list[msgspec.Raw], limits: Limits) -> list[Dropped]:
    """What is more than a request may hold, many events to a letter: a request of small ones has millions."""
    found: list[Dropped] = []
    piece: list[bytes] = []
    size, first = 0, limits.batch_events
    for place, raw in enumerate(batch[first:], first):
        if piece and size + len(raw) > limits.event_bytes:
            found.append(_piece(piece, first))
            piece, size, first = [], 0, place
        piece.append(bytes(raw)[: limits.event_bytes])
        size += len(raw) + 1
    return [*found, _piece(piece, first)] if piece else found


def _piece(piece: list[bytes], first: int) -> Dropped:
    detail = f"events {first + 1} to {first + len(piece)} of the batch"
    return Dropped("too_many", detail, b",".join(piece))


def _one(
    raw: bytes | msgspec.Raw,
    kind: str,
    received: int,
    limits: Limits,
    sent_at: Text,
    context: Object,
    plain: bool,
) -> tuple[Event | Dropped, str]:
    """One call and the write key in it; what is dropped is copied out of the request, what is kept is not."""
    if len(raw) > limits.event_bytes:
        detail = f"{len(raw)} bytes, allowed are {limits.event_bytes}"
        return Dropped("too_large", detail, bytes(raw)[: limits.event_bytes]), _key_of(raw)
    try:
        call = _read(raw, plain)
    except TooDeep:
        return Dropped("too_deep", f"more than {DEEPEST} levels", bytes(raw)), _key_of(raw)
    except msgspec.ValidationError as error:
        if not bytes(raw).lstrip().startswith(b"{"):
            return Dropped("not_an_object", _words(error), bytes(raw)), ""
        return Dropped("wrong_shape", _words(error), bytes(raw)), _key_of(raw)
    except UNREADABLE as error:
        if kind:
            raise BadRequest(_words(error)) from None
        return Dropped("wrong_shape", _words(error), bytes(raw)), ""
    found = event_of(call, kind, received, limits, sent_at, context)
    if isinstance(found, Event):
        return found, call.write_key or ""
    return Dropped(found[0], found[1], bytes(raw)), call.write_key or ""


def _read(raw: bytes | msgspec.Raw, plain: bool) -> Call[dict[str, Any]]:
    """The call; a number that is none for anybody is null, and costs it nothing else."""
    try:
        return read_call(raw, plain)
    except msgspec.DecodeError as error:
        mended = _mended(bytes(raw)) if "out of range" in str(error) else None
        if mended is None:
            raise
        return read_call(mended, False)


def _key_of(raw: bytes | msgspec.Raw) -> str:
    """The write key of a call that is otherwise no good."""
    try:
        found = msgspec.json.decode(raw)
    except UNREADABLE:
        return ""
    key = found.get("writeKey") if isinstance(found, dict) else None
    return key if isinstance(key, str) else ""


def event_of(
    call: Call[dict[str, Any]], kind: str, received: int, limits: Limits, sent_at: Text, context: Object
) -> Event | tuple[str, str]:
    """The event of a well-formed and sound call, or the reason it is dropped and a detail."""
    type_ = kind or call.type or ""
    if type_ not in KINDS:
        type_ = type_.strip().lower()
        if type_ not in KINDS:
            return "unknown_type", f"type {type_[:40]!r}"
    name = _text(call.event if type_ == "track" else call.name)
    if type_ == "track" and not name:
        return "no_event_name", "`event` is empty"
    if type_ == "track" and name in RESERVED:
        return "reserved", f"event {name!r}"
    user_id = _text(call.user_id)
    anonymous_id = "" if call.anonymous_id is None else _text(call.anonymous_id)
    own_context = call.context or {}
    if context:
        own_context = {**context, **own_context}
    if not user_id and not anonymous_id and not own_context.get("externalIds"):
        return "no_identity", "`userId` and `anonymousId` are empty"
    marks: tuple[str, ...] = ()
    occurred, said = received, call.original_timestamp or call.timestamp
    if said is not None:
        occurred, mark = occurred_at(said, call.sent_at or sent_at, received, limits)
        if mark:
            marks = (mark,)
    return Event(
        message_id=_text(call.message_id) or f"heed-{uuid.uuid4()}",
        type=type_,  # type: ignore[arg-type]
        occurred=occurred,
        received=received,
        name=name,
        user_id=user_id,
        anonymous_id=anonymous_id,
        group_id="" if call.group_id is None else _text(call.group_id),
        previous_id="" if call.previous_id is None else _text(call.previous_id),
        properties=call.properties or {},
        traits=call.traits or {},
        context=own_context,
        marks=marks,
    )


def occurred_at(said: Text, sent_at: Text, received: int, limits: Limits) -> tuple[int, str]:
    """When it happened by our clock (ms), and a mark where what was said cannot be.

    occurred = received − (sent − said): both were read from the sender's clock, whatever it shows.
    """
    at = instant(said)
    if at is None:
        return received, "time_unreadable" if said else ""
    sent = instant(sent_at)
    occurred = at if sent is None else received - (sent - at)
    if occurred > received + limits.future_ms:
        return received, "time_in_the_future"
    if occurred < received - limits.past_ms:
        return received - limits.past_ms, "time_too_long_ago"
    return min(occurred, received), ""


def instant(value: Text) -> int | None:
    """Milliseconds of an ISO 8601 text or a Unix time in seconds or milliseconds; None where it is neither."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        if not 0 <= value <= 10**15:
            return None
        return _plausible(round(value if value > 10**11 else value * 1000))
    text = value.strip()
    if len(text) > 40:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return _plausible(round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000))
    except (OverflowError, ValueError):
        return None


def _plausible(ms: int) -> int | None:
    return ms if 0 <= ms < 253_402_300_800_000 else None


def _text(value: Text) -> str:
    if value is None:
        return ""
    if type(value) is str and len(value) <= MAX_TEXT:
        return value.strip()
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        value = int(value) if value.is_integer() and abs(value) < 2**53 else value
    return str(value).strip()[:MAX_TEXT]


def _words(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return str(error)[:300]


def from_mapping(fields: Mapping[str, Any], received: int, limits: Limits) -> Event | tuple[str, str]:
    """An event from a call given as an object instead of JSON."""
    try:
        call = made_sound(msgspec.convert(dict(fields), Call[dict[str, Any]]))
    except msgspec.ValidationError as error:
        return "wrong_shape", _words(error)
    except TooDeep:
        return "too_deep", f"more than {DEEPEST} levels"
    return event_of(call, "", received, limits, None, None)


def event_of_raw(
    raw: bytes, received: int, limits: Limits, user_id: str = "", anonymous_id: str = ""
) -> Event | Dropped:
    """One call given as JSON within another request; where it names nobody it is about the person given."""
    if len(raw) > limits.event_bytes:
        return Dropped("too_large", f"{len(raw)} bytes", raw[: limits.event_bytes])
    try:
        call = _read(raw, is_plain(raw))
    except TooDeep:
        return Dropped("too_deep", f"more than {DEEPEST} levels", raw)
    except UNREADABLE as error:
        return Dropped("wrong_shape", _words(error), raw)
    if not call.user_id and not call.anonymous_id:
        call.user_id, call.anonymous_id = user_id, anonymous_id
    found = event_of(call, "" if call.type else "track", received, limits, None, None)
    return found if isinstance(found, Event) else Dropped(found[0], found[1], raw)


def own_visitor_only(events: Iterable[Event]) -> tuple[list[Event], list[Dropped]]:
    """What a website may say: whoever reads a page holds its key, so with it nobody says that two known people are one,
    nor what is known of an account that others belong to."""
    kept: list[Event] = []
    dropped: list[Dropped] = []
    for event in events:
        if event.type == "alias" and event.previous_id != event.anonymous_id:
            detail = "previousId is not this visitor's anonymousId"
            dropped.append(Dropped("alias_needs_server", detail, call_of(event)))
            continue
        if event.type == "group" and event.traits:
            event.traits, event.marks = {}, (*event.marks, "account_needs_server")
        kept.append(event)
    return kept, dropped


def call_of(event: Event) -> bytes:
    """The tracking call an event came from, as JSON, so that it can be sent once more."""
    call: dict[str, Any] = {
        "type": event.type,
        "messageId": event.message_id,
        "timestamp": moment(event.occurred).isoformat(),
        "userId": event.user_id,
        "anonymousId": event.anonymous_id,
        "groupId": event.group_id,
        "previousId": event.previous_id,
        "properties": event.properties,
        "traits": event.traits,
        "context": event.context,
    }
    call["event" if event.type == "track" else "name"] = event.name
    return msgspec.json.encode({name: value for name, value in call.items() if value})
