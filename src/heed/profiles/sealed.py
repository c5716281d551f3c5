"""Opening the whole events that the lake keeps under each customer's own key, and whether the master key is the right one."""

from __future__ import annotations

import hashlib
import hmac
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


_LOOKED_AT = 20


def key_opens(connection: psycopg.Connection, master_key: bytes) -> bool:
    """Whether this is the master key that customers' keys are wrapped with, as far as anything tells.

    Where none is remembered yet, one of the keys it is to open is enough.
    """
    row = connection.execute("select fingerprint from master_key").fetchone()
    if row is not None:
        return hmac.compare_digest(bytes(row[0]), fingerprint(master_key))
    ids = [row[0] for row in connection.execute("select profile_id from profile_key limit %s", [_LOOKED_AT])]
    return not ids or any(_opens(connection, each, master_key) for each in ids)


def remember_key(connection: psycopg.Connection, master_key: bytes) -> None:
    """Go by this master key from now on, unless one is remembered already."""
    connection.execute(
        "insert into master_key (id, fingerprint) values (1, %s) on conflict do nothing",
        [fingerprint(master_key)],
    )


def fingerprint(master_key: bytes) -> bytes:
    """What a master key is known again by, and not found by."""
    return hashlib.blake2b(b"master", key=master_key, digest_size=16, person=b"fingerprint").digest()


def _opens(connection: psycopg.Connection, profile_id: uuid.UUID, master_key: bytes) -> bool:
    try:
        return bool(keys(connection, [profile_id], master_key))
    except Unreadable:
        return False


def opened(rows: Sequence[dict[str, Any]]) -> list[Event]:
    """The same for a page: the events that can be read. On a connection of its own, as these statements are binary."""
    if not rows:
        return []
    settings = heed_settings.load()
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        return [event for _, event in open_events(connection, settings.master_key, rows).events]
