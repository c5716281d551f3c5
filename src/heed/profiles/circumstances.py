"""Where rules learn whether a circumstance holds; the room that keeps circumstances says how."""

from __future__ import annotations

from collections.abc import Callable

from heed.contracts.fold import State

Holds = Callable[[State, str, int], bool]

_holds: list[Holds] = []


def register_holds(function: Holds) -> None:
    """`(state, circumstance, now in ms) → bool`."""
    _holds[:] = [function]


def holds(state: State, circumstance: str, now: int) -> bool:
    return bool(_holds) and _holds[0](state, circumstance, now)
