"""Taking new behavioural conditions into force.

A condition nobody asked before has no counters yet. While no batch is under way anywhere it is noted from which batch
on it is counted; the engines count it at once, and what the lake has of earlier batches is added in the background
(see `filling`). As counting is adding, the two may come in any order, and what results is what counting from the
first event on would have given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import psycopg

from heed.pipeline import store
from heed.profiles import api as profiles
from heed.rules.tree import Atom, atom_from_json, atom_to_json


def take_into_force(
    connection: psycopg.Connection,
    read_atoms: Callable[[], Iterable[Atom]],
    flush: Callable[[], None],
    now: int,
) -> bool:
    """Make what is asked for the conditions counted from `now` (ms) on and the definitions gone by; True where
    something changed.

    They are read once no batch is under way, so that no engine acts on an older list than another's. A condition
    whose old counters are still being taken away waits until they are gone; so does one whose counting began by a
    clock that was ahead. `flush` brings the lake up to the last carried batch.
    """
    flush()
    with store.holding_rules(connection) as (texts, mark, _filled):
        wanted_mark = profiles.mark(connection)
        counted = {atom.key: atom for atom in map(atom_from_json, texts)}
        away = {atom_from_json(text).key for text in store.going(connection)}
        away |= {key for key, atom in counted.items() if atom.begun_ahead_of(now)}
        asked = {each.key: each for each in read_atoms()}
        wanted = {key: counted.get(key) or each.begun(now) for key, each in asked.items() if key not in away}
        fresh = [atom_to_json(atom) for key, atom in wanted.items() if key not in counted]
        retired = [atom_to_json(atom) for key, atom in counted.items() if key not in wanted]
        if not fresh and not retired and mark == wanted_mark:
            profiles.counting.set(wanted.values())
            return False
        if fresh:
            flush()
        with connection.transaction():
            if fresh:
                store.begin_filling(connection, fresh, adds=True)
            if retired:
                store.begin_filling(connection, retired, adds=False)
            store.set_rules(connection, map(atom_to_json, wanted.values()), wanted_mark)
        profiles.counting.set(wanted.values())
    return True
