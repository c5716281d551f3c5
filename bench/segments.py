"""Segments: what each more costs an event, and filling a new one from the lake beside the bare question.

python bench/run.py segments [profiles] [events]
"""

from __future__ import annotations

import random
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from bench.carry import fill
from bench.common import Line, folder

RULE = 'did "Order Completed" at least 2 times within 30 days where value >= 50'
_BARE = """
select count(*) from (
    select profile_id from events where name = 'Order Completed' and value >= 50 and occurred >= ?
    group by profile_id having count(*) >= 2
)
"""


def live(customers: int = 10_000, events: int = 10_000) -> list[Line]:
    """CPU of carrying an event with ever more segments in force."""
    costs: dict[int, float] = {}
    with folder():
        engine = _engine()
        fill(engine, customers, customers, everyone=True)
        engine.drain()
        for count in (0, 10, 100, 1_000):
            engine.connection.execute("delete from segment")
            define(engine.connection, many(count))
            engine.drain()
            fill(engine, customers, events + count + 1)
            from heed.ports.ledger import LIVE

            started, done = time.process_time(), 0
            while worked := engine.carry(LIVE, engine.batch):
                done += worked
            costs[count] = 1e6 * (time.process_time() - started) / done
            engine.drain()
        _close(engine)
    return [
        Line(
            f"carry with {count:,} segments",
            f"{cost:.0f} µs of CPU an event",
            f"with none {costs[0]:.0f} µs",
            f"{cost / costs[0]:.2f}",
            "sub-linear",
        )
        for count, cost in costs.items()
        if count
    ]


def define(connection: Any, rules: dict[str, str]) -> None:
    """Make segments as their page would save them."""
    for key, rule in rules.items():
        connection.execute(
            "insert into segment (key, name, description, kind, rule, former_rule, purpose, created_by, created_at,"
            " changed_at) values (%s, %s, '', 'rule', %s, '', '', '', now(), clock_timestamp())",
            [key, key, rule],
        )


def many(count: int) -> dict[str, str]:
    """Rules of many kinds."""
    chance, found = random.Random(count), {}
    for number in range(count):
        found[f"s{number}"] = chance.choice(
            [
                f'did "Product Viewed" at least {number % 9 + 1} times within {number % 60 + 1} days',
                f'did "Step {number}" within {number % 60 + 1} days where value > {number % 50}',
                f'trait.plan = "plan {number}" and order.count >= {number % 7}',
                f'order.revenue > {number * 10} and not did "Event {number}"',
                f'(circumstance "order_late" or did "Order Completed" within {number % 90 + 1} days)'
                f' and trait.tier = "t{number}"',
            ]
        )
    return found


def backfill(customers: int = 200_000, events: int = 4_000_000) -> list[Line]:
    with folder():
        from heed import rules
        from heed.rules.lake import bucket_counts
        from heed.rules.tree import atoms

        engine = _engine()
        now = engine.clock()
        ids = _profiles(engine, customers)
        _lake(engine.lake, ids, events, now)
        since = datetime.fromtimestamp((now // 86_400_000 - 29) * 86_400, UTC)
        (atom,) = atoms(rules.parse(RULE))
        bare, found = _best(lambda: engine.lake.sql(_BARE, [since]))
        ours, _ = _best(lambda: bucket_counts(atom.begun(now), engine.lake.events()).to_pyarrow())
        define(engine.connection, {"big": RULE})
        started, longest = time.perf_counter(), 0.0
        engine.refresh_rules(force=True)
        while True:
            began = time.perf_counter()
            done = engine.fill() + engine.chores()
            longest = max(longest, time.perf_counter() - began)
            if not done and not engine.filler.waits():
                break
        took = time.perf_counter() - started
        members = engine.connection.execute(
            "select count(*) from profile where segments @> array['big']"
        ).fetchone()[0]
        assert members == found.to_pylist()[0]["count_star()"], (members, found)
        _close(engine)
    name = f"{customers:,} profiles, {events:,} events"
    return [
        Line(f"asking the lake what a new condition counts, {name}", f"{ours:.2f} s",
             f"bare DuckDB question {bare:.2f} s", f"{ours / bare:.1f}", "2.5"),
        Line(f"filling it into every profile in the background, {name}",
             f"{took:.0f} s ({customers / took:,.0f} profiles/s), live events waiting {1000 * longest:.0f} ms at most",
             "Parcelvoy recomputes 723 users/s", f"{customers / took / 723:.0f}", ""),
    ]  # fmt: skip


def _best(ask: Any) -> tuple[float, Any]:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        found = ask()
        times.append(time.perf_counter() - started)
    return min(times), found


def _profiles(engine: Any, count: int) -> list[str]:
    """Profiles of whom nothing is known but that they exist."""
    from heed.profiles import api as profiles

    chance = random.Random(5)
    ids = sorted(uuid.UUID(int=chance.getrandbits(128)) for _ in range(count))
    state = profiles.fold.new()
    row = profiles.row_of(ids[0], profiles.fold.encode(state), state, engine.clock())
    for start in range(0, count, 20_000):
        piece = ids[start : start + 20_000]
        with engine.connection.transaction():
            profiles.save(engine.connection, [(each, *row[1:]) for each in piece], set(piece), news=())
    engine.connection.execute("vacuum analyze profile")
    return [str(each) for each in ids]


def _lake(lake: Any, ids: list[str], count: int, now: int) -> None:
    """Events of ninety days, a day to an append, one in six an order."""
    import numpy as np
    import pyarrow as pa

    from heed.ports.lake import SCHEMA

    chance = np.random.default_rng(6)
    people = pa.array(ids)
    names = pa.array(["Product Viewed"] * 4 + ["Product Added", "Order Completed"])
    days = 90
    each = count // days
    for number in range(days):
        at = now - (days - number) * 86_400_000 + chance.integers(0, 86_400_000, each)
        columns: dict[str, Any] = {
            "day": pa.array((at // 86_400_000).astype("int32")).cast(pa.date32()),
            "batch": pa.array(np.full(each, 0, np.int64)),
            "place": pa.array(np.arange(each, dtype=np.int32)),
            "lane": pa.array(np.zeros(each, np.int16)),
            "seq": pa.array(np.arange(each, dtype=np.int64)),
            "message_id": pa.array(np.arange(each)).cast(pa.string()),
            "profile_id": people.take(pa.array(chance.integers(0, len(ids), each))),
            "type": pa.array(["track"]).take(pa.array(np.zeros(each, np.int64))),
            "name": names.take(pa.array(chance.integers(0, 6, each))),
            "occurred": pa.array(at * 1000).cast(pa.timestamp("us", "UTC")),
            "received": pa.array(at * 1000).cast(pa.timestamp("us", "UTC")),
            "source": pa.array(["bench"]).take(pa.array(np.zeros(each, np.int64))),
            "value": pa.array(np.round(chance.random(each) * 100, 2)).cast(pa.decimal128(18, 4), safe=False),
        }
        table = pa.table(
            [columns.get(field.name, pa.nulls(each, field.type)) for field in SCHEMA], schema=SCHEMA
        )
        lake.append(table, "bench", number)
    lake.compact()


def _engine() -> Any:
    from heed import settings, wiring
    from heed.run.database import database

    settings.load.cache_clear()
    running = database(settings.load())
    running.__enter__()
    wiring.prepare()
    engine = wiring.make_engine()
    engine.running = running
    return engine


def _close(engine: Any) -> None:
    from heed import wiring

    engine.connection.close()
    wiring.engines()[0].close()
    wiring.engines.cache_clear()
    engine.running.__exit__(None, None, None)
