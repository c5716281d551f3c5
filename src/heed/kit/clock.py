"""Time, given and not taken: code asks the clock it was handed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], int]
"""Returns milliseconds since 1970 UTC."""

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def system_clock() -> int:
    return time.time_ns() // 1_000_000


def moment(ms: int) -> datetime:
    """A datetime in UTC; raises OverflowError or ValueError outside years 1–9999."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def moment_if_any(ms: int) -> datetime | None:
    """The same, and None for 0 and for what no calendar has."""
    try:
        return moment(ms) if ms else None
    except (OverflowError, ValueError, OSError):
        return None


def in_ms(when: datetime) -> int:
    """Milliseconds of a datetime; one without a zone is read as UTC."""
    return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)


def parse_moment(text: str) -> int | None:
    """Milliseconds of an ISO 8601 text, or None where it is not one. Without a zone it is UTC."""
    try:
        return in_ms(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


class SetClock:
    """A clock that tests set and move."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, ms: int) -> None:
        self.now += ms
