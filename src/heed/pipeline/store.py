"""The statements of the carry path that belong to no room: positions, seen messages, the lake's outbox."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter

import msgspec
import psycopg
from psycopg.rows import class_row

from heed.ports.ledger import BULK, LIVE, PARTS


class Conflict(RuntimeError):
    """Another engine changed what this batch rests on; nothing was done, and trying again will do it."""


def prepare(connection: psycopg.Connection) -> None:
    """A position for every part of every lane."""
    connection.execute(
        "insert into carry_position (lane, part, seq) select lane, part, 0"
        " from unnest(%s::smallint[]) as lane, generate_series(0, %s) as part on conflict do nothing",
        [[LIVE, BULK], PARTS - 1],
    )


Rules = tuple[list[str], str, int]
"""The conditions counted, as JSON, the mark in force, and the last filling that ended."""


def share_rules(connection: psycopg.Connection) -> None:
    """What is in force stays so until the transaction ends. It is read afterwards, by a statement of its own."""
    connection.execute("select pg_advisory_xact_lock_shared(7341, 3)")


def rules(connection: psycopg.Connection) -> Rules:
    row = connection.execute("select atoms, mark, filled from carry_rules").fetchone()
    return (list(row[0]), row[1], row[2]) if row else ([], "", 0)


def counted(connection: psycopg.Connection) -> list[str]:
    """The conditions every profile has all its counters for, as JSON: those still being filled are left out."""
    rows = connection.execute(
        "select unnest(atoms) from carry_rules"
        " except select unnest(atoms) from carry_filling where adds and not finished"
    )
    return [atom for (atom,) in rows]


@contextlib.contextmanager
def holding_rules(connection: psycopg.Connection) -> Iterator[Rules]:
    """The same for whoever is to change them: waits for the batches under way, and no other begins inside.

    The lock is the session's, so that several transactions fit in.
    """
    connection.execute("select pg_advisory_lock(7341, 3)")
    try:
        yield rules(connection)
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock(7341, 3)")


@contextlib.contextmanager
def lake_at_rest(connection: psycopg.Connection) -> Iterator[None]:
    """Nobody appends to the lake inside. The lock is the session's."""
    connection.execute("select pg_advisory_lock(7341, 2)")
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock(7341, 2)")


@contextlib.contextmanager
def keeping_lake_files(connection: psycopg.Connection) -> Iterator[bool]:
    """No file of the lake goes away inside; False where somebody else keeps or joins them just now."""
    row = connection.execute("select pg_try_advisory_lock(7341, 4)").fetchone()
    mine = bool(row and row[0])
    try:
        yield mine
    finally:
        if mine and not connection.closed:
            connection.execute("select pg_advisory_unlock(7341, 4)")


def set_rules(connection: psycopg.Connection, atoms: Iterable[str], mark: str) -> None:
    connection.execute(
        "insert into carry_rules (id, atoms, mark, filled) values (1, %s, %s, 0)"
        " on conflict (id) do update set atoms = excluded.atoms, mark = excluded.mark",
        [sorted(atoms), mark],
    )


def behind(connection: psycopg.Connection, lane: int) -> tuple[int, int]:
    """The lane's last accepted position, and the lowest one carried."""
    row = connection.execute(
        "select head.seq, coalesce(done.seq, 0) from ledger_head as head"
        " left join carry_progress as done using (lane) where lane = %s",
        [lane],
    ).fetchone()
    return (row[0], row[1]) if row else (0, 0)


ENGINE = "heed engine"
"""What an engine's connection calls itself, so that engines can count each other."""


def engines(connection: psycopg.Connection) -> int:
    """How many engines are connected, at least this one."""
    row = connection.execute(
        "select count(*) from pg_stat_activity where application_name = %s and datname = current_database()",
        [ENGINE],
    ).fetchone()
    return max(1, row[0]) if row else 1


def lead(connection: psycopg.Connection) -> bool:
    """Become the engine that carries what little comes, unless another one is; so it stays while it is connected."""
    row = connection.execute("select pg_try_advisory_lock(7341, 8)").fetchone()
    return bool(row and row[0])


def take(connection: psycopg.Connection, lane: int, head: int, most: int) -> dict[int, int]:
    """Lock the parts furthest behind that no other engine carries; each with its position.

    Also what is in force stays so until the transaction ends, as with `share_rules`: one way there and back less.
    """
    rows = connection.execute(
        "with sharing as materialized (select pg_advisory_xact_lock_shared(7341, 3))"
        " select part, seq from sharing, carry_position where lane = %s and seq < %s order by seq, part limit %s"
        " for update of carry_position skip locked",
        [lane, head, most],
    ).fetchall()
    return dict(sorted(rows))


def move(connection: psycopg.Connection, lane: int, parts: Iterable[int], seq: int, at: datetime) -> None:
    connection.execute(
        "update carry_position set seq = greatest(seq, %s), carried_at = %s where lane = %s and part = any(%s)",
        [seq, at, lane, list(parts)],
    )


def progress(connection: psycopg.Connection) -> dict[int, int]:
    """Up to where each lane is carried in all its parts."""
    return dict(connection.execute("select lane, seq from carry_progress").fetchall())


def unseen(connection: psycopg.Connection, keys: Sequence[uuid.UUID], at: datetime) -> set[uuid.UUID]:
    """Which of these keys were never seen; they are from now on."""
    rows = connection.execute(
        "insert into carry_seen (key, at) select unnest(%b::uuid[]), %s on conflict do nothing returning key",
        # In one order for all, so that engines that meet the same messages cannot wait for each other.
        [sorted(keys, key=attrgetter("int")), at],
        binary=True,
    ).fetchall()
    return {key for (key,) in rows}


def forget_seen(connection: psycopg.Connection, before: datetime) -> int:
    return connection.execute("delete from carry_seen where at < %s", [before]).rowcount


def forget_messages(connection: psycopg.Connection, keys: Sequence[uuid.UUID]) -> None:
    """Messages that may come again under the same ids."""
    connection.execute("delete from carry_seen where key = any(%s)", [list(keys)])


Counts = Mapping[tuple[datetime, str, str], int]
"""How many events by the hour they were received in, their source, and what became of them."""


def put_out(connection: psycopg.Connection, count: int, rows: bytes, counts: Counts) -> None:
    """Leave a batch's rows, if any, for the lake, and count its events.

    The number of the batch is taken here, where every profile of the batch is locked: of two batches that share a
    profile the one that commits first has the lower number, and replay in the order of numbers folds each profile's
    events in the order they were folded.
    """
    ordered = sorted(counts)
    connection.execute(
        "with counted as (insert into carry_hour (hour, source, outcome, count)"
        " select * from unnest(%s::timestamptz[], %s::text[], %s::text[], %s::bigint[])"
        " on conflict (hour, source, outcome) do update set count = carry_hour.count + excluded.count)"
        " insert into lake_outbox (batch, count, rows) select nextval('carry_batch'), %s, %b where %s > 0",
        [
            [hour for hour, _, _ in ordered],
            [source for _, source, _ in ordered],
            [outcome for _, _, outcome in ordered],
            [counts[each] for each in ordered],
            count,
            rows,
            count,
        ],
    )


_MOST_BYTES = 128 * 1024 * 1024


def choose_outgoing(connection: psycopg.Connection, most_rows: int) -> int | None:
    """Number the oldest rows waiting for the lake, about `most_rows` and `_MOST_BYTES`, as its next append.

    An append begun before and not put away comes again, as it was. None where nothing waits.
    """
    row = connection.execute("select min(append) from lake_outbox where append is not null").fetchone()
    if row and row[0] is not None:
        return int(row[0])
    row = connection.execute(
        """
        with chosen as (
            select batch from (
                select batch, sum(count) over (order by batch) - count as before,
                    sum(octet_length(rows)) over (order by batch) - octet_length(rows) as bytes
                from lake_outbox order by batch limit 500
            ) as waiting where before < %s and bytes < %s
        ), next as (
            insert into lake_append (id, number) select 1, 1 where exists (select from chosen)
            on conflict (id) do update set number = lake_append.number + 1 returning number
        ), numbered as (
            update lake_outbox set append = next.number from chosen, next
            where lake_outbox.batch = chosen.batch
        )
        select number from next
        """,
        [most_rows, _MOST_BYTES],
    ).fetchone()
    return int(row[0]) if row else None


def appended(connection: psycopg.Connection) -> tuple[int, int]:
    """The numbers of the last append that is in the lake for certain, 0 for none, and of the last that may be."""
    row = connection.execute(
        "select number - exists (select from lake_outbox where append = number)::int, number from lake_append"
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def outgoing(connection: psycopg.Connection, append: int) -> list[tuple[int, bytes]]:
    """The batches chosen for an append, each with its number and its rows."""
    return connection.execute(
        "select batch, rows from lake_outbox where append = %s order by batch", [append], binary=True
    ).fetchall()


def put_away(connection: psycopg.Connection, append: int) -> None:
    """Forget what the lake has."""
    connection.execute("delete from lake_outbox where append = %s", [append])


class FillingJob(msgspec.Struct):
    """See `models.Filling`."""

    id: int
    adds: bool
    atoms: list[str]
    upto: int
    after: uuid.UUID


def going(connection: psycopg.Connection) -> frozenset[str]:
    """The conditions, as JSON, whose counters are still being taken away."""
    rows = connection.execute("select unnest(atoms) from carry_filling where not adds and not finished")
    return frozenset(atom for (atom,) in rows)


def begin_filling(connection: psycopg.Connection, atoms: Sequence[str], adds: bool) -> None:
    """Nothing is being carried, and the lake has every batch so far."""
    connection.execute(
        "insert into carry_filling (adds, atoms, upto, after, done, finished)"
        " select %s, %s, case when is_called then last_value else 0 end, %s, 0, false from carry_batch",
        [adds, list(atoms), uuid.UUID(int=0)],
    )


def next_filling(connection: psycopg.Connection) -> FillingJob | None:
    """The oldest filling that is not done; None also where another engine is at it.

    The lock is the session's: it ends with the engine that fills, not with a piece.
    """
    with connection.cursor(row_factory=class_row(FillingJob)) as cursor:
        return cursor.execute(
            "select id, adds, atoms, upto, after from (select * from carry_filling where not finished"
            " order by id limit 1) as oldest where exists (select from pg_locks where locktype = 'advisory'"
            " and classid = 7341 and objid = 5 and pid = pg_backend_pid()) or pg_try_advisory_lock(7341, 5)"
        ).fetchone()


def fills(connection: psycopg.Connection) -> bool:
    """Whether a filling is not done."""
    row = connection.execute("select exists (select from carry_filling where not finished)").fetchone()
    return bool(row and row[0])


def move_filling(connection: psycopg.Connection, job: int, after: uuid.UUID, done: int) -> None:
    connection.execute(
        "update carry_filling set after = %s, done = done + %s where id = %s", [after, done, job]
    )


def end_filling(connection: psycopg.Connection, job: int) -> None:
    """What was filled counts from the next batch on, in every engine."""
    connection.execute("update carry_filling set finished = true where id = %s", [job])
    connection.execute("update carry_rules set filled = %s", [job])


def end_all_fillings(connection: psycopg.Connection) -> None:
    """Whoever folds the whole lake again counts everything by that."""
    connection.execute("update carry_filling set finished = true where not finished")
    connection.execute(
        "update carry_rules set filled = coalesce((select max(id) from carry_filling), filled)"
    )
