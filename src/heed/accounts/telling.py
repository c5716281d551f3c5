"""Telling members what is known of their account, between batches: as events, so that replay finds them again."""

from __future__ import annotations

import hashlib

import psycopg

from heed.accounts import store
from heed.contracts.event import OWN_SOURCE, Event
from heed.contracts.own import event_about
from heed.contracts.told import Told
from heed.ports.ledger import BULK, Ledger
from heed.profiles import api as profiles

PIECE = 250
"""Members told in one go: live events wait meanwhile."""


def tell(connection: psycopg.Connection, ledger: Ledger, now: int) -> int:
    """Tell the next members; how many were looked at. What one is told again by a crash is the same message."""
    return _tell_joiners(connection, ledger, now) or _tell_members(connection, ledger, now)


def _tell_joiners(connection: psycopg.Connection, ledger: Ledger, now: int) -> int:
    found = store.joiners(connection, PIECE)
    events = []
    for number, key, user_id, anonymous_id, traits, at in found:
        event = Event(f"heed-account-{number}-{_short(key)}", "group", min(at, now), now, source=OWN_SOURCE)
        event.user_id, event.anonymous_id = user_id, anonymous_id
        events.append(_about(event, key, store.decode(traits)))
    if events:
        ledger.append(BULK, events)
        store.forget_joiners(connection, [number for number, *_ in found])
    return len(found)


def _tell_members(connection: psycopg.Connection, ledger: Ledger, now: int) -> int:
    found = store.being_told(connection)
    if found is None:
        return 0
    account_id, key, encoded, at, after = found
    traits = store.decode(encoded)
    ids = store.members(connection, key, after, PIECE)
    events = []
    for profile_id, data in profiles.states(connection, ids).items():
        state = profiles.fold.decode(bytes(data))
        known = state.accounts.of.get(key)
        if known is None or _plain(known.traits) == _plain(traits):
            continue
        event = event_about(
            state,
            f"heed-account-{_short(key)}-{at}-{_short(encoded.hex())}-{profile_id}",
            "",
            min(at, now),
            now,
        )
        if event is not None:
            event.type = "group"
            events.append(_about(event, key, traits))
    if events:
        ledger.append(BULK, events)
    store.move(connection, account_id, ids[-1] if len(ids) == PIECE else None)
    return max(1, len(ids))


def _about(event: Event, key: str, traits: dict[str, Told]) -> Event:
    event.group_id = key
    event.traits = _plain(traits)
    return event


def _plain(traits: dict[str, Told]) -> dict[str, object]:
    return {name: value for name, (value, _) in traits.items()}


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
