"""The engines this process was wired with; `wiring` sets them, rooms ask here."""

from __future__ import annotations

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
