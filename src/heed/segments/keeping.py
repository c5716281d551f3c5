"""What the engine does for segments between batches: fill them when rules change, announce who came and went."""

from __future__ import annotations

import time

import psycopg

from heed.contracts import vocabulary as v
from heed.contracts.event import Event
from heed.contracts.own import event_about
from heed.kit.clock import in_ms, moment, moment_if_any
from heed.ports.ledger import LIVE, Ledger
from heed.profiles import api as profiles
from heed.segments import store
from heed.segments.membership import memberships

PIECE, BRIEF = 500, 0.015
"""Profiles looked at in one go, and the seconds after which it is enough: live events wait meanwhile."""
AT_ONCE = 25
"""Moves told of in one go. Many wait for their turn, and not in the ledger: who comes in and leaves again is told of in
that order only where both take the same way."""


def fill(connection: psycopg.Connection, ledger: Ledger, now: int) -> int:
    """Look at the next profiles after segments changed. Profiles are locked, so that nothing carried meanwhile is
    undone; whoever is found in is not news, as it is the segment that came, not the customer."""
    under_way = store.open_pass(connection)
    if under_way is None:
        return 0
    ids = profiles.following(connection, under_way.after, PIECE)
    book = memberships.book
    if not ids:
        store.finish_pass(connection, book.versions, moment(now))
        return 1
    before = profiles.memberships(connection, ids)
    changed, done, reached = [], 0, ids[-1]
    enough = time.monotonic() + BRIEF
    for profile_id, data in profiles.states(connection, ids, lock=True).items():
        segments, turn = book.members(profiles.fold.decode(bytes(data)), now)
        if turn or segments != before.get(profile_id, []):
            changed.append((profile_id, segments, moment_if_any(turn)))
        done += 1
        if time.monotonic() > enough:
            reached = profile_id
            break
    store.set_memberships(connection, changed)
    store.move_pass(connection, reached, done)
    return max(1, done)


def announce(connection: psycopg.Connection, ledger: Ledger, now: int) -> int:
    """Tell of moves as events of the customers concerned."""
    moves = store.moves(connection, AT_ONCE)
    if not moves:
        return 0
    news = store.filled(connection)
    states = profiles.states(connection, [profile_id for _, profile_id, *_ in moves])
    events: list[Event] = []
    for number, profile_id, entered, gone, at in moves:
        data = states.get(profile_id)
        if data is None:
            continue
        state = profiles.fold.decode(bytes(data))
        for name, keys in ((v.SEGMENT_LEFT, gone), (v.SEGMENT_ENTERED, entered)):
            for place, key in enumerate(keys):
                if key not in memberships.book:
                    continue
                since, called = news.get(key, (None, ""))
                if since is None or at < since:
                    continue
                event = event_about(state, f"heed-move-{number}-{name[8:]}-{place}", name, in_ms(at), now)
                if event is not None:
                    event.properties = {"segment": key, "name": called}
                    events.append(event)
    if events:
        ledger.append(LIVE, events)
    store.forget_moves(connection, [number for number, *_ in moves])
    return len(moves)
