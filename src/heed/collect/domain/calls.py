"""Tracking calls as they are sent, read from JSON and made sound.

Nearly every call is read by a decoder whose types admit only what every store behind us can keep, so that
soundness costs nothing. What it refuses is read again without those bounds and made sound value by value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from heed.contracts.soundness import USUAL_LEVELS, TooDeep, objects, sound

Text = str | int | float | None
Object = dict[str, Any] | None
_O = TypeVar("_O")


class Call(msgspec.Struct, Generic[_O], rename="camel", gc=False):
    type: str | None = None
    message_id: Text = None
    user_id: Text = None
    anonymous_id: Text = None
    previous_id: Text = None
    group_id: Text = None
    event: Text = None
    name: Text = None
    properties: _O | None = None
    traits: _O | None = None
    context: _O | None = None
    timestamp: Text = None
    original_timestamp: Text = None
    sent_at: Text = None
    write_key: str | None = None


class Envelope(msgspec.Struct, Generic[_O], rename="camel"):
    batch: list[msgspec.Raw] | None = None
    context: _O | None = None
    sent_at: Text = None
    write_key: str | None = None


UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What reading raises where the bytes are no such JSON; of the wrong kind is `msgspec.ValidationError`, a
`DecodeError` too."""


def _decoder(shape: Any, held: Any) -> Any:
    """Typed by hand: the shape of objects is made when the module is read, which no checker follows."""
    return msgspec.json.Decoder(shape[held]).decode


_Calls = Callable[[bytes | msgspec.Raw], Call[dict[str, Any]]]
_Envelopes = Callable[[bytes], Envelope[dict[str, Any]]]
_call_at_once: _Calls = _decoder(Call, objects(USUAL_LEVELS) | None)
_call: _Calls = _decoder(Call, dict[str, Any])
_envelope_at_once: _Envelopes = _decoder(Envelope, objects(USUAL_LEVELS) | None)
_envelope: _Envelopes = _decoder(Envelope, dict[str, Any])


def is_plain(raw: bytes) -> bool:
    """Certain from the JSON alone that none of its texts has a NUL character."""
    return b"\\" not in raw or b"\\u0000" not in raw


def read_call(raw: bytes | msgspec.Raw, plain: bool) -> Call[dict[str, Any]]:
    """The call, sound. `plain` is what `is_plain` says of the JSON. Raises `UNREADABLE` and `TooDeep`."""
    if plain:
        try:
            return _call_at_once(raw)
        except msgspec.ValidationError:
            pass
    return made_sound(_call(raw))


def read_envelope(body: bytes, plain: bool) -> Envelope[dict[str, Any]]:
    """The request around the calls, its context sound and its calls not yet read. Raises as `read_call`."""
    if plain:
        try:
            return _envelope_at_once(body)
        except msgspec.ValidationError:
            pass
    envelope = _envelope(body)
    envelope.context = _sound(envelope.context)
    return envelope


def made_sound(call: Call[dict[str, Any]]) -> Call[dict[str, Any]]:
    """Before anything is read from it, so that nothing hides behind what is taken out. Raises `TooDeep`.

    Numbers given for texts stay whole: they are written out digit by digit.
    """
    fields = msgspec.structs.astuple(call)
    return Call(*(_sound(each) if isinstance(each, str | dict) else each for each in fields))


def _sound(value: Any) -> Any:
    try:
        return sound(value)
    except RecursionError:
        raise TooDeep from None
