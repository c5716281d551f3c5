"""Carry: events a second through the engine over many customers, beside loading and storing as many profile rows."""

from __future__ import annotations

import random
import time

from bench.common import Line, call, folder


def run(customers: int = 50_000, events: int = 40_000) -> list[Line]:
    with folder():
        from heed import settings, wiring
        from heed.run.database import database

        settings.load.cache_clear()
        loaded = settings.load()
        with database(loaded):
            wiring.prepare()
            from heed.collect.api import Limits, from_mapping
            from heed.ports.ledger import LIVE
            from heed.profiles import api as profiles

            engine = wiring.make_engine()
            chance = random.Random(1)
            now = engine.clock()

            def fill(count: int, everyone: bool = False) -> None:
                made = []
                for number in range(count):
                    each = call(chance, number, customers)
                    if everyone:
                        each["userId"] = f"customer-{number}"
                        each["event"] = "Product Viewed"
                    event = from_mapping(each, now, Limits())
                    event.source = "bench"  # type: ignore[union-attr]
                    made.append(event)
                engine.ledger.append(LIVE, made)  # type: ignore[arg-type]

            fill(customers, everyone=True)
            engine.drain()
            engine.connection.execute("vacuum analyze")
            fill(events)
            started = time.perf_counter()
            cpu = time.process_time()
            done = batches = 0
            while worked := engine.carry(LIVE, engine.batch):
                done += worked
                batches += 1
            took = time.perf_counter() - started
            cpu = time.process_time() - cpu
            rate = done / took

            ids = profiles.ids(engine.connection)
            chance.shuffle(ids)
            per_batch = min(engine.batch, len(ids))
            stored = 0
            limit_took = 0.0
            for start in range(0, min(len(ids), 4 * per_batch), per_batch):
                began = time.perf_counter()
                with engine.connection.transaction():
                    found = profiles.states(engine.connection, ids[start : start + per_batch], lock=True)
                    limit_took += time.perf_counter() - began
                    rows = [
                        profiles.row_of(each, bytes(data), profiles.fold.decode(data), now)
                        for each, data in found.items()
                    ]
                    began = time.perf_counter()
                    profiles.save(engine.connection, rows)
                limit_took += time.perf_counter() - began
                stored += len(found)
            limit = stored / limit_took
            engine.connection.close()
            wiring.engines()[0].close()
            wiring.engines.cache_clear()
    return [
        Line(
            f"carry, {customers:,} customers",
            f"{rate:,.0f} events/s ({1e6 * cpu / done:.0f} µs of CPU an event, {batches} batches)",
            f"load, lock and store {limit:,.0f} profile rows/s",
            f"{rate / limit:.2f}",
            "3,000 events/s",
        )
    ]
