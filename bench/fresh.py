"""Freshness: from sending an event to its being in the profile, and to the segments it moves somebody into."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg

from bench.common import Line, call, p99, percentiles
from bench.hammer import paced
from bench.segments import define, many
from bench.server import ORDERS, Server, until

_CARRIED = "select 1 from profile where id = %s"
_MEMBER = _CARRIED + " and segments @> '{seen}'"
_PEER = "Parcelvoy idle 17 / 31 / 49 ms"


def profiles(server: Server, seconds: float) -> list[Line]:
    """To the profile: idle, while 1,000 events a second arrive from others, while importing."""
    idle = _fresh(server, 300, "fresh")
    with _paced(server, seconds):
        loaded = _fresh(server, 200, "loaded")
    with server.importing(server.customers):
        importing = _fresh(server, 200, "importing")
    known = f"{server.customers:,} customers"
    return [
        Line(f"freshness idle: sent → in the profile, {known}", f"p50/95/99 {percentiles(idle)}",
             f"{_PEER} to a list", f"p99 {p99(idle) * 1000 / 49:.2f}", "p50 20, p99 50 ms"),
        Line(f"freshness at 1,000 events/s, {known}", f"p50/95/99 {percentiles(loaded)}",
             _PEER, f"p99 {p99(loaded) * 1000 / 49:.2f}", "p99 150 ms"),
        Line(f"freshness while importing flat out, {known}", f"p50/95/99 {percentiles(importing)}",
             "Parcelvoy 13,700–17,700 ms", f"p99 {p99(importing) * 1000 / 13_700:.3f}", "p99 500 ms"),
    ]  # fmt: skip


def segments(server: Server, seconds: float) -> list[Line]:
    """To membership, with a hundred segments: idle, under load, while a new one is filled and while importing."""
    with psycopg.connect(server.dsn, autocommit=True) as database:
        define(database, {**many(99), "seen": 'did "Product Viewed" within 30 days'})
        until(lambda: _filled(database))
        idle = _fresh(server, 200, "member", _MEMBER)
        with _paced(server, seconds):
            loaded = _fresh(server, 200, "member-loaded", _MEMBER)
        filling: list[float] = []
        number = 0
        while len(filling) < 200:
            number += 1
            rule = f'did "Order Completed" at least 1 times within {number + 10} hours where value > {number}'
            define(database, {f"new-{number}": rule})
            while len(filling) < 200 and not _filled(database):
                filling += _fresh(server, 5, f"member-filling-{len(filling)}", _MEMBER)
        until(lambda: _filled(database))
        with server.importing(server.customers + ORDERS):
            importing = _fresh(server, 200, "member-importing", _MEMBER)
    return [
        Line(f"freshness: event → segment, 100 segments, {when}, {server.customers:,} customers",
             f"p50/95/99 {percentiles(took)}", f"{_PEER} to a list", f"p99 {p99(took) * 1000 / 49:.2f}",
             f"p99 {floor} ms")
        for when, took, floor in (
            ("idle", idle, 50), ("at 1,000 events/s", loaded, 200), ("while a new one is filled", filling, 200),
            ("while importing flat out", importing, 200),
        )
    ]  # fmt: skip


def _filled(database: psycopg.Connection) -> bool:
    row = database.execute("select exists (select from segment where filled_at is null)").fetchone()
    return not (row and row[0])


def _fresh(server: Server, count: int, name: str, there: str = _CARRIED, pause: float = 0.01) -> list[float]:
    """How long the events of `count` new people took, one after the other, till the query `there` finds them.

    Asked by the id: nothing else is indexed of what tells one row, and asking every 2 ms must not load what is measured.
    """
    from heed import settings
    from heed.profiles.api import Hasher
    from heed.profiles.domain.identifiers import Identifier

    settings.load.cache_clear()
    hasher = Hasher(settings.load().master_key)
    took = []
    with (
        httpx.Client(base_url=server.url, auth=(server.key, "")) as client,
        psycopg.connect(server.dsn, autocommit=True) as database,
    ):
        for number in range(count):
            who = f"{name}-{number}"
            body = {
                "type": "track",
                "event": "Product Viewed",
                "userId": who,
                "messageId": f"{who}-{time.time()}",
            }
            profile = hasher.profile_id(hasher.hash(Identifier("user_id", who)))
            started = time.perf_counter()
            assert client.post("/v1/track", json=body).status_code == 200
            while not database.execute(there, [profile]).fetchone():
                assert time.perf_counter() - started < 60, "it never came"
                time.sleep(max(0.002, (time.perf_counter() - started) / 20))
            took.append(time.perf_counter() - started)
            time.sleep(pause)
    return took


@contextlib.contextmanager
def _paced(server: Server, seconds: float) -> Iterator[None]:
    """While 1,000 events a second arrive, one a request, from a process of its own: it must not share the measurer's
    interpreter."""
    load = subprocess.Popen(
        [sys.executable, __file__, server.url, server.key, str(server.customers), str(seconds + 4)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    try:
        time.sleep(2)
        yield
    finally:
        load.kill()
        load.wait()


def _load(url: str, key: str, customers: int, seconds: float) -> None:
    """What `_paced` runs."""
    chance = random.Random(4)
    made = [json.dumps(call(chance, n, customers)).encode() for n in range(5_000)]
    run = f"{time.time_ns() % 10**9:x}"

    def body(_: int, number: int) -> bytes:
        return made[number % len(made)].replace(b"bench-", f"bench-{run}-{number}-".encode())

    paced(f"{url}/v1/track", key, body, 1_000, seconds, 32)


if __name__ == "__main__":
    _load(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
