"""Accept, freshness and decide, asked of a real `heed serve` over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from bench.common import Line, call, folder, p99, percentiles

HEED = str(Path(sys.executable).with_name("heed"))
_BARE = """
import asyncio, sys
from granian.server.embed import Server
from granian.constants import Interfaces
async def app(scope, receive, send):
    while (await receive()).get('more_body'): pass
    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-type', b'application/json')]})
    await send({'type': 'http.response.body', 'body': b'{"success":true}'})
async def main():
    await Server(app, address='127.0.0.1', port=int(sys.argv[1]), interface=Interfaces.ASGINL, log_access=False).serve()
asyncio.run(main())
"""


def run(seconds: float = 6.0) -> list[Line]:
    lines: list[Line] = []
    with folder() as path:
        port, bare_port = 18_400 + os.getpid() % 500, 19_000 + os.getpid() % 500
        environment = {
            **os.environ,
            "HEED_PORT": str(port),
            "HEED_LOG_LEVEL": "error",
            "PYTHONWARNINGS": "ignore",
        }
        log = (path / "log").open("wb")
        server = subprocess.Popen([HEED, "serve"], env=environment, stdout=log, stderr=log)
        bare = subprocess.Popen([sys.executable, "-c", _BARE, str(bare_port)], stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _await(f"{url}/readyz")
            key = subprocess.run(
                [HEED, "keys", "create", "bench", "--scope", "write"],
                env=environment, capture_output=True, text=True, check=True,
            ).stdout.strip()  # fmt: skip
            dsn = f"postgresql://postgres@/heed?host={path / 'data' / 'run'}"
            lines += _idle_memory(server.pid)
            lines += _freshness(url, key, dsn, 300)
            lines += _decide(url, key, f"http://127.0.0.1:{bare_port}", seconds)
            lines += asyncio.run(_accept(url, key, dsn, f"http://127.0.0.1:{bare_port}", seconds))
        finally:
            bare.kill()
            server.terminate()
            server.wait(60)
    return lines


def _await(address: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(address, timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{address} does not answer")


def _idle_memory(pid: int) -> list[Line]:
    time.sleep(3)
    top = psutil.Process(pid)
    total = 0
    for each in [top, *top.children(recursive=True)]:
        try:
            total += each.memory_full_info().pss
        except psutil.Error:
            continue
    return [
        Line(
            "memory idle, all processes",
            f"{total / 1e6:.0f} MB (PSS)",
            "Parcelvoy 465 MB",
            f"{total / 465e6:.2f}",
            "600 MB",
        )
    ]


def _freshness(url: str, key: str, dsn: str, count: int) -> list[Line]:
    """From sending an event to its being in the profile's row, nothing else going on."""
    took = []
    with (
        httpx.Client(base_url=url, auth=(key, "")) as client,
        psycopg.connect(dsn, autocommit=True) as database,
    ):
        for number in range(count):
            who = f"fresh-{number}"
            body = {
                "type": "track",
                "event": "Product Viewed",
                "userId": who,
                "messageId": f"{who}-{time.time()}",
            }
            started = time.perf_counter()
            assert client.post("/v1/track", json=body).status_code == 200
            while not database.execute("select 1 from profile where user_id = %s", [who]).fetchone():
                time.sleep(0.0005)
            took.append(time.perf_counter() - started)
            time.sleep(0.01)
    return [
        Line(
            "freshness idle: sent → in the profile",
            f"p50/95/99 {percentiles(took)}",
            "Parcelvoy 17 / 31 / 49 ms to a list",
            f"p99 {p99(took) * 1000 / 49:.2f}",
            "p99 100 ms",
        )
    ]


def _decide(url: str, key: str, bare: str, seconds: float) -> list[Line]:
    def ask(client: httpx.Client, path: str, body: dict[str, Any]) -> float:
        started = time.perf_counter()
        client.post(path, json=body)
        return time.perf_counter() - started

    chance = random.Random(2)
    with httpx.Client(base_url=url, auth=(key, "")) as client, httpx.Client(base_url=bare) as empty:
        plain, inline, nothing = [], [], []
        for number in range(400):
            who = {"userId": f"fresh-{number % 300}", "placement": "home_banner"}
            plain.append(ask(client, "/v1/decide", who))
            event = call(chance, number, 10)
            del event["userId"]
            inline.append(ask(client, "/v1/decide", {**who, "events": [event]}))
            nothing.append(ask(empty, "/", who))
    return [
        Line("decide", f"p50/95/99 {percentiles(plain)}", f"bare ASGI answer {percentiles(nothing)}",
             f"p99 {p99(plain) / p99(nothing):.1f}", "p99 20 ms"),
        Line("decide with an event in the request", f"p50/95/99 {percentiles(inline)}", "the same",
             f"p99 {p99(inline) / p99(nothing):.1f}", "p99 20 ms"),
    ]  # fmt: skip


async def _accept(url: str, key: str, dsn: str, bare: str, seconds: float) -> list[Line]:
    """Sixteen connections on the same cores as the server."""
    chance = random.Random(3)
    bodies = {
        size: [
            json.dumps({"batch": [call(chance, n * size + i, 5_000) for i in range(size)]}).encode()
            for n in range(40)
        ]
        for size in (1, 100)
    }
    lines = []
    for size, made in bodies.items():
        rate, took = await _hammer(f"{url}/v1/batch", key, made, seconds)
        bare_rate, _ = await _hammer(bare, key, made, seconds / 2)
        copied = _copy_rate(dsn, made) if size == 100 else 0.0
        limit = (
            f"COPY of the same bytes {copied:,.0f} events/s"
            if copied
            else f"bare ASGI {bare_rate:,.0f} requests/s"
        )
        ratio = rate * size / copied if copied else rate / bare_rate
        lines.append(
            Line(
                f"accept, batches of {size}" if size > 1 else "accept, one event a request",
                f"{rate * size:,.0f} events/s durable, p50/95/99 {percentiles(took)}",
                limit + (f"; bare ASGI {bare_rate * size:,.0f}" if copied else ""),
                f"{ratio:.2f}",
                "Parcelvoy 671 single, 6,300–9,000 batched",
            )
        )
    return lines


async def _hammer(address: str, key: str, bodies: list[bytes], seconds: float) -> tuple[float, list[float]]:
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def one(number: int) -> None:
        async with httpx.AsyncClient(auth=(key, ""), timeout=30) as client:
            count = 0
            while time.perf_counter() < until:
                # Each sending has ids of its own, or it would be recognised as sent before.
                body = bodies[(number + count) % len(bodies)].replace(
                    b"bench-", f"bench-{number}-{count}-".encode()
                )
                started = time.perf_counter()
                answer = await client.post(address, content=body)
                if answer.status_code == 200:
                    took.append(time.perf_counter() - started)
                count += 1

    started = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(16)))
    return len(took) / (time.perf_counter() - started), took


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
