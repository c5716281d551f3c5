"""A load generator that costs little: raw HTTP/1.1, so that it is not what is measured."""

from __future__ import annotations

import asyncio
import base64
import select
import socket
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

    def request(self, body: bytes) -> bytes:
        return self.head + str(len(body)).encode() + b"\r\n\r\n" + body

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port)

    async def post(self, body: bytes) -> int:
        self.writer.write(self.request(body))
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


def paced(
    address: str, key: str, body: Body, rate: float, seconds: float, connections: int = 16
) -> list[float]:
    """At a fixed rate, each request's time counted from when it was due, so that waiting counts too.

    Bare sockets in one loop: at a thousand requests a second asyncio alone takes half a core from the measured.
    """
    head = Connection(address, key)
    free = [socket.create_connection((head.host, head.port)) for _ in range(connections)]
    everyone, waiting = list(free), {}
    took: list[float] = []
    sent, count, started = 0, int(rate * seconds), time.perf_counter()
    while sent < count or waiting:
        while free and sent < count and (due := started + sent / rate) <= time.perf_counter():
            sock = free.pop()
            sock.sendall(head.request(body(0, sent)))
            waiting[sock] = due
            sent += 1
        pause = started + sent / rate - time.perf_counter() if free and sent < count else 5.0
        ready, _, _ = select.select([*waiting], [], [], max(0.0, pause))
        for sock in ready:
            answer = sock.recv(65_536)
            while not _whole(answer):
                answer += sock.recv(65_536)
            due = waiting.pop(sock)
            if answer[9:12] == b"200":
                took.append(time.perf_counter() - due)
            free.append(sock)
    for sock in everyone:
        sock.close()
    return took


def _whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        if not answer:
            raise ConnectionError("the server closed the connection")
        return False
    lowered = head.lower()
    start = lowered.index(b"content-length:") + 15
    return len(body) >= int(lowered[start:].split(b"\r\n", 1)[0])
