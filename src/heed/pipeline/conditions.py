"""Taking new behavioural conditions into force.

A condition nobody asked before has no counters yet. An engine fills them from the lake between batches, while none
is under way anywhere and after everything carried so far is in the lake, and drops the counters of conditions no
longer asked; from the next batch on the fold keeps them. What results is what counting from the first event on
would have given.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator

import psycopg

from heed.kit.clock import Clock
from heed.pipeline import store
from heed.ports.lake import Lake
from heed.profiles import api as profiles
from heed.rules.tree import Atom, atom_from_json, atom_to_json

_CHUNK = 5_000


def take_into_force(
    connection: psycopg.Connection,
    lake: Lake,
    read_atoms: Callable[[], Iterable[Atom]],
    flush: Callable[[], None],
    clock: Clock,
) -> bool:
    """Make what is asked for the conditions counted and the definitions gone by; True where something changed.

    They are read once no batch is under way, so that no engine acts on an older list than another's.
    `flush` brings the lake up to the last carried batch.
    """
    with store.holding_rules(connection) as (texts, mark):
        wanted, wanted_mark = {atom.key: atom for atom in read_atoms()}, profiles.mark(connection)
        counted = {atom_from_json(text).key for text in texts}
        fresh = {key: atom for key, atom in wanted.items() if key not in counted}
        retired = counted - wanted.keys()
        if not fresh and not retired and mark == wanted_mark:
            profiles.counting.set(wanted.values())
            return False
        if fresh:
            flush()
        with connection.transaction():
            _fill(connection, lake, fresh, retired, clock)
            store.set_rules(connection, map(atom_to_json, wanted.values()), wanted_mark)
        profiles.counting.set(wanted.values())
    return True


def _fill(
    connection: psycopg.Connection, lake: Lake, fresh: dict[str, Atom], retired: set[str], clock: Clock
) -> None:
    # Ibis is loaded only where there is something to ask with it.
    from heed.rules.lake import bucket_counts

    merged = profiles.merged_into(connection)
    counters: dict[uuid.UUID, dict[str, dict[int, int]]] = {}
    events = lake.events() if fresh else None
    for key, atom in fresh.items():
        for row in bucket_counts(atom, events).to_pyarrow().to_pylist():
            profile_id = uuid.UUID(row["profile_id"])
            buckets = counters.setdefault(merged.get(profile_id, profile_id), {}).setdefault(key, {})
            buckets[row["bucket"]] = buckets.get(row["bucket"], 0) + row["count"]
    touched = set(counters)
    if retired:
        touched |= set(profiles.ids(connection))
    for ids in _chunks(sorted(touched)):
        rows = []
        now = clock()
        for profile_id, data in profiles.states(connection, ids, lock=True).items():
            state = profiles.fold.decode(data)
            own = state.activity.counters
            for key in retired & own.keys():
                del own[key]
            for key, buckets in counters.get(profile_id, {}).items():
                own[key] = profiles.prune(buckets, fresh[key])
            state.activity.counters = dict(sorted(own.items()))
            rows.append(profiles.row_of(profile_id, profiles.fold.encode(state), state, now))
        profiles.save(connection, rows)


def _chunks(ids: list[uuid.UUID]) -> Iterator[list[uuid.UUID]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]
