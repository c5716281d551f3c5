"""Whom a question on the raw front is about, and whose key it comes with.

A website's key stands open for anybody to read: with such a key only the visitor's own anonymous id says who.
"""

from __future__ import annotations

import msgspec

from heed.collect.api import Collector, Source
from heed.kit.front import Request, Response, problem


class Whom(msgspec.Struct, frozen=True):
    source: Source
    user_id: str
    anonymous_id: str


class Named(msgspec.Struct, rename="camel", kw_only=True):
    """What every question holds beside its own."""

    user_id: str | int | None = None
    anonymous_id: str | int | None = None
    write_key: str = ""


async def whom(request: Request, asked: Named, collector: Collector) -> Whom | Response:
    """Who is meant, or the answer to a key that opens nothing or to a question about nobody."""
    _, key = request.credentials()
    source = await collector.source(key or asked.write_key, request)
    if isinstance(source, Response):
        return source
    user_id = "" if source.public else _identifier(asked.user_id)
    anonymous_id = _identifier(asked.anonymous_id)
    if user_id or anonymous_id:
        return Whom(source, user_id, anonymous_id)
    wanted = "`userId` or `anonymousId`"
    if source.public:
        wanted = "`anonymousId`. With a website's key, which anybody can read, `userId` is not asked"
    return problem(400, "no_identity", f"Say whom this is about: {wanted}.")


def _identifier(value: str | int | None) -> str:
    return value.strip()[:1_000] if isinstance(value, str) else "" if value is None else str(value)
