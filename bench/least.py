"""The least program that makes accept's promise, to hold Heed's against.

The same server, JSON parsed, every event a row of its own in PostgreSQL, flushed to disk before the 200, requests that
arrive together sharing one flush: nothing checked, stamped, recognised or shared among engines.

    python bench/least.py PORT DSN
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import msgspec
import psycopg
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

_KEEP = "insert into bench_least (body) select unnest(%b::bytea[])"


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]


class _Least:
    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.decode = msgspec.json.Decoder(_Batch).decode
        self.waiting: list[tuple[list[msgspec.Raw], asyncio.Future[None]]] = []
        self.more = asyncio.Event()

    async def keep(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self.dsn, autocommit=True)
        await connection.execute("create table if not exists bench_least (body bytea)")
        while True:
            await self.more.wait()
            self.more.clear()
            taken, self.waiting = self.waiting, []
            bodies = [bytes(each) for events, _ in taken for each in events]
            await connection.execute(_KEEP, [bodies], prepare=True)
            for _, kept in taken:
                kept.set_result(None)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        kept = asyncio.get_running_loop().create_future()
        self.waiting.append((self.decode(body).batch, kept))
        self.more.set()
        await kept
        headers = [(b"content-type", b"application/json"), (b"content-length", b"16")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"success":true}'})


async def main(port: int, dsn: str) -> None:
    least = _Least(dsn)
    keeping = asyncio.create_task(least.keep())
    await Server(least, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_access=False).serve()
    keeping.cancel()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
