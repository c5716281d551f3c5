"""Undoing a merge: everybody concerned is folded again from the lake, with the two kept apart from the first event on.

Concerned is who shares an identifier with them, directly or through others, now or ever: nothing outside can have
made a difference to their histories, so that what comes out is what a full replay finds. No batch is under way
meanwhile, the lake has everything carried, and no filling is unfinished: it would add to the counters again what is
counted anew here.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import msgspec
import numpy as np
import psycopg
import structlog

from heed.contracts import vocabulary
from heed.contracts.event import OWN_SOURCE, Event
from heed.contracts.lake import open_id
from heed.kit.clock import moment
from heed.pipeline import store
from heed.pipeline.carry import Carrier, Feeling, message_key
from heed.ports.lake import Lake
from heed.profiles import api as profiles

log = structlog.get_logger()
_REACH = """
select distinct carried_under, hash from (
    select carried_under, unnest(identifiers) as hash from events
    where carried_under in (select unnest(?)) or list_has_any(identifiers, ?)
)
"""
_COLUMNS = ["batch", "place", "message_id", "valence", "mood_confidence"]


_HOPS, _MOST_CONCERNED = 25, 5_000
"""Carrying stands still meanwhile, and whoever may send events can link people in a chain."""


Unmerged = Callable[[psycopg.Connection, Collection[uuid.UUID]], None]
_unmerged: list[Unmerged] = []


def register_unmerged(handler: Unmerged) -> None:
    """`handler(connection, profile ids)` runs, in the same transaction, once people who were one stand apart again: what
    the one was told the others may still have to be told."""
    if handler not in _unmerged:
        _unmerged.append(handler)


class TooManyConcerned(RuntimeError):
    """More people share identifiers, one with the next, than are folded again while everybody waits."""


def unmerge_next(carrier: Carrier, lake: Lake, flush: Callable[[], None]) -> bool:
    """Undo the merge asked for first; False where none is asked for or a filling is not done.

    What fails changes nothing, is put off behind the others, and is raised.
    """
    connection = carrier.connection
    if not profiles.to_undo(connection) or store.fills(connection):
        return False
    try:
        with store.holding_rules(connection):
            if store.fills(connection):
                return False
            flush()
            with connection.transaction():
                carrier.take_rules()
                undoing = profiles.next_to_undo(connection)
                if undoing is not None:
                    profiles.keep_apart(
                        connection, undoing.joined_to, undoing.absorbed, moment(carrier.clock())
                    )
                    count = _fold_again(carrier, lake, undoing.absorbed, undoing.message_id)
                    log.info("engine.unmerged", profiles=count)
    except Exception:
        if not connection.closed:
            profiles.put_off(connection)
        raise
    return True


class _Said(msgspec.Struct):
    """What the world was told of the segments of those who were one: by profile now, and what is taken back."""

    of: defaultdict[uuid.UUID, set[str]]
    taken_back: set[str]

    def take_in(self, event: Event, owner: uuid.UUID | None) -> None:
        segment = event.properties.get("segment")
        if owner is not None and event.source == OWN_SOURCE and isinstance(segment, str):
            if event.name == vocabulary.SEGMENT_ENTERED:
                self.of[owner].add(segment)
            elif event.name == vocabulary.SEGMENT_LEFT:
                self.of[owner].discard(segment)

    def take_back(self, event: Event) -> None:
        segment = event.properties.get("segment")
        if event.name == vocabulary.SEGMENT_ENTERED and isinstance(segment, str):
            self.taken_back.add(segment)


def _fold_again(carrier: Carrier, lake: Lake, absorbed: uuid.UUID, message_id: str) -> int:
    """Fold again everybody concerned; returns how many profiles that were."""
    connection = carrier.connection
    together = profiles.families(connection, [absorbed])
    concerned = _concerned(carrier, lake, together)
    profiles.states(connection, concerned, lock=True)
    before = profiles.memberships(connection, together)
    said = _Said(defaultdict(set), profiles.take_back_moves(connection, together))
    profiles.forget(connection, concerned)
    apart = profiles.apart_from_the_start(connection)
    merged = False
    for rows in _rows(lake, concerned):
        found = profiles.open_events(connection, carrier.master_key, rows)
        events: list[Event] = []
        origins: list[tuple[dict[str, Any], bool]] = []
        moved: list[Any] = []
        for (_, event), row in zip(found.events, found.rows, strict=True):
            under = uuid.UUID(row["carried_under"])
            as_one = merged and under in together
            if as_one and event.source == OWN_SOURCE and event.name in vocabulary.DERIVED:
                said.take_back(event)
                moved.append((row["batch"], row["place"], under, None, None, None))
                # An alarm comes again, under the same id, of whom it is true.
                store.forget_messages(connection, [message_key(event)])
            else:
                events.append(event)
                origins.append((row, as_one))
            merged = merged or row["message_id"] == open_id(message_id)
        folded = carrier.fold_into(events, None, apart)
        for (row, as_one), event, owner, feeling in zip(
            origins, events, folded.owners, folded.feelings, strict=True
        ):
            said.take_in(event, owner)
            if str(owner) != row["profile_id"] or (as_one and not _felt_so(row, feeling)):
                place = (row["batch"], row["place"], uuid.UUID(row["carried_under"]))
                moved.append((*place, owner, *(feeling or (None, None))))
        profiles.move_rows(connection, moved)
    _tell_of_segments(connection, carrier.clock(), together, before, said)
    for handler in _unmerged:
        handler(connection, set(profiles.kept_by(connection, together).values()) | together)
    return len(concerned)


def _felt_so(row: Mapping[str, Any], feeling: Feeling) -> bool:
    """Whether the lake has this feeling, as precisely as it keeps them."""
    kept = (row["valence"], row["mood_confidence"])
    return kept == (tuple(float(np.float32(each)) for each in feeling) if feeling else (None, None))


def _tell_of_segments(
    connection: psycopg.Connection,
    now: int,
    together: set[uuid.UUID],
    before: Mapping[uuid.UUID, list[str]],
    said: _Said,
) -> None:
    """Note, to be announced, where what was said of the segments of those who were one is not so of each."""
    parts = profiles.kept_by(connection, together | said.of.keys())
    told: defaultdict[uuid.UUID, set[str]] = defaultdict(set)
    for profile_id, segments in said.of.items():
        told[parts.get(profile_id, profile_id)] |= segments
    as_one = {key for keys in before.values() for key in keys}
    everybody = {parts.get(each, each) for each in together}
    in_now = profiles.memberships(connection, everybody)
    moves = []
    for each in sorted(everybody):
        own = in_now.get(each, [])
        entered = [
            key for key in own if key not in told[each] and (key in said.taken_back or key not in as_one)
        ]
        gone = sorted(told[each] - set(own))
        if entered or gone:
            moves.append((each, entered, gone, moment(now)))
    profiles.note_moves(connection, moves)


def _rows(lake: Lake, profile_ids: set[uuid.UUID]) -> Iterator[list[dict[str, Any]]]:
    ids = ", ".join(f"'{each}'" for each in profile_ids)
    for batch in lake.scan([*_COLUMNS, *profiles.OPENED], f"carried_under in ({ids})"):
        yield batch.to_pylist()


def _concerned(carrier: Carrier, lake: Lake, profile_ids: set[uuid.UUID]) -> set[uuid.UUID]:
    connection = carrier.connection
    known: set[uuid.UUID] = set()
    hashes: set[uuid.UUID] = set()
    for _ in range(_HOPS):
        wider = profiles.families(connection, profile_ids)
        wider_hashes = hashes | profiles.identifiers_of(connection, wider)
        if wider == known and wider_hashes == hashes:
            return known
        known, hashes = wider, wider_hashes
        found = lake.sql(_REACH, [[str(each) for each in known], [each.hex for each in hashes]])
        hashes = hashes | {uuid.UUID(each) for each in found["hash"].to_pylist() if each}
        profile_ids = known | {uuid.UUID(each) for each in found["carried_under"].to_pylist() if each}
        profile_ids |= set(profiles.owners(connection, hashes).values())
        if len(profile_ids) > _MOST_CONCERNED:
            break
    raise TooManyConcerned(f"{len(profile_ids)} profiles")
