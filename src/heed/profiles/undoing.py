"""The statements of merges and of undoing them: who is kept apart, what is asked, whose rows of the lake moved."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
import psycopg
import pyarrow as pa

from heed.ports.lake import MOVED
from heed.profiles.domain.apart import Apart, Decision


class Undoing(msgspec.Struct, frozen=True):
    """A merge to undo: `kept` is whose part the absorbed profile is now."""

    kept: uuid.UUID
    absorbed: uuid.UUID
    joined_to: uuid.UUID
    message_id: str


def ordered(a: uuid.UUID, b: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID]:
    return (a, b) if a.int < b.int else (b, a)


def apart_among(connection: psycopg.Connection, profile_ids: Collection[uuid.UUID]) -> Apart:
    """What stands between these profiles now."""
    if len(profile_ids) < 2 or not _anybody_apart(connection):
        return Apart()
    rows = connection.execute(
        "with mine as (select id, id as now from unnest(%b::uuid[]) as own (id)"
        " union all select absorbed, kept from profile_merge where kept = any(%b::uuid[]))"
        " select a.now, b.now, one, other from identity_apart"
        " join mine as a on a.id = one join mine as b on b.id = other where lifted_by = '' and a.now <> b.now",
        [list(profile_ids), list(profile_ids)],
        binary=True,
    ).fetchall()
    return Apart((a, b, Decision(one, other)) for a, b, one, other in rows)


def _anybody_apart(connection: psycopg.Connection) -> bool:
    row = connection.execute("select exists (select from identity_apart where lifted_by = '')").fetchone()
    return bool(row and row[0])


def apart_from_the_start(connection: psycopg.Connection) -> Apart:
    """Every decision, for folding the lake again."""
    rows = connection.execute("select one, other, lifted_by from identity_apart").fetchall()
    return Apart(((one, other, Decision(one, other, by)) for one, other, by in rows), again=True)


def keep_apart(connection: psycopg.Connection, a: uuid.UUID, b: uuid.UUID, at: datetime) -> None:
    connection.execute(
        "insert into identity_apart (one, other, lifted_by, at) values (%s, %s, '', %s)"
        " on conflict (one, other) do update set lifted_by = '', at = excluded.at",
        [*ordered(a, b), at],
    )


def lift(connection: psycopg.Connection, lifted: Mapping[Decision, str]) -> None:
    for each, message_id in lifted.items():
        connection.execute(
            "update identity_apart set lifted_by = %s where one = %s and other = %s",
            [message_id, each.one, each.other],
        )


def to_undo(connection: psycopg.Connection) -> bool:
    row = connection.execute("select exists (select from identity_unmerge)").fetchone()
    return bool(row and row[0])


def next_to_undo(connection: psycopg.Connection) -> Undoing | None:
    """The oldest merge to undo, taken off the list. What is no merge any more is dropped."""
    for id, absorbed in connection.execute(
        "select id, absorbed from identity_unmerge order by tries, id for update skip locked"
    ).fetchall():
        connection.execute("delete from identity_unmerge where id = %s", [id])
        row = connection.execute(
            "select kept, absorbed, joined_to, message_id from profile_merge where absorbed = %s", [absorbed]
        ).fetchone()
        if row:
            return Undoing(*row)
    return None


def put_off(connection: psycopg.Connection) -> None:
    """Try the merge to undo that comes first again after the others."""
    connection.execute(
        "update identity_unmerge set tries = tries + 1 where id ="
        " (select id from identity_unmerge order by tries, id limit 1)"
    )


def families(connection: psycopg.Connection, profile_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """These profiles, those they are part of and all that are part of the same."""
    rows = connection.execute(
        "with kept as (select kept as id from profile_merge where absorbed = any(%b::uuid[])"
        " union select unnest(%b::uuid[]))"
        " select id from kept union select absorbed from profile_merge join kept on kept.id = profile_merge.kept",
        [list(profile_ids), list(profile_ids)],
        binary=True,
    ).fetchall()
    return {each for (each,) in rows}


def identifiers_of(connection: psycopg.Connection, profile_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    rows = connection.execute(
        "select hash from identifier where profile_id = any(%b::uuid[])", [list(profile_ids)], binary=True
    ).fetchall()
    return {each for (each,) in rows}


def forget(connection: psycopg.Connection, profile_ids: Collection[uuid.UUID]) -> None:
    """Take these profiles away, to be folded again. Keys stay, and so does whose rows of the lake are."""
    ids = list(profile_ids)
    connection.execute("delete from profile where id = any(%s)", [ids])
    connection.execute("delete from identifier where profile_id = any(%s)", [ids])
    connection.execute("delete from profile_merge where absorbed = any(%s)", [ids])


def take_back_moves(connection: psycopg.Connection, profile_ids: Collection[uuid.UUID]) -> set[str]:
    """Drop moves of these profiles that are not announced yet; the segments they would have been said to enter."""
    rows = connection.execute(
        "delete from profile_move where profile_id = any(%s) returning entered", [list(profile_ids)]
    ).fetchall()
    return {key for (entered,) in rows for key in entered}


Moved = tuple[int, int, uuid.UUID, uuid.UUID | None, float | None, float | None]


def move_rows(connection: psycopg.Connection, rows: Sequence[Moved]) -> None:
    """`(batch, place, carried under, whose it is, valence, confidence)`, see `MovedRow`."""
    if rows:
        connection.cursor().executemany(
            "insert into lake_row_moved (batch, place, carried_under, profile_id, valence, mood_confidence)"
            " values (%s, %s, %s, %s, %s, %s) on conflict (batch, place) do update set"
            " profile_id = excluded.profile_id, valence = excluded.valence,"
            " mood_confidence = excluded.mood_confidence",
            rows,
        )


def moved_rows(dsn: str) -> pa.Table:
    """What the lake lays over its rows (`MOVED`). Asked over a connection of its own: from any thread, and only what
    is committed."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select batch, place, carried_under::text, profile_id::text, valence::real, mood_confidence::real"
            " from lake_row_moved"
        ).fetchall()
    columns = zip(*rows, strict=True) if rows else ((),) * len(MOVED)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, MOVED, strict=True)], schema=MOVED
    )
