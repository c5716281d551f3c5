"""What no store behind us can keep: taken out or refused before an event is accepted.

PostgreSQL keeps no NUL character in a text, msgpack no integer beyond 64 bits, and nesting without end
exhausts every reader that comes later.
"""

from __future__ import annotations

import json
import math
from types import GenericAlias
from typing import Annotated, Any

import msgspec

DEEPEST = 32
USUAL_LEVELS = 8
"""Nesting within which objects are read at once; soundness itself allows more."""
_INTEGERS = range(-(2**63), 2**63)


class TooDeep(ValueError):
    """Nested deeper than `DEEPEST`."""


def sound(value: Any, depth: int = 0) -> Any:
    """The value without NUL characters, with integers beyond 64 bits as floats; raises `TooDeep`."""
    if isinstance(value, str):
        return value.replace("\x00", "") if "\x00" in value else value
    if isinstance(value, int) and not isinstance(value, bool):
        if value in _INTEGERS:
            return value
        try:
            return float(value)
        except OverflowError:
            return None
    if isinstance(value, (dict, list)):
        if depth >= DEEPEST:
            raise TooDeep
        if isinstance(value, list):
            return [sound(each, depth + 1) for each in value]
        return {sound(name): sound(each, depth + 1) for name, each in value.items()}
    return value


def objects(levels: int) -> Any:
    """The type of JSON objects nested at most so deep, their integers of at most 64 bits."""
    plain: Any = None | bool | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | float | str
    value = plain
    for _ in range(levels - 1):
        value = plain | GenericAlias(list, (value,)) | GenericAlias(dict, (str, value))
    return GenericAlias(dict, (str, value))


def lenient(data: bytes) -> Any:
    """The value of JSON as some clients write it: NaN, infinities and numbers out of range are null.

    Raises `ValueError` and `RecursionError`.
    """
    return json.loads(data, parse_constant=lambda name: None, parse_float=_finite, parse_int=_integer)


def _integer(text: str) -> int | float | None:
    return int(text) if len(text) < 30 else _finite(text)


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
