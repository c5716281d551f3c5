"""How a room joins the fold: it owns one section of the profile state and one pure step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from heed.contracts.event import Effect, Event

State = Any
"""A profile's state: a struct with one attribute per registered section, e.g. `state.mood`."""

Step = Callable[[State, Event, int], Iterable[Effect]]
"""`(state, event, now in ms) → effects`. It may read every section and change only its own; it knows no
clock and no database, so folding the same events in the same order gives the same bytes."""


def keep(kept: Any, absorbed: Any) -> Any:
    """The merge of a section that has nothing to join."""
    return kept


Merge = Callable[[Any, Any], Any]
"""`(kept, absorbed) → kept`: joins two customers' sections when they turn out to be one person. Pure; it
may change and return `kept`."""


class Section(msgspec.Struct, frozen=True):
    """A room's part of the profile state.

    `type` is a msgspec Struct whose every field has a default. `merge` joins the sections of two profiles
    found to be one person. `after` names the sections this step
    reads and which are therefore folded before it.
    """

    name: str
    type: type
    step: Step
    after: tuple[str, ...] = ()
    merge: Merge = keep
