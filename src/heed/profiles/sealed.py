"""Opening the whole events that the lake keeps under each customer's own key."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg

from heed import settings as heed_settings
from heed.contracts.event import Event
from heed.kit.sealing import Unreadable, unseal
from heed.profiles.store import event_purpose, keys

_decode = msgspec.msgpack.Decoder(Event).decode


OPENED = ["profile_id", "carried_under", "private"]


class Opened(msgspec.Struct):
    """`events` with whose each is, `rows` theirs; `unreadable` are events whose key is gone, `nobody` those of nobody."""

    events: list[tuple[uuid.UUID, Event]] = []
    rows: list[dict[str, Any]] = []
    unreadable: int = 0
    nobody: int = 0


def open_events(connection: psycopg.Connection, master_key: bytes, rows: Sequence[dict[str, Any]]) -> Opened:
    """The events of rows of the lake (the columns `OPENED` at least), in their order."""
    found = Opened([], [])
    under = {uuid.UUID(row["carried_under"]) for row in rows if row["profile_id"]}
    kept = keys(connection, under, master_key)
    for row in rows:
        if not row["profile_id"]:
            found.nobody += 1
            continue
        sealed_for = uuid.UUID(row["carried_under"])
        key, private = kept.get(sealed_for), row["private"]
        try:
            if key is None or not isinstance(private, bytes):
                raise Unreadable
            event = _decode(unseal(key, private, event_purpose(sealed_for)))
            found.events.append((uuid.UUID(row["profile_id"]), event))
            found.rows.append(row)
        except Unreadable:
            found.unreadable += 1
    return found


def opened(rows: Sequence[dict[str, Any]]) -> list[Event]:
    """The same for a page: the events that can be read. On a connection of its own, as these statements are binary."""
    if not rows:
        return []
    settings = heed_settings.load()
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        return [event for _, event in open_events(connection, settings.master_key, rows).events]
