"""Carrying one micro-batch round the loop.

read → dedupe → resolve identity → load profiles → fold → save → put out for the lake → announce

Everything a batch changes, its position in the ledger and its rows for the lake are one database
transaction. A process killed at any moment therefore leaves a batch either done or not begun. The rows reach
the lake from the outbox, in numbered appends (see `lake_writer`).
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import msgspec
import psycopg
import structlog

from heed.collect.api import Dropped, bury_rows, call_of
from heed.contracts import vocabulary as v
from heed.contracts.event import OWN_SOURCE, Effect, Event, Identifier
from heed.contracts.lake import open_event
from heed.kit.clock import DAY, HOUR, Clock, moment
from heed.kit.sealing import seal
from heed.pipeline import store
from heed.pipeline.effects import apply_effects
from heed.pipeline.lake_rows import RowBuilder
from heed.pipeline.store import Conflict
from heed.ports.ledger import PARTS, Ledger
from heed.ports.sensing import Sensing
from heed.profiles import api as profiles
from heed.rules.tree import atom_from_json

log = structlog.get_logger()
_CONFLICTS_BELIEVED = 25
"""In a row; after so many what conflicts is taken for at fault itself, so that it cannot stop all others."""
MUCH = 2_000
"""Events waiting, from which several engines share them. Fewer are carried soonest by one: a batch costs as much as
ten events before it has any, and what a second engine takes of the processors the front and the database lack."""
NEWS = DAY
"""What is told longer after it happened (ms) is history: segments it moves somebody into or out of are not
announced, as with all of a history half told somebody may be in any."""
_PAUSES = (0.05, 0.2, 1.0)
_encode_event = msgspec.msgpack.Encoder().encode
Pairs = list[tuple[Identifier, uuid.UUID]]


class Carried(msgspec.Struct):
    """What one batch did; `poisoned` events could not be carried and became dead letters.

    `waited` is how long the first of them had been waiting (ms); `own` is whether all of them were Heed's own news.
    """

    lane: int
    last: int
    events: int = 0
    duplicates: int = 0
    nobody: int = 0
    profiles: int = 0
    poisoned: int = 0
    waited: int = 0
    own: bool = False


Feeling = tuple[float, float] | None


class Folded(msgspec.Struct, frozen=True):
    """How many profiles changed; and of each event whose it was when it was folded, and how they felt after it."""

    touched: int
    owners: list[uuid.UUID | None]
    feelings: list[Feeling]


class Carrier:
    """Carries batches over one database connection."""

    def __init__(
        self,
        connection: psycopg.Connection,
        ledger: Ledger,
        sensing: Sensing,
        normaliser: profiles.Normaliser,
        hasher: profiles.Hasher,
        master_key: bytes,
        clock: Clock,
        declared_open: frozenset[str] = frozenset(),
    ) -> None:
        self.connection = connection
        self.ledger = ledger
        self.sensing = sensing
        self.normaliser = normaliser
        self.hasher = hasher
        self.master_key = master_key
        self.clock = clock
        self.declared_open = declared_open
        self.conflicts: Counter[int] = Counter()
        self._rules: store.Rules | None = None
        self._leads = False
        store.prepare(connection)
        profiles.prepare(connection)
        connection.execute("select set_config('application_name', %s, false)", [store.ENGINE])

    def carry(self, lane: int, limit: int, least: int = 1) -> Carried | None:
        """`carry_once`, remembering how often another engine came between."""
        try:
            done = self.carry_once(lane, limit, least)
        except (Conflict, psycopg.errors.DeadlockDetected):
            self.conflicts[lane] += 1
            raise
        self.conflicts[lane] = 0
        return done

    def carry_once(self, lane: int, limit: int, least: int = 1) -> Carried | None:
        """Carry the lane's next batch; None where less than `least` waits, or nothing that no other engine has in hand.

        While little waits all parts are taken in one go, in the order of the ledger; of much each engine takes its share of
        the parts. Raises `Conflict`, having done nothing, where another engine came between. A batch that fails is
        done again with care.
        """
        try:
            return self._carry_next(lane, limit, least, self._carry)
        except Exception as error:
            if not self._may_be_fault_of_events(error, lane):
                raise
        return self._carry_next(lane, limit, least, self._carry_what_can_be)

    def _carry_next(
        self, lane: int, limit: int, least: int, carry: Callable[[Sequence[Event], Carried], None]
    ) -> Carried | None:
        head, lowest = store.behind(self.connection, lane)
        much = head - lowest >= MUCH
        if head - lowest < least:
            return None
        with self.connection.transaction():
            share = -(-PARTS // store.engines(self.connection)) if much else PARTS
            parts = store.take(self.connection, lane, head, share)
            if not parts:
                return None
            self._go_by_rules()
            span = self.ledger.read_parts(lane, parts, limit)
            full = span is not None and len(span.events) >= limit
            done = Carried(lane, span.last if span is not None and (full or span.last > head) else head)
            if span is not None:
                done.waited = self.clock() - span.events[0].received if span.events else 0
                done.own = all(event.source == OWN_SOURCE for event in span.events)
                carry(span.events, done)
            store.move(self.connection, lane, parts, done.last, moment(self.clock()))
            return done

    def leads(self) -> bool:
        """Whether this is the engine that carries what little comes."""
        self._leads = self._leads or store.lead(self.connection)
        return self._leads

    def take_rules(self) -> None:
        """Count what every profile has counters for and go by the definitions in force, for this transaction.

        Another engine may have changed either.
        """
        store.share_rules(self.connection)
        self._go_by_rules()

    def _go_by_rules(self) -> None:
        rules = store.rules(self.connection)
        if rules != self._rules:
            profiles.counting.set(map(atom_from_json, rules[0]))
            profiles.reload(self.connection)
            self._rules = rules

    def _carry_what_can_be(self, events: Sequence[Event], done: Carried) -> None:
        """Carry the events; one that cannot be carried becomes a dead letter and stops no other.

        What fails is halved until the events at fault stand alone. Where a certainly good event fails too, the
        fault is not theirs: nothing is carried and the error goes on to whoever runs the engine.
        """
        try:
            with self.connection.transaction():
                self._carry(events, done)
        except Exception as error:
            if not self._may_be_fault_of_events(error, done.lane):
                raise
            if len(events) > 1:
                half = len(events) // 2
                self._carry_what_can_be(events[:half], done)
                self._carry_what_can_be(events[half:], done)
                return
            if not self._works():
                raise
            if isinstance(error, Conflict) and self._again(events, done):
                return
            done.poisoned += 1
            log.error("carry.poisoned", message_key=str(message_key(events[0])), error=type(error).__name__)
            self._bury(events[0], error)

    def _may_be_fault_of_events(self, error: Exception, lane: int) -> bool:
        if isinstance(error, Conflict) and self.conflicts[lane] < _CONFLICTS_BELIEVED:
            return False
        return not (self.connection.closed or self.connection.broken) and _fault_of_events(error)

    def _again(self, events: Sequence[Event], done: Carried) -> bool:
        """Try an event alone that met another engine, giving that one time to end; whether it was carried."""
        for pause in _PAUSES:
            time.sleep(pause)
            try:
                with self.connection.transaction():
                    self._carry(events, done)
                return True
            except Conflict:
                continue
        return False

    def _works(self) -> bool:
        """Whether an event that is certainly good can be carried; what it does is undone."""
        now = self.clock()
        probe = Event(f"heed-probe-{uuid.uuid4()}", "track", now, now, "Heed Probe", "heed-probe")
        try:
            with self.connection.transaction(force_rollback=True):
                self._carry([probe], Carried(0, 0))
        except Exception:
            return False
        return True

    def _carry(self, events: Sequence[Event], done: Carried) -> None:
        now = moment(self.clock())
        fresh = self._dedupe(events, now)
        self._understand(fresh)
        rows = RowBuilder(done.lane)
        touched = self.fold_into(fresh, rows).touched
        store.put_out(self.connection, len(rows), rows.encoded(), _counts(events, fresh))
        done.events += len(fresh)
        done.duplicates += len(events) - len(fresh)
        done.nobody += rows.nobody
        done.profiles += touched

    def _bury(self, event: Event, error: Exception) -> None:
        detail = f"{type(error).__name__} while it was carried"
        try:
            payload = call_of(event)
        except Exception:
            payload = repr(event.message_id).encode()
        letter = Dropped("not_carried", detail, payload)
        bury_rows(self.connection, event.source, [letter], self.clock())

    def _dedupe(self, events: Sequence[Event], now: datetime) -> list[Event]:
        keyed: dict[uuid.UUID, Event] = {}
        for event in events:
            keyed.setdefault(message_key(event), event)
        fresh = store.unseen(self.connection, list(keyed), now)
        return [event for key, event in keyed.items() if key in fresh]

    def _understand(self, events: Sequence[Event]) -> None:
        found = [(event, text) for event in events if (text := self.sensing.text_of(event))]
        if found:
            readings = self.sensing.understand_many([text for _, text in found])
            for (event, _), reading in zip(found, readings, strict=True):
                event.understanding = reading

    def fold_into(
        self,
        events: Sequence[Event],
        rows: RowBuilder | None,
        apart: profiles.Apart | None = None,
        feel: bool = True,
    ) -> Folded:
        """Resolve and fold the events in order, save the profiles, and describe the events in `rows`.

        What is folded again comes without `rows`, with who is kept `apart` from the start; without `feel` nobody is
        asked how they felt.
        """
        connection, fold = self.connection, profiles.fold
        pairs = [profiles.hashes_of(event, self.normaliser, self.hasher) for event in events]
        working = self._load(events, pairs, apart)
        carried: list[tuple[Event, uuid.UUID | None, Feeling, bool]] = []
        effects: list[Effect] = []
        news: set[uuid.UUID] = set()
        for event, own in zip(events, pairs, strict=True):
            resolved = working.resolve(event, own)
            profile_id = resolved.profile_id
            if resolved.refused:
                event.marks = tuple(dict.fromkeys((*event.marks, *resolved.refused)))
            if profile_id is None:
                private = open_event(event, (), self.declared_open)
                carried.append((event, None, None, "name" not in private))
                continue
            state = working.states[profile_id]
            if rows is not None:
                profiles.fields.refuse(state, event)
            private = open_event(event, profiles.identifying_texts(state), self.declared_open)
            effects.extend(fold.apply(state, event, event.occurred))
            # A score is what a model says: nobody felt anything then, and figures by day are of those who did something.
            felt = feel and not profiles.is_merge(event) and event.name != v.SCORE_GIVEN
            feeling = self.sensing.feeling(state, event.occurred) if felt else None
            if rows is not None and event.received - event.occurred < NEWS:
                news.add(profile_id)
            carried.append((event, profile_id, feeling, "name" not in private))
        self._save(working, news)
        if rows is not None:
            self._describe(carried, pairs, working, rows)
            apply_effects(connection, effects)
        return Folded(
            len(working.touched),
            [profile_id for _, profile_id, _, _ in carried],
            [feeling for _, _, feeling, _ in carried],
        )

    def _load(
        self, events: Sequence[Event], pairs: Sequence[Pairs], apart: profiles.Apart | None
    ) -> profiles.Working:
        connection = self.connection
        hashes = [
            hash
            for event, own in zip(events, pairs, strict=True)
            for hash in profiles.lookups(event, own, self.normaliser, self.hasher)
        ]
        owners = profiles.owners(connection, hashes)
        candidates = {self.hasher.profile_id(own[0][1]) for own in pairs if own and own[0][1] not in owners}
        encoded = profiles.states(connection, {*owners.values(), *candidates}, lock=True)
        if profiles.owners(connection, hashes) != owners or not encoded.keys() >= set(owners.values()):
            raise Conflict("somebody's identifiers moved while their profiles were being locked")
        states = {profile_id: profiles.fold.decode(data) for profile_id, data in encoded.items()}
        erased = profiles.erased(connection, candidates) if candidates else frozenset()
        if apart is None:
            apart = profiles.apart_among(connection, states)
        return profiles.Working(profiles.fold, self.normaliser, self.hasher, owners, states, erased, apart)

    def _save(self, working: profiles.Working, news: Collection[uuid.UUID]) -> None:
        now = self.clock()
        joined = profiles.merge(self.connection, working.merges)
        profiles.lift(self.connection, working.apart.lifted)
        rows = [
            profiles.row_of(profile_id, profiles.fold.encode(state := working.states[profile_id]), state, now)
            for profile_id in working.touched
        ]
        if not (
            profiles.attach(self.connection, working.attached, working.known)
            and profiles.save(self.connection, rows, working.created, news, joined)
        ):
            raise Conflict("another engine made the same profile")

    def _describe(
        self,
        carried: Sequence[tuple[Event, uuid.UUID | None, Feeling, bool]],
        pairs: Sequence[Pairs],
        working: profiles.Working,
        rows: RowBuilder,
    ) -> None:
        """Rows keep the profile they were carried under, also where a later event of the batch merged it."""
        owners = {profile_id for _, profile_id, _, _ in carried if profile_id is not None}
        keys = profiles.keys(self.connection, owners, self.master_key)
        keys.update(profiles.make_keys(self.connection, owners - keys.keys(), self.master_key))
        for (event, profile_id, feeling, open_name), own in zip(carried, pairs, strict=True):
            sealed = None
            if profile_id is not None:
                sealed = seal(keys[profile_id], _whole(event), profiles.event_purpose(profile_id))
            hashes = profiles.lookups(event, own, self.normaliser, self.hasher)
            rows.add(event, profile_id, [hash.hex for hash in hashes], sealed, feeling, open_name)


def _counts(received: Sequence[Event], carried: Sequence[Event]) -> store.Counts:
    return {
        (moment(hour * HOUR), source, outcome): count
        for outcome, events in (("received", received), ("carried", carried))
        for (hour, source), count in Counter((each.received // HOUR, each.source) for each in events).items()
    }


def _fault_of_events(error: Exception) -> bool:
    """Not where the database is away, full, shutting down or busy with somebody else's locks."""
    if isinstance(error, MemoryError):
        return False
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return True
    state = getattr(error, "sqlstate", None) or "08000"
    return state[:2] not in {"08", "53", "57"} and state not in {"40001", "40P01", "55P03"}


def _whole(event: Event) -> bytes:
    """The event as replay needs it: `open` is derived again then."""
    opened, event.open = event.open, {}
    try:
        return _encode_event(event)
    finally:
        event.open = opened


def message_key(event: Event) -> uuid.UUID:
    """What makes two messages the same: their id, within their source."""
    text = f"{event.source}\x00{event.message_id}".encode("utf-8", "surrogatepass")
    return uuid.UUID(bytes=hashlib.blake2b(text, digest_size=16).digest())
