"""Accept: events a second that are durable when they are answered, beside the least program that is as durable."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.common import Line, call, middle, percentiles
from bench.hammer import flat_out
from bench.server import Server, answers, free_port, until

_BARE = """
import asyncio, sys, uvloop
from granian.server.embed import Server
from granian.constants import Interfaces
async def app(scope, receive, send):
    while (await receive()).get('more_body'): pass
    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-type', b'application/json'), (b'content-length', b'16')]})
    await send({'type': 'http.response.body', 'body': b'{"success":true}'})
async def main():
    await Server(app, address='127.0.0.1', port=int(sys.argv[1]), interface=Interfaces.ASGI, log_access=False).serve()
uvloop.run(main())
"""


@contextlib.contextmanager
def bare() -> Iterator[str]:
    """The address of a server that answers and does nothing else."""
    with _beside("-c", _BARE) as port:
        address = f"http://127.0.0.1:{port}/"
        until(lambda: answers(address))
        yield address


@contextlib.contextmanager
def least(dsn: str) -> Iterator[str]:
    """The address of the least durable program."""
    with _beside(str(Path(__file__).with_name("least.py")), last=(dsn,)) as port:
        until(lambda: _listens(port))
        yield f"http://127.0.0.1:{port}/"


@contextlib.contextmanager
def _beside(*command: str, last: tuple[str, ...] = ()) -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, *command, str(port), *last], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield port
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def lines(server: Server, seconds: float) -> list[Line]:
    """While the engine carries, and with it standing still."""
    with bare() as nothing, least(server.dsn) as durable:
        found = _accept(server, durable, nothing, seconds, "while the engine carries")
        engines = [
            each for each in psutil.Process(server.process.pid).children() if each.name() == "heed-engine"
        ]
        for each in engines:
            each.suspend()
        found += _accept(server, durable, nothing, seconds, "the engine standing still")
        for each in engines:
            each.resume()
    return found


def _accept(server: Server, least: str, bare: str, seconds: float, meanwhile: str) -> list[Line]:
    """Sixteen connections on the same cores as the server."""
    chance = random.Random(3)
    found = []
    for size in (1, 100):
        made = [
            json.dumps(
                {"batch": [call(chance, n * size + i, server.customers) for i in range(size)]}
            ).encode()
            for n in range(40)
        ]
        sent = itertools.count(time.time_ns())

        def body(connection: int, count: int, made: list[bytes] = made, sent: Any = sent) -> bytes:
            # Each sending has ids of its own, or it would be recognised as sent before.
            return made[(connection + count) % len(made)].replace(b"bench-", b"bench-%x-" % next(sent))

        # In turns, so that whatever else the machine does meets all of them.
        own = f"{server.url}/v1/batch"
        rates: dict[str, list[float]] = {own: [], least: [], bare: []}
        took: list[float] = []
        for turn in range(5 * len(rates)):
            address = [*rates][turn % len(rates)]
            each, times = asyncio.run(flat_out(address, server.key, body, seconds / 3))
            rates[address].append(each)
            took += times if address == own else []
        rate, least_rate, bare_rate = (middle(each) for each in rates.values())
        limit = (
            f"the least durable program {least_rate * size:,.0f} events/s (without HTTP, COPY"
            f" {_copy_rate(server.dsn, made):,.0f}; without keeping anything, ASGI {bare_rate * size:,.0f})"
        )
        found.append(
            Line(
                (f"accept, batches of {size}" if size > 1 else "accept, one event a request")
                + f", {meanwhile}, {server.customers:,} customers",
                f"{rate * size:,.0f} events/s durable, p50/95/99 {percentiles(took)}",
                limit,
                f"{rate / least_rate:.2f}",
                "0.50; Parcelvoy 671 single, 6,300–9,000 batched",
            )
        )
    return found


def _copy_rate(dsn: str, bodies: list[bytes]) -> float:
    """What PostgreSQL alone takes of the same bytes: a row an event, a durable COPY of 1,000 rows at a time."""
    rows = [json.dumps(each).encode() for body in bodies for each in json.loads(body)["batch"]]
    with psycopg.connect(dsn, autocommit=True) as database:
        database.execute("create table bench_copy (body bytea)")
        started = time.perf_counter()
        for start in range(0, len(rows), 1_000):
            with (
                database.cursor() as cursor,
                cursor.copy("copy bench_copy from stdin (format binary)") as copy,
            ):
                copy.set_types(["bytea"])
                for row in rows[start : start + 1_000]:
                    copy.write_row((row,))
        took = time.perf_counter() - started
        database.execute("drop table bench_copy")
    return len(rows) / took
