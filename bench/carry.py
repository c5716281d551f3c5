"""Carry: events a second through the engine over many customers, beside what the stores take by themselves."""

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
            fill(engine, customers, customers, everyone=True)
            engine.drain()
            engine.connection.execute("vacuum analyze")
            limits = _limits(engine)
            lines = [_alone(engine, customers, events, limits)]
            lines += [_together(engine, customers, events, limits, count) for count in (2,)]
            engine.connection.close()
            wiring.engines()[0].close()
            wiring.engines.cache_clear()
    return lines


def fill(engine: Any, customers: int, count: int, everyone: bool = False) -> None:
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


def _limits(engine: Any) -> tuple[float, float]:
    """What the stores take by themselves, nothing being understood, folded, found out or sealed.

    Events a second that are read from the ledger, recognised, have their profiles locked, loaded and stored and
    their rows put out for the lake; and profile rows a second alone. Everything they are given is made beforehand.
    """
    from heed.kit.clock import moment
    from heed.pipeline import store
    from heed.pipeline.carry import message_key
    from heed.pipeline.lake_rows import RowBuilder
    from heed.ports.ledger import LIVE
    from heed.profiles import api as profiles

    connection, now = engine.connection, engine.clock()
    ids = profiles.ids(connection)
    random.Random(1).shuffle(ids)
    events = profile_rows = 0
    position, took, in_profiles = 0, 0.0, 0.0
    while events < 20_000:
        began = time.perf_counter()
        span = engine.ledger.read(LIVE, position, engine.batch)
        took += time.perf_counter() - began
        keys = [message_key(each) for each in span.events]
        chosen = [ids[(events + place) % len(ids)] for place in range(len(keys))]
        builder = RowBuilder(LIVE)
        for each in span.events:
            builder.add(each, ids[0], [], b"x" * 300, None, True)
        rows = builder.encoded()
        with connection.transaction(force_rollback=True):
            connection.execute("truncate carry_seen")
            began = time.perf_counter()
            store.unseen(connection, keys, moment(now))
            store.put_out(connection, len(builder), rows, {})
            took += time.perf_counter() - began
        with connection.transaction():
            began = time.perf_counter()
            found = profiles.states(connection, chosen, lock=True)
            in_profiles += time.perf_counter() - began
            rows = [
                profiles.row_of(each, bytes(data), profiles.fold.decode(data), now)
                for each, data in found.items()
            ]
            began = time.perf_counter()
            profiles.save(connection, rows)
        in_profiles += time.perf_counter() - began
        position = span.last
        events += len(keys)
        profile_rows += len(found)
    return events / (took + in_profiles), profile_rows / in_profiles


def _alone(engine: Any, customers: int, events: int, limits: tuple[float, float]) -> Line:
    from heed.ports.ledger import LIVE

    fill(engine, customers, events)
    started, cpu, done = time.perf_counter(), time.process_time(), 0
    while worked := engine.carry(LIVE, engine.batch):
        done += worked
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    return Line(
        f"carry, {customers:,} customers, one engine",
        f"{done / took:,.0f} events/s ({1e6 * cpu / done:.0f} µs of CPU an event)",
        f"the stores alone {limits[0]:,.0f} events/s (profile rows alone {limits[1]:,.0f}/s)",
        f"{done / took / limits[0]:.2f}",
        _FLOOR,
    )


def _together(engine: Any, customers: int, events: int, limits: tuple[float, float], count: int) -> Line:
    fill(engine, customers, events + 1)
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
        f"{events / took / limits[0]:.2f}",
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
