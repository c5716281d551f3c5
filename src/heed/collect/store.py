"""The statements of `collect`: sources, dead letters, imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg_pool import AsyncConnectionPool

from heed.collect.domain.protocol import Dropped
from heed.kit.clock import moment

_LETTER = (
    "insert into dead_letter (received_at, source, reason, detail, line, payload)"
    " select %s, %s, * from unnest(%s::text[], %s::text[], %s::bigint[], %s::bytea[])"
)


async def source_of(pool: AsyncConnectionPool, hashed: bytes) -> tuple[str, bool, bool] | None:
    """`(id, disabled, public)` of the source with this key."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select id, disabled_at is not null, kind = 'web' from source where key_hash = %s", [hashed]
        )
        return await cursor.fetchone()


class HookRow(msgspec.Struct, frozen=True):
    """A webhook as the front needs it; `secret` is sealed, `on` says that it takes deliveries."""

    source: str
    kind: str
    secret: bytes
    options: dict[str, Any]
    on: bool


async def hook_of(pool: AsyncConnectionPool, public_id: str) -> HookRow | None:
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select source_id, hook.kind, secret, options, disabled_at is null"
            " from hook join source on source.id = source_id where public_id = %s",
            [public_id],
        )
        row = await cursor.fetchone()
    return HookRow(*row) if row else None


async def delivered(pool: AsyncConnectionPool, source: str, key: bytes) -> bool:
    """Whether this delivery became an event before; it is counted as having come again."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "update hook_delivery set times = times + 1 where source = %s and key = %s and events > 0",
            [source, key],
        )
    return cursor.rowcount > 0


async def note_delivery(
    pool: AsyncConnectionPool, source: str, key: bytes, topic: str, events: int, why: str, received: int
) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "insert into hook_delivery (source, key, topic, events, why, times, received_at)"
            " values (%s, %s, %s, %s, %s, 1, %s) on conflict (source, key) do update"
            " set times = hook_delivery.times + 1, events = excluded.events, why = excluded.why,"
            " received_at = excluded.received_at",
            [source, key, topic, events, why.replace("\x00", "")[:300], moment(received)],
        )


async def note_refusals(pool: AsyncConnectionPool, refused: Mapping[tuple[str, str], int], at: int) -> None:
    """Count deliveries turned away, by source and reason."""
    async with pool.connection() as connection:
        for (source, reason), count in refused.items():
            await connection.execute(
                "insert into hook_refusal (source, day, reason, count, last_at) values (%s, %s, %s, %s, %s)"
                " on conflict (source, day, reason) do update"
                " set count = hook_refusal.count + excluded.count, last_at = excluded.last_at",
                [source, moment(at).date(), reason, count, moment(at)],
            )


async def bury_delivery(
    pool: AsyncConnectionPool,
    source: str,
    dropped: Sequence[Dropped],
    received: int,
    delivery: str,
    topic: str,
) -> None:
    """Dead letters of one delivery, each with what it takes to read it again."""
    async with pool.connection() as connection:
        await connection.execute(
            _LETTER.replace("payload)", "payload, hook)").replace("* from", "*, %s::jsonb from"),
            [
                *_letters(source, dropped, received)[:2],
                msgspec.json.encode({"delivery": delivery, "topic": topic}).decode(),
                *_letters(source, dropped, received)[2:],
            ],
        )


async def backlog(pool: AsyncConnectionPool) -> int:
    """Live events accepted and not yet carried."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select head.seq - coalesce(done.seq, 0) from ledger_head as head"
            " left join carry_progress as done using (lane) where lane = 0"
        )
        row = await cursor.fetchone()
    return row[0] if row else 0


def _letters(source: str, dropped: Sequence[Dropped], received: int) -> list[object]:
    return [
        moment(received),
        source,
        [each.reason for each in dropped],
        [each.detail.replace("\x00", "")[:500] for each in dropped],
        [each.line for each in dropped],
        [each.payload for each in dropped],
    ]


async def bury(pool: AsyncConnectionPool, source: str, dropped: Sequence[Dropped], received: int) -> None:
    async with pool.connection() as connection:
        await connection.execute(_LETTER, _letters(source, dropped, received))


def bury_rows(connection: psycopg.Connection, source: str, dropped: Sequence[Dropped], received: int) -> None:
    """The same from a command or a page, on its own connection."""
    if dropped:
        connection.execute(_LETTER, _letters(source, dropped, received))


async def last_dead_letter(pool: AsyncConnectionPool) -> int:
    async with pool.connection() as connection:
        row = await (await connection.execute("select coalesce(max(id), 0) from dead_letter")).fetchone()
    return row[0] if row else 0


async def dead_letters_after(pool: AsyncConnectionPool, after: int) -> list[tuple[int, bytes]]:
    """`(id, line of JSON)` of newer dead letters, oldest first."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select id, source, reason, detail, received_at from dead_letter where id > %s order by id limit 50",
            [after],
        )
        rows = await cursor.fetchall()
    return [
        (
            number,
            msgspec.json.encode(
                {"id": number, "source": source, "reason": reason, "detail": detail, "received": at}
            ),
        )
        for number, source, reason, detail, at in rows
    ]


def import_line(connection: psycopg.Connection, digest: str) -> tuple[int, int, int, datetime | None] | None:
    """`(line, events, dropped, finished_at)` of an import that was begun."""
    return connection.execute(
        "select line, events, dropped, finished_at from import_run where digest = %s", [digest]
    ).fetchone()


def begin_import(connection: psycopg.Connection, digest: str, file: str, source: str, at: datetime) -> None:
    connection.execute(
        "insert into import_run (digest, file, source, line, events, dropped, started_at)"
        " values (%s, %s, %s, 0, 0, 0, %s) on conflict (digest) do update"
        " set line = 0, events = 0, dropped = 0, started_at = excluded.started_at, finished_at = null",
        [digest, file, source, at],
    )


def note_import(connection: psycopg.Connection, digest: str, line: int, events: int, dropped: int) -> None:
    connection.execute(
        "update import_run set line = %s, events = %s, dropped = %s where digest = %s",
        [line, events, dropped, digest],
    )


def finish_import(connection: psycopg.Connection, digest: str, at: datetime) -> None:
    connection.execute("update import_run set finished_at = %s where digest = %s", [at, digest])


def make_source(
    connection: psycopg.Connection, id: str, name: str, kind: str, hashed: bytes, prefix: str, at: datetime
) -> None:
    """A source with a given id; one that exists stays as it is."""
    connection.execute(
        "insert into source (id, name, kind, key_hash, key_prefix, created_at, created_by)"
        " values (%s, %s, %s, %s, %s, %s, '') on conflict (id) do nothing",
        [id, name, kind, hashed, prefix, at],
    )


def planned(connection: psycopg.Connection) -> list[tuple[str, Any, datetime]]:
    """`(name, schema, changed_at)` of every planned event."""
    rows = connection.execute("select name, schema::text, changed_at from plan_event").fetchall()
    return [(name, msgspec.json.decode(schema), changed_at) for name, schema, changed_at in rows]


def plan_position(connection: psycopg.Connection, lane: int) -> int:
    """How far the lane was held against the plan; locked until the transaction ends."""
    connection.execute(
        "insert into plan_position (lane, seq, skipped) values (%s, 0, 0) on conflict do nothing", [lane]
    )
    row = connection.execute("select seq from plan_position where lane = %s for update", [lane]).fetchone()
    return row[0] if row else 0


def note_plan_position(connection: psycopg.Connection, lane: int, seq: int, skipped: int) -> None:
    connection.execute(
        "update plan_position set seq = %s, skipped = skipped + %s where lane = %s", [seq, skipped, lane]
    )


def note_plan(
    connection: psycopg.Connection,
    seen: Sequence[Sequence[Any]],
    violations: Sequence[Sequence[Any]],
    most: tuple[int, int],
) -> None:
    """Add up what was seen and what was not as planned. New rows are made only while there are fewer than `most`."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into plan_seen as s (name, source, events, bad, first_at, last_at, message_id)"
            " select * from (values (%s::text, %s::text, %s::bigint, %s::bigint, %s::timestamptz,"
            "  %s::timestamptz, %s::text)) as v (name, source, events, bad, first_at, last_at, message_id)"
            " where exists (select 1 from plan_seen k where (k.name, k.source) = (v.name, v.source))"
            "  or (select count(*) from plan_seen) < %s"
            " on conflict (name, source) do update set events = s.events + excluded.events,"
            "  bad = s.bad + excluded.bad, last_at = greatest(s.last_at, excluded.last_at),"
            "  message_id = excluded.message_id",
            [(*row, most[0]) for row in seen],
        )
        cursor.executemany(
            "insert into plan_violation as s (name, source, property, words, hint, count, last_at, message_id)"
            " select * from (values (%s::text, %s::text, %s::text, %s::text, %s::text, %s::bigint, %s::timestamptz, %s::text))"
            "  as v (name, source, property, words, hint, count, last_at, message_id)"
            " where exists (select 1 from plan_violation k where (k.name, k.source, k.property, k.words)"
            "  = (v.name, v.source, v.property, v.words)) or (select count(*) from plan_violation) < %s"
            " on conflict (name, source, property, words) do update set count = s.count + excluded.count, hint = excluded.hint,"
            "  last_at = greatest(s.last_at, excluded.last_at), message_id = excluded.message_id",
            [(*row, most[1]) for row in violations],
        )
