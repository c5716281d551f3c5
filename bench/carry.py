"""Carry: events a second through the engine over many customers, beside loading and storing as many profile rows."""

from __future__ import annotations

import multiprocessing
import random
import time
from multiprocessing.synchronize import Barrier
from typing import Any

from bench.common import Line, call, folder

_FLOOR = "6,000 events/s, 0.20"


def run(customers: int = 50_000, events: int = 40_000) -> list[Line]:
    with folder():
        from heed import settings, wiring
        from heed.run.database import database

        settings.load.cache_clear()
        with database(settings.load()):
            wiring.prepare()
            engine = wiring.make_engine()
            _fill(engine, customers, customers, everyone=True)
            engine.drain()
            engine.connection.execute("vacuum analyze")
            limit = _limit(engine)
            lines = [_alone(engine, customers, events, limit)]
            lines += [_together(engine, customers, events, limit, count) for count in (2,)]
            engine.connection.close()
            wiring.engines()[0].close()
            wiring.engines.cache_clear()
    return lines


def _fill(engine: Any, customers: int, count: int, everyone: bool = False) -> None:
    from heed.collect.api import Limits, from_mapping
    from heed.ports.ledger import LIVE

    chance, made = random.Random(count), []
    for number in range(count):
        each = call(chance, number, customers)
        if everyone:
            each["userId"], each["event"] = f"customer-{number}", "Product Viewed"
        event = from_mapping(each, engine.clock(), Limits())
        event.source = "bench"  # type: ignore[union-attr]
        made.append(event)
    for start in range(0, count, 1_000):
        engine.ledger.append(LIVE, made[start : start + 1_000])


def _limit(engine: Any) -> float:
    """Profile rows loaded, locked and stored a second, without reading or changing what is in them."""
    from heed.profiles import api as profiles

    ids = profiles.ids(engine.connection)
    random.Random(1).shuffle(ids)
    now, stored, took = engine.clock(), 0, 0.0
    for start in range(0, min(len(ids), 20_000), engine.batch):
        with engine.connection.transaction():
            began = time.perf_counter()
            found = profiles.states(engine.connection, ids[start : start + engine.batch], lock=True)
            took += time.perf_counter() - began
            rows = [
                profiles.row_of(each, bytes(data), profiles.fold.decode(data), now)
                for each, data in found.items()
            ]
            began = time.perf_counter()
            profiles.save(engine.connection, rows)
        took += time.perf_counter() - began
        stored += len(found)
    return stored / took


def _alone(engine: Any, customers: int, events: int, limit: float) -> Line:
    from heed.ports.ledger import LIVE

    _fill(engine, customers, events)
    started, cpu, done = time.perf_counter(), time.process_time(), 0
    while worked := engine.carry(LIVE, engine.batch):
        done += worked
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    return Line(
        f"carry, {customers:,} customers, one engine",
        f"{done / took:,.0f} events/s ({1e6 * cpu / done:.0f} µs of CPU an event)",
        f"load, lock and store {limit:,.0f} profile rows/s",
        f"{done / took / limit:.2f}",
        _FLOOR,
    )


def _together(engine: Any, customers: int, events: int, limit: float, count: int) -> Line:
    _fill(engine, customers, events + 1)
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(count + 1)
    workers = [spawn.Process(target=_carry_all, args=(barrier,)) for _ in range(count)]
    for each in workers:
        each.start()
    barrier.wait()
    started = time.perf_counter()
    barrier.wait()
    took = time.perf_counter() - started
    for each in workers:
        each.join()
    return Line(
        f"carry, {customers:,} customers, {count} engines",
        f"{events / took:,.0f} events/s",
        "the same",
        f"{events / took / limit:.2f}",
        _FLOOR,
    )


def _carry_all(barrier: Barrier) -> None:
    from heed import wiring
    from heed.ports.ledger import LIVE

    wiring.set_up_django()
    engine = wiring.make_engine()
    barrier.wait()
    while engine.carry(LIVE, engine.batch):
        pass
    barrier.wait()
    engine.connection.close()
