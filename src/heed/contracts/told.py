"""Values with the moment they were told: of each the latest counts, in whatever order they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

Told = tuple[Any, int]
"""A value and when it was told (ms); None is what was taken back."""

MOST = 100
LONGEST = 500
LONGEST_NAME = 100
"""Together some tens of kilobytes at most: what is told is told to many."""


def take(known: dict[str, Told], said: Mapping[str, Any], at: int) -> bool:
    """Take in what was said at this moment; whether anything is different now."""
    changed = False
    for name, value in said.items():
        if len(name) > LONGEST_NAME:
            continue
        before = known.get(name)
        if len(known) >= MOST if before is None else before[1] > at:
            continue
        value = bounded(value, LONGEST)
        was = None if before is None else before[0]
        changed = changed or type(was) is not type(value) or was != value
        known[name] = (value, at)
    return changed


def latest(kept: dict[str, Told], other: Mapping[str, Told]) -> None:
    """Join two; of what was told at the same moment the kept one stays."""
    for name, told in other.items():
        mine = kept.get(name)
        if (mine is None and len(kept) < MOST) or (mine is not None and told[1] > mine[1]):
            kept[name] = told


def bounded(value: Any, longest: int) -> Any:
    """A text cut off, a list or object that is longer left out."""
    if isinstance(value, str):
        return value[:longest]
    if isinstance(value, (dict, list)) and len(msgspec.json.encode(value)) > longest:
        return None
    return value
