"""The event that says two profiles are one person."""

from __future__ import annotations

import uuid

from heed.contracts import vocabulary
from heed.contracts.event import OWN_SOURCE, Event, Identifier
from heed.contracts.fold import State
from heed.profiles.domain.identifiers import Hasher

_SUREST = ("user_id", "email", "phone")


def merge_event(
    one: tuple[uuid.UUID, State],
    other: tuple[uuid.UUID, State],
    hasher: Hasher,
    by: str,
    message_id: str,
    now: int,
) -> Event | None:
    """That these two are one person, as of `now` (ms); `by` says who found so: "person" or "match".

    None where one of them has no identifier left.
    """
    names = [naming(profile_id, state, hasher) for profile_id, state in (one, other)]
    if not all(names):
        return None
    first, second = ([name.kind, name.value] for name in names if name)
    event = Event(message_id, "track", now, now, vocabulary.PROFILES_MERGED, source=OWN_SOURCE)
    event.properties = {"one": first, "other": second, "by": by}
    return event


def is_merge(event: Event) -> bool:
    return event.source == OWN_SOURCE and event.name == vocabulary.PROFILES_MERGED


def merged(event: Event) -> list[Identifier]:
    """An identifier of each profile that a merge event names; nothing of any other event."""
    if not is_merge(event):
        return []
    found = []
    for name in ("one", "other"):
        given = event.properties.get(name)
        if (
            isinstance(given, list | tuple)
            and len(given) == 2
            and all(isinstance(each, str) for each in given)
        ):
            found.append(Identifier(given[0], given[1]))
    return found


def naming(profile_id: uuid.UUID, state: State, hasher: Hasher) -> Identifier | None:
    """The identifier that names this profile itself and not one that became part of it: the one it was made
    for, or else the oldest of the surest kind."""
    every = [
        Identifier(kind, value) for kind, values in state.identity.identifiers.items() for value in values
    ]
    for each in every:
        if hasher.profile_id(hasher.hash(each)) == profile_id:
            return each
    every.sort(
        key=lambda each: (
            _SUREST.index(each.kind) if each.kind in _SUREST else len(_SUREST),
            each.kind == "anonymous_id",
        )
    )
    return every[0] if every else None
