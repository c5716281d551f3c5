"""A load generator that costs little: raw HTTP/1.1 over asyncio, so that it is not what is measured."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from urllib.parse import urlsplit

Body = Callable[[int, int], bytes]
"""`(connection, how manieth request) → body`."""


class Connection:
    """One kept-alive connection; `post` gives the status."""

    def __init__(self, address: str, key: str) -> None:
        parts = urlsplit(address)
        self.host, self.port, self.path = parts.hostname or "", parts.port or 80, parts.path or "/"
        secret = base64.b64encode(f"{key}:".encode()).decode()
        self.head = (
            f"POST {self.path} HTTP/1.1\r\nhost: {self.host}\r\nauthorization: Basic {secret}\r\n"
            "content-type: application/json\r\ncontent-length: "
        ).encode()

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port)

    async def post(self, body: bytes) -> int:
        self.writer.write(self.head + str(len(body)).encode() + b"\r\n\r\n" + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        lowered = answer.lower()
        start = lowered.index(b"content-length:") + 15
        await self.reader.readexactly(int(lowered[start : lowered.index(b"\r\n", start)]))
        return int(answer[9:12])

    def close(self) -> None:
        self.writer.close()


async def flat_out(
    address: str, key: str, body: Body, seconds: float, connections: int = 16
) -> tuple[float, list[float]]:
    """As many as go: answers 200 a second, and how long each took."""
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def one(number: int) -> None:
        connection = Connection(address, key)
        await connection.open()
        count = 0
        while (began := time.perf_counter()) < until:
            if await connection.post(body(number, count)) == 200:
                took.append(time.perf_counter() - began)
            count += 1
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(connections)))
    return len(took) / (time.perf_counter() - started), took


async def paced(
    address: str, key: str, body: Body, rate: float, seconds: float, connections: int = 16
) -> list[float]:
    """At a fixed rate, each request's time counted from when it was due, so that waiting counts too."""
    took: list[float] = []
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        connection = Connection(address, key)
        await connection.open()
        free.put_nowait(connection)

    async def one(number: int, due: float) -> None:
        connection = await free.get()
        if await connection.post(body(0, number)) == 200:
            took.append(time.perf_counter() - due)
        free.put_nowait(connection)

    tasks, started = [], time.perf_counter()
    for number in range(int(rate * seconds)):
        due = started + number / rate
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(one(number, due)))
    await asyncio.gather(*tasks)
    while not free.empty():
        free.get_nowait().close()
    return took
