"""`POST /v1/known` on the raw front: what a form need not ask, told while the page is being shown.

With a website's key, which anybody can read, only the visitor's own anonymous id says who; the answer holds no value.
"""

from __future__ import annotations

import time
import uuid

import msgspec

from heed.collect.api import Collector
from heed.contracts.consent import SERVICE
from heed.contracts.event import Event
from heed.decisions.about import Named, whom
from heed.decisions.hot import Decider
from heed.kit.front import Request, Response, answer, problem, register_hot
from heed.kit.rate import WAIT, Buckets
from heed.profiles import api as profiles

_MOST_BYTES = 16_384
_MOST_FIELDS = 100


class _Ask(Named, rename="camel"):
    fields: list[str]
    purpose: str = SERVICE


_ask = msgspec.json.Decoder(_Ask)


class KnownFields:
    """One per front process; reads states the way decisions do, so that what was said a moment ago is known."""

    def __init__(self, decider: Decider, collector: Collector) -> None:
        self.decider = decider
        self.collector = collector
        self._callers = Buckets(rate=10.0, burst=60.0)

    def register(self) -> None:
        register_hot("POST", "/v1/known", self.known)

    async def known(self, request: Request) -> Response:
        body = await request.body(_MOST_BYTES)
        try:
            ask = _ask.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            return problem(400, "bad_request", "The body is no such question.", str(error)[:300])
        asked = await whom(request, ask, self.collector)
        if isinstance(asked, Response):
            return asked
        if asked.source.public and not self._callers.take(request.address, time.monotonic()):
            return problem(429, "too_many", "Too many questions from here; ask again later.", "", WAIT)
        if not 0 < len(ask.fields) <= _MOST_FIELDS:
            return problem(400, "no_fields", f"Name 1 to {_MOST_FIELDS} `fields`.")
        now = self.decider.clock()
        asking = Event(
            f"heed-known-{uuid.uuid4()}",
            "track",
            now,
            now,
            "Known Asked",
            asked.user_id,
            asked.anonymous_id,
            source=asked.source.id,
        )
        _, state = await self.decider.state_of([], asking)
        permitted = profiles.fields.permits(state, ask.purpose, now)
        found = {name: profiles.fields.known(state, name) for name in ask.fields}
        return answer(
            {
                "fields": {
                    name: {"known": has, "permitted": permitted and seen}
                    for name, (has, seen) in found.items()
                }
            }
        )
