"""Reading what somebody else's system wrote. Nothing here raises, whatever it is given."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

_LONGEST = 1_000
_MOST_PRODUCTS = 100


class Unusable(ValueError):
    """The payload cannot become an event; the message says what is missing."""

    def __init__(self, detail: str, reason: str = "") -> None:
        super().__init__(detail)
        self.reason = reason or "bad_hook"


class Found(msgspec.Struct):
    """`calls` are tracking calls as dicts, one event each; where there are none, `ignored` says why."""

    calls: list[dict[str, Any]] = []
    ignored: str = ""


def part(value: Any, *path: str | int) -> Any:
    """What lies at the path, None where something on the way is missing or of another kind."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def text(value: Any) -> str:
    """A text or a whole number as text, "" for everything else."""
    if isinstance(value, str):
        return value.strip()[:_LONGEST]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)[:_LONGEST] if abs(value) < 10**40 else ""
    return ""


def first(*values: Any) -> str:
    """The first that has a text."""
    return next((found for each in values if (found := text(each))), "")


def listed(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, at most a hundred."""
    return (
        [each for each in value[:_MOST_PRODUCTS] if isinstance(each, dict)] if isinstance(value, list) else []
    )


def decimal(value: Any) -> Decimal | None:
    """A number or a decimal text ("12.50") exactly; None where it is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str) and len(value) > 40:
        return None
    try:
        found = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):
        return None
    return found if found.is_finite() and found.adjusted() <= 15 and abs(found) < 10**15 else None


def amount(value: Any) -> float | None:
    """Money in currency units, to the ten-thousandth."""
    found = decimal(value)
    return None if found is None else float(round(found, 4))


def moment_text(value: Any) -> str | None:
    """An ISO 8601 text of a Unix time in seconds, None where there is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 4_102_444_800:
        return None
    return datetime.fromtimestamp(value, UTC).isoformat()


def filled(**fields: Any) -> dict[str, Any]:
    """The fields that hold something."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
