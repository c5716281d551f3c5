"""The statements of the carry path that belong to no room: positions, seen messages, the lake's outbox."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import psycopg
import pyarrow as pa


def begin_batch(connection: psycopg.Connection) -> int:
    """Take the next batch number; other engines wait here until this batch commits."""
    row = connection.execute(
        "insert into carry_batch (id, number, atoms) values (1, 1, '{}')"
        " on conflict (id) do update set number = carry_batch.number + 1 returning number"
    ).fetchone()
    assert row is not None  # noqa: S101  an upsert returns its row
    return int(row[0])


def counted_atoms(connection: psycopg.Connection, lock: bool = False) -> set[str]:
    """Keys of the conditions every profile has counters for; with `lock` no batch begins meanwhile."""
    connection.execute(
        "insert into carry_batch (id, number, atoms) values (1, 0, '{}') on conflict do nothing"
    )
    query = "select atoms from carry_batch where id = 1"
    row = connection.execute(query + (" for update" if lock else "")).fetchone()
    return set(row[0]) if row else set()


def set_counted_atoms(connection: psycopg.Connection, keys: Iterable[str]) -> None:
    connection.execute("update carry_batch set atoms = %s where id = 1", [sorted(keys)])


def position(connection: psycopg.Connection, lane: int) -> int:
    row = connection.execute("select seq from carry_position where lane = %s", [lane]).fetchone()
    return row[0] if row else 0


def positions(connection: psycopg.Connection) -> dict[int, int]:
    return dict(connection.execute("select lane, seq from carry_position").fetchall())


def move(connection: psycopg.Connection, lane: int, seq: int, at: datetime) -> None:
    connection.execute(
        "insert into carry_position (lane, seq, carried_at) values (%s, %s, %s)"
        " on conflict (lane) do update set seq = excluded.seq, carried_at = excluded.carried_at",
        [lane, seq, at],
    )


def unseen(connection: psycopg.Connection, keys: Sequence[uuid.UUID], at: datetime) -> set[uuid.UUID]:
    """Which of these keys were never seen; they are from now on."""
    rows = connection.execute(
        "insert into carry_seen (key, at) select unnest(%s::uuid[]), %s on conflict do nothing returning key",
        [list(keys), at],
        binary=True,
    ).fetchall()
    return {key for (key,) in rows}


def forget_seen(connection: psycopg.Connection, before: datetime) -> int:
    return connection.execute("delete from carry_seen where at < %s", [before]).rowcount


def put_out(connection: psycopg.Connection, batch: int, rows: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(rows)
    connection.execute(
        "insert into lake_outbox (batch, count, rows) values (%s, %s, %s)",
        [batch, rows.num_rows, sink.getvalue().to_pybytes()],
        binary=True,
    )


def outgoing(connection: psycopg.Connection, most_rows: int) -> tuple[int, pa.Table] | None:
    """The oldest rows waiting for the lake, about `most_rows`, and the last batch they come from."""
    found = connection.execute(
        "select batch, rows from (select batch, rows, sum(count) over (order by batch) - count as before"
        " from lake_outbox order by batch limit 500) as waiting where before < %s order by batch",
        [most_rows],
        binary=True,
    ).fetchall()
    if not found:
        return None
    tables = [pa.ipc.open_stream(rows).read_all() for _, rows in found]
    return found[-1][0], pa.concat_tables(tables)


def put_away(connection: psycopg.Connection, batch: int) -> None:
    """Forget what the lake has."""
    connection.execute("delete from lake_outbox where batch <= %s", [batch])


def count_hours(connection: psycopg.Connection, counts: Mapping[tuple[datetime, str, str], int]) -> None:
    ordered = sorted(counts)
    connection.execute(
        "insert into carry_hour (hour, source, outcome, count)"
        " select * from unnest(%s::timestamptz[], %s::text[], %s::text[], %s::bigint[])"
        " on conflict (hour, source, outcome) do update set count = carry_hour.count + excluded.count",
        [
            [hour for hour, _, _ in ordered],
            [source for _, source, _ in ordered],
            [outcome for _, _, outcome in ordered],
            [counts[each] for each in ordered],
        ],
    )
