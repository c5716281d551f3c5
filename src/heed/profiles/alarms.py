"""What time alone makes happen, noted as events of Heed's own; rooms register what they watch for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from heed.contracts.event import Event
from heed.contracts.fold import State

Alarms = Callable[[State, int], Iterable[Event]]
"""`(state, now)` → events that are due and not folded yet. Asked when a profile's `due_at` passes, so a room
that registers alarms announces their moments in its projection. The same alarm is the same message id."""

_alarms: list[Alarms] = []


def register_alarms(alarms: Alarms) -> None:
    if alarms not in _alarms:
        _alarms.append(alarms)


def alarms(state: State, now: int) -> list[Event]:
    return [event for each in _alarms for event in each(state, now)]
