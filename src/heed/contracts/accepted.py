"""Events between being accepted and being carried: JSON in the ledger, read by whoever folds them.

Accepting looks into the objects of an event only as far as to know that they can be read; most of what it costs to accept
an event would otherwise go into making dicts that nobody there looks at.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from types import GenericAlias
from typing import Any, TypeAlias

import msgspec

from heed.contracts.event import Event
from heed.contracts.soundness import USUAL_LEVELS, objects, sound

Accepted: TypeAlias = Event[msgspec.Raw]
"""An event whose objects are still the JSON they came as: objects, valid, without NUL, not deeper than usual."""
AnyEvent: TypeAlias = Event | Accepted

_encoder = msgspec.json.Encoder()
_event: Any = Event
_events: Any = GenericAlias(list, (_event[objects(USUAL_LEVELS)],))
_decode: Callable[[bytes], list[Event]] = msgspec.json.Decoder(_events).decode
_OBJECTS = ("properties", "traits", "context")


def encode(events: Sequence[AnyEvent]) -> bytes:
    return _encoder.encode(events)


def decode(data: bytes) -> list[Event]:
    """The events, whole and sound."""
    try:
        return _decode(data)
    except msgspec.DecodeError:
        return [_mended(each) for each in json.loads(data, parse_float=_finite, parse_int=_integer)]


def whole(event: AnyEvent) -> Event:
    """The event with its objects read, however it came."""
    return event if type(event.properties) is dict else decode(encode([event]))[0]


def _mended(fields: dict[str, Any]) -> Event:
    """An event with numbers beyond what is kept, or nested deeper than usual."""
    return msgspec.convert(
        {name: sound(value) if name in _OBJECTS else value for name, value in fields.items()}, Event
    )


def _integer(text: str) -> int | float | None:
    return int(text) if len(text) < 20 else _finite(text)


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
