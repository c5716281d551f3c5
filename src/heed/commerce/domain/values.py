"""Reading what senders write: amounts, moments, ids. Nothing here raises, whatever it is given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from heed.kit.clock import DAY
from heed.kit.money import SCALE, in_e4

_LARGEST_SUM = 10**18 - 1
_EARLIEST = 631_152_000_000  # 1990-01-01
_LATEST = 4_102_444_800_000  # 2100-01-01
_SECONDS_BELOW = 100_000_000_000
_ID_LENGTH = 100


def bounded(amount: int) -> int:
    """A sum of money held inside what decimal(18, 4) can store."""
    return max(-_LARGEST_SUM, min(_LARGEST_SUM, amount))


def units(amount: int) -> float:
    """Ten-thousandths as currency units, for people and rules to read; never to add up."""
    return amount / SCALE


def moment(value: object, *, end_of_day: bool = False) -> int | None:
    """Milliseconds since 1970 UTC, or None where `value` names no moment between 1990 and 2100.

    Takes ISO 8601 text (no zone means UTC), a number of seconds or of milliseconds. A date without a time
    is its first moment, or its last with `end_of_day`: a promise for a day is broken when the day is over.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not 8 <= len(text) <= 40:
            return None
        if text.isascii() and text.isdigit() and len(text) >= 10:
            return moment(int(text))
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            return None
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        try:
            stamp = round(when.timestamp() * 1000)
        except (OverflowError, ValueError):
            return None
        if end_of_day and len(text) <= 10:
            stamp += DAY
        return stamp if _EARLIEST <= stamp <= _LATEST else None
    if isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > _LATEST:
            return None
        stamp = round(value * 1000 if abs(value) < _SECONDS_BELOW else value)
        return stamp if _EARLIEST <= stamp <= _LATEST else None
    return None


def identity(value: object) -> str:
    """An id as text, "" where there is none. 1001, 1001.0 and " 1001 " are the same id."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        value = int(value) if value.is_integer() else value
    if isinstance(value, int):
        return str(value) if abs(value) < 10**_ID_LENGTH else ""
    if isinstance(value, str | float):
        return str(value).strip()[:_ID_LENGTH]
    return ""


def currency_code(value: object) -> str:
    """Three capital letters (ISO 4217), or "" where the sender gave none."""
    if isinstance(value, str):
        code = value.strip().upper()
        if len(code) == 3 and code.isascii() and code.isalpha():
            return code
    return ""


def quantity_of(value: object, default: int = 1) -> int:
    """A whole number of pieces between −1,000,000 and 1,000,000; `default` where unreadable."""
    if isinstance(value, str) and len(value) <= 20:
        try:
            value = float(value)
        except ValueError:
            return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    if isinstance(value, float) and not math.isfinite(value):
        return default
    return int(max(-1_000_000, min(1_000_000, value)))


def first_money(properties: Mapping[str, Any], names: Iterable[str]) -> int | None:
    """The first readable amount among the named properties."""
    for name in names:
        amount = in_e4(properties.get(name))
        if amount is not None:
            return amount
    return None


def first_moment(
    properties: Mapping[str, Any], names: Iterable[str], *, end_of_day: bool = False
) -> int | None:
    """The first readable moment among the named properties."""
    for name in names:
        stamp = moment(properties.get(name), end_of_day=end_of_day)
        if stamp is not None:
            return stamp
    return None
