"""Undoing a merge: everybody concerned is folded again from the lake, with the two kept apart from the first event on.

Concerned is who shares an identifier with them, directly or through others, now or ever: nothing outside can have
made a difference to their histories, so that what comes out is what a full replay finds. No batch is under way
meanwhile, and the lake has everything carried.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import structlog

from heed.contracts import vocabulary
from heed.contracts.event import OWN_SOURCE, Event
from heed.contracts.lake import open_id
from heed.kit.clock import moment
from heed.pipeline import store
from heed.pipeline.carry import Carrier, message_key
from heed.ports.lake import Lake
from heed.profiles import api as profiles

log = structlog.get_logger()
_REACH = """
select distinct profile_id, hash from (
    select profile_id, unnest(identifiers) as hash from events
    where profile_id in (select unnest(?)) or list_has_any(identifiers, ?)
)
"""


def unmerge_next(carrier: Carrier, lake: Lake, flush: Callable[[], None]) -> bool:
    """Undo the merge asked for first; False where none is asked for."""
    connection = carrier.connection
    if not profiles.to_undo(connection):
        return False
    with store.holding_rules(connection):
        flush()
        with connection.transaction():
            carrier.take_rules()
            undoing = profiles.next_to_undo(connection)
            if undoing is not None:
                profiles.keep_apart(connection, undoing.joined_to, undoing.absorbed, moment(carrier.clock()))
                count = _fold_again(carrier, lake, undoing.absorbed, undoing.message_id)
                log.info("engine.unmerged", profiles=count)
    return True


def _fold_again(carrier: Carrier, lake: Lake, absorbed: uuid.UUID, message_id: str) -> int:
    """Fold again everybody concerned; returns how many profiles that were."""
    connection = carrier.connection
    together = profiles.families(connection, [absorbed])
    concerned = _concerned(carrier, lake, together)
    profiles.states(connection, concerned, lock=True)
    profiles.forget(connection, concerned)
    apart, nobodys = profiles.apart_from_the_start(connection), profiles.nobodys_rows(connection)
    moved: list[tuple[int, int, uuid.UUID, uuid.UUID | None]] = []
    unsaid: list[uuid.UUID] = []
    merged = False
    for rows in _rows(lake, concerned):
        found = profiles.open_events(
            connection,
            carrier.master_key,
            [row for row in rows if (row["batch"], row["place"]) not in nobodys],
        )
        events: list[Event] = []
        origins: list[tuple[int, int, uuid.UUID]] = []
        for (under, event), row in zip(found.events, found.places, strict=True):
            if (
                merged
                and under in together
                and event.source == OWN_SOURCE
                and event.name in vocabulary.DERIVED
            ):
                moved.append((row["batch"], row["place"], under, None))
                unsaid.append(message_key(event))
            else:
                events.append(event)
                origins.append((row["batch"], row["place"], under))
            merged = merged or row["message_id"] == open_id(message_id)
        owners = carrier.fold_into(events, None, apart).owners
        moved += [
            (batch, place, under, owner)
            for (batch, place, under), owner in zip(origins, owners, strict=True)
            if owner != under
        ]
    profiles.move_rows(connection, moved)
    store.forget_messages(connection, unsaid)
    return len(concerned)


def _rows(lake: Lake, profile_ids: set[uuid.UUID]) -> Iterator[list[dict[str, Any]]]:
    ids = ", ".join(f"'{each}'" for each in profile_ids)
    columns = ["batch", "place", "message_id", "profile_id", "private"]
    for batch in lake.scan(columns, f"profile_id in ({ids})"):
        yield batch.to_pylist()


def _concerned(carrier: Carrier, lake: Lake, profile_ids: set[uuid.UUID]) -> set[uuid.UUID]:
    connection = carrier.connection
    known: set[uuid.UUID] = set()
    hashes: set[uuid.UUID] = set()
    while True:
        wider = profiles.families(connection, profile_ids)
        wider_hashes = hashes | profiles.identifiers_of(connection, wider)
        if wider == known and wider_hashes == hashes:
            return known
        known, hashes = wider, wider_hashes
        found = lake.sql(_REACH, [[str(each) for each in known], [each.hex for each in hashes]])
        hashes = hashes | {uuid.UUID(each) for each in found["hash"].to_pylist() if each}
        profile_ids = known | {uuid.UUID(each) for each in found["profile_id"].to_pylist() if each}
        profile_ids |= set(profiles.owners(connection, hashes).values())
