"""What rooms do in small pieces between batches: catching profiles up with new definitions, announcing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import psycopg

from heed.ports.ledger import Ledger

Chore = Callable[[psycopg.Connection, Ledger, int], int]
"""`(connection, ledger, now in ms)` → how much was done, 0 where nothing waits.

It runs inside a transaction and must be brief: live events wait meanwhile. What it appends to the ledger is
kept even if the transaction then fails, so it comes under message ids that are the same the next time.
"""

_chores: list[Chore] = []


def register_chore(chore: Chore) -> None:
    if chore not in _chores:
        _chores.append(chore)


def registered() -> Sequence[Chore]:
    """Those registered, in order."""
    return tuple(_chores)
