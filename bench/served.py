"""Accept, freshness and decide, asked of a real `heed serve` over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from bench.common import Line, call, folder, middle, p99, percentiles
from bench.hammer import flat_out, paced

HEED = str(Path(sys.executable).with_name("heed"))
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


def run(seconds: float = 6.0) -> list[Line]:
    lines: list[Line] = []
    with folder() as path, contextlib.ExitStack() as stack:
        port, bare_port, least_port = (start + os.getpid() % 500 for start in (18_400, 19_000, 19_600))
        environment = {
            **os.environ,
            "HEED_PORT": str(port),
            "HEED_LOG_LEVEL": "error",
            "PYTHONWARNINGS": "ignore",
        }
        log = (path / "log").open("wb")
        one = subprocess.Popen(
            [HEED, "serve"], env=environment | {"HEED_ENGINES": "1"}, stdout=log, stderr=log
        )
        try:
            _await(f"http://127.0.0.1:{port}/readyz")
            lines += _idle_memory(one.pid, ", with one engine")
        finally:
            one.terminate()
            one.wait(60)
        server = subprocess.Popen([HEED, "serve"], env=environment, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _await(f"{url}/readyz")
            key = subprocess.run(
                [HEED, "keys", "create", "bench", "--scope", "write"],
                env=environment, capture_output=True, text=True, check=True,
            ).stdout.strip()  # fmt: skip
            dsn = f"postgresql://postgres@/heed?host={path / 'data' / 'run'}"
            nothing = f"http://127.0.0.1:{bare_port}/"
            least = f"http://127.0.0.1:{least_port}/"
            lines += _idle_memory(server.pid)
            # Only now: processes of the same installation share memory, which would flatter the figure above.
            for command in (
                ["-c", _BARE, str(bare_port)],
                [str(Path(__file__).with_name("least.py")), str(least_port), dsn],
            ):
                beside = subprocess.Popen([sys.executable, *command], stdout=log, stderr=log)
                stack.callback(beside.kill)
            _await(nothing)
            _await_port(least_port)
            lines += _freshness_idle(url, key, dsn)
            lines += _decide(url, key, nothing, seconds)
            lines += _freshness_loaded(url, key, dsn, seconds)
            lines += _freshness_importing(url, key, dsn, path, environment)
            lines += _freshness_of_segments(url, key, dsn, path, environment, seconds)
            lines += _accept(url, key, dsn, least, nothing, seconds, "while the engine carries")
            engines = [each for each in psutil.Process(server.pid).children() if each.name() == "heed-engine"]
            for each in engines:
                each.suspend()
            lines += _accept(url, key, dsn, least, nothing, seconds, "the engine standing still")
            for each in engines:
                each.resume()
        finally:
            stack.close()
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


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.1)
    raise RuntimeError("nothing came")


def _await_port(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens at {port}")


def _idle_memory(pid: int, how: str = "") -> list[Line]:
    time.sleep(3)
    top = psutil.Process(pid)
    total = 0
    for each in [top, *top.children(recursive=True)]:
        try:
            total += each.memory_full_info().pss
        except psutil.Error:
            continue
    return [
        Line(f"memory idle, all processes{how}", f"{total / 1e6:.0f} MB (PSS)", "Parcelvoy 465 MB",
             f"{total / 465e6:.2f}", "600 MB"),
    ]  # fmt: skip


_CARRIED = "select 1 from profile where id = %s"
_MEMBER = _CARRIED + " and segments @> '{seen}'"


def _fresh(
    url: str, key: str, dsn: str, count: int, name: str, pause: float = 0.01, until: str = _CARRIED
) -> list[float]:
    """From sending an event to its being in the profile's row.

    Asked by the id: nothing else is indexed of what tells one row, and asking every 2 ms must not load what is measured.
    """
    from heed import settings
    from heed.profiles.api import Hasher
    from heed.profiles.domain.identifiers import Identifier

    settings.load.cache_clear()
    hasher = Hasher(settings.load().master_key)
    took = []
    with (
        httpx.Client(base_url=url, auth=(key, "")) as client,
        psycopg.connect(dsn, autocommit=True) as database,
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
            while not database.execute(until, [profile]).fetchone():
                assert time.perf_counter() - started < 60, "it never came"
                time.sleep(max(0.002, (time.perf_counter() - started) / 20))
            took.append(time.perf_counter() - started)
            time.sleep(pause)
    return took


def _freshness_idle(url: str, key: str, dsn: str) -> list[Line]:
    took = _fresh(url, key, dsn, 300, "fresh")
    return [
        Line("freshness idle: sent → in the profile", f"p50/95/99 {percentiles(took)}",
             "Parcelvoy 17 / 31 / 49 ms to a list", f"p99 {p99(took) * 1000 / 49:.2f}", "p50 20, p99 50 ms"),
    ]  # fmt: skip


def _freshness_of_segments(
    url: str, key: str, dsn: str, path: Path, environment: dict[str, str], seconds: float
) -> list[Line]:
    """From an event to membership with a hundred segments: idle, under load, while a new one is filled and while
    importing."""
    from bench.segments import define, many

    peer = "Parcelvoy idle 17 / 31 / 49 ms to a list"
    with psycopg.connect(dsn, autocommit=True) as database:
        define(database, {**many(99), "seen": 'did "Product Viewed" within 30 days'})
        _await_filled(database)
        idle = _fresh(url, key, dsn, 200, "member", until=_MEMBER)
        with _in_a_process("paced", url, key, "1000", str(seconds + 4)):
            time.sleep(2)
            loaded = _fresh(url, key, dsn, 100, "member-loaded", until=_MEMBER)
        filling: list[float] = []
        number = 0
        while len(filling) < 100:
            number += 1
            rule = f'did "Order Completed" at least 1 times within {number + 10} hours where value > {number}'
            define(database, {f"new-{number}": rule})
            while len(filling) < 100 and not _filled(database):
                filling += _fresh(url, key, dsn, 5, f"member-filling-{len(filling)}", until=_MEMBER)
        _await_filled(database)
        with _importing(path, environment, dsn, 120_000):
            importing = _fresh(url, key, dsn, 100, "member-importing", until=_MEMBER)
    return [
        Line(f"freshness: event → segment, 100 segments, {when}", f"p50/95/99 {percentiles(took)}",
             peer, f"p99 {p99(took) * 1000 / 49:.2f}", f"p99 {floor} ms")
        for when, took, floor in (
            ("idle", idle, 50), ("at 1,000 events/s", loaded, 200), ("while a new one is filled", filling, 200),
            ("while importing flat out", importing, 200),
        )
    ]  # fmt: skip


def _filled(database: psycopg.Connection) -> bool:
    row = database.execute("select exists (select from segment where filled_at is null)").fetchone()
    return not (row and row[0])


def _await_filled(database: psycopg.Connection) -> None:
    for _ in range(3_000):
        if _filled(database):
            return
        time.sleep(0.1)
    raise RuntimeError("segments are not filled")


def _freshness_loaded(url: str, key: str, dsn: str, seconds: float) -> list[Line]:
    """While 1,000 events a second arrive from others, one a request."""
    with _in_a_process("paced", url, key, "1000", str(seconds + 4)):
        time.sleep(2)
        took = _fresh(url, key, dsn, 100, "loaded")
    return [
        Line("freshness at 1,000 events/s", f"p50/95/99 {percentiles(took)}",
             "Parcelvoy idle 17 / 31 / 49 ms", f"p99 {p99(took) * 1000 / 49:.2f}", "p99 150 ms"),
    ]  # fmt: skip


def _freshness_importing(url: str, key: str, dsn: str, path: Path, environment: dict[str, str]) -> list[Line]:
    with _importing(path, environment, dsn, 0):
        took = _fresh(url, key, dsn, 150, "importing")
    return [
        Line("freshness while importing flat out", f"p50/95/99 {percentiles(took)}",
             "Parcelvoy 13,700–17,700 ms", f"p99 {p99(took) * 1000 / 13_700:.3f}", "p99 500 ms"),
    ]  # fmt: skip


@contextlib.contextmanager
def _importing(path: Path, environment: dict[str, str], dsn: str, first: int) -> Iterator[None]:
    """While `heed import` reads a file of 120,000 orders, numbered from `first` on, as fast as it can, and they are
    carried; all of them are when it ends."""
    file, mapping = path / f"orders-{first}.csv", path / "map.toml"
    chance = random.Random(9)
    rows = (
        f"c{chance.randrange(20_000)},o{n},{chance.random() * 90:.2f},2026-01-05T10:00:00\n"
        for n in range(first, first + 120_000)
    )
    file.write_text("who,order,value,at\n" + "".join(rows))
    mapping.write_text(
        'source = "Bench"\ntime = "{at}"\n[event]\ntype = "track"\nevent = "Order Completed"\nuserId = "{who}"\n'
        '[event.properties]\norder_id = "{order}"\nvalue = { money = "{value}" }\ncurrency = "EUR"\n'
    )
    importing = subprocess.Popen(
        [HEED, "import", str(file), "--map", str(mapping)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _until(lambda: _behind(dsn) > 2_000)
    yield
    if not _behind(dsn):
        raise RuntimeError("the import was over before the measurement")
    importing.wait(300)
    while _behind(dsn):
        time.sleep(0.2)


def _behind(dsn: str) -> int:
    """How many events are accepted and not carried."""
    with psycopg.connect(dsn) as database:
        row = database.execute(
            "select sum(head.seq - coalesce(done.seq, 0)) from ledger_head as head"
            " left join carry_progress as done using (lane)"
        ).fetchone()
    return int(row[0]) if row else 0


@contextlib.contextmanager
def _in_a_process(*arguments: str) -> Iterator[None]:
    """Load from a process of its own, so that it does not share the measurer's interpreter."""
    process = subprocess.Popen(
        [sys.executable, __file__, *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _decide(url: str, key: str, bare: str, seconds: float) -> list[Line]:
    """At 200 requests a second, waiting counted."""
    chance = random.Random(2)

    def plain(_: int, number: int) -> bytes:
        return json.dumps({"userId": f"fresh-{number % 300}", "placement": "home_banner"}).encode()

    def inline(_: int, number: int) -> bytes:
        event = call(chance, number, 10)
        del event["userId"]
        who = {"userId": f"fresh-{number % 300}", "placement": "home_banner"}
        return json.dumps({**who, "events": [event]}).encode()

    asked, told, nothing = (
        paced(address, key, body, 200, seconds)
        for address, body in ((f"{url}/v1/decide", plain), (f"{url}/v1/decide", inline), (bare, plain))
    )
    return [
        Line("decide at 200 requests/s", f"p50/95/99 {percentiles(asked)}",
             f"bare ASGI answer {percentiles(nothing)}", f"p99 {p99(asked) / p99(nothing):.1f}", "p99 15 ms"),
        Line("decide at 200 requests/s, an event in each", f"p50/95/99 {percentiles(told)}", "the same",
             f"p99 {p99(told) / p99(nothing):.1f}", "p99 15 ms"),
    ]  # fmt: skip


def _accept(
    url: str, key: str, dsn: str, least: str, bare: str, seconds: float, meanwhile: str
) -> list[Line]:
    """Sixteen connections on the same cores as the server, beside the least program that is as durable."""
    chance = random.Random(3)
    lines = []
    for size in (1, 100):
        made = [
            json.dumps({"batch": [call(chance, n * size + i, 5_000) for i in range(size)]}).encode()
            for n in range(40)
        ]
        sent = itertools.count(time.time_ns())

        def body(connection: int, count: int, made: list[bytes] = made, sent: Any = sent) -> bytes:
            # Each sending has ids of its own, or it would be recognised as sent before.
            return made[(connection + count) % len(made)].replace(b"bench-", b"bench-%x-" % next(sent))

        # In turns, so that whatever else the machine does meets all of them.
        rates: dict[str, list[float]] = {f"{url}/v1/batch": [], least: [], bare: []}
        took: list[float] = []
        for turn in range(5 * len(rates)):
            address = [*rates][turn % len(rates)]
            each, times = asyncio.run(flat_out(address, key, body, seconds / 3))
            rates[address].append(each)
            took += times if address.startswith(url) else []
        rate, least_rate, bare_rate = (middle(each) for each in rates.values())
        limit = (
            f"the least durable program {least_rate * size:,.0f} events/s (without HTTP, COPY"
            f" {_copy_rate(dsn, made):,.0f}; without keeping anything, ASGI {bare_rate * size:,.0f})"
        )
        lines.append(
            Line(
                (f"accept, batches of {size}" if size > 1 else "accept, one event a request")
                + f", {meanwhile}",
                f"{rate * size:,.0f} events/s durable, p50/95/99 {percentiles(took)}",
                limit,
                f"{rate / least_rate:.2f}",
                "0.50; Parcelvoy 671 single, 6,300–9,000 batched",
            )
        )
    return lines


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


def _load(url: str, key: str, rate: float, seconds: float) -> None:
    """What `_in_a_process` runs: events of 20,000 other people, one a request."""
    chance = random.Random(4)
    made = [json.dumps(call(chance, n, 20_000)).encode() for n in range(5_000)]
    run = f"{time.time_ns() % 10**9:x}"

    def body(_: int, number: int) -> bytes:
        return made[number % len(made)].replace(b"bench-", f"bench-{run}-{number}-".encode())

    paced(f"{url}/v1/track", key, body, rate, seconds, 32)


if __name__ == "__main__":
    _load(sys.argv[2], sys.argv[3], float(sys.argv[4]), float(sys.argv[5]))
