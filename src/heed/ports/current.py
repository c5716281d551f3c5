"""The engines this process was wired with; `wiring` sets them, rooms ask here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heed.ports.lake import Lake
from heed.ports.ledger import Ledger

_ledger: list[Ledger] = []
_lake: list[Lake] = []


def set_engines(ledger: Ledger, lake: Lake) -> None:
    _ledger[:] = [ledger]
    _lake[:] = [lake]


def ledger() -> Ledger:
    return _ledger[0]


def lake() -> Lake:
    return _lake[0]


def lake_rows(query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Rows of the lake; none where this process was started without one."""
    return list(_lake[0].sql(query, values).to_pylist()) if _lake else []
