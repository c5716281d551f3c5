"""The statements of `segments`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import psycopg
from psycopg.rows import class_row

from heed import rules
from heed.pipeline.api import rules as rules_in_force
from heed.rules.tree import Rule
from heed.segments.domain.definitions import Definition

NOBODY = uuid.UUID(int=0)


class Pass(msgspec.Struct):
    """How far every profile has been looked at; see `SegmentPass`."""

    mark: str
    after: uuid.UUID
    done: int
    total: int
    finished: bool


def mark(connection: psycopg.Connection) -> str:
    """A text that changes whenever a segment is added, changed or deleted, whatever clocks show and in whatever order
    changes are committed."""
    row = connection.execute(
        "select md5(string_agg(key || ' ' || extract(epoch from changed_at), ',' order by key)) from segment"
    ).fetchone()
    return (row[0] if row else None) or ""


def definitions(connection: psycopg.Connection) -> list[Definition]:
    """Every segment whose rule can be read."""
    found = []
    for key, kind, text, former, purpose, version in connection.execute(
        "select key, kind, rule, former_rule, purpose, extract(epoch from changed_at)::text from segment"
    ):
        rule = _parsed(text)
        if kind == "rule" and rule is None:
            continue
        found.append(Definition(key, rule, purpose, version, _parsed(former)))
    return found


def _parsed(text: str) -> Rule | None:
    try:
        return rules.parse(text) if text else None
    except rules.RuleError:
        return None


def open_pass(connection: psycopg.Connection) -> Pass | None:
    """The pass under way, locked and begun anew where definitions changed; None where all is done or another
    engine is at it."""
    _atoms, definitions, filled = rules_in_force(connection)
    wanted = f"{definitions} / {filled}" if definitions else ""
    with connection.cursor(row_factory=class_row(Pass)) as cursor:
        found = cursor.execute(
            "select mark, after, done, total, finished from segment_pass for update skip locked"
        ).fetchone()
    if found is None:
        if not wanted or connection.execute("select 1 from segment_pass").fetchone():
            return None
    elif found.mark == wanted:
        return None if found.finished else found
    begun = Pass(wanted, NOBODY, 0, _profiles(connection), False)
    written = connection.execute(
        "insert into segment_pass (id, mark, after, done, total, finished) values (1, %s, %s, 0, %s, false)"
        " on conflict (id) do update set mark = excluded.mark, after = excluded.after, done = 0,"
        " total = excluded.total, finished = false",
        [begun.mark, begun.after, begun.total],
    )
    return begun if written.rowcount else None


def _profiles(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "select greatest(reltuples, 0)::bigint from pg_class where relname = 'profile'"
    ).fetchone()
    estimate = int(row[0]) if row else 0
    if estimate > 200_000:
        return estimate
    row = connection.execute("select count(*) from profile").fetchone()
    return int(row[0]) if row else 0


def move_pass(connection: psycopg.Connection, after: uuid.UUID, done: int) -> None:
    connection.execute("update segment_pass set after = %s, done = done + %s", [after, done])


def finish_pass(connection: psycopg.Connection, versions: Mapping[str, str], at: datetime) -> None:
    """Every profile has been looked at for segments of these versions, by key. One that changed since, or whose
    conditions are still being filled, waits for the next pass. One that was filled by a clock ahead is so now."""
    connection.execute("update segment_pass set finished = true, done = total")
    connection.execute(
        "update segment set filled_at = %(at)s, former_rule = ''"
        " from unnest(%(keys)s::text[], %(versions)s::text[]) as done (key, version) where segment.key = done.key"
        " and extract(epoch from changed_at)::text = done.version and (filled_at is null or filled_at > %(at)s)",
        {"at": at, "keys": list(versions), "versions": list(versions.values())},
    )


def set_memberships(
    connection: psycopg.Connection, rows: Sequence[tuple[uuid.UUID, list[str], datetime | None]]
) -> None:
    """The segments of profiles that are locked, and when to look again if that is sooner than known."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "update profile set segments = %s, due_at = least(due_at, %s) where id = %s",
            [(segments, due, profile_id) for profile_id, segments, due in rows],
        )


def moves(
    connection: psycopg.Connection, limit: int
) -> list[tuple[int, uuid.UUID, list[str], list[str], datetime]]:
    """The oldest moves not announced: `(id, profile, entered, gone, at)`; none while another engine has some in hand,
    so that those of one customer are told in order."""
    return connection.execute(
        "with mine as materialized (select pg_try_advisory_xact_lock(7341, 9) as locked)"
        " select id, profile_id, entered, gone, at from mine, profile_move where locked order by id limit %s",
        [limit],
    ).fetchall()


def forget_moves(connection: psycopg.Connection, ids: list[int]) -> None:
    connection.execute("delete from profile_move where id = any(%s)", [ids])


def filled(connection: psycopg.Connection) -> dict[str, tuple[datetime, str]]:
    """Since when moves into and out of each segment are news, and its name."""
    return {
        key: (at, name)
        for key, at, name in connection.execute(
            "select key, filled_at, name from segment where filled_at is not null"
        )
    }


def count_members(connection: psycopg.Connection, day: datetime) -> None:
    """Note how many members every filled segment has today."""
    connection.execute(
        "insert into segment_size (segment_id, day, members)"
        " select key, %s, (select count(*) from profile where segments @> array[key])"
        " from segment where filled_at is not null"
        " on conflict (segment_id, day) do update set members = excluded.members",
        [day.date()],
    )
