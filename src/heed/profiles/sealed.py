"""Opening the whole events that the lake keeps under each customer's own key."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg

from heed.contracts.event import Event
from heed.kit.sealing import Unreadable, unseal
from heed.profiles.store import event_purpose, keys

_decode = msgspec.msgpack.Decoder(Event).decode


class Opened(msgspec.Struct):
    """`events` with the profile each was carried under, `places` their rows; `unreadable` whose key is gone, `nobody`
    without one."""

    events: list[tuple[uuid.UUID, Event]] = []
    places: list[dict[str, Any]] = []
    unreadable: int = 0
    nobody: int = 0


def open_events(connection: psycopg.Connection, master_key: bytes, rows: Sequence[dict[str, Any]]) -> Opened:
    """The events of rows of the lake (`profile_id`, `private`), in their order."""
    found = Opened([], [])
    kept = keys(connection, {uuid.UUID(row["profile_id"]) for row in rows if row["profile_id"]}, master_key)
    for row in rows:
        if not row["profile_id"]:
            found.nobody += 1
            continue
        profile_id = uuid.UUID(row["profile_id"])
        key, private = kept.get(profile_id), row["private"]
        try:
            if key is None or not isinstance(private, bytes):
                raise Unreadable
            found.events.append((profile_id, _decode(unseal(key, private, event_purpose(profile_id)))))
            found.places.append(row)
        except Unreadable:
            found.unreadable += 1
    return found
