"""The statements that read and write profiles on the carry path. Rows are locked in the order of their ids."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any
from weakref import WeakSet

import psycopg
from psycopg import sql

from heed.kit.clock import moment
from heed.kit.sealing import new_key, seal, unseal
from heed.profiles.domain.resolution import Merge
from heed.profiles.lent import segmented
from heed.profiles.projection import COLUMNS

_KEY_PURPOSE = b"heed profile key "
_TYPES = {
    "first_seen": "timestamptz",
    "last_seen": "timestamptz",
    "refreshed_at": "timestamptz",
    "due_at": "timestamptz",
    "circumstances": "text[]",
    "segments": "text[]",
    "accounts": "text[]",
    "revenue": "numeric",
    "orders": "int4",
    **dict.fromkeys(("valence", "spread", "urgency", "confidence", "baseline", "attention"), "float8"),
}


def event_purpose(profile_id: uuid.UUID) -> bytes:
    """What a profile's key seals a whole event for, in the lake's `private` column."""
    return b"heed event " + profile_id.bytes


def in_order(ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Each once, in the order in which everybody takes locks."""
    return sorted(set(ids), key=attrgetter("int"))


def owners(connection: psycopg.Connection, hashes: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Which profile each known identifier hash belongs to."""
    wanted = list(set(hashes))
    if not wanted:
        return {}
    rows = connection.execute(
        "select hash, profile_id from identifier where hash = any(%b::uuid[])", [wanted], binary=True
    ).fetchall()
    return dict(rows)


def states(
    connection: psycopg.Connection, profile_ids: Iterable[uuid.UUID], lock: bool = False
) -> dict[uuid.UUID, bytes]:
    """The encoded states of these profiles."""
    wanted = in_order(profile_ids)
    if not wanted:
        return {}
    query = "select id, state from profile where id = any(%b::uuid[])"
    if lock:
        query += " order by id for update"
    # A page's connection hands out client-side cursors, which know no binary results.
    return dict(psycopg.Cursor(connection).execute(query, [wanted], binary=True).fetchall())


def keys(
    connection: psycopg.Connection, profile_ids: Iterable[uuid.UUID], master_key: bytes
) -> dict[uuid.UUID, bytes]:
    """The unwrapped keys of those profiles that have one."""
    rows = connection.execute(
        "select profile_id, wrapped from profile_key where profile_id = any(%b::uuid[])",
        [list(set(profile_ids))],
        binary=True,
    ).fetchall()
    return {
        profile_id: unseal(master_key, wrapped, _KEY_PURPOSE + profile_id.bytes)
        for profile_id, wrapped in rows
    }


def make_keys(
    connection: psycopg.Connection, profile_ids: Iterable[uuid.UUID], master_key: bytes
) -> dict[uuid.UUID, bytes]:
    """New keys for profiles that have none; the keys in force come back."""
    wanted = in_order(profile_ids)
    made = {each: new_key() for each in wanted}
    if not made:
        return {}
    rows = [(each, seal(master_key, key, _KEY_PURPOSE + each.bytes)) for each, key in made.items()]
    inserted = connection.execute(
        "insert into profile_key (profile_id, wrapped) select * from unnest(%b::uuid[], %b::bytea[])"
        " on conflict do nothing returning profile_id",
        [[each for each, _ in rows], [wrapped for _, wrapped in rows]],
        binary=True,
    ).fetchall()
    if len(inserted) < len(made):
        made.update(keys(connection, set(made) - {each for (each,) in inserted}, master_key))
    return made


def erased(connection: psycopg.Connection, candidates: Iterable[uuid.UUID]) -> frozenset[uuid.UUID]:
    rows = connection.execute(
        "select id from profile_erased where id = any(%b::uuid[])", [list(candidates)], binary=True
    ).fetchall()
    return frozenset(each for (each,) in rows)


_INCOMING = (
    "create temp table if not exists incoming_profile"
    " (fresh boolean not null, like profile including defaults) on commit delete rows"
)
_prepared: WeakSet[psycopg.Connection] = WeakSet()


def prepare(connection: psycopg.Connection) -> None:
    """Make ready for saving; for connections that save often and begin their transactions themselves."""
    if not connection.autocommit:
        raise ValueError("what is made ready would be gone with the transaction")
    connection.execute(_INCOMING)
    _prepared.add(connection)


_COPY = (
    sql.SQL("copy incoming_profile (fresh, id, state, {names}) from stdin (format binary)")
    .format(names=sql.SQL(", ").join(sql.Identifier(name) for name in COLUMNS))
    .as_bytes(None)
)
_COPY_TYPES = ["bool", "uuid", "bytea", *(_TYPES.get(name, "text") for name in COLUMNS)]
_INSERT = (
    sql.SQL(
        "insert into profile (id, state, {names}) select id, state, {names} from incoming_profile"
        " where fresh on conflict do nothing"
    )
    .format(names=sql.SQL(", ").join(sql.Identifier(name) for name in COLUMNS))
    .as_bytes(None)
)
_UPDATE = (
    sql.SQL(
        "update profile set state = incoming.state, {sets} from incoming_profile as incoming"
        " where profile.id = incoming.id and not incoming.fresh"
    )
    .format(
        sets=sql.SQL(", ").join(
            sql.SQL("{0} = incoming.{0}").format(sql.Identifier(name)) for name in COLUMNS
        )
    )
    .as_bytes(None)
)


def save(
    connection: psycopg.Connection,
    rows: Sequence[tuple[Any, ...]],
    created: Collection[uuid.UUID] = frozenset(),
    news: Collection[uuid.UUID] | None = None,
    joined: Mapping[uuid.UUID, Collection[str]] | None = None,
) -> bool:
    """Replace profiles that are locked, insert those `created`; each row is `row_of(…)`.

    Segments they came into or left are noted for being announced as events: those of the profiles in `news`, of
    all where it is None. `joined` are the segments of those who became part of them meanwhile (see `merge`).

    False where one created was made by somebody else meanwhile; the transaction is then of no use.
    """
    if not rows:
        return True
    if segmented():
        _note_moves(
            connection, rows if news is None else [row for row in rows if row[0] in news], joined or {}
        )
    if connection not in _prepared:
        connection.execute(_INCOMING)
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_COPY_TYPES)
        for row in sorted(rows, key=lambda each: each[0].int):
            copy.write_row((row[0] in created, *row))
    written = 0
    if created:
        written += connection.execute(_INSERT).rowcount
    if len(created) < len(rows):
        written += connection.execute(_UPDATE).rowcount
    connection.execute("delete from incoming_profile")
    return written == len(rows)


_SEGMENTS, _REFRESHED = (2 + COLUMNS.index(name) for name in ("segments", "refreshed_at"))


def _note_moves(
    connection: psycopg.Connection,
    rows: Sequence[tuple[Any, ...]],
    joined: Mapping[uuid.UUID, Collection[str]],
) -> None:
    if not rows:
        return
    before = memberships(connection, [row[0] for row in rows])
    moves = []
    for row in rows:
        now, then = row[_SEGMENTS], {*before.get(row[0], ()), *joined.get(row[0], ())}
        if then.symmetric_difference(now):
            entered = [each for each in now if each not in then]
            moves.append((row[0], entered, sorted(then.difference(now)), row[_REFRESHED]))
    note_moves(connection, moves)


def note_moves(
    connection: psycopg.Connection, moves: Sequence[tuple[uuid.UUID, list[str], list[str], datetime]]
) -> None:
    """Segments profiles entered and left, and when, to be announced: `(profile, entered, gone, at)`."""
    if moves:
        connection.cursor().executemany(
            "insert into profile_move (profile_id, entered, gone, at) values (%s, %s, %s, %s)", moves
        )


def memberships(connection: psycopg.Connection, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """The segments that profiles are in; who is in none is left out."""
    return dict(
        psycopg.Cursor(connection)
        .execute(
            "select id, segments from profile where id = any(%b::uuid[]) and segments <> '{}'",
            [list(ids)],
            binary=True,
        )
        .fetchall()
    )


def attach(
    connection: psycopg.Connection,
    attached: Mapping[uuid.UUID, tuple[str, uuid.UUID]],
    known: Container[uuid.UUID],
) -> bool:
    """Record whose identifiers these are now; `known` are those somebody had before.

    False where one not known was taken by somebody else meanwhile; the transaction is then of no use.
    """
    fresh = in_order(each for each in attached if each not in known)
    moved = in_order(each for each in attached if each in known)
    written = 0
    if fresh:
        written += connection.execute(
            "insert into identifier (hash, kind, profile_id)"
            " select * from unnest(%b::uuid[], %b::text[], %b::uuid[]) on conflict do nothing",
            [fresh, [attached[each][0] for each in fresh], [attached[each][1] for each in fresh]],
            binary=True,
        ).rowcount
    if moved:
        written += connection.execute(
            "update identifier set profile_id = moved.owner from unnest(%b::uuid[], %b::uuid[]) as moved (hash, owner)"
            " where identifier.hash = moved.hash",
            [moved, [attached[each][1] for each in moved]],
            binary=True,
        ).rowcount
    return written == len(attached)


def merge(connection: psycopg.Connection, merges: Sequence[Merge]) -> dict[uuid.UUID, set[str]]:
    """Record merges and drop the absorbed profiles; their keys stay, their events in the lake need them.

    Returns the segments that the absorbed were in, by who they are part of now; moves of theirs not announced yet are
    told of those.
    """
    joined: dict[uuid.UUID, set[str]] = {}
    for each in merges:
        connection.execute("update profile_merge set kept = %s where kept = %s", [each.kept, each.absorbed])
        connection.execute(
            "insert into profile_merge (kept, absorbed, joined_to, message_id, kind, at)"
            " values (%s, %s, %s, %s, %s, %s) on conflict (absorbed) do update set kept = excluded.kept,"
            " joined_to = excluded.joined_to, message_id = excluded.message_id, kind = excluded.kind, at = excluded.at",
            [each.kept, each.absorbed, each.kept, each.message_id, each.kind, moment(each.at)],
        )
        gone = connection.execute("delete from profile where id = %s returning segments", [each.absorbed])
        own = {key for (segments,) in gone for key in segments} | joined.pop(each.absorbed, set())
        joined.setdefault(each.kept, set()).update(own)
        if segmented():
            connection.execute(
                "update profile_move set profile_id = %s where profile_id = %s", [each.kept, each.absorbed]
            )
    return joined


def due(connection: psycopg.Connection, now: datetime, limit: int) -> list[tuple[uuid.UUID, bytes]]:
    """Profiles whose answers time alone has changed, locked until the transaction ends."""
    return connection.execute(
        "select id, state from profile where due_at <= %s order by due_at limit %s for update skip locked",
        [now, limit],
        binary=True,
    ).fetchall()


def anybody_in(connection: psycopg.Connection, circumstance: str) -> bool:
    """Whether the circumstance holds for anybody; answered from its index."""
    row = connection.execute(
        "select exists (select from profile where circumstances @> array[%s::text])", [circumstance]
    ).fetchone()
    return bool(row and row[0])


def merged_into(connection: psycopg.Connection) -> dict[uuid.UUID, uuid.UUID]:
    """Who each absorbed profile is part of now."""
    query = "select absorbed, kept from profile_merge"
    return dict(psycopg.Cursor(connection).execute(query, binary=True).fetchall())


def kept_by(connection: psycopg.Connection, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Who those of these profiles are part of now that were merged."""
    return dict(
        connection.execute(
            "select absorbed, kept from profile_merge where absorbed = any(%b::uuid[])", [list(ids)]
        ).fetchall()
    )


def ids(connection: psycopg.Connection) -> list[uuid.UUID]:
    return [each for (each,) in connection.execute("select id from profile", binary=True)]


def following(connection: psycopg.Connection, after: uuid.UUID, limit: int) -> list[uuid.UUID]:
    """The next profiles in the order of ids."""
    rows = connection.execute("select id from profile where id > %s order by id limit %s", [after, limit])
    return [each for (each,) in rows]


def clear(connection: psycopg.Connection) -> None:
    """Forget every profile but the keys and the erasures; what replay starts from."""
    connection.execute("truncate profile, identifier, profile_merge")
