"""Replay: throw the profiles away and fold the whole lake again; the same profiles come back.

Events of a person whose key was destroyed cannot be read any more and are left out.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from heed.pipeline import store
from heed.pipeline.carry import Carrier
from heed.ports.lake import Lake
from heed.profiles import api as profiles


class Replayed(msgspec.Struct):
    """`unreadable` are events whose key is gone, `nobody` those that name nobody."""

    events: int = 0
    unreadable: int = 0
    nobody: int = 0


def replay(carrier: Carrier, lake: Lake, progress: Callable[[int], None] = lambda done: None) -> Replayed:
    """Rebuild every profile from the lake, in one transaction: until it commits the old profiles stand.

    The caller has seen to it that no engine runs and that the lake has everything carried.
    """
    connection = carrier.connection
    result = Replayed()
    with connection.transaction():
        carrier.take_rules()
        store.end_all_fillings(connection)
        profiles.clear(connection)
        apart = profiles.apart_from_the_start(connection)
        for batch in lake.scan(profiles.OPENED):
            found = profiles.open_events(connection, carrier.master_key, batch.to_pylist())
            carrier.fold_into([event for _, event in found.events], None, apart, feel=False)
            result.events += len(found.events)
            result.unreadable += found.unreadable
            result.nobody += found.nobody
            progress(result.events)
    return result
