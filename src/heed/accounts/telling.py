"""Telling members what is known of their account, between batches: as events, so that replay finds them again."""

from __future__ import annotations

import hashlib

import psycopg

from heed.accounts import store
from heed.contracts.event import OWN_SOURCE, Event
from heed.contracts.own import event_about
from heed.contracts.told import Told
from heed.kit.clock import MINUTE, moment
from heed.ports.ledger import BULK, Ledger
from heed.profiles import api as profiles

PIECE, PIECE_BYTES = 250, 1_000_000
"""Members told in one go, and what that may come to: live events wait meanwhile."""
PAUSE = MINUTE
"""Between telling an account's members and telling them again (ms): a program that says something new every second is
heard once a minute by them."""


def tell(connection: psycopg.Connection, ledger: Ledger, now: int) -> int:
    """Tell the next members; how many were looked at. What one is told again by a crash is the same message."""
    return _tell_joiners(connection, ledger, now) or _tell_members(connection, ledger, now)


def _tell_joiners(connection: psycopg.Connection, ledger: Ledger, now: int) -> int:
    found = store.joiners(connection, PIECE)
    events = []
    for number, key, user_id, anonymous_id, named, traits, at in found:
        event = Event(f"heed-account-{number}-{_short(key)}", "group", min(at, now), now, source=OWN_SOURCE)
        event.user_id, event.anonymous_id, event.context = user_id, anonymous_id, named
        events.append(_about(event, key, store.decode(traits)))
    if events:
        ledger.append(BULK, events)
        store.forget_joiners(connection, [number for number, *_ in found])
    return len(found)


def _tell_members(connection: psycopg.Connection, ledger: Ledger, now: int) -> int:
    found = store.being_told(connection, moment(now))
    if found is None:
        return 0
    account_id, key, encoded, at, after = found
    traits = store.decode(encoded)
    piece = max(10, min(PIECE, PIECE_BYTES // max(1, len(encoded))))
    ids = store.members(connection, key, after, piece)
    events = []
    for profile_id, data in profiles.states(connection, ids).items():
        state = profiles.fold.decode(bytes(data))
        known = state.accounts.of.get(key)
        if known is None or _plain(known.traits) == _plain(traits):
            continue
        event = event_about(state, "", "", min(at, now), now)
        if event is not None:
            # Who was merged by mistake keeps the profile's id, with fewer events than both had.
            what = f"{_short(key)}-{at}-{_short(encoded.hex())}"
            event.message_id = f"heed-account-{what}-{profile_id}-{state.identity.events}"
            event.type = "group"
            events.append(_about(event, key, traits))
    if events:
        ledger.append(BULK, events)
    if len(ids) == piece:
        store.move(connection, account_id, ids[-1], moment(now))
    else:
        store.end(connection, account_id, moment(now + PAUSE))
    return max(1, len(ids))


def _about(event: Event, key: str, traits: dict[str, Told]) -> Event:
    event.group_id = key
    event.traits = _plain(traits)
    return event


def _plain(traits: dict[str, Told]) -> dict[str, object]:
    return {name: value for name, (value, _) in traits.items()}


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
