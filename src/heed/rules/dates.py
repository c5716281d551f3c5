"""Dates beside now: what a rule says of a moment somebody's profile holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from heed.kit.clock import DAY, in_ms, moment, parse_moment
from heed.rules.tree import BUCKET_MS, Dated

LONGEST_ANNIVERSARY = 180
"""Days ahead; further, an anniversary that is over and the next one would be hard to tell apart."""
_FIRST, _LAST = (in_ms(datetime(year, 1, 1, tzinfo=UTC)) for year in (2, 9_990))
"""Outside these no length of time can be added or taken away."""
_SECONDS = 10**11
"""Numbers below are Unix time in seconds, from here on in milliseconds."""


def as_moment(value: Any) -> int | None:
    """Milliseconds of what a trait holds: an ISO 8601 text (UTC where it names no zone) or Unix time."""
    if isinstance(value, str):
        found = parse_moment(value) if len(value) <= 40 else None
    elif isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 10**15:
        found = None
    else:
        found = round(value if abs(value) >= _SECONDS else value * 1000)
    return found if found is not None and _FIRST <= found < _LAST else None


def dated(rule: Dated) -> Callable[[Any, int], bool]:
    """`(value, now)` → whether the rule's date stands so."""
    holds = _holds(rule)

    def test(value: Any, now: int) -> bool:
        at = as_moment(value)
        return at is not None and holds(at, now)

    return test


def _holds(rule: Dated) -> Callable[[int, int], bool]:
    relation, length = rule.relation, rule.duration.ms if rule.duration else 0
    if relation == "last":
        return lambda at, now: now - length < at <= now
    if relation == "ago":
        return lambda at, now: at <= now - length
    if relation == "next":
        size = BUCKET_MS[rule.duration.unit] if rule.duration else DAY
        # From the beginning of the running unit on: a date without a time of day is its midnight.
        return lambda at, now: now // size * size <= at <= now + length
    if relation == "ahead":
        return lambda at, now: at > now + length
    if relation == "anniversary":
        return lambda at, now: _next_anniversary(at, now) <= _day(now) + timedelta(days=length // DAY)
    limit = parse_moment(rule.date) or 0
    return (lambda at, now: at < limit) if relation == "before" else (lambda at, now: at >= limit)


def _day(ms: int) -> date:
    return moment(ms).date()


def _next_anniversary(at: int, now: int) -> date:
    """The day, today or later, on which it is whole years; the 29th of February falls on the 28th in other years."""
    born, today = _day(at), _day(now)
    found = _in_year(born, today.year)
    return found if found >= today else _in_year(born, today.year + 1)


def _in_year(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def next_change(rule: Dated, value: Any, now: int) -> int:
    """The next moment later than `now` (ms) at which time alone may change the answer, 0 for none."""
    at = as_moment(value)
    if at is None or rule.duration is None:
        return 0
    length, size = rule.duration.ms, BUCKET_MS[rule.duration.unit]
    if rule.relation == "anniversary":
        day = _next_anniversary(at, now)
        begins = _midnight(day - timedelta(days=length // DAY))
        stamps = [begins, _midnight(day + timedelta(days=1))]
    elif rule.relation == "next":
        stamps = [at - length, (at // size + 1) * size]
    else:
        stamps = {"last": [at, at + length], "ago": [at + length], "ahead": [at - length]}[rule.relation]
    return min((stamp for stamp in stamps if stamp > now), default=0)


def _midnight(day: date) -> int:
    return in_ms(datetime(day.year, day.month, day.day, tzinfo=UTC))
