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
    connection: psycopg.Connection, read_atoms: Callable[[], Iterable[Atom]], flush: Callable[[], None]
) -> bool:
    """Make what is asked for the conditions counted and the definitions gone by; True where something changed.

    They are read once no batch is under way, so that no engine acts on an older list than another's. A condition
    whose old counters are still being taken away waits until they are gone. `flush` brings the lake up to the
    last carried batch.
    """
    flush()
    with store.holding_rules(connection) as (texts, mark, _filled):
        wanted_mark = profiles.mark(connection)
        going = store.going(connection)
        wanted = {each.key: each for each in read_atoms() if atom_to_json(each) not in going}
        counted = {atom_from_json(text).key: text for text in texts}
        fresh = [atom_to_json(atom) for key, atom in wanted.items() if key not in counted]
        retired = [text for key, text in counted.items() if key not in wanted]
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
