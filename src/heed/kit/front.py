"""The raw ASGI front: answers the hot paths itself and passes everything else to the pages.

Rooms register handlers for the paths that must be fast or must stream; a handler gets the request and gives
a response, nothing in between.
"""

from __future__ import annotations

import base64
import binascii
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import msgspec
import structlog

from heed.kit.addresses import nearest
from heed.kit.overdue import overdue

log = structlog.get_logger()
_json = msgspec.json.Encoder().encode

CORS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"authorization, content-type, content-encoding, x-retry-count"),
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-max-age", b"86400"),
)


WHOLE_BODY, NEXT_PART = 60.0, 15.0
"""Seconds a body may take, and may pause between two of its parts."""


class TooLarge(Exception):
    """The body is larger than allowed, as sent or unpacked."""


class Unreadable(Exception):
    """The body is not what its headers say."""


class TooSlow(Exception):
    """The body did not come in time."""


class Gone(Exception):
    """The client went away before it had sent everything."""


class Response(msgspec.Struct):
    status: int
    body: bytes = b""
    content_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = CORS
    stream: AsyncIterator[bytes] | None = None


def answer(value: Any, status: int = 200) -> Response:
    return Response(status, _json(value))


def problem(status: int, code: str, message: str, detail: str = "", retry_after: int = 0) -> Response:
    """An error as every door words it: `code` for programs, `message` and `detail` for people."""
    headers: tuple[tuple[bytes, bytes], ...] = CORS
    if retry_after:
        headers = (*CORS, (b"retry-after", str(retry_after).encode()))
    return Response(status, _json({"code": code, "message": message, "detail": detail}), headers=headers)


class Request:
    """One request; headers by lower-case name, the first of several."""

    def __init__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        proxies: frozenset[str] = frozenset(),
    ) -> None:
        self.scope = scope
        self.proxies = proxies
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.rest = ""
        self._receive = receive
        self._headers: dict[bytes, bytes] | None = None

    def header(self, name: bytes) -> bytes:
        if self._headers is None:
            self._headers = {}
            for key, value in self.scope["headers"]:
                self._headers.setdefault(key.lower(), value)
        return self._headers.get(name, b"")

    @property
    def address(self) -> str:
        client = self.scope.get("client")
        return nearest(
            client[0] if client else "", self.header(b"x-forwarded-for").decode("latin-1"), self.proxies
        )

    def query(self, name: str) -> str:
        values = parse_qs(self.scope.get("query_string", b"").decode("latin-1")).get(name)
        return values[0] if values else ""

    def credentials(self) -> tuple[str, str]:
        """`(scheme, secret)` of the Authorization header: the user name of Basic, the token of Bearer."""
        scheme, _, value = self.header(b"authorization").partition(b" ")
        if scheme.lower() == b"bearer":
            return "bearer", value.strip().decode("latin-1")
        if scheme.lower() == b"basic":
            try:
                return "basic", base64.b64decode(value, validate=True).decode("utf-8").partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                return "basic", ""
        return "", ""

    async def body(self, most: int) -> bytes:
        """The body, unpacked where it is gzipped; raises `TooLarge`, `TooSlow`, `Unreadable` or `Gone`."""
        declared = self.header(b"content-length")
        if declared.isdigit() and int(declared) > most:
            raise TooLarge
        parts: list[bytes] = []
        size = 0
        until = time.monotonic() + WHOLE_BODY
        while True:
            message = await self._receive_by(until)
            if message["type"] == "http.disconnect":
                raise Gone
            part = message.get("body", b"")
            size += len(part)
            if size > most:
                raise TooLarge
            parts.append(part)
            if not message.get("more_body"):
                break
        body = b"".join(parts)
        if self.header(b"content-encoding").strip().lower() == b"gzip" or body[:2] == b"\x1f\x8b":
            return _unpack(body, most)
        return body

    async def _receive_by(self, until: float) -> dict[str, Any]:
        now = time.monotonic()
        if until <= now:
            raise TooSlow
        try:
            return await overdue.wait(self._receive(), min(until, now + NEXT_PART))
        except TimeoutError:
            raise TooSlow from None


def _unpack(body: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        raise Unreadable(f"not gzip: {error}") from None
    if len(plain) > most:
        raise TooLarge
    if not unpacker.eof:
        raise Unreadable("the gzip body ends too early")
    return plain


Handler = Callable[[Request], Awaitable[Response]]
Hook = Callable[[], Awaitable[None]]

_exact: dict[tuple[str, str], Handler] = {}
_prefixes: list[tuple[str, str, Handler]] = []
_starting: list[Hook] = []
_stopping: list[Hook] = []


def register_hot(method: str, path: str, handler: Handler) -> None:
    """Answer `path` on the front; a path that ends in `*` takes what follows as `request.rest`."""
    if path.endswith("*"):
        _prefixes.append((method, path[:-1], handler))
    else:
        _exact[method, path] = handler


def on_start(hook: Hook) -> None:
    _starting.append(hook)


def on_stop(hook: Hook) -> None:
    _stopping.append(hook)


class Front:
    """The ASGI application; `pages` is another one for everything that is not hot, or None; `proxies` are the
    addresses whose X-Forwarded-For is believed.

    Below `hot_prefixes` nothing falls through to the pages: what has no handler there is not found.
    """

    def __init__(
        self,
        pages: Callable[..., Awaitable[None]] | None,
        hot_prefixes: tuple[str, ...] = (),
        proxies: frozenset[str] = frozenset(),
    ) -> None:
        self.pages = pages
        self.proxies = proxies
        self.hot_prefixes = hot_prefixes

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        handler, rest = self._find(scope["method"], scope["path"])
        if handler is None:
            if self.pages is not None and not scope["path"].startswith(self.hot_prefixes):

                async def coming() -> Any:
                    """The bridge to the pages schedules this from a thread, which takes a true coroutine."""
                    return await receive()

                await self.pages(scope, coming, send)
                return
            if scope["method"] == "OPTIONS":
                await _send(send, Response(204))
                return
            await _send(send, self._nothing(scope["path"]))
            return
        request = Request(scope, receive, self.proxies)
        request.rest = rest
        try:
            response = await handler(request)
        except TooLarge:
            response = problem(
                413, "too_large", "The request is larger than allowed.", "Send smaller batches."
            )
        except TooSlow:
            response = problem(408, "too_slow", "The request did not come in time; send it again.")
        except Unreadable as error:
            response = problem(400, "unreadable", "The request cannot be read.", str(error))
        except Gone:
            return
        except Exception as error:
            log.error("front.failed", path=scope["path"][:100], error=type(error).__name__)
            response = problem(503, "unavailable", "Heed cannot answer just now; try again.", "", 5)
        await _send(send, response, bodiless=scope["method"] == "HEAD")

    def _nothing(self, path: str) -> Response:
        """Not found, or only not in this way."""
        known = sorted(method for method in ("GET", "POST") if self._find(method, path)[0] is not None)
        if not known:
            return problem(404, "not_found", "There is nothing at this address.", path[:200])
        allowed = ", ".join(known)
        found = problem(405, "wrong_method", f"This address takes {allowed}.")
        return msgspec.structs.replace(found, headers=(*found.headers, (b"allow", allowed.encode())))

    def _find(self, method: str, path: str) -> tuple[Handler | None, str]:
        if method == "HEAD":
            method = "GET"
        handler = _exact.get((method, path))
        if handler is not None:
            return handler, ""
        for wanted, prefix, each in _prefixes:
            if wanted == method and path.startswith(prefix):
                return each, path[len(prefix) :]
        return None, ""

    async def _lifespan(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                for hook in _starting:
                    await hook()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                for hook in reversed(_stopping):
                    await hook()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _send(send: Any, response: Response, bodiless: bool = False) -> None:
    headers = [(b"content-type", response.content_type), *response.headers]
    if response.stream is None:
        headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if bodiless else response.body})
        return
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    try:
        async for part in response.stream:
            await send({"type": "http.response.body", "body": part, "more_body": True})
    except Exception as error:
        log.info("front.stream_ended", error=type(error).__name__)
    await send({"type": "http.response.body", "body": b""})
