"""The tracking API on the raw front: durable before the 200."""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import structlog
from psycopg_pool import AsyncConnectionPool

from heed.collect import store
from heed.collect.domain.batches import accept
from heed.collect.domain.keys import key_hash
from heed.collect.domain.protocol import KINDS, SHORT, BadRequest, Dropped, Limits, own_visitor_only, parse
from heed.collect.domain.tag import tag_script
from heed.contracts.accepted import AnyEvent
from heed.contracts.event import Event
from heed.kit.clock import DAY, Clock
from heed.kit.failures import failure
from heed.kit.front import Request, Response, answer, on_start, on_stop, problem, register_hot
from heed.kit.rate import WAIT, Buckets, tries
from heed.ports.ledger import BULK, LIVE, Ledger, LedgerUnavailable
from heed.ports.recent import recent

_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_SOURCES_FRESH = 2.0
_BACKLOG_FRESH = 2.0
_MOST_KEYS = 10_000
_DONE = answer({"success": True})
_LIVE_LIMIT = 200
log = structlog.get_logger()


class Source(msgspec.Struct, frozen=True):
    """`public` says that the key stands open in a web page, so that anybody may hold it."""

    id: str
    disabled: bool
    public: bool


class Collector:
    """Accepts what trackers send; one per front process."""

    def __init__(
        self,
        dsn: str,
        ledger: Ledger,
        clock: Clock,
        limits: Limits,
        batch_bytes: int,
        backlog: int,
        public_url: str,
    ) -> None:
        self.ledger = ledger
        self.clock = clock
        self.limits = limits
        self.batch_bytes = batch_bytes
        self.backlog = backlog
        self.public_url = public_url
        self.pool = AsyncConnectionPool(
            dsn, min_size=0, max_size=3, open=False, timeout=5, kwargs={"autocommit": True}
        )
        self._sources: dict[str, tuple[float, Source | None]] = {}
        self._keys: dict[bytes, str] = {}
        self._strangers = Buckets(rate=5.0, burst=50.0)
        self._behind = 0
        self._behind_at = -1.0

    def register(self) -> None:
        on_start(self.pool.open)
        on_stop(self.pool.close)
        for kind in KINDS:
            self._register(kind, kind)
        for short, kind in SHORT.items():
            self._register(short, kind)
        for path in ("batch", "import", "b"):
            self._register(path, "batch")
        register_hot("POST", "/beacon/v1/batch", self._handler("batch"))
        register_hot("POST", "/v1/m", self._swallow)
        register_hot("GET", "/v1/projects/*", self._settings)
        register_hot("GET", "/pixel/v1/track", self._pixel("track"))
        register_hot("GET", "/pixel/v1/page", self._pixel("page"))
        register_hot("GET", "/t.js", self._tag)

    def _register(self, path: str, kind: str) -> None:
        handler = self._handler(kind)
        register_hot("POST", f"/v1/{path}", handler)

    def _handler(self, kind: str) -> Any:
        async def handle(request: Request) -> Response:
            body = await request.body(self.batch_bytes)
            return await self.collect(request, body, kind)

        return handle

    async def collect(self, request: Request, body: bytes, kind: str) -> Response:
        received = self.clock()
        dropped: list[Dropped] = []
        events: Sequence[AnyEvent]
        if read := accept(body, received, self.limits) if kind == "batch" else None:
            events, write_key = read
        else:
            try:
                parsed = parse(body, kind, received, self.limits)
            except BadRequest as error:
                return problem(400, "bad_request", "The body is no such tracking call.", str(error))
            events, dropped, write_key = parsed.events, parsed.dropped, parsed.write_key
        key = self._key_of(request) or write_key or request.query("writeKey")
        source = await self.source(key, request)
        if isinstance(source, Response):
            return source
        if wait := await self.overloaded():
            return problem(
                429,
                "too_much",
                "Events arrive faster than they are carried; send this again later.",
                "",
                wait,
            )
        if source.public and not read:
            events, refused = own_visitor_only(parsed.events)
            dropped += refused
        for event in events:
            event.source = source.id
        try:
            if dropped:
                await self.bury(source.id, dropped, received)
            if events:
                lane = BULK if request.path.endswith("/import") else LIVE
                await self.ledger.append_soon(lane, events)
                if lane == LIVE:
                    recent.add(events, len(body))
        except LedgerUnavailable as error:
            log.warning("collect.not_durable", **failure(error))
            return problem(503, "not_durable", "Heed cannot keep events just now; send this again.", "", 5)
        return _DONE

    def _key_of(self, request: Request) -> str:
        """The key in the Authorization header, each different header looked into once."""
        header = request.header(b"authorization")
        key = self._keys.get(header)
        if key is None:
            _, key = request.credentials()
            if len(header) < 400:
                if len(self._keys) >= _MOST_KEYS:
                    self._keys.clear()
                self._keys[header] = key
        return key

    async def source(self, key: str, request: Request) -> Source | Response:
        """Whose key this is, or the response for a key that opens nothing."""
        if not key or len(key) > 200:
            return problem(401, "no_write_key", "The request carries no write key.", "See Sources in Heed.")
        now = time.monotonic()
        kept = self._sources.get(key)
        if kept is None or now - kept[0] > _SOURCES_FRESH:
            if (kept is None or kept[1] is None) and not self._strangers.take(request.address, now):
                return problem(429, "too_many_keys", "Too many unknown write keys from here.", "", WAIT)
            if kept is not None and kept[1] is not None:
                # One request asks again; the others go by what is known until it is answered.
                self._sources[key] = (now, kept[1])
            try:
                found = await store.source_of(self.pool, key_hash(key))
            except Exception as error:
                if kept is None:
                    log.warning("collect.no_sources", error=type(error).__name__)
                    return problem(503, "unavailable", "Heed cannot look up write keys just now.", "", 5)
                found = (kept[1].id, kept[1].disabled, kept[1].public) if kept[1] else None
            if len(self._sources) >= _MOST_KEYS:
                self._sources.clear()
            kept = (now, Source(*found) if found else None)
            self._sources[key] = kept
        source = kept[1]
        if source is None:
            return problem(401, "unknown_write_key", "This write key is not known.", "See Sources in Heed.")
        if source.disabled:
            return problem(404, "source_disabled", "The source of this write key is switched off.")
        return source

    async def overloaded(self) -> int:
        """Seconds to wait where too much is accepted and not yet carried, else 0."""
        now = time.monotonic()
        if now - self._behind_at > _BACKLOG_FRESH:
            self._behind_at = now
            try:
                self._behind = await store.backlog(self.pool)
            except Exception:
                self._behind = 0
        return 30 if self._behind > self.backlog else 0

    async def bury(self, source: str, dropped: list[Dropped], received: int) -> None:
        try:
            await store.bury(self.pool, source, dropped, received)
        except Exception as error:
            raise LedgerUnavailable(f"dead letters: {type(error).__name__}: {error}") from error

    async def _swallow(self, request: Request) -> Response:
        await request.body(self.batch_bytes)
        return _DONE

    async def _settings(self, request: Request) -> Response:
        """What Segment's browser library asks before it sends: where to, and with which key."""
        key = request.rest.partition("/")[0]
        host = request.header(b"host").decode("latin-1")
        base = self.public_url.split("://", 1)
        protocol = base[0] if len(base) == 2 else "http"
        return answer(
            {
                "integrations": {
                    "Segment.io": {"apiKey": key, "apiHost": f"{host}/v1", "protocol": protocol}
                },
                "plan": {
                    "track": {"__default": {"enabled": True}},
                    "identify": {"__default": {"enabled": True}},
                },
                "edgeFunction": {},
                "analyticsNextEnabled": True,
                "middlewareSettings": {},
                "enabledMiddleware": {},
                "metrics": {"sampleRate": 0},
                "legacyVideoPluginsEnabled": False,
                "remotePlugins": [],
            }
        )

    def _pixel(self, kind: str) -> Any:
        async def handle(request: Request) -> Response:
            """A call as base64 JSON in `data`; the image comes back whatever became of it."""
            try:
                body = base64.b64decode(request.query("data") + "==", validate=False)
            except (binascii.Error, ValueError):
                body = b""
            if body:
                await self.collect(request, body, kind)
            return Response(200, _PIXEL, b"image/gif", ((b"cache-control", b"no-store"),))

        return handle

    async def _tag(self, request: Request) -> Response:
        script, tag = tag_script()
        if request.header(b"if-none-match") == tag:
            return Response(304, b"", b"text/javascript; charset=utf-8", ((b"etag", tag),))
        return Response(
            200,
            script,
            b"text/javascript; charset=utf-8",
            (
                (b"cache-control", b"public, max-age=3600"),
                (b"etag", tag),
                (b"access-control-allow-origin", b"*"),
                (b"cross-origin-resource-policy", b"cross-origin"),
            ),
        )


class LiveFeed:
    """Server-sent events of what is being accepted, for the debugger: one reader however many watch."""

    def __init__(self, ledger: Ledger, pool: AsyncConnectionPool, check: Any) -> None:
        self.ledger = ledger
        self.pool = pool
        self.check = check
        self._strangers = tries()
        self.watchers: set[asyncio.Queue[bytes]] = set()
        self.task: asyncio.Task[None] | None = None

    def register(self) -> None:
        register_hot("GET", "/live/events", self.watch)
        on_stop(self.stop)

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()

    async def watch(self, request: Request) -> Response:
        if not self.check(request.query("token")):
            if not self._strangers.take(request.address, time.monotonic()):
                return problem(
                    429, "too_many_tries", "Too many links that are not valid from here.", "", WAIT
                )
            return problem(403, "not_allowed", "Open the debugger again: this link is no longer valid.")
        if len(self.watchers) >= 50:
            return problem(503, "too_many", "Too many people watch already.", "", 30)
        return Response(
            200,
            content_type=b"text/event-stream",
            headers=((b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")),
            stream=self._stream(),
        )

    async def _stream(self) -> AsyncIterator[bytes]:
        queue: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1_000)
        self.watchers.add(queue)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._read())
        try:
            yield b"retry: 2000\n\n: watching\n\n"
            ends = time.monotonic() + 3_600
            while time.monotonic() < ends:
                try:
                    yield await asyncio.wait_for(queue.get(), 10)
                except TimeoutError:
                    yield b": still here\n\n"
        finally:
            self.watchers.discard(queue)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        position = (await loop.run_in_executor(None, self.ledger.head)).get(LIVE, 0)
        letter = await store.last_dead_letter(self.pool)
        while self.watchers:
            try:
                span = await loop.run_in_executor(None, self.ledger.read, LIVE, position, _LIVE_LIMIT)
                if span is not None:
                    position = span.last
                    for event in span.events[-_LIVE_LIMIT:]:
                        self._tell(b"event", _line(event))
                found = await store.dead_letters_after(self.pool, letter)
                for number, line in found:
                    letter = number
                    self._tell(b"dropped", line)
            except Exception as error:
                log.warning("live.failed", error=type(error).__name__)
                await asyncio.sleep(2)
            await asyncio.sleep(0.3)

    def _tell(self, kind: bytes, line: bytes) -> None:
        message = b"event: " + kind + b"\ndata: " + line + b"\n\n"
        for queue in self.watchers:
            if not queue.full():
                queue.put_nowait(message)


def _line(event: Event) -> bytes:
    return msgspec.json.encode(event)


def limits_of(event_bytes: int, batch_events: int, past_days: int) -> Limits:
    return Limits(event_bytes=event_bytes, batch_events=batch_events, past_ms=past_days * DAY)
