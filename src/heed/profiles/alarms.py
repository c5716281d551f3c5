"""What time alone makes happen, noted as events of Heed's own; rooms register what they watch for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import psycopg

from heed.contracts.event import Event
from heed.contracts.fold import State

Alarms = Callable[[State, int], Iterable[Event]]
"""`(state, now)` → events that are due and not folded yet. Asked when a profile's `due_at` passes, so a room
that registers alarms announces their moments in its projection. The same alarm is the same message id."""

Believes = Callable[[psycopg.Connection], bool]
"""Whether what is heard here allows such alarms at all; asked once for all profiles of a moment."""

_alarms: list[tuple[Alarms, Believes]] = []


def register_alarms(alarms: Alarms, believes: Believes) -> None:
    if (alarms, believes) not in _alarms:
        _alarms.append((alarms, believes))


def alarms(connection: psycopg.Connection, states: Sequence[State], now: int) -> list[Event]:
    """What is due for these profiles."""
    found: list[Event] = []
    for each, believes in _alarms:
        events = [event for state in states for event in each(state, now)]
        if events and believes(connection):
            found += events
    return found
