"""The ledger: accepted events waiting for the engine, durable before anybody is told so."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from heed.contracts.accepted import AnyEvent
from heed.contracts.event import Event

LIVE = 0
BULK = 1
"""Lanes. Live events never wait behind a bulk import."""

PARTS = 8
"""Each lane's events are dealt into so many parts, which engines carry independently of each other."""


def part_of(event: AnyEvent) -> int:
    """The part an event belongs to: that of the device it comes from, else of the user it names.

    What one device sends is thereby carried in order, before and after somebody signs in there: whose an
    anonymous event is depends on who signed in last.
    """
    key = event.anonymous_id or event.user_id or event.message_id
    return zlib.crc32(key.encode("utf-8", "surrogatepass")) % PARTS


class Span(msgspec.Struct, frozen=True):
    """Events of one lane in order; `last` is the position to read on from."""

    lane: int
    last: int
    events: tuple[Event, ...]


class LedgerUnavailable(RuntimeError):
    """Nothing was kept: the store is gone or full. Trying again later may help."""


class Ledger(Protocol):
    def prepare(self) -> None:
        """Make what the ledger needs to exist; safe to repeat and to run from several processes at once."""

    def append(self, lane: int, events: Sequence[AnyEvent]) -> None:
        """Keep the events and give each its `seq`. Durable on return.

        Raises `LedgerUnavailable`; then none of them is kept.
        """

    async def append_soon(self, lane: int, events: Sequence[AnyEvent]) -> None:
        """The same for many callers at once: what arrives together is committed together."""

    def read(self, lane: int, after: int, limit: int) -> Span | None:
        """The next events after a position, so many at most, or None where there are none yet."""

    def read_parts(self, lane: int, after: Mapping[int, int], limit: int) -> Span | None:
        """The same of some parts, each after its own position; whatever of them lies up to `last` is there."""

    def head(self) -> dict[int, int]:
        """The last `seq` of each lane."""

    def wait(self, timeout: float) -> None:
        """Return when something was appended or after `timeout` seconds."""

    def forget(self, before_ms: int, carried: dict[int, int]) -> int:
        """Drop what is carried and older than this; returns how many events went."""

    def close(self) -> None: ...
