"""The ledger: accepted events waiting for the engine, durable before anybody is told so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from heed.contracts.event import Event

LIVE = 0
BULK = 1
"""Lanes. Live events never wait behind a bulk import."""


class Span(msgspec.Struct, frozen=True):
    """Events of one lane that follow each other: `last` is the position to read on from."""

    lane: int
    first: int
    last: int
    events: tuple[Event, ...]


class LedgerUnavailable(RuntimeError):
    """Nothing was kept: the store is gone or full. Trying again later may help."""


class Ledger(Protocol):
    def prepare(self) -> None:
        """Make what the ledger needs to exist; safe to repeat and to run from several processes at once."""

    def append(self, lane: int, events: Sequence[Event]) -> int:
        """Keep the events and return the first one's `seq`; the others follow it. Durable on return.

        Raises `LedgerUnavailable`; then none of them is kept.
        """

    async def append_soon(self, lane: int, events: Sequence[Event]) -> int:
        """The same for many callers at once: what arrives together is committed together."""

    def read(self, lane: int, after: int, limit: int) -> Span | None:
        """The next events after a position, at least one append's worth, or None where there are none yet."""

    def head(self) -> dict[int, int]:
        """The last `seq` of each lane."""

    def wait(self, timeout: float) -> None:
        """Return when something was appended or after `timeout` seconds."""

    def forget(self, before_ms: int, carried: dict[int, int]) -> int:
        """Drop what is carried and older than this; returns how many events went."""

    def close(self) -> None: ...
