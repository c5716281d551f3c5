"""What a profile remembers of segments: static lists it was put on, and since when it is in which."""

from __future__ import annotations

import msgspec

from heed.contracts import vocabulary as v
from heed.contracts.event import OWN_SOURCE, Effect, Event
from heed.contracts.fold import State


class Memberships(msgspec.Struct, array_like=True, omit_defaults=True):
    """`lists`: static lists by key, with when they were put on it; `since`: when segments were entered (ms)."""

    lists: dict[str, int] = {}
    since: dict[str, int] = {}


def step(state: State, event: Event, now: int) -> tuple[Effect, ...]:
    if event.source != OWN_SOURCE or event.type != "track":
        return ()
    own: Memberships = state.segments
    key = event.properties.get("segment")
    if not isinstance(key, str):
        return ()
    if event.name == v.LIST_MEMBER_ADDED:
        own.lists.setdefault(key, event.occurred)
    elif event.name == v.LIST_MEMBER_REMOVED:
        own.lists.pop(key, None)
    elif event.name == v.SEGMENT_ENTERED:
        own.since[key] = event.occurred
    elif event.name == v.SEGMENT_LEFT:
        own.since.pop(key, None)
    return ()


def merge(kept: Memberships, absorbed: Memberships) -> Memberships:
    for mine, others in ((kept.lists, absorbed.lists), (kept.since, absorbed.since)):
        for key, at in others.items():
            mine[key] = min(at, mine.get(key, at))
    return kept
