"""The door of the pipeline: accept events, and have effects done."""

from __future__ import annotations

from collections.abc import Sequence

from heed.contracts.event import Event
from heed.pipeline.effects import register_effect
from heed.ports import current
from heed.ports.ledger import LIVE
from heed.ports.recent import recent


def accept(events: Sequence[Event]) -> int:
    """Make events durable; returns the `seq` of the first. Raises `LedgerUnavailable`."""
    return current.ledger().append(LIVE, events)


__all__ = ["accept", "recent", "register_effect"]
