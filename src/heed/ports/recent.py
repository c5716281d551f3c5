"""Events this process accepted moments ago, which the engine may not have carried yet.

A decision asked right after an event folds it over the stored state, so that who has just spoken is
answered by somebody who heard it. Kept by the identifiers as sent, for some seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from heed.contracts.accepted import AnyEvent, whole
from heed.contracts.event import Event
from heed.ports.ledger import part_of

_KEEP_MS = 15_000
_MOST = 25_000
_MOST_BYTES = 8_000_000
_MOST_ASKED = 100
"""Events of one person that are read and folded for a decision, while every other request waits."""


class _Shelf:
    """Events by identifier. Only who asks pays for the order: most events are never asked for."""

    def __init__(self) -> None:
        self._unsorted: list[Sequence[AnyEvent]] = []
        self._by_key: dict[str, list[AnyEvent]] = {}

    def put(self, events: Sequence[AnyEvent]) -> None:
        self._unsorted.append(events)

    def get(self, key: str) -> Sequence[AnyEvent]:
        if self._unsorted:
            by_key = self._by_key
            for events in self._unsorted:
                for event in events:
                    if event.user_id:
                        by_key.setdefault("u" + event.user_id, []).append(event)
                    if event.anonymous_id:
                        by_key.setdefault("a" + event.anonymous_id, []).append(event)
            self._unsorted.clear()
        return self._by_key.get(key, ())


class Recent:
    """Two shelves, one being filled and the one filled before: forgetting is dropping a shelf whole.

    An event stays at least `_KEEP_MS` unless more than `_MOST` events or `_MOST_BYTES` of requests follow it
    sooner; both shelves together hold at most twice that.
    """

    def __init__(self) -> None:
        self._filling, self._filled = _Shelf(), _Shelf()
        self._since = self._count = self._bytes = 0

    def add(self, events: Sequence[AnyEvent], size: int) -> None:
        """Remember events the ledger keeps; `size` is what the request with them weighed, in bytes."""
        if not events:
            return
        now = events[-1].received
        if now - self._since > _KEEP_MS or self._count > _MOST or self._bytes > _MOST_BYTES:
            stale = now - self._since > 2 * _KEEP_MS
            self._filled = _Shelf() if stale else self._filling
            self._filling = _Shelf()
            self._since, self._count, self._bytes = now, 0, 0
        self._count += len(events)
        self._bytes += size
        self._filling.put(events)

    def of(self, user_id: str, anonymous_id: str) -> list[Event]:
        """What these identifiers did lately, in order, a message sent again once; the newest of a flood."""
        found: dict[tuple[str, str], AnyEvent] = {}
        for key in (user_id and "u" + user_id, anonymous_id and "a" + anonymous_id):
            for shelf in (self._filled, self._filling):
                for event in shelf.get(key):
                    found.setdefault((event.source, event.message_id), event)
        newest = sorted(found.values(), key=lambda event: event.seq)[-_MOST_ASKED:]
        return [whole(event) for event in newest]


def not_carried(events: Iterable[Event], positions: Sequence[int]) -> list[Event]:
    """Those that lie after what is carried of their part; `positions` by part."""
    return [event for event in events if event.seq > positions[part_of(event)]]


recent = Recent()
