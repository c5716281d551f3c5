"""Replay: throw the profiles away and fold the whole lake again; the same profiles come back.

Events of a person whose key was destroyed cannot be read any more and are left out.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

import msgspec
import psycopg

from heed.contracts.event import Event
from heed.kit.sealing import Unreadable, unseal
from heed.pipeline.carry import Carrier
from heed.ports.lake import Lake
from heed.profiles import api as profiles

_decode = msgspec.msgpack.Decoder(Event).decode


class Replayed(msgspec.Struct):
    """`unreadable` are events whose key is gone, `nobody` those that name nobody."""

    events: int = 0
    unreadable: int = 0
    nobody: int = 0


def replay(carrier: Carrier, lake: Lake, progress: Callable[[int], None] = lambda done: None) -> Replayed:
    """Rebuild every profile from the lake, in one transaction: until it commits the old profiles stand.

    The caller has seen to it that no engine runs and that the lake has everything carried.
    """
    connection = carrier.connection
    result = Replayed()
    with connection.transaction():
        profiles.clear(connection)
        for batch in lake.scan(["profile_id", "private"]):
            events = _readable(connection, carrier.master_key, batch.to_pylist(), result)
            carrier.fold_into(events, None)
            result.events += len(events)
            progress(result.events)
    return result


def _readable(
    connection: psycopg.Connection,
    master_key: bytes,
    rows: list[dict[str, object]],
    result: Replayed,
) -> list[Event]:
    ids = {uuid.UUID(str(row["profile_id"])) for row in rows if row["profile_id"]}
    keys = profiles.keys(connection, ids, master_key)
    events = []
    for row in rows:
        if not row["profile_id"]:
            result.nobody += 1
            continue
        profile_id = uuid.UUID(str(row["profile_id"]))
        key, private = keys.get(profile_id), row["private"]
        if key is None or not isinstance(private, bytes):
            result.unreadable += 1
            continue
        try:
            events.append(_decode(unseal(key, private, profiles.event_purpose(profile_id))))
        except Unreadable:
            result.unreadable += 1
    return events
