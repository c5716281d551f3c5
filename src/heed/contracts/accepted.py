"""Events between being accepted and being carried: JSON in the ledger, read by whoever folds them.

Accepting looks into the objects of an event only as far as to know that they can be read; most of what it costs to accept
an event would otherwise go into making dicts that nobody there looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import GenericAlias
from typing import Any, TypeAlias

import msgspec

from heed.contracts.event import Event
from heed.contracts.soundness import USUAL_LEVELS, TooDeep, lenient, objects, sound

Accepted: TypeAlias = Event[msgspec.Raw]
"""An event whose objects are still the JSON they came as: objects, valid, without NUL, not deeper than usual."""
AnyEvent: TypeAlias = Event | Accepted

_encoder = msgspec.json.Encoder()
_event: Any = Event
_sound_event: Any = _event[objects(USUAL_LEVELS)]
_decode: Callable[[bytes], list[Event]] = msgspec.json.Decoder(GenericAlias(list, (_sound_event,))).decode
_decode_one: Callable[[msgspec.Raw], Event] = msgspec.json.Decoder(_sound_event).decode
_apart = msgspec.json.Decoder(list[msgspec.Raw]).decode
_OBJECTS = ("properties", "traits", "context")


def encode(events: Sequence[AnyEvent]) -> bytes:
    return _encoder.encode(events)


def decode(data: bytes) -> list[Event]:
    """The events, whole and sound. What no store can keep of one costs the others nothing."""
    try:
        return _decode(data)
    except msgspec.DecodeError:
        return [_one(raw) for raw in _apart(data)]


def whole(event: AnyEvent) -> Event:
    """The same event, its objects read."""
    if type(event.properties) is not dict:
        read = decode(encode([event]))[0]
        event.properties, event.traits, event.context = read.properties, read.traits, read.context
    return event  # type: ignore[return-value]


def _one(raw: msgspec.Raw) -> Event:
    try:
        return _decode_one(raw)
    except msgspec.DecodeError:
        fields = lenient(bytes(raw))
    marks = tuple(fields.pop("marks", ()))
    for name in _OBJECTS:
        try:
            fields[name] = sound(fields.get(name, {}))
        except (TooDeep, RecursionError):
            fields[name], marks = {}, (*marks, f"{name}_too_deep")
    return msgspec.convert(fields | {"marks": marks}, Event)
