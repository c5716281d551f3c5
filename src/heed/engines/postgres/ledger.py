"""The ledger in PostgreSQL: a row for each part of an append, so that one statement makes a batch durable.

Positions are given out by the lane's row in `ledger_head`, which stays locked until the append commits.
Positions therefore become visible in order and without gaps, and a reader that goes on from the last one
it saw misses nothing, whatever the number of writers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql
from psycopg_pool import ConnectionPool

from heed.contracts import accepted
from heed.contracts.accepted import AnyEvent
from heed.contracts.event import Event
from heed.ports.ledger import BULK, LIVE, PARTS, LedgerUnavailable, Span, part_of

CHUNK = 1_000
"""Most events in one row."""
TOGETHER = 4_000
"""Events after which a group commit takes no further request: what comes first should not wait for all."""
_APART, _MOST, _PROBE = 0.006, 12, 64
"""Where requests come so thick that commits have company, the next begins so many seconds after the last at the latest:
each commit costs a flush, and as much again on both sides as several requests do. It waits for as many requests as usually
come, and every so many commits, to learn whether more would, for two more; never for more than the most."""
_CHANNEL = "heed_ledger"

_APPEND = """
with head as (
    update ledger_head set seq = seq + %(count)s where lane = %(lane)s returning seq - %(count)s as before
), kept as (
    insert into ledger (lane, part, seq, count, body)
    select %(lane)s, piece.part, head.before + piece.place, piece.count, piece.body
    from head, unnest(%(parts)b::smallint[], %(places)b::bigint[], %(counts)b::int[], %(bodies)b::bytea[])
        as piece (part, place, count, body)
)
select before, pg_notify('heed_ledger', '') from head
"""

_READ_PARTS = """
select seq, after, body from (
    select seq, after, body, sum(rest) over (order by seq) - rest as before
    from unnest(%(parts)s::smallint[], %(after)s::bigint[]) as wanted (part, after)
    cross join lateral (
        select seq, least(count, seq + count - 1 - wanted.after) as rest, body from ledger
        where lane = %(lane)s and ledger.part = wanted.part
            and seq > wanted.after - %(chunk)s and seq + count - 1 > wanted.after
        order by seq limit %(limit)s
    ) as following
) as counted where before < %(limit)s order by seq
"""

_SCHEMA = """
create table if not exists ledger_head (lane smallint primary key, seq bigint not null);
create table if not exists ledger (
    lane smallint not null,
    part smallint not null,
    seq bigint not null,
    count integer not null,
    received timestamptz not null default now(),
    body bytea not null
) partition by range (received);
alter table ledger alter column body set storage external;
create table if not exists ledger_rest partition of ledger default;
create index if not exists ledger_position on ledger (lane, seq);
create index if not exists ledger_part_position on ledger (lane, part, seq);
"""


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

    def append(self, lane: int, events: Sequence[AnyEvent]) -> None:
        if not events:
            raise ValueError("nothing to append")
        dealt = _Dealt(lane, events)
        try:
            with self._pool.connection() as connection:
                row = connection.execute(_APPEND, dealt.parameters, binary=True).fetchone()
        except (psycopg.OperationalError, psycopg.errors.InternalError_) as error:
            raise LedgerUnavailable(str(error)) from error
        dealt.number(row)

    async def append_soon(self, lane: int, events: Sequence[AnyEvent]) -> None:
        if self._group is None:
            self._group = _Group(self.dsn)
        await self._group.append(lane, events)

    def read(self, lane: int, after: int, limit: int) -> Span | None:
        return self.read_parts(lane, dict.fromkeys(range(PARTS), after), limit)

    def read_parts(self, lane: int, after: Mapping[int, int], limit: int) -> Span | None:
        wanted = {"parts": list(after), "after": list(after.values()), "chunk": CHUNK, "limit": limit}
        with self._pool.connection() as connection:
            rows = connection.execute(_READ_PARTS, {"lane": lane, **wanted}, binary=True).fetchall()
        if not rows:
            return None
        events: list[Event] = []
        for seq, read, body in rows:
            for place, event in enumerate(accepted.decode(body), seq):
                event.seq = place
                if place > read:
                    events.append(event)
        taken = events[:limit]
        return Span(lane, taken[-1].seq, tuple(taken))

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


class _Dealt:
    """Events dealt into parts, in rows of at most CHUNK, ready to be kept in one statement."""

    def __init__(self, lane: int, events: Sequence[AnyEvent]) -> None:
        by_part: defaultdict[int, list[AnyEvent]] = defaultdict(list)
        for event in events:
            by_part[part_of(event)].append(event)
        self.lane = lane
        self.rows = [
            (part, own[start : start + CHUNK])
            for part, own in by_part.items()
            for start in range(0, len(own), CHUNK)
        ]
        counts = [len(own) for _, own in self.rows]
        self.parameters = {
            "lane": lane,
            "count": len(events),
            "parts": [part for part, _ in self.rows],
            "places": [1 + sum(counts[:place]) for place in range(len(counts))],
            "counts": counts,
            "bodies": [accepted.encode(own) for _, own in self.rows],
        }

    def number(self, row: tuple[int, object] | None) -> None:
        """Give every event its `seq`, now that the statement said what came before."""
        if row is None:
            raise LedgerUnavailable(f"the ledger has no lane {self.lane}")
        seq = row[0]
        for _, own in self.rows:
            for event in own:
                seq += 1
                event.seq = seq


class Company:
    """How many requests a commit may expect: those of senders who wait for their answers come back, and no others."""

    def __init__(self) -> None:
        self.begun = 0.0
        self.wanted = 1
        self.enough = asyncio.Event()
        self._usual = 1
        self._commits = 0

    def expect(self) -> int:
        """How many the next commit waits for."""
        self._commits += 1
        more = 2 if self._usual > 1 and self._commits % _PROBE == 0 else 0
        self.wanted = min(_MOST, self._usual + more)
        return self.wanted

    def came(self, count: int, now: float) -> None:
        """So many did, and are committed `now` (s)."""
        self.begun = now
        self._usual = min(_MOST, max(count, self._usual - 1))


class _Group:
    """Group commit for one event loop: while one statement is under way, the next one gathers."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.waiting: dict[int, list[tuple[Sequence[AnyEvent], asyncio.Future[None]]]] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.connections: dict[int, psycopg.AsyncConnection] = {}
        self.company: dict[int, Company] = {}

    async def append(self, lane: int, events: Sequence[AnyEvent]) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self.waiting.setdefault(lane, [])
        waiting.append((events, future))
        if len(waiting) >= self.company.setdefault(lane, Company()).wanted:
            self.company[lane].enough.set()
        task = self.tasks.get(lane)
        if task is None or task.done():
            self.tasks[lane] = asyncio.create_task(self._run(lane))
        await future

    async def _run(self, lane: int) -> None:
        while waiting := self.waiting.get(lane):
            await self._gather(lane)
            taken: list[tuple[Sequence[AnyEvent], asyncio.Future[None]]] = []
            count = 0
            while waiting and (not taken or count + len(waiting[0][0]) <= TOGETHER):
                taken.append(waiting.pop(0))
                count += len(taken[-1][0])
            try:
                await self._commit(lane, [event for events, _ in taken for event in events])
            except Exception as error:
                problem = LedgerUnavailable(str(error))
                problem.__cause__ = error
                for _, future in taken:
                    if not future.done():
                        future.set_exception(problem)
                continue
            for _, future in taken:
                if not future.done():
                    future.set_result(None)

    async def _gather(self, lane: int) -> None:
        """Wait for the company that is to be expected."""
        clock, waiting, company = asyncio.get_running_loop().time, self.waiting[lane], self.company[lane]
        if len(waiting) < company.expect():
            company.enough.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(company.begun + _APART):
                    await company.enough.wait()
        company.came(len(waiting), clock())

    async def _commit(self, lane: int, events: list[AnyEvent]) -> None:
        connection = self.connections.get(lane)
        if connection is None or connection.closed:
            connection = await psycopg.AsyncConnection.connect(self.dsn, autocommit=True, connect_timeout=3)
            connection.prepare_threshold = 0
            self.connections[lane] = connection
        dealt = _Dealt(lane, events)
        try:
            cursor = await connection.execute(_APPEND, dealt.parameters, binary=True)
            row = await cursor.fetchone()
        except psycopg.OperationalError:
            with contextlib.suppress(Exception):
                await connection.close()
            raise
        dealt.number(row)
