"""Webhooks on the raw front: what other systems push, signed, durable before the 200."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections import Counter
from typing import Any

import msgspec
import structlog

from heed.collect import store
from heed.collect.domain.hooks.kinds import Options, Reader
from heed.collect.domain.hooks.signatures import WRONG
from heed.collect.domain.mapping import MappingError
from heed.collect.domain.protocol import REASONS
from heed.collect.hot import Collector
from heed.kit.failures import failure
from heed.kit.front import Request, Response, answer, on_stop, problem, register_hot
from heed.kit.rate import WAIT, tries
from heed.kit.sealing import Unreadable, unseal
from heed.ports.ledger import LIVE, LedgerUnavailable
from heed.ports.recent import recent

HOOK_BYTES = 1_048_576
"""Most bytes of one delivery; senders' own limits are lower."""
_FRESH = 2.0
_COUNT_EVERY = 0.5
log = structlog.get_logger()


def purpose_of(source: str) -> bytes:
    """What a webhook's secret is sealed for."""
    return f"heed hook {source}".encode()


class _Hook(msgspec.Struct, frozen=True):
    source: str
    secret: str
    reader: Reader | None
    on: bool


class Hooks:
    """Answers `/hooks/<public id>`; one per front process. Uses the collector's pool, ledger, clock and limits."""

    def __init__(self, collector: Collector, master_key: bytes) -> None:
        self.collector = collector
        self.master_key = master_key
        self._known: dict[str, tuple[float, _Hook | None]] = {}
        self._strangers = tries()
        self._refused: Counter[tuple[str, str]] = Counter()
        self._counting: asyncio.Task[None] | None = None

    def register(self) -> None:
        register_hot("POST", "/hooks/*", self.take)
        on_stop(self.stop)

    async def stop(self) -> None:
        if self._counting is not None:
            self._counting.cancel()
            await self._count()

    async def take(self, request: Request) -> Response:
        hook = await self._hook(request)
        if isinstance(hook, Response):
            return hook
        body = await request.body(min(HOOK_BYTES, self.collector.batch_bytes))
        received = self.collector.clock()

        def header(name: str) -> str:
            return request.header(name.encode("latin-1", "replace")).decode("latin-1")

        if hook.reader is None or not hook.secret:
            return problem(
                503, "not_ready", "This webhook is not set up to its end.", "See Sources in Heed.", 60
            )
        if wrong := hook.reader.refusal(header, body, hook.secret, received):
            return self._turned_away(hook, wrong, request.address)
        if not hook.on:
            return problem(404, "source_disabled", "This webhook is switched off.")
        if wait := await self.collector.overloaded():
            return problem(
                429,
                "too_much",
                "Events arrive faster than they are carried; send this again later.",
                "",
                wait,
            )
        try:
            return await self._keep(hook, hook.reader, header, body, received)
        except LedgerUnavailable as error:
            log.warning("hooks.not_durable", **failure(error))
            return problem(503, "not_durable", "Heed cannot keep events just now; send this again.", "", 5)

    async def _keep(self, hook: _Hook, reader: Reader, header: Any, body: bytes, received: int) -> Response:
        payload = decoded(body)
        delivery = reader.delivery(header, body, payload)
        key = hashlib.blake2b(delivery.id.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        pool = self.collector.pool
        try:
            if await store.delivered(pool, hook.source, key):
                return answer({"success": True})
            outcome = reader.outcome(delivery, payload, body, received, self.collector.limits)
            if outcome.dropped:
                await store.bury_delivery(
                    pool, hook.source, outcome.dropped, received, delivery.id, delivery.topic
                )
        except Exception as error:
            raise LedgerUnavailable(f"{type(error).__name__}: {error}") from error
        for event in outcome.events:
            event.source = hook.source
        if outcome.events:
            await self.collector.ledger.append_soon(LIVE, outcome.events)
            recent.add(outcome.events, len(body))
        # In general words: what was sent is in the dead letter alone.
        why = outcome.ignored or (REASONS[outcome.dropped[0].reason] if outcome.dropped else "")
        try:
            await store.note_delivery(
                pool, hook.source, key, delivery.topic, len(outcome.events), why, received
            )
        except Exception as error:
            # It is safe in the ledger: sent again, its message id keeps it from counting twice.
            log.warning("hooks.not_noted", error=type(error).__name__)
        return answer({"success": True})

    async def _hook(self, request: Request) -> _Hook | Response:
        public_id, now = request.rest, time.monotonic()
        kept = self._known.get(public_id)
        if kept is None or now - kept[0] > _FRESH:
            if (kept is None or kept[1] is None) and not self._strangers.take(request.address, now):
                return problem(
                    429, "too_many_tries", "Too many unknown addresses were tried from here.", "", WAIT
                )
            if len(public_id) > 100 or not public_id.isascii() or not public_id.isprintable():
                return _unknown()
            try:
                row = await store.hook_of(self.collector.pool, public_id)
            except Exception as error:
                log.warning("hooks.no_lookup", error=type(error).__name__)
                return problem(503, "unavailable", "Heed cannot look up webhooks just now.", "", 5)
            if len(self._known) > 10_000:
                self._known.clear()
            kept = (now, self._opened(row) if row else None)
            self._known[public_id] = kept
        return kept[1] or _unknown()

    def _opened(self, row: store.HookRow) -> _Hook:
        secret, reader = "", None
        try:
            if row.secret:
                secret = unseal(self.master_key, bytes(row.secret), purpose_of(row.source)).decode()
            reader = Reader(row.kind, msgspec.convert(row.options, Options))
        except (Unreadable, MappingError, msgspec.ValidationError) as error:
            log.warning("hooks.unusable", source=row.source, error=type(error).__name__)
        return _Hook(row.source, secret, reader, row.on)

    def _turned_away(self, hook: _Hook, reason: str, address: str) -> Response:
        """Asked after the signature, so that whoever signs rightly is let in however many others try."""
        self._refused[hook.source, reason] += 1
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count_soon())
        if not self._strangers.take(address, time.monotonic()):
            return problem(429, "too_many_tries", "Too many wrong signatures from here.", "", WAIT)
        return problem(401, reason, WRONG[reason], "See this webhook under Sources in Heed.")

    async def _count_soon(self) -> None:
        await asyncio.sleep(_COUNT_EVERY)
        await self._count()

    async def _count(self) -> None:
        """Many at once, so that a flood of wrong signatures is no flood of statements."""
        refused, self._refused = self._refused, Counter()
        with contextlib.suppress(Exception):
            await store.note_refusals(self.collector.pool, refused, self.collector.clock())


def decoded(body: bytes) -> Any:
    """The JSON, None where it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def _unknown() -> Response:
    return problem(404, "unknown_hook", "There is no webhook at this address.", "See Sources in Heed.")
