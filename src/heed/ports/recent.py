"""Events this process accepted moments ago, which the engine may not have carried yet.

A decision asked right after an event folds it over the stored state, so that who has just spoken is
answered by somebody who heard it. Kept by the identifiers as sent, for some seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from heed.contracts.event import Event
from heed.ports.ledger import part_of

_KEEP_MS = 15_000
_MOST = 50_000


class Recent:
    def __init__(self) -> None:
        self._by_identifier: dict[str, list[Event]] = {}
        self._order: deque[tuple[int, Event]] = deque()

    def add(self, events: Sequence[Event]) -> None:
        """Remember events the ledger keeps."""
        for event in events:
            for identifier in _identifiers(event):
                self._by_identifier.setdefault(identifier, []).append(event)
            self._order.append((event.received, event))
        if events:
            self._forget(events[-1].received - _KEEP_MS)

    def _forget(self, before: int) -> None:
        while self._order and (self._order[0][0] < before or len(self._order) > _MOST):
            _, event = self._order.popleft()
            for identifier in _identifiers(event):
                kept = self._by_identifier.get(identifier)
                if kept and kept[0] is event:
                    kept.pop(0)
                    if not kept:
                        del self._by_identifier[identifier]

    def of(self, user_id: str, anonymous_id: str) -> list[Event]:
        """What these identifiers did lately, in order, a message sent again once."""
        found: dict[tuple[str, str], Event] = {}
        for identifier in _keys(user_id, anonymous_id):
            for event in self._by_identifier.get(identifier, ()):
                found.setdefault((event.source, event.message_id), event)
        return sorted(found.values(), key=lambda event: event.seq)


def not_carried(events: Iterable[Event], positions: Sequence[int]) -> list[Event]:
    """Those that lie after what is carried of their part; `positions` by part."""
    return [event for event in events if event.seq > positions[part_of(event)]]


def _identifiers(event: Event) -> Iterable[str]:
    return _keys(event.user_id, event.anonymous_id)


def _keys(user_id: str, anonymous_id: str) -> list[str]:
    keys = []
    if user_id:
        keys.append("u" + user_id)
    if anonymous_id:
        keys.append("a" + anonymous_id)
    return keys


recent = Recent()
