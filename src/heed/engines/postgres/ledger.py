"""The ledger in PostgreSQL: one row per append, so that one statement makes a whole batch durable.

Positions are given out by the lane's row in `ledger_head`, which stays locked until the append commits.
Positions therefore become visible in order and without gaps, and a reader that goes on from the last one
it saw misses nothing, whatever the number of writers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
from psycopg import sql
from psycopg_pool import ConnectionPool

from heed.contracts.event import Event
from heed.ports.ledger import BULK, LIVE, LedgerUnavailable, Span

CHUNK = 1_000
"""Most events in one row; the engine reads whole rows."""
_CHANNEL = "heed_ledger"
_TOGETHER_BYTES = 8_000_000

_APPEND = """
with head as (
    update ledger_head set seq = seq + %(count)s where lane = %(lane)s returning seq
)
insert into ledger (lane, seq, count, body)
select %(lane)s, head.seq - %(count)s + 1, %(count)s, %(body)s from head
returning seq, pg_notify('heed_ledger', '')
"""

_SCHEMA = """
create table if not exists ledger_head (lane smallint primary key, seq bigint not null);
create table if not exists ledger (
    lane smallint not null,
    seq bigint not null,
    count integer not null,
    received timestamptz not null default now(),
    body bytea not null
) partition by range (received);
alter table ledger alter column body set storage external;
create table if not exists ledger_rest partition of ledger default;
create index if not exists ledger_position on ledger (lane, seq);
"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Event]).decode


class PostgresLedger:
    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._pool = ConnectionPool(
            dsn, min_size=0, max_size=4, open=True, kwargs={"autocommit": True}, timeout=5
        )
        self._listener: psycopg.Connection | None = None
        self._group: _Group | None = None

    def prepare(self) -> None:
        with self._pool.connection() as connection, connection.transaction():
            connection.execute("select pg_advisory_xact_lock(7341, 1)")
            connection.execute(_SCHEMA)
            for lane in (LIVE, BULK):
                connection.execute(
                    "insert into ledger_head (lane, seq) values (%s, 0) on conflict do nothing", [lane]
                )
            self._make_days(connection, datetime.now(UTC))

    def _make_days(self, connection: psycopg.Connection, now: datetime) -> None:
        """Partitions for today and the next days; rows of a day without one go to the rest."""
        for ahead in range(4):
            day = (now + timedelta(days=ahead)).date()
            name = f"ledger_{day:%Y%m%d}"
            exists = connection.execute("select to_regclass(%s)", [name]).fetchone()
            if exists and exists[0]:
                continue
            with contextlib.suppress(psycopg.errors.CheckViolation), connection.transaction():
                connection.execute(
                    sql.SQL("create table {} partition of ledger for values from ({}) to ({})").format(
                        sql.Identifier(name),
                        sql.Literal(f"{day}T00:00:00Z"),
                        sql.Literal(f"{day + timedelta(days=1)}T00:00:00Z"),
                    )
                )

    def append(self, lane: int, events: Sequence[Event]) -> int:
        if not events:
            raise ValueError("nothing to append")
        try:
            with self._pool.connection() as connection, connection.transaction():
                first = 0
                for start in range(0, len(events), CHUNK):
                    chunk = events[start : start + CHUNK]
                    row = connection.execute(
                        _APPEND, {"lane": lane, "count": len(chunk), "body": _encode(chunk)}, binary=True
                    ).fetchone()
                    first = first or (row[0] if row else 0)
        except (psycopg.OperationalError, psycopg.errors.InternalError_) as error:
            raise LedgerUnavailable(str(error)) from error
        if not first:
            raise LedgerUnavailable(f"the ledger has no lane {lane}")
        return first

    async def append_soon(self, lane: int, events: Sequence[Event]) -> int:
        if self._group is None:
            self._group = _Group(self.dsn)
        return await self._group.append(lane, events)

    def read(self, lane: int, after: int, limit: int) -> Span | None:
        """Whole rows after the position until `limit` events are reached."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                """
                select seq, count, body from (
                    select seq, count, body, sum(count) over (order by seq) - count as before
                    from (
                        select seq, count, body from ledger
                        where lane = %s and seq > %s order by seq limit %s
                    ) as following
                ) as counted where before < %s order by seq
                """,
                [lane, after, max(8, min(limit, 2_000)), limit],
                binary=True,
            ).fetchall()
        if not rows:
            return None
        events: list[Event] = []
        for seq, _, body in rows:
            for offset, event in enumerate(_decode(body)):
                event.seq = seq + offset
                events.append(event)
        return Span(lane, rows[0][0], rows[-1][0] + rows[-1][1] - 1, tuple(events))

    def head(self) -> dict[int, int]:
        with self._pool.connection() as connection:
            rows = connection.execute("select lane, seq from ledger_head").fetchall()
        return dict(rows)

    def wait(self, timeout: float) -> None:
        if self._listener is None or self._listener.closed:
            self._listener = psycopg.connect(self.dsn, autocommit=True)
            self._listener.execute(f"listen {_CHANNEL}")
            return
        for _ in self._listener.notifies(timeout=timeout, stop_after=1):
            pass

    def forget(self, before_ms: int, carried: dict[int, int]) -> int:
        before = datetime.fromtimestamp(before_ms / 1000, UTC)
        gone = 0
        with self._pool.connection() as connection, connection.transaction():
            self._make_days(connection, datetime.now(UTC))
            for lane, seq in carried.items():
                deleted = connection.execute(
                    "delete from ledger where lane = %s and seq + count - 1 <= %s and received < %s"
                    " returning count",
                    [lane, seq, before],
                ).fetchall()
                gone += sum(count for (count,) in deleted)
            self._drop_empty_days(connection, before)
        return gone

    def _drop_empty_days(self, connection: psycopg.Connection, before: datetime) -> None:
        names = connection.execute(
            "select inhrelid::regclass::text from pg_inherits where inhparent = 'ledger'::regclass"
        ).fetchall()
        for (name,) in names:
            if name == "ledger_rest" or name >= f"ledger_{before:%Y%m%d}":
                continue
            table = sql.Identifier(name)
            found = connection.execute(sql.SQL("select 1 from {} limit 1").format(table)).fetchone()
            if not found:
                connection.execute(sql.SQL("drop table {}").format(table))

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        self._pool.close()


class _Group:
    """Group commit for one event loop: while one statement is under way, the next one gathers."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.waiting: dict[int, list[tuple[Sequence[Event], asyncio.Future[int]]]] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.connections: dict[int, psycopg.AsyncConnection] = {}

    async def append(self, lane: int, events: Sequence[Event]) -> int:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(lane, []).append((events, future))
        task = self.tasks.get(lane)
        if task is None or task.done():
            self.tasks[lane] = asyncio.create_task(self._run(lane))
        return await future

    async def _run(self, lane: int) -> None:
        while waiting := self.waiting.get(lane):
            taken: list[tuple[Sequence[Event], asyncio.Future[int]]] = []
            count = 0
            while waiting and (not taken or count + len(waiting[0][0]) <= CHUNK):
                taken.append(waiting.pop(0))
                count += len(taken[-1][0])
            try:
                first = await self._commit(lane, [event for events, _ in taken for event in events])
            except Exception as error:
                problem = LedgerUnavailable(str(error))
                for _, future in taken:
                    if not future.done():
                        future.set_exception(problem)
                continue
            for events, future in taken:
                if not future.done():
                    future.set_result(first)
                first += len(events)

    async def _commit(self, lane: int, events: list[Event]) -> int:
        connection = self.connections.get(lane)
        if connection is None or connection.closed:
            connection = await psycopg.AsyncConnection.connect(self.dsn, autocommit=True, connect_timeout=3)
            connection.prepare_threshold = 0
            self.connections[lane] = connection
        try:
            first = 0
            async with contextlib.AsyncExitStack() as stack:
                if len(events) > CHUNK:
                    await stack.enter_async_context(connection.transaction())
                for start in range(0, len(events), CHUNK):
                    chunk = events[start : start + CHUNK]
                    cursor = await connection.execute(
                        _APPEND, {"lane": lane, "count": len(chunk), "body": _encode(chunk)}, binary=True
                    )
                    row = await cursor.fetchone()
                    first = first or (row[0] if row else 0)
        except psycopg.OperationalError:
            with contextlib.suppress(Exception):
                await connection.close()
            raise
        if not first:
            raise LedgerUnavailable(f"the ledger has no lane {lane}")
        return first
