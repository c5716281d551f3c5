"""`POST /v1/decide` on the raw front: fold what is pending over the stored state, then choose.

A web page's key stands open for anybody to read. With such a key only the anonymous id says who is asked
about, and the answer leaves out how the person feels and why the team thinks so.
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from typing import Any

import msgspec
import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool

from heed.collect.api import Collector, Dropped, Limits, event_of_raw, own_visitor_only
from heed.contracts import vocabulary
from heed.contracts.decision import Decision
from heed.contracts.event import Event
from heed.contracts.fold import State
from heed.contracts.lake import open_event
from heed.contracts.soundness import TooDeep, sound
from heed.decisions import store
from heed.decisions.about import Named, whom
from heed.decisions.domain.catalogue import Catalogue
from heed.decisions.domain.choose import Situation, choose
from heed.kit.clock import Clock
from heed.kit.failures import failure
from heed.kit.front import Request, Response, answer, on_start, on_stop, problem, register_hot
from heed.ports.ledger import LIVE, Ledger, LedgerUnavailable
from heed.ports.recent import not_carried, recent
from heed.ports.sensing import sensing
from heed.profiles import api as profiles
from heed.sense import api as sense

_MOST_BYTES = 262_144
_MOST_EVENTS = 100
_CATALOGUE_FRESH = 1.0
_NOTICED: Any = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 5_000,
}
"""So that a connection to a database that fell silent ends within seconds (the last in ms)."""
log = structlog.get_logger()


class _Ask(Named, rename="camel"):
    placement: str
    channel: str = ""
    context: dict[str, Any] = {}
    events: list[msgspec.Raw] = []


_ask = msgspec.json.Decoder(_Ask)


class Decider:
    """Answers decisions; one per front process."""

    def __init__(
        self,
        dsn: str,
        ledger: Ledger,
        collector: Collector,
        normaliser: profiles.Normaliser,
        hasher: profiles.Hasher,
        limits: Limits,
        clock: Clock,
        declared_open: frozenset[str],
    ) -> None:
        self.dsn = dsn
        self.ledger = ledger
        self.collector = collector
        self.normaliser = normaliser
        self.hasher = hasher
        self.limits = limits
        self.clock = clock
        self.declared_open = declared_open
        self.pool = AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=4,
            open=False,
            timeout=5,
            kwargs={"autocommit": True, "prepare_threshold": 0},
        )
        self.catalogue: Catalogue | None = None
        self._loading = threading.Lock()
        self._loader: psycopg.Connection | None = None
        self._refresher: asyncio.Task[None] | None = None

    def register(self) -> None:
        on_start(self._start)
        on_stop(self._stop)
        register_hot("POST", "/v1/decide", self.decide)

    async def _start(self) -> None:
        await self.pool.open()
        self._refresher = asyncio.create_task(self._keep_fresh())

    async def _stop(self) -> None:
        if self._refresher is not None:
            self._refresher.cancel()
        await self.pool.close()
        # Not by the lock: a load may hang, and this is the loop.
        if self._loader is not None:
            self._loader.close()

    async def _keep_fresh(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                self.catalogue = await loop.run_in_executor(None, self._load)
            except Exception as error:
                log.warning("decide.catalogue_failed", error=type(error).__name__)
            await asyncio.sleep(_CATALOGUE_FRESH)

    def _load(self) -> Catalogue:
        """The catalogue, and the conditions, segments and weights in force for the fold of pending events."""
        with self._loading:
            if self._loader is None or self._loader.closed:
                self._loader = psycopg.connect(self.dsn, autocommit=True, connect_timeout=3, **_NOTICED)
            try:
                profiles.counting.set(profiles.atoms_in_force(self._loader))
                profiles.reload(self._loader)
                return store.catalogue(self._loader)
            except Exception:
                self._loader.close()
                raise

    async def decide(self, request: Request) -> Response:
        body = await request.body(_MOST_BYTES)
        try:
            ask = _ask.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            return problem(400, "bad_request", "The body is no such question.", str(error)[:300])
        asked = await whom(request, ask, self.collector)
        if isinstance(asked, Response):
            return asked
        source, user_id, anonymous_id = asked.source, asked.user_id, asked.anonymous_id
        ask.placement, ask.channel = sound(ask.placement), sound(ask.channel)
        if not ask.placement.strip():
            return problem(400, "no_placement", "Say for which `placement` something is to be decided.")
        if len(ask.events) > _MOST_EVENTS:
            return problem(400, "too_many", f"At most {_MOST_EVENTS} events go with one question.")
        if self.catalogue is None:
            self.catalogue = await asyncio.get_running_loop().run_in_executor(None, self._load)
        try:
            context = sound(ask.context)
        except (TooDeep, RecursionError):
            return problem(400, "too_deep", "The context is nested too deep.")
        received = self.clock()
        events, dropped = self._inline(ask, user_id, anonymous_id, source.id, received)
        if source.public:
            events, refused = own_visitor_only(events)
            dropped += refused
        asking = Event(
            message_id=f"heed-decision-{uuid.uuid4()}",
            type="track",
            occurred=received,
            received=received,
            name=vocabulary.DECISION_MADE,
            user_id=user_id,
            anonymous_id=anonymous_id,
            source=source.id,
            context=context,
        )
        profile_id, state = await self.state_of(events, asking)
        mood = sense.mood_at(state, received)
        circumstances = sense.circumstances_at(state, received)
        stance = sense.stance_of(state, received)
        decision = choose(
            self.catalogue,
            Situation(
                state, mood, circumstances, stance, ask.placement.strip()[:100], ask.channel[:40], received
            ),
        )
        purpose = self.catalogue.purpose_of(decision.action)
        asking.properties = _record(decision, asking.message_id, ask, purpose)
        try:
            if dropped:
                await self.collector.bury(source.id, dropped, received)
            kept = [*events, asking]
            await self.ledger.append_soon(LIVE, kept)
            recent.add(kept, sum(map(len, ask.events)))
        except LedgerUnavailable as error:
            log.warning("decide.not_durable", **failure(error))
            return problem(503, "not_durable", "Heed cannot keep events just now; ask again.", "", 5)
        found: dict[str, Any] = {
            "decisionId": asking.message_id,
            "action": decision.action,
            "treatment": decision.treatment,
            "customerWhy": decision.customer_why,
        }
        if not source.public:
            found |= {
                "profileId": profile_id,
                "mood": mood,
                "circumstances": circumstances,
                "stance": stance,
                "why": decision.why,
                "considered": decision.considered,
            }
        if dropped:
            found["dropped"] = [{"reason": each.reason, "detail": each.detail} for each in dropped]
        return answer(found)

    def _inline(
        self, ask: _Ask, user_id: str, anonymous_id: str, source: str, received: int
    ) -> tuple[list[Event], list[Dropped]]:
        """The events of the request; one that names nobody is about the person asked about."""
        events: list[Event] = []
        dropped: list[Dropped] = []
        for raw in ask.events:
            found = event_of_raw(bytes(raw), received, self.limits, user_id, anonymous_id)
            if isinstance(found, Dropped):
                dropped.append(found)
            else:
                found.source = source
                events.append(found)
        return events, dropped

    async def state_of(self, events: list[Event], asking: Event) -> tuple[uuid.UUID, State]:
        """The person's state with everything folded in that was accepted here and is not carried yet."""
        normaliser, hasher = self.normaliser, self.hasher
        own = [*events, asking]
        lately = recent.of(asking.user_id, asking.anonymous_id)
        hashes = [
            hash
            for event in (*lately, *own)
            for hash in profiles.lookups(
                event, profiles.hashes_of(event, normaliser, hasher), normaliser, hasher
            )
        ]
        carried, owners, encoded = await store.snapshot(self.pool, hashes)
        states = {each: profiles.fold.decode(data) for each, data in encoded.items()}
        working = profiles.Working(profiles.fold, normaliser, hasher, owners, states)
        earlier = not_carried(lately, carried)
        profile_id: uuid.UUID | None = None
        for event in [*earlier, *own]:
            resolved = working.resolve(event, profiles.hashes_of(event, normaliser, hasher))
            if resolved.profile_id is None:
                continue
            state = working.states[resolved.profile_id]
            if event is asking:
                profile_id = resolved.profile_id
                sensing().notice(state, event)
                continue
            profiles.fields.refuse(state, event)
            self._prepare(event, state)
            profiles.fold.apply(state, event, event.occurred)
        if profile_id is None:
            return uuid.UUID(int=0), profiles.fold.new()
        return profile_id, working.states[profile_id]

    def _prepare(self, event: Event, state: State) -> None:
        if event.understanding is None and (text := sensing().text_of(event)):
            event.understanding = sensing().understand_many([text])[0]
        open_event(event, profiles.identifying_texts(state), self.declared_open)


def _record(decision: Decision, decision_id: str, ask: _Ask, purpose: str) -> dict[str, Any]:
    """The decision as an event's properties, with what was rejected and why."""
    properties: dict[str, Any] = {
        "decision_id": decision_id,
        "placement": ask.placement.strip()[:100],
        "channel": ask.channel[:40],
        "action": decision.action or "",
        "why": list(decision.why),
        "considered": [
            {"action": each.action, "name": each.name, "outcome": each.outcome, "reason": each.reason,
             "priority": round(each.priority, 4)}
            for each in decision.considered
        ],
    }  # fmt: skip
    if purpose:
        properties["purpose"] = purpose
    if decision.treatment is not None:
        properties["treatment"] = decision.treatment.id
    return properties
